//! A supplier as a page would show it: a bill, what was paid of it with all that a payout may have, and a payout that was
//! undone.

use std::net::{IpAddr, Ipv4Addr};

use jiff::civil::date;
use ventanilla_domain::{
    Application, CompanyId, Currency, Details, DocumentNumber, Given, InvoiceTerms, Letter, Means,
    MeansLine, Money, Name, PayoutId, PayoutReverseCommand, PayoutTerms, PurchaseParts, Role,
    SupplierId, SupplierRow, Text,
};
use ventanilla_service::{PayoutRequest, Service, SignIn, UserCaller};

const INTEGRATOR: &str = "sistema-contable";
const USER: &str = "contable";
const PASSWORD: &str = "una clave del sistema";
const SESSION: &str = "2b5fd41968528bb933454bcd4f804080";

/// Why what is made here is never refused.
const VALID: &str = "made of this module's words and amounts";

/// Enters a supplier of a company in bolivianos, through an accounting system of its own: a bill of 500, of which a
/// transfer of 300 with 20 withheld, 10 let off and 5 of interest pays 300 and 25 in advance; and 40 in cash, undone.
pub async fn enter_example(service: &Service, company: CompanyId) {
    enlist(service, company).await;
    let caller = caller(service).await;
    let supplier = SupplierRow {
        id: None,
        trade_name: Name::from_text("Ferretería Peña <e Hijos>").ok(),
        legal_name: Text::from_text("Peña & Hijos S.R.L.").ok(),
        tax_id: Given::Value(None),
        is_active: Some(true),
        details: Vec::new(),
    };
    let supplier = service.keep_supplier(&caller, company, supplier).await.expect(VALID).id;
    let bill = invoice(supplier, 4_410, bolivianos(500));
    let invoice = service.enter_invoice(&caller, company, bill).await.expect(VALID).id;
    let mut paid = PayoutTerms {
        discounts: bolivianos(10),
        interest: bolivianos(5),
        applied: vec![Application { invoice, amount: bolivianos(300) }],
        stated_advance: bolivianos(25),
        stated_invoices: bolivianos(300),
        description: Text::from_text("Tubería").ok(),
        ..PayoutTerms::plain(supplier, date(2021, 11, 25), line(Means::Transfer, 300))
    };
    paid.withholdings.gross_income = bolivianos(20);
    let undone = PayoutTerms::plain(supplier, date(2021, 11, 26), line(Means::Cash, 40));
    pay(service, &caller, company, paid).await;
    let payout = pay(service, &caller, company, undone).await;
    let reversed_by = Text::from_text(USER).expect(VALID);
    let undoing = PayoutReverseCommand { payout, reason: None, reversed_by };
    service.reverse_payout(company, undoing).await.expect(VALID);
}

/// Pays the example's supplier so many times more: 1, 2, 3 … in cash.
pub async fn pay_example(service: &Service, company: CompanyId, times: i64) {
    let caller = caller(service).await;
    for whole in 1..=times {
        let line = line(Means::Cash, whole);
        let terms = PayoutTerms::plain(SupplierId::FIRST, date(2021, 11, 26), line);
        pay(service, &caller, company, terms).await;
    }
}

/// Enters so many more invoices of the example's supplier: `0001-00000001`, `0001-00000002` …, of 1 each.
pub async fn bill_example(service: &Service, company: CompanyId, times: u32) {
    let caller = caller(service).await;
    for serial in 1..=times {
        let bill = invoice(SupplierId::FIRST, serial, bolivianos(1));
        service.enter_invoice(&caller, company, bill).await.expect(VALID);
    }
}

fn invoice(supplier: SupplierId, serial: u32, total: Money) -> InvoiceTerms {
    InvoiceTerms {
        supplier,
        number: DocumentNumber::from_parts(1, serial).expect(VALID),
        letter: Letter::from_text("A").ok(),
        booked_on: date(2021, 11, 20),
        issued_on: date(2021, 11, 19),
        due_on: Some(date(2021, 12, 19)),
        total,
        parts: PurchaseParts { untaxed: total, ..PurchaseParts::none(bolivianos(0)) },
        description: None,
        details: Details::new(),
        items: Vec::new(),
    }
}

async fn pay(
    service: &Service,
    caller: &UserCaller,
    company: CompanyId,
    terms: PayoutTerms,
) -> PayoutId {
    let request = PayoutRequest { terms, point: None, serial: None, caller_key: None };
    service.make_payout(caller, company, request).await.expect(VALID).act.id
}

fn line(means: Means, whole: i64) -> MeansLine {
    MeansLine::plain(means, bolivianos(whole))
}

fn bolivianos(whole: i64) -> Money {
    Money::from_minor(whole * 100, Currency::BOB)
}

/// Lets the accounting system in.
async fn enlist(service: &Service, company: CompanyId) {
    let name = |text: &str| Text::from_text(text).expect(VALID);
    let password = Some(PASSWORD.to_owned());
    service.add_integrator(name(INTEGRATOR), password).await.expect(VALID);
    service.add_user(name(USER), PASSWORD, company, Role::Accountant).await.expect(VALID);
    service.open_permanent_session(&name(USER), SESSION).await.expect(VALID);
}

async fn caller(service: &Service) -> UserCaller {
    let developer = SignIn { name: INTEGRATOR.to_owned(), password: PASSWORD.to_owned() };
    let admitted = service.admit(&developer, IpAddr::V4(Ipv4Addr::LOCALHOST)).await.expect(VALID);
    admitted.session(USER, SESSION).expect(VALID).into_caller()
}
