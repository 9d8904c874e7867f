//! What is written: one transaction for many acts.

mod apply;
mod former;
mod held;
mod payables;
mod window;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use jiff::Timestamp;
use ventanilla_domain::{
    Account, CollectorId, Company, CompanyId, EntryNumber, Event, IdOutOfRange, Member, Money,
    PaymentId, Posting,
};

use super::{KnownCompanies, Params, Reads, Value, Words, values};
use crate::journal::{self, PolicyRecord, to_json};
use crate::postgres::again_if_taken;
use crate::totals::Totals;
use crate::{
    Bearer, CollectorRecord, CommitError, Counters, Digest, Keys, Prepared, StoreError, TokenRecord,
};

pub(crate) use held::{Held, Hold};

type Write = Result<(), StoreError>;

/// A transaction that writes. Dropped without a commit, it leaves nothing.
#[derive(Debug)]
pub struct SqlTx<'a> {
    pub(super) held: Held<'a>,
    keys: &'a Keys,
    known: &'a KnownCompanies,
    /// What many acts of one company change alike is kept here and written once, at the commit.
    pending: HashMap<CompanyId, Pending>,
    /// Companies read in this transaction: nobody else changes them while it lasts.
    companies: HashMap<CompanyId, Arc<Company>>,
    /// The same of tokens: the callers of a group are often one collector.
    bearers: HashMap<Digest, Option<Bearer>>,
    is_identities_touched: bool,
}

#[derive(Debug)]
struct Pending {
    counters: Counters,
    /// No payment has a greater id: one beyond it is free without a look.
    greatest_payment: i64,
    balances: BTreeMap<Account, i64>,
    totals: Totals,
    words: Words,
}

impl Pending {
    fn new(counters: Counters, greatest_payment: i64) -> Self {
        Self {
            counters,
            greatest_payment,
            balances: BTreeMap::new(),
            totals: Totals::default(),
            words: Words::default(),
        }
    }
}

impl<'a> SqlTx<'a> {
    pub(crate) fn begin(held: Held<'a>, keys: &'a Keys, known: &'a KnownCompanies) -> Self {
        Self {
            held,
            keys,
            known,
            pending: HashMap::new(),
            companies: HashMap::new(),
            bearers: HashMap::new(),
            is_identities_touched: false,
        }
    }

    pub(crate) fn reads(&self) -> Reads<'_> {
        Reads::new(self.held.link(), self.known)
    }

    pub(in crate::sql) fn keys(&self) -> &'a Keys {
        self.keys
    }

    /// The company as this transaction leaves it so far.
    pub(crate) fn company(&mut self, id: CompanyId) -> Result<Option<Arc<Company>>, StoreError> {
        if let Some(company) = self.companies.get(&id) {
            return Ok(Some(Arc::clone(company)));
        }
        self.held.take(id, self.keys)?;
        let company = self.reads().company(id)?;
        if let Some(company) = &company {
            self.companies.insert(id, Arc::clone(company));
        }
        Ok(company)
    }

    /// What a token stands for, as this transaction leaves it so far.
    pub(crate) fn bearer(&mut self, digest: &Digest) -> Result<Option<Bearer>, StoreError> {
        if let Some(bearer) = self.bearers.get(digest) {
            return Ok(bearer.clone());
        }
        let mut bearer = self.reads().bearer(digest)?;
        // Whoever may act now may not act any more once others are kept from disabling it.
        if let Some(found) = &bearer
            && self.held.take(found.company.id, self.keys)?
        {
            bearer = self.reads().bearer(digest)?;
        }
        self.bearers.insert(*digest, bearer.clone());
        Ok(bearer)
    }

    pub(crate) fn hold_identities(&self, hold: Hold) -> Write {
        self.held.hold_identities(hold)
    }

    /// The counters as this transaction leaves them so far.
    pub(crate) fn counters(&mut self, company: CompanyId) -> Result<Option<Counters>, StoreError> {
        if let Some(pending) = self.pending.get(&company) {
            return Ok(Some(pending.counters));
        }
        self.held.take(company, self.keys)?;
        let counters = self.reads().counters(company)?;
        if let Some(counters) = counters {
            let greatest_payment = self.reads().greatest_payment(company)?;
            self.pending.insert(company, Pending::new(counters, greatest_payment));
        }
        Ok(counters)
    }

    /// What an account holds as this transaction leaves it so far, in hundredths, debits positive.
    pub(crate) fn balance(
        &mut self,
        company: CompanyId,
        account: &Account,
    ) -> Result<i64, StoreError> {
        self.held.take(company, self.keys)?;
        let pending = self.pending.get(&company);
        let pending = pending.and_then(|pending| pending.balances.get(account)).copied();
        let kept = self.reads().balance(company, account)?;
        let sum = kept.checked_add(pending.unwrap_or(0));
        sum.ok_or_else(|| StoreError::damaged("a balance does not fit"))
    }

    pub(crate) fn append(
        &mut self,
        company: CompanyId,
        prepared: &Prepared,
        recorded_at: Timestamp,
    ) -> Write {
        let Prepared { event, postings, .. } = prepared;
        if let Event::CompanyOpened { company: opened, first_payment } = event {
            self.open_books(opened, *first_payment)?;
        }
        if let Event::PolicyChanged(_) | Event::IssuerKept(_) = event {
            self.companies.remove(&company);
            self.bearers.clear();
        }
        let counters = self.counters(company)?;
        let mut counters =
            counters.ok_or_else(|| StoreError::damaged("an entry found no books"))?;
        let former = self.apply(company, prepared, &mut counters)?;
        self.write_entry(company, prepared, recorded_at, &mut counters)?;
        self.add_up(company, prepared, former.as_ref())?;
        let pending = self.pending_of(company)?;
        pending.counters = counters;
        if let Event::PaymentMade(payment) = event {
            pending.greatest_payment = pending.greatest_payment.max(payment.id.to_i64());
        }
        for posting in postings {
            add(&mut pending.balances, &posting.debit, posting.amount.to_minor())?;
            add(&mut pending.balances, &posting.credit, -posting.amount.to_minor())?;
        }
        Ok(())
    }

    /// Adds up what an event changes of what was collected, of what is owed, and of the words of a member, which
    /// was another before.
    fn add_up(
        &mut self,
        company: CompanyId,
        prepared: &Prepared,
        former: Option<&Member>,
    ) -> Write {
        match &prepared.event {
            Event::PaymentMade(payment) => {
                let of = self.company_known(company)?;
                self.pending_of(company)?.totals.pay(&of, payment)
            }
            Event::PaymentReversed(reversal) => {
                let period = self.reads().period_paid(company, reversal.payment.to_i64())?;
                let of = self.company_known(company)?;
                self.pending_of(company)?.totals.reverse(&of, reversal, period)
            }
            Event::BillsVersioned(_) => self.pending_of(company)?.totals.add(&prepared.owed),
            Event::MemberKept(member) => {
                self.pending_of(company)?.words.change(former, member);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn pending_of(&mut self, company: CompanyId) -> Result<&mut Pending, StoreError> {
        let pending = self.pending.get_mut(&company);
        pending.ok_or_else(|| StoreError::damaged("an entry found no books"))
    }

    /// A company whose books are open, as it was read in this transaction: whoever pays has been looked up, mostly.
    fn company_known(&mut self, id: CompanyId) -> Result<Arc<Company>, StoreError> {
        let bearers = self.bearers.values().flatten().map(|bearer| &bearer.company);
        let mut known = self.companies.get(&id).into_iter().chain(bearers);
        if let Some(company) = known.find(|company| company.id == id) {
            return Ok(Arc::clone(company));
        }
        self.company(id)?.ok_or_else(|| StoreError::damaged("an entry found no books"))
    }

    /// Commits. An error of the disk here leaves the outcome unknown; a full disk does not.
    pub(crate) fn commit(mut self) -> Result<(), CommitError> {
        self.write_pending().map_err(CommitError::Nothing)?;
        self.held.commit()
    }

    /// Runs one statement and says how many rows it changed.
    pub(in crate::sql) fn run<'v>(
        &self,
        sql: &str,
        params: impl Params<'v>,
    ) -> Result<u64, StoreError> {
        let values = params.into_values();
        self.held.link().run(sql, values.as_ref())
    }

    /// Runs one statement that must change exactly one row.
    fn run_one<'v>(&self, sql: &str, params: impl Params<'v>, broken: &'static str) -> Write {
        if self.run(sql, params)? == 1 { Ok(()) } else { Err(StoreError::damaged(broken)) }
    }

    fn open_books(&mut self, company: &Company, first_payment: PaymentId) -> Write {
        let policy = to_json(&PolicyRecord::from_policy(&company.policy));
        self.run(
            "INSERT INTO company (company_id, name, currency, time_zone, policy) \
             VALUES (?1, ?2, ?3, ?4, ?5)",
            (
                company.id.to_i64(),
                company.name.as_str(),
                company.currency.to_code(),
                company.time_zone.to_name(),
                policy,
            ),
        )?;
        let counters = Counters::starting_at(first_payment);
        self.run(
            "INSERT INTO counter (company_id, next_payment, next_member, next_contract, \
             next_file, next_entry, chain, next_event, next_supplier, next_invoice, next_payout, \
             payable_entries, next_receipt, next_drawer, next_remittance, window_entries) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)",
            counter_row(company.id, &counters),
        )?;
        self.pending.insert(company.id, Pending::new(counters, 0));
        Ok(())
    }

    fn write_entry(
        &self,
        company: CompanyId,
        prepared: &Prepared,
        recorded_at: Timestamp,
        counters: &mut Counters,
    ) -> Write {
        let Prepared { written, postings, .. } = prepared;
        let number = counters.next_entry;
        let before = &counters.chain;
        let chain =
            journal::link(self.keys, company, number, recorded_at, written, postings, before);
        let first = postings.first();
        self.run(
            "INSERT INTO journal (company_id, entry_number, row_number, recorded_at_us, kind, \
             payload, chain, debit, credit, amount_minor) \
             VALUES (?1, ?2, 0, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
            (
                company.to_i64(),
                number.to_i64(),
                recorded_at.as_microsecond(),
                &written.kind,
                &written.payload,
                chain,
                first.map(|posting| posting.debit.to_string()),
                first.map(|posting| posting.credit.to_string()),
                first.map(|posting| posting.amount.to_minor()),
            ),
        )?;
        for (row, posting) in (1_i64..).zip(postings.iter().skip(1)) {
            self.write_posting(company, number, row, posting)?;
        }
        counters.chain = chain;
        counters.next_entry = number.checked_next().map_err(exhausted)?;
        Ok(())
    }

    fn write_posting(
        &self,
        company: CompanyId,
        number: EntryNumber,
        row: i64,
        posting: &Posting,
    ) -> Write {
        self.run(
            "INSERT INTO journal (company_id, entry_number, row_number, debit, credit, \
             amount_minor) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            (
                company.to_i64(),
                number.to_i64(),
                row,
                posting.debit.to_string(),
                posting.credit.to_string(),
                posting.amount.to_minor(),
            ),
        )?;
        Ok(())
    }

    /// Writes the counters, balances, totals and words of every company the transaction touched.
    fn write_pending(&mut self) -> Write {
        for (company, pending) in std::mem::take(&mut self.pending) {
            self.run_one(
                "UPDATE counter SET next_payment = ?2, next_member = ?3, next_contract = ?4, \
                 next_file = ?5, next_entry = ?6, chain = ?7, next_event = ?8, \
                 next_supplier = ?9, next_invoice = ?10, next_payout = ?11, \
                 payable_entries = ?12, next_receipt = ?13, next_drawer = ?14, \
                 next_remittance = ?15, window_entries = ?16 WHERE company_id = ?1",
                counter_row(company, &pending.counters),
                "counters found no company",
            )?;
            for (account, minor) in pending.balances {
                self.run(
                    "INSERT INTO balance (company_id, account, balance_minor) \
                     VALUES (?1, ?2, ?3) ON CONFLICT (company_id, account) \
                     DO UPDATE SET balance_minor = balance.balance_minor + excluded.balance_minor",
                    (company.to_i64(), account.to_string(), minor),
                )?;
            }
            pending.totals.write(self.held.link(), company)?;
            pending.words.write(self.held.link(), company)?;
        }
        Ok(())
    }

    pub(crate) fn touch_identities(&mut self) -> Write {
        if !std::mem::replace(&mut self.is_identities_touched, true) {
            self.run("UPDATE mirror SET identities_version = identities_version + 1", ())?;
        }
        Ok(())
    }

    /// Writes `len` bytes, for the tests of a full disk.
    #[cfg(test)]
    pub(crate) fn fill(&self, len: u32) -> Write {
        self.run("CREATE TABLE IF NOT EXISTS filler (content BLOB)", ())?;
        self.run("INSERT INTO filler VALUES (zeroblob(?1))", [len])?;
        Ok(())
    }

    pub(crate) fn put_collector(&mut self, record: &CollectorRecord) -> Write {
        // Whoever pays meanwhile has paid before: from the commit on, what is disabled pays nothing.
        self.held.take(record.company, self.keys)?;
        self.bearers.clear();
        self.run(
            "INSERT INTO collector (collector_id, company_id, name, login, code_digest, \
             secret_digest, can_list, is_active, previous_secret_digest, previous_until_us, \
             is_window, payment_max_minor, held_max_minor) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13) \
             ON CONFLICT (collector_id) DO UPDATE SET can_list = excluded.can_list, \
             is_active = excluded.is_active, secret_digest = excluded.secret_digest, \
             previous_secret_digest = excluded.previous_secret_digest, \
             previous_until_us = excluded.previous_until_us, \
             payment_max_minor = excluded.payment_max_minor, \
             held_max_minor = excluded.held_max_minor",
            values![
                record.id.to_i64(),
                record.company.to_i64(),
                record.name.as_str(),
                record.login.as_str(),
                record.code_digest,
                record.secret_digest,
                record.can_list,
                record.is_active,
                record.previous.map(|previous| previous.digest),
                record.previous.map(|previous| previous.until.as_microsecond()),
                record.is_window,
                record.limits.payment_max().map(Money::to_minor),
                record.limits.held_max().map(Money::to_minor),
            ],
        )
        .map(drop)
        .map_err(again_if_taken)
    }

    pub(crate) fn put_token(&mut self, record: &TokenRecord) -> Write {
        self.bearers.clear();
        self.run(
            "INSERT INTO token (digest, collector_id, issued_at_us, expires_at_us) \
             VALUES (?1, ?2, ?3, ?4)",
            (
                record.digest,
                record.collector.to_i64(),
                record.issued_at.map(Timestamp::as_microsecond),
                record.expires_at.as_microsecond(),
            ),
        )
        .map(drop)
        .map_err(again_if_taken)
    }

    pub(crate) fn drop_token(&mut self, digest: &Digest) -> Write {
        if let Some(company) = self.reads().company_of_token(digest)? {
            self.held.take(company, self.keys)?;
        }
        self.bearers.clear();
        self.run("DELETE FROM token WHERE digest = ?1", [digest])?;
        Ok(())
    }

    pub(crate) fn end_all_sign_ins(&mut self) -> Write {
        self.bearers.clear();
        for table in ["token", "user_session", "console_session", "invitation"] {
            self.run(&format!("DELETE FROM {table}"), ())?;
        }
        Ok(())
    }

    pub(crate) fn drop_tokens(&mut self, collector: CollectorId, ended_before: Timestamp) -> Write {
        self.bearers.clear();
        self.run(
            "DELETE FROM token WHERE collector_id = ?1 AND expires_at_us < ?2",
            (collector.to_i64(), ended_before.as_microsecond()),
        )?;
        Ok(())
    }
}

fn to_signed(count: u64) -> Result<i64, StoreError> {
    i64::try_from(count).map_err(|cause| StoreError::damaged_by("a count does not fit", cause))
}

fn exhausted(cause: IdOutOfRange) -> StoreError {
    StoreError::damaged_by("a counter is exhausted", cause)
}

fn add(balances: &mut BTreeMap<Account, i64>, account: &Account, minor: i64) -> Write {
    let balance = balances.entry(account.clone()).or_default();
    let sum = balance.checked_add(minor);
    *balance = sum.ok_or_else(|| StoreError::damaged("a balance does not fit"))?;
    Ok(())
}

fn counter_row(company: CompanyId, counters: &Counters) -> [Value<'static>; 16] {
    values![
        company.to_i64(),
        counters.next_payment.to_i64(),
        counters.next_member.to_i64(),
        counters.next_contract.to_i64(),
        counters.next_file.to_i64(),
        counters.next_entry.to_i64(),
        counters.chain,
        counters.next_event.to_i64(),
        counters.next_supplier.to_i64(),
        counters.next_invoice.to_i64(),
        counters.next_payout.to_i64(),
        counters.payable_entries,
        counters.next_receipt.to_i64(),
        counters.next_drawer.to_i64(),
        counters.next_remittance.to_i64(),
        counters.window_entries,
    ]
}
