//! The only door to the books: one method per use case, one write path.

mod clock;
mod failure;
pub mod import;
mod refusal;
mod views;

use std::net::IpAddr;

pub use clock::{Clock, Entropy};
pub use failure::{ErrorId, Failure, NoRefusal};
pub use refusal::{AdminRefusal, LoginRefusal, LookUpRefusal, PrintRefusal, TokenRefusal};
pub use views::{
    Accepted, Caller, Collector, Credentials, DayReport, Debt, FoundContract, IssuedToken,
    NewCollector, NewCompany, Page, PastPayment, PaymentSelector, PaymentState, Total,
};
use ventanilla_domain::{
    BillId, BusinessDay, Company, CompanyId, ContractCode, PayCommand, PayRefusal, Payment,
    PaymentId, ReverseCommand, ReverseRefusal, Reversal,
};
use ventanilla_store::{Store, StoreError};

/// How the service runs.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// Commands that share one commit at most; from 1.
    pub batch_len_max: usize,
    /// Commands that may wait; more are answered `Unavailable` at once.
    pub queue_len_max: usize,
    /// How long a token lives, in seconds.
    pub token_lifetime_s: i64,
}

impl Default for Settings {
    fn default() -> Self {
        Self { batch_len_max: 256, queue_len_max: 4096, token_lifetime_s: 8 * 3600 }
    }
}

/// The service. Cheap to clone: all clones are one.
#[derive(Debug, Clone)]
pub struct Service {}

impl Service {
    /// Starts the writer over an open store.
    pub fn start(store: Store, clock: Clock, entropy: Entropy, settings: Settings) -> Self { todo!() }
    /// The clock it runs by.
    pub fn clock(&self) -> &Clock { todo!() }
    /// Takes no more commands, finishes those accepted, and ends the writer.
    pub async fn shut_down(&self) { todo!() }
    /// Resolves once the store has failed so that this process must end (an unknown commit).
    pub async fn store_failed(&self) { todo!() }

    pub async fn issue_token(&self, credentials: &Credentials, address: IpAddr) -> Result<IssuedToken, Failure<LoginRefusal>> { todo!() }
    /// Synchronous (microseconds): reads on the calling thread.
    pub fn authenticate(&self, token: &str) -> Result<Caller, Failure<TokenRefusal>> { todo!() }
    pub fn find_contract(&self, caller: &Caller, code: &ContractCode) -> Result<FoundContract, Failure<LookUpRefusal>> { todo!() }
    pub fn list_contracts(&self, caller: &Caller, page: Page) -> Result<Vec<FoundContract>, Failure<LookUpRefusal>> { todo!() }
    pub fn debt(&self, caller: &Caller, code: &ContractCode) -> Result<Debt, Failure<LookUpRefusal>> { todo!() }
    /// `command.collector` must be the caller's.
    pub async fn pay(&self, caller: &Caller, command: PayCommand) -> Result<Accepted<Payment>, Failure<PayRefusal>> { todo!() }
    pub async fn reverse(&self, caller: &Caller, command: ReverseCommand) -> Result<Accepted<Reversal>, Failure<ReverseRefusal>> { todo!() }
    pub fn payment_to_print(&self, caller: &Caller, bill: BillId, payment: PaymentId) -> Result<PaymentState, Failure<PrintRefusal>> { todo!() }
    pub fn day_report(&self, caller: &Caller, day: BusinessDay) -> Result<DayReport, Failure<NoRefusal>> { todo!() }
    pub fn find_payments(&self, caller: &Caller, selector: &PaymentSelector) -> Result<Vec<PaymentState>, Failure<NoRefusal>> { todo!() }

    /// Records a payment taken before the books were opened here (an older system's, the demo's).
    pub async fn record_past_payment(&self, company: CompanyId, past: PastPayment) -> Result<Payment, Failure<PayRefusal>> { todo!() }

    /// Blocking. Checks every line first; writes nothing unless all are valid (or `skip_bad`).
    pub fn import(&self, request: &import::ImportRequest, source: &mut (dyn import::Source), on_news: &mut dyn FnMut(import::News)) -> Result<import::Summary, Failure<import::ImportRefusal>> { todo!() }
    /// Blocking. Recomputes everything from the journal and compares.
    pub fn verify(&self) -> Result<VerifyReport, Failure<NoRefusal>> { todo!() }

    pub async fn add_company(&self, company: NewCompany) -> Result<Company, Failure<AdminRefusal>> { todo!() }
    pub fn companies(&self) -> Result<Vec<Company>, Failure<NoRefusal>> { todo!() }
    /// Settings as `(KEY, VALUE)`; all or none.
    pub async fn set_policy(&self, company: CompanyId, settings: Vec<(String, String)>) -> Result<Company, Failure<AdminRefusal>> { todo!() }
    pub async fn add_collector(&self, collector: NewCollector) -> Result<(Collector, Credentials), Failure<AdminRefusal>> { todo!() }
    /// All collectors, or one company's.
    pub fn collectors(&self, company: Option<CompanyId>) -> Result<Vec<Collector>, Failure<NoRefusal>> { todo!() }
    pub async fn disable_collector(&self, company: CompanyId, name: &str) -> Result<Collector, Failure<AdminRefusal>> { todo!() }
}

/// What `verify` found.
#[derive(Debug, Clone, Default)]
pub struct VerifyReport {
    /// Entries read, over all companies.
    pub entries: u64,
    /// Payments compared, over all companies.
    pub payments: u64,
    /// What differs, one sentence each (Spanish); empty when all is well.
    pub findings: Vec<String>,
}
