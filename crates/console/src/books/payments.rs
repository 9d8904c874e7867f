//! Payments as they are looked through, and the files made of them.

use askama::Template;
use ventanilla_documents::{Cell, CsvTable, DayHeading, DayReportFile, FileForm, Spelling};
use ventanilla_domain::{BusinessDay, CollectorId, Company, CompanyId, Label, PaymentId};
use ventanilla_service::{
    Collector, DayOpening, DayVisitor, ListedPayments, PaymentPlace, PaymentState, PaymentsWanted,
    Service, VisitFailure,
};

use super::texts::BooksTexts;
use super::{collectors, day_of, days_before, name_of, today};
use crate::answer::{self, Answer};
use crate::figures::{amount, date, period, sign_of, time};
use crate::forms::{Choice, Errors};
use crate::frame::Frame;
use crate::trouble::{Trouble, of_failure};
use crate::visit::{Visit, with_query};

/// Days of the usual list.
const DAYS: i64 = 7;
/// Rows of a page.
const PAGE_LEN: usize = 50;
/// Rows of a page of a file, and of all of it.
const FILE_PAGE_LEN: usize = 1_000;
const FILE_LEN_MAX: usize = 100_000;

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
    sign: &'static str,
    older: Option<String>,
    list_path: String,
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
        sign: sign_of(company.currency),
        older,
        list_path: at("/cobranzas/lista"),
        day_path: visit.to_path("/cobranzas/dia"),
        day_collectors: Choice::all(names, visit.query.get("de")),
        day: day_of(visit, "dia", today(visit)?).to_date().to_string(),
        forms: Choice::all([("pdf", "PDF"), ("xlsx", "XLSX"), ("csv", "CSV")], "pdf"),
    };
    if is_wrong { answer::wrong(&page) } else { answer::page(&page) }
}

fn to_row(visit: &Visit, known: &[Collector], state: &PaymentState) -> Row {
    let PaymentState { payment, reversal } = state;
    let at = visit.station.as_ref().map(|station| time(&station.company, payment.recorded_at));
    Row {
        day: date(payment.business_day.to_date()),
        time: at.unwrap_or_default(),
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

/// Does what may take a while on a thread of its own: those of the server are for whoever waits at a window.
async fn aside<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Trouble> + Send + 'static,
) -> Result<T, Trouble> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|error| Err(Trouble::Defect(error.to_string())))
}

/// The list as CSV: 100,000 rows at most, the newest.
pub(super) async fn list(visit: &Visit) -> Answer {
    let (known, wanted) = (collectors(visit)?, wanted(visit)?);
    let (service, company) = (visit.hall.service.clone(), visit.company()?.as_ref().clone());
    let days = format!("{}-{}", wanted.days.start().to_date(), wanted.days.end().to_date());
    let bytes = aside(move || to_csv(&service, &company, &known, &wanted)).await?;
    answer::file("text/csv; charset=utf-8", &format!("cobranzas-{days}.csv"), false, bytes)
}

fn to_csv(
    service: &Service,
    company: &Company,
    known: &[Collector],
    wanted: &PaymentsWanted,
) -> Result<Vec<u8>, Trouble> {
    let names = [
        "Dia",
        "Fecha",
        "IdCobranza",
        "Contrato",
        "Nombre",
        "IdFactura",
        "Periodo",
        "Recaudador",
        "Cajero",
        "Medio",
        "Estado",
        "Monto",
    ];
    let broken = |error: std::io::Error| Trouble::Defect(error.to_string());
    let mut bytes = Vec::new();
    let mut table =
        CsvTable::start(Spelling::DayFirst, company.clone(), names, &mut bytes).map_err(broken)?;
    let (mut after, mut len) = (None, 0);
    loop {
        let listed = read(service, company.id, wanted, after, FILE_PAGE_LEN)?;
        for PaymentState { payment, reversal } in &listed.payments {
            let collector = name_of(known, payment.collector);
            let text =
                |label: &Option<Label>| label.as_ref().map(ToString::to_string).unwrap_or_default();
            let (cashier, means) = (text(&payment.place.cashier), text(&payment.place.means));
            table
                .write([
                    Cell::Day(payment.business_day.to_date()),
                    Cell::Instant(payment.recorded_at),
                    Cell::Number(payment.id.to_i64()),
                    Cell::Text(payment.contract_code.as_str()),
                    Cell::Text(payment.member_name.as_str()),
                    Cell::Number(payment.bill.to_i64()),
                    Cell::Number(payment.period.to_yyyymm().into()),
                    Cell::Text(&collector),
                    Cell::Text(&cashier),
                    Cell::Text(&means),
                    Cell::Text(if reversal.is_some() { "revertido" } else { "vigente" }),
                    Cell::Amount(payment.amount),
                ])
                .map_err(broken)?;
        }
        len += listed.payments.len();
        after = listed.after;
        if after.is_none() || len >= FILE_LEN_MAX {
            break;
        }
    }
    table.flush().map_err(broken)?;
    drop(table);
    Ok(bytes)
}

/// A collector's day as a file.
pub(super) async fn day(visit: &Visit) -> Answer {
    let t = BooksTexts::of(visit.language);
    let (form, media_type, extension) = match visit.query.get("formato") {
        "csv" => (FileForm::Csv, "text/csv; charset=utf-8", "csv"),
        "xlsx" => (FileForm::Xlsx, XLSX, "xlsx"),
        _ => (FileForm::Pdf, "application/pdf", "pdf"),
    };
    let collector = visit.query.get("de");
    let known = collectors(visit)?;
    if !known.iter().any(|known| known.name.as_str() == collector) {
        return to_page(visit, Errors::of("de", t.no_collector));
    }
    let day = day_of(visit, "dia", today(visit)?);
    let (service, company) = (visit.hall.service.clone(), visit.company()?.id);
    let collector = collector.to_owned();
    let bytes = aside(move || to_report(&service, company, &collector, day, form)).await?;
    answer::file(media_type, &format!("cobranzas-{}.{extension}", day.to_date()), false, bytes)
}

fn to_report(
    service: &Service,
    company: CompanyId,
    collector: &str,
    day: BusinessDay,
    form: FileForm,
) -> Result<Vec<u8>, Trouble> {
    let mut report = Report { form, file: None, bytes: Shared::default() };
    let visited = service.visit_day(company, collector, day, &mut report);
    visited.map_err(|failure| match failure {
        VisitFailure::Books(failure) => of_failure(failure, |_| Trouble::Missing),
        VisitFailure::Visitor(error) => Trouble::Defect(error.to_string()),
    })?;
    report.finish().map_err(|error| Trouble::Defect(error.to_string()))
}

const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/// Bytes that are written in one place and read in another.
#[derive(Debug, Clone, Default)]
struct Shared(std::sync::Arc<std::sync::Mutex<Vec<u8>>>);

impl std::io::Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let mut kept =
            self.0.lock().map_err(|poisoned| std::io::Error::other(poisoned.to_string()))?;
        kept.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Writes a day's report as it is read.
struct Report {
    form: FileForm,
    file: Option<DayReportFile<Shared>>,
    bytes: Shared,
}

impl Report {
    fn finish(self) -> std::io::Result<Vec<u8>> {
        if let Some(file) = self.file {
            file.finish()?;
        }
        let mut bytes =
            self.bytes.0.lock().map_err(|poisoned| std::io::Error::other(poisoned.to_string()))?;
        Ok(std::mem::take(&mut *bytes))
    }
}

impl DayVisitor for Report {
    type Error = std::io::Error;

    fn open(&mut self, opening: &DayOpening) -> std::io::Result<()> {
        let DayOpening { company, collector, day, totals, logo } = opening.clone();
        let heading = DayHeading { company, collector, day, logo };
        self.file = Some(DayReportFile::start(self.form, heading, totals, self.bytes.clone())?);
        Ok(())
    }

    fn payment(&mut self, state: PaymentState) -> std::io::Result<()> {
        let Some(file) = &mut self.file else { return Ok(()) };
        file.payment(&state.payment, state.reversal.as_ref())
    }

    fn reversal(&mut self, reversed: PaymentState) -> std::io::Result<()> {
        match (&mut self.file, &reversed.reversal) {
            (Some(file), Some(reversal)) => file.reversal(&reversed.payment, reversal),
            _ => Ok(()),
        }
    }
}
