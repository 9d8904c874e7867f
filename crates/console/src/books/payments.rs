//! Payments as they are looked through, and the files made of them.

use std::io;

use askama::Template;
use ventanilla_documents::{Cell, DayHeading, DayReportFile, FileForm, Kind, ListColumn};
use ventanilla_domain::{
    BusinessDay, CollectorId, Company, CompanyId, Label, Money, PaymentId, civil_at,
};
use ventanilla_service::{
    Collector, DayOpening, DayVisitor, ListedPayments, PaymentPlace, PaymentState, PaymentsWanted,
    Service, VisitFailure,
};
use ventanilla_spool::Spool;

use super::download::{self, List, Rows, form_of};
use super::texts::BooksTexts;
use super::{collectors, day_of, days_before, name_of, today};
use crate::answer::{self, Answer};
use crate::figures::{amount, date, moment, period, sign_of, time};
use crate::forms::{Choice, Errors};
use crate::frame::Frame;
use crate::language::Language;
use crate::trouble::{Trouble, of_failure};
use crate::visit::{Visit, with_query};

/// Days of the usual list.
const DAYS: i64 = 7;
/// Rows of a page.
const PAGE_LEN: usize = 50;
/// Rows that are read at a time for a file.
const FILE_PAGE_LEN: usize = 1_000;

#[derive(Debug)]
struct Row {
    day: String,
    time: String,
    path: String,
    payment: String,
    member: String,
    bill: String,
    period: String,
    collector: String,
    cashier: String,
    is_reversed: bool,
    amount: String,
}

#[derive(Debug, Template)]
#[template(path = "books/payments.html")]
struct PaymentsPage {
    frame: Frame,
    t: &'static BooksTexts,
    errors: Errors,
    from: String,
    to: String,
    collectors: Vec<Choice>,
    cashier: String,
    states: Vec<Choice>,
    rows: Vec<Row>,
    /// What the rows are, and what was collected and reversed of them.
    sum: [String; 3],
    sign: &'static str,
    older: Option<String>,
    downloads: Vec<(&'static str, String)>,
    day_path: String,
    day_collectors: Vec<Choice>,
    day: String,
    forms: Vec<Choice>,
}

/// What is asked for, as the query says it.
fn wanted(visit: &Visit) -> Result<PaymentsWanted, Trouble> {
    let to = day_of(visit, "hasta", today(visit)?);
    let from = day_of(visit, "desde", days_before(to, DAYS - 1)).min(to);
    let collector = visit.query.get("recaudador").parse().ok();
    Ok(PaymentsWanted {
        days: from..=to,
        collector: collector.and_then(|id| CollectorId::from_i64(id).ok()),
        cashier: Label::from_text(visit.query.get("cajero")).ok(),
        is_reversed: match visit.query.get("estado") {
            "vigente" => Some(false),
            "revertido" => Some(true),
            _ => None,
        },
    })
}

/// The place in the list where the query goes on.
fn place(visit: &Visit) -> Option<PaymentPlace> {
    let (day, payment) = visit.query.get("tras").split_once('.')?;
    let day = BusinessDay::from_date(day.parse().ok()?);
    Some(PaymentPlace { day, payment: PaymentId::from_i64(payment.parse().ok()?).ok()? })
}

fn read(
    service: &Service,
    company: CompanyId,
    wanted: &PaymentsWanted,
    after: Option<PaymentPlace>,
    len: usize,
) -> Result<ListedPayments, Trouble> {
    let listed = service.payments(company, wanted, after, len);
    listed.map_err(|failure| of_failure(failure, |_| Trouble::Missing))
}

/// The list.
pub(super) async fn show(visit: &Visit) -> Answer {
    to_page(visit, Errors::default())
}

fn to_page(visit: &Visit, errors: Errors) -> Answer {
    let (t, company, known) =
        (BooksTexts::of(visit.language), visit.company()?, collectors(visit)?);
    let wanted = wanted(visit)?;
    let listed = read(&visit.hall.service, company.id, &wanted, place(visit), PAGE_LEN)?;
    let here = visit.query.without(|name| matches!(name, "tras" | "hecho"));
    let at = |rest: &str| format!("{}?{}", visit.to_path(rest), here.to_text());
    let older = listed.after.map(|PaymentPlace { day, payment }| {
        with_query(&at("/cobranzas"), "tras", &format!("{}.{payment}", day.to_date()))
    });
    let ids = known.iter().map(|collector| (collector.id.to_string(), collector.name.to_string()));
    let ids = [(String::new(), t.all.to_owned())].into_iter().chain(ids);
    let states = [("", t.all), ("vigente", t.standing), ("revertido", t.undone)];
    let names = known.iter().map(|collector| (&collector.name, &collector.name));
    let is_wrong = !errors.is_empty();
    let page = PaymentsPage {
        frame: visit.frame(t.payments),
        t,
        errors,
        from: wanted.days.start().to_date().to_string(),
        to: wanted.days.end().to_date().to_string(),
        collectors: Choice::all(ids, visit.query.get("recaudador")),
        cashier: visit.query.get("cajero").to_owned(),
        states: Choice::all(states, visit.query.get("estado")),
        rows: listed.payments.iter().map(|state| to_row(visit, &known, state)).collect(),
        sum: sum(&listed, visit.query.has("tras"), t, company)?,
        sign: sign_of(company.currency),
        older,
        downloads: download::links(&at("/cobranzas/lista")),
        day_path: visit.to_path("/cobranzas/dia"),
        day_collectors: Choice::all(names, visit.query.get("de")),
        day: day_of(visit, "dia", today(visit)?).to_date().to_string(),
        forms: Choice::all([("pdf", "PDF"), ("xlsx", "XLSX"), ("csv", "CSV")], "pdf"),
    };
    if is_wrong { answer::wrong(&page) } else { answer::page(&page) }
}

/// What the rows of a page add up to: of the whole list, where that is all of it.
fn sum(
    listed: &ListedPayments,
    is_later: bool,
    t: &'static BooksTexts,
    company: &Company,
) -> Result<[String; 3], Trouble> {
    let zero = Money::zero(company.currency);
    let total = |is_counted: fn(&PaymentState) -> bool| {
        let mut counted = listed.payments.iter().filter(|state| is_counted(state));
        let sum = counted.try_fold(zero, |sum, state| sum.checked_add(state.payment.amount));
        sum.map(amount).map_err(|error| Trouble::Defect(error.to_string()))
    };
    let is_whole = !is_later && listed.after.is_none();
    let name = if is_whole { t.total } else { t.page_total };
    let reversed = total(|state| state.reversal.is_some())?;
    Ok([format!("{name}: {}", listed.payments.len()), total(|_| true)?, reversed])
}

fn to_row(visit: &Visit, known: &[Collector], state: &PaymentState) -> Row {
    let PaymentState { payment, reversal } = state;
    let day = payment.business_day.to_date();
    let told = |company: &Company| {
        // After the cut-off it is the next day's: then the time has its own date.
        let is_same = civil_at(company, payment.recorded_at).date() == day;
        let tell = if is_same { time } else { moment };
        tell(company, payment.recorded_at)
    };
    Row {
        day: date(day),
        time: visit.station.as_ref().map(|station| told(&station.company)).unwrap_or_default(),
        path: visit.to_path(&format!("/pago/{}", payment.id)),
        payment: payment.id.to_string(),
        member: format!("{} · {}", payment.contract_code, payment.member_name),
        bill: payment.bill.to_string(),
        period: period(payment.period),
        collector: name_of(known, payment.collector),
        cashier: payment.place.cashier.as_ref().map(ToString::to_string).unwrap_or_default(),
        is_reversed: reversal.is_some(),
        amount: amount(payment.amount),
    }
}

/// What a file of payments has; what was reversed of an amount stands beside it, so that both columns add up.
const COLUMNS: [ListColumn; 13] = [
    ("Dia", Kind::Day, 11),
    ("Fecha", Kind::Moment, 19),
    ("IdCobranza", Kind::Number, 12),
    ("Contrato", Kind::Text, 11),
    ("Nombre", Kind::Text, 28),
    ("IdFactura", Kind::Number, 12),
    ("Periodo", Kind::Text, 8),
    ("Recaudador", Kind::Text, 16),
    ("Cajero", Kind::Text, 13),
    ("Medio", Kind::Text, 11),
    ("Estado", Kind::Text, 10),
    ("Monto", Kind::Amount, 14),
    ("Revertido", Kind::Amount, 16),
];

/// The whole list as a file, the newest first.
pub(super) async fn list(visit: &Visit) -> Answer {
    let (known, wanted, company) = (collectors(visit)?, wanted(visit)?, visit.company()?.id);
    let (from, to) = (wanted.days.start().to_date(), wanted.days.end().to_date());
    let list = List {
        name: format!("cobranzas-{from}-{to}"),
        title: "Cobranzas",
        about: about(&wanted, &known),
        columns: &COLUMNS,
    };
    download::listed(visit, list, move |service, rows| {
        let mut after = None;
        loop {
            let listed = read(service, company, &wanted, after, FILE_PAGE_LEN)?;
            for state in &listed.payments {
                write(rows, &known, state)?;
            }
            after = listed.after;
            if after.is_none() {
                return Ok(());
            }
        }
    })
    .await
}

/// What was asked for, in words.
fn about(wanted: &PaymentsWanted, known: &[Collector]) -> String {
    let t = BooksTexts::of(Language::Spanish);
    let days = format!(
        "del {} al {}",
        date(wanted.days.start().to_date()),
        date(wanted.days.end().to_date())
    );
    let collector = wanted.collector.map(|id| format!("{} {}", t.of_collector, name_of(known, id)));
    let cashier = wanted.cashier.as_ref().map(|cashier| format!("{} {cashier}", t.cashier));
    let state = wanted.is_reversed.map(|is_reversed| state_name(is_reversed, t).to_owned());
    let parts = [Some(days), collector, cashier, state];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

const fn state_name(is_reversed: bool, t: &'static BooksTexts) -> &'static str {
    if is_reversed { t.undone } else { t.standing }
}

fn write(rows: &mut Rows<'_>, known: &[Collector], state: &PaymentState) -> Result<(), Trouble> {
    let PaymentState { payment, reversal } = state;
    let collector = name_of(known, payment.collector);
    let is_reversed = reversal.is_some();
    let cells = [
        Cell::Day(payment.business_day.to_date()),
        Cell::Instant(payment.recorded_at),
        Cell::Number(payment.id.to_i64()),
        Cell::Text(payment.contract_code.as_str()),
        Cell::Text(payment.member_name.as_str()),
        Cell::Number(payment.bill.to_i64()),
        Cell::Number(payment.period.to_yyyymm().into()),
        Cell::Text(&collector),
        Cell::Text(payment.place.cashier.as_ref().map_or("", Label::as_str)),
        Cell::Text(payment.place.means.as_ref().map_or("", Label::as_str)),
        Cell::Text(state_name(is_reversed, BooksTexts::of(Language::Spanish))),
        Cell::Amount(payment.amount),
        download::reversed(payment.amount, is_reversed),
    ];
    rows.write(&cells, is_reversed)
}

/// A collector's day as a file.
pub(super) async fn day(visit: &Visit) -> Answer {
    let t = BooksTexts::of(visit.language);
    let (ending, form, media_type) = form_of(visit, FileForm::Pdf);
    let collector = visit.query.get("de");
    let known = collectors(visit)?;
    if !known.iter().any(|known| known.name.as_str() == collector) {
        return to_page(visit, Errors::of("de", t.no_collector));
    }
    let day = day_of(visit, "dia", today(visit)?);
    let (service, company) = (visit.hall.service.clone(), visit.company()?.id);
    let collector = collector.to_owned();
    let body = download::written(move |spool| {
        let mut report = Report { form, out: Some(spool), file: None };
        let visited = service.visit_day(company, &collector, day, &mut report);
        let broken = |error: io::Error| Trouble::Defect(error.to_string());
        visited.map_err(|failure| match failure {
            VisitFailure::Books(failure) => of_failure(failure, |_| Trouble::Missing),
            VisitFailure::Visitor(error) => broken(error),
        })?;
        report.file.map_or(Ok(()), |file| file.finish().map_err(broken))
    });
    answer::file(media_type, &format!("cobranzas-{}.{ending}", day.to_date()), false, body.await?)
}

/// Writes a day's report as it is read.
struct Report<'s> {
    form: FileForm,
    out: Option<&'s mut Spool>,
    file: Option<DayReportFile<&'s mut Spool>>,
}

impl DayVisitor for Report<'_> {
    type Error = io::Error;

    fn open(&mut self, opening: &DayOpening) -> io::Result<()> {
        let DayOpening { company, collector, day, totals, logo } = opening.clone();
        let heading = DayHeading { company, collector, day, logo };
        let out = self.out.take().ok_or_else(|| io::Error::other("a day was opened twice"))?;
        self.file = Some(DayReportFile::start(self.form, heading, totals, out)?);
        Ok(())
    }

    fn payment(&mut self, state: PaymentState) -> io::Result<()> {
        let Some(file) = &mut self.file else { return Ok(()) };
        file.payment(&state.payment, state.reversal.as_ref())
    }

    fn reversal(&mut self, reversed: PaymentState) -> io::Result<()> {
        match (&mut self.file, &reversed.reversal) {
            (Some(file), Some(reversal)) => file.reversal(&reversed.payment, reversal),
            _ => Ok(()),
        }
    }
}
