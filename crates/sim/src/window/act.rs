//! Acts at the window, and doing them at a service.

use jiff::Timestamp;
use ventanilla_domain::{
    ApproveRefusal, CloseRefusal, CollectorId, Drawer, DrawerId, DrawerOpening, Money, OpenRefusal,
    Reason, ReceiptId, ReceiptReverseRefusal, RemitRefusal, Remittance, RemittanceId,
    RemittanceReversal, RemittanceReverseRefusal, WindowReceiptRefusal,
};
use ventanilla_service::{
    Accepted, Failure, IssuedReceipt, NewRemittance, NoRefusal, OfficeRefusal, Officer, Service,
    WindowPayment,
};

/// One act of one officer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// Open a drawer with so much in it.
    Open(Money),
    /// Count a drawer.
    Close(DrawerId, Money),
    /// Approve somebody's count.
    Approve(DrawerId),
    /// Take payments.
    Take(Box<WindowPayment>),
    /// Undo a receipt.
    Reverse(ReceiptId, Reason),
    /// Enter what a collector handed over.
    Remit(Box<NewRemittance>),
    /// Undo a remittance.
    ReverseRemittance(RemittanceId, Reason),
    /// See what each collector holds.
    SeeHeld,
}

/// An act, when it is done and by which officer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The instant; it never goes back.
    pub at: Timestamp,
    /// The officer, counted from 0 among those hired.
    pub officer: usize,
    /// What is done.
    pub act: Act,
}

type Done<T, R> = Result<T, Failure<OfficeRefusal<R>>>;

/// What came of an act: word for word what the service answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Of [`Act::Open`].
    Open(Done<DrawerOpening, OpenRefusal>),
    /// Of [`Act::Close`].
    Close(Done<Box<Drawer>, CloseRefusal>),
    /// Of [`Act::Approve`].
    Approve(Done<Box<Drawer>, ApproveRefusal>),
    /// Of [`Act::Take`].
    Take(Done<Box<Accepted<IssuedReceipt>>, WindowReceiptRefusal>),
    /// Of [`Act::Reverse`].
    Reverse(Done<Box<IssuedReceipt>, ReceiptReverseRefusal>),
    /// Of [`Act::Remit`].
    Remit(Done<Box<Accepted<Remittance>>, RemitRefusal>),
    /// Of [`Act::ReverseRemittance`].
    ReverseRemittance(Done<Box<RemittanceReversal>, RemittanceReverseRefusal>),
    /// Of [`Act::SeeHeld`]: by collector.
    SeeHeld(Done<Vec<(CollectorId, Money)>, NoRefusal>),
}

/// Sets the service's clock to the step's instant (a manual one) and does the act.
///
/// `officers` are those hired, as this service knows them.
pub async fn apply(service: &Service, officers: &[Officer], step: &Step) -> Outcome {
    service.clock().set(step.at);
    let officer = &officers[step.officer];
    match &step.act {
        Act::Open(float) => Outcome::Open(service.open_drawer(officer, *float).await),
        Act::Close(drawer, counted) => {
            let closed = service.close_drawer(officer, *drawer, *counted).await;
            Outcome::Close(closed.map(Box::new))
        }
        Act::Approve(drawer) => {
            let approved = service.approve_drawer(officer, *drawer, None).await;
            Outcome::Approve(approved.map(Box::new))
        }
        Act::Take(payment) => {
            let taken = service.take_payment(officer, payment.as_ref().clone()).await;
            Outcome::Take(taken.map(Box::new))
        }
        Act::Reverse(receipt, reason) => {
            let undone = service.reverse_receipt(officer, *receipt, reason.clone()).await;
            Outcome::Reverse(undone.map(Box::new))
        }
        Act::Remit(new) => {
            let made = service.remit(officer, new.as_ref().clone()).await;
            Outcome::Remit(made.map(Box::new))
        }
        Act::ReverseRemittance(remittance, reason) => {
            let undone = service.reverse_remittance(officer, *remittance, reason.clone()).await;
            Outcome::ReverseRemittance(undone.map(Box::new))
        }
        Act::SeeHeld => {
            let held = service.held(officer);
            let by_collector = held
                .map(|all| all.into_iter().map(|held| (held.collector.id, held.amount)).collect());
            Outcome::SeeHeld(by_collector)
        }
    }
}
