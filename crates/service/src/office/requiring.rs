//! What must hold at the moment of an act: the session, the right, the proof.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use ventanilla_domain::{Company, Right};
use ventanilla_store::{ConsoleSessionRecord, StoreError, Tx, View};

use super::{OfficeRefusal, Officer, Proof, Seat};
use crate::collecting::Decided;
use crate::{Failure, Service, Settings};

/// How long a proof of the second factor is good for, in seconds.
pub(super) const PROOF_S: i64 = 15 * 60;
/// How old a stored renewal is before the next one is stored, in seconds: a session in use costs a write a
/// minute.
const RENEWAL_AGE_S: i64 = 60;

/// How long what lasts, and what is asked for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rules {
    idle_s: i64,
    session_s: i64,
    is_second_factor_asked: bool,
}

/// Whether what began at an instant still lasts. What began further ahead than it lasts is of a clock that was
/// set back: it would last until then.
fn lasts(since: Timestamp, life_s: i64, now: Timestamp) -> bool {
    now < later(since, life_s) && since <= later(now, life_s)
}

pub(super) fn later(at: Timestamp, seconds: i64) -> Timestamp {
    at.saturating_add(SignedDuration::from_secs(seconds)).unwrap_or(Timestamp::MAX)
}

impl Rules {
    pub(super) fn of(settings: &Settings) -> Self {
        let Settings { console_idle_s, console_session_s, is_second_factor_asked, .. } = *settings;
        Self { idle_s: console_idle_s, session_s: console_session_s, is_second_factor_asked }
    }

    /// Sessions renewed last before the first of these instants, or opened before the second, have ended.
    pub(super) fn ended_before(self, now: Timestamp) -> (Timestamp, Timestamp) {
        (later(now, -self.idle_s), later(now, -self.session_s))
    }

    /// Whether a session has not ended.
    pub(super) fn is_alive(self, session: &ConsoleSessionRecord, now: Timestamp) -> bool {
        lasts(session.renewed_at, self.idle_s, now) && lasts(session.opened_at, self.session_s, now)
    }

    /// Whether the next renewal is to be stored: not later than half the time that a session may idle.
    pub(super) fn is_due(self, session: &ConsoleSessionRecord, now: Timestamp) -> bool {
        let age = SignedDuration::from_secs(RENEWAL_AGE_S.min(self.idle_s / 2));
        now.duration_since(session.renewed_at) >= age || session.renewed_at > now
    }

    /// How a session stands with a second factor that is enrolled, or not.
    pub(super) fn proof(
        self,
        session: &ConsoleSessionRecord,
        is_enrolled: bool,
        now: Timestamp,
    ) -> Proof {
        if !self.is_second_factor_asked {
            return Proof::NotAsked;
        }
        match session.proven_at.filter(|at| lasts(*at, PROOF_S, now)) {
            Some(at) => Proof::Fresh { until: later(at, PROOF_S) },
            None if is_enrolled => Proof::Stale,
            None => Proof::NotEnrolled,
        }
    }

    pub(super) fn is_proven(self, session: &ConsoleSessionRecord, now: Timestamp) -> bool {
        matches!(self.proof(session, true, now), Proof::NotAsked | Proof::Fresh { .. })
    }
}

impl Seat {
    /// The session, if it has not ended and its user may sign in.
    pub(super) fn session(
        &self,
        view: &View<'_>,
        now: Timestamp,
    ) -> Result<Option<ConsoleSessionRecord>, StoreError> {
        let found = view.console_session(&self.session)?;
        let found = found.filter(|open| open.is_active && open.session.user == self.user);
        let session = found.map(|open| open.session);
        Ok(session.filter(|session| self.rules.is_alive(session, now)))
    }
}

impl Officer {
    /// That the officer may do what needs a right, at this moment and until the transaction ends; answers the
    /// company as it is then. For acts on who may sign in [`Tx::hold_identities`] comes first.
    ///
    /// Refusals in the order of [`OfficeRefusal`].
    pub(crate) fn require<R>(
        &self,
        tx: &mut Tx<'_>,
        right: Right,
        now: Timestamp,
    ) -> Decided<Arc<Company>, OfficeRefusal<R>> {
        self.require_with(tx, right, right.needs_proof(), now)
    }

    /// The same of what needs a proof of the second factor, whatever the right.
    pub(crate) fn require_proven<R>(
        &self,
        tx: &mut Tx<'_>,
        right: Right,
        now: Timestamp,
    ) -> Decided<Arc<Company>, OfficeRefusal<R>> {
        self.require_with(tx, right, true, now)
    }

    fn require_with<R>(
        &self,
        tx: &mut Tx<'_>,
        right: Right,
        needs_proof: bool,
        now: Timestamp,
    ) -> Decided<Arc<Company>, OfficeRefusal<R>> {
        tx.share_identities()?;
        if let Err(refusal) = self.check(&tx.view(), right, needs_proof, now)? {
            return Ok(Err(refusal));
        }
        Ok(tx.company(self.company.id)?.ok_or(OfficeRefusal::NotAllowed))
    }

    /// The same of what only reads, in one snapshot.
    pub(crate) fn may_read<R>(
        &self,
        view: &View<'_>,
        right: Right,
        now: Timestamp,
    ) -> Decided<(), OfficeRefusal<R>> {
        self.check(view, right, right.needs_proof(), now)
    }

    fn check<R>(
        &self,
        view: &View<'_>,
        right: Right,
        needs_proof: bool,
        now: Timestamp,
    ) -> Decided<(), OfficeRefusal<R>> {
        let Some(session) = self.seat.session(view, now)? else {
            return Ok(Err(OfficeRefusal::SessionOver));
        };
        let role = view.right(self.user, self.company.id)?;
        if !role.is_some_and(|role| role.may(right)) {
            return Ok(Err(OfficeRefusal::NotAllowed));
        }
        if needs_proof && !self.seat.rules.is_proven(&session, now) {
            return Ok(Err(OfficeRefusal::ProofNeeded));
        }
        Ok(Ok(()))
    }
}

impl Service {
    /// Reads for an officer who may, of one snapshot.
    ///
    /// Refusals in the order of [`OfficeRefusal`].
    pub(crate) fn read_for<T, R>(
        &self,
        officer: &Officer,
        right: Right,
        read: impl Fn(&View<'_>) -> Decided<T, R>,
    ) -> Result<T, Failure<OfficeRefusal<R>>> {
        let now = self.clock().now();
        self.read_decided(|view| match officer.may_read(view, right, now)? {
            Ok(()) => Ok(read(view)?.map_err(OfficeRefusal::Act)),
            Err(refusal) => Ok(Err(refusal)),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use ventanilla_domain::{CompanyId, Currency, Name, PaymentId, Role, TimeZone};
    use ventanilla_store::{Keys, SignInName, Store};

    use super::*;
    use crate::{Clock, Entropy, NewCompany};

    #[tokio::test]
    async fn each_role_does_by_each_right_what_the_table_of_roles_says() {
        let store = Store::memory(Keys::from_random([7; 64]));
        let clock = Clock::manual("2021-11-26T16:11:52Z".parse().unwrap());
        let service = Service::start(store, clock, Entropy::System, Settings::default()).unwrap();
        let (id, home) = (CompanyId::FIRST, IpAddr::V4(Ipv4Addr::LOCALHOST));
        let new = NewCompany {
            id,
            name: Name::from_text("Cooplan").unwrap(),
            currency: Currency::BOB,
            time_zone: TimeZone::from_name("America/La_Paz").unwrap(),
            first_payment: PaymentId::FIRST,
        };
        service.add_company(new).await.unwrap();
        for role in Role::ALL {
            let name = SignInName::from_text(role.to_code()).unwrap();
            service.add_user(name, "una contraseña", id, role).await.unwrap();
            let entered = service.enter(role.to_code(), "una contraseña", home).await.unwrap();
            let officer = service.office(&entered.key, home).unwrap().officer(id).unwrap();
            for right in Right::ALL {
                let done = service.write_for(&officer, right, |_, _, _| Ok(Ok::<_, ()>(()))).await;
                let read = service.read_for(&officer, right, |_| Ok(Ok::<_, ()>(())));
                let expected = match (role.may(right), right.needs_proof()) {
                    (false, _) => Err(Failure::Refused(OfficeRefusal::NotAllowed)),
                    (true, true) => Err(Failure::Refused(OfficeRefusal::ProofNeeded)),
                    (true, false) => Ok(()),
                };
                assert_eq!((&done, &read), (&expected, &expected), "{role:?} {right:?}");
            }
        }
        service.shut_down();
    }
}
