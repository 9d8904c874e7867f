//! Companies: tenants whose books are kept.

use crate::{CompanyId, Currency, Name, Policy};

/// The name is not in the time-zone database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("unknown time zone")]
pub struct UnknownTimeZone;

/// A time zone of the IANA database, by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimeZone {
    zone: jiff::tz::TimeZone,
}

impl TimeZone {
    /// Takes an IANA name such as `America/La_Paz`, in any case.
    pub fn from_name(name: &str) -> Result<Self, UnknownTimeZone> {
        // Only named zones: a fixed offset or "the system's" would make books depend on a machine.
        let zone = jiff::tz::TimeZone::get(name).ok().filter(|zone| zone.iana_name().is_some());
        zone.map(|zone| Self { zone }).ok_or(UnknownTimeZone)
    }

    /// The IANA name.
    pub fn to_name(&self) -> &str {
        self.zone.iana_name().unwrap_or("UTC")
    }

    pub(crate) const fn zone(&self) -> &jiff::tz::TimeZone {
        &self.zone
    }
}

/// A tenant: it is owed bills. Its currency and time zone are fixed when it is created.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Company {
    /// Its id.
    pub id: CompanyId,
    /// Its name.
    pub name: Name,
    /// The currency of all its amounts.
    pub currency: Currency,
    /// The time zone of its business days.
    pub time_zone: TimeZone,
    /// Its rules.
    pub policy: Policy,
    /// Number of the issuer in force, which heads its papers; 0 while there is none.
    pub issuer: u32,
}
