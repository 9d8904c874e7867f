//! Files that come with a form: they go into a temporary file as they come, and may wait there until somebody
//! has read what they would do.

use std::fs::File;
use std::io::Write as _;
use std::sync::{Arc, Mutex, PoisonError};

use axum::body::Body;
use axum::http::{HeaderMap, header};
use multer::Multipart;
use ventanilla_domain::{CompanyId, FileKind, UserId};

use crate::fields::Fields;
use crate::trouble::Trouble;

/// Bytes of a field that is no file.
const FIELD_LEN_MAX: usize = 4 << 10;
/// Fields that such a form may have.
const FIELDS_LEN_MAX: usize = 32;
/// Files that wait; one more, and the oldest is forgotten.
const WAITING_LEN_MAX: usize = 8;

/// A file that was sent.
#[derive(Debug)]
pub(crate) struct Upload {
    /// Its name as the browser has it, without a folder.
    pub(crate) name: String,
    /// What it holds; it vanishes when it is let go.
    pub(crate) file: File,
    /// Bytes.
    pub(crate) len: u64,
}

/// A file that was checked and waits for a word.
#[derive(Debug)]
pub(crate) struct Checked {
    /// What it is asked for by.
    pub(crate) key: String,
    /// Whose it is.
    pub(crate) company: CompanyId,
    /// Who sent it: nobody else says the word.
    pub(crate) user: UserId,
    /// What it holds.
    pub(crate) kind: FileKind,
    /// The file.
    pub(crate) upload: Upload,
}

/// Files that wait. All clones are one.
#[derive(Debug, Clone, Default)]
pub(crate) struct Waiting(Arc<Mutex<Vec<Checked>>>);

impl Waiting {
    /// Has a file wait.
    pub(crate) fn put(&self, checked: Checked) {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.len() >= WAITING_LEN_MAX {
            waiting.remove(0);
        }
        waiting.push(checked);
    }

    /// Takes a file that somebody had wait for a company.
    pub(crate) fn take(&self, key: &str, company: CompanyId, user: UserId) -> Option<Checked> {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_it = |checked: &Checked| {
            checked.key == key && checked.company == company && checked.user == user
        };
        let place = waiting.iter().position(is_it)?;
        Some(waiting.remove(place))
    }
}

/// Reads a form with a file: its fields, and the file if one was chosen.
pub(crate) async fn read(
    headers: &HeaderMap,
    body: Body,
    len_max: u64,
) -> Result<(Fields, Option<Upload>), Trouble> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let boundary = kind.and_then(|kind| multer::parse_boundary(kind).ok());
    let boundary = boundary.ok_or(Trouble::Malformed)?;
    let mut parts = Multipart::new(body.into_data_stream(), boundary);
    let (mut pairs, mut upload) = (Vec::new(), None);
    while let Some(part) = parts.next_field().await.ok().ok_or(Trouble::Malformed)? {
        let name = part.name().unwrap_or_default().to_owned();
        match part.file_name().map(str::to_owned) {
            Some(file) if !file.is_empty() && upload.is_none() => {
                upload = Some(kept(part, &file, len_max).await?);
            }
            Some(_) => {}
            None if pairs.len() < FIELDS_LEN_MAX => pairs.push((name, text(part).await?)),
            None => return Err(Trouble::TooLong),
        }
    }
    Ok((Fields::from(pairs), upload))
}

async fn text(mut part: multer::Field<'_>) -> Result<String, Trouble> {
    let mut bytes = Vec::new();
    while let Some(chunk) = part.chunk().await.ok().ok_or(Trouble::Malformed)? {
        bytes.extend_from_slice(&chunk);
        if bytes.len() > FIELD_LEN_MAX {
            return Err(Trouble::TooLong);
        }
    }
    String::from_utf8(bytes).ok().ok_or(Trouble::Malformed)
}

async fn kept(mut part: multer::Field<'_>, name: &str, len_max: u64) -> Result<Upload, Trouble> {
    let broken = |error: std::io::Error| Trouble::Defect(error.to_string());
    let mut file = tempfile::tempfile().map_err(broken)?;
    let mut len: u64 = 0;
    while let Some(chunk) = part.chunk().await.ok().ok_or(Trouble::Malformed)? {
        len = len.saturating_add(u64::try_from(chunk.len()).unwrap_or(u64::MAX));
        if len > len_max {
            return Err(Trouble::TooLong);
        }
        file.write_all(&chunk).map_err(broken)?;
    }
    let name = name.rsplit(['/', '\\']).next().unwrap_or(name).to_owned();
    Ok(Upload { name, file, len })
}
