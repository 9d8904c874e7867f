//! Integrators, users and their sessions.
//!
//! An integrator sends its password with every call, so what was found right is remembered in memory
//! for some minutes (`verified.rs`); a user sends it once, for a session (`session.rs`).

pub(crate) mod admin;
pub(crate) mod password;
mod queue;
pub(crate) mod session;
pub(crate) mod sign_in;
mod turns;
mod verified;

use std::fmt;
use std::sync::Arc;

use tokio::sync::Semaphore;
use ventanilla_domain::{CompanyId, IntegratorId, Role, UserId};
use ventanilla_store::{Digest, Snapshot};

use crate::Service;
use queue::Queue;
use session::Renewals;
use turns::Turns;
use verified::Verified;

pub use ventanilla_store::SignInName;

/// Slow hashes that run at a time; each fills 19 MiB and a core for some tens of milliseconds.
const SLOW_HASHES_MAX: usize = 2;

/// What an integrator or a user proves itself with, as it came.
#[derive(Clone, PartialEq, Eq)]
pub struct SignIn {
    /// Who.
    pub name: String,
    /// 32 hexadecimal digits in either case are the MD5 of the password; anything else is the
    /// password itself (docs/spec/colppy.md §3).
    pub password: String,
}

impl fmt::Debug for SignIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignIn").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Why a sign-in was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignInRefusal {
    /// Too many failures of this name from this address.
    #[error("too many failures")]
    TooManyFailures {
        /// Seconds until the next try is heard, at least 1.
        retry_after_s: u32,
    },
    /// Unknown, wrong or disabled: one answer for all.
    #[error("wrong credentials")]
    WrongCredentials,
}

/// Why a session was not accepted: unknown, another user's, ended, or its user or integrator disabled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no such session")]
pub struct SessionRefusal;

/// A user whose session was accepted: it comes from [`Admitted::session`] alone.
#[derive(Clone, PartialEq, Eq)]
pub struct UserCaller {
    /// Who calls.
    pub user: UserId,
    /// The user's name.
    pub name: SignInName,
    /// The integrator whose program calls.
    pub integrator: IntegratorId,
    /// The hash of the session's key: whoever acts later looks it up again.
    pub(crate) session: Digest,
}

impl fmt::Debug for UserCaller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { user, name, integrator, session: _ } = self;
        let mut shown = f.debug_struct("UserCaller");
        shown.field("user", user).field("name", name).field("integrator", integrator);
        shown.finish_non_exhaustive()
    }
}

/// An integrator that was admitted, at one moment of the books. Let it go before you wait.
#[derive(Debug)]
pub struct Admitted<'s> {
    pub(crate) service: &'s Service,
    pub(crate) snapshot: Snapshot,
    pub(crate) integrator: IntegratorId,
}

/// A user's session at one moment: all that it reads is of one state of the books. Let it go
/// before you wait for anything.
#[derive(Debug)]
pub struct UserSession<'s> {
    pub(crate) service: &'s Service,
    pub(crate) snapshot: Snapshot,
    pub(crate) caller: UserCaller,
}

/// An integrator, as it is shown: no secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Integrator {
    /// Its id.
    pub id: IntegratorId,
    /// Its name.
    pub name: SignInName,
    /// Whether its credentials are taken.
    pub is_active: bool,
}

/// A password just issued, or taken.
#[derive(Clone, PartialEq, Eq)]
pub struct IssuedPassword {
    /// The password: 40 hexadecimal digits where we issued it. It is kept nowhere.
    pub password: String,
    /// Its MD5, which serves as well on the wire: 32 hexadecimal digits.
    pub md5: String,
}

impl fmt::Debug for IssuedPassword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IssuedPassword").finish_non_exhaustive()
    }
}

/// A user, as it is shown: no secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// Its id.
    pub id: UserId,
    /// Its name.
    pub name: SignInName,
    /// Whether its password and its sessions are taken.
    pub is_active: bool,
    /// What it may do, by company.
    pub rights: Vec<(CompanyId, Role)>,
}

/// What is kept in memory for those who sign in.
#[derive(Debug)]
pub(crate) struct SignIns {
    verified: Verified,
    turns: Turns,
    slow_hashes: Arc<Semaphore>,
    slow_hash_queue: Arc<Queue>,
    pub(crate) renewals: Arc<Renewals>,
}

impl Default for SignIns {
    fn default() -> Self {
        Self {
            verified: Verified::default(),
            turns: Turns::default(),
            slow_hashes: Arc::new(Semaphore::new(SLOW_HASHES_MAX)),
            slow_hash_queue: Arc::default(),
            renewals: Arc::default(),
        }
    }
}
