//! The JSON of what heads a company's papers.

use serde::{Deserialize, Serialize};
use ventanilla_domain::{Issuer, PublicUrl};

use super::printed::to_json;
use super::record::parsed;
use crate::StoreError;
use crate::keys::{from_hex, to_hex};
use crate::values::{optional, shown};

#[derive(Serialize, Deserialize)]
struct IssuerRecord {
    number: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tax_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    address: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    municipality: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    phone: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    activity: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    legend: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    public_url: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    logo: Option<String>,
}

pub(super) fn write_issuer(issuer: &Issuer) -> String {
    to_json(&IssuerRecord {
        number: issuer.number,
        name: shown(issuer.name.as_ref()),
        tax_id: shown(issuer.tax_id.as_ref()),
        address: shown(issuer.address.as_ref()),
        municipality: shown(issuer.municipality.as_ref()),
        phone: shown(issuer.phone.as_ref()),
        activity: shown(issuer.activity.as_ref()),
        legend: shown(issuer.legend.as_ref()),
        public_url: issuer.public_url.as_ref().map(ToString::to_string),
        logo: issuer.logo.as_ref().map(|sha256| to_hex(sha256)),
    })
}

/// The issuer of that JSON.
pub(crate) fn read_issuer(json: &str) -> Result<Issuer, StoreError> {
    let record: IssuerRecord = parsed(json)?;
    let is_no_hash = || StoreError::damaged("a hash is not one");
    let logo = record.logo.as_deref().map(|hex| from_hex(hex).ok_or_else(is_no_hash));
    let public_url = record.public_url.as_deref().map(PublicUrl::from_text).transpose();
    Ok(Issuer {
        number: record.number,
        name: optional(record.name.as_deref())?,
        tax_id: optional(record.tax_id.as_deref())?,
        address: optional(record.address.as_deref())?,
        municipality: optional(record.municipality.as_deref())?,
        phone: optional(record.phone.as_deref())?,
        activity: optional(record.activity.as_deref())?,
        legend: optional(record.legend.as_deref())?,
        public_url: public_url
            .map_err(|cause| StoreError::damaged_by("an address is not one", cause))?,
        logo: logo.transpose()?,
    })
}
