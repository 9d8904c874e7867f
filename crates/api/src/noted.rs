//! What the trail is told of a request: the one place for both dialects (docs/decisions/0019). Requests
//! that look something up are not told: they change nothing, and are the most.

use std::borrow::Cow;
use std::net::{IpAddr, Ipv4Addr};

use ventanilla_domain::{CallerKey, CompanyId};
use ventanilla_service::{Act, ActOutcome, Caller, Origin, Service, Subject, What, Who};

use crate::meters::Outcome;

/// What is known of a request while it is being answered.
#[derive(Debug)]
pub(crate) struct Noted {
    /// What it asks for; `None` of what the trail is not told.
    pub(crate) what: Option<What>,
    /// From where.
    pub(crate) address: IpAddr,
    /// Whose trail it belongs to, once that is known.
    pub(crate) company: Option<CompanyId>,
    /// Who asks, once that is known.
    pub(crate) who: Who,
    /// What it is about.
    pub(crate) subject: Subject,
}

impl Noted {
    /// A request for that, of which no more is known.
    pub(crate) fn new(what: Option<What>) -> Self {
        let address = Ipv4Addr::UNSPECIFIED.into();
        Self { what, address, company: None, who: Who::Nobody, subject: Subject::default() }
    }

    /// It was asked by a collector.
    pub(crate) fn asked_by(&mut self, caller: &Caller) {
        self.company = Some(caller.company.id);
        self.who = Who::Collector(caller.collector);
    }

    /// Tells the trail what came of it.
    pub(crate) fn tell(self, service: &Service, outcome: ActOutcome) {
        let Self { what, address, company, who, subject } = self;
        let Some(what) = what else { return };
        let (at, from) = (service.clock().now(), Origin::Address(address));
        service.note(Act { at, company, from, who, what, outcome, subject });
    }
}

/// What came of a request that succeeded.
pub(crate) fn done(is_replay: bool) -> ActOutcome {
    if is_replay { ActOutcome::Repeated } else { ActOutcome::Done }
}

/// What came of one that did not: `code` is what its caller was told.
pub(crate) fn failed(
    outcome: Outcome,
    code: Cow<'static, str>,
    error_id: Option<&str>,
) -> ActOutcome {
    match outcome {
        Outcome::Success | Outcome::Refused | Outcome::ClientError => ActOutcome::Refused(code),
        Outcome::Unavailable => ActOutcome::Unavailable,
        Outcome::Unknown => ActOutcome::Unknown,
        Outcome::Internal => ActOutcome::Failed(error_id.unwrap_or_default().to_owned()),
    }
}

/// The caller's name for the attempt, unless it is what the caller proves itself with: a client that
/// mixes its fields up does not write its token down for ever.
pub(crate) fn harmless(key: Option<CallerKey>, secret: Option<&str>) -> Option<CallerKey> {
    key.filter(|key| secret.is_none_or(|secret| !key.as_str().contains(secret)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_is_the_callers_token_is_not_told() {
        let key = |text| Some(CallerKey::from_text(text).unwrap());
        for (given, secret, told) in [
            (None, Some("5e5104"), None),
            (key("a"), None, key("a")),
            (key("a"), Some("5e5104"), key("a")),
            (key("5e5104"), Some("5e5104"), None),
            (key("Bearer 5e5104"), Some("5e5104"), None),
        ] {
            assert_eq!(harmless(given.clone(), secret), told, "{given:?}");
        }
    }
}
