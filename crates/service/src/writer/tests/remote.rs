//! The writer over a store that is a network away: what fails there, and several threads.

use std::ops::Range;
use std::time::Duration;

use ventanilla_domain::{CollectorId, CompanyId, PaymentId};
use ventanilla_store::{CommitError, FaultPoint, Faults, Wanted, WantedAct, WantedBearer};

use super::*;

type Fault = Result<(), CommitError>;

/// A writer over a store that fails as it is told, and what the store was asked.
struct World {
    store: Store,
    clock: Clock,
    writer: Writer,
    asked: Arc<Mutex<Asked>>,
}

/// The points at which the store was asked since the first split into groups after it was to count.
#[derive(Default)]
struct Asked {
    is_armed: bool,
    points: Vec<FaultPoint>,
}

fn nothing(error: StoreError) -> Fault {
    Err(CommitError::Nothing(error))
}

fn again() -> Fault {
    nothing(StoreError::Again("a test".into()))
}

/// A store of so many writers; `fault` says what becomes of the n-th point, from 0.
fn remote(
    writers: usize,
    mut fault: impl FnMut(usize, FaultPoint) -> Fault + Send + 'static,
) -> World {
    let asked = Arc::<Mutex<Asked>>::default();
    let noting = Arc::clone(&asked);
    let faults = Faults::remote(writers, move |point| {
        let mut asked = noting.lock().unwrap();
        let counts = asked.is_armed && (!asked.points.is_empty() || point == FaultPoint::Groups);
        // What a test reads itself is none of the writer's.
        if !counts || point == FaultPoint::Snapshot {
            return Ok(());
        }
        asked.points.push(point);
        let nth = asked.points.len() - 1;
        drop(asked);
        fault(nth, point)
    });
    over(faults, asked)
}

fn over(faults: Faults, asked: Arc<Mutex<Asked>>) -> World {
    let store = Store::memory_with_faults(Keys::from_random([7; 64]), faults);
    let clock = Clock::manual("2021-11-26T16:11:52Z".parse().unwrap());
    let settings = Settings { batch_len_max: 64, ..Settings::default() };
    let writer = Writer::start(&store, &clock, &Entropy::counted(1), settings).unwrap();
    World { store, clock, writer, asked }
}

impl World {
    /// Submits commands that each write a row and answer their number, as one batch where there is one
    /// thread.
    fn gather(&self, commands: Range<u32>) -> Vec<Receiver<Answer>> {
        let release = hold(&self.writer);
        let answers = commands.map(|number| self.write(number, None)).collect();
        self.asked.lock().unwrap().is_armed = true;
        drop(release);
        answers
    }

    /// Submits a command that writes a row and answers its number, of a company's payments if it is one's.
    fn write(&self, number: u32, company: Option<i64>) -> Receiver<Answer> {
        let (answer, answered) = channel();
        let wanted = company.map(|company| Wanted {
            bearer: WantedBearer::Collector(
                CompanyId::from_i64(company).unwrap(),
                CollectorId::FIRST,
            ),
            act: WantedAct::Reverse(PaymentId::FIRST),
            key: None,
        });
        let act = move |tx: &mut Tx<'_>, now| {
            tx.append_trail(None, &number.to_string(), now).map(|()| number)
        };
        self.writer.submit_wanting(act, wanted, None, move |result| drop(answer.send(result)));
        answered
    }

    fn rows(&self) -> Vec<String> {
        let snapshot = self.store.snapshot().unwrap();
        let rows = snapshot.view().trail(None, 1, 1_000).unwrap();
        rows.into_iter().map(|row| row.body).collect()
    }

    fn asked(&self, point: FaultPoint) -> usize {
        self.asked.lock().unwrap().points.iter().filter(|asked| **asked == point).count()
    }

    fn retried(&self) -> u64 {
        self.writer.meters().writes_retried.get()
    }

    fn has_failed(&self) -> bool {
        *self.writer.failed().borrow()
    }
}

fn numbers(commands: Range<u32>) -> Vec<String> {
    commands.map(|number| number.to_string()).collect()
}

/// What each of them was answered, in one word.
fn words(answers: Vec<Receiver<Answer>>) -> Vec<&'static str> {
    let word = |answer: Receiver<Answer>| match answer.recv().unwrap() {
        Ok(_) => "done",
        Err(WriteFailure::Unavailable) => "unavailable",
        Err(WriteFailure::Unknown) => "unknown",
        Err(WriteFailure::Internal(_)) => "internal",
    };
    answers.into_iter().map(word).collect()
}

#[test]
fn a_group_runs_again_as_it_was_wherever_others_were_in_its_way() {
    // A split, a beginning, three rows, a commit and its end, which is too late.
    for nth in 0..7 {
        let world = remote(1, move |asked, point| {
            if asked == nth && point != FaultPoint::Committed { again() } else { Ok(()) }
        });
        let answers = world.gather(0..3);
        let answered: Vec<_> =
            answers.iter().map(|answer| answer.recv().unwrap().unwrap()).collect();
        assert_eq!(answered, [0, 1, 2], "{nth}");
        assert_eq!(world.rows(), numbers(0..3), "{nth}");
        assert_eq!(world.retried(), u64::from(nth < 6), "{nth}");
        let splits = if nth == 0 { 2 } else { 1 };
        assert_eq!(world.asked(FaultPoint::Groups), splits, "{nth}: a group stays what it is");
        assert_eq!(world.asked(FaultPoint::Committed), 1, "{nth}");
    }
}

#[test]
fn a_group_runs_again_a_bounded_number_of_times() {
    for (times, word) in [(8, "done"), (9, "unavailable")] {
        for point in
            [FaultPoint::Groups, FaultPoint::BeginGroup, FaultPoint::Append, FaultPoint::Commit]
        {
            let mut left = times;
            let world = remote(1, move |_, asked| {
                if asked != point || left == 0 {
                    return Ok(());
                }
                left -= 1;
                again()
            });
            assert_eq!(words(world.gather(0..2)), [word; 2], "{point:?} {times}");
            let expected = if word == "done" { numbers(0..2) } else { Vec::new() };
            assert_eq!((world.rows(), world.retried()), (expected, 8), "{point:?} {times}");
            assert_eq!(words(vec![world.write(7, None)]), ["done"], "the writer goes on");
            assert!(!world.has_failed());
        }
    }
}

#[test]
fn a_group_that_needs_a_transaction_of_its_own_has_each_command_run_alone_once() {
    for never in [false, true] {
        let mut is_group = false;
        let world = remote(1, move |_, point| {
            match point {
                FaultPoint::BeginGroup => is_group = true,
                FaultPoint::Begin => is_group = false,
                FaultPoint::Append if is_group || never => return nothing(StoreError::NeedsOwn),
                _ => {}
            }
            Ok(())
        });
        let expected = if never { "internal" } else { "done" };
        assert_eq!(words(world.gather(0..3)), [expected; 3]);
        assert_eq!(world.rows(), if never { Vec::new() } else { numbers(0..3) });
        let begun = [FaultPoint::BeginGroup, FaultPoint::Begin].map(|point| world.asked(point));
        assert_eq!((begun, world.retried()), ([1, 3], 0));
    }
}

#[test]
fn a_bad_command_of_a_group_costs_only_itself_there_too() {
    for panics in [false, true] {
        let world = remote(1, |_, _| Ok(()));
        let release = hold(&world.writer);
        let good = world.write(1, Some(13));
        let bad = submit(&world.writer, move |_, _| {
            assert!(!panics, "a command panics");
            Err(crate::failure::damaged("a test"))
        });
        let other = world.write(2, None);
        drop(release);
        assert_eq!(words(vec![good, bad, other]), ["done", "internal", "done"]);
        let mut rows = world.rows();
        rows.sort();
        assert_eq!(rows, ["1", "2"]);
    }
}

#[test]
fn an_unknown_outcome_and_a_failed_disk_stop_only_a_store_that_does_not_outlive_them() {
    type Cause = fn() -> CommitError;
    let unknown = || CommitError::Unknown(StoreError::Io("a test".into()));
    let io = || CommitError::Nothing(StoreError::Io("a test".into()));
    let cases: [(FaultPoint, Cause, &str, usize); 4] = [
        (FaultPoint::Commit, unknown, "unknown", 0),
        (FaultPoint::Committed, unknown, "unknown", 1),
        (FaultPoint::Commit, io, "unavailable", 0),
        (FaultPoint::Append, io, "unavailable", 0),
    ];
    for (point, cause, word, kept) in cases {
        for is_remote in [true, false] {
            let mut is_due = true;
            let plan = move |asked| {
                if asked == point && std::mem::take(&mut is_due) { Err(cause()) } else { Ok(()) }
            };
            let faults = if is_remote { Faults::remote(2, plan) } else { Faults::local(plan) };
            let world = over(faults, Arc::default());
            let told = (point, word, is_remote);
            assert_eq!(words(vec![world.write(1, None)]), [word], "{told:?}");
            assert_eq!(world.has_failed(), !is_remote, "{told:?}");
            let next = if is_remote { "done" } else { "unavailable" };
            assert_eq!(words(vec![world.write(2, None)]), [next], "{told:?}");
            assert_eq!(world.rows().len(), kept + usize::from(is_remote), "{told:?}");
        }
    }
}

#[test]
fn what_waits_is_a_transaction_for_each_company_and_keeps_its_order_there() {
    let world = remote(1, |_, _| Ok(()));
    let release = hold(&world.writer);
    let companies = [Some(14), Some(13), None, Some(13), Some(14), None];
    let answers = (0..).zip(companies).map(|(number, company)| world.write(number, company));
    let answers: Vec<_> = answers.collect();
    world.asked.lock().unwrap().is_armed = true;
    drop(release);
    assert_eq!(words(answers), ["done"; 6]);
    assert_eq!(world.rows(), ["2", "5", "1", "3", "0", "4"]);
    assert_eq!((world.asked(FaultPoint::Groups), world.asked(FaultPoint::BeginGroup)), (1, 3));
}

#[test]
fn one_group_that_fails_is_none_of_the_others_affair() {
    let world = remote(1, {
        let mut groups = 0;
        move |_, point| {
            groups += usize::from(point == FaultPoint::BeginGroup);
            let fails = point == FaultPoint::Append && groups == 2;
            if fails { nothing(StoreError::Unreachable("a test".into())) } else { Ok(()) }
        }
    });
    let release = hold(&world.writer);
    let answers = [13, 14, 15].map(|company| world.write(0, Some(company)));
    world.asked.lock().unwrap().is_armed = true;
    drop(release);
    assert_eq!(words(answers.into()), ["done", "unavailable", "done"]);
}

#[test]
fn a_batch_that_waited_long_for_the_database_is_answered_at_once_then() {
    for (waited_s, tried) in [(0, 3), (1, 3), (2, 1)] {
        let clock = Arc::<Mutex<Option<Clock>>>::default();
        let waiting = Arc::clone(&clock);
        let world = remote(1, move |_, point| {
            if point != FaultPoint::BeginGroup {
                return Ok(());
            }
            if let Some(clock) = waiting.lock().unwrap().take() {
                clock.set(clock.now() + Duration::from_secs(waited_s));
            }
            nothing(StoreError::Unreachable("a test".into()))
        });
        *clock.lock().unwrap() = Some(world.clock.clone());
        let release = hold(&world.writer);
        let answers = [13, 14, 15].map(|company| world.write(0, Some(company)));
        world.asked.lock().unwrap().is_armed = true;
        drop(release);
        assert_eq!(words(answers.into()), ["unavailable"; 3]);
        assert_eq!(world.asked(FaultPoint::BeginGroup), tried, "{waited_s} s");
    }
}

#[test]
fn another_thread_takes_what_waits_behind_one_that_is_busy() {
    for (writers, left) in [(1, 1), (2, 0)] {
        let world = remote(writers, |_, _| Ok(()));
        let release = hold(&world.writer);
        let waiting = world.write(1, None);
        let queue_len = || world.writer.meters().queue_len.get();
        let tries = (0..if left == 0 { 10_000 } else { 20 }).take_while(|_| queue_len() > 0);
        tries.for_each(|_| std::thread::sleep(Duration::from_millis(1)));
        assert_eq!(queue_len(), left, "{writers} threads");
        drop(release);
        assert_eq!(words(vec![waiting]), ["done"]);
    }
}

#[test]
fn a_stop_ends_every_thread_and_finishes_what_was_accepted() {
    for writers in [1, 2, 5] {
        let world = remote(writers, |_, _| Ok(()));
        let release = hold(&world.writer);
        let accepted: Vec<_> = (0..300).map(|number| world.write(number, None)).collect();
        drop(release);
        world.writer.stop();
        assert_eq!(words(accepted), ["done"; 300], "{writers} threads");
        assert_eq!(world.rows().len(), 300);
        assert_eq!(words(vec![world.write(0, None)]), ["unavailable"], "it takes no more");
        let meters = world.writer.meters();
        assert_eq!((meters.queue_len.get(), meters.batch_age_us(u64::MAX)), (0, 0));
        world.writer.stop();
    }
}

#[test]
fn what_came_in_behind_a_stop_is_told_so_at_once() {
    let world = remote(2, |_, _| Ok(()));
    let release = hold(&world.writer);
    let stopping = std::thread::scope(|scope| {
        let stopping = scope.spawn(|| world.writer.stop());
        // The other thread closes the queue, though the first is at its command.
        let is_open = || world.writer.queue.try_send(Message::Look(channel().0)).is_ok();
        while is_open() {
            std::thread::yield_now();
        }
        assert_eq!(words(vec![world.write(1, None)]), ["unavailable"]);
        assert!(!stopping.is_finished(), "what was accepted is waited for");
        drop(release);
        stopping.join()
    });
    stopping.unwrap();
}

#[test]
fn nobody_looks_after_a_mirror_that_cannot_be() {
    let asked = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&asked);
    let faults = Faults::remote(1, move |point| {
        counted.fetch_add(usize::from(point == FaultPoint::Snapshot), Ordering::SeqCst);
        Ok(())
    });
    let world = over(faults, Arc::default());
    world.writer.look();
    assert_eq!(words(vec![world.write(1, None)]), ["done"]);
    assert_eq!(asked.load(Ordering::SeqCst), 0);
}
