//! Collectors' secrets under the operator's hand: another in the place of one that leaked or is old.

use std::fmt;

use jiff::{SignedDuration, Timestamp};
use ventanilla_domain::CompanyId;
use ventanilla_store::{CollectorRecord, PreviousSecret, StoreError, Tx};

use crate::access::secret_digest;
use crate::admin::{changing_collector, issue_password, shown};
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
        let (act, rotating) = (self.operator_act(What::CollectorRotate), self.rotating(rotation));
        self.write(changing_collector(act, company, name, rotating)).await
    }

    /// What issues a collector's secret anew, whoever does it.
    pub(crate) fn rotating(
        &self,
        rotation: Rotation,
    ) -> impl Fn(&mut Tx<'_>, CollectorRecord, Timestamp) -> Result<Rotated, StoreError> + Send + 'static
    {
        let keys = self.store().keys().clone();
        let password = issue_password(self.entropy());
        move |tx, record, now| {
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
        }
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
        let act = self.operator_act(What::CollectorEnable);
        self.write(changing_collector(act, company, name, enable_collector)).await
    }
}

pub(crate) fn enable_collector(
    tx: &mut Tx<'_>,
    record: CollectorRecord,
    _: Timestamp,
) -> Result<Collector, StoreError> {
    if record.is_active {
        return Ok(shown(&record));
    }
    let record = CollectorRecord { is_active: true, ..record };
    tx.put_collector(record.clone())?;
    for token in tx.view().tokens_of(record.id)? {
        tx.drop_token(&token.digest)?;
    }
    Ok(shown(&record))
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
