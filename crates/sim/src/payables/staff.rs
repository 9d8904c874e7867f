//! Who works for the companies: users of every right and of none, and the programs they use.

use std::net::{IpAddr, Ipv4Addr};

use jiff::Timestamp;
use ventanilla_domain::{CompanyId, IntegratorId, Role, Text, UserId};
use ventanilla_service::{Service, SignIn, SignInName, User, UserCaller};
use ventanilla_store::{
    CommitError, IntegratorRecord, PasswordHash, SessionRecord, Store, StoreError, Tx, UserRecord,
    token_digest,
};

/// The users, by name, with what each may do for the first company and for the second. Ids count
/// from 1.
const USERS: [(&str, [Option<Role>; 2]); 7] = [
    ("ana", [Some(Role::Accountant), Some(Role::Accountant)]),
    ("beto", [Some(Role::Administrator), None]),
    ("carla", [Some(Role::Reader), Some(Role::Accountant)]),
    ("dora", [Some(Role::Accountant), Some(Role::Administrator)]),
    ("elio", [Some(Role::Reader), None]),
    ("fito", [Some(Role::Accountant), None]),
    ("gina", [None, None]),
];

/// The callers: a user, by id, with an integrator. One user works with two programs, and one has no
/// right to anything.
const CALLERS: [(i64, i64); 8] = [(1, 1), (2, 1), (3, 2), (4, 2), (1, 2), (5, 1), (6, 1), (7, 1)];

const INTEGRATORS: [&str; 2] = ["programa-uno", "programa-dos"];

/// Everybody's password.
const PASSWORD: &str = "clave";
/// What is kept of it, at the least cost that there is: the slow hash is nobody's subject here.
const PASSWORD_HASH: &str = "$argon2id$v=19$m=8,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$\
                             Z0osZEleNQKyzlwE5WIf+vjyC2IbhvxfmEWw9M/FNP0";

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
    /// Puts the staff of two companies into a store that has them, and signs it in at a service over
    /// that store.
    pub async fn enlisted(
        service: &Service,
        store: &Store,
        companies: [CompanyId; 2],
    ) -> Result<Self, CommitError> {
        let mut staff = Self::of(companies);
        let mut tx = store.begin().map_err(CommitError::Nothing)?;
        staff.put(&mut tx).map_err(CommitError::Nothing)?;
        tx.commit()?;
        for by in CALLERS {
            staff.callers.push(caller(service, by).await);
        }
        Ok(staff)
    }

    /// The staff of two companies, before any has signed in.
    fn of(companies: [CompanyId; 2]) -> Self {
        let user = |(id, (user, roles)): (i64, (&str, [Option<Role>; 2]))| {
            let each = companies.into_iter().zip(roles);
            let rights = each.filter_map(|(company, role)| Some((company, role?))).collect();
            User { id: user_id(id), name: name(user), is_active: true, rights }
        };
        let users = (1..).zip(USERS).map(user).collect();
        Self { callers: Vec::new(), users }
    }

    /// Puts integrators, and users with their rights and a session each that never ends by itself.
    fn put(&self, tx: &mut Tx<'_>) -> Result<(), StoreError> {
        let password_hash = || PasswordHash::from_phc(PASSWORD_HASH.to_owned());
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
            let digest = token_digest(&session_key(id));
            let renewed_at = Timestamp::UNIX_EPOCH;
            tx.put_session(&SessionRecord { digest, user: id, renewed_at, is_permanent: true })?;
        }
        Ok(())
    }

    /// Names of users who may do something, and one that nobody has.
    pub(super) fn names() -> impl Iterator<Item = SignInName> {
        let users = USERS.into_iter().filter(|(_, roles)| roles.iter().any(Option::is_some));
        users.map(|(user, _)| name(user)).chain([name("nadie")])
    }
}

async fn caller(service: &Service, (user, integrator): (i64, i64)) -> UserCaller {
    let developer =
        SignIn { name: nth(INTEGRATORS, integrator).to_owned(), password: PASSWORD.to_owned() };
    let (user_name, _) = nth(USERS, user);
    let admitted = service.admit(&developer, IpAddr::V4(Ipv4Addr::LOCALHOST)).await;
    let admitted = admitted.expect("an integrator just enlisted has this password");
    let session = admitted.session(user_name, &session_key(user_id(user)));
    session.expect("a user just enlisted has this session").into_caller()
}

/// What has an id in a list whose ids count from 1.
fn nth<T: Copy, const LEN: usize>(list: [T; LEN], id: i64) -> T {
    let found = usize::try_from(id - 1).ok().and_then(|at| list.get(at).copied());
    found.expect(VALID)
}

/// The key of a user's session: 32 hexadecimal digits.
fn session_key(user: UserId) -> String {
    format!("{:032x}", user.to_i64())
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
