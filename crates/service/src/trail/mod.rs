//! The trail: who did what from where, beside the books (docs/decisions/0019).
//!
//! What an operator changes is written in the act's own transaction ([`StaffAct`]). What callers do
//! is noted in memory ([`Service::note`]) and written at most a second later, so that nobody waits for
//! it: a crash loses that second of the trail, and nothing of the books.

mod buffer;
mod flusher;
mod reading;
mod record;

use std::borrow::Cow;
use std::net::IpAddr;

use jiff::Timestamp;
use ventanilla_domain::{
    BillId, BusinessDay, CallerKey, CollectorId, CompanyId, ContractCode, DrawerId, FileId,
    IntegratorId, Label, PaymentId, PayoutId, PurchaseInvoiceId, ReceiptId, RemittanceId,
    SupplierId, UserId,
};
use ventanilla_store::{StoreError, Tx};

use crate::{Failure, Service};
pub(crate) use flusher::Flusher;
pub use record::ActRecord;

/// What somebody did, or tried to. It holds no secret, no token, no body of a request and no member's
/// name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Act {
    /// When its outcome was known.
    pub at: Timestamp,
    /// Whose trail it belongs to; `None` where it belongs to no company.
    pub company: Option<CompanyId>,
    /// From where.
    pub from: Origin,
    /// Who.
    pub who: Who,
    /// What.
    pub what: What,
    /// What came of it.
    pub outcome: ActOutcome,
    /// What it was about.
    pub subject: Subject,
}

/// From where an act came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// A command run on the machine of the books.
    CommandLine,
    /// A request from that address, or from the one that a proxy which is believed named.
    Address(IpAddr),
}

/// Who did something.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Who {
    /// Nobody knows: no token, or no right one.
    #[default]
    Nobody,
    /// A collector.
    Collector(CollectorId),
    /// An accounting system, for nobody in particular.
    Integrator(IntegratorId),
    /// A user, through an accounting system.
    User {
        /// The user.
        user: UserId,
        /// Whose program.
        integrator: IntegratorId,
    },
    /// A user at the console.
    Staff(UserId),
    /// Whoever runs the command, as they are called there.
    Operator(Label),
}

/// [`What`], the list of all of it and its words, from one table: none is left out of either.
macro_rules! acts {
    ($($act:ident = $word:literal),* $(,)?) => {
        /// What was done. Each has one word in the trail, for ever.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[expect(missing_docs, reason = "each is named as the trail names it: docs/logging.md")]
        pub enum What {
            $($act),*
        }

        impl What {
            /// All there is.
            pub const ALL: &'static [Self] = &[$(Self::$act),*];

            /// Its word in the trail.
            pub const fn to_word(self) -> &'static str {
                match self {
                    $(Self::$act => $word),*
                }
            }
        }
    };
}

acts! {
    Token = "token",
    Pay = "pay",
    Print = "print",
    Report = "report",
    Reverse = "reverse",
    Admit = "admit",
    SignIn = "sign-in",
    SignOut = "sign-out",
    Supplier = "supplier",
    Invoice = "invoice",
    Payout = "payout",
    CompanyAdd = "company-add",
    CompanySet = "company-set",
    CollectorAdd = "collector-add",
    CollectorEnable = "collector-enable",
    CollectorDisable = "collector-disable",
    CollectorRotate = "collector-rotate",
    CollectorLimit = "collector-limit",
    TokenRevoke = "token-revoke",
    IntegratorAdd = "integrator-add",
    IntegratorEnable = "integrator-enable",
    IntegratorDisable = "integrator-disable",
    IntegratorPassword = "integrator-password",
    UserAdd = "user-add",
    UserEnable = "user-enable",
    UserDisable = "user-disable",
    UserPassword = "user-password",
    UserGrant = "user-grant",
    UserRevoke = "user-revoke",
    ConsoleIn = "console-in",
    ConsoleOut = "console-out",
    SessionEnd = "session-end",
    FactorEnrol = "factor-enrol",
    FactorProve = "factor-prove",
    FactorRecover = "factor-recover",
    FactorReset = "factor-reset",
    UserInvite = "user-invite",
    InvitationTake = "invitation-take",
    Import = "import",
    PayoutReverse = "payout-reverse",
    PayoutPrint = "payout-print",
    Export = "export",
    Backup = "backup",
    Restore = "restore",
    ReportLoad = "report-load",
    ReportWaive = "report-waive",
    MirrorOff = "mirror-off",
    MirrorTrim = "mirror-trim",
    RecoveryKit = "recovery-kit",
    Migrate = "migrate",
    Receipt = "receipt",
    ReceiptReverse = "receipt-reverse",
    DrawerOpen = "drawer-open",
    DrawerClose = "drawer-close",
    DrawerApprove = "drawer-approve",
    Remit = "remit",
    RemitReverse = "remit-reverse",
    Dropped = "dropped",
}

/// What came of an act.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum ActOutcome {
    /// It was done.
    Done,
    /// An earlier attempt under the same caller key had done it.
    Repeated,
    /// The answer was no, under the stable code that the caller was told, or where its dialect has
    /// none, under a name of ours.
    Refused(Cow<'static, str>),
    /// Nobody knows whether it was kept.
    Unknown,
    /// Nothing changed; the same may succeed later.
    Unavailable,
    /// A defect or a damaged store, under the id that the log has too.
    Failed(String),
}

impl ActOutcome {
    /// Its word in the trail.
    pub const fn to_word(&self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Repeated => "repeated",
            Self::Refused(_) => "refused",
            Self::Unknown => "unknown",
            Self::Unavailable => "unavailable",
            Self::Failed(_) => "failed",
        }
    }

    /// What a failure is in the trail; `code` names a refusal.
    pub(crate) fn of_failure<R>(
        failure: &Failure<R>,
        code: impl FnOnce(&R) -> &'static str,
    ) -> Self {
        match failure {
            Failure::Refused(refusal) => Self::Refused(code(refusal).into()),
            Failure::Unavailable => Self::Unavailable,
            Failure::Unknown => Self::Unknown,
            Failure::Internal(id) => Self::Failed(id.to_string()),
        }
    }
}

/// What an act was about, as far as it says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Subject {
    /// The payment.
    pub payment: Option<PaymentId>,
    /// The bill.
    pub bill: Option<BillId>,
    /// The contract, as the caller named it.
    pub contract: Option<ContractCode>,
    /// The caller's name for the attempt.
    pub caller_key: Option<CallerKey>,
    /// The supplier.
    pub supplier: Option<SupplierId>,
    /// The supplier's invoice.
    pub invoice: Option<PurchaseInvoiceId>,
    /// The payout.
    pub payout: Option<PayoutId>,
    /// The imported file.
    pub file: Option<FileId>,
    /// The receipt of the window.
    pub receipt: Option<ReceiptId>,
    /// The cashier's drawer.
    pub drawer: Option<DrawerId>,
    /// What a collector handed over.
    pub remittance: Option<RemittanceId>,
    /// The business day.
    pub day: Option<BusinessDay>,
    /// The collector (with the limits that it was given), integrator or user named, the settings changed, or what
    /// was exported.
    pub name: Option<String>,
}

impl Subject {
    /// Somebody or something that has a name.
    pub fn named(name: impl Into<String>) -> Self {
        Self { name: Some(name.into()), ..Self::default() }
    }
}

impl Service {
    /// The same service, whose acts of administration are told in the trail as that person's.
    #[must_use]
    pub fn operated_by(&self, operator: Label) -> Self {
        Self { operator: Some(operator), ..self.clone() }
    }

    /// Notes what a caller did. Nobody waits: it is written within a second, together with what else
    /// is noted by then. What nobody in particular got nothing by is counted by network, act and
    /// outcome and not listed, so that a flood of it stays small.
    pub fn note(&self, act: Act) {
        self.inner.flusher.note(act);
    }

    /// Notes what the operator had printed or handed out, which changed nothing.
    pub fn note_operator(&self, company: Option<CompanyId>, what: What, subject: Subject) {
        let act = self.operator_act(what).of(company, subject, self.clock().now());
        self.note(act);
    }

    /// Writes what is noted, and waits for it. Blocking.
    pub fn flush_trail(&self) {
        self.inner.flusher.flush();
    }

    /// The beginning of an act of administration.
    pub(crate) fn operator_act(&self, what: What) -> StaffAct {
        let who = self.operator.clone().map_or(Who::Nobody, Who::Operator);
        StaffAct { who, from: Origin::CommandLine, what }
    }
}

/// An act of the operator, or of a user at the console, before it is known what came of it.
#[derive(Debug, Clone)]
pub(crate) struct StaffAct {
    who: Who,
    from: Origin,
    what: What,
}

impl StaffAct {
    /// An act of somebody whom the request itself names.
    pub(crate) fn by(operator: &Label, what: What) -> Self {
        Self { who: Who::Operator(operator.clone()), from: Origin::CommandLine, what }
    }

    /// An act of a user at the console.
    pub(crate) fn of_user(user: UserId, address: IpAddr, what: What) -> Self {
        Self { who: Who::Staff(user), from: Origin::Address(address), what }
    }

    /// Writes it into the trail: it is there if what the transaction changes is.
    pub(crate) fn keep(
        &self,
        tx: &mut Tx<'_>,
        now: Timestamp,
        company: Option<CompanyId>,
        subject: Subject,
    ) -> Result<(), StoreError> {
        let act = self.of(company, subject, now);
        tx.append_trail(company, &ActRecord::of(&act).to_line(), now)
    }

    /// The same of what somebody did for no company in particular: into the trail of each company that the user
    /// works for, where those who answer for it look; of a user who works for none, into that of no company.
    pub(crate) fn keep_of_user(
        &self,
        tx: &mut Tx<'_>,
        now: Timestamp,
        user: UserId,
        subject: &Subject,
    ) -> Result<(), StoreError> {
        let rights = tx.view().rights_of(user)?;
        if rights.is_empty() {
            return self.keep(tx, now, None, subject.clone());
        }
        rights
            .iter()
            .try_for_each(|(company, _)| self.keep(tx, now, Some(*company), subject.clone()))
    }

    fn of(&self, company: Option<CompanyId>, subject: Subject, at: Timestamp) -> Act {
        let Self { who, from, what } = self.clone();
        Act { at, company, from, who, what, outcome: ActOutcome::Done, subject }
    }
}
