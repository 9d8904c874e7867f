//! Acts on the suppliers' side, and doing them at a service.

use jiff::Timestamp;
use ventanilla_domain::{
    CompanyId, InvoiceRefusal, InvoiceTerms, Payout, PayoutCommand, PayoutId, PayoutRefusal,
    PayoutReversal, PayoutReverseCommand, PayoutReverseRefusal, PurchaseInvoice, PurchaseInvoiceId,
    Role, Supplier, SupplierCommand, SupplierId, SupplierRefusal, SupplierRow,
};
use ventanilla_service::{
    Accepted, AdminRefusal, Desk, DeskRefusal, Failure, InvoicePayout, InvoiceState, NoRefusal,
    PastPayable, PayoutRequest, PayoutState, Service, SessionRefusal, SignInName, SupplierState,
    User, UserCaller,
};

/// One act of one caller; reversals, the past and rights are the operator's, whoever calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// Make or change a supplier.
    KeepSupplier(SupplierRow),
    /// Enter a purchase invoice.
    EnterInvoice(Box<InvoiceTerms>),
    /// Make a payout.
    MakePayout(Box<PayoutRequest>),
    /// Undo a payout.
    ReversePayout(PayoutReverseCommand),
    /// Keep a supplier under the id that an older system gave it.
    RecordSupplier(Box<PastPayable<SupplierId, SupplierCommand>>),
    /// Keep a payout under the id that an older system gave it.
    RecordPayout(Box<PastPayable<PayoutId, PayoutCommand>>),
    /// Give a user a right.
    Grant(SignInName, Role),
    /// Take a user's right away.
    Revoke(SignInName),
    /// Disable a user.
    Disable(SignInName),
    /// Read a supplier.
    ReadSupplier(SupplierId),
    /// List all suppliers.
    ListSuppliers,
    /// Read an invoice.
    ReadInvoice(PurchaseInvoiceId),
    /// List all invoices.
    ListInvoices,
    /// List the payouts of an invoice.
    ListPayouts(PurchaseInvoiceId),
    /// Read a payout.
    ReadPayout(PayoutId),
}

impl Act {
    /// Whether it waits in the writer's queue, so that it may share a commit with others.
    pub fn is_write(&self) -> bool {
        match self {
            Self::KeepSupplier(_)
            | Self::EnterInvoice(_)
            | Self::MakePayout(_)
            | Self::ReversePayout(_)
            | Self::RecordSupplier(_)
            | Self::RecordPayout(_)
            | Self::Grant(..)
            | Self::Revoke(_)
            | Self::Disable(_) => true,
            Self::ReadSupplier(_)
            | Self::ListSuppliers
            | Self::ReadInvoice(_)
            | Self::ListInvoices
            | Self::ListPayouts(_)
            | Self::ReadPayout(_) => false,
        }
    }
}

/// An act, when it is done, by which caller and for which company.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The instant; it never goes back.
    pub at: Timestamp,
    /// The caller, counted from 0 in the staff's callers.
    pub caller: usize,
    /// The company.
    pub company: CompanyId,
    /// What is done.
    pub act: Act,
}

/// What was written, or why it was not.
type Written<T, R> = Result<T, Failure<DeskRefusal<R>>>;
/// What was read; `None` for whom there is no desk.
pub type Read<T> = Result<Option<T>, Failure<SessionRefusal>>;

/// What came of an act: word for word what the service answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Of [`Act::KeepSupplier`] and [`Act::RecordSupplier`].
    KeepSupplier(Written<Supplier, SupplierRefusal>),
    /// Of [`Act::EnterInvoice`].
    EnterInvoice(Written<Box<PurchaseInvoice>, InvoiceRefusal>),
    /// Of [`Act::MakePayout`].
    MakePayout(Written<Box<Accepted<Payout>>, PayoutRefusal>),
    /// Of [`Act::ReversePayout`].
    ReversePayout(Written<Box<PayoutReversal>, PayoutReverseRefusal>),
    /// Of [`Act::RecordPayout`].
    RecordPayout(Written<Box<Payout>, PayoutRefusal>),
    /// Of [`Act::Grant`], [`Act::Revoke`] and [`Act::Disable`].
    Admin(Result<User, Failure<AdminRefusal>>),
    /// Of [`Act::ReadSupplier`].
    ReadSupplier(Read<Option<SupplierState>>),
    /// Of [`Act::ListSuppliers`].
    ListSuppliers(Read<Vec<SupplierState>>),
    /// Of [`Act::ReadInvoice`].
    ReadInvoice(Read<Option<Box<InvoiceState>>>),
    /// Of [`Act::ListInvoices`].
    ListInvoices(Read<Vec<InvoiceState>>),
    /// Of [`Act::ListPayouts`].
    ListPayouts(Read<Option<Vec<InvoicePayout>>>),
    /// Of [`Act::ReadPayout`].
    ReadPayout(Read<Option<Box<PayoutState>>>),
}

/// Sets the service's clock to the step's instant (a manual one) and does the act.
pub async fn apply(service: &Service, callers: &[UserCaller], step: &Step) -> Outcome {
    service.clock().set(step.at);
    let (caller, company) = (&callers[step.caller], step.company);
    match &step.act {
        Act::KeepSupplier(row) => {
            Outcome::KeepSupplier(service.keep_supplier(caller, company, row.clone()).await)
        }
        Act::EnterInvoice(terms) => {
            let entered = service.enter_invoice(caller, company, terms.as_ref().clone()).await;
            Outcome::EnterInvoice(entered.map(Box::new))
        }
        Act::MakePayout(request) => {
            let made = service.make_payout(caller, company, request.as_ref().clone()).await;
            Outcome::MakePayout(made.map(Box::new))
        }
        act => match operate(service, company, act).await {
            Some(outcome) => outcome,
            None => read(service, caller, company, act),
        },
    }
}

/// Does what is the operator's; `None` where the act is somebody else's.
async fn operate(service: &Service, company: CompanyId, act: &Act) -> Option<Outcome> {
    Some(match act {
        Act::ReversePayout(command) => {
            let undone = service.reverse_payout(company, command.clone()).await;
            Outcome::ReversePayout(undone.map(Box::new))
        }
        Act::RecordSupplier(past) => Outcome::KeepSupplier(
            service.record_past_supplier(company, past.as_ref().clone()).await,
        ),
        Act::RecordPayout(past) => {
            let made = service.record_past_payout(company, past.as_ref().clone()).await;
            Outcome::RecordPayout(made.map(Box::new))
        }
        Act::Grant(user, role) => Outcome::Admin(service.grant(user, company, *role).await),
        Act::Revoke(user) => Outcome::Admin(service.revoke(user, company).await),
        Act::Disable(user) => Outcome::Admin(service.disable_user(user).await),
        _ => return None,
    })
}

fn read(service: &Service, caller: &UserCaller, company: CompanyId, act: &Act) -> Outcome {
    let desk = || service.session_of(caller)?.desk(company).map_err(unrefused);
    match act {
        Act::ReadSupplier(id) => Outcome::ReadSupplier(at(desk(), |desk| desk.supplier(*id))),
        Act::ReadInvoice(id) => Outcome::ReadInvoice(at(desk(), |desk| {
            desk.invoice(*id).map(|invoice| invoice.map(Box::new))
        })),
        Act::ListPayouts(id) => {
            Outcome::ListPayouts(at(desk(), |desk| desk.payouts_of_invoice(*id)))
        }
        Act::ReadPayout(id) => Outcome::ReadPayout(at(desk(), |desk| {
            desk.payout(*id).map(|payout| payout.map(Box::new))
        })),
        Act::ListInvoices => Outcome::ListInvoices(at(desk(), |desk| {
            let mut all = Vec::new();
            desk.each_invoice(&mut |invoice| all.push(invoice)).map(|()| all)
        })),
        _ => Outcome::ListSuppliers(at(desk(), |desk| {
            let mut all = Vec::new();
            desk.each_supplier(&mut |supplier| all.push(supplier)).map(|()| all)
        })),
    }
}

fn at<T>(
    desk: Read<Desk<'_>>,
    read: impl FnOnce(&Desk<'_>) -> Result<T, Failure<NoRefusal>>,
) -> Read<T> {
    desk?.map(|desk| read(&desk).map_err(unrefused)).transpose()
}

/// A failure of what nobody is refused.
fn unrefused(failure: Failure<NoRefusal>) -> Failure<SessionRefusal> {
    failure.map(|refusal| match refusal {})
}
