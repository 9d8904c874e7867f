//! Credentials and tokens.

use std::net::IpAddr;

use jiff::{SignedDuration, Timestamp};
use subtle::{Choice, ConstantTimeEq as _};
use ventanilla_domain::{CollectorId, CompanyId};
use ventanilla_store::{Bearer, CollectorRecord, Digest, Keys, TokenRecord, to_hex, token_digest};

use crate::views::expires_at;
use crate::{
    Caller, Credentials, Failure, IssuedToken, LoginRefusal, NoRefusal, Service, Session,
    TokenRefusal,
};

/// How long an ended token is told apart from an unknown one.
const ENDED_KEPT: SignedDuration = SignedDuration::from_hours(7 * 24);

impl Service {
    /// Issues a token for a collector's credentials (`POST /api/token`).
    ///
    /// Refusals in the order of [`LoginRefusal`]. Unknown and wrong credentials cost the same work. The
    /// secret that another has replaced is taken until its end.
    pub async fn issue_token(
        &self,
        credentials: &Credentials,
        address: IpAddr,
    ) -> Result<IssuedToken, Failure<LoginRefusal>> {
        let keys = self.store().keys();
        let code = keys.credential_digest(&["code", &credentials.security_code]);
        let now = self.clock().now();
        if let Some(retry_after_s) = self.guard().hold_s(&code, address, now) {
            return Err(Failure::Refused(LoginRefusal::TooManyFailures { retry_after_s }));
        }
        let record = self.read_decided(|view| view.collector_by_code(&code).map(Ok))?;
        let proof = Proof::of(keys, &code, credentials);
        let is_right = proof.holds_of(record.as_ref(), now);
        let Some(record) = record.filter(|_| is_right) else {
            self.guard().count(code, address, now);
            return Err(Failure::Refused(LoginRefusal::WrongCredentials));
        };
        if !record.is_active {
            return Err(Failure::Refused(LoginRefusal::Disabled));
        }
        self.keep_token((record.id, record.company), proof).await
    }

    async fn keep_token(
        &self,
        (collector, company): (CollectorId, CompanyId),
        proof: Proof,
    ) -> Result<IssuedToken, Failure<LoginRefusal>> {
        let token = to_hex(&self.entropy().bytes::<32>());
        let lifetime_s = self.settings().token_lifetime_s;
        let digest = token_digest(&token);
        self.write_aside(move |tx, now| {
            tx.share_identities()?;
            // A secret that was ended while this waited gives no token, or a leak would outlive its end.
            if !proof.holds_of(tx.view().collector(collector)?.as_ref(), now) {
                return Ok(Err(LoginRefusal::WrongCredentials));
            }
            tx.drop_tokens(collector, now.saturating_sub(ENDED_KEPT).unwrap_or(now))?;
            let expires_at = expires_at(now, lifetime_s);
            let issued_at = Some(now);
            tx.put_token(TokenRecord { digest, collector, issued_at, expires_at })?;
            Ok(Ok(()))
        })
        .await?;
        Ok(IssuedToken { token, lifetime_s, collector, company })
    }

    /// Opens a session for a token. Refusals in the order of [`TokenRefusal`].
    ///
    /// Reads on the calling thread, in microseconds: what was disabled a moment ago, by this
    /// process or another, is refused.
    pub fn session(&self, token: &str) -> Result<Session<'_>, Failure<TokenRefusal>> {
        let digest = token_digest(token);
        let (snapshot, bearer) = self.snapshot_with(|view| view.bearer(&digest))?;
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
    let Bearer { collector, can_list, limits, company, .. } = bearer;
    Ok(Caller { collector, can_list, limits, company })
}

/// The keyed hash that credentials are kept as. The security code goes in by its own hash, which is all
/// that is kept of it: so a new password can be issued without the code.
pub(crate) fn secret_digest(keys: &Keys, code: &Digest, login: &str, password: &str) -> Digest {
    keys.credential_digest(&["secret by code", &to_hex(code), login, password])
}

/// What credentials prove: their keyed hash, and the hash as it was kept before secrets could rotate.
struct Proof {
    digests: [Digest; 2],
}

impl Proof {
    fn of(keys: &Keys, code: &Digest, credentials: &Credentials) -> Self {
        let Credentials { security_code, login, password } = credentials;
        let former = keys.credential_digest(&["secret", security_code, login, password]);
        Self { digests: [secret_digest(keys, code, login, password), former] }
    }

    /// Whether it is the collector's secret, or the one before where that has not ended. It takes the
    /// same time whatever is wrong.
    fn holds_of(&self, record: Option<&CollectorRecord>, now: Timestamp) -> bool {
        let current = record.map_or([0; 32], |record| record.secret_digest);
        let previous = record.and_then(|record| record.previous);
        let previous = previous.filter(|previous| now < previous.until);
        let previous = previous.map_or([0; 32], |previous| previous.digest);
        let is_right = self.digests.iter().fold(Choice::from(0), |is_right, digest| {
            is_right | digest.ct_eq(&current) | digest.ct_eq(&previous)
        });
        record.is_some() && bool::from(is_right)
    }
}
