//! Sliding sessions: a key that a user holds, renewed by being used.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use ventanilla_domain::{Company, CompanyId, IntegratorId, Right, Role};
use ventanilla_store::{Digest, OpenSession, StoreError, View, token_digest};

use super::password::to_hex_digits;
use super::{Admitted, SessionRefusal, UserCaller, UserSession};
use crate::views::expires_at;
use crate::{Failure, NoRefusal, Service};

/// How old a stored renewal is before the next one is stored, in seconds: a session in use costs a
/// write a minute.
const RENEWAL_AGE_S: i64 = 60;

/// The hash that a session is kept by; `None` of what is no session's key. The key is 128 random
/// bits, so no keyed hash is needed.
pub(super) fn session_digest(key: &str) -> Option<Digest> {
    to_hex_digits(key).map(|key| token_digest(&key))
}

/// Sessions renewed last before this instant have ended.
pub(crate) fn ended_before(now: Timestamp, lifetime_s: i64) -> Timestamp {
    now.saturating_sub(SignedDuration::from_secs(lifetime_s)).unwrap_or(Timestamp::MIN)
}

/// The session that was found, if it is the user's and alive.
fn accepted(
    found: Option<OpenSession>,
    user: &str,
    now: Timestamp,
    lifetime_s: i64,
) -> Result<OpenSession, SessionRefusal> {
    found
        .filter(|session| session.is_active && session.name.as_str() == user.trim())
        .filter(|session| is_alive(session, now, lifetime_s))
        .ok_or(SessionRefusal)
}

/// Whether a session has not ended. One that was renewed further ahead than it lives is of a clock
/// that was set back: it would stay open until then.
fn is_alive(session: &OpenSession, now: Timestamp, lifetime_s: i64) -> bool {
    let is_within = now < expires_at(session.renewed_at, lifetime_s)
        && session.renewed_at <= expires_at(now, lifetime_s);
    session.is_permanent || is_within
}

/// Whether the next renewal is to be stored: not later than half the session's life, so that a short
/// one slides too. A renewal of the future is brought back at once.
fn is_due(session: &OpenSession, now: Timestamp, lifetime_s: i64) -> bool {
    let age = SignedDuration::from_secs(RENEWAL_AGE_S.min(lifetime_s / 2));
    let is_old = now.duration_since(session.renewed_at) >= age || session.renewed_at > now;
    !session.is_permanent && is_old
}

/// Sessions whose renewal waits in the queue: however often one is used meanwhile, it waits once.
#[derive(Debug, Default)]
pub(crate) struct Renewals {
    waiting: Mutex<HashSet<Digest>>,
}

impl Renewals {
    /// Whether this renewal is to be put in the queue.
    pub(crate) fn begin(&self, session: Digest) -> bool {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).insert(session)
    }

    pub(crate) fn end(&self, session: &Digest) {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).remove(session);
    }
}

impl Service {
    /// Ends a session; a permanent one is answered alike and stays.
    pub async fn log_out(&self, user: &str, key: &str) -> Result<(), Failure<SessionRefusal>> {
        let digest = session_digest(key).ok_or(Failure::Refused(SessionRefusal))?;
        let (user, lifetime_s) = (user.to_owned(), self.settings().session_lifetime_s);
        self.write_aside(move |tx, now| {
            let found = tx.view().user_session(&digest)?;
            match accepted(found, &user, now, lifetime_s) {
                Ok(session) if session.is_permanent => {}
                Ok(_) => tx.drop_session(&digest)?,
                Err(refusal) => return Ok(Err(refusal)),
            }
            Ok(Ok(()))
        })
        .await
    }

    /// Opens once more the session of a user that was accepted before: for what takes longer.
    ///
    /// Refuses one that is over by now, and any whose user or integrator was disabled meanwhile.
    pub fn session_of(
        &self,
        caller: &UserCaller,
    ) -> Result<UserSession<'_>, Failure<SessionRefusal>> {
        let (now, lifetime_s) = (self.clock().now(), self.settings().session_lifetime_s);
        let stands = |view: &View<'_>| caller.stands(view, now, lifetime_s);
        let (snapshot, stands) = self.snapshot_with(stands)?;
        if stands {
            return Ok(UserSession { service: self, snapshot, caller: caller.clone() });
        }
        Err(Failure::Refused(SessionRefusal))
    }

    /// Puts a session's renewal in the queue and does not wait for it: where it is lost, the next
    /// use brings another.
    fn renew(&self, digest: Digest) {
        if !self.sign_ins().renewals.begin(digest) {
            return;
        }
        let renewals = Arc::clone(&self.sign_ins().renewals);
        let lifetime_s = self.settings().session_lifetime_s;
        self.inner.writer.submit_aside(
            move |tx, now| {
                let found = tx.view().user_session(&digest)?;
                if found.is_some_and(|session| is_due(&session, now, lifetime_s)) {
                    tx.renew_session(&digest, now)?;
                }
                Ok(())
            },
            move |_| renewals.end(&digest),
        );
    }
}

impl<'s> Admitted<'s> {
    /// Who was admitted.
    pub fn integrator(&self) -> IntegratorId {
        self.integrator
    }

    /// Opens a user's session by its key, and renews it.
    pub fn session(
        self,
        user: &str,
        key: &str,
    ) -> Result<UserSession<'s>, Failure<SessionRefusal>> {
        let Self { service, snapshot, integrator } = self;
        let digest = session_digest(key).ok_or(Failure::Refused(SessionRefusal))?;
        let found = snapshot.view().user_session(&digest);
        let found = found.map_err(|error| service.read_failure(&error))?;
        let (now, lifetime_s) = (service.clock().now(), service.settings().session_lifetime_s);
        let session = accepted(found, user, now, lifetime_s).map_err(Failure::Refused)?;
        if is_due(&session, now, lifetime_s) {
            service.renew(digest);
        }
        let OpenSession { user, name, .. } = session;
        let caller = UserCaller { user, name, integrator, session: digest };
        Ok(UserSession { service, snapshot, caller })
    }
}

impl UserCaller {
    /// Whether what it was accepted by stands still: its session is open, and neither its user nor
    /// its integrator is disabled.
    pub(crate) fn stands(
        &self,
        view: &View<'_>,
        now: Timestamp,
        lifetime_s: i64,
    ) -> Result<bool, StoreError> {
        let is_open = |session: OpenSession| {
            let is_own = session.user == self.user && session.is_active;
            is_own && is_alive(&session, now, lifetime_s)
        };
        if !view.user_session(&self.session)?.is_some_and(is_open) {
            return Ok(false);
        }
        Ok(view.integrator(self.integrator)?.is_some_and(|integrator| integrator.is_active))
    }
}

impl UserSession<'_> {
    /// Who calls.
    pub fn caller(&self) -> &UserCaller {
        &self.caller
    }

    /// Ends the reading and says who called.
    pub fn into_caller(self) -> UserCaller {
        self.caller
    }

    /// The companies whose suppliers the user may see, by id, each with the user's role.
    pub fn companies(&self) -> Result<Vec<(Arc<Company>, Role)>, Failure<NoRefusal>> {
        self.read(|view| {
            let rights = view.rights_of(self.caller.user)?.into_iter();
            let rights = rights.filter(|(_, role)| role.may(Right::SeePayables));
            let with_company = rights.map(|(id, role)| Ok(view.company(id)?.map(|it| (it, role))));
            with_company.filter_map(Result::transpose).collect()
        })
    }

    /// The company of that id, if the user may see its suppliers.
    pub fn company(
        &self,
        id: CompanyId,
    ) -> Result<Option<(Arc<Company>, Role)>, Failure<NoRefusal>> {
        let found = self.read(|view| view.company_of(self.caller.user, id))?;
        Ok(found.filter(|(_, role)| role.may(Right::SeePayables)))
    }

    fn read<T>(
        &self,
        read: impl FnOnce(&View<'_>) -> Result<T, StoreError>,
    ) -> Result<T, Failure<NoRefusal>> {
        read(&self.snapshot.view()).map_err(|error| self.service.read_failure(&error))
    }
}
