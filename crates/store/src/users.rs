//! Who signs in beside collectors: integrators, users with their rights, and users' sessions.
//!
//! They are no part of the books: keyed by their own ids, outside the journal (docs/decisions/0006).

use std::sync::Arc;

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use ventanilla_domain::{Company, CompanyId, IntegratorId, Role, Text, UserId};

use crate::inside::Inside;
use crate::memory::State;
use crate::mirror::Identified;
use crate::sql::Hold;
use crate::view::{From, View, read};
use crate::{Digest, StoreError, Tx};

type Read<T> = Result<T, StoreError>;
type Write = Result<(), StoreError>;

/// The name an integrator or a user signs in with.
pub type SignInName = Text<128>;

/// A password's slow hash, as a PHC string. It is shown in no log.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(String);

impl PasswordHash {
    /// Takes a PHC string.
    pub fn from_phc(phc: String) -> Self {
        Self(phc)
    }

    /// The PHC string.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash")
    }
}

/// Who signs in by a name and a password. Never deleted: its id stays its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignInRecord<Id> {
    /// Its id.
    pub id: Id,
    /// Its name, unique among its kind.
    pub name: SignInName,
    /// The hash of its password.
    pub password_hash: PasswordHash,
    /// Whether it may sign in.
    pub is_active: bool,
}

/// A developer account.
pub type IntegratorRecord = SignInRecord<IntegratorId>;
/// A person who works for one or more companies.
pub type UserRecord = SignInRecord<UserId>;

/// A user's session: the hash of its key alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionRecord {
    /// The hash of the key.
    pub digest: Digest,
    /// Whose it is.
    pub user: UserId,
    /// When it was opened, or renewed last.
    pub renewed_at: Timestamp,
    /// Whether it never ends by itself.
    pub is_permanent: bool,
}

/// A session with its user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenSession {
    /// Whose it is.
    pub user: UserId,
    /// The user's name.
    pub name: SignInName,
    /// Whether the user may sign in.
    pub is_active: bool,
    /// When the session was opened, or renewed last.
    pub renewed_at: Timestamp,
    /// Whether it never ends by itself.
    pub is_permanent: bool,
}

/// Who is signed in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SignInCounts {
    /// Collectors' tokens.
    pub tokens: u64,
    /// Users' sessions.
    pub sessions: u64,
}

impl View<'_> {
    /// All integrators, by id.
    pub fn integrators(&self) -> Read<Vec<IntegratorRecord>> {
        read!(self, view => view.identities.integrators(), view.integrators())
    }

    /// The integrator of that id.
    pub fn integrator(&self, id: IntegratorId) -> Read<Option<IntegratorRecord>> {
        read!(self, view => view.identities.integrators.get(&id).cloned(), view.integrator(id))
    }

    /// The integrator of exactly that name.
    pub fn integrator_by_name(&self, name: &SignInName) -> Read<Option<IntegratorRecord>> {
        read!(self, view => view.identities.integrator_by_name(name), view.integrator_by_name(name))
    }

    /// All users, by id.
    pub fn users(&self) -> Read<Vec<UserRecord>> {
        read!(self, view => view.identities.users(), view.users())
    }

    /// The user of exactly that name.
    pub fn user_by_name(&self, name: &SignInName) -> Read<Option<UserRecord>> {
        read!(self, view => view.identities.user_by_name(name), view.user_by_name(name))
    }

    /// What a user may do, by company.
    pub fn rights_of(&self, user: UserId) -> Read<Vec<(CompanyId, Role)>> {
        read!(self, view => view.identities.rights_of(user), view.rights_of(user))
    }

    /// What a user may do for a company; `None` where it has no right, or may not sign in.
    pub fn right(&self, user: UserId, company: CompanyId) -> Read<Option<Role>> {
        read!(self, view => view.identities.right(user, company), view.right(user, company))
    }

    /// The company of that id with what the user may do for it; `None` where it has no right, or may
    /// not sign in.
    pub fn company_of(
        &self,
        user: UserId,
        company: CompanyId,
    ) -> Read<Option<(Arc<Company>, Role)>> {
        read!(self, view => {
            view.company(company).zip(view.identities.right(user, company))
        }, view.company_of(user, company))
    }

    /// How many tokens and sessions are taken at an instant. A session that was renewed last at
    /// `renewed_by` or before has ended, unless it is permanent.
    pub fn sign_ins(&self, now: Timestamp, renewed_by: Timestamp) -> Read<SignInCounts> {
        read!(self, view => view.sign_ins(now, renewed_by), view.sign_ins(now, renewed_by))
    }

    /// The session whose key has that hash.
    pub fn user_session(&self, digest: &Digest) -> Read<Option<OpenSession>> {
        read!(self, view => view.identities.user_session(digest), view.user_session(digest))
    }
}

impl Tx<'_> {
    /// Keeps everybody else from changing who may sign in, until this transaction ends: for whoever changes
    /// it by what is there. It comes before any company is touched.
    pub fn hold_identities(&mut self) -> Write {
        match self {
            Self::Memory(_) => Ok(()),
            Self::Sql(tx) => tx.hold_identities(Hold::Alone),
            Self::Group(_) => Err(StoreError::NeedsOwn),
        }
    }

    /// The same for whoever acts because he may: from the commit of a change on, nobody acts by what was
    /// before it. Several may at the same time.
    pub fn share_identities(&mut self) -> Write {
        match self {
            Self::Memory(_) => Ok(()),
            Self::Sql(tx) => tx.hold_identities(Hold::Shared),
            Self::Group(_) => Err(StoreError::NeedsOwn),
        }
    }

    /// Adds an integrator, or changes it. A name that another has is refused as damage.
    pub fn put_integrator(&mut self, record: &IntegratorRecord) -> Write {
        self.touch_identities()?;
        match self {
            Self::Memory(tx) => put_named(&mut tx.state.identities.integrators, record),
            Self::Sql(tx) => tx.put_integrator(record),
            Self::Group(_) => Err(StoreError::NeedsOwn),
        }
    }

    /// Adds a user, or changes it. A name that another has is refused as damage.
    pub fn put_user(&mut self, record: &UserRecord) -> Write {
        self.touch_identities()?;
        match self {
            Self::Memory(tx) => put_named(&mut tx.state.identities.users, record),
            Self::Sql(tx) => tx.put_user(record),
            Self::Group(_) => Err(StoreError::NeedsOwn),
        }
    }

    /// Gives a user a right, or another in its place. The user and the company must be there.
    pub fn put_right(&mut self, user: UserId, company: CompanyId, role: Role) -> Write {
        self.touch_identities()?;
        match self {
            Self::Memory(tx) => tx.state.put_right(user, company, role),
            Self::Sql(tx) => tx.put_right(user, company, role),
            Self::Group(_) => Err(StoreError::NeedsOwn),
        }
    }

    /// Takes a user's right for a company away, if it has one.
    pub fn drop_right(&mut self, user: UserId, company: CompanyId) -> Write {
        self.touch_identities()?;
        match self {
            Self::Memory(tx) => {
                tx.state.identities.rights.remove(&(user, company));
                Ok(())
            }
            Self::Sql(tx) => tx.drop_right(user, company),
            Self::Group(_) => Err(StoreError::NeedsOwn),
        }
    }

    /// Adds a session, or puts it in the place of the one of the same key. The user must be there.
    pub fn put_session(&mut self, record: &SessionRecord) -> Write {
        match self {
            Self::Memory(tx) => tx.state.identities.put_session(record),
            Self::Sql(tx) => tx.put_session(record),
            Self::Group(_) => Err(StoreError::NeedsOwn),
        }
    }

    /// Renews a session, if it is there still: what was ended stays ended.
    pub fn renew_session(&mut self, digest: &Digest, at: Timestamp) -> Write {
        match self {
            Self::Memory(tx) => {
                if let Some(session) = tx.state.identities.sessions.get_mut(digest) {
                    session.renewed_at = at;
                }
                Ok(())
            }
            Self::Sql(tx) => tx.renew_session(digest, at),
            Self::Group(_) => Err(StoreError::NeedsOwn),
        }
    }

    /// Ends a session, if it is there.
    pub fn drop_session(&mut self, digest: &Digest) -> Write {
        match self {
            Self::Memory(tx) => {
                tx.state.identities.sessions.remove(digest);
                Ok(())
            }
            Self::Sql(tx) => tx.drop_session(digest),
            Self::Group(_) => Err(StoreError::NeedsOwn),
        }
    }

    /// Ends all sessions of a user, permanent ones too.
    pub fn drop_sessions(&mut self, user: UserId) -> Write {
        match self {
            Self::Memory(tx) => {
                tx.state.identities.sessions.retain(|_, session| session.user != user);
                Ok(())
            }
            Self::Sql(tx) => tx.drop_sessions(user),
            Self::Group(_) => Err(StoreError::NeedsOwn),
        }
    }

    /// Forgets a user's sessions that were renewed last before an instant, permanent ones kept.
    pub fn drop_ended_sessions(&mut self, user: UserId, renewed_before: Timestamp) -> Write {
        match self {
            Self::Memory(tx) => {
                tx.state.identities.sessions.retain(|_, session| {
                    let is_kept = session.is_permanent || session.renewed_at >= renewed_before;
                    session.user != user || is_kept
                });
                Ok(())
            }
            Self::Sql(tx) => tx.drop_ended_sessions(user, renewed_before),
            Self::Group(_) => Err(StoreError::NeedsOwn),
        }
    }
}

/// What a store in memory keeps of them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Identities {
    integrators: BTreeMap<IntegratorId, IntegratorRecord>,
    users: BTreeMap<UserId, UserRecord>,
    rights: BTreeMap<(UserId, CompanyId), Role>,
    sessions: BTreeMap<Digest, SessionRecord>,
    pub(crate) inside: Inside,
}

impl Identities {
    /// Those of a mirror's line, without a session.
    pub(crate) fn of(identified: &Identified) -> Self {
        let integrators = identified.integrators.iter();
        let users = identified.users.iter();
        let rights = identified.rights.iter();
        Self {
            integrators: integrators.map(|record| (record.id, record.clone())).collect(),
            users: users.map(|record| (record.id, record.clone())).collect(),
            rights: rights.map(|(user, company, role)| ((*user, *company), *role)).collect(),
            sessions: BTreeMap::new(),
            inside: Inside::of(identified),
        }
    }

    fn integrators(&self) -> Vec<IntegratorRecord> {
        self.integrators.values().cloned().collect()
    }

    fn integrator_by_name(&self, name: &SignInName) -> Option<IntegratorRecord> {
        self.integrators.values().find(|record| record.name == *name).cloned()
    }

    fn users(&self) -> Vec<UserRecord> {
        self.users.values().cloned().collect()
    }

    fn user_by_name(&self, name: &SignInName) -> Option<UserRecord> {
        self.users.values().find(|record| record.name == *name).cloned()
    }

    fn rights_of(&self, user: UserId) -> Vec<(CompanyId, Role)> {
        let own = self.rights.iter().filter(|((of, _), _)| *of == user);
        own.map(|((_, company), role)| (*company, *role)).collect()
    }

    fn right(&self, user: UserId, company: CompanyId) -> Option<Role> {
        let role = self.rights.get(&(user, company)).copied()?;
        self.users.get(&user)?.is_active.then_some(role)
    }

    fn user_session(&self, digest: &Digest) -> Option<OpenSession> {
        let session = self.sessions.get(digest)?;
        let user = self.users.get(&session.user)?;
        Some(OpenSession {
            user: user.id,
            name: user.name.clone(),
            is_active: user.is_active,
            renewed_at: session.renewed_at,
            is_permanent: session.is_permanent,
        })
    }

    pub(crate) fn open_sessions(&self, renewed_by: Timestamp) -> usize {
        let is_open = |session: &&SessionRecord| {
            let is_active = self.users.get(&session.user).is_some_and(|user| user.is_active);
            is_active && (session.is_permanent || session.renewed_at > renewed_by)
        };
        self.sessions.values().filter(is_open).count()
    }

    pub(crate) fn drop_all_sessions(&mut self) {
        self.sessions.clear();
        self.inside.end_all();
    }

    pub(crate) fn user(&self, id: UserId) -> Option<&UserRecord> {
        self.users.get(&id)
    }

    fn put_session(&mut self, record: &SessionRecord) -> Write {
        if !self.users.contains_key(&record.user) {
            return Err(StoreError::damaged("a session found no user"));
        }
        self.sessions.insert(record.digest, *record);
        Ok(())
    }
}

impl State {
    fn put_right(&mut self, user: UserId, company: CompanyId, role: Role) -> Write {
        if !self.identities.users.contains_key(&user) || self.company(company).is_none() {
            return Err(StoreError::damaged("a right found no user or no company"));
        }
        self.identities.rights.insert((user, company), role);
        Ok(())
    }
}

fn put_named<Id: Copy + Ord>(
    records: &mut BTreeMap<Id, SignInRecord<Id>>,
    record: &SignInRecord<Id>,
) -> Write {
    let is_taken = |other: &SignInRecord<Id>| other.id != record.id && other.name == record.name;
    if records.values().any(is_taken) {
        return Err(StoreError::damaged("two who sign in have one name"));
    }
    records.insert(record.id, record.clone());
    Ok(())
}
