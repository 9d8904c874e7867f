//! The ledger: accounts with their balances, the entries behind each, and one entry.

use askama::Template;
use ventanilla_documents::{Cell, Kind, ListColumn};
use ventanilla_domain::{Account, EntryNumber, Event, Money, Posting, ReceiptId};
use ventanilla_service::{AccountEntry, AccountPage, Collector};

use super::download::{self, List};
use super::texts::BooksTexts;
use super::{collectors, means_name, name_of, today};
use crate::answer::{self, Answer};
use crate::fields::encoded;
use crate::figures::{amount, moment, priced, sign_of};
use crate::frame::Frame;
use crate::language::{Language, filled};
use crate::trouble::{Trouble, of_failure};
use crate::visit::{Visit, with_query};

/// Entries of a page.
const PAGE_LEN: usize = 50;

#[derive(Debug)]
struct AccountRow {
    path: String,
    name: String,
    code: String,
    debit: String,
    credit: String,
}

#[derive(Debug, Template)]
#[template(path = "books/accounts.html")]
struct AccountsPage {
    frame: Frame,
    t: &'static BooksTexts,
    sign: &'static str,
    rows: Vec<AccountRow>,
    debit: String,
    credit: String,
    is_balanced: bool,
    downloads: Vec<(&'static str, String)>,
}

/// All accounts.
pub(super) async fn accounts(visit: &Visit) -> Answer {
    let (t, company, known) =
        (BooksTexts::of(visit.language), visit.company()?, collectors(visit)?);
    let accounts = visit.hall.service.accounts(company.id);
    let accounts = accounts.map_err(|failure| of_failure(failure, |_| Trouble::Missing))?;
    let shown = |minor: i128| {
        amount(Money::from_minor(i64::try_from(minor).unwrap_or(i64::MAX), company.currency))
    };
    let sum = |sign: i128| -> i128 {
        accounts.values().map(|minor| (i128::from(*minor) * sign).max(0)).sum()
    };
    let row = |(account, minor): (&Account, &i64)| {
        let minor = i128::from(*minor);
        AccountRow {
            path: account_path(visit, account),
            name: name_of_account(account, &known, t),
            code: account.to_string(),
            debit: if minor > 0 { shown(minor) } else { String::new() },
            credit: if minor < 0 { shown(-minor) } else { String::new() },
        }
    };
    answer::page(&AccountsPage {
        frame: visit.frame(t.ledger),
        t,
        sign: sign_of(company.currency),
        rows: accounts.iter().map(row).collect(),
        debit: shown(sum(1)),
        credit: shown(sum(-1)),
        is_balanced: sum(1) == sum(-1),
        downloads: download::links(&visit.to_path("/libro/lista")),
    })
}

/// What a file of balances has.
const BALANCES: [ListColumn; 4] = [
    ("Cuenta", Kind::Text, 28),
    ("Nombre", Kind::Text, 48),
    ("Debe", Kind::Amount, 18),
    ("Haber", Kind::Amount, 18),
];

/// The balances of all accounts as a file.
pub(super) async fn balances(visit: &Visit) -> Answer {
    let (known, company) = (collectors(visit)?, visit.company()?.clone());
    let list = List {
        name: format!("saldos-{}", today(visit)?.to_date()),
        title: "Saldos",
        about: String::new(),
        columns: &BALANCES,
    };
    download::listed(visit, list, move |service, rows| {
        let accounts = service.accounts(company.id);
        let accounts = accounts.map_err(|failure| of_failure(failure, |_| Trouble::Missing))?;
        let t = BooksTexts::of(Language::Spanish);
        for (account, minor) in &accounts {
            let (code, name) = (account.to_string(), name_of_account(account, &known, t));
            // The least of all numbers has no counterpart: no balance comes to it.
            let amount = Cell::Amount(Money::from_minor(minor.saturating_abs(), company.currency));
            let side = |is_own: bool| if is_own { amount } else { Cell::Nothing };
            let sides = [side(*minor > 0), side(*minor < 0)];
            rows.write(&[Cell::Text(&code), Cell::Text(&name), sides[0], sides[1]], false)?;
        }
        Ok(())
    })
    .await
}

fn account_path(visit: &Visit, account: &Account) -> String {
    visit.to_path(&format!("/libro/cuenta/{}", encoded(&account.to_string())))
}

fn name_of_account(account: &Account, known: &[Collector], t: &'static BooksTexts) -> String {
    match account {
        Account::Receivable => t.receivable.to_owned(),
        Account::Collector(id) => format!("{} {}", t.of_collector, name_of(known, *id)),
        Account::Revenue(None) => t.revenue.to_owned(),
        Account::Revenue(Some(name)) => format!("{} {name}", t.revenue_of),
        Account::PaidElsewhere => t.paid_elsewhere.to_owned(),
        Account::Payable(id) => format!("{} {} {id}", t.payable_of, t.supplier),
        Account::Advance(id) => format!("{} {} {id}", t.advance_of, t.supplier),
        Account::Means(means) => format!("{} {}", t.means_of, means_name(*means, t)),
        Account::Withheld(withholding) => format!("{} {}", t.withheld, withholding.to_code()),
        Account::Discounts => t.discounts_account.to_owned(),
        Account::Interest => t.interest_account.to_owned(),
        Account::Expense => t.expense.to_owned(),
        Account::CashRounding => t.cash_rounding.to_owned(),
        Account::CashOverShort => t.cash_over_short.to_owned(),
        Account::Commissions => t.commissions.to_owned(),
    }
}

#[derive(Debug)]
struct EntryRow {
    path: String,
    number: String,
    at: String,
    what: &'static str,
    debit: String,
    credit: String,
}

#[derive(Debug, Template)]
#[template(path = "books/account.html")]
struct AccountTemplate {
    frame: Frame,
    t: &'static BooksTexts,
    back: String,
    name: String,
    /// What is left of all entries, and on which side.
    balance: String,
    sign: &'static str,
    rows: Vec<EntryRow>,
    older: Option<String>,
    downloads: Vec<(&'static str, String)>,
}

/// The entries behind an account, the newest first.
pub(super) async fn account(visit: &Visit) -> Answer {
    let (t, company, known) =
        (BooksTexts::of(visit.language), visit.company()?, collectors(visit)?);
    let account = Account::from_code(visit.part("cuenta")).ok_or(Trouble::Missing)?;
    let before = visit.query.get("antes").parse().ok();
    let before = before.and_then(|before| EntryNumber::from_i64(before).ok());
    let page = visit.hall.service.entries_of(company.id, &account, before, PAGE_LEN);
    let AccountPage { entries, before } =
        page.map_err(|failure| of_failure(failure, |_| Trouble::Missing))?;
    let name = name_of_account(&account, &known, t);
    let path = account_path(visit, &account);
    answer::page(&AccountTemplate {
        frame: visit.frame(name.clone()),
        t,
        back: visit.to_path("/libro"),
        name,
        balance: balance(visit, &account)?,
        sign: sign_of(company.currency),
        rows: entries.iter().map(|entry| to_row(visit, &account, entry)).collect(),
        older: before.map(|before| with_query(&path, "antes", &before.to_string())),
        downloads: download::links(&format!("{path}/lista")),
    })
}

/// What is left of an account: `Bs 1.234,56 Debe`.
fn balance(visit: &Visit, account: &Account) -> Result<String, Trouble> {
    let (t, company) = (BooksTexts::of(visit.language), visit.company()?);
    let accounts = visit.hall.service.accounts(company.id);
    let accounts = accounts.map_err(|failure| of_failure(failure, |_| Trouble::Missing))?;
    let minor = accounts.get(account).copied().unwrap_or_default();
    let side = match minor.signum() {
        1 => t.debit,
        -1 => t.credit,
        _ => "",
    };
    let left = priced(Money::from_minor(minor.saturating_abs(), company.currency));
    Ok(format!("{}: {left} {side}", t.balance))
}

/// What a file of an account's entries has.
const MOVEMENTS: [ListColumn; 5] = [
    ("Asiento", Kind::Number, 14),
    ("Registrado", Kind::Moment, 19),
    ("Que paso", Kind::Text, 48),
    ("Debe", Kind::Amount, 18),
    ("Haber", Kind::Amount, 18),
];

/// Entries that are read at a time for a file.
const FILE_PAGE_LEN: usize = 1_000;

/// All entries behind an account as a file, the newest first.
pub(super) async fn movements(visit: &Visit) -> Answer {
    let (known, company) = (collectors(visit)?, visit.company()?.id);
    let account = Account::from_code(visit.part("cuenta")).ok_or(Trouble::Missing)?;
    let t = BooksTexts::of(Language::Spanish);
    let list = List {
        name: format!(
            "cuenta-{}-{}",
            account.to_string().replace(':', "-"),
            today(visit)?.to_date()
        ),
        title: "Movimientos",
        about: name_of_account(&account, &known, t),
        columns: &MOVEMENTS,
    };
    download::listed(visit, list, move |service, rows| {
        let mut before = None;
        loop {
            let page = service.entries_of(company, &account, before, FILE_PAGE_LEN);
            let page = page.map_err(|failure| of_failure(failure, |_| Trouble::Missing))?;
            for entry in &page.entries {
                let [debit, credit] =
                    sides(&account, entry).map(|sum| sum.map_or(Cell::Nothing, Cell::Amount));
                let number = Cell::Number(entry.number.to_i64());
                let (at, what) = (Cell::Instant(entry.recorded_at), what_of_kind(&entry.kind, t));
                rows.write(&[number, at, Cell::Text(what), debit, credit], false)?;
            }
            before = page.before;
            if before.is_none() {
                return Ok(());
            }
        }
    })
    .await
}

/// What an entry debits an account with, and what it credits it with.
fn sides(account: &Account, entry: &AccountEntry) -> [Option<Money>; 2] {
    let sum = |side: fn(&Posting) -> &Account| {
        let own = entry.postings.iter().filter(|posting| side(posting) == account);
        let own = own.map(|posting| posting.amount);
        own.reduce(|sum, more| sum.checked_add(more).unwrap_or(sum))
    };
    [sum(|posting| &posting.debit), sum(|posting| &posting.credit)]
}

fn to_row(visit: &Visit, account: &Account, entry: &AccountEntry) -> EntryRow {
    let t = BooksTexts::of(visit.language);
    let at = visit.station.as_ref().map(|station| moment(&station.company, entry.recorded_at));
    let [debit, credit] = sides(account, entry).map(|sum| sum.map(amount).unwrap_or_default());
    EntryRow {
        path: visit.to_path(&format!("/libro/asiento/{}", entry.number)),
        number: entry.number.to_string(),
        at: at.unwrap_or_default(),
        what: what_of_kind(&entry.kind, t),
        debit,
        credit,
    }
}

#[derive(Debug)]
struct PostingRow {
    debit: (String, String),
    credit: (String, String),
    amount: String,
}

#[derive(Debug, Template)]
#[template(path = "books/entry.html")]
struct EntryPage {
    frame: Frame,
    t: &'static BooksTexts,
    back: String,
    title: String,
    sign: &'static str,
    facts: Vec<(&'static str, String)>,
    /// What it names: where that is, and its name.
    links: Vec<(String, String)>,
    rows: Vec<PostingRow>,
}

/// One entry.
pub(super) async fn entry(visit: &Visit) -> Answer {
    let (t, company, known) =
        (BooksTexts::of(visit.language), visit.company()?, collectors(visit)?);
    let number = EntryNumber::from_i64(visit.number("asiento")?).ok().ok_or(Trouble::Missing)?;
    let entry = visit.hall.service.entry(company.id, number);
    let entry = entry.map_err(|failure| of_failure(failure, |_| Trouble::Missing))?;
    let entry = entry.ok_or(Trouble::Missing)?;
    let title = filled(t.entry, entry.number);
    answer::page(&EntryPage {
        frame: visit.frame(title.clone()),
        t,
        back: visit.to_path("/libro"),
        title,
        sign: sign_of(company.currency),
        facts: vec![
            (t.recorded_at, moment(company, entry.recorded_at)),
            (t.event, what(&entry.event, t).to_owned()),
        ],
        links: links(visit, &entry.event),
        rows: entry.postings.iter().map(|posting| to_posting(visit, posting, &known)).collect(),
    })
}

fn to_posting(visit: &Visit, posting: &Posting, known: &[Collector]) -> PostingRow {
    let t = BooksTexts::of(visit.language);
    let of = |account: &Account| (account_path(visit, account), name_of_account(account, known, t));
    PostingRow {
        debit: of(&posting.debit),
        credit: of(&posting.credit),
        amount: amount(posting.amount),
    }
}

/// What an entry names that has a page.
fn links(visit: &Visit, event: &Event) -> Vec<(String, String)> {
    let t = BooksTexts::of(visit.language);
    let payment = |id| (visit.to_path(&format!("/pago/{id}")), format!("{} {id}", t.payment));
    let receipt = |id: ReceiptId| (visit.to_path(&format!("/recibo/{id}")), id.to_string());
    let payout = |id| (visit.to_path(&format!("/pago-a-proveedor/{id}")), filled(t.payout, id));
    match event {
        Event::PaymentMade(made) => vec![payment(made.id)],
        Event::PaymentReversed(reversal) => vec![payment(reversal.payment)],
        Event::ReceiptIssued(issued) => {
            let own = receipt(issued.id);
            [own].into_iter().chain(issued.payments.iter().copied().map(payment)).collect()
        }
        Event::ReceiptReversed(reversal) => vec![receipt(reversal.receipt.id)],
        Event::PayoutMade(made) => vec![payout(made.id)],
        _ => Vec::new(),
    }
}

/// What happened, in words.
const fn what(event: &Event, t: &'static BooksTexts) -> &'static str {
    match event {
        Event::CompanyOpened { .. } => t.company_opened,
        Event::PolicyChanged(_) => t.policy_changed,
        Event::IssuerKept(_) => t.issuer_kept,
        Event::LogoKept(_) => t.logo_kept,
        Event::FileImported(_) => t.file_imported,
        Event::FileFinished { .. } => t.file_finished,
        Event::MemberKept(_) => t.member_kept,
        Event::ContractKept(_) => t.contract_kept,
        Event::BillsVersioned(_) => t.bills_versioned,
        Event::PaymentMade(_) => t.payment_made,
        Event::PaymentReversed(_) => t.payment_reversed,
        Event::SupplierKept(_) => t.supplier_kept,
        Event::InvoiceEntered(_) => t.invoice_entered,
        Event::PayoutMade(_) => t.payout_made,
        Event::PayoutReversed(_) => t.payout_reversed,
        Event::DrawerOpened(_) => t.drawer_opened,
        Event::DrawerClosed(_) => t.drawer_closed,
        Event::DrawerApproved(_) => t.drawer_approved,
        Event::ReceiptIssued(_) => t.receipt_issued,
        Event::ReceiptReversed(_) => t.receipt_reversed,
        Event::RemittanceMade(_) => t.remittance_made,
        Event::RemittanceReversed(_) => t.remittance_reversed,
        Event::BooksRestored(_) => t.books_restored,
    }
}

/// The same of the word that the journal has for it.
fn what_of_kind(kind: &str, t: &'static BooksTexts) -> &'static str {
    let known = [
        ("company-opened", t.company_opened),
        ("policy-changed", t.policy_changed),
        ("issuer-kept", t.issuer_kept),
        ("logo-kept", t.logo_kept),
        ("file-imported", t.file_imported),
        ("file-finished", t.file_finished),
        ("member-kept", t.member_kept),
        ("contract-kept", t.contract_kept),
        ("bills-versioned", t.bills_versioned),
        ("payment-made", t.payment_made),
        ("payment-reversed", t.payment_reversed),
        ("supplier-kept", t.supplier_kept),
        ("invoice-entered", t.invoice_entered),
        ("payout-made", t.payout_made),
        ("payout-reversed", t.payout_reversed),
        ("drawer-opened", t.drawer_opened),
        ("drawer-closed", t.drawer_closed),
        ("drawer-approved", t.drawer_approved),
        ("receipt-issued", t.receipt_issued),
        ("receipt-reversed", t.receipt_reversed),
        ("remittance-made", t.remittance_made),
        ("remittance-reversed", t.remittance_reversed),
        ("books-restored", t.books_restored),
    ];
    known.into_iter().find(|(word, _)| *word == kind).map_or("?", |(_, text)| text)
}
