//! How large the batches are that the writer's threads take.

use std::time::Duration;

use super::queue::{Message, Queue, Taken};
use super::*;

/// Longer than any test: whoever waits for so long fails.
const LONG: Duration = Duration::from_mins(10);

fn queue(gather_for: Duration) -> (SyncSender<Message>, Queue) {
    let (sender, waiting) = sync_channel(100);
    let mut queue = Queue::new(waiting, Arc::new(WriteMeters::of(2)));
    queue.gather_for = gather_for;
    (sender, queue)
}

fn send(sender: &SyncSender<Message>, len: usize) {
    for _ in 0..len {
        let command = Command::new(|_: &mut Tx<'_>, _| Ok(()), |_| {});
        assert!(sender.send(Message::Run(Box::new(command))).is_ok());
    }
}

fn take(queue: &Queue) -> usize {
    let Taken::Batch(batch) = queue.take(256, None) else { panic!("there was a command") };
    queue.begun(batch.commands.len());
    batch.commands.len()
}

#[test]
fn a_batch_grows_until_it_is_as_large_as_what_is_under_way() {
    let (sender, queue) = queue(LONG);
    send(&sender, 3);
    assert_eq!(take(&queue), 3, "with nothing under way, what waits goes at once");
    send(&sender, 1);
    std::thread::scope(|scope| {
        let taken = scope.spawn(|| take(&queue));
        std::thread::sleep(Duration::from_millis(20));
        send(&sender, 2);
        assert_eq!(taken.join().unwrap(), 3);
    });
}

#[test]
fn a_small_batch_goes_once_the_others_are_settled() {
    let (sender, queue) = queue(LONG);
    send(&sender, 3);
    assert_eq!(take(&queue), 3);
    send(&sender, 1);
    std::thread::scope(|scope| {
        let taken = scope.spawn(|| take(&queue));
        queue.settled(3);
        assert_eq!(taken.join().unwrap(), 1);
    });
    send(&sender, 1);
    assert_eq!(take(&queue), 1, "of the other one is under way");
}

#[test]
fn a_small_batch_does_not_wait_for_long() {
    let (sender, queue) = queue(Duration::from_millis(5));
    send(&sender, 3);
    assert_eq!(take(&queue), 3);
    send(&sender, 1);
    assert_eq!(take(&queue), 1);
}
