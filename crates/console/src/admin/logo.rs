//! The company's logo: a file that heads its papers.

use std::io::{Read as _, Seek as _, SeekFrom};

use ventanilla_domain::{Logo, LogoError, LogoKind};
use ventanilla_service::AdminRefusal;

use super::texts::AdminTexts;
use super::{administration, company, done};
use crate::answer::{self, Answer};
use crate::trouble::{Trouble, act_refusal_of};
use crate::upload::Upload;
use crate::visit::Visit;

/// The field of the file.
pub(super) const FIELD: &str = "archivo";

/// The picture that heads the company's papers now.
pub(super) async fn show(visit: &Visit) -> Answer {
    let logo = visit.hall.service.logo(visit.company()?.id)?.ok_or(Trouble::Missing)?;
    let media_type = match logo.kind() {
        LogoKind::Png => "image/png",
        LogoKind::Jpeg { .. } => "image/jpeg",
    };
    answer::file(media_type, "logo", true, logo.content().to_vec())
}

/// Has another picture head the papers from now on.
pub(super) async fn save(visit: &Visit) -> Answer {
    let t = AdminTexts::of(visit.language);
    let Some(upload) = &visit.upload else {
        return company::to_page(visit, Some((FIELD, t.logo_missing)));
    };
    let content = content_of(upload).map_err(|error| Trouble::Defect(error.to_string()))?;
    keep(visit, Some(content)).await
}

/// Has none head them.
pub(super) async fn remove(visit: &Visit) -> Answer {
    keep(visit, None).await
}

async fn keep(visit: &Visit, content: Option<Vec<u8>>) -> Answer {
    match administration(visit)?.set_logo(content).await {
        Ok(_) => done(visit, "/admin/empresa"),
        Err(failure) => {
            let t = AdminTexts::of(visit.language);
            let sentence = match act_refusal_of(failure)? {
                AdminRefusal::Logo(error) => why(error, t),
                refusal => super::refusal::why(&refusal, t),
            };
            company::to_page(visit, Some((FIELD, sentence)))
        }
    }
}

/// What a file holds; of one that is too large a byte more than a logo may have.
fn content_of(upload: &Upload) -> std::io::Result<Vec<u8>> {
    let mut file = &upload.file;
    file.seek(SeekFrom::Start(0))?;
    let mut content = Vec::new();
    let len_max = u64::try_from(Logo::LEN_MAX).unwrap_or(u64::MAX).saturating_add(1);
    file.take(len_max).read_to_end(&mut content)?;
    Ok(content)
}

const fn why(error: LogoError, t: &'static AdminTexts) -> &'static str {
    match error {
        LogoError::Len { .. } => t.logo_too_large,
        LogoError::Kind => t.logo_kind,
        LogoError::Sides { .. } => t.logo_sides,
        LogoError::NotBaseline | LogoError::Colours { .. } => t.logo_jpeg,
        LogoError::Animated => t.logo_animated,
        LogoError::Trailing | LogoError::Damaged => t.logo_damaged,
    }
}
