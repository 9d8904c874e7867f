//! What happened: each accepted command with its outcome, in the form the journal keeps for ever.
//!
//! Every table of a company's books can be rebuilt from its events in order.

use crate::{
    BillVersion, Company, Contract, DrawerApproval, DrawerClosing, DrawerOpening, FileId,
    ImportTotals, Issuer, Label, Logo, Member, Name, Payment, PaymentId, Payout, PayoutReversal,
    Policy, PurchaseInvoice, ReceiptReversal, Remittance, RemittanceReversal, Restoration,
    Reversal, Supplier, WindowReceipt,
};

/// The SHA-256 of an imported file's bytes.
pub type Sha256 = [u8; 32];

/// What an imported file held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileKind {
    /// Members and contracts.
    Members,
    /// Bills.
    Bills,
}

/// An imported file: what every line that came from it refers to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportedFile {
    /// Its id, from the company's counter.
    pub id: FileId,
    /// What it held.
    pub kind: FileKind,
    /// Its name, without a folder.
    pub name: Name,
    /// The hash of its bytes.
    pub sha256: Sha256,
    /// Lines of data, without the heading.
    pub lines: u64,
    /// Who imported it.
    pub imported_by: Label,
}

/// One accepted act, as the journal keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A company's books were opened.
    CompanyOpened {
        /// The company, with its first rules.
        company: Box<Company>,
        /// The first payment's id.
        first_payment: PaymentId,
    },
    /// A company's rules changed: all of them, as they are from now on.
    PolicyChanged(Box<Policy>),
    /// What heads a company's papers was said or changed: all of it, as it is from now on.
    IssuerKept(Box<Issuer>),
    /// A logo was kept, once, for the versions of the issuer that name it.
    LogoKept(Box<Logo>),
    /// A file was accepted for import.
    FileImported(Box<ImportedFile>),
    /// All lines of an imported file were kept; a file without this was cut off.
    FileFinished {
        /// The file.
        file: FileId,
        /// What came of its lines.
        totals: Box<ImportTotals>,
    },
    /// A member was made or changed.
    MemberKept(Box<Member>),
    /// A contract was made or changed.
    ContractKept(Box<Contract>),
    /// Bills were made, or got these new versions: the lines of a file that were kept together.
    /// No bill is in it twice.
    BillsVersioned(Vec<BillVersion>),
    /// A bill was paid.
    PaymentMade(Box<Payment>),
    /// A payment was reversed.
    PaymentReversed(Box<Reversal>),
    /// A supplier was made or changed.
    SupplierKept(Box<Supplier>),
    /// A purchase invoice was entered.
    InvoiceEntered(Box<PurchaseInvoice>),
    /// A payout was made.
    PayoutMade(Box<Payout>),
    /// A payout was reversed.
    PayoutReversed(Box<PayoutReversal>),
    /// A cashier's drawer was opened.
    DrawerOpened(Box<DrawerOpening>),
    /// A cashier's drawer was counted and closed.
    DrawerClosed(Box<DrawerClosing>),
    /// The count of a drawer was approved.
    DrawerApproved(Box<DrawerApproval>),
    /// Bills were paid together at the window; each payment has its own event before this one.
    ReceiptIssued(Box<WindowReceipt>),
    /// A receipt was reversed; the reversal of each payment has its own event before this one.
    ReceiptReversed(Box<ReceiptReversal>),
    /// A collector handed money over.
    RemittanceMade(Box<Remittance>),
    /// A remittance was reversed.
    RemittanceReversed(Box<RemittanceReversal>),
    /// The books go on from a backup, and what was kept after it is not known.
    BooksRestored(Box<Restoration>),
}
