//! Credentials and tokens.

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use subtle::ConstantTimeEq as _;
use ventanilla_store::{Bearer, CollectorRecord, Digest, TokenRecord, to_hex, token_digest};

use crate::views::expires_at;
use crate::{
    Caller, Credentials, Failure, IssuedToken, LoginRefusal, NoRefusal, Service, Session,
    TokenRefusal,
};

/// Failures of one security code from one address that are heard within [`WINDOW`].
const FAILURES_MAX: usize = 10;
const WINDOW: SignedDuration = SignedDuration::from_secs(60);
/// Pairs of code and address remembered; more are forgotten, the oldest first.
const PAIRS_MAX: usize = 10_000;
/// How long an ended token is told apart from an unknown one.
const ENDED_KEPT: SignedDuration = SignedDuration::from_hours(7 * 24);

impl Service {
    /// Issues a token for a collector's credentials (`POST /api/token`).
    ///
    /// Refusals in the order of [`LoginRefusal`]. Unknown and wrong credentials cost the same work.
    pub async fn issue_token(
        &self,
        credentials: &Credentials,
        address: IpAddr,
    ) -> Result<IssuedToken, Failure<LoginRefusal>> {
        let keys = self.store().keys();
        let code = keys.credential_digest(&["code", &credentials.security_code]);
        let now = self.clock().now();
        self.guard().check(&code, address, now).map_err(Failure::Refused)?;
        let record = self.read_decided(|view| view.collector_by_code(&code).map(Ok))?;
        let secret = secret_digest(self, credentials);
        let kept = record.as_ref().map_or([0; 32], |record| record.secret_digest);
        let is_right = bool::from(secret.ct_eq(&kept));
        let Some(record) = record.filter(|_| is_right) else {
            self.guard().count(code, address, now);
            return Err(Failure::Refused(LoginRefusal::WrongCredentials));
        };
        if !record.is_active {
            return Err(Failure::Refused(LoginRefusal::Disabled));
        }
        self.keep_token(&record).await
    }

    async fn keep_token(
        &self,
        record: &CollectorRecord,
    ) -> Result<IssuedToken, Failure<LoginRefusal>> {
        let token = to_hex(&self.entropy().bytes::<32>());
        let lifetime_s = self.settings().token_lifetime_s;
        let (collector, digest) = (record.id, token_digest(&token));
        self.write(move |tx, now| {
            tx.drop_tokens(collector, now.saturating_sub(ENDED_KEPT).unwrap_or(now))?;
            let expires_at = expires_at(now, lifetime_s);
            tx.put_token(TokenRecord { digest, collector, expires_at })?;
            Ok(Ok(()))
        })
        .await?;
        Ok(IssuedToken { token, lifetime_s })
    }

    /// Opens a session for a token. Refusals in the order of [`TokenRefusal`].
    ///
    /// Reads on the calling thread, in microseconds: what was disabled a moment ago, by this
    /// process or another, is refused.
    pub fn session(&self, token: &str) -> Result<Session<'_>, Failure<TokenRefusal>> {
        let digest = token_digest(token);
        let snapshot = self.snapshot()?;
        let bearer = snapshot.view().bearer(&digest).map_err(|error| self.read_failure(&error))?;
        let caller = caller_of(bearer, self.clock().now()).map_err(Failure::Refused)?;
        Ok(Session::new(self, snapshot, caller))
    }

    /// Opens a session for a caller that was accepted before.
    pub fn session_as(&self, caller: &Caller) -> Result<Session<'_>, Failure<NoRefusal>> {
        Ok(Session::new(self, self.snapshot()?, caller.clone()))
    }
}

pub(crate) fn caller_of(bearer: Option<Bearer>, now: Timestamp) -> Result<Caller, TokenRefusal> {
    let bearer = bearer.ok_or(TokenRefusal::Unknown)?;
    if bearer.expires_at <= now {
        return Err(TokenRefusal::Expired);
    }
    if !bearer.is_active {
        return Err(TokenRefusal::Disabled);
    }
    let Bearer { collector, can_list, company, .. } = bearer;
    Ok(Caller { collector, can_list, company })
}

/// The keyed hash that credentials are kept as.
pub(crate) fn secret_digest(service: &Service, credentials: &Credentials) -> Digest {
    let Credentials { security_code, login, password } = credentials;
    service.store().keys().credential_digest(&["secret", security_code, login, password])
}

/// Counts failures, so that secrets cannot be guessed.
///
/// Source: docs/spec/cooplan.md §2, Services 1.
#[derive(Debug, Default)]
pub(crate) struct LoginGuard {
    failures: Mutex<HashMap<(Digest, IpAddr), VecDeque<Timestamp>>>,
}

impl LoginGuard {
    fn check(&self, code: &Digest, address: IpAddr, now: Timestamp) -> Result<(), LoginRefusal> {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(times) = failures.get_mut(&(*code, address)) else { return Ok(()) };
        // A failure of the future is one of a clock that was set back: it holds nobody up.
        let has_ended = |at: &Timestamp| *at > now || now.duration_since(*at) >= WINDOW;
        while times.front().is_some_and(has_ended) {
            times.pop_front();
        }
        match times.front() {
            Some(first) if times.len() >= FAILURES_MAX => {
                let rest_s = (WINDOW - now.duration_since(*first)).as_secs();
                let retry_after_s = u32::try_from(rest_s + 1).unwrap_or(u32::MAX);
                Err(LoginRefusal::TooManyFailures { retry_after_s })
            }
            _ => Ok(()),
        }
    }

    fn count(&self, code: Digest, address: IpAddr, now: Timestamp) {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        if failures.len() >= PAIRS_MAX {
            forget_oldest(&mut failures);
        }
        failures.entry((code, address)).or_default().push_back(now);
    }
}

/// Forgets the half whose last failure is the oldest.
fn forget_oldest(failures: &mut HashMap<(Digest, IpAddr), VecDeque<Timestamp>>) {
    let mut last: Vec<Timestamp> =
        failures.values().filter_map(|times| times.back().copied()).collect();
    let middle = last.len() / 2;
    let (_, median, _) = last.select_nth_unstable(middle);
    let median = *median;
    failures.retain(|_, times| times.back().is_some_and(|last| *last > median));
}
