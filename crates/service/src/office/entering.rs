//! Into the console and out of it.

use std::net::IpAddr;
use std::sync::Arc;

use jiff::Timestamp;
use ventanilla_domain::{Company, CompanyId, Role, UserId};
use ventanilla_store::{
    ConsoleSessionRecord, Digest, OpenConsoleSession, StoreError, UserRecord, View, to_hex,
    token_digest,
};

use super::requiring::Rules;
use super::{EnteredConsole, Office, Proof, Seat};
use crate::trail::StaffAct;
use crate::users::sign_in::{Claim, proven_user};
use crate::{
    Act, ActOutcome, Failure, Origin, Service, SessionRefusal, SignInRefusal, Subject, What, Who,
};

/// Digits of a session's key.
const KEY_LEN: usize = 64;

/// The hash that a session is kept by; `None` of what is no session's key. The key is 256 random bits, so no
/// keyed hash is needed.
fn session_digest(key: &str) -> Option<Digest> {
    let is_key = key.len() == KEY_LEN && key.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_key.then(|| token_digest(key))
}

/// What is read of a session in one snapshot.
struct Opened {
    open: OpenConsoleSession,
    companies: Vec<(Arc<Company>, Role)>,
    proof: Proof,
}

impl Service {
    /// Opens a session of the console for a user, by the password itself: what reads as an MD5 is none.
    /// Forgets those of the user's sessions that have ended.
    ///
    /// Refusals in the order of [`SignInRefusal`].
    pub async fn enter(
        &self,
        name: &str,
        password: &str,
        address: IpAddr,
    ) -> Result<EnteredConsole, Failure<SignInRefusal>> {
        let entered = self.try_enter(Claim::at_console(name, password), address).await;
        if let Err(failure) = &entered {
            self.note_refused(What::ConsoleIn, (Who::Nobody, None), address, failure, |refusal| {
                sign_in_code(*refusal)
            });
        }
        entered
    }

    async fn try_enter(
        &self,
        claim: Claim,
        address: IpAddr,
    ) -> Result<EnteredConsole, Failure<SignInRefusal>> {
        let proven = self.prove_user(&claim, address).await?;
        let key = to_hex(&self.entropy().bytes::<32>());
        let (digest, rules) = (token_digest(&key), Rules::of(self.settings()));
        let (user, name) = self
            .write_aside(move |tx, now| {
                tx.share_identities()?;
                let Some(UserRecord { id: user, name, .. }) = proven_user(tx, &claim, &proven)?
                else {
                    return Ok(Err(SignInRefusal::WrongCredentials));
                };
                let (renewed_before, opened_before) = rules.ended_before(now);
                tx.drop_ended_console_sessions(user, renewed_before, opened_before)?;
                tx.put_console_session(&new_session(digest, user, address, now))?;
                let act = StaffAct::of_user(user, address, What::ConsoleIn);
                act.keep_of_user(tx, now, user, &Subject::named(name.as_str()))?;
                Ok(Ok((user, name)))
            })
            .await?;
        Ok(EnteredConsole { key, user, name })
    }

    /// Ends a session of the console.
    pub async fn leave(&self, key: &str, address: IpAddr) -> Result<(), Failure<SessionRefusal>> {
        let digest = session_digest(key).ok_or(Failure::Refused(SessionRefusal))?;
        let rules = Rules::of(self.settings());
        self.write_aside(move |tx, now| {
            let found = tx.view().console_session(&digest)?;
            let Some(open) = found.filter(|open| rules.is_alive(&open.session, now)) else {
                return Ok(Err(SessionRefusal));
            };
            tx.drop_console_session(&digest)?;
            let act = StaffAct::of_user(open.session.user, address, What::ConsoleOut);
            act.keep_of_user(tx, now, open.session.user, &Subject::named(open.name.as_str()))?;
            Ok(Ok(()))
        })
        .await
    }

    /// Opens the office of a session by its key, for a request from an address, and renews the session.
    ///
    /// Reads on the calling thread. Refuses a session that is unknown or over, and one whose user was disabled.
    pub fn office(&self, key: &str, address: IpAddr) -> Result<Office, Failure<SessionRefusal>> {
        let digest = session_digest(key).ok_or(Failure::Refused(SessionRefusal))?;
        let (now, rules) = (self.clock().now(), Rules::of(self.settings()));
        let (_, opened) = self.snapshot_with(|view| opened(view, &digest, rules, now))?;
        let Opened { open, companies, proof } = opened.ok_or(Failure::Refused(SessionRefusal))?;
        if rules.is_due(&open.session, now) {
            self.renew_console_session(digest);
        }
        let OpenConsoleSession { session, name, .. } = open;
        let csrf = self.store().keys().credential_digest(&["console forms", key]);
        let seat = Seat { user: session.user, name, session: digest, address, rules };
        Ok(Office { seat, companies, proof, csrf })
    }

    /// Puts a session's renewal in the queue and does not wait for it: where it is lost, the next use brings
    /// another.
    fn renew_console_session(&self, digest: Digest) {
        if !self.sign_ins().renewals.begin(digest) {
            return;
        }
        let renewals = Arc::clone(&self.sign_ins().renewals);
        let rules = Rules::of(self.settings());
        self.inner.writer.submit_aside(
            move |tx, now| {
                let found = tx.view().console_session(&digest)?;
                let is_due = |open: &OpenConsoleSession| {
                    rules.is_alive(&open.session, now) && rules.is_due(&open.session, now)
                };
                if found.is_some_and(|open| is_due(&open)) {
                    tx.renew_console_session(&digest, now)?;
                }
                Ok(())
            },
            move |_| renewals.end(&digest),
        );
    }

    /// How many sessions of the console are taken.
    pub(crate) fn console_session_count(
        &self,
        view: &View<'_>,
        now: Timestamp,
    ) -> Result<u64, StoreError> {
        let (renewed_by, opened_by) = Rules::of(self.settings()).ended_before(now);
        view.console_session_count(renewed_by, opened_by)
    }

    /// Notes what somebody at the console did not get.
    pub(super) fn note_refused<R>(
        &self,
        what: What,
        (who, company): (Who, Option<CompanyId>),
        address: IpAddr,
        failure: &Failure<R>,
        code: impl FnOnce(&R) -> &'static str,
    ) {
        self.note(Act {
            at: self.clock().now(),
            company,
            from: Origin::Address(address),
            who,
            what,
            outcome: ActOutcome::of_failure(failure, code),
            subject: Subject::default(),
        });
    }
}

pub(super) fn sign_in_code(refusal: SignInRefusal) -> &'static str {
    match refusal {
        SignInRefusal::TooManyFailures { .. } => "too-many-failures",
        SignInRefusal::WrongCredentials => "wrong-credentials",
    }
}

pub(super) fn new_session(
    digest: Digest,
    user: UserId,
    address: IpAddr,
    now: Timestamp,
) -> ConsoleSessionRecord {
    let (opened_at, renewed_at, proven_at) = (now, now, None);
    ConsoleSessionRecord { digest, user, opened_at, renewed_at, proven_at, address }
}

fn opened(
    view: &View<'_>,
    digest: &Digest,
    rules: Rules,
    now: Timestamp,
) -> Result<Option<Opened>, StoreError> {
    let found = view.console_session(digest)?;
    let is_open = |open: &OpenConsoleSession| open.is_active && rules.is_alive(&open.session, now);
    let Some(open) = found.filter(is_open) else { return Ok(None) };
    let user = open.session.user;
    let mut companies = Vec::new();
    for (company, role) in view.rights_of(user)? {
        companies.extend(view.company(company)?.map(|company| (company, role)));
    }
    let is_enrolled = view.second_factor(user)?.is_some();
    let proof = rules.proof(&open.session, is_enrolled, now);
    Ok(Some(Opened { open, companies, proof }))
}
