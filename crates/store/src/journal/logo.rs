//! The JSON of a logo.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use ventanilla_domain::Logo;

use super::printed::to_json;
use super::record::parsed;
use crate::keys::{bytes_from_hex, from_hex, to_hex};
use crate::{Digest, StoreError};

/// A picture's bytes, and the hash by which versions of the issuer name them.
#[derive(Serialize, Deserialize)]
struct LogoRecord<'a> {
    #[serde(borrow)]
    sha256: Cow<'a, str>,
    #[serde(borrow)]
    content: Cow<'a, str>,
}

pub(super) fn write_logo(logo: &Logo) -> String {
    let (sha256, content) = (to_hex(logo.sha256()), to_hex(logo.content()));
    to_json(&LogoRecord { sha256: sha256.into(), content: content.into() })
}

/// The logo of that JSON. Bytes of another hash than theirs are damage.
pub(crate) fn read_logo(json: &str) -> Result<Logo, StoreError> {
    let record: LogoRecord<'_> = parsed(json)?;
    let content = bytes_from_hex(&record.content);
    let content = content.ok_or_else(|| StoreError::damaged("a logo's bytes are none"))?;
    let sha256: Digest = Sha256::digest(&content).into();
    if from_hex(&record.sha256) != Some(sha256) {
        return Err(StoreError::damaged("a logo is not the one of its hash"));
    }
    Logo::from_content(content, sha256)
        .map_err(|cause| StoreError::damaged_by("a logo is not one", cause))
}
