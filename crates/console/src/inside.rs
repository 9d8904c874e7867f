//! Who is inside: a session of the service's, as the pages of one request need it.

use std::fmt;

use ventanilla_domain::CompanyId;
use ventanilla_service::{Failure, Office, Officer, Proof, Service};

use crate::Caller;
use crate::trouble::{Trouble, of_failure};
use crate::visit::to_hex;

/// Where somebody works and as what.
pub(crate) type Station = Officer;

/// Somebody with a session, at the moment of the request.
#[derive(Clone)]
pub(crate) struct Inside {
    pub(crate) name: String,
    /// What the session's forms are known by.
    pub(crate) form_key: String,
    /// How the session stands with the second factor.
    pub(crate) proof: Proof,
    /// Where the person works, by company.
    pub(crate) stations: Vec<Station>,
    /// The session itself, for what is done with it.
    pub(crate) office: Office,
    key: String,
}

impl fmt::Debug for Inside {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inside").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Inside {
    /// Whose session has that key; nobody's where it is over.
    pub(crate) fn of(
        service: &Service,
        key: &str,
        caller: Caller,
    ) -> Result<Option<Self>, Trouble> {
        let office = match service.office(key, caller.address) {
            Ok(office) => office,
            Err(Failure::Refused(_)) => return Ok(None),
            Err(failure) => return Err(of_failure(failure, |_| Trouble::SessionOver)),
        };
        let ids = office.companies().iter().map(|(company, _)| company.id);
        let stations = ids.filter_map(|id| office.officer(id)).collect();
        let form_key = to_hex(&office.csrf_secret()[..16]);
        let (name, proof, key) = (office.name().to_string(), office.proof(), key.to_owned());
        Ok(Some(Self { name, form_key, proof, stations, office, key }))
    }

    /// The person at a company.
    pub(crate) fn at(&self, company: CompanyId) -> Option<&Station> {
        self.stations.iter().find(|station| station.company.id == company)
    }

    /// The session's key: whoever has it is its user.
    pub(crate) fn key(&self) -> &str {
        &self.key
    }
}
