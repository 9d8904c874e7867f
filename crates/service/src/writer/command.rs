//! A command that waits: what it does inside a transaction, and whom it answers.

use jiff::Timestamp;
use ventanilla_domain::CallerKey;
use ventanilla_store::{StoreError, Tx, Wanted};

use crate::failure::WriteFailure;

/// What a command does inside the transaction: loads its facts, decides, and keeps the decision.
/// It may run several times: when the group it was in failed before its commit, nothing of it
/// stands, and it runs again. So nothing that it changes may be outside the transaction.
pub(crate) trait Work<T>:
    Fn(&mut Tx<'_>, Timestamp) -> Result<T, StoreError> + Send
{
}
impl<T, F: Fn(&mut Tx<'_>, Timestamp) -> Result<T, StoreError> + Send> Work<T> for F {}

/// A command that waits.
pub(super) trait Waiting: Send {
    fn run(&mut self, tx: &mut Tx<'_>, now: Timestamp) -> Result<(), StoreError>;
    /// The caller's name for what it attempts, as long as what it wants was not taken.
    fn key(&self) -> Option<CallerKey>;
    /// What it will ask of the books, where its store is to be told; it is given once.
    fn take_wanted(&mut self) -> Option<Box<Wanted>>;
    /// When a command whose time is kept came, in [`Clock::elapsed_us`](crate::Clock::elapsed_us).
    fn timed_since_us(&self) -> Option<u64>;
    /// Whether its answer waits for the mirror.
    fn is_mirrored(&self) -> bool;
    fn answer(self: Box<Self>, failure: Option<WriteFailure>);
}

/// Commands that wait for one commit.
pub(super) type Commands = Vec<Box<dyn Waiting>>;

pub(super) struct Command<T, W, A> {
    work: W,
    result: Option<T>,
    answer: A,
    wanted: Option<Box<Wanted>>,
    timed_since_us: Option<u64>,
    is_mirrored: bool,
}

impl<T, W, A> Command<T, W, A> {
    pub(super) fn new(work: W, answer: A) -> Self {
        let (result, wanted, timed_since_us) = (None, None, None);
        Self { work, result, answer, wanted, timed_since_us, is_mirrored: true }
    }

    /// The same that waits for no mirror.
    pub(super) fn aside(self) -> Self {
        Self { is_mirrored: false, ..self }
    }

    /// The same that will ask this of the books, and whose time is kept if it came at that moment.
    pub(super) fn wanting(self, wanted: Option<Wanted>, timed_since_us: Option<u64>) -> Self {
        Self { wanted: wanted.map(Box::new), timed_since_us, ..self }
    }
}

impl<T, W, A> Waiting for Command<T, W, A>
where
    T: Send,
    W: Work<T>,
    A: FnOnce(Result<T, WriteFailure>) + Send,
{
    fn run(&mut self, tx: &mut Tx<'_>, now: Timestamp) -> Result<(), StoreError> {
        self.result = Some((self.work)(tx, now)?);
        Ok(())
    }

    fn key(&self) -> Option<CallerKey> {
        self.wanted.as_ref()?.key.clone()
    }

    fn take_wanted(&mut self) -> Option<Box<Wanted>> {
        self.wanted.take()
    }

    fn timed_since_us(&self) -> Option<u64> {
        self.timed_since_us
    }

    fn is_mirrored(&self) -> bool {
        self.is_mirrored
    }

    fn answer(self: Box<Self>, failure: Option<WriteFailure>) {
        let result = match (failure, self.result) {
            (Some(failure), _) => Err(failure),
            (None, Some(result)) => Ok(result),
            (None, None) => Err(WriteFailure::Unknown),
        };
        (self.answer)(result);
    }
}

/// Answers commands: with what came of them, or that all of them failed.
pub(super) fn answer(commands: Commands, failure: Option<&WriteFailure>) {
    for command in commands {
        command.answer(failure.cloned());
    }
}

/// Answers those that wait for the mirror that they failed; the others.
pub(super) fn part(commands: Commands, failure: &WriteFailure) -> Commands {
    let (mirrored, aside): (Vec<_>, Vec<_>) =
        commands.into_iter().partition(|command| command.is_mirrored());
    answer(mirrored, Some(failure));
    aside
}
