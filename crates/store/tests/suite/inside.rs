//! Sessions of the console, second factors, recovery codes and invitations: every store keeps them alike.

use jiff::{SignedDuration, Timestamp};
use ventanilla_domain::UserId;
use ventanilla_store::{
    ConsoleSessionRecord, InvitationRecord, PasswordHash, SecondFactorRecord, SignInName,
    StoreError, Tx, UserRecord,
};

use crate::world::{World, each_store, id, instant};

fn user(number: i64) -> UserRecord {
    UserRecord {
        id: id(UserId::from_i64, number),
        name: SignInName::from_text(&format!("u{number}")).unwrap(),
        password_hash: PasswordHash::from_phc("$argon2id$".to_owned()),
        is_active: true,
    }
}

fn after(minutes: i64) -> Timestamp {
    instant() + SignedDuration::from_mins(minutes)
}

fn session(key: u8, of: i64, opened: i64, renewed: i64) -> ConsoleSessionRecord {
    ConsoleSessionRecord {
        digest: [key; 32],
        user: user(of).id,
        opened_at: after(opened),
        renewed_at: after(renewed),
        proven_at: None,
        address: "2001:db8::1".parse().unwrap(),
    }
}

fn write<T>(world: &World, work: impl Fn(&mut Tx<'_>) -> Result<T, StoreError>) -> T {
    let mut tx = world.store.begin().unwrap();
    let done = work(&mut tx).unwrap();
    tx.commit().unwrap();
    done
}

fn with_users(world: &World) {
    write(world, |tx| {
        tx.put_user(&user(1))?;
        tx.put_user(&user(2))
    });
}

fn refuses(world: &World, work: impl Fn(&mut Tx<'_>) -> Result<(), StoreError>) {
    let refused = work(&mut world.store.begin().unwrap());
    let is_refused = matches!(refused, Err(StoreError::Damaged { .. } | StoreError::Again(_)));
    assert!(is_refused, "{refused:?}");
}

#[test]
fn a_session_of_the_console_is_kept_changed_and_ended() {
    each_store(|world| {
        with_users(world);
        let first = session(1, 1, 0, 0);
        write(world, |tx| {
            tx.put_console_session(&first)?;
            tx.put_console_session(&session(2, 1, 1, 1))?;
            tx.put_console_session(&session(3, 1, -90, 2))?;
            tx.put_console_session(&session(4, 2, 0, 0))
        });
        let keys = |of: i64| {
            let snapshot = world.store.snapshot().unwrap();
            let own = snapshot.view().console_sessions_of(user(of).id).unwrap();
            own.iter().map(|session| session.digest[0]).collect::<Vec<_>>()
        };
        assert_eq!(keys(1), [3, 1, 2], "by their opening");
        let count = |renewed, opened| {
            let snapshot = world.store.snapshot().unwrap();
            snapshot.view().console_session_count(after(renewed), after(opened)).unwrap()
        };
        assert_eq!((count(-1, -100), count(-1, -90), count(0, -100)), (4, 3, 2));
        write(world, |tx| {
            tx.renew_console_session(&[1; 32], after(5))?;
            tx.prove_console_session(&[1; 32], after(6))?;
            tx.renew_console_session(&[9; 32], after(5))
        });
        let open = world.store.snapshot().unwrap().view().console_session(&[1; 32]).unwrap();
        let open = open.unwrap();
        let changed =
            ConsoleSessionRecord { renewed_at: after(5), proven_at: Some(after(6)), ..first };
        assert_eq!((open.session, open.name, open.is_active), (changed, user(1).name, true));
        write(world, |tx| tx.drop_ended_console_sessions(user(1).id, after(2), after(-60)));
        assert_eq!(keys(1), [1], "one idled, one is too old");
        write(world, |tx| tx.put_console_session(&session(2, 1, 1, 1)));
        write(world, |tx| tx.drop_console_sessions(user(1).id, Some(&[2; 32])));
        assert_eq!((keys(1), keys(2)), (vec![2], vec![4]));
        write(world, |tx| tx.put_user(&UserRecord { is_active: false, ..user(2) }));
        assert_eq!(count(-1, -100), 1, "of whoever may sign in");
        write(world, |tx| {
            tx.drop_console_session(&[2; 32])?;
            tx.drop_console_sessions(user(2).id, None)
        });
        assert_eq!((keys(1), keys(2)), (vec![], vec![]));
        refuses(world, |tx| tx.put_console_session(&session(5, 9, 0, 0)));
    });
}

#[test]
fn a_step_is_taken_once_and_never_one_before_it() {
    each_store(|world| {
        with_users(world);
        let take = |of: i64, step| write(world, |tx| tx.take_step(user(of).id, step));
        let taken = [take(1, 7), take(1, 7), take(1, 6), take(1, 8), take(2, 7)];
        assert_eq!(taken, [true, false, false, true, true]);
        write(world, |tx| tx.drop_second_factor(user(1).id));
        assert!(!take(1, 8), "another factor takes no code of before");
    });
}

#[test]
fn a_second_factor_goes_with_its_recovery_codes_and_each_is_taken_once() {
    each_store(|world| {
        with_users(world);
        let factor = |sealed: &str| SecondFactorRecord { user: user(1).id, sealed: sealed.into() };
        write(world, |tx| {
            tx.put_second_factor(&factor("00"))?;
            tx.put_second_factor(&factor("01"))?;
            tx.put_recovery_code(user(1).id, &[2; 32])?;
            tx.put_recovery_code(user(1).id, &[1; 32])?;
            tx.put_recovery_code(user(2).id, &[1; 32])
        });
        let kept = || {
            let snapshot = world.store.snapshot().unwrap();
            let codes = |of: i64| snapshot.view().recovery_codes(user(of).id).unwrap();
            (snapshot.view().second_factor(user(1).id).unwrap(), codes(1), codes(2))
        };
        assert_eq!(kept(), (Some(factor("01")), vec![[1; 32], [2; 32]], vec![[1; 32]]));
        let take = |digest| write(world, |tx| tx.take_recovery_code(user(1).id, &[digest; 32]));
        assert_eq!([take(1), take(1), take(3)], [true, false, false]);
        write(world, |tx| tx.drop_second_factor(user(1).id));
        assert_eq!(kept(), (None, vec![], vec![[1; 32]]));
        let nobody = user(9).id;
        refuses(world, |tx| tx.put_recovery_code(nobody, &[1; 32]));
        refuses(world, |tx| {
            tx.put_second_factor(&SecondFactorRecord { user: nobody, sealed: "00".into() })
        });
    });
}

#[test]
fn an_invitation_is_taken_once_and_a_user_has_one_at_a_time() {
    each_store(|world| {
        with_users(world);
        let invitation = |key: u8, of: Option<i64>| InvitationRecord {
            digest: [key; 32],
            user: of.map(|of| user(of).id),
            expires_at: after(key.into()),
        };
        for (key, of) in [(1, None), (2, Some(1)), (3, Some(2)), (4, None), (5, Some(1))] {
            write(world, |tx| tx.put_invitation(&invitation(key, of)));
        }
        let all = || world.store.snapshot().unwrap().view().invitations().unwrap();
        let kept = [invitation(3, Some(2)), invitation(4, None), invitation(5, Some(1))];
        assert_eq!(all(), kept, "by their end");
        let found =
            |key: u8| world.store.snapshot().unwrap().view().invitation(&[key; 32]).unwrap();
        assert_eq!((found(4), found(1)), (Some(kept[1]), None));
        let take = |key: u8| write(world, |tx| tx.take_invitation(&[key; 32]));
        assert_eq!([take(4), take(4), take(1)], [true, false, false]);
        write(world, |tx| tx.drop_invitation_of(user(1).id));
        assert_eq!(all(), kept[..1]);
        write(world, |tx| {
            tx.end_all_sign_ins()?;
            Ok(())
        });
        assert_eq!(all(), []);
        refuses(world, |tx| tx.put_invitation(&invitation(6, Some(9))));
    });
}
