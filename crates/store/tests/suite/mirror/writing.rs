//! What is written to a mirror, by whom, and what is made of what a crash left in it.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::thread;

use ventanilla_store::{Keys, Mirror, MirrorError, Store, Tx};

use super::*;

#[test]
fn every_line_is_json_that_says_what_the_journal_says() {
    let (place, mut mirror) = Place::mirrored();
    place.world.act();
    mirror.catch_up(&place.world.store).unwrap();
    let lines = lines(&place.segment(1));
    let rows = place.rows("data");
    let first_rows = rows["journal"].iter().filter(|row| row[2] == Value::Integer(0));
    let entries: Vec<_> = lines.iter().filter(|line| line.starts_with("{\"journal\":")).collect();
    assert_eq!(entries.len(), first_rows.clone().count());
    for (line, row) in entries.iter().zip(first_rows) {
        let Value::Text(payload) = &row[5] else { panic!("{row:?}") };
        assert!(line.contains(&format!("\"payload\":{payload},\"postings\"")), "{line}: {payload}");
    }
    for line in &lines {
        assert!(serde_json::from_str::<serde_json::Value>(line).is_ok(), "{line}");
    }
    let identities = lines.iter().filter(|line| line.starts_with("{\"identities\":"));
    assert_eq!(identities.count(), 2, "once at first, and once they changed");
    for (path, mode) in [(place.mirror(), 0o700), (place.segment(1), 0o600)] {
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, mode, "{path:?}");
    }
}

#[test]
fn what_is_level_writes_nothing_and_tokens_are_not_mirrored() {
    let (place, mut mirror) = Place::mirrored();
    place.world.identify();
    mirror.catch_up(&place.world.store).unwrap();
    let before = fs::read(place.segment(1)).unwrap();
    assert_eq!(mirror.catch_up(&place.world.store).unwrap(), 0);
    place.world.sign_in();
    assert_eq!(mirror.catch_up(&place.world.store).unwrap(), 0);
    assert_eq!(fs::read(place.segment(1)).unwrap(), before);
    place.world.pay(1, None);
    assert_eq!(mirror.catch_up(&place.world.store).unwrap(), 1);
    assert_eq!(mirror.status().unwrap().ends, place.world.store.ends().unwrap());
}

#[test]
fn every_change_of_the_identities_raises_their_version_once() {
    type Act = fn(&mut Tx<'_>);
    let acts: [(Act, i64); 7] = [
        (|tx| tx.put_user(&named(id(UserId::from_i64, 1), "a")).unwrap(), 1),
        (|tx| tx.put_integrator(&named(id(IntegratorId::from_i64, 1), "b")).unwrap(), 1),
        (|tx| put_right(tx), 1),
        (
            |tx| {
                tx.drop_right(id(UserId::from_i64, 1), id(CompanyId::from_i64, 13)).unwrap();
                put_right(tx);
            },
            1,
        ),
        (
            |tx| {
                let collector = id(ventanilla_domain::CollectorId::from_i64, COLLECTOR);
                let record = tx.view().collector(collector).unwrap().unwrap();
                tx.put_collector(record).unwrap();
            },
            1,
        ),
        (|tx| tx.drop_session(&[1; 32]).unwrap(), 0),
        (|tx| tx.drop_token(&[1; 32]).unwrap(), 0),
    ];
    crate::world::each_store(|world| {
        let version = || world.store.ends().unwrap().identities().unwrap();
        assert_eq!(version(), 2, "two collectors");
        for (at, (act, raised)) in acts.iter().enumerate() {
            let before = version();
            let mut tx = world.store.begin().unwrap();
            act(&mut tx);
            tx.commit().unwrap();
            assert_eq!(version(), before + raised, "act {at}");
        }
    });
}

fn put_right(tx: &mut Tx<'_>) {
    let (user, company) = (id(UserId::from_i64, 1), id(CompanyId::from_i64, 13));
    tx.put_right(user, company, Role::Reader).unwrap();
}

#[test]
fn a_torn_end_is_dropped_and_written_again_wherever_it_is_torn() {
    let (place, _) = Place::mirrored();
    fs::remove_dir_all(place.mirror()).unwrap();
    let mut mirror = Mirror::make(&place.mirror(), keys()).unwrap();
    mirror.catch_up(&place.world.store).unwrap();
    let path = place.segment(1);
    let whole = fs::read(&path).unwrap();
    let last = whole.len() - lines(&path).last().unwrap().len() - 1;
    let header = lines(&path)[0].len() + 1;
    // All of the last line, and a part of every other; a header is cut at its ends.
    let offsets = (last..whole.len()).step_by(3).chain((header..last).step_by(211));
    for offset in offsets.chain([0, 1, header - 1]) {
        for tail in [&b""[..], &[0; 512][..], b"{\"journal\":{\"company\":13,\"nu"] {
            fs::write(&path, [&whole[..offset], tail].concat()).unwrap();
            let mut mirror = Mirror::at(&place.mirror(), keys());
            mirror.catch_up(&place.world.store).unwrap();
            assert!(fs::read(&path).unwrap() == whole, "torn at {offset}, then {tail:?}");
        }
    }
}

#[test]
fn lines_that_were_edited_removed_or_moved_are_refused() {
    let (place, mut mirror) = Place::mirrored();
    place.world.act();
    mirror.catch_up(&place.world.store).unwrap();
    let path = place.segment(1);
    let whole = lines(&path);
    let check = |what: &str, changed: Vec<String>| {
        write_lines(&path, &changed);
        let mut mirror = Mirror::at(&place.mirror(), keys());
        let refused = mirror.catch_up(&place.world.store);
        assert!(matches!(refused, Err(MirrorError::Damaged { .. })), "{what}: {refused:?}");
        let replayed = Store::memory(keys()).replay_mirror(&place.mirror());
        assert!(matches!(replayed, Err(MirrorError::Damaged { .. })), "{what}: {replayed:?}");
    };
    for at in 0..whole.len() {
        let mut edited = whole.clone();
        let (before, after) = if at == 0 { ("ous\":\"0", "ous\":\"1") } else { ("1", "2") };
        edited[at] = edited[at].replacen(before, after, 1);
        check(&format!("line {at} edited"), edited);
    }
    for at in 0..whole.len() - 1 {
        let mut removed = whole.clone();
        removed.remove(at);
        check(&format!("line {at} removed"), removed);
        let mut swapped = whole.clone();
        swapped.swap(at, at + 1);
        check(&format!("line {at} moved"), swapped);
        let mut doubled = whole.clone();
        doubled.insert(at, whole[at].clone());
        check(&format!("line {at} doubled"), doubled);
    }
}

#[test]
fn two_processes_write_one_mirror() {
    let (place, mut ours) = Place::mirrored();
    let theirs = Store::open_sqlite(&place.folder.path().join("data"), keys()).unwrap();
    let (their_world, mut their_mirror) =
        (World { store: theirs }, Mirror::at(&place.mirror(), keys()).with_segment_len_max(4096));
    for round in 0..20 {
        let payment = place.world.pay(1, None);
        assert!(ours.catch_up(&place.world.store).unwrap() <= 2, "round {round}");
        their_world.reverse(&payment, None);
        assert_eq!(their_mirror.catch_up(&their_world.store).unwrap(), 1, "round {round}");
    }
    assert!(ours.status().unwrap().segments.len() > 3, "one of the two began new segments");
    thread::scope(|scope| {
        scope.spawn(|| {
            for _ in 0..50 {
                place.world.identify();
                ours.catch_up(&place.world.store).unwrap();
            }
        });
        for _ in 0..50 {
            let payment = their_world.pay(2, None);
            their_mirror.catch_up(&their_world.store).unwrap();
            their_world.reverse(&payment, None);
            their_mirror.catch_up(&their_world.store).unwrap();
        }
    });
    assert_eq!(ours.status().unwrap().ends, place.world.store.ends().unwrap());
    let memory = Store::memory(keys());
    memory.replay_mirror(&place.mirror()).unwrap();
    assert_eq!(memory.verify().unwrap().heads, place.world.store.verify().unwrap().heads);
}

#[test]
fn a_mirror_that_is_gone_is_no_new_one_and_is_caught_up_when_it_is_back() {
    let (place, mut mirror) = Place::mirrored();
    let away = place.folder.path().join("desmontado");
    fs::rename(place.mirror(), &away).unwrap();
    fs::create_dir(place.mirror()).unwrap();
    place.world.pay(1, None);
    for _ in ["at once", "again"] {
        let missing = mirror.check();
        assert!(matches!(missing, Err(MirrorError::Missing(_))), "{missing:?}");
        let refused = mirror.catch_up(&place.world.store);
        assert!(refused.is_err_and(|error| error.may_pass()));
    }
    assert_eq!(fs::read_dir(place.mirror()).unwrap().count(), 0, "nothing in the empty place");
    fs::remove_dir(place.mirror()).unwrap();
    fs::rename(&away, place.mirror()).unwrap();
    // What a failed write may have left behind the end that is known.
    let mut segment = OpenOptions::new().append(true).open(place.segment(1)).unwrap();
    segment.write_all(b"{\"journal\":{\"comp").unwrap();
    assert_eq!(mirror.catch_up(&place.world.store).unwrap(), 1);
    assert_eq!(mirror.status().unwrap().ends, place.world.store.ends().unwrap());
}

#[test]
fn a_mirror_is_taken_only_by_the_store_it_is_of() {
    let (place, mut mirror) = Place::mirrored();
    let early = place.copied("antes");
    place.world.pay(1, None);
    mirror.catch_up(&place.world.store).unwrap();
    let foreign = Mirror::make(&place.mirror(), Keys::from_random([8; 64]));
    assert!(matches!(foreign, Err(MirrorError::ForeignKeys(_))), "{foreign:?}");
    let unmade = Mirror::make(&place.folder.path().join("no/espejo"), keys());
    assert!(matches!(unmade, Err(MirrorError::File { .. })), "{unmade:?}");
    for (name, is_taken) in [("lost+found", true), ("mirror.json.7.draft", true), ("fotos", false)]
    {
        let directory = place.folder.path().join(format!("con-{name}"));
        fs::create_dir(&directory).unwrap();
        fs::write(directory.join(name), "x").unwrap();
        let made = Mirror::make(&directory, keys());
        let is_occupied = matches!(made, Err(MirrorError::Occupied(_)));
        assert_eq!((made.is_ok(), is_occupied), (is_taken, !is_taken), "{name}: {made:?}");
    }
    let mut again = Mirror::make(&place.mirror(), keys()).unwrap();
    assert_eq!(again.catch_up(&place.world.store).unwrap(), 0, "one that is there is taken");
    let ahead = Mirror::at(&place.mirror(), keys()).catch_up(&early.store);
    assert!(matches!(ahead, Err(MirrorError::Ahead { number: 8, .. })), "{ahead:?}");
    early.pay(2, None);
    for longer in [3, 1] {
        let other = Mirror::at(&place.mirror(), keys()).catch_up(&early.store);
        let is_other = matches!(other, Err(MirrorError::Diverged { number: 8, .. }));
        assert!(is_other, "{other:?}");
        early.pay(longer, None);
    }
    let version = place.folder.path().join("espejo/mirror.json");
    fs::write(version, "{\"mirror\":2,\"installation\":\"\"}\n").unwrap();
    let newer = Mirror::at(&place.mirror(), keys()).check();
    assert!(matches!(newer, Err(MirrorError::OtherVersion(_))), "{newer:?}");
}
