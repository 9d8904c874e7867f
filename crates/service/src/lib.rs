//! The only door to the books: one method per use case, one write path.
//!
//! Reads run on the calling thread over a snapshot. Writes wait in a queue and are committed in
//! groups, by one thread where the store takes one writer ([`Service::pay`] answers after its commit is
//! on disk).

mod access;
mod admin;
mod checkpoint;
mod clock;
mod collecting;
mod counter;
mod days;
mod explaining;
mod exports;
mod failure;
mod guard;
mod hindrance;
pub mod import;
mod kit;
mod limits;
mod logo;
mod meters;
mod mirror;
mod network;
mod office;
mod payables;
mod printing;
mod readiness;
mod reading;
mod receipt;
mod refusal;
mod restoring;
mod secrets;
mod session;
mod tokens;
mod trail;
mod users;
mod verifier;
mod views;
mod window;
mod writer;

use std::sync::Arc;

use jiff::Timestamp;
use tokio::sync::oneshot;
use ventanilla_domain::{Label, Payment, Reversal};
pub use ventanilla_store::{
    AccountEntry, AccountPage, Collected, DrawerFilter, Entry, FileSizes, FoundMembers,
    KeptReceipt, KeptRemittance, Owed, ReceiptFilter,
};
use ventanilla_store::{Snapshot, Store, StoreError, Tx, View, Wanted, to_hex};

pub use checkpoint::CheckpointReport;
pub use clock::{Clock, Entropy};
pub use days::{DayOpening, DayVisitor};
pub use explaining::{
    ExplainRefusal, ExplainedBill, ExplainedPayment, Explanation, Posted, Question,
};
pub use exports::{ExportRefusal, ExportedBill, ExportedEvent, ExportedPayment};
pub use failure::{ErrorId, Failure, NoRefusal, VisitFailure};
pub use kit::{CodeError, KitError, RecoveryCode, RecoveryKit};
pub use limits::{LimitChange, LimitChanges};
pub use logo::read_logo;
pub use meters::{
    Counter, Histogram, Level, MirrorMeters, MirrorState, QueueLen, Reading, WriteMeters,
};
pub use mirror::leave_mirror;
pub use network::network_of;
pub use office::{
    Administered, Administration, Chosen, Colleague, Enrolment, EnteredConsole, FactorRefusal,
    Invitation, InvitationRefusal, IssuedInvitation, KeptSession, Office, OfficeRefusal, Officer,
    PasswordRefusal, Proof, RecoveryCodes, ShownSuppliers, SupplierBefore, SupplierBooks,
    SupplierUnknown, TrailAct, TrailCursor, TrailFilter, TrailPage,
};
pub use payables::{
    Desk, DeskRefusal, InvoicePayout, InvoiceState, KeptPayout, ListedPayout, PastPayable,
    PayoutName, PayoutReadRefusal, PayoutRequest, PayoutSelector, PayoutState, SettledInvoice,
    SupplierState,
};
pub use readiness::{Holdings, Unready};
pub use reading::{BooksRefusal, ListedPayments, PaymentPlace, PaymentsWanted};
pub use receipt::{KnownReceipt, RECEIPT_PATH, Receipt, ReceiptKey, ReceiptRefusal};
pub use refusal::{
    AdminRefusal, ByTokenRefusal, DayRefusal, LoginRefusal, LookUpRefusal, PastPaymentRefusal,
    PrintRefusal, ReprintRefusal, TokenRefusal,
};
pub use restoring::{CollectorReport, LoadRefusal, LoadedReport, ReportVerdict, RestoredCompany};
pub use secrets::{Rotated, Rotation};
pub use session::Session;
pub use tokens::{KeptToken, TokenId};
pub use trail::{Act, ActOutcome, ActRecord, Origin, Subject, What, Who};
pub use users::{
    Admitted, Integrator, IssuedPassword, SessionRefusal, SignIn, SignInName, SignInRefusal, User,
    UserCaller, UserSession,
};
pub use verifier::{Verifier, VerifyMeters};
pub use views::{
    Accepted, Caller, Collector, Credentials, DayReport, Debt, Debts, FoundContract, IssuedToken,
    NewCollector, NewCompany, Page, PastPayment, PayRequest, PaymentSelector, PaymentState,
    ReverseRequest, VerifyReport,
};
pub use window::{
    Held, IssuedReceipt, NewRemittance, PrintableReceipt, WINDOW_PAGE_LEN, WindowPayment,
    WindowReadRefusal,
};

pub use collecting::ByToken;
use collecting::Decided;
use failure::WriteFailure;
use guard::LoginGuard;
use receipt::ReceiptSigner;
use trail::Flusher;
use users::SignIns;
use writer::Writer;

/// How the service runs.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// Commands that share one commit at most; from 1.
    pub batch_len_max: usize,
    /// Commands that may wait; more are answered [`Failure::Unavailable`] at once.
    pub queue_len_max: usize,
    /// How long a token lives, in seconds.
    pub token_lifetime_s: i64,
    /// How long a user's session lives after its last renewal, in seconds.
    pub session_lifetime_s: i64,
    /// How long a session of the console lives after its last use, in seconds.
    pub console_idle_s: i64,
    /// How long a session of the console lives at most, in seconds.
    pub console_session_s: i64,
    /// Whether a second factor is asked for at the console: not in a demonstration, which is to be tried
    /// without an app.
    pub is_second_factor_asked: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            batch_len_max: 256,
            queue_len_max: 4096,
            token_lifetime_s: 8 * 3600,
            session_lifetime_s: 3600,
            console_idle_s: 20 * 60,
            console_session_s: 12 * 3600,
            is_second_factor_asked: true,
        }
    }
}

/// The service. Cheap to clone: all clones are one.
#[derive(Debug, Clone)]
pub struct Service {
    inner: Arc<Inner>,
    /// Who runs the commands that change something.
    operator: Option<Label>,
}

#[derive(Debug)]
struct Inner {
    store: Store,
    clock: Clock,
    entropy: Entropy,
    settings: Settings,
    writer: Arc<Writer>,
    flusher: Flusher,
    guard: LoginGuard,
    sign_ins: SignIns,
    receipts: ReceiptSigner,
    verified: VerifyMeters,
}

impl Service {
    /// Starts the writer over an open store. Fails where the machine gives no thread.
    pub fn start(
        store: Store,
        clock: Clock,
        entropy: Entropy,
        settings: Settings,
    ) -> std::io::Result<Self> {
        let writer = Writer::start(&store, &clock, &entropy, settings)?;
        let writer = Arc::new(writer);
        let flusher = Flusher::start(Arc::clone(&writer))?;
        let (guard, sign_ins) = (LoginGuard::default(), SignIns::default());
        let receipts = ReceiptSigner::new(store.keys());
        let inner = Inner {
            store,
            clock,
            entropy,
            settings,
            writer,
            flusher,
            guard,
            sign_ins,
            receipts,
            verified: VerifyMeters::default(),
        };
        Ok(Self { inner: Arc::new(inner), operator: None })
    }

    /// The clock it runs by.
    pub fn clock(&self) -> &Clock {
        &self.inner.clock
    }

    /// Writes what is noted for the trail, takes no more commands, finishes those accepted, and ends
    /// the writer. Blocking.
    pub fn shut_down(&self) {
        self.inner.flusher.stop();
        self.inner.writer.stop();
    }

    /// Resolves once the store has failed so that this process must end: what is on the disk can
    /// be told only by opening it anew.
    pub async fn store_failed(&self) {
        let mut failed = self.inner.writer.failed();
        if failed.wait_for(|failed| *failed).await.is_err() {
            // The writer has ended without a failure: there is nothing to wait for.
            std::future::pending::<()>().await;
        }
    }

    /// Recomputes everything from the journal and compares it with what is kept. Blocking; takes
    /// about as much memory as the books.
    pub fn verify(&self) -> Result<VerifyReport, Failure<NoRefusal>> {
        let report = self.inner.store.verify().map_err(|error| self.read_failure(&error))?;
        Ok(VerifyReport {
            entries: report.entries,
            payments: report.payments,
            payouts: report.payouts,
            unsealed: report.unsealed,
            heads: report
                .heads
                .iter()
                .map(|head| (head.company, head.entries, to_hex(&head.chain)))
                .collect(),
            trails: report
                .trails
                .iter()
                .map(|head| (head.company, head.rows, to_hex(&head.chain)))
                .collect(),
            findings: report.findings,
        })
    }

    fn store(&self) -> &Store {
        &self.inner.store
    }

    fn entropy(&self) -> &Entropy {
        &self.inner.entropy
    }

    fn settings(&self) -> &Settings {
        &self.inner.settings
    }

    fn guard(&self) -> &LoginGuard {
        &self.inner.guard
    }

    fn sign_ins(&self) -> &SignIns {
        &self.inner.sign_ins
    }

    fn receipts(&self) -> &ReceiptSigner {
        &self.inner.receipts
    }

    fn read_failure<R>(&self, error: &StoreError) -> Failure<R> {
        failure::of_read(error, &self.inner.entropy)
    }

    /// That a payment that was read may be told: nothing is said to have been paid while the disk of
    /// the books is the only one that has it.
    fn require_mirrored<R>(
        &self,
        payment: &Payment,
        reversal: Option<&Reversal>,
    ) -> Result<(), Failure<R>> {
        let reversed_at = reversal.map(|reversal| reversal.recorded_at);
        let may_be_lost = |at: Timestamp| self.inner.writer.one_disk_only().has(at);
        if may_be_lost(payment.recorded_at) || reversed_at.is_some_and(may_be_lost) {
            return Err(Failure::Unavailable);
        }
        Ok(())
    }

    /// The books as they stand; refused once the store has failed, since they may lack a commit
    /// whose outcome is not known.
    fn snapshot<R>(&self) -> Result<Snapshot, Failure<R>> {
        self.require_store()?;
        self.inner.store.snapshot().map_err(|error| self.read_failure(&error))
    }

    fn require_store<R>(&self) -> Result<(), Failure<R>> {
        if *self.inner.writer.failed().borrow() { Err(Failure::Unavailable) } else { Ok(()) }
    }

    /// Has what was paid before find its place in the journal: whoever reads the journal finds what was
    /// answered.
    fn settle<R>(&self) -> Result<(), Failure<R>> {
        self.inner.store.settle().map_err(|error| self.read_failure(&error))
    }

    /// A snapshot, and what was read of it first. Where a connection was lost meanwhile, or the database
    /// has taken back what it gave, that is tried once more.
    fn snapshot_with<T, R>(
        &self,
        read: impl Fn(&View<'_>) -> Result<T, StoreError>,
    ) -> Result<(Snapshot, T), Failure<R>> {
        self.require_store()?;
        self.try_snapshot_with(read).map_err(|error| self.read_failure(&error))
    }

    fn try_snapshot_with<T>(
        &self,
        read: impl Fn(&View<'_>) -> Result<T, StoreError>,
    ) -> Result<(Snapshot, T), StoreError> {
        let read = || {
            let snapshot = self.inner.store.snapshot()?;
            let found = read(&snapshot.view())?;
            Ok((snapshot, found))
        };
        match read() {
            Err(StoreError::Again(_)) => read(),
            found => found,
        }
    }

    /// Reads over one snapshot; what goes wrong is logged here.
    fn read_decided<T, R>(
        &self,
        read: impl Fn(&View<'_>) -> Decided<T, R>,
    ) -> Result<T, Failure<R>> {
        let (_, decided) = self.snapshot_with(read)?;
        decided.map_err(Failure::Refused)
    }

    /// The same of what cannot be read twice.
    fn read_once<T, R>(
        &self,
        read: impl FnOnce(&View<'_>) -> Decided<T, R>,
    ) -> Result<T, Failure<R>> {
        match read(&self.snapshot()?.view()) {
            Ok(decided) => decided.map_err(Failure::Refused),
            Err(error) => Err(self.read_failure(&error)),
        }
    }

    /// Writes through the queue and waits for the commit.
    async fn write<T: Send + 'static, R: Send + 'static>(
        &self,
        work: impl Fn(&mut Tx<'_>, Timestamp) -> Decided<T, R> + Send + 'static,
    ) -> Result<T, Failure<R>> {
        let (answer, answered) = oneshot::channel();
        // A caller that has gone away is not told: what it asked stands all the same.
        self.inner.writer.submit(work, |result| drop(answer.send(result)));
        // No answer at all: the writer is gone, and nobody can say what became of the command.
        decided(answered.await.unwrap_or(Err(WriteFailure::Unknown)))
    }

    /// The same for what only signs somebody in or out, of which the mirror has nothing but the trail's
    /// row: it goes on while the mirror cannot be written, so that those who read can.
    async fn write_aside<T: Send + 'static, R: Send + 'static>(
        &self,
        work: impl Fn(&mut Tx<'_>, Timestamp) -> Decided<T, R> + Send + 'static,
    ) -> Result<T, Failure<R>> {
        let (answer, answered) = oneshot::channel();
        self.inner.writer.submit_aside(work, |result| drop(answer.send(result)));
        decided(answered.await.unwrap_or(Err(WriteFailure::Unknown)))
    }

    /// What a payment or a reversal will ask of the books, where the store is to know beforehand.
    fn wanted(&self, wanted: impl FnOnce() -> Wanted) -> Option<Wanted> {
        self.inner.writer.is_told().then(wanted)
    }

    /// The same for a payment, whose time from here to its commit is kept.
    async fn write_payment<T: Send + 'static, R: Send + 'static>(
        &self,
        wanted: Option<Wanted>,
        work: impl Fn(&mut Tx<'_>, Timestamp) -> Decided<T, R> + Send + 'static,
    ) -> Result<T, Failure<R>> {
        self.write_wanting(wanted, Some(self.inner.clock.elapsed_us()), work).await
    }

    /// The same for a reversal.
    async fn write_reversal<T: Send + 'static, R: Send + 'static>(
        &self,
        wanted: Option<Wanted>,
        work: impl Fn(&mut Tx<'_>, Timestamp) -> Decided<T, R> + Send + 'static,
    ) -> Result<T, Failure<R>> {
        self.write_wanting(wanted, None, work).await
    }

    async fn write_wanting<T: Send + 'static, R: Send + 'static>(
        &self,
        wanted: Option<Wanted>,
        timed_since_us: Option<u64>,
        work: impl Fn(&mut Tx<'_>, Timestamp) -> Decided<T, R> + Send + 'static,
    ) -> Result<T, Failure<R>> {
        let (answer, answered) = oneshot::channel();
        let answer = |result| drop(answer.send(result));
        self.inner.writer.submit_wanting(work, wanted, timed_since_us, answer);
        decided(answered.await.unwrap_or(Err(WriteFailure::Unknown)))
    }

    /// The same for a caller that is a thread.
    fn write_blocking<T: Send + 'static, R: Send + 'static>(
        &self,
        work: impl Fn(&mut Tx<'_>, Timestamp) -> Decided<T, R> + Send + 'static,
    ) -> Result<T, Failure<R>> {
        self.submit(work).wait()
    }

    /// The same for a thread that has something else to do meanwhile.
    fn submit<T: Send + 'static, R: Send + 'static>(
        &self,
        work: impl Fn(&mut Tx<'_>, Timestamp) -> Decided<T, R> + Send + 'static,
    ) -> Submitted<T, R> {
        let (answer, answered) = std::sync::mpsc::sync_channel(1);
        self.inner.writer.submit(work, move |result| drop(answer.send(result)));
        Submitted { answered }
    }
}

/// A command that waits in the queue or runs.
struct Submitted<T, R> {
    answered: std::sync::mpsc::Receiver<Result<Result<T, R>, WriteFailure>>,
}

impl<T, R> Submitted<T, R> {
    /// Waits for the commit.
    fn wait(self) -> Result<T, Failure<R>> {
        decided(self.answered.recv().unwrap_or(Err(WriteFailure::Unknown)))
    }
}

fn decided<T, R>(result: Result<Result<T, R>, WriteFailure>) -> Result<T, Failure<R>> {
    result?.map_err(Failure::Refused)
}
