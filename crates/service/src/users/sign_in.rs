//! Names and passwords: an integrator's with every call, a user's for a session.

use std::net::IpAddr;
use std::sync::Arc;

use ventanilla_store::{
    Digest, PasswordHash, SessionRecord, SignInName, SignInRecord, StoreError, Tx, UserRecord,
    View, to_hex, token_digest,
};

use super::password::PasswordMd5;
use super::session::ended_before;
use super::{Admitted, SignIn, SignInRefusal};
use crate::collecting::Decided;
use crate::{Failure, Service};

/// Who somebody says to be. The kind stands in every hash of it: an integrator's password is none of
/// the user's of the same name.
pub(crate) struct Claim {
    kind: &'static str,
    /// The name as it came, for counting failures.
    typed: String,
    /// The name, if it can be one.
    name: Option<SignInName>,
    md5: PasswordMd5,
}

impl Claim {
    fn of(kind: &'static str, sign_in: &SignIn) -> Self {
        Self {
            kind,
            typed: sign_in.name.trim().to_owned(),
            name: SignInName::from_text(&sign_in.name).ok(),
            md5: PasswordMd5::from_wire(&sign_in.password),
        }
    }

    /// A user at the console.
    pub(crate) fn at_console(name: &str, password: &str) -> Self {
        Self {
            kind: "user",
            typed: name.trim().to_owned(),
            name: SignInName::from_text(name).ok(),
            md5: PasswordMd5::of_typed(password),
        }
    }

    /// The record that `find` finds of the name. One that is disabled is as good as none: whoever
    /// asks is not to tell them apart.
    fn find<Id>(
        &self,
        find: impl FnOnce(&SignInName) -> Result<Option<SignInRecord<Id>>, StoreError>,
    ) -> Result<Option<SignInRecord<Id>>, StoreError> {
        let found = self.name.as_ref().map(find).transpose()?.flatten();
        Ok(found.filter(|record| record.is_active))
    }
}

/// What a look at an integrator's record found.
enum Found<'s> {
    /// The password is right: it was found so a short while ago.
    Verified(Admitted<'s>),
    /// It is not known whether this is the password.
    Unverified(Option<PasswordHash>),
}

impl Service {
    /// Admits an integrator (`auth`). Refusals in the order of [`SignInRefusal`].
    ///
    /// Whoever was admitted within the last minutes is admitted on the calling thread, without
    /// waiting, and even where others have failed too often under its name. The rest waits for a
    /// slow hash. An integrator disabled or given another password a moment ago is refused.
    pub async fn admit(
        &self,
        sign_in: &SignIn,
        address: IpAddr,
    ) -> Result<Admitted<'_>, Failure<SignInRefusal>> {
        let claim = Claim::of("integrator", sign_in);
        let kept = match self.look_up(&claim, None)? {
            Found::Verified(admitted) => return Ok(admitted),
            Found::Unverified(kept) => kept,
        };
        let proven = self.prove(&claim, kept, address).await?;
        // What was proven is of a while ago: the integrator may have been disabled meanwhile.
        match self.look_up(&claim, Some(&proven))? {
            Found::Verified(admitted) => Ok(admitted),
            Found::Unverified(_) => Err(Failure::Refused(SignInRefusal::WrongCredentials)),
        }
    }

    /// Opens a session for a user; answers its key, 32 hexadecimal digits, kept nowhere. Forgets
    /// those of the user's sessions that have ended.
    ///
    /// Refusals in the order of [`SignInRefusal`].
    pub async fn log_in(
        &self,
        sign_in: &SignIn,
        address: IpAddr,
    ) -> Result<String, Failure<SignInRefusal>> {
        let claim = Claim::of("user", sign_in);
        let proven = self.prove_user(&claim, address).await?;
        let key = to_hex(&self.entropy().bytes::<16>());
        let lifetime_s = self.settings().session_lifetime_s;
        let digest = token_digest(&key);
        self.write_aside(move |tx, now| {
            tx.share_identities()?;
            let Some(UserRecord { id: user, .. }) = proven_user(tx, &claim, &proven)? else {
                return Ok(Err(SignInRefusal::WrongCredentials));
            };
            tx.drop_ended_sessions(user, ended_before(now, lifetime_s))?;
            tx.put_session(&SessionRecord { digest, user, renewed_at: now, is_permanent: false })?;
            Ok(Ok(()))
        })
        .await?;
        Ok(key)
    }

    /// Proves the password of a user by the hash that is kept, and answers that hash. Refusals in the order of
    /// [`SignInRefusal`].
    pub(crate) async fn prove_user(
        &self,
        claim: &Claim,
        address: IpAddr,
    ) -> Result<PasswordHash, Failure<SignInRefusal>> {
        let kept = self.read_decided(|view| {
            let record = claim.find(|name| view.user_by_name(name))?;
            Ok(Ok(record.map(|record| record.password_hash)))
        })?;
        match kept {
            Some(kept) if self.is_verified(claim, &kept) => Ok(kept),
            kept => self.prove(claim, kept, address).await,
        }
    }

    /// Looks at the record of an integrator, of which a hash may have been proven.
    fn look_up(
        &self,
        claim: &Claim,
        proven: Option<&PasswordHash>,
    ) -> Result<Found<'_>, Failure<SignInRefusal>> {
        let find = |view: &View<'_>| claim.find(|name| view.integrator_by_name(name));
        let (snapshot, Some(record)) = self.snapshot_with(find)? else {
            return Ok(Found::Unverified(None));
        };
        let kept = record.password_hash;
        if proven == Some(&kept) || self.is_verified(claim, &kept) {
            let integrator = record.id;
            return Ok(Found::Verified(Admitted { service: self, snapshot, integrator }));
        }
        Ok(Found::Unverified(Some(kept)))
    }

    /// Whether the password was found right a short while ago.
    fn is_verified(&self, claim: &Claim, kept: &PasswordHash) -> bool {
        let credentials = self.verified_digest(claim, kept);
        self.sign_ins().verified.holds(&credentials, self.clock().now())
    }

    fn verified_digest(&self, claim: &Claim, kept: &PasswordHash) -> Digest {
        let Claim { kind, typed, md5, .. } = claim;
        let parts = ["verified", kind, typed, md5.as_str(), kept.as_str()];
        self.store().keys().credential_digest(&parts)
    }

    /// Proves the password of a claim by the hash that is kept, and answers that hash; the same
    /// work is done where none is. Refusals in the order of [`SignInRefusal`].
    async fn prove(
        &self,
        claim: &Claim,
        kept: Option<PasswordHash>,
        address: IpAddr,
    ) -> Result<PasswordHash, Failure<SignInRefusal>> {
        let name = self.store().keys().credential_digest(&[claim.kind, &claim.typed]);
        self.heard(&name, address).map_err(Failure::Refused)?;
        let mut turn = None;
        if let Some(kept) = &kept {
            turn = Some(self.sign_ins().turns.take(self.verified_digest(claim, kept)).await);
            // Another call with the very same credentials may have proven them meanwhile.
            if self.is_verified(claim, kept) {
                return Ok(kept.clone());
            }
        }
        let md5 = claim.md5.clone();
        let proven = self
            .slowly(Some(address), move |service| {
                // Heard once more: others of this name may have failed while this one waited.
                if let Err(refusal) = service.heard(&name, address) {
                    return Ok(Err(refusal));
                }
                let is_right = md5.matches(kept.as_ref())?;
                let Some(kept) = kept.filter(|_| is_right) else {
                    // Counted here, so that it is counted for a caller that has gone away too.
                    service.guard().count(name, address, service.clock().now());
                    return Ok(Err(SignInRefusal::WrongCredentials));
                };
                Ok(Ok(kept))
            })
            .await?;
        let credentials = self.verified_digest(claim, &proven);
        self.sign_ins().verified.remember(credentials, self.clock().now());
        drop(turn);
        Ok(proven)
    }

    /// Refuses a name that has failed too often from an address.
    fn heard(&self, name: &Digest, address: IpAddr) -> Result<(), SignInRefusal> {
        match self.guard().hold_s(name, address, self.clock().now()) {
            Some(retry_after_s) => Err(SignInRefusal::TooManyFailures { retry_after_s }),
            None => Ok(()),
        }
    }

    /// Runs work with a slow hash on a thread of its own. Few run at a time: they must leave the
    /// cores to payments. Where many wait already, of all or of the network of `address`, nothing is
    /// done.
    pub(crate) async fn slowly<T: Send + 'static, R: Send + 'static>(
        &self,
        address: Option<IpAddr>,
        work: impl FnOnce(&Self) -> Decided<T, R> + Send + 'static,
    ) -> Result<T, Failure<R>> {
        let place = self.sign_ins().slow_hash_queue.take(address).ok_or(Failure::Unavailable)?;
        let permit = Arc::clone(&self.sign_ins().slow_hashes).acquire_owned().await;
        let service = self.clone();
        let done = tokio::task::spawn_blocking(move || {
            let decided = work(&service);
            drop((permit, place));
            decided
        });
        let decided = done.await.unwrap_or_else(|cause| {
            let what = "a slow hash was not finished";
            Err(StoreError::Damaged { what, cause: Some(cause.into()) })
        });
        match decided {
            Ok(decided) => decided.map_err(Failure::Refused),
            Err(error) => Err(self.read_failure(&error)),
        }
    }
}

/// The user of a claim, if its password is still the one that was proven.
pub(crate) fn proven_user(
    tx: &Tx<'_>,
    claim: &Claim,
    proven: &PasswordHash,
) -> Result<Option<UserRecord>, StoreError> {
    let record = claim.find(|name| tx.view().user_by_name(name))?;
    Ok(record.filter(|record| record.password_hash == *proven))
}
