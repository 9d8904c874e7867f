//! Integrators, users, their rights and sessions: every store keeps them alike.

use jiff::{SignedDuration, Timestamp};
use ventanilla_domain::{CollectorId, CompanyId, IntegratorId, Role, UserId};
use ventanilla_store::{
    CollectorRecord, IntegratorRecord, OpenSession, PasswordHash, SessionRecord, SignInName,
    SignInRecord, StoreError, TokenRecord, Tx, UserRecord,
};

use crate::world::{COLLECTOR, World, each_store, id, instant};

const COMPANY: i64 = 13;

fn named<Id>(id: Id, name: &str) -> SignInRecord<Id> {
    SignInRecord {
        id,
        name: to_name(name),
        password_hash: PasswordHash::from_phc(format!("$argon2id$of {name}")),
        is_active: true,
    }
}

fn integrator(number: i64, name: &str) -> IntegratorRecord {
    named(id(IntegratorId::from_i64, number), name)
}

fn user(number: i64, name: &str) -> UserRecord {
    named(id(UserId::from_i64, number), name)
}

fn to_name(name: &str) -> SignInName {
    SignInName::from_text(name).unwrap()
}

fn company(number: i64) -> CompanyId {
    id(CompanyId::from_i64, number)
}

fn after(minutes: i64) -> Timestamp {
    instant() + SignedDuration::from_mins(minutes)
}

fn session(key: u8, user: &UserRecord, minutes: i64) -> SessionRecord {
    let renewed_at = after(minutes);
    SessionRecord { digest: [key; 32], user: user.id, renewed_at, is_permanent: false }
}

impl World {
    fn write(&self, work: impl Fn(&mut Tx<'_>) -> Result<(), StoreError>) {
        let mut tx = self.store.begin().unwrap();
        work(&mut tx).unwrap();
        tx.commit().unwrap();
    }

    fn is_refused(&self, work: impl Fn(&mut Tx<'_>) -> Result<(), StoreError>) {
        let refused = work(&mut self.store.begin().unwrap());
        // What one server chose another may have taken a moment before: it is to be chosen again.
        let is_refused = matches!(refused, Err(StoreError::Damaged { .. } | StoreError::Again(_)));
        assert!(is_refused, "{refused:?}");
    }

    /// The numbers of the sessions that are kept, of the first nine.
    fn sessions(&self) -> Vec<u8> {
        let snapshot = self.store.snapshot().unwrap();
        let is_kept = |key: &u8| snapshot.view().user_session(&[*key; 32]).unwrap().is_some();
        (1..10).filter(is_kept).collect()
    }
}

#[test]
fn those_who_sign_in_are_found_by_their_names() {
    each_store(|world| {
        world.write(|tx| {
            tx.put_integrator(&integrator(2, "ZETA"))?;
            tx.put_integrator(&integrator(1, "USUARIO_DESARROLLADOR"))?;
            tx.put_user(&user(1, "a"))?;
            tx.put_user(&user(2, "contaduría@coop.example"))
        });
        let snapshot = world.store.snapshot().unwrap();
        let view = snapshot.view();
        let both = [integrator(1, "USUARIO_DESARROLLADOR"), integrator(2, "ZETA")];
        assert_eq!(view.integrators().unwrap(), both, "by id");
        for one in &both {
            assert_eq!(view.integrator(one.id).unwrap().as_ref(), Some(one));
        }
        assert_eq!(view.integrator(integrator(3, "B").id).unwrap(), None);
        assert_eq!(view.integrator_by_name(&to_name("ZETA")).unwrap(), Some(both[1].clone()));
        assert_eq!(view.integrator_by_name(&to_name("zeta")).unwrap(), None, "exactly");
        assert_eq!(view.integrator_by_name(&to_name("a")).unwrap(), None, "users apart");
        assert_eq!(view.users().unwrap(), [user(1, "a"), user(2, "contaduría@coop.example")]);
        assert_eq!(view.user_by_name(&to_name("a")).unwrap(), Some(user(1, "a")));
        assert_eq!(view.user_by_name(&to_name("b")).unwrap(), None);
    });
}

#[test]
fn a_record_is_changed_under_its_id_and_a_name_is_taken_once() {
    each_store(|world| {
        let (before, other) = (user(1, "a"), user(2, "b"));
        let (mine, theirs) = (integrator(1, "A"), integrator(2, "B"));
        world.write(|tx| {
            tx.put_user(&before)?;
            tx.put_user(&other)?;
            tx.put_integrator(&mine)?;
            tx.put_integrator(&theirs)
        });
        let changed = UserRecord {
            name: to_name("c"),
            password_hash: PasswordHash::from_phc("$argon2id$other".to_owned()),
            is_active: false,
            ..before
        };
        world.write(|tx| tx.put_user(&changed));
        let disabled = IntegratorRecord { is_active: false, ..mine };
        world.write(|tx| tx.put_integrator(&disabled));
        let snapshot = world.store.snapshot().unwrap();
        assert_eq!(snapshot.view().users().unwrap(), [changed, other]);
        assert_eq!(snapshot.view().integrators().unwrap(), [disabled, theirs]);
        world.is_refused(|tx| tx.put_user(&user(3, "b")));
        world.is_refused(|tx| tx.put_user(&user(1, "b")));
        world.is_refused(|tx| tx.put_integrator(&integrator(3, "B")));
    });
}

#[test]
fn a_right_is_a_users_for_one_company_while_the_user_may_sign_in() {
    each_store(|world| {
        let (a, b) = (user(1, "a"), user(2, "b"));
        world.write(|tx| {
            tx.put_user(&a)?;
            tx.put_user(&b)?;
            tx.put_right(a.id, company(COMPANY), Role::Reader)?;
            tx.put_right(a.id, company(COMPANY), Role::Administrator)
        });
        let right = |user: &UserRecord, of| {
            world.store.snapshot().unwrap().view().right(user.id, company(of)).unwrap()
        };
        assert_eq!(right(&a, COMPANY), Some(Role::Administrator), "the later one");
        assert_eq!((right(&b, COMPANY), right(&a, 14)), (None, None));
        let of =
            |user: &UserRecord| world.store.snapshot().unwrap().view().rights_of(user.id).unwrap();
        assert_eq!(of(&a), [(company(COMPANY), Role::Administrator)]);
        assert_eq!(of(&b), []);
        world.write(|tx| tx.put_user(&UserRecord { is_active: false, ..a.clone() }));
        assert_eq!(right(&a, COMPANY), None, "disabled");
        assert_eq!(of(&a), [(company(COMPANY), Role::Administrator)], "its rights are kept");
        world.write(|tx| tx.put_user(&a));
        world.write(|tx| tx.drop_right(a.id, company(COMPANY)));
        world.write(|tx| tx.drop_right(a.id, company(COMPANY)));
        assert_eq!(right(&a, COMPANY), None);
        world.is_refused(|tx| tx.put_right(user(9, "x").id, company(COMPANY), Role::Reader));
        world.is_refused(|tx| tx.put_right(a.id, company(14), Role::Reader));
    });
}

#[test]
fn a_session_is_told_with_its_user_and_renewed_only_while_it_is_there() {
    each_store(|world| {
        let a = user(1, "a");
        world.write(|tx| {
            tx.put_user(&a)?;
            tx.put_session(&session(1, &a, 0))
        });
        let found = || world.store.snapshot().unwrap().view().user_session(&[1; 32]).unwrap();
        let opened = OpenSession {
            user: a.id,
            name: a.name.clone(),
            is_active: true,
            renewed_at: after(0),
            is_permanent: false,
        };
        assert_eq!(found(), Some(opened.clone()));
        world.write(|tx| {
            tx.renew_session(&[1; 32], after(5))?;
            tx.put_user(&UserRecord { is_active: false, ..a.clone() })
        });
        let renewed = OpenSession { renewed_at: after(5), is_active: false, ..opened };
        assert_eq!(found(), Some(renewed));
        world.write(|tx| tx.drop_session(&[1; 32]));
        world.write(|tx| tx.renew_session(&[1; 32], after(6)));
        assert_eq!(found(), None, "what was ended stays ended");
        world.is_refused(|tx| tx.put_session(&session(1, &user(9, "x"), 0)));
    });
}

#[test]
fn a_users_sessions_end_by_their_last_renewal_or_all_at_once() {
    each_store(|world| {
        let (a, b) = (user(1, "a"), user(2, "b"));
        let permanent = SessionRecord { is_permanent: true, ..session(4, &a, 0) };
        world.write(|tx| {
            tx.put_user(&a)?;
            tx.put_user(&b)?;
            for (key, minutes) in [(1, 0), (2, 10), (3, 20)] {
                tx.put_session(&session(key, &a, minutes))?;
            }
            tx.put_session(&permanent)?;
            tx.put_session(&session(5, &b, 0))
        });
        assert_eq!(world.sessions(), [1, 2, 3, 4, 5]);
        world.write(|tx| tx.drop_ended_sessions(a.id, after(10)));
        assert_eq!(world.sessions(), [2, 3, 4, 5], "the permanent one stays");
        world.write(|tx| tx.put_session(&session(2, &b, 0)));
        world.write(|tx| tx.drop_sessions(a.id));
        assert_eq!(world.sessions(), [2, 5], "a key's later session takes its place");
    });
}

#[test]
fn who_is_signed_in_is_counted_by_what_is_taken() {
    each_store(|world| {
        let (a, b) = (user(1, "a"), user(2, "b"));
        let token = |key: u8, collector: i64, minutes| TokenRecord {
            digest: [key; 32],
            collector: CollectorId::from_i64(collector).unwrap(),
            issued_at: None,
            expires_at: after(minutes),
        };
        world.write(|tx| {
            tx.put_user(&a)?;
            tx.put_user(&UserRecord { is_active: false, ..b.clone() })?;
            for (key, of, minutes) in [(1, &a, 0), (2, &a, 10), (3, &a, 11), (4, &b, 20)] {
                tx.put_session(&session(key, of, minutes))?;
            }
            tx.put_session(&SessionRecord { is_permanent: true, ..session(5, &a, 0) })?;
            tx.put_token(token(1, COLLECTOR, 30))?;
            tx.put_token(token(2, COLLECTOR, 31))?;
            tx.put_token(token(3, COLLECTOR + 1, 40))
        });
        let count = |now, renewed_by| {
            let counts = world.store.snapshot().unwrap().view().sign_ins(now, renewed_by).unwrap();
            (counts.tokens, counts.sessions)
        };
        assert_eq!(count(after(30), after(10)), (2, 2), "what ends at that moment has ended");
        let second = world.store.snapshot().unwrap().view().collectors().unwrap().remove(1);
        world.write(|tx| tx.put_collector(CollectorRecord { is_active: false, ..second.clone() }));
        assert_eq!(count(after(0), after(-1)), (2, 4));
    });
}

#[test]
fn they_are_no_part_of_the_books() {
    each_store(|world| {
        let before = world.store.verify().unwrap();
        let a = user(1, "a");
        world.write(|tx| {
            tx.put_integrator(&integrator(1, "A"))?;
            tx.put_user(&a)?;
            tx.put_right(a.id, company(COMPANY), Role::Accountant)?;
            tx.put_session(&session(1, &a, 0))
        });
        assert_eq!(world.store.verify().unwrap(), before);
        let told = format!("{:?}", world.store.snapshot().unwrap().view().users().unwrap());
        assert!(!told.contains("argon2id"), "{told}");
    });
}

#[test]
fn every_session_ends_at_once() {
    each_store(|world| {
        let ana = user(1, "ana");
        world.write(|tx| tx.put_user(&ana));
        world.write(|tx| tx.put_session(&session(1, &ana, 0)));
        assert_eq!(world.sessions(), [1]);
        world.write(|tx| {
            tx.end_all_sign_ins()?;
            Ok(())
        });
        assert_eq!(world.sessions(), Vec::<u8>::new());
    });
}
