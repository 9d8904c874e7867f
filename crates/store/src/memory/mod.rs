//! The store in memory: the specification that every other store is compared with.

mod faults;
mod state;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use jiff::Timestamp;
use ventanilla_domain::{
    Account, Bill, BillId, BillVersion, CallerKey, CollectorId, Company, CompanyId, Contract,
    ContractCode, ContractKey, EntryNumber, Event, EventNumber, FileId, ImportTotals, ImportedFile,
    Member, MemberId, Payment, PaymentId, Posting, Reversal,
};

use crate::former::Former;
use crate::payables::Payables;
use crate::totals::Totals;
use crate::users::Identities;
use crate::window::Window;
pub use faults::{FaultPoint, Faults};

use crate::{
    CollectorRecord, CommitError, Counters, Digest, Entry, FileRecord, Group, Keys, Operation,
    Prepared, StoreError, TokenRecord, TrailRow, Wanted, WantedBearer, journal,
};

/// Everything that is kept.
#[derive(Debug, Clone, Default)]
pub struct State {
    books: BTreeMap<CompanyId, Books>,
    journal: BTreeMap<CompanyId, Vec<Entry>>,
    collectors: BTreeMap<CollectorId, CollectorRecord>,
    tokens: BTreeMap<Digest, TokenRecord>,
    pub(crate) trails: BTreeMap<Option<CompanyId>, Vec<TrailRow>>,
    pub(crate) identities: Identities,
    /// How many transactions have changed collectors, integrators, users or rights.
    pub(crate) identities_version: i64,
    pub(crate) mirror: Option<String>,
}

/// A caller key with what it belongs to, and the payment it made or reversed.
pub(crate) type Attempt = ((CollectorId, Operation, CallerKey), PaymentId);

/// A company's books: all that its journal says.
#[derive(Debug, Clone)]
pub(crate) struct Books {
    pub(crate) company: Arc<Company>,
    pub(crate) counters: Counters,
    pub(crate) files: BTreeMap<FileId, FileRecord>,
    pub(crate) members: BTreeMap<MemberId, Member>,
    pub(crate) contracts: BTreeMap<ContractKey, Contract>,
    pub(crate) codes: BTreeMap<ContractCode, ContractKey>,
    pub(crate) former_codes: BTreeSet<(ContractCode, ContractKey)>,
    pub(crate) bills: BTreeMap<(ContractKey, BillId), Bill>,
    pub(crate) bill_contracts: BTreeMap<BillId, ContractKey>,
    pub(crate) versions: BTreeMap<(ContractKey, BillId, u32), BillVersion>,
    pub(crate) payments: BTreeMap<PaymentId, Payment>,
    pub(crate) reversals: BTreeMap<PaymentId, Reversal>,
    pub(crate) attempts: BTreeMap<(CollectorId, Operation, CallerKey), PaymentId>,
    pub(crate) balances: BTreeMap<Account, i64>,
    pub(crate) events: BTreeMap<EventNumber, EntryNumber>,
    pub(crate) payables: Payables,
    pub(crate) window: Window,
    pub(crate) former: Former,
    pub(crate) totals: Totals,
}

impl Books {
    /// Books as the event that opens them leaves them; any other event opens none.
    pub(crate) fn opened(event: &Event) -> Result<Self, StoreError> {
        let Event::CompanyOpened { company, first_payment } = event else {
            return Err(StoreError::damaged("books start with the event that opens them"));
        };
        Ok(Self {
            company: Arc::new(company.as_ref().clone()),
            counters: Counters::starting_at(*first_payment),
            files: BTreeMap::new(),
            members: BTreeMap::new(),
            contracts: BTreeMap::new(),
            codes: BTreeMap::new(),
            former_codes: BTreeSet::new(),
            bills: BTreeMap::new(),
            bill_contracts: BTreeMap::new(),
            versions: BTreeMap::new(),
            payments: BTreeMap::new(),
            reversals: BTreeMap::new(),
            attempts: BTreeMap::new(),
            balances: BTreeMap::new(),
            events: BTreeMap::new(),
            payables: Payables::default(),
            window: Window::default(),
            former: Former::default(),
            totals: Totals::default(),
        })
    }

    /// The version of a bill that is in force.
    pub(crate) fn version_in_force(
        &self,
        contract: ContractKey,
        bill: BillId,
    ) -> Option<&BillVersion> {
        let number = self.bills.get(&(contract, bill))?.version;
        self.versions.get(&(contract, bill, number))
    }

    /// The bills after number `after`, by number.
    fn bills_after(&self, after: i64) -> impl Iterator<Item = Bill> {
        let bills = self.bill_contracts.iter().filter(move |(bill, _)| bill.to_i64() > after);
        bills.filter_map(|(bill, key)| self.bills.get(&(*key, *bill)).copied())
    }

    /// Lets the next entry take effect. An event that breaks a rule that must stand is refused.
    pub(crate) fn apply(&mut self, event: &Event, postings: &[Posting]) -> Result<(), StoreError> {
        match event {
            Event::CompanyOpened { .. } => {}
            Event::PolicyChanged(policy) => {
                Arc::make_mut(&mut self.company).policy = policy.as_ref().clone();
            }
            Event::IssuerKept(issuer) => self.keep_issuer(issuer)?,
            Event::LogoKept(logo) => self.keep_logo(logo)?,
            Event::FileImported(file) => self.add_file(file)?,
            Event::MemberKept(member) => self.keep_member(member)?,
            Event::ContractKept(contract) => self.keep_contract(contract)?,
            Event::FileFinished { file, totals } => self.finish_file(*file, totals)?,
            Event::BillsVersioned(versions) => {
                versions.iter().try_for_each(|version| self.add_version(version))?;
            }
            Event::PaymentMade(payment) => {
                self.add_payment(payment)?;
                self.number_event()?;
            }
            Event::PaymentReversed(reversal) => {
                self.add_reversal(reversal)?;
                self.number_event()?;
            }
            Event::SupplierKept(supplier) => self.keep_supplier(supplier)?,
            Event::InvoiceEntered(invoice) => self.enter_invoice(invoice)?,
            Event::PayoutMade(payout) => self.make_payout(payout)?,
            Event::PayoutReversed(reversal) => self.reverse_payout(reversal)?,
            Event::DrawerOpened(opening) => self.open_drawer(opening)?,
            Event::DrawerClosed(closing) => self.close_drawer(closing)?,
            Event::DrawerApproved(approval) => self.approve_drawer(approval)?,
            Event::ReceiptIssued(receipt) => self.issue_receipt(receipt)?,
            Event::ReceiptReversed(reversal) => self.reverse_receipt(reversal)?,
            Event::RemittanceMade(remittance) => self.make_remittance(remittance)?,
            Event::RemittanceReversed(reversal) => self.reverse_remittance(reversal)?,
            Event::BooksRestored(restoration) => {
                self.counters = self.counters.stepped(restoration)?;
                self.find_free_payment()?;
            }
        }
        for posting in postings {
            self.post(&posting.debit, posting.amount.to_minor())?;
            self.post(&posting.credit, -posting.amount.to_minor())?;
        }
        Ok(())
    }

    fn post(&mut self, account: &Account, minor: i64) -> Result<(), StoreError> {
        let balance = self.balances.entry(account.clone()).or_default();
        let sum = balance.checked_add(minor);
        *balance = sum.ok_or_else(|| StoreError::damaged("a balance does not fit"))?;
        Ok(())
    }

    fn add_file(&mut self, file: &ImportedFile) -> Result<(), StoreError> {
        self.counters.next_file = file.id.checked_next().map_err(exhausted)?;
        let entry = self.counters.next_entry;
        self.files.insert(file.id, FileRecord { file: file.clone(), entry, totals: None });
        Ok(())
    }

    fn finish_file(&mut self, file: FileId, totals: &ImportTotals) -> Result<(), StoreError> {
        let record = self.files.get_mut(&file).filter(|record| record.totals.is_none());
        let record = record.ok_or_else(|| StoreError::damaged("no such file is open"))?;
        record.totals = Some(*totals);
        Ok(())
    }

    fn number_event(&mut self) -> Result<(), StoreError> {
        let number = self.counters.next_event;
        self.events.insert(number, self.counters.next_entry);
        self.counters.next_event = number.checked_next().map_err(exhausted)?;
        Ok(())
    }

    fn keep_member(&mut self, member: &Member) -> Result<(), StoreError> {
        if let Some(before) = self.members.insert(member.id, member.clone()) {
            self.keep_former_member(before, member);
        }
        while self.members.contains_key(&self.counters.next_member) {
            self.counters.next_member =
                self.counters.next_member.checked_next().map_err(exhausted)?;
        }
        Ok(())
    }

    fn keep_contract(&mut self, contract: &Contract) -> Result<(), StoreError> {
        if contract.key == self.counters.next_contract {
            self.counters.next_contract = contract.key.checked_next().map_err(exhausted)?;
        }
        if let Some(before) = self.contracts.insert(contract.key, contract.clone()) {
            self.codes.remove(&before.code);
            if before.code != contract.code {
                self.former_codes.insert((before.code.clone(), before.key));
            }
            self.keep_former_contract(before, contract);
        }
        match self.codes.insert(contract.code.clone(), contract.key) {
            Some(_) => Err(StoreError::damaged("two contracts have one code")),
            None => Ok(()),
        }
    }

    fn add_version(&mut self, version: &BillVersion) -> Result<(), StoreError> {
        let key = (version.contract, version.bill);
        if *self.bill_contracts.entry(version.bill).or_insert(version.contract) != version.contract
        {
            return Err(StoreError::damaged("two contracts owe one bill"));
        }
        let replaced = self.version_in_force(version.contract, version.bill).cloned();
        let before = self.bills.get(&key);
        if before.is_some_and(|before| before.paid_by.is_some()) {
            return Err(StoreError::damaged("a paid bill was changed"));
        }
        if before.map_or(0, |before| before.version) + 1 != version.number {
            return Err(StoreError::damaged("a bill's versions have a gap"));
        }
        let last_payment = before.and_then(|before| before.last_payment);
        let bill = Bill::from_version(version, last_payment);
        self.totals.change(std::slice::from_ref(version), &[replaced.as_ref()])?;
        self.bills.insert(key, bill);
        self.versions.insert((version.contract, version.bill, version.number), version.clone());
        Ok(())
    }

    fn add_payment(&mut self, payment: &Payment) -> Result<(), StoreError> {
        let bill = self.bills.get_mut(&(payment.contract, payment.bill));
        let bill = bill
            .filter(|bill| bill.is_unpaid() && bill.version == payment.bill_version)
            .filter(|bill| bill.amount == payment.amount)
            .ok_or_else(|| StoreError::damaged("a payment found no such unpaid bill"))?;
        bill.paid_by = Some(payment.id);
        bill.last_payment = Some(payment.id);
        if self.payments.insert(payment.id, payment.clone()).is_some() {
            return Err(StoreError::damaged("a payment's id was used twice"));
        }
        self.totals.pay(&self.company, payment)?;
        self.find_free_payment()?;
        self.add_attempt(payment.collector, Operation::Pay, payment.caller_key.as_ref(), payment.id)
    }

    /// Moves the counter to the next id that no payment has.
    fn find_free_payment(&mut self) -> Result<(), StoreError> {
        while self.payments.contains_key(&self.counters.next_payment) {
            self.counters.next_payment =
                self.counters.next_payment.checked_next().map_err(exhausted)?;
        }
        Ok(())
    }

    fn add_reversal(&mut self, reversal: &Reversal) -> Result<(), StoreError> {
        let bill = self.bills.get_mut(&(reversal.contract, reversal.bill));
        let bill = bill
            .filter(|bill| bill.paid_by == Some(reversal.payment))
            .ok_or_else(|| StoreError::damaged("a reversal found no paid bill"))?;
        bill.paid_by = None;
        self.totals.reverse(&self.company, reversal, bill.period)?;
        if self.reversals.insert(reversal.payment, reversal.clone()).is_some() {
            return Err(StoreError::damaged("a payment was reversed twice"));
        }
        let key = reversal.caller_key.as_ref();
        self.add_attempt(reversal.collector, Operation::Reverse, key, reversal.payment)
    }

    fn add_attempt(
        &mut self,
        collector: CollectorId,
        operation: Operation,
        key: Option<&CallerKey>,
        payment: PaymentId,
    ) -> Result<(), StoreError> {
        let Some(key) = key else { return Ok(()) };
        match self.attempts.insert((collector, operation, key.clone()), payment) {
            Some(_) => Err(StoreError::damaged("a caller key was used twice")),
            None => Ok(()),
        }
    }
}

pub(crate) fn exhausted(cause: ventanilla_domain::IdOutOfRange) -> StoreError {
    StoreError::damaged_by("a counter is exhausted", cause)
}

/// A store in memory: a state that is replaced whole at each commit.
#[derive(Debug, Clone)]
pub struct Memory {
    current: Arc<RwLock<Arc<State>>>,
    writing: Arc<Mutex<()>>,
    keys: Keys,
    faults: Option<Arc<Faults>>,
}

impl Memory {
    pub(crate) fn new(keys: Keys, faults: Option<Faults>) -> Self {
        let faults = faults.map(Arc::new);
        Self { current: Arc::default(), writing: Arc::default(), keys, faults }
    }

    pub(crate) fn keys(&self) -> &Keys {
        &self.keys
    }

    pub(crate) fn snapshot(&self) -> Result<Arc<State>, StoreError> {
        self.at(FaultPoint::Snapshot)?;
        Ok(self.current())
    }

    fn current(&self) -> Arc<State> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// A transaction that writes; waits for the one before it. `point` is what it counts as.
    pub(crate) fn begin(&self, point: FaultPoint) -> Result<MemoryTx<'_>, StoreError> {
        let writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        self.at(point)?;
        let state = self.current().as_ref().clone();
        Ok(MemoryTx { store: self, state, is_identities_touched: false, _writing: writing })
    }

    fn at(&self, point: FaultPoint) -> Result<(), StoreError> {
        self.faults.as_ref().map_or(Ok(()), |faults| faults.at(point))
    }

    pub(crate) fn writers(&self) -> usize {
        self.faults.as_ref().map_or(1, |faults| faults.writers)
    }

    pub(crate) fn is_remote(&self) -> bool {
        self.faults.as_ref().is_some_and(|faults| faults.is_remote)
    }

    /// The groups of what waits, by company; what names none, or a token that nobody has, is one more.
    pub(crate) fn groups(&self, wanted: &[Option<&Wanted>]) -> Result<Vec<Group>, StoreError> {
        self.at(FaultPoint::Groups)?;
        let state = self.current();
        let company_of = |wanted: &Wanted| match &wanted.bearer {
            WantedBearer::Collector(company, _) => Some(*company),
            WantedBearer::Token(digest) => state.bearer(digest).map(|bearer| bearer.company.id),
        };
        let mut groups = BTreeMap::<_, Vec<usize>>::new();
        for (place, wanted) in wanted.iter().enumerate() {
            groups.entry(wanted.and_then(company_of)).or_default().push(place);
        }
        Ok(groups.into_values().map(|places| Group { places, company: None }).collect())
    }
}

/// A transaction on a copy of the state; dropped, it leaves nothing.
#[derive(Debug)]
pub struct MemoryTx<'a> {
    store: &'a Memory,
    pub(crate) state: State,
    is_identities_touched: bool,
    _writing: MutexGuard<'a, ()>,
}

impl MemoryTx<'_> {
    pub(crate) fn state(&self) -> &State {
        &self.state
    }

    pub(crate) fn keys(&self) -> &Keys {
        &self.store.keys
    }

    pub(crate) fn append(
        &mut self,
        company: CompanyId,
        prepared: &Prepared,
        recorded_at: Timestamp,
    ) -> Result<(), StoreError> {
        self.store.at(FaultPoint::Append)?;
        let Prepared { event, postings, written, .. } = prepared;
        if let Event::CompanyOpened { .. } = event {
            if self.state.books.contains_key(&company) {
                return Err(StoreError::damaged("books were opened twice"));
            }
            self.state.books.insert(company, Books::opened(event)?);
        }
        let books = self.state.books.get_mut(&company);
        let books = books.ok_or_else(|| StoreError::damaged("an entry found no books"))?;
        books.apply(event, postings)?;
        let number = books.counters.next_entry;
        let chain = journal::link(
            &self.store.keys,
            company,
            number,
            recorded_at,
            written,
            postings,
            &books.counters.chain,
        );
        books.counters.chain = chain;
        books.counters.next_entry = number.checked_next().map_err(exhausted)?;
        let (event, written, postings) = (event.clone(), written.clone(), postings.clone());
        let entry = Entry { number, recorded_at, event, written, postings, chain };
        self.state.journal.entry(company).or_default().push(entry);
        Ok(())
    }

    pub(crate) fn touch_identities(&mut self) {
        if !std::mem::replace(&mut self.is_identities_touched, true) {
            self.state.identities_version = self.state.identities_version.saturating_add(1);
        }
    }

    pub(crate) fn put_collector(&mut self, record: CollectorRecord) {
        self.state.collectors.insert(record.id, record);
    }

    pub(crate) fn put_token(&mut self, record: TokenRecord) {
        self.state.tokens.insert(record.digest, record);
    }

    pub(crate) fn drop_token(&mut self, digest: &Digest) {
        self.state.tokens.remove(digest);
    }

    pub(crate) fn end_all_sign_ins(&mut self) {
        self.state.tokens.clear();
        self.state.identities.drop_all_sessions();
    }

    pub(crate) fn drop_tokens(&mut self, collector: CollectorId, ended_before: Timestamp) {
        self.state
            .tokens
            .retain(|_, token| token.collector != collector || token.expires_at >= ended_before);
    }

    /// That a row of a trail may be written.
    pub(crate) fn allow_append(&self) -> Result<(), StoreError> {
        self.store.at(FaultPoint::Append)
    }

    pub(crate) fn commit(self) -> Result<(), CommitError> {
        let faults = self.store.faults.as_ref();
        faults.map_or(Ok(()), |faults| faults.commit(FaultPoint::Commit))?;
        let mut current = self.store.current.write().unwrap_or_else(PoisonError::into_inner);
        *current = Arc::new(self.state);
        drop(current);
        faults.map_or(Ok(()), |faults| faults.commit(FaultPoint::Committed))
    }
}
