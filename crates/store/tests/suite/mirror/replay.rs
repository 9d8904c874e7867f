//! The books back from an old copy and the mirror.

use std::fs;

use ventanilla_store::{Keys, Mirror, MirrorError, Store, Stream};

use super::*;

#[test]
fn an_old_copy_and_the_mirror_are_the_books() {
    let (place, mut mirror) = Place::mirrored();
    let old = place.copied("antes");
    old.sign_in_as_collector();
    place.world.act();
    mirror.catch_up(&place.world.store).unwrap();
    let before = old.entries();
    let replayed = old.store.replay_mirror(&place.mirror()).unwrap();
    let count = u64::try_from(place.world.entries() - before).unwrap();
    assert_eq!(replayed.entries, BTreeMap::from([(id(CompanyId::from_i64, 13), count)]));
    assert_eq!((replayed.identities, replayed.trail_rows), (Some(3), 4));
    assert_eq!(replayed.last_at, Some(instant()));
    let (ours, theirs) = (place.world.store.verify().unwrap(), old.store.verify().unwrap());
    assert_eq!(ours.findings, Vec::<String>::new());
    assert_eq!(ours, theirs);
    assert_eq!(place.rows("data"), place.rows("antes"));
    assert_eq!(old.store.snapshot().unwrap().view().bearer(&[5; 32]).unwrap(), None);
    let again = old.store.replay_mirror(&place.mirror()).unwrap();
    assert_eq!(again, ventanilla_store::Replayed::default(), "nothing is left to be done");
    assert_eq!(mirror.catch_up(&old.store).unwrap(), 0, "and it goes on with the mirror");
    old.pay(2, None);
    assert_eq!(mirror.catch_up(&old.store).unwrap(), 1);
}

#[test]
fn the_mirror_alone_is_the_books_in_every_store() {
    let (place, mut mirror) = Place::mirrored();
    place.world.act();
    mirror.catch_up(&place.world.store).unwrap();
    let heads = place.world.store.verify().unwrap().heads;
    crate::world::each_empty_store(|store| {
        store.replay_mirror(&place.mirror()).unwrap();
        let report = store.verify().unwrap();
        assert_eq!((report.findings, &report.heads), (Vec::new(), &heads));
        assert_eq!(store.ends().unwrap(), place.world.store.ends().unwrap());
        let view = |store: &Store| {
            let snapshot = store.snapshot().unwrap();
            let view = snapshot.view();
            let rights = view.rights_of(id(UserId::from_i64, 1)).unwrap();
            (view.collectors().unwrap(), view.users().unwrap(), view.integrators().unwrap(), rights)
        };
        assert_eq!(view(store), view(&place.world.store));
    });
}

#[test]
fn whoever_writes_a_mirror_is_not_waited_for_nor_held_up() {
    let (place, mut mirror) = Place::mirrored();
    place.world.act();
    mirror.catch_up(&place.world.store).unwrap();
    let marker = fs::File::open(place.mirror().join("mirror.json")).unwrap();
    marker.lock().unwrap();
    // It would wait for ever.
    Store::memory(keys()).replay_mirror(&place.mirror()).unwrap();
}

#[test]
fn a_mirror_torn_at_any_place_gives_all_that_stands_before_it() {
    let (place, mut mirror) = Place::mirrored();
    place.world.act();
    mirror.catch_up(&place.world.store).unwrap();
    let path = place.segment(1);
    let whole = fs::read(&path).unwrap();
    for offset in (0..whole.len()).step_by(37).chain(whole.len() - 90..whole.len()) {
        fs::write(&path, &whole[..offset]).unwrap();
        let store = Store::memory(keys());
        store.replay_mirror(&place.mirror()).unwrap();
        let text = String::from_utf8_lossy(&whole[..offset]);
        let (written, _) = text.rsplit_once('\n').unwrap_or_default();
        let written = written.lines().filter(|line| line.starts_with("{\"journal\":")).count();
        let report = store.verify().unwrap();
        assert_eq!(report.entries, u64::try_from(written).unwrap(), "torn at {offset}");
        assert_eq!(report.findings, Vec::<String>::new(), "torn at {offset}");
    }
}

#[test]
fn what_does_not_join_is_refused_and_nothing_is_written() {
    let (place, mut mirror) = Place::mirrored();
    let old = place.copied("antes");
    let diverged = place.copied("otro");
    diverged.pay(3, None);
    place.world.pay(1, None);
    let covered = place.world.store.ends().unwrap();
    mirror.catch_up(&place.world.store).unwrap();
    drop(mirror);
    let other = diverged.store.replay_mirror(&place.mirror());
    assert!(matches!(other, Err(MirrorError::Diverged { number: 8, .. })), "{other:?}");
    diverged.pay(2, None);
    let other = diverged.store.replay_mirror(&place.mirror());
    assert!(matches!(other, Err(MirrorError::Diverged { number: 8, .. })), "longer: {other:?}");

    let mut mirror = Mirror::at(&place.mirror(), keys()).with_segment_len_max(1);
    place.world.pay(2, None);
    mirror.catch_up(&place.world.store).unwrap();
    assert_eq!(mirror.trim(&old.store.ends().unwrap()).unwrap(), 0, "it needs the first segment");
    let whole = fs::read(place.segment(1)).unwrap();
    assert_eq!(mirror.trim(&covered).unwrap(), 1);
    let before = old.store.verify().unwrap();
    let gap = old.store.replay_mirror(&place.mirror());
    assert!(matches!(gap, Err(MirrorError::Gap { number: 8, .. })), "{gap:?}");
    fs::write(place.segment(1), whole).unwrap();
    let foreign = Store::memory(Keys::from_random([8; 64])).replay_mirror(&place.mirror());
    assert!(matches!(foreign, Err(MirrorError::ForeignKeys(_))), "{foreign:?}");
    let missing = old.store.replay_mirror(place.folder.path());
    assert!(matches!(missing, Err(MirrorError::Missing(_))), "{missing:?}");
    assert_eq!(old.store.verify().unwrap(), before, "nothing was written");
    old.store.replay_mirror(&place.mirror()).unwrap();
    assert_eq!(old.store.verify().unwrap(), place.world.store.verify().unwrap());
}

#[test]
fn segments_follow_each_other_and_are_dropped_when_a_backup_has_them() {
    let (place, mirror) = Place::mirrored();
    let mut mirror = mirror.with_segment_len_max(1500);
    let mut backups = Vec::new();
    for round in 0..12 {
        let payment = place.world.pay(1, None);
        mirror.catch_up(&place.world.store).unwrap();
        place.world.reverse(&payment, None);
        if round == 5 {
            place.world.identify();
        }
        mirror.catch_up(&place.world.store).unwrap();
        backups.push(place.copied(&format!("copia{round}")));
    }
    let count = mirror.status().unwrap().segments.len();
    assert!(count > 6, "{count}");
    let missing = place.segment(3);
    let kept = fs::read(&missing).unwrap();
    fs::remove_file(&missing).unwrap();
    let gap = backups[0].store.replay_mirror(&place.mirror());
    assert!(matches!(gap, Err(MirrorError::Damaged { .. })), "{gap:?}");
    fs::write(&missing, kept).unwrap();
    let whole = place.world.store.verify().unwrap();
    let mut dropped = 0;
    for backup in &backups {
        dropped += mirror.trim(&backup.store.ends().unwrap()).unwrap();
        backup.store.replay_mirror(&place.mirror()).unwrap();
        assert_eq!(backup.store.verify().unwrap(), whole);
        assert_eq!(backup.store.ends().unwrap(), place.world.store.ends().unwrap());
    }
    assert_eq!(dropped, count - 1, "the last segment stays");
    let old = Store::memory(keys()).replay_mirror(&place.mirror());
    assert!(matches!(old, Err(MirrorError::Gap { number: 1, .. })), "{old:?}");
    place.world.pay(1, None);
    assert_eq!(mirror.catch_up(&place.world.store).unwrap(), 1, "and it goes on");
}

#[test]
fn an_entry_that_does_not_follow_is_named() {
    let (place, mut mirror) = Place::mirrored();
    place.world.act();
    mirror.catch_up(&place.world.store).unwrap();
    // Whoever has the keys can seal what they like: the books' own link is checked all the same.
    let database = place.folder.path().join("data");
    crate::sqlite::edit(
        &database,
        &format!(
            "{} UPDATE journal SET recorded_at_us = 1 WHERE entry_number = 9",
            crate::sqlite::UNLOCKED
        ),
    );
    let forged = place.folder.path().join("falso");
    Mirror::make(&forged, keys()).unwrap().catch_up(&place.world.store).unwrap();
    let store = Store::memory(keys());
    let broken = store.replay_mirror(&forged);
    assert!(matches!(broken, Err(MirrorError::Broken { number: 9, .. })), "{broken:?}");
    assert_eq!(store.verify().unwrap().entries, 0, "nothing was written");
}

#[test]
fn a_trail_is_followed_as_the_books_are() {
    let (place, mut mirror) = Place::mirrored();
    let company = Some(id(CompanyId::from_i64, 13));
    let early = place.copied("antes");
    for stream in [None, company] {
        place.world.note(stream, "{}");
        mirror.catch_up(&place.world.store).unwrap();
        let ahead = Mirror::at(&place.mirror(), keys()).catch_up(&early.store);
        let Err(MirrorError::Ahead { stream: found, number: 1 }) = ahead else {
            panic!("{ahead:?}")
        };
        assert!(matches!(found, Stream::Trail(_)), "{found:?}");
    }
    let covered = place.world.store.ends().unwrap();
    assert!(!early.store.snapshot().unwrap().view().has(&covered).unwrap());
    assert!(place.world.store.snapshot().unwrap().view().has(&covered).unwrap());
    let other = place.copied("otro");
    other.note(company, "{\"other\":1}");
    place.world.note(company, "{}");
    assert!(
        !other.store.snapshot().unwrap().view().has(&place.world.store.ends().unwrap()).unwrap()
    );
    mirror.catch_up(&place.world.store).unwrap();
    let diverged = other.store.replay_mirror(&place.mirror());
    let trail = |found| matches!(found, Stream::Trail(Some(_)));
    assert!(
        matches!(diverged, Err(MirrorError::Diverged { stream, number: 2 }) if trail(stream)),
        "{diverged:?}"
    );
    let mut mirror = Mirror::at(&place.mirror(), keys()).with_segment_len_max(1);
    place.world.note(company, "{}");
    mirror.catch_up(&place.world.store).unwrap();
    assert_eq!(mirror.trim(&place.world.store.ends().unwrap()).unwrap(), 1);
    let gap = early.store.replay_mirror(&place.mirror());
    assert!(matches!(gap, Err(MirrorError::Gap { number: 1, .. })), "{gap:?}");
}

#[test]
fn a_row_of_a_trail_that_does_not_follow_is_named() {
    let (place, _) = Place::mirrored();
    place.world.act();
    let unlocked = "DROP TRIGGER trail_refuses_update;";
    let edit = "UPDATE trail SET body = '{\"at_us\":2}' WHERE company_id = 13 AND number = 2";
    crate::sqlite::edit(&place.folder.path().join("data"), &format!("{unlocked} {edit}"));
    let forged = place.folder.path().join("falso");
    Mirror::make(&forged, keys()).unwrap().catch_up(&place.world.store).unwrap();
    let store = Store::memory(keys());
    let broken = store.replay_mirror(&forged);
    let named = broken.as_ref().err().map(ToString::to_string);
    let told = "row 2 of the trail of company 13 does not follow from the one before it";
    assert_eq!(named.as_deref(), Some(told));
    assert_eq!(store.ends().unwrap().lead_over(&ventanilla_store::Ends::default()), 1, "nothing");
}

impl World {
    /// A token of the collector that is there from the start.
    fn sign_in_as_collector(&self) {
        let mut tx = self.store.begin().unwrap();
        let collector = id(ventanilla_domain::CollectorId::from_i64, COLLECTOR);
        let (digest, expires_at) = ([5; 32], instant());
        tx.put_token(TokenRecord { digest, collector, issued_at: None, expires_at }).unwrap();
        tx.commit().unwrap();
    }
}
