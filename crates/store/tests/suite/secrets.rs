//! Collectors' secrets and tokens: every store keeps them alike.

use jiff::{SignedDuration, Timestamp};
use ventanilla_domain::CollectorId;
use ventanilla_store::{CollectorRecord, Digest, PreviousSecret, TokenRecord};

use crate::world::{COLLECTOR, World, each_store, id, instant};

fn after(seconds: i64) -> Timestamp {
    instant() + SignedDuration::from_secs(seconds)
}

fn token(first: u8, last: u8, collector: i64, ends_after_s: i64) -> TokenRecord {
    let mut digest: Digest = [last; 32];
    digest[..6].fill(first);
    TokenRecord {
        digest,
        collector: id(CollectorId::from_i64, collector),
        issued_at: (last != 0).then(|| after(-1)),
        expires_at: after(ends_after_s),
    }
}

fn tokens_of(world: &World, collector: i64) -> Vec<TokenRecord> {
    let collector = id(CollectorId::from_i64, collector);
    world.store.snapshot().unwrap().view().tokens_of(collector).unwrap()
}

#[test]
fn a_collectors_secret_changes_and_the_one_before_is_kept_with_its_end() {
    each_store(|world| {
        let collector = id(CollectorId::from_i64, COLLECTOR);
        let read = || world.store.snapshot().unwrap().view().collector(collector).unwrap().unwrap();
        let first = read();
        assert_eq!(first.previous, None);
        let previous = Some(PreviousSecret { digest: first.secret_digest, until: after(60) });
        for changed in [
            CollectorRecord { secret_digest: [9; 32], previous, ..first.clone() },
            CollectorRecord { secret_digest: [10; 32], previous: None, ..first.clone() },
        ] {
            let mut tx = world.store.begin().unwrap();
            tx.put_collector(changed.clone()).unwrap();
            assert_eq!(tx.view().collector(collector).unwrap(), Some(changed.clone()));
            tx.commit().unwrap();
            assert_eq!(read(), changed);
            let by_code = world.store.snapshot().unwrap();
            let by_code = by_code.view().collector_by_code(&changed.code_digest).unwrap();
            assert_eq!(by_code, Some(changed));
        }
    });
}

#[test]
fn tokens_are_found_by_collector_and_by_the_start_of_their_hash() {
    each_store(|world| {
        let kept = [
            token(7, 0, COLLECTOR, 20),
            token(7, 255, COLLECTOR + 1, 10),
            token(6, 255, COLLECTOR, 30),
            token(8, 0, COLLECTOR, 10),
        ];
        let mut tx = world.store.begin().unwrap();
        for token in kept {
            tx.put_token(token).unwrap();
        }
        tx.commit().unwrap();
        assert_eq!(tokens_of(world, COLLECTOR), [kept[3], kept[0], kept[2]], "by their end");
        assert_eq!(tokens_of(world, COLLECTOR + 1), [kept[1]]);
        assert_eq!(tokens_of(world, COLLECTOR + 2), []);
        let (first, last) = (token(7, 0, COLLECTOR, 0).digest, token(7, 255, COLLECTOR, 0).digest);
        let found = world.store.snapshot().unwrap();
        assert_eq!(found.view().tokens_between(&first, &last).unwrap(), kept[..2], "both ends");
    });
}

#[test]
fn a_dropped_token_is_unknown_in_its_transaction_and_after() {
    each_store(|world| {
        let (dropped, other) = (token(1, 1, COLLECTOR, 60), token(2, 2, COLLECTOR, 60));
        let mut tx = world.store.begin().unwrap();
        tx.put_token(dropped).unwrap();
        tx.put_token(other).unwrap();
        tx.commit().unwrap();
        let mut tx = world.store.begin().unwrap();
        assert!(tx.bearer(&dropped.digest).unwrap().is_some());
        tx.drop_token(&dropped.digest).unwrap();
        assert_eq!(tx.bearer(&dropped.digest).unwrap(), None, "though it was read a moment ago");
        drop(tx);
        assert_eq!(tokens_of(world, COLLECTOR), [dropped, other], "without a commit it stays");
        let mut tx = world.store.begin().unwrap();
        tx.drop_token(&dropped.digest).unwrap();
        tx.drop_token(&[3; 32]).unwrap();
        tx.commit().unwrap();
        assert_eq!(tokens_of(world, COLLECTOR), [other]);
    });
}
