//! Commands under one caller key, over several threads.

use std::sync::mpsc::{RecvTimeoutError, Sender};
use std::time::Duration;

use ventanilla_domain::{CallerKey, CollectorId, CompanyId, PaymentId};
use ventanilla_store::{Faults, Wanted, WantedAct, WantedBearer};

use super::*;

const SILENCE: Duration = Duration::from_millis(100);

/// A writer of four threads.
struct World {
    writer: Writer,
    /// The commands that ran, in order.
    ran: Arc<Mutex<Vec<u32>>>,
}

impl World {
    fn made(queue_len_max: usize) -> Self {
        let faults = Faults::remote(4, |_| Ok(()));
        let store = Store::memory_with_faults(Keys::from_random([7; 64]), faults);
        let clock = Clock::manual("2021-11-26T16:11:52Z".parse().unwrap());
        let settings = settings(queue_len_max);
        let writer = Writer::start(&store, &clock, &Entropy::counted(1), settings).unwrap();
        Self { writer, ran: Arc::default() }
    }

    fn submit(&self, key: &str, number: u32) -> Receiver<Answer> {
        self.submit_and(key, number, || {})
    }

    /// The same whose thread does something before it answers.
    fn submit_and(
        &self,
        key: &str,
        number: u32,
        before: impl FnOnce() + Send + 'static,
    ) -> Receiver<Answer> {
        let (answer, answered) = channel();
        let wanted = Wanted {
            bearer: WantedBearer::Collector(CompanyId::FIRST, CollectorId::FIRST),
            act: WantedAct::Reverse(PaymentId::FIRST),
            key: CallerKey::from_text(key).ok(),
        };
        let ran = Arc::clone(&self.ran);
        let work = move |_: &mut Tx<'_>, _| {
            ran.lock().unwrap().push(number);
            Ok(number)
        };
        let told = move |result| {
            before();
            drop(answer.send(result));
        };
        self.writer.submit_wanting(work, Some(wanted), None, told);
        answered
    }

    /// A command whose thread waits before it answers, and so many more under its key.
    fn held(&self, more: u32) -> (Vec<Receiver<Answer>>, Sender<()>) {
        let (release, released) = channel::<()>();
        let (enter, entered) = channel();
        let first = self.submit_and("k", 0, move || {
            enter.send(()).ok();
            released.recv().ok();
        });
        entered.recv().unwrap();
        let others = (1..=more).map(|number| self.submit("k", number));
        (std::iter::once(first).chain(others).collect(), release)
    }

    fn waiting(&self) -> u64 {
        self.writer.meters().queue_len.get()
    }
}

fn numbers(answers: Vec<Receiver<Answer>>) -> Vec<u32> {
    answers.into_iter().map(|answer| answer.recv().unwrap().unwrap()).collect()
}

#[test]
fn what_is_repeated_runs_after_what_came_before() {
    let world = World::made(16);
    let (answers, release) = world.held(5);
    assert_eq!(world.submit("l", 10).recv().unwrap().unwrap(), 10, "others do not wait");
    let silent = answers.iter().map(|answer| answer.recv_timeout(SILENCE).err());
    assert!(silent.flatten().eq([RecvTimeoutError::Timeout; 6]));
    assert_eq!(world.waiting(), 5);
    release.send(()).unwrap();
    assert_eq!(numbers(answers), [0, 1, 2, 3, 4, 5]);
    assert_eq!(*world.ran.lock().unwrap(), [0, 10, 1, 2, 3, 4, 5]);
    assert_eq!(world.submit("k", 6).recv().unwrap().unwrap(), 6, "the key is free again");
    assert_eq!(world.waiting(), 0);
}

#[test]
fn what_cannot_wait_for_its_turn_is_refused_at_once() {
    let world = World::made(2);
    let (answers, release) = world.held(2);
    let refused = world.submit("k", 3).recv().unwrap();
    assert!(matches!(refused, Err(WriteFailure::Unavailable)));
    assert_eq!(world.writer.meters().commands_refused.get(), 1);
    release.send(()).unwrap();
    assert_eq!(numbers(answers), [0, 1, 2]);
}

#[test]
fn a_stop_finishes_what_waits_for_its_turn() {
    let world = World::made(16);
    let (answers, release) = world.held(3);
    std::thread::scope(|scope| {
        scope.spawn(|| world.writer.stop());
        // Others are refused once the queue is closed.
        while world.submit("m", 9).recv().unwrap().is_ok() {}
        release.send(()).unwrap();
    });
    assert_eq!(numbers(answers), [0, 1, 2, 3]);
    let late = world.submit("k", 4).recv().unwrap();
    assert!(matches!(late, Err(WriteFailure::Unavailable)));
    assert_eq!(world.waiting(), 0);
}
