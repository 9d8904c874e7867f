//! Taking payments at the window, and finding its receipts again.

use std::sync::Arc;

use jiff::Timestamp;
use ventanilla_domain::{
    CallerKey, Company, Event, Issuer, Logo, Money, Payment, PaymentId, PrintablePayment,
    RECEIPT_BILLS_MAX, ReceiptBill, ReceiptCommand, ReceiptDecision, ReceiptFacts, ReceiptId,
    ReceiptLine, ReceiptReversal, RepeatedReceipt, Right, WindowMeans, WindowReceipt,
    WindowReceiptKey, WindowReceiptRefusal, decide_receipt,
};
use ventanilla_store::{KeptReceipt, ReceiptFilter, StoreError, Tx, View};

use super::{AtWindow, WINDOW_PAGE_LEN, window_of, word_of};
use crate::collecting::{Decided, bill_by_number};
use crate::failure::damaged;
use crate::payables::counters;
use crate::printing::printable;
use crate::trail::StaffAct;
use crate::{Accepted, NoRefusal, Officer, Service, Subject, What};

/// Bills that somebody pays at the window.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WindowPayment {
    /// The bills, as the cashier saw them: 1 to 60, each once.
    pub bills: Vec<ReceiptLine>,
    /// How the money comes in.
    pub means: WindowMeans,
    /// What is handed over; what is due where `None`.
    pub tendered: Option<Money>,
    /// The name of this attempt: a repeat gets the first receipt.
    pub key: WindowReceiptKey,
}

/// A receipt with what it is of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssuedReceipt {
    /// The receipt.
    pub receipt: WindowReceipt,
    /// Its payments, in its order.
    pub payments: Vec<Payment>,
    /// Its reversal.
    pub reversal: Option<ReceiptReversal>,
}

/// A receipt with what its paper says. But for the reversal, nothing of it ever changes.
#[derive(Debug, Clone)]
pub struct PrintableReceipt {
    /// The company that was paid. Its rules are those of now.
    pub company: Arc<Company>,
    /// What heads the paper: what the company had said when the first of the bills was paid.
    pub issuer: Option<Issuer>,
    /// Its logo.
    pub logo: Option<Logo>,
    /// The receipt.
    pub issued: IssuedReceipt,
    /// What the QR code says by which anyone may check the first of its payments.
    pub proof: String,
}

/// Why a receipt, a drawer or a remittance is not shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WindowReadRefusal {
    /// There is none of that id, or the officer may not see it.
    #[error("no such document of the window")]
    Unknown,
    /// A drawer is still open, and its cashier counts it blind.
    #[error("the drawer is open")]
    StillOpen,
}

impl Service {
    /// Takes payments at the window, all or none. Needs [`Right::Collect`].
    ///
    /// Refusals in the order of [`crate::OfficeRefusal`] and [`WindowReceiptRefusal`]. Answers after the
    /// receipt is on disk.
    pub async fn take_payment(
        &self,
        officer: &Officer,
        payment: WindowPayment,
    ) -> AtWindow<Accepted<IssuedReceipt>, WindowReceiptRefusal> {
        self.ensure_window(officer, Right::Collect).await?;
        let (act, cashier) = (officer.act(What::Receipt), officer.name.clone());
        self.write_for(officer, Right::Collect, move |tx, company, now| {
            let command = ReceiptCommand {
                collector: window_of(&tx.view(), company)?.id,
                cashier: cashier.clone(),
                lines: payment.bills.clone(),
                means: payment.means,
                means_word: word_of(payment.means),
                tendered: payment.tendered,
                key: payment.key.clone(),
            };
            take(tx, company, &command, &act, now)
        })
        .await
    }

    /// The receipt of that id. Needs [`Right::SeeMembers`].
    pub fn receipt(
        &self,
        officer: &Officer,
        id: ReceiptId,
    ) -> AtWindow<IssuedReceipt, WindowReadRefusal> {
        self.read_for(officer, Right::SeeMembers, |view| {
            let company = seen_company(view, officer)?;
            let found = issued(view, &company, id)?;
            Ok(found.ok_or(WindowReadRefusal::Unknown))
        })
    }

    /// The receipt of that id, with what its paper says. Needs [`Right::SeeMembers`].
    pub fn receipt_to_print(
        &self,
        officer: &Officer,
        id: ReceiptId,
    ) -> AtWindow<PrintableReceipt, WindowReadRefusal> {
        let (issued, first) = self.read_for(officer, Right::SeeMembers, |view| {
            let company = seen_company(view, officer)?;
            let Some(issued) = issued(view, &company, id)? else {
                return Ok(Err(WindowReadRefusal::Unknown));
            };
            let first = issued.payments.first().cloned();
            let first = first.ok_or_else(|| damaged("a receipt has no payment"))?;
            Ok(Ok((issued, printable(view, &company, first)?)))
        })?;
        let proof = self.receipt_text(&first);
        let PrintablePayment { company, issuer, logo, .. } = first;
        Ok(PrintableReceipt { company, issuer, logo, issued, proof })
    }

    /// The receipt that a payment is in; `None` of one that was not taken at the window. Needs
    /// [`Right::SeeMembers`].
    pub fn receipt_of_payment(
        &self,
        officer: &Officer,
        payment: PaymentId,
    ) -> AtWindow<Option<ReceiptId>, NoRefusal> {
        self.read_for(officer, Right::SeeMembers, |view| {
            view.receipt_of_payment(officer.company.id, payment).map(Ok)
        })
    }

    /// A page of receipts, the latest first: those before `before`. Needs [`Right::Collect`] for one's own;
    /// who may see the books, or every drawer, sees everybody's.
    pub fn receipts_of(
        &self,
        officer: &Officer,
        filter: &ReceiptFilter,
        before: Option<ReceiptId>,
    ) -> AtWindow<Vec<KeptReceipt>, NoRefusal> {
        let sees_all = [Right::ApproveDrawers, Right::SeeBooks];
        let all = sees_all.into_iter().find(|right| officer.role.may(*right));
        let own = ReceiptFilter { cashier: Some(officer.name.clone()), ..filter.clone() };
        let filter = if all.is_some() { filter } else { &own };
        self.read_for(officer, all.unwrap_or(Right::Collect), |view| {
            let company = seen_company(view, officer)?;
            let before = before.map_or(i64::MAX, ReceiptId::to_i64);
            view.receipts_before(&company, filter, before, WINDOW_PAGE_LEN).map(Ok)
        })
    }
}

/// The officer's company as a snapshot has it.
pub(super) fn seen_company(view: &View<'_>, officer: &Officer) -> Result<Arc<Company>, StoreError> {
    view.company(officer.company.id)?.ok_or_else(|| damaged("an officer's company is gone"))
}

/// A receipt with its payments.
pub(super) fn issued(
    view: &View<'_>,
    company: &Company,
    id: ReceiptId,
) -> Result<Option<IssuedReceipt>, StoreError> {
    let Some(KeptReceipt { receipt, reversal }) = view.receipt(company, id)? else {
        return Ok(None);
    };
    let payments = payments_of(view, company, &receipt)?;
    Ok(Some(IssuedReceipt { receipt, payments, reversal }))
}

fn payments_of(
    view: &View<'_>,
    company: &Company,
    receipt: &WindowReceipt,
) -> Result<Vec<Payment>, StoreError> {
    let payments = receipt.payments.iter().map(|id| {
        view.payment(company, *id)?.ok_or_else(|| damaged("a receipt's payment is missing"))
    });
    payments.collect()
}

/// Decides a receipt inside a transaction, and keeps it and its payments.
fn take(
    tx: &mut Tx<'_>,
    company: &Company,
    command: &ReceiptCommand,
    act: &StaffAct,
    now: Timestamp,
) -> Decided<Accepted<IssuedReceipt>, WindowReceiptRefusal> {
    let facts = receipt_facts(tx, company, command)?;
    let (receipt, payments) = match decide_receipt(facts, command, now) {
        Err(refusal) => return Ok(Err(refusal)),
        Ok(ReceiptDecision::Replayed(receipt, payments)) => {
            let reversal = tx.view().receipt(company, receipt.id)?.and_then(|kept| kept.reversal);
            let act = IssuedReceipt { receipt: *receipt, payments, reversal };
            return Ok(Ok(Accepted { act, is_replay: true }));
        }
        Ok(ReceiptDecision::Accepted(receipt, payments)) => (receipt, payments),
    };
    for payment in &payments {
        tx.append(company.id, Event::PaymentMade(Box::new(payment.clone())), now)?;
    }
    tx.append(company.id, Event::ReceiptIssued(receipt.clone()), now)?;
    let subject = Subject {
        receipt: Some(receipt.id),
        drawer: Some(receipt.drawer),
        caller_key: CallerKey::from_text(receipt.key.as_str()).ok(),
        ..Subject::default()
    };
    act.keep(tx, now, Some(company.id), subject)?;
    let act = IssuedReceipt { receipt: *receipt, payments, reversal: None };
    Ok(Ok(Accepted { act, is_replay: false }))
}

/// Loads what [`decide_receipt`] must know.
fn receipt_facts<'c>(
    tx: &mut Tx<'_>,
    company: &'c Company,
    command: &ReceiptCommand,
) -> Result<ReceiptFacts<'c>, StoreError> {
    let counters = counters(tx, company)?;
    let view = tx.view();
    let repeated = match view.receipt_keyed(company.id, &command.key)? {
        Some(id) => issued(&view, company, id)?,
        None => None,
    };
    let drawer = match view.open_drawer_of(company.id, &command.cashier)? {
        Some(id) => view.drawer(company, id)?,
        None => None,
    };
    // More than there may be are refused, whatever they are: nobody waits while they are looked up.
    let lines = if command.lines.len() > RECEIPT_BILLS_MAX { &[][..] } else { &command.lines };
    let bills = lines.iter().map(|line| receipt_bill(&view, company, line));
    Ok(ReceiptFacts {
        company,
        repeated: repeated
            .map(|IssuedReceipt { receipt, payments, .. }| RepeatedReceipt { receipt, payments }),
        drawer,
        bills: bills.collect::<Result<_, _>>()?,
        next_payments: next_payments(&view, company, counters.next_payment, lines.len())?,
        next_receipt: counters.next_receipt,
    })
}

fn receipt_bill(
    view: &View<'_>,
    company: &Company,
    line: &ReceiptLine,
) -> Result<ReceiptBill, StoreError> {
    let bill = bill_by_number(view, company, line.bill)?;
    let settled = match bill.and_then(|bill| bill.paid_by) {
        Some(payment) => view.payment(company, payment)?,
        None => None,
    };
    let unpaid = match bill {
        Some(bill) if company.policy.oldest_first => view.unpaid_bills(company, bill.contract)?,
        _ => Vec::new(),
    };
    Ok(ReceiptBill { payer: view.payer(company.id, &line.contract)?, bill, settled, unpaid })
}

/// The ids that the next payments get: from the counter on, but for those that an older system gave.
fn next_payments(
    view: &View<'_>,
    company: &Company,
    first: PaymentId,
    len: usize,
) -> Result<Vec<PaymentId>, StoreError> {
    let mut found = Vec::with_capacity(len);
    let mut next = first;
    while found.len() < len {
        if view.payment(company, next)?.is_none() {
            found.push(next);
        }
        next = next.checked_next().map_err(|_range| damaged("a counter is exhausted"))?;
    }
    Ok(found)
}
