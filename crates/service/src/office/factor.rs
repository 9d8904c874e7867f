//! A user's second factor: enrolled, proven, recovered.
//!
//! What is enrolled is kept nowhere until a code of it was seen: it goes to the page sealed for its user, and
//! comes back with the code.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr};

use jiff::Timestamp;
use ventanilla_domain::UserId;
use ventanilla_store::{ConsoleSessionRecord, Digest, Keys, SecondFactorRecord, Tx};

use super::requiring::{PROOF_S, later};
use super::totp::{SECRET_LEN, step_of_code, to_base_32, to_uri};
use super::{Office, OfficeRefusal, Seat};
use crate::collecting::Decided;
use crate::failure::damaged;
use crate::kit::{SYMBOLS, to_symbol};
use crate::{Failure, NoRefusal, Service, Subject, What, Who};

/// Recovery codes that a second factor comes with.
const CODES: usize = 8;
/// Symbols of 5 bits of a recovery code.
const CODE_LEN: usize = 10;
/// Tries of a user's codes are counted together, from wherever they come: whoever tries has the password.
const ANYWHERE: IpAddr = IpAddr::V4(Ipv4Addr::UNSPECIFIED);

/// Why a second factor was not enrolled, or not proven, in order of precedence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FactorRefusal {
    /// Too many tries within a minute.
    #[error("too many tries")]
    TooManyTries {
        /// Seconds until the next try is heard, at least 1.
        retry_after_s: u32,
    },
    /// The user has no second factor.
    #[error("no second factor")]
    NotEnrolled,
    /// What is to be confirmed was not handed out by us, or to somebody else.
    #[error("no such enrolment")]
    EnrolmentUnknown,
    /// The code is wrong, or was used before.
    #[error("a wrong code")]
    WrongCode,
}

/// A second factor that is offered to its user.
#[derive(Clone)]
pub struct Enrolment {
    /// What an application makes codes from, to be typed: base 32.
    pub secret: String,
    /// The same as the text of a QR code.
    pub uri: String,
    /// What [`Service::confirm_factor`] takes: the same, sealed for this user. It may stand in a form.
    pub pending: String,
}

impl fmt::Debug for Enrolment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Enrolment")
    }
}

/// One-time codes for whoever loses the telephone. They are shown once and kept nowhere.
#[derive(Clone)]
pub struct RecoveryCodes(pub Vec<String>);

impl fmt::Debug for RecoveryCodes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RecoveryCodes")
    }
}

type Answered<T> = Result<T, Failure<OfficeRefusal<FactorRefusal>>>;

impl Service {
    /// Offers a second factor to the user of a session. Whoever has one proves it first.
    ///
    /// Refusals in the order of [`OfficeRefusal`].
    pub fn enrol_factor(
        &self,
        office: &Office,
    ) -> Result<Enrolment, Failure<OfficeRefusal<NoRefusal>>> {
        let (seat, now) = (&office.seat, self.clock().now());
        self.read_decided(|view| {
            let Some(session) = seat.session(view, now)? else {
                return Ok(Err(OfficeRefusal::SessionOver));
            };
            let has_one = view.second_factor(seat.user)?.is_some();
            let may = !has_one || seat.rules.is_proven(&session, now);
            Ok(if may { Ok(()) } else { Err(OfficeRefusal::ProofNeeded) })
        })?;
        let secret = self.entropy().bytes::<SECRET_LEN>();
        let salt = self.entropy().bytes::<32>();
        let pending = self.store().keys().seal_second_factor(seat.user, &salt, &secret);
        let uri = to_uri(seat.name.as_str(), &secret);
        Ok(Enrolment { secret: to_base_32(&secret), uri, pending })
    }

    /// Keeps what was offered, once a code of it shows that the user has it; the session is proven by it.
    /// Answers new recovery codes; those of before are no more.
    ///
    /// Refusals in the order of [`OfficeRefusal`] and [`FactorRefusal`].
    pub async fn confirm_factor(
        &self,
        office: &Office,
        pending: &str,
        code: &str,
    ) -> Answered<RecoveryCodes> {
        self.try_factor(office, What::FactorEnrol)?;
        let codes: Vec<String> = (0..CODES).map(|_| self.new_recovery_code()).collect();
        let (seat, keys) = (office.seat.clone(), self.store().keys().clone());
        let hashes: Vec<Digest> =
            codes.iter().filter_map(|code| code_digest(&keys, seat.user, code)).collect();
        let (pending, code) = (pending.to_owned(), code.to_owned());
        let confirmed = self.write(move |tx, now| {
            tx.hold_identities()?;
            let Some(session) = seat.session(&tx.view(), now)? else {
                return Ok(Err(OfficeRefusal::SessionOver));
            };
            let has_one = tx.view().second_factor(seat.user)?.is_some();
            if has_one && !seat.rules.is_proven(&session, now) {
                return Ok(Err(OfficeRefusal::ProofNeeded));
            }
            let Some(secret) = keys.unseal_second_factor(seat.user, &pending) else {
                return Ok(Err(OfficeRefusal::Act(FactorRefusal::EnrolmentUnknown)));
            };
            if !is_taken(tx, seat.user, &secret, &code, now)? {
                return Ok(Err(OfficeRefusal::Act(FactorRefusal::WrongCode)));
            }
            tx.drop_second_factor(seat.user)?;
            tx.put_second_factor(&SecondFactorRecord { user: seat.user, sealed: pending.clone() })?;
            for hash in &hashes {
                tx.put_recovery_code(seat.user, hash)?;
            }
            seat.keep_proof(tx, now, What::FactorEnrol)?;
            Ok(Ok(()))
        });
        self.told(office, What::FactorEnrol, confirmed.await)?;
        Ok(RecoveryCodes(codes))
    }

    /// Proves a session by a code of its user's second factor: what needs a proof may be done for some minutes.
    /// Each step's code is taken once, whichever server it comes to. Answers when it will be asked for again.
    ///
    /// Refusals in the order of [`OfficeRefusal`] and [`FactorRefusal`].
    pub async fn prove_factor(&self, office: &Office, code: &str) -> Answered<Timestamp> {
        self.try_factor(office, What::FactorProve)?;
        let (seat, keys, code) =
            (office.seat.clone(), self.store().keys().clone(), code.to_owned());
        let proven = self.write_aside(move |tx, now| {
            let factor = match seat.factor(tx, now)? {
                Ok(factor) => factor,
                Err(refusal) => return Ok(Err(refusal)),
            };
            let secret = keys
                .unseal_second_factor(seat.user, &factor.sealed)
                .ok_or_else(|| damaged("a second factor cannot be unsealed"))?;
            if !is_taken(tx, seat.user, &secret, &code, now)? {
                return Ok(Err(OfficeRefusal::Act(FactorRefusal::WrongCode)));
            }
            seat.keep_proof(tx, now, What::FactorProve)?;
            Ok(Ok(later(now, PROOF_S)))
        });
        self.told(office, What::FactorProve, proven.await)
    }

    /// The same by a recovery code, which is used up. Answers how many are left.
    ///
    /// Refusals in the order of [`OfficeRefusal`] and [`FactorRefusal`].
    pub async fn recover_factor(&self, office: &Office, code: &str) -> Answered<usize> {
        self.try_factor(office, What::FactorRecover)?;
        let seat = office.seat.clone();
        let digest = code_digest(self.store().keys(), seat.user, code);
        let recovered = self.write(move |tx, now| {
            tx.hold_identities()?;
            if let Err(refusal) = seat.factor(tx, now)? {
                return Ok(Err(refusal));
            }
            let left = tx.view().recovery_codes(seat.user)?;
            let Some(digest) = digest.filter(|digest| left.contains(digest)) else {
                return Ok(Err(OfficeRefusal::Act(FactorRefusal::WrongCode)));
            };
            if !tx.take_recovery_code(seat.user, &digest)? {
                return Ok(Err(OfficeRefusal::Act(FactorRefusal::WrongCode)));
            }
            seat.keep_proof(tx, now, What::FactorRecover)?;
            Ok(Ok(left.len() - 1))
        });
        self.told(office, What::FactorRecover, recovered.await)
    }

    /// Counts a try of a code before it is looked at, so that many at once are no way around the count.
    fn try_factor(&self, office: &Office, what: What) -> Answered<()> {
        let (user, now) = (office.seat.user.to_string(), self.clock().now());
        let name = self.store().keys().credential_digest(&["second factor", &user]);
        let Some(retry_after_s) = self.guard().hold_s(&name, ANYWHERE, now) else {
            self.guard().count(name, ANYWHERE, now);
            return Ok(());
        };
        let refusal = OfficeRefusal::Act(FactorRefusal::TooManyTries { retry_after_s });
        self.told(office, what, Err(Failure::Refused(refusal)))
    }

    /// Notes what was not proven, in the trail of each company that the user works for.
    fn told<T>(&self, office: &Office, what: What, answer: Answered<T>) -> Answered<T> {
        if let Err(failure) = &answer {
            let companies = office.companies.iter().map(|(company, _)| Some(company.id));
            let nowhere = office.companies.is_empty().then_some(None);
            for company in companies.chain(nowhere) {
                let (who, address) = (Who::Staff(office.seat.user), office.seat.address);
                self.note_refused(what, (who, company), address, failure, factor_code);
            }
        }
        answer
    }

    /// 50 bits, in two groups: `7KQ2M-9XD4T`.
    fn new_recovery_code(&self) -> String {
        let symbols = self.entropy().bytes::<CODE_LEN>();
        let mut code: String =
            symbols.iter().map(|byte| char::from(SYMBOLS[usize::from(byte & 31)])).collect();
        code.insert(CODE_LEN / 2, '-');
        code
    }
}

impl Seat {
    /// The second factor of the session's user, at this moment.
    fn factor(
        &self,
        tx: &mut Tx<'_>,
        now: Timestamp,
    ) -> Decided<SecondFactorRecord, OfficeRefusal<FactorRefusal>> {
        tx.share_identities()?;
        let session: Option<ConsoleSessionRecord> = self.session(&tx.view(), now)?;
        if session.is_none() {
            return Ok(Err(OfficeRefusal::SessionOver));
        }
        let factor = tx.view().second_factor(self.user)?;
        Ok(factor.ok_or(OfficeRefusal::Act(FactorRefusal::NotEnrolled)))
    }

    fn keep_proof(
        &self,
        tx: &mut Tx<'_>,
        now: Timestamp,
        what: What,
    ) -> Result<(), ventanilla_store::StoreError> {
        tx.prove_console_session(&self.session, now)?;
        let subject = Subject::named(self.name.as_str());
        self.act(what).keep_of_user(tx, now, self.user, &subject)
    }
}

/// Whether a code is right, of a step that nobody has used.
fn is_taken(
    tx: &mut Tx<'_>,
    user: UserId,
    secret: &[u8],
    code: &str,
    now: Timestamp,
) -> Result<bool, ventanilla_store::StoreError> {
    match step_of_code(secret, code, now) {
        Some(step) => tx.take_step(user, step),
        None => Ok(false),
    }
}

/// The keyed hash that a recovery code is kept by: in either case, with whatever hyphens and blanks. `None` of
/// what is no such code.
fn code_digest(keys: &Keys, user: UserId, typed: &str) -> Option<Digest> {
    let typed = typed.chars().filter(|char| *char != '-' && !char.is_whitespace());
    let symbols: Option<Vec<u8>> = typed.take(CODE_LEN + 1).map(to_symbol).collect();
    let symbols = symbols.filter(|symbols| symbols.len() == CODE_LEN)?;
    let symbols: String = symbols.into_iter().map(char::from).collect();
    Some(keys.credential_digest(&["recovery code", &user.to_string(), &symbols]))
}

fn factor_code(refusal: &OfficeRefusal<FactorRefusal>) -> &'static str {
    match refusal {
        OfficeRefusal::SessionOver => "session-over",
        OfficeRefusal::NotAllowed => "not-allowed",
        OfficeRefusal::ProofNeeded => "proof-needed",
        OfficeRefusal::Act(FactorRefusal::TooManyTries { .. }) => "too-many-tries",
        OfficeRefusal::Act(FactorRefusal::NotEnrolled) => "not-enrolled",
        OfficeRefusal::Act(FactorRefusal::EnrolmentUnknown) => "enrolment-unknown",
        OfficeRefusal::Act(FactorRefusal::WrongCode) => "wrong-code",
    }
}
