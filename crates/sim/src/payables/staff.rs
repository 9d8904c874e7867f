//! Who works for the companies: users of every right and of none, and the programs they use.

use ventanilla_domain::{CompanyId, IntegratorId, Role, Text, UserId};
use ventanilla_service::{SignInName, User, UserCaller};
use ventanilla_store::{
    CommitError, IntegratorRecord, PasswordHash, Store, StoreError, Tx, UserRecord,
};

/// The users, by name, with what each may do for the first company and for the second. Ids count
/// from 1.
const USERS: [(&str, [Option<Role>; 2]); 6] = [
    ("ana", [Some(Role::Accountant), Some(Role::Accountant)]),
    ("beto", [Some(Role::Administrator), None]),
    ("carla", [Some(Role::Reader), Some(Role::Accountant)]),
    ("dora", [Some(Role::Accountant), Some(Role::Administrator)]),
    ("elio", [Some(Role::Reader), None]),
    ("fito", [Some(Role::Accountant), None]),
];

/// The callers: a user, by id, with an integrator. One user works with two programs, and one is
/// nobody's.
const CALLERS: [(i64, i64); 8] = [(1, 1), (2, 1), (3, 2), (4, 2), (1, 2), (5, 1), (6, 1), (99, 1)];

const INTEGRATORS: [&str; 2] = ["programa-uno", "programa-dos"];

/// Why a name or an id made here always has the domain's form.
const VALID: &str = "made of this module's words and counts";

/// Who works for two companies.
#[derive(Debug, Clone)]
pub struct Staff {
    /// Who calls: the first may always write for both companies.
    pub callers: Vec<UserCaller>,
    /// The users that there are, and what each may do.
    pub(super) users: Vec<User>,
}

impl Staff {
    /// The staff of two companies.
    pub fn of(companies: [CompanyId; 2]) -> Self {
        let user = |(id, (user, roles)): (i64, (&str, [Option<Role>; 2]))| {
            let each = companies.into_iter().zip(roles);
            let rights = each.filter_map(|(company, role)| Some((company, role?))).collect();
            User { id: user_id(id), name: name(user), is_active: true, rights }
        };
        let users = (1..).zip(USERS).map(user).collect();
        Self { callers: CALLERS.into_iter().map(caller).collect(), users }
    }

    /// Puts users, rights and integrators into a store that has the companies. Nobody has a
    /// password: none could sign in, and the slow hash is nobody's subject here.
    pub fn enlist(&self, store: &Store) -> Result<(), CommitError> {
        let mut tx = store.begin().map_err(CommitError::Nothing)?;
        self.put(&mut tx).map_err(CommitError::Nothing)?;
        tx.commit()
    }

    fn put(&self, tx: &mut Tx<'_>) -> Result<(), StoreError> {
        let password_hash = || PasswordHash::from_phc("none".to_owned());
        for (id, integrator) in (1..).zip(INTEGRATORS) {
            let (id, name) = (integrator_id(id), name(integrator));
            let password_hash = password_hash();
            tx.put_integrator(&IntegratorRecord { id, name, password_hash, is_active: true })?;
        }
        for User { id, name, is_active, rights } in &self.users {
            let (id, name, password_hash) = (*id, name.clone(), password_hash());
            tx.put_user(&UserRecord { id, name, password_hash, is_active: *is_active })?;
            for (company, role) in rights {
                tx.put_right(id, *company, *role)?;
            }
        }
        Ok(())
    }

    /// Names of users, and one that nobody has.
    pub(super) fn names() -> impl Iterator<Item = SignInName> {
        USERS.into_iter().map(|(user, _)| name(user)).chain([name("nadie")])
    }
}

fn caller((user, integrator): (i64, i64)) -> UserCaller {
    let known = usize::try_from(user - 1).ok().and_then(|at| USERS.get(at));
    let name = name(known.map_or("nadie", |(user, _)| user));
    UserCaller { user: user_id(user), name, integrator: integrator_id(integrator) }
}

fn user_id(id: i64) -> UserId {
    UserId::from_i64(id).expect(VALID)
}

fn integrator_id(id: i64) -> IntegratorId {
    IntegratorId::from_i64(id).expect(VALID)
}

fn name(text: &str) -> SignInName {
    Text::from_text(text).expect(VALID)
}
