//! A company's logo: which files may be one, and that the company's papers have it from then on.

use std::io::Cursor;

use jiff::Timestamp;
use sha2::{Digest as _, Sha256};
use ventanilla_domain::{Company, CompanyId, Event, Issuer, Logo, LogoError, LogoKind};
use ventanilla_store::{StoreError, Tx, View};

use crate::collecting::Decided;
use crate::failure::damaged;
use crate::printing::issuer_of_number;
use crate::trail::StaffAct;
use crate::{AdminRefusal, Failure, NoRefusal, Service, Subject, What};

/// What the trail calls it.
const SUBJECT: &str = "issuer.logo";

/// What reading a PNG may take beside a row of its dots, in bytes: none of it need be large.
const MEMORY_MAX: usize = 1024 * 1024;

impl Service {
    /// Puts a file's picture at the head of a company's papers, or none there. What was paid before keeps what
    /// it had.
    ///
    /// Refusals in order: a file that is no logo, an unknown company.
    pub async fn set_logo(
        &self,
        company: CompanyId,
        file: Option<Vec<u8>>,
    ) -> Result<Company, Failure<AdminRefusal>> {
        let logo = checked(file).await.map_err(Failure::Refused)?;
        self.write(setting_logo(self.operator_act(What::CompanySet), company, logo)).await
    }

    /// The logo that a company's papers have now; `None` where they have none, or there is no such company.
    pub fn logo(&self, company: CompanyId) -> Result<Option<Logo>, Failure<NoRefusal>> {
        self.read_decided(|view| {
            let Some(company) = view.company(company)? else { return Ok(Ok(None)) };
            let issuer = issuer_of_number(view, company.id, company.issuer)?;
            logo_of(view, company.id, issuer.as_ref()).map(Ok)
        })
    }
}

/// The logo of a file, where it is one that can be printed: read to its last dot. Errors in the order of
/// [`LogoError`].
pub fn read_logo(file: Vec<u8>) -> Result<Logo, LogoError> {
    let sha256 = Sha256::digest(&file).into();
    let logo = Logo::from_content(file, sha256)?;
    match logo.kind() {
        LogoKind::Png => read_dots(logo.content()).map_err(|_what| LogoError::Damaged)?,
        // A scan that is damaged shows less of the picture, and breaks no paper.
        LogoKind::Jpeg { .. } => {}
    }
    Ok(logo)
}

/// Reads a PNG row by row: no more of its dots are in memory than a row, whatever it comes to.
fn read_dots(content: &[u8]) -> Result<(), png::DecodingError> {
    let limits = png::Limits { bytes: MEMORY_MAX };
    let mut decoder = png::Decoder::new_with_limits(Cursor::new(content), limits);
    // As it is printed: a palette that is told of and missing is found here.
    decoder.set_transformations(png::Transformations::EXPAND | png::Transformations::STRIP_16);
    decoder.set_ignore_text_chunk(true);
    decoder.set_ignore_iccp_chunk(true);
    let mut reader = decoder.read_info()?;
    while reader.next_row()?.is_some() {}
    reader.finish()
}

/// A file's logo, read on a thread of its own: that takes some milliseconds.
pub(crate) async fn checked(file: Option<Vec<u8>>) -> Result<Option<Logo>, AdminRefusal> {
    let Some(file) = file else { return Ok(None) };
    let read = tokio::task::spawn_blocking(move || read_logo(file)).await;
    // Whatever stopped the thread, the file was not read.
    Ok(Some(read.unwrap_or(Err(LogoError::Damaged))?))
}

/// What gives a company a logo or none, whoever does it. Refuses an unknown company.
pub(crate) fn setting_logo(
    act: StaffAct,
    company: CompanyId,
    logo: Option<Logo>,
) -> impl Fn(&mut Tx<'_>, Timestamp) -> Decided<Company, AdminRefusal> + Send + 'static {
    move |tx, now| {
        let Some(company) = tx.company(company)? else {
            return Ok(Err(AdminRefusal::CompanyUnknown));
        };
        let before = issuer_of_number(&tx.view(), company.id, company.issuer)?.unwrap_or_default();
        let issuer = before.with_logo(logo.as_ref().map(|logo| *logo.sha256()));
        let changed = Company { issuer: issuer.number, ..company.as_ref().clone() };
        if issuer != before {
            keep_logo(tx, company.id, logo.as_ref(), now)?;
            tx.append(company.id, Event::IssuerKept(Box::new(issuer)), now)?;
        }
        act.keep(tx, now, Some(company.id), Subject::named(SUBJECT))?;
        Ok(Ok(changed))
    }
}

/// Keeps a logo that the company never had.
fn keep_logo(
    tx: &mut Tx<'_>,
    company: CompanyId,
    logo: Option<&Logo>,
    now: Timestamp,
) -> Result<(), StoreError> {
    match logo {
        Some(logo) if tx.view().logo(company, logo.sha256())?.is_none() => {
            tx.append(company, Event::LogoKept(Box::new(logo.clone())), now)
        }
        Some(_) | None => Ok(()),
    }
}

/// The logo that a version of a company's issuer names.
pub(crate) fn logo_of(
    view: &View<'_>,
    company: CompanyId,
    issuer: Option<&Issuer>,
) -> Result<Option<Logo>, StoreError> {
    let Some(sha256) = issuer.and_then(|issuer| issuer.logo) else { return Ok(None) };
    let logo = view.logo(company, &sha256)?;
    logo.map(Some).ok_or_else(|| damaged("a logo that is named is missing"))
}
