//! Who is inside the console: sessions, second factors, recovery codes and invitations.
//!
//! They are no part of the books, as users are not (docs/decisions/0027).

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::net::IpAddr;

use jiff::Timestamp;
use ventanilla_domain::UserId;

use crate::mirror::Identified;
use crate::users::SignInName;
use crate::view::{From, View, read};
use crate::{Digest, StoreError, Tx};

type Read<T> = Result<T, StoreError>;
type Write = Result<(), StoreError>;

/// A session of the console: the hash of its key alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConsoleSessionRecord {
    /// The hash of the key.
    pub digest: Digest,
    /// Whose it is.
    pub user: UserId,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// When it was opened, or renewed last.
    pub renewed_at: Timestamp,
    /// When a code of the user's second factor was taken last, if one was.
    pub proven_at: Option<Timestamp>,
    /// From where it was opened.
    pub address: IpAddr,
}

/// A session of the console with its user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenConsoleSession {
    /// The session.
    pub session: ConsoleSessionRecord,
    /// The user's name.
    pub name: SignInName,
    /// Whether the user may sign in.
    pub is_active: bool,
}

/// A link that was handed out: the hash of what it ends with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InvitationRecord {
    /// The hash.
    pub digest: Digest,
    /// Who chooses a password there; `None` for the first administrator, who has no name yet.
    pub user: Option<UserId>,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// A user's second factor.
#[derive(Clone, PartialEq, Eq)]
pub struct SecondFactorRecord {
    /// Whose it is.
    pub user: UserId,
    /// What its codes are computed from, sealed: see `Keys::seal_second_factor`.
    pub sealed: String,
}

impl fmt::Debug for SecondFactorRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SecondFactorRecord").field("user", &self.user).finish_non_exhaustive()
    }
}

impl View<'_> {
    /// The session of the console whose key has that hash.
    pub fn console_session(&self, digest: &Digest) -> Read<Option<OpenConsoleSession>> {
        read!(self, view => view.identities.console_session(digest), view.console_session(digest))
    }

    /// A user's sessions of the console, ended ones that are kept still too, by when they were opened.
    pub fn console_sessions_of(&self, user: UserId) -> Read<Vec<ConsoleSessionRecord>> {
        read!(self, view => view.identities.inside.sessions_of(user), view.console_sessions_of(user))
    }

    /// How many sessions of the console are taken: of active users, renewed last after one instant and
    /// opened after another.
    pub fn console_session_count(&self, renewed_by: Timestamp, opened_by: Timestamp) -> Read<u64> {
        read!(self, view => {
            view.identities.console_session_count(renewed_by, opened_by)
        }, view.console_session_count(renewed_by, opened_by))
    }

    /// The invitation of that hash.
    pub fn invitation(&self, digest: &Digest) -> Read<Option<InvitationRecord>> {
        read!(self, view => view.identities.inside.invitations.get(digest).copied(), view.invitation(digest))
    }

    /// All invitations that were not taken, ended ones too, by their end.
    pub fn invitations(&self) -> Read<Vec<InvitationRecord>> {
        read!(self, view => view.identities.inside.invitations(), view.invitations())
    }

    /// A user's second factor.
    pub fn second_factor(&self, user: UserId) -> Read<Option<SecondFactorRecord>> {
        read!(self, view => view.identities.inside.factors.get(&user).cloned(), view.second_factor(user))
    }

    /// The hashes of the recovery codes that a user has left.
    pub fn recovery_codes(&self, user: UserId) -> Read<Vec<Digest>> {
        read!(self, view => view.identities.inside.recovery_codes(user), view.recovery_codes(user))
    }
}

impl Tx<'_> {
    /// Opens a session of the console. The user must be there.
    pub fn put_console_session(&mut self, record: &ConsoleSessionRecord) -> Write {
        match self {
            Self::Memory(tx) => tx.state.identities.put_console_session(record),
            Self::Sql(tx) => tx.put_console_session(record),
            Self::Group(_) => Err(StoreError::NeedsOwn),
        }
    }

    /// Renews a session of the console, if it is there still: what was ended stays ended.
    pub fn renew_console_session(&mut self, digest: &Digest, at: Timestamp) -> Write {
        match self {
            Self::Memory(tx) => {
                tx.state.identities.inside.change(digest, |session| session.renewed_at = at);
                Ok(())
            }
            Self::Sql(tx) => tx.renew_console_session(digest, at),
            Self::Group(_) => Err(StoreError::NeedsOwn),
        }
    }

    /// Keeps when the user of a session proved the second factor, if the session is there still.
    pub fn prove_console_session(&mut self, digest: &Digest, at: Timestamp) -> Write {
        match self {
            Self::Memory(tx) => {
                tx.state.identities.inside.change(digest, |session| session.proven_at = Some(at));
                Ok(())
            }
            Self::Sql(tx) => tx.prove_console_session(digest, at),
            Self::Group(_) => Err(StoreError::NeedsOwn),
        }
    }

    /// Ends a session of the console, if it is there.
    pub fn drop_console_session(&mut self, digest: &Digest) -> Write {
        match self {
            Self::Memory(tx) => {
                tx.state.identities.inside.sessions.remove(digest);
                Ok(())
            }
            Self::Sql(tx) => tx.drop_console_session(digest),
            Self::Group(_) => Err(StoreError::NeedsOwn),
        }
    }

    /// Ends a user's sessions of the console: all of them, or all but one.
    pub fn drop_console_sessions(&mut self, user: UserId, but: Option<&Digest>) -> Write {
        match self {
            Self::Memory(tx) => {
                let is_kept = |digest: &Digest| Some(digest) == but;
                let sessions = &mut tx.state.identities.inside.sessions;
                sessions.retain(|digest, session| session.user != user || is_kept(digest));
                Ok(())
            }
            Self::Sql(tx) => tx.drop_console_sessions(user, but),
            Self::Group(_) => Err(StoreError::NeedsOwn),
        }
    }

    /// Forgets a user's sessions of the console that were renewed last, or opened, before an instant each.
    pub fn drop_ended_console_sessions(
        &mut self,
        user: UserId,
        renewed_before: Timestamp,
        opened_before: Timestamp,
    ) -> Write {
        match self {
            Self::Memory(tx) => {
                tx.state.identities.inside.sessions.retain(|_, session| {
                    let is_over =
                        session.renewed_at < renewed_before || session.opened_at < opened_before;
                    session.user != user || !is_over
                });
                Ok(())
            }
            Self::Sql(tx) => tx.drop_ended_console_sessions(user, renewed_before, opened_before),
            Self::Group(_) => Err(StoreError::NeedsOwn),
        }
    }

    /// Keeps an invitation, in the place of whatever invitation the user has, or the first administrator.
    pub fn put_invitation(&mut self, record: &InvitationRecord) -> Write {
        match self {
            Self::Memory(tx) => tx.state.identities.put_invitation(record),
            Self::Sql(tx) => tx.put_invitation(record),
            Self::Group(_) => Err(StoreError::NeedsOwn),
        }
    }

    /// Forgets the invitation that a user has, if there is one.
    pub fn drop_invitation_of(&mut self, user: UserId) -> Write {
        match self {
            Self::Memory(tx) => {
                let invitations = &mut tx.state.identities.inside.invitations;
                invitations.retain(|_, record| record.user != Some(user));
                Ok(())
            }
            Self::Sql(tx) => tx.drop_invitation_of(user),
            Self::Group(_) => Err(StoreError::NeedsOwn),
        }
    }

    /// Takes an invitation, once: `false` where it is not there, or not any more.
    pub fn take_invitation(&mut self, digest: &Digest) -> Read<bool> {
        match self {
            Self::Memory(tx) => Ok(tx.state.identities.inside.invitations.remove(digest).is_some()),
            Self::Sql(tx) => tx.take_invitation(digest),
            Self::Group(_) => Err(StoreError::NeedsOwn),
        }
    }

    /// Keeps a user's second factor, in the place of any other. The user must be there.
    pub fn put_second_factor(&mut self, record: &SecondFactorRecord) -> Write {
        self.touch_identities()?;
        match self {
            Self::Memory(tx) => tx.state.identities.put_second_factor(record),
            Self::Sql(tx) => tx.put_second_factor(record),
            Self::Group(_) => Err(StoreError::NeedsOwn),
        }
    }

    /// Forgets a user's second factor with the recovery codes. The steps that were taken stay taken.
    pub fn drop_second_factor(&mut self, user: UserId) -> Write {
        self.touch_identities()?;
        match self {
            Self::Memory(tx) => {
                tx.state.identities.inside.drop_factor(user);
                Ok(())
            }
            Self::Sql(tx) => tx.drop_second_factor(user),
            Self::Group(_) => Err(StoreError::NeedsOwn),
        }
    }

    /// Takes a step of a user's second factor, counted since 1970: `false` where it, or a later one, was
    /// taken before, by whatever server.
    pub fn take_step(&mut self, user: UserId, step: i64) -> Read<bool> {
        match self {
            Self::Memory(tx) => Ok(tx.state.identities.inside.take_step(user, step)),
            Self::Sql(tx) => tx.take_step(user, step),
            Self::Group(_) => Err(StoreError::NeedsOwn),
        }
    }

    /// Adds a recovery code by its hash. The user must be there.
    pub fn put_recovery_code(&mut self, user: UserId, digest: &Digest) -> Write {
        self.touch_identities()?;
        match self {
            Self::Memory(tx) => tx.state.identities.put_recovery_code(user, digest),
            Self::Sql(tx) => tx.put_recovery_code(user, digest),
            Self::Group(_) => Err(StoreError::NeedsOwn),
        }
    }

    /// Takes a recovery code, once: `false` where it is not there, or not any more.
    pub fn take_recovery_code(&mut self, user: UserId, digest: &Digest) -> Read<bool> {
        self.touch_identities()?;
        match self {
            Self::Memory(tx) => Ok(tx.state.identities.inside.codes.remove(&(user, *digest))),
            Self::Sql(tx) => tx.take_recovery_code(user, digest),
            Self::Group(_) => Err(StoreError::NeedsOwn),
        }
    }
}

/// What a store in memory keeps of them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Inside {
    sessions: BTreeMap<Digest, ConsoleSessionRecord>,
    invitations: BTreeMap<Digest, InvitationRecord>,
    factors: BTreeMap<UserId, SecondFactorRecord>,
    steps: BTreeMap<UserId, i64>,
    codes: BTreeSet<(UserId, Digest)>,
}

impl Inside {
    /// That of a mirror's line, without a session or an invitation.
    pub(crate) fn of(identified: &Identified) -> Self {
        let factors = identified.factors.iter();
        Self {
            factors: factors.map(|record| (record.user, record.clone())).collect(),
            codes: identified.recovery_codes.iter().copied().collect(),
            ..Self::default()
        }
    }

    /// Ends every session, and every invitation.
    pub(crate) fn end_all(&mut self) {
        self.sessions.clear();
        self.invitations.clear();
    }

    fn sessions_of(&self, user: UserId) -> Vec<ConsoleSessionRecord> {
        let own = self.sessions.values().filter(|session| session.user == user);
        let mut own: Vec<_> = own.copied().collect();
        own.sort_unstable_by_key(|session| (session.opened_at, session.digest));
        own
    }

    fn change(&mut self, digest: &Digest, change: impl FnOnce(&mut ConsoleSessionRecord)) {
        if let Some(session) = self.sessions.get_mut(digest) {
            change(session);
        }
    }

    fn invitations(&self) -> Vec<InvitationRecord> {
        let mut all: Vec<_> = self.invitations.values().copied().collect();
        all.sort_unstable_by_key(|record| (record.expires_at, record.digest));
        all
    }

    fn recovery_codes(&self, user: UserId) -> Vec<Digest> {
        self.codes.iter().filter(|(of, _)| *of == user).map(|(_, digest)| *digest).collect()
    }

    fn drop_factor(&mut self, user: UserId) {
        self.factors.remove(&user);
        self.codes.retain(|(of, _)| *of != user);
    }

    fn take_step(&mut self, user: UserId, step: i64) -> bool {
        if self.steps.get(&user).is_some_and(|last| *last >= step) {
            return false;
        }
        self.steps.insert(user, step);
        true
    }
}

impl crate::users::Identities {
    fn console_session(&self, digest: &Digest) -> Option<OpenConsoleSession> {
        let session = *self.inside.sessions.get(digest)?;
        let user = self.user(session.user)?;
        Some(OpenConsoleSession { session, name: user.name.clone(), is_active: user.is_active })
    }

    fn console_session_count(&self, renewed_by: Timestamp, opened_by: Timestamp) -> u64 {
        let is_open = |session: &&ConsoleSessionRecord| {
            let is_active = self.user(session.user).is_some_and(|user| user.is_active);
            is_active && session.renewed_at > renewed_by && session.opened_at > opened_by
        };
        let count = self.inside.sessions.values().filter(is_open).count();
        u64::try_from(count).unwrap_or(u64::MAX)
    }

    fn require_user(&self, user: UserId) -> Write {
        match self.user(user) {
            Some(_) => Ok(()),
            None => Err(StoreError::damaged("who is inside found no user")),
        }
    }

    fn put_console_session(&mut self, record: &ConsoleSessionRecord) -> Write {
        self.require_user(record.user)?;
        self.inside.sessions.insert(record.digest, *record);
        Ok(())
    }

    fn put_invitation(&mut self, record: &InvitationRecord) -> Write {
        record.user.map_or(Ok(()), |user| self.require_user(user))?;
        self.inside.invitations.retain(|_, other| other.user != record.user);
        self.inside.invitations.insert(record.digest, *record);
        Ok(())
    }

    fn put_second_factor(&mut self, record: &SecondFactorRecord) -> Write {
        self.require_user(record.user)?;
        self.inside.factors.insert(record.user, record.clone());
        Ok(())
    }

    fn put_recovery_code(&mut self, user: UserId, digest: &Digest) -> Write {
        self.require_user(user)?;
        self.inside.codes.insert((user, *digest));
        Ok(())
    }
}
