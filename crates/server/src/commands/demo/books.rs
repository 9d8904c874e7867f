//! The demo's books: the documents' examples (docs/spec/cooplan.md §3), synthetic members around them,
//! and some days of payments, so that every report has something to show.

use std::io::Cursor;

use jiff::Timestamp;
use jiff::civil::{Date, Time};
use ventanilla_domain::{
    BillId, BillState, CallerReference, CollectorId, CompanyId, ContractCode, ContractState,
    Currency, FileKind, Label, Money, Name, PayCommand, PaymentId, Period, Place, Role, Text,
    TimeZone,
};
use ventanilla_service::import::{ImportRefusal, ImportRequest, News};
use ventanilla_service::{Credentials, NewCollector, NewCompany, PastPayment};
use ventanilla_sim::{KnownBill, World, write_bills, write_members};
use ventanilla_store::Store;

use super::payables;
use crate::books::Books;
use crate::problem::{self, Problem};

/// The demo's collectors by login; together they tell the demo's books from others.
pub(super) const LOGINS: [&str; 2] = ["demo", "banco"];

/// Who works at the demo's console: name, password and role.
pub(super) const USERS: [(&str, &str, Role); 4] = [
    ("cajero", "demo-cajero", Role::Cashier),
    ("supervisor", "demo-supervisor", Role::Supervisor),
    ("contador", "demo-contador", Role::Accountant),
    ("admin", "demo-admin", Role::Administrator),
];

/// The documents' own examples.
const MEMBERS: &str = include_str!("members.csv");
const BILLS: &str = include_str!("bills.csv");

/// The document's payment is 4224408: the next one when the demo is new.
const FIRST_PAYMENT: i64 = 4_224_408;

const TIME_ZONE: &str = "America/La_Paz";

/// What is set before anything is paid: the document's examples reverse payments of any day, and what
/// heads the papers is made up around its name.
const SETTINGS: [(&str, &str); 9] = [
    ("reversal_days", "none"),
    ("issuer.name", "Cooperativa de Servicios Públicos Cooplan Ltda."),
    ("issuer.tax_id", "1023245028"),
    ("issuer.address", "Av. Blanco Galindo km 5, Zona Quillacollo"),
    ("issuer.municipality", "Cochabamba - Bolivia"),
    ("issuer.phone", "4-4260000"),
    ("issuer.activity", "Captación, tratamiento y distribución de agua"),
    (
        "issuer.legend",
        "Ley N.° 453: Tienes derecho a recibir información sobre las características y contenidos de \
         los servicios que utilices.",
    ),
    ("issuer.public_url", "http://127.0.0.1:8080"),
];

/// Who the papers are of, at a glance: `logo.py` beside it drew it.
const LOGO: &[u8] = include_bytes!("logo.png");

/// The synthetic members around the documents' own, and how many bills each has.
const SEED: u64 = 13;
const CONTRACTS: u32 = 3_000;
const BILLS_PER_CONTRACT: u32 = 4;

/// The first id of the payments that the reports show.
const FIRST_PAST_PAYMENT: i64 = 4_000_001;
/// Who fills it, as the books say.
const DEMO: &str = "ventanilla demo";

/// Days before the demo that have payments, and payments each day.
const PAST_DAYS: i32 = 5;
const PAYMENTS_A_DAY: usize = 40;

/// Fills an empty store with the demo.
pub(super) fn fill(store: Store, place: &crate::place::Place) -> anyhow::Result<()> {
    let books = Books::start(store, place)?.operated_by(Label::from_text(DEMO)?);
    let company = add_company(&books)?;
    for (name, password, role) in USERS {
        let name = Text::from_text(name)?;
        let added = books.wait(books.service.add_user(name, password, company, role));
        added.map_err(|failure| books.unchanged(failure))?;
    }
    let now = books.service.clock().now();
    let own = ["DEMO-COOPLAN", "demo", "demo-cooplan"];
    let own = add_collector(&books, company, "Ventanilla Cooplan", own)?;
    let bank = ["DEMO-BANCO", "banco", "demo-banco"];
    let bank = add_collector(&books, company, "Banco", bank)?;
    import(&books, company, FileKind::Members, "socios-documento.csv", MEMBERS.as_bytes())?;
    import(&books, company, FileKind::Bills, "facturas-documento.csv", BILLS.as_bytes())?;
    let world = synthetic_world(now)?;
    let mut file = Vec::new();
    write_members(&mut file, &world)?;
    import(&books, company, FileKind::Members, "socios.csv", &file)?;
    file.clear();
    write_bills(&mut file, &world)?;
    import(&books, company, FileKind::Bills, "facturas.csv", &file)?;
    past_payments(&books, company, [own, bank], &world, now)?;
    document_payments(&books, company, own, days_before(now, 1)?)?;
    payables::fill(&books)?;
    books.close();
    Ok(())
}

/// Synthetic members whose last bills are of the month before.
fn synthetic_world(now: Timestamp) -> anyhow::Result<World> {
    let months = jiff::Span::new().months(BILLS_PER_CONTRACT);
    let first = days_before(now, 0)?.checked_sub(months)?;
    let (year, month) = (u32::try_from(first.year())?, u32::try_from(first.month())?);
    let first_period = Period::from_year_month(year, month)?;
    Ok(World { first_period, ..World::new(SEED, CONTRACTS, BILLS_PER_CONTRACT) })
}

fn add_company(books: &Books) -> anyhow::Result<CompanyId> {
    let company = books.wait(books.service.add_company(NewCompany {
        id: CompanyId::from_i64(13)?,
        name: Name::from_text("Cooplan")?,
        currency: Currency::BOB,
        time_zone: TimeZone::from_name(TIME_ZONE)?,
        first_payment: PaymentId::from_i64(FIRST_PAYMENT)?,
    }));
    let id = company.map_err(|failure| books.unchanged(failure))?.id;
    let settings = SETTINGS.map(|(key, value)| (key.to_owned(), value.to_owned()));
    let company = books.wait(books.service.set_company(id, settings.into()));
    company.map_err(|failure| books.unchanged(failure))?;
    let company = books.wait(books.service.set_logo(id, Some(LOGO.to_vec())));
    company.map_err(|failure| books.unchanged(failure))?;
    Ok(id)
}

fn add_collector(
    books: &Books,
    company: CompanyId,
    name: &str,
    [security_code, login, password]: [&str; 3],
) -> anyhow::Result<CollectorId> {
    let added = books.wait(books.service.add_collector(NewCollector {
        company,
        name: Label::from_text(name)?,
        can_list: false,
        credentials: Some(Credentials {
            security_code: security_code.to_owned(),
            login: login.to_owned(),
            password: password.to_owned(),
        }),
    }));
    Ok(added.map_err(|failure| books.unchanged(failure))?.0.id)
}

/// Imports a file as an operator would.
fn import(
    books: &Books,
    company: CompanyId,
    kind: FileKind,
    name: &str,
    text: &[u8],
) -> anyhow::Result<()> {
    let request = ImportRequest {
        company,
        kind,
        name: Name::from_text(name)?,
        imported_by: Label::from_text(DEMO)?,
        dry_run: false,
        skip_bad: false,
        complete: None,
    };
    let mut bad = None;
    let mut keep_first_bad = |news: News<'_>| {
        if let News::Refused(verdict) = news
            && bad.is_none()
        {
            bad = Some(verdict);
        }
    };
    let imported = books.service.import(&request, &mut Cursor::new(text), &mut keep_first_bad);
    match imported {
        Ok(_) => Ok(()),
        Err(failure) => Err(problem::from_failure(failure, |refusal: ImportRefusal| {
            tracing::error!(%refusal, ?bad, name, "the demo's own file was refused");
            Problem::store("los datos de ejemplo no se pudieron cargar")
        })),
    }
}

/// The date that many days ago, where the demo is.
fn days_before(now: Timestamp, days: i32) -> anyhow::Result<Date> {
    let today = jiff::tz::TimeZone::get(TIME_ZONE)?.to_datetime(now).date();
    Ok(today.checked_sub(jiff::Span::new().days(days))?)
}

fn at(day: Date, time: Time) -> anyhow::Result<Timestamp> {
    let zone = jiff::tz::TimeZone::get(TIME_ZONE)?;
    Ok(zone.to_ambiguous_timestamp(day.to_datetime(time)).compatible()?)
}

/// A payment the demo remembers.
struct Past<'a> {
    id: i64,
    collector: CollectorId,
    bill: i64,
    contract: &'a str,
    yyyymm: u32,
    amount_minor: i64,
    member: Option<&'a str>,
    place: Place,
    recorded_at: Timestamp,
    reversed_at: Option<Timestamp>,
}

/// The two payments that the document's examples print and reverse.
fn document_payments(
    books: &Books,
    company: CompanyId,
    demo: CollectorId,
    day: Date,
) -> anyhow::Result<()> {
    let reversed = Past {
        id: 4_224_330,
        collector: demo,
        bill: 4_303_567,
        contract: "315",
        yyyymm: 202_110,
        amount_minor: 14_570,
        member: Some("12394"),
        place: Place::default(),
        recorded_at: at(day, Time::constant(10, 42, 17, 0))?,
        reversed_at: Some(at(day, Time::constant(10, 49, 3, 0))?),
    };
    let standing = Past {
        id: 23_456_422,
        collector: demo,
        bill: 234_234,
        contract: "316",
        yyyymm: 202_109,
        amount_minor: 9_840,
        member: None,
        place: Place::default(),
        recorded_at: at(day, Time::constant(11, 5, 40, 0))?,
        reversed_at: None,
    };
    record(books, company, &reversed)?;
    record(books, company, &standing)
}

/// Payments of the last days, by both collectors, of bills spread over the synthetic members.
fn past_payments(
    books: &Books,
    company: CompanyId,
    [own, bank]: [CollectorId; 2],
    world: &World,
    now: Timestamp,
) -> anyhow::Result<()> {
    let bills = world.known_bills();
    let payable = |bill: &&KnownBill| {
        bill.state == BillState::Owed && bill.contract_state == ContractState::Active
    };
    // A number that shares no factor with the bills of a contract: all periods have payments.
    let mut bills = bills.iter().step_by(41).filter(payable);
    let mut id = FIRST_PAST_PAYMENT;
    for days in (1..=PAST_DAYS).rev() {
        let opening = at(days_before(now, days)?, Time::constant(8, 2, 0, 0))?;
        for (number, bill) in (0_i64..).zip(bills.by_ref().take(PAYMENTS_A_DAY)) {
            let recorded_at = opening + jiff::SignedDuration::from_secs(number * 817);
            // One in twenty was a cashier's slip.
            let slip = number % 20 == 13;
            let past = Past {
                id,
                collector: if number % 3 == 0 { bank } else { own },
                bill: bill.bill.to_i64(),
                contract: bill.contract.as_str(),
                yyyymm: bill.period.to_yyyymm(),
                amount_minor: bill.amount.to_minor(),
                member: None,
                place: place(number)?,
                recorded_at,
                reversed_at: slip.then(|| recorded_at + jiff::SignedDuration::from_secs(140)),
            };
            record(books, company, &past)?;
            id += 1;
        }
    }
    Ok(())
}

/// Where the payment of that number was taken.
fn place(number: i64) -> anyhow::Result<Place> {
    let is_bank = number % 3 == 0;
    let branch = if is_bank { "Agencia Centro" } else { "Oficina central" };
    let means = if number % 4 == 1 { "QR" } else { "efectivo" };
    Ok(Place {
        branch: Some(Label::from_text(branch)?),
        cashier: Some(Label::from_text(&format!("caja {}", number % 2 + 1))?),
        terminal: None,
        means: Some(Label::from_text(means)?),
        collected_at: None,
    })
}

fn record(books: &Books, company: CompanyId, past: &Past<'_>) -> anyhow::Result<()> {
    let command = PayCommand {
        collector: past.collector,
        bill: BillId::from_i64(past.bill)?,
        period: Period::from_yyyymm(past.yyyymm)?,
        contract: ContractCode::from_text(past.contract)?,
        amount: Money::from_minor(past.amount_minor, Currency::BOB),
        caller_reference: past.member.map(CallerReference::from_text).transpose()?,
        caller_key: None,
        place: past.place.clone(),
    };
    let recorded = books.wait(books.service.record_past_payment(
        company,
        PastPayment {
            id: PaymentId::from_i64(past.id)?,
            command,
            recorded_at: past.recorded_at,
            reversed_at: past.reversed_at,
        },
    ));
    recorded.map(drop).map_err(|failure| {
        problem::from_failure(failure, |refusal| {
            tracing::error!(%refusal, id = past.id, "the demo's own payment was refused");
            Problem::store("los pagos de ejemplo no se pudieron guardar")
        })
    })
}
