//! Collectors' secrets under the operator's hand: another in the place of one that leaked or is old.

use std::fmt;

use jiff::{SignedDuration, Timestamp};
use ventanilla_domain::CompanyId;
use ventanilla_store::{CollectorRecord, PreviousSecret};

use crate::access::secret_digest;
use crate::admin::{issue_password, shown};
use crate::{AdminRefusal, Collector, Failure, Service, What};

/// What becomes of the secret that another replaces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rotation {
    /// It is taken for so many seconds more, from 0, and the tokens issued for it live on.
    Overlap {
        /// For how long.
        seconds: u32,
    },
    /// It ends with all the collector's tokens: somebody else has it.
    Now,
}

/// A secret just issued in the place of another.
#[derive(Clone)]
pub struct Rotated {
    /// Whose it is.
    pub collector: Collector,
    /// The new `Pwd`. It is kept nowhere; `CodSeguridad` and `Login` are what they were.
    pub password: String,
    /// Until when the secret before is taken; `None` where it has ended.
    pub previous_until: Option<Timestamp>,
}

impl fmt::Debug for Rotated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { collector, previous_until, .. } = self;
        let mut shown = f.debug_struct("Rotated");
        shown.field("collector", collector).field("previous_until", previous_until);
        shown.finish_non_exhaustive()
    }
}

impl Service {
    /// Issues a collector's secret anew (160 bits). At most two are alive: the one before the last
    /// ends at once, whatever it was promised.
    ///
    /// Refusals in order: an unknown company, an unknown name.
    pub async fn rotate_collector(
        &self,
        company: CompanyId,
        name: &str,
        rotation: Rotation,
    ) -> Result<Rotated, Failure<AdminRefusal>> {
        let keys = self.store().keys().clone();
        let password = issue_password(self.entropy());
        self.change_collector(company, name, What::CollectorRotate, move |tx, record, now| {
            let login = record.login.as_str();
            let previous = previous_of(&record, rotation, now);
            let record = CollectorRecord {
                secret_digest: secret_digest(&keys, &record.code_digest, login, &password),
                previous,
                ..record
            };
            tx.put_collector(record.clone())?;
            if rotation == Rotation::Now {
                for token in tx.view().tokens_of(record.id)? {
                    tx.drop_token(&token.digest)?;
                }
            }
            Ok(Rotated {
                collector: shown(&record),
                password: password.clone(),
                previous_until: previous.map(|previous| previous.until),
            })
        })
        .await
    }

    /// Takes a collector's credentials again. Its tokens of before are forgotten: whoever disabled it
    /// was told that they had ended.
    ///
    /// Refusals in order: an unknown company, an unknown name.
    pub async fn enable_collector(
        &self,
        company: CompanyId,
        name: &str,
    ) -> Result<Collector, Failure<AdminRefusal>> {
        self.change_collector(company, name, What::CollectorEnable, |tx, record, _| {
            if record.is_active {
                return Ok(shown(&record));
            }
            let record = CollectorRecord { is_active: true, ..record };
            tx.put_collector(record.clone())?;
            for token in tx.view().tokens_of(record.id)? {
                tx.drop_token(&token.digest)?;
            }
            Ok(shown(&record))
        })
        .await
    }
}

/// The secret that a rotation leaves behind, where it is still to be taken.
fn previous_of(
    record: &CollectorRecord,
    rotation: Rotation,
    now: Timestamp,
) -> Option<PreviousSecret> {
    let Rotation::Overlap { seconds } = rotation else { return None };
    let overlap = SignedDuration::from_secs(seconds.into());
    let until = now.saturating_add(overlap).unwrap_or(Timestamp::MAX);
    (until > now).then_some(PreviousSecret { digest: record.secret_digest, until })
}
