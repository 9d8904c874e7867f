//! The writer, without what is written.

mod batches;
mod remote;
mod turns;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, channel};

use ventanilla_store::{Keys, StoreError, Tx};

use super::*;

type Answer = Result<u32, WriteFailure>;

fn started(settings: Settings) -> Writer {
    let store = Store::memory(Keys::from_random([7; 64]));
    let clock = Clock::manual("2021-11-26T16:11:52Z".parse().unwrap());
    Writer::start(&store, &clock, &Entropy::counted(1), settings).unwrap()
}

fn settings(queue_len_max: usize) -> Settings {
    Settings { batch_len_max: 8, queue_len_max, ..Settings::default() }
}

fn submit(writer: &Writer, work: impl Work<u32> + 'static) -> Receiver<Answer> {
    let (answer, answered) = channel();
    writer.submit(work, move |result| drop(answer.send(result)));
    answered
}

/// Holds the writer inside a command until the sender is dropped, so that a group gathers.
fn hold(writer: &Writer) -> std::sync::mpsc::Sender<()> {
    let (release, held) = channel::<()>();
    let (start, started) = channel();
    let held = Mutex::new(held);
    drop(submit(writer, move |_, _| {
        start.send(()).ok();
        held.lock().unwrap().recv().ok();
        Ok(0)
    }));
    started.recv().unwrap();
    release
}

#[test]
fn a_bad_command_costs_only_itself() {
    type Bad = fn() -> Result<u32, StoreError>;
    let bads: [Bad; 2] = [
        || Err(StoreError::Damaged { what: "a test", cause: None }),
        || panic!("a command panics"),
    ];
    for bad in bads {
        let writer = started(settings(16));
        let release = hold(&writer);
        let good = submit(&writer, |_, _| Ok(1));
        let bad = submit(&writer, move |_, _| bad());
        let runs = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&runs);
        let later = submit(&writer, move |_, _| {
            counted.fetch_add(1, Ordering::SeqCst);
            Ok(2)
        });
        drop(release);
        assert!(matches!(good.recv().unwrap(), Ok(1)));
        assert!(matches!(bad.recv().unwrap(), Err(WriteFailure::Internal(_))));
        assert!(matches!(later.recv().unwrap(), Ok(2)));
        assert_eq!(runs.load(Ordering::SeqCst), 1, "the group stopped at the bad command");
        assert!(matches!(submit(&writer, |_, _| Ok(3)).recv().unwrap(), Ok(3)));
    }
}

#[test]
fn a_full_queue_answers_at_once_that_nothing_changed() {
    let writer = started(settings(2));
    let release = hold(&writer);
    let waiting: Vec<_> = (0..2).map(|_| submit(&writer, |_, _| Ok(1))).collect();
    let refused = submit(&writer, |_, _| Ok(1));
    assert!(matches!(refused.recv().unwrap(), Err(WriteFailure::Unavailable)));
    drop(release);
    for answered in waiting {
        assert!(matches!(answered.recv().unwrap(), Ok(1)));
    }
}

#[test]
fn what_waits_is_refused_and_commits_is_counted() {
    let writer = started(settings(3));
    let meters = Arc::clone(writer.meters());
    let release = hold(&writer);
    assert!(meters.batch_age_us(u64::MAX) > 0, "a batch is under way");
    let waiting: Vec<_> = (0..3).map(|_| submit(&writer, |_, _| Ok(1))).collect();
    assert_eq!((meters.queue_len.get(), meters.commands_refused.get()), (3, 0));
    submit(&writer, |_, _| Ok(1)).recv().unwrap().unwrap_err();
    assert_eq!((meters.queue_len.get(), meters.commands_refused.get()), (3, 1));
    drop(release);
    for answered in waiting {
        answered.recv().unwrap().unwrap();
    }
    writer.stop();
    let batches = meters.batch_len.read();
    assert_eq!((batches.count, batches.sum), (2, 4), "the one that held, and the three");
    assert_eq!(meters.commit_us.read().count, 2, "a stop alone commits nothing");
    submit(&writer, |_, _| Ok(1)).recv().unwrap().unwrap_err();
    assert_eq!((meters.queue_len.get(), meters.commands_refused.get()), (0, 1));
    assert_eq!(meters.batch_age_us(u64::MAX), 0);
}

#[test]
fn what_waits_for_no_mirror_is_answered_as_it_was_committed() {
    let folder = tempfile::tempdir().unwrap();
    let keys = Keys::from_random([7; 64]);
    let store = Store::create_sqlite(&folder.path().join("data"), keys.clone()).unwrap();
    let path = folder.path().join("espejo");
    ventanilla_store::Mirror::make(&path, keys).unwrap().catch_up(&store).unwrap();
    let mut tx = store.begin().unwrap();
    tx.set_mirror(path.to_str()).unwrap();
    tx.commit().unwrap();
    let clock = Clock::manual("2021-11-26T16:11:52Z".parse().unwrap());
    let writer = Writer::start(&store, &clock, &Entropy::counted(1), settings(16)).unwrap();
    let release = hold(&writer);
    let act = |tx: &mut Tx<'_>, now| tx.append_trail(None, "{}", now).map(|()| 1);
    let awaited = submit(&writer, act);
    let (answer, aside) = channel();
    writer.submit_aside(act, move |result| drop(answer.send(result)));
    // The one that holds the writer is the last that the mirror takes.
    let segment = path.join("segment-00000001.jsonl");
    std::fs::remove_file(&segment).unwrap();
    std::fs::create_dir(&segment).unwrap();
    drop(release);
    assert!(matches!(awaited.recv().unwrap(), Err(WriteFailure::Unknown)));
    assert!(matches!(aside.recv().unwrap(), Ok(1)));
    let head = store.snapshot().unwrap().view().trail_head(None).unwrap();
    assert_eq!(head.map(|head| head.rows), Some(2), "both are in the books");
}

#[test]
fn a_stop_finishes_what_was_accepted_and_takes_no_more() {
    let writer = started(settings(16));
    let release = hold(&writer);
    let accepted = submit(&writer, |_, _| Ok(1));
    drop(release);
    writer.stop();
    assert!(matches!(accepted.recv().unwrap(), Ok(1)));
    let late = submit(&writer, |_, _| Ok(1));
    assert!(matches!(late.recv().unwrap(), Err(WriteFailure::Unavailable)));
}
