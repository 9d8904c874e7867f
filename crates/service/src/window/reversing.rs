//! Undoing receipts.

use jiff::Timestamp;
use ventanilla_domain::{
    Company, Event, Payment, Reason, ReceiptId, ReceiptReverseCommand, ReceiptReverseFacts,
    ReceiptReverseRefusal, ReverseRefusal, Right, TakenPayment, decide_receipt_reversal,
};
use ventanilla_store::{StoreError, Tx, View};

use super::AtWindow;
use super::receipts::{IssuedReceipt, issued};
use crate::collecting::Decided;
use crate::trail::StaffAct;
use crate::{OfficeRefusal, Officer, Service, Subject, What};

impl Service {
    /// Undoes a receipt, whole. One's own within the company's days needs [`Right::ReverseOwn`]; anybody's,
    /// and beyond the days, [`Right::ReverseAny`] with a proof of the second factor, which is asked for only
    /// where one's own right is not enough.
    ///
    /// Refusals in the order of [`OfficeRefusal`] and [`ReceiptReverseRefusal`].
    pub async fn reverse_receipt(
        &self,
        officer: &Officer,
        receipt: ReceiptId,
        reason: Reason,
    ) -> AtWindow<IssuedReceipt, ReceiptReverseRefusal> {
        let act = officer.act(What::ReceiptReverse);
        let officer = officer.clone();
        self.write(move |tx, now| {
            let any = officer.require::<ReceiptReverseRefusal>(tx, Right::ReverseAny, now)?;
            let company = match officer.require(tx, Right::ReverseOwn, now)? {
                Ok(company) => company,
                Err(refusal) => return Ok(Err(refusal)),
            };
            let command = ReceiptReverseCommand {
                receipt,
                reason: reason.clone(),
                reversed_by: officer.name.clone(),
                is_any_allowed: any.is_ok(),
            };
            let undone = reverse(tx, &company, &command, &act, now)?;
            let is_proof_missing = matches!(any, Err(OfficeRefusal::ProofNeeded));
            Ok(undone.map_err(|refusal| {
                if is_proof_missing && is_for_any(&refusal) {
                    OfficeRefusal::ProofNeeded
                } else {
                    OfficeRefusal::Act(refusal)
                }
            }))
        })
        .await
    }
}

/// Whether who may undo anybody's receipts is not refused so.
fn is_for_any(refusal: &ReceiptReverseRefusal) -> bool {
    match refusal {
        ReceiptReverseRefusal::NotOwn | ReceiptReverseRefusal::DrawerNotOpen => true,
        ReceiptReverseRefusal::Payment { refusal, .. } => *refusal == ReverseRefusal::WindowOver,
        ReceiptReverseRefusal::ReceiptUnknown | ReceiptReverseRefusal::AlreadyReversed => false,
    }
}

/// Decides a reversal inside a transaction, and keeps it and those of its payments.
fn reverse(
    tx: &mut Tx<'_>,
    company: &Company,
    command: &ReceiptReverseCommand,
    act: &StaffAct,
    now: Timestamp,
) -> Decided<IssuedReceipt, ReceiptReverseRefusal> {
    let found = issued(&tx.view(), company, command.receipt)?;
    let facts = reverse_facts(&tx.view(), company, found.clone(), command)?;
    let decision = match decide_receipt_reversal(facts, command, now) {
        Ok(decision) => decision,
        Err(refusal) => return Ok(Err(refusal)),
    };
    for reversal in decision.payments {
        tx.append(company.id, Event::PaymentReversed(Box::new(reversal)), now)?;
    }
    let reversal = decision.reversal;
    tx.append(company.id, Event::ReceiptReversed(Box::new(reversal.clone())), now)?;
    let subject =
        Subject { receipt: Some(command.receipt), drawer: reversal.drawer, ..Subject::default() };
    act.keep(tx, now, Some(company.id), subject)?;
    let payments = found.map(|found| found.payments).unwrap_or_default();
    Ok(Ok(IssuedReceipt { receipt: reversal.receipt.clone(), payments, reversal: Some(reversal) }))
}

/// Loads what [`decide_receipt_reversal`] must know.
fn reverse_facts<'c>(
    view: &View<'_>,
    company: &'c Company,
    found: Option<IssuedReceipt>,
    command: &ReceiptReverseCommand,
) -> Result<ReceiptReverseFacts<'c>, StoreError> {
    let own_drawer = view.open_drawer_of(company.id, &command.reversed_by)?;
    let Some(IssuedReceipt { receipt, payments, reversal }) = found else {
        return Ok(ReceiptReverseFacts {
            company,
            receipt: None,
            is_reversed: false,
            payments: Vec::new(),
            drawer: None,
            own_drawer,
        });
    };
    let taken = |payment: Payment| {
        let reversal = view.reversal(company, payment.id)?;
        Ok(TakenPayment { payment, reversal })
    };
    Ok(ReceiptReverseFacts {
        company,
        is_reversed: reversal.is_some(),
        payments: payments.into_iter().map(taken).collect::<Result<_, StoreError>>()?,
        drawer: view.drawer(company, receipt.drawer)?,
        receipt: Some(receipt),
        own_drawer,
    })
}
