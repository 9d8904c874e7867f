//! Integrators, users and their sessions.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use ventanilla_domain::{Company, CompanyId, IntegratorId, Role, Text, UserId};
use ventanilla_store::Snapshot;

use crate::{Failure, NoRefusal, Service};

/// The name an integrator or a user signs in with.
pub type SignInName = Text<128>;

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

/// Why a session was not accepted: unknown, another user's, ended, or its user disabled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no such session")]
pub struct SessionRefusal;

/// A user whose session was accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserCaller {
    /// Who calls.
    pub user: UserId,
    /// The user's name.
    pub name: SignInName,
    /// The integrator whose program calls.
    pub integrator: IntegratorId,
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

impl Service {
    /// Admits an integrator (`auth`). Refusals in the order of [`SignInRefusal`].
    pub async fn admit(
        &self,
        _sign_in: &SignIn,
        _address: IpAddr,
    ) -> Result<Admitted<'_>, Failure<SignInRefusal>> {
        Err(Failure::Unavailable)
    }

    /// Opens a session for a user; answers its key, 32 hexadecimal digits, kept nowhere.
    pub async fn log_in(
        &self,
        _sign_in: &SignIn,
        _address: IpAddr,
    ) -> Result<String, Failure<SignInRefusal>> {
        Err(Failure::Unavailable)
    }

    /// Ends a session.
    pub async fn log_out(&self, _user: &str, _key: &str) -> Result<(), Failure<SessionRefusal>> {
        Err(Failure::Unavailable)
    }
}

impl<'s> Admitted<'s> {
    /// Who was admitted.
    pub fn integrator(&self) -> IntegratorId {
        self.integrator
    }

    /// Opens a user's session by its key.
    pub fn session(
        self,
        _user: &str,
        _key: &str,
    ) -> Result<UserSession<'s>, Failure<SessionRefusal>> {
        Err(Failure::Unavailable)
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

    /// The companies that the user has a right to, by id, each with the user's role.
    pub fn companies(&self) -> Result<Vec<(Arc<Company>, Role)>, Failure<NoRefusal>> {
        Err(Failure::Unavailable)
    }

    /// The company of that id, if the user has a right to it.
    pub fn company(
        &self,
        _id: CompanyId,
    ) -> Result<Option<(Arc<Company>, Role)>, Failure<NoRefusal>> {
        Err(Failure::Unavailable)
    }
}
