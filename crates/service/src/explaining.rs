//! The life of a payment, and of all that was tried around it: from the books and from the trail.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;
use ventanilla_domain::{
    Bill, BillId, BillVersion, CallerKey, CollectorId, Company, CompanyId, Contract, ContractCode,
    EntryNumber, Event, Label, Name, Payment, PaymentId, Posting, ReceiptId, Reversal,
};
use ventanilla_store::{Entry, Operation, StoreError, View};

use crate::collecting::Decided;
use crate::failure::damaged;
use crate::{ActRecord, Failure, Service};

/// Acts that are told at most: the rest is counted.
const ACTS_MAX: usize = 2_000;
/// Bills that are explained since attempts name them, at most.
const NAMED_MAX: usize = 20;
/// Events read at a time.
const PAGE_LEN: usize = 500;

/// What is to be explained.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Question {
    /// A payment.
    Payment(PaymentId),
    /// A bill, with all its payments.
    Bill(BillId),
    /// A contract, by a code it has or had, with all its bills.
    Contract(ContractCode),
    /// A caller's name for an attempt, whoever used it.
    Key(CallerKey),
}

/// Why nothing is explained.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ExplainRefusal {
    /// No company of that id.
    #[error("no such company")]
    CompanyUnknown,
}

/// What the books and the trail say of a question.
#[derive(Debug, Clone)]
pub struct Explanation {
    /// Whose books.
    pub company: Arc<Company>,
    /// The bills it is about, by number.
    pub bills: Vec<ExplainedBill>,
    /// The acts about them, in the order of their times: 2,000 at most.
    pub acts: Vec<ActRecord<'static>>,
    /// Acts that are left out, since there are so many.
    pub more_acts: u64,
    /// The names of the company's collectors, by id.
    pub collectors: BTreeMap<i64, Label>,
}

impl Explanation {
    /// Whether neither the books nor the trail know anything of it.
    pub fn is_empty(&self) -> bool {
        self.bills.is_empty() && self.acts.is_empty()
    }
}

/// A bill with all that became of it.
#[derive(Debug, Clone)]
pub struct ExplainedBill {
    /// The bill as it stands.
    pub bill: Bill,
    /// The contract that owes it.
    pub contract: Contract,
    /// Its versions, each with the name of the file it came from.
    pub versions: Vec<(BillVersion, Name)>,
    /// Its payments, the first first.
    pub payments: Vec<ExplainedPayment>,
}

/// A payment with what it posted.
#[derive(Debug, Clone)]
pub struct ExplainedPayment {
    /// The payment.
    pub payment: Payment,
    /// Its entry in the journal.
    pub entry: Posted,
    /// Where a collector's report brought it: when the books had been restored.
    pub restored_at: Option<Timestamp>,
    /// Its reversal, with its own.
    pub reversal: Option<(Reversal, Posted)>,
    /// The receipt of the window that it is in.
    pub receipt: Option<ReceiptId>,
}

/// What an act posted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Posted {
    /// The number of the entry.
    pub entry: EntryNumber,
    /// When it was written.
    pub recorded_at: Timestamp,
    /// What it posted.
    pub postings: Vec<Posting>,
}

impl Service {
    /// Explains what a question is about. Refuses an unknown company.
    ///
    /// The books are read of one snapshot; the trail, which has no index, is read through, a page at a
    /// time. Where the books know nothing of it but attempts name bills, these are explained.
    pub fn explain(
        &self,
        company: CompanyId,
        question: &Question,
    ) -> Result<Explanation, Failure<ExplainRefusal>> {
        let explanation = self.explain_with(company, question, &[])?;
        if !explanation.bills.is_empty() {
            return Ok(explanation);
        }
        let named = explanation.acts.iter().filter_map(|act| BillId::from_i64(act.bill?).ok());
        let named: BTreeSet<BillId> = named.take(NAMED_MAX).collect();
        if named.is_empty() {
            return Ok(explanation);
        }
        self.explain_with(company, question, &Vec::from_iter(named))
    }

    /// The same, of these bills too.
    fn explain_with(
        &self,
        company: CompanyId,
        question: &Question,
        more: &[BillId],
    ) -> Result<Explanation, Failure<ExplainRefusal>> {
        self.settle()?;
        let from_books = self.read_decided(|view| from_books(view, company, question, more));
        let (mut explanation, wanted) = from_books?;
        let takes = |line: &str| wanted.takes(line);
        let visited = self.visit_trail(Some(company), &takes, &mut |act| {
            if wanted.is_about(&act) {
                if explanation.acts.len() < ACTS_MAX {
                    explanation.acts.push(act);
                } else {
                    explanation.more_acts += 1;
                }
            }
            true
        });
        visited.map_err(|failure| failure.map(|refusal| match refusal {}))?;
        // An act is noted when its outcome is known, and written with others a while later.
        explanation.acts.sort_by_key(|act| act.at_us);
        Ok(explanation)
    }
}

/// What the acts that are told must name.
#[derive(Debug, Default)]
struct Wanted {
    payments: BTreeSet<i64>,
    bills: BTreeSet<i64>,
    receipts: BTreeSet<i64>,
    /// Without their leading zeros, since callers name them with and without.
    contracts: BTreeSet<String>,
    /// Keys with whose they are: another collector's same key is another name. `None` is anybody's.
    keys: BTreeSet<(Option<i64>, String)>,
    /// A part of the line of every such act, for each of these.
    parts: Vec<String>,
}

impl Wanted {
    /// The acts about some bills, and those that name what the question names.
    fn of(question: &Question, bills: &[ExplainedBill]) -> Self {
        let mut wanted = Self::default();
        match question {
            Question::Payment(id) => drop(wanted.payments.insert(id.to_i64())),
            Question::Bill(id) => drop(wanted.bills.insert(id.to_i64())),
            Question::Contract(code) => {
                let codes = bills.iter().map(|bill| &bill.contract.code).chain([code]);
                wanted.contracts = codes.map(|code| bare(code.as_str()).to_owned()).collect();
            }
            Question::Key(key) => drop(wanted.keys.insert((None, key.as_str().to_owned()))),
        }
        for ExplainedBill { bill, payments, .. } in bills {
            wanted.bills.insert(bill.id.to_i64());
            for ExplainedPayment { payment, reversal, receipt, .. } in payments {
                wanted.payments.insert(payment.id.to_i64());
                wanted.receipts.extend(receipt.map(ReceiptId::to_i64));
                let by = |collector: CollectorId| Some(collector.to_i64());
                let paid = payment.caller_key.as_ref().map(|key| (by(payment.collector), key));
                let reversed = reversal.as_ref().and_then(|(reversal, _)| {
                    Some((by(reversal.collector), reversal.caller_key.as_ref()?))
                });
                let keys = paid.into_iter().chain(reversed);
                wanted.keys.extend(keys.map(|(by, key)| (by, key.as_str().to_owned())));
            }
        }
        wanted.parts = wanted.to_parts();
        wanted
    }

    fn to_parts(&self) -> Vec<String> {
        let number = |name: &str, value: &i64| format!("\"{name}\":{value}");
        // As serde_json writes it, quotes and all.
        let quoted = |text: &str| serde_json::Value::from(text).to_string();
        let payments = self.payments.iter().map(|id| number("payment", id));
        let bills = self.bills.iter().map(|id| number("bill", id));
        // What stands before the code may be zeros, so its first quote is left away.
        let contracts = self.contracts.iter().map(|code| quoted(code).split_off(1));
        let keys = self.keys.iter().map(|(_, key)| format!("\"key\":{}", quoted(key)));
        let receipts = self.receipts.iter().map(|id| number("receipt", id));
        payments.chain(bills).chain(receipts).chain(contracts).chain(keys).collect()
    }

    /// Whether a line may be of such an act: one that is none may have a longer number.
    fn takes(&self, line: &str) -> bool {
        self.parts.iter().any(|part| line.contains(part.as_str()))
    }

    fn is_about(&self, act: &ActRecord<'_>) -> bool {
        let key = |key: &str| {
            let of = |by| self.keys.contains(&(by, key.to_owned()));
            of(None) || (act.collector.is_some() && of(act.collector))
        };
        act.payment.is_some_and(|id| self.payments.contains(&id))
            || act.bill.is_some_and(|id| self.bills.contains(&id))
            || act.receipt.is_some_and(|id| self.receipts.contains(&id))
            || act.contract.as_deref().is_some_and(|code| self.contracts.contains(bare(code)))
            || act.key.as_deref().is_some_and(key)
    }
}

fn bare(code: &str) -> &str {
    code.trim_start_matches('0')
}

fn from_books(
    view: &View<'_>,
    company: CompanyId,
    question: &Question,
    more: &[BillId],
) -> Decided<(Explanation, Wanted), ExplainRefusal> {
    let Some(company) = view.company(company)? else {
        return Ok(Err(ExplainRefusal::CompanyUnknown));
    };
    let records = view.collectors()?.into_iter().filter(|record| record.company == company.id);
    let collectors: BTreeMap<_, _> =
        records.map(|record| (record.id.to_i64(), record.name)).collect();
    let mut bills = named_bills(view, &company, question, &collectors)?;
    for id in more {
        bills.extend(bill(view, &company, *id)?.map(|bill| (bill.id, bill)));
    }
    let bills = bills.into_values().map(|bill| explained_bill(view, &company, bill));
    let bills = bills.collect::<Result<Vec<_>, _>>()?;
    let wanted = Wanted::of(question, &bills);
    let (acts, more_acts) = (Vec::new(), 0);
    Ok(Ok((Explanation { company, bills, acts, more_acts, collectors }, wanted)))
}

/// The bills that a question is about.
fn named_bills(
    view: &View<'_>,
    company: &Company,
    question: &Question,
    collectors: &BTreeMap<i64, Label>,
) -> Result<BTreeMap<BillId, Bill>, StoreError> {
    let mut bills = BTreeMap::new();
    match question {
        Question::Bill(id) => {
            bills.extend(bill(view, company, *id)?.map(|bill| (bill.id, bill)));
        }
        Question::Payment(id) => {
            let paid = view.payment(company, *id)?.map(|payment| payment.bill);
            let paid = paid.map(|id| bill(view, company, id)).transpose()?.flatten();
            bills.extend(paid.map(|bill| (bill.id, bill)));
        }
        Question::Key(key) => {
            for id in collectors.keys().filter_map(|id| CollectorId::from_i64(*id).ok()) {
                for operation in [Operation::Pay, Operation::Reverse] {
                    let attempt = view.attempt(company.id, id, operation, key)?;
                    let payment = attempt.map(|id| view.payment(company, id)).transpose()?;
                    let Some(payment) = payment.flatten() else { continue };
                    bills.extend(bill(view, company, payment.bill)?.map(|bill| (bill.id, bill)));
                }
            }
        }
        Question::Contract(code) => {
            let holder = view.holder(company.id, code)?.map(|holder| holder.contract);
            let contracts = match holder {
                Some(contract) => vec![contract],
                None => view.once_called(company.id, code)?,
            };
            for contract in contracts {
                let owed = view.bills_of(company, contract.key)?.into_iter();
                bills.extend(owed.map(|bill| (bill.id, bill)));
            }
        }
    }
    Ok(bills)
}

fn bill(view: &View<'_>, company: &Company, id: BillId) -> Result<Option<Bill>, StoreError> {
    crate::collecting::bill_by_number(view, company, id)
}

fn explained_bill(
    view: &View<'_>,
    company: &Company,
    bill: Bill,
) -> Result<ExplainedBill, StoreError> {
    let contract = view.contract_of_key(company.id, bill.contract)?;
    let contract = contract.ok_or_else(|| damaged("a bill has no contract"))?;
    let version = |number| {
        let version = view.version(company, bill.contract, bill.id, number)?;
        let version = version.ok_or_else(|| damaged("a bill lacks a version"))?;
        let file = view.file(company.id, version.source.file)?;
        Ok((version, file.ok_or_else(|| damaged("a version has no file"))?.file.name))
    };
    let versions = (1..=bill.version).map(version).collect::<Result<_, StoreError>>()?;
    let mut payments = Vec::new();
    let mut next = bill.last_payment;
    while let Some(id) = next {
        let payment = view.payment(company, id)?;
        let payment = payment.ok_or_else(|| damaged("a payment that is named is missing"))?;
        next = payment.previous;
        payments.push(explained_payment(view, company, payment)?);
    }
    payments.reverse();
    Ok(ExplainedBill { bill, contract, versions, payments })
}

fn explained_payment(
    view: &View<'_>,
    company: &Company,
    payment: Payment,
) -> Result<ExplainedPayment, StoreError> {
    let is_it = |event: &Event| matches!(event, Event::PaymentMade(made) if made.id == payment.id);
    let entry = posted(view, company, payment.recorded_at, is_it)?;
    let reversal = match view.reversal(company, payment.id)? {
        None => None,
        Some(reversal) => {
            let is_it = |event: &Event| matches!(event, Event::PaymentReversed(made) if made.payment == payment.id);
            let posted = posted(view, company, reversal.recorded_at, is_it)?;
            Some((reversal, posted))
        }
    };
    let restored_at = restored_at(view, company, &payment, entry.recorded_at)?;
    let receipt = view.receipt_of_payment(company.id, payment.id)?;
    Ok(ExplainedPayment { payment, entry, restored_at, reversal, receipt })
}

/// When the books were restored after which a report brought a payment, if one did: its entry was written
/// later than it was made, under one of the numbers that the restoration left to what was lost.
fn restored_at(
    view: &View<'_>,
    company: &Company,
    payment: &Payment,
    written_at: Timestamp,
) -> Result<Option<Timestamp>, StoreError> {
    // To look for restorations is to read the whole journal.
    if written_at == payment.recorded_at {
        return Ok(None);
    }
    let restorations = view.restorations(company.id)?.into_iter().rev();
    let mut restored = restorations
        .filter(|(at, restoration)| *at <= written_at && restoration.may_have_lost(payment.id));
    Ok(restored.next().map(|(at, _)| at))
}

/// The entry of an event, which was recorded at `at`: the events are in the order of their entries, so
/// it is soon found; where a clock was set back, or the event is one of the past, all are looked at.
fn posted(
    view: &View<'_>,
    company: &Company,
    at: Timestamp,
    is_it: impl Fn(&Event) -> bool,
) -> Result<Posted, StoreError> {
    let last = view.counters(company.id)?.map_or(0, |counters| counters.next_event.to_i64() - 1);
    let (mut before, mut end) = (0, last);
    while before < end {
        let middle = before + (end - before) / 2;
        let found = view.events_after(company, middle, 1)?;
        match found.first() {
            Some((_, entry)) if entry.recorded_at < at => before = middle + 1,
            _ => end = middle,
        }
    }
    let mut told = None;
    let mut find = |entry: &Entry| {
        let Entry { number, recorded_at, postings, .. } = entry;
        if is_it(&entry.event) {
            let (entry, recorded_at) = (*number, *recorded_at);
            told = Some(Posted { entry, recorded_at, postings: postings.clone() });
        }
        told.is_some()
    };
    let near = view.events_after(company, before, PAGE_LEN)?;
    if near.iter().any(|(_, entry)| find(entry)) {
        return told.ok_or_else(|| damaged("an event has no entry"));
    }
    let mut after = 0;
    while after < last {
        let page = view.events_after(company, after, PAGE_LEN)?;
        let Some((number, _)) = page.last() else { break };
        after = number.to_i64();
        if page.iter().any(|(_, entry)| find(entry)) {
            break;
        }
    }
    told.ok_or_else(|| damaged("an event has no entry"))
}
