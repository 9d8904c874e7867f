//! Who is inside the console: users with a session of their own there, and what each may do at the moment of
//! an act (docs/decisions/0027).
//!
//! A request opens its [`Office`] by the session's key; for one company that gives an [`Officer`], whom the use
//! cases take. What an officer may do is looked up again in the transaction of the act
//! ([`Officer::require`]): whose session ended, or who lost a right, a moment ago does nothing.

mod administration;
mod books;
mod entering;
mod factor;
mod invitations;
mod people;
mod requiring;
mod totp;
mod trail;

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use jiff::Timestamp;
use ventanilla_domain::{Company, CompanyId, Label, Role, UserId};
use ventanilla_store::{Digest, SignInName};

use crate::What;
use crate::trail::StaffAct;
pub use administration::{Administered, Administration};
pub use books::{ShownSuppliers, SupplierBefore, SupplierBooks, SupplierUnknown};
pub use factor::{Enrolment, FactorRefusal, RecoveryCodes};
pub use invitations::{Chosen, Invitation, InvitationRefusal, IssuedInvitation};
pub use people::{Colleague, KeptSession, PasswordRefusal};
use requiring::Rules;
pub use trail::{TrailAct, TrailCursor, TrailFilter, TrailPage};

/// Characters of a [`Label`].
const LABEL_LEN_MAX: usize = 64;

/// Why an officer's act was not done, in order of precedence.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OfficeRefusal<R> {
    /// The session is over by now, or its user was disabled.
    #[error("the session is over")]
    SessionOver,
    /// The user has no right to it, or no right for the company: nobody learns which.
    #[error("the user may not do this")]
    NotAllowed,
    /// The second factor was not proven within the last minutes; or there is none yet (see [`Proof`]).
    #[error("a proof of the second factor is needed")]
    ProofNeeded,
    /// The act itself was refused.
    #[error("{0}")]
    Act(R),
}

/// A session of the console that was just opened.
#[derive(Clone, PartialEq, Eq)]
pub struct EnteredConsole {
    /// Its key: 64 hexadecimal digits, kept nowhere.
    pub key: String,
    /// Whose it is.
    pub user: UserId,
    /// The user's name.
    pub name: SignInName,
}

impl fmt::Debug for EnteredConsole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { key: _, user, name } = self;
        let mut shown = f.debug_struct("EnteredConsole");
        shown.field("user", user).field("name", name).finish_non_exhaustive()
    }
}

/// How a session stands with its user's second factor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proof {
    /// This installation asks for none.
    NotAsked,
    /// The user has none yet: one is enrolled first.
    NotEnrolled,
    /// The user has one, and has not proven it within the last minutes.
    Stale,
    /// It was proven.
    Fresh {
        /// When it will be asked for again.
        until: Timestamp,
    },
}

/// Who sits where: what every act of a session is by.
#[derive(Clone)]
struct Seat {
    user: UserId,
    name: SignInName,
    /// The hash of the session's key: whoever acts later looks it up again.
    session: Digest,
    address: IpAddr,
    rules: Rules,
}

/// A user at the console, at one moment: what a page is made from.
#[derive(Clone)]
pub struct Office {
    seat: Seat,
    companies: Vec<(Arc<Company>, Role)>,
    proof: Proof,
    csrf: Digest,
}

/// A user at the console who works for one company, with the role of the moment at which the [`Office`] was
/// opened. It comes from [`Office::officer`] alone.
#[derive(Clone)]
pub struct Officer {
    /// Who.
    pub user: UserId,
    /// The user's name.
    pub name: SignInName,
    /// For which company.
    pub company: Arc<Company>,
    /// What the user is there.
    pub role: Role,
    /// How the session stands with the second factor.
    pub proof: Proof,
    seat: Seat,
}

impl Office {
    /// Who it is.
    pub fn user(&self) -> UserId {
        self.seat.user
    }

    /// The user's name.
    pub fn name(&self) -> &SignInName {
        &self.seat.name
    }

    /// The companies that the user works for, by id, each with the role there.
    pub fn companies(&self) -> &[(Arc<Company>, Role)] {
        &self.companies
    }

    /// How the session stands with the second factor.
    pub fn proof(&self) -> Proof {
        self.proof
    }

    /// What the tokens of this session's forms are made from: it is no other session's, and tells nothing of
    /// the key.
    pub fn csrf_secret(&self) -> &Digest {
        &self.csrf
    }

    /// The user as an officer of a company; `None` where the user has no right for it, or there is none.
    pub fn officer(&self, company: CompanyId) -> Option<Officer> {
        let (company, role) = self.companies.iter().find(|(it, _)| it.id == company)?;
        Some(Officer {
            user: self.seat.user,
            name: self.seat.name.clone(),
            company: Arc::clone(company),
            role: *role,
            proof: self.proof,
            seat: self.seat.clone(),
        })
    }
}

impl Officer {
    /// The officer's name as the books keep names of people: cut where it is longer.
    pub fn label(&self) -> Label {
        let cut: String = self.name.as_str().chars().take(LABEL_LEN_MAX).collect();
        Label::from_text(&cut).expect("a part of a name that begins where the name does is a name")
    }

    /// The beginning of an act at the console, for the trail: [`StaffAct::keep`] writes it in the act's own
    /// transaction.
    pub(crate) fn act(&self, what: What) -> StaffAct {
        self.seat.act(what)
    }
}

impl Seat {
    fn act(&self, what: What) -> StaffAct {
        StaffAct::of_user(self.user, self.address, what)
    }
}

impl fmt::Debug for Seat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { user, name, address, .. } = self;
        let mut shown = f.debug_struct("Seat");
        shown.field("user", user).field("name", name).field("address", address);
        shown.finish_non_exhaustive()
    }
}

impl fmt::Debug for Office {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { seat, proof, .. } = self;
        f.debug_struct("Office").field("seat", seat).field("proof", proof).finish_non_exhaustive()
    }
}

impl fmt::Debug for Officer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { company, role, proof, seat, .. } = self;
        let mut shown = f.debug_struct("Officer");
        shown.field("seat", seat).field("company", &company.id).field("role", role);
        shown.field("proof", proof).finish_non_exhaustive()
    }
}
