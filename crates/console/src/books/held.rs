//! What each collector holds for the company, and what it hands over.

use askama::Template;
use ventanilla_documents::{Cell, Kind, ListColumn};
use ventanilla_domain::{
    CallerKey, CollectorId, Label, Means, Money, Reason, RemitRefusal, Remittance, RemittanceId,
    RemittanceReverseRefusal, Right,
};
use ventanilla_service::{
    Collector, Failure, Held, KeptRemittance, NewRemittance, WINDOW_PAGE_LEN,
};

use super::download::{self, List, Rows};
use super::texts::BooksTexts;
use super::{collectors, means_name, name_of, today};
use crate::answer::{self, Answer};
use crate::figures::{amount, date, date_from, money_from, sign_of};
use crate::forms::{Choice, Errors};
use crate::frame::{Done, Frame};
use crate::language::Language;
use crate::trouble::{Trouble, act_refusal_of};
use crate::visit::{ATTEMPT, Visit, with_query};

#[derive(Debug)]
struct HeldRow {
    name: String,
    account: String,
    amount: String,
    is_ahead: bool,
    held_max: String,
    left: String,
    is_above: bool,
}

impl HeldRow {
    fn of(visit: &Visit, held: &Held) -> Self {
        let limits = held.collector.limits;
        let left = limits.left(held.amount);
        Self {
            account: visit.to_path(&format!("/libro/cuenta/collector:{}", held.collector.id)),
            name: held.collector.name.to_string(),
            amount: amount(held.amount),
            is_ahead: held.amount.to_minor() < 0,
            held_max: limits.held_max().map(amount).unwrap_or_default(),
            left: left.map(amount).unwrap_or_default(),
            is_above: left.is_some_and(|left| left.to_minor() < 0),
        }
    }
}

#[derive(Debug)]
struct Row {
    number: String,
    date: String,
    collector: String,
    means: &'static str,
    reference: String,
    by: String,
    amount: String,
    commission: String,
    reversed: Option<String>,
    /// Where it is undone, by whoever may.
    reverse: Option<String>,
}

#[derive(Debug, Template)]
#[template(path = "books/held.html")]
struct HeldPage {
    frame: Frame,
    t: &'static BooksTexts,
    errors: Errors,
    sign: &'static str,
    held: Vec<HeldRow>,
    held_total: String,
    /// Whether there is a collector that may hold only so much.
    is_limited: bool,
    can_remit: bool,
    attempt: String,
    collectors: Vec<Choice>,
    means: Vec<Choice>,
    amount: String,
    commission: String,
    bank_date: String,
    reference: String,
    rows: Vec<Row>,
    older: Option<String>,
    downloads: Vec<(&'static str, String)>,
}

/// The page.
pub(super) async fn show(visit: &Visit) -> Answer {
    to_page(visit, Errors::default())
}

fn to_page(visit: &Visit, errors: Errors) -> Answer {
    let (t, company, officer) =
        (BooksTexts::of(visit.language), visit.company()?, visit.station()?);
    let (service, form, known) = (&visit.hall.service, &visit.form, collectors(visit)?);
    let before = visit.query.get("antes").parse().ok();
    let before = before.and_then(|before| RemittanceId::from_i64(before).ok());
    let kept = service.remittances(officer, None, before)?;
    let last = kept.last().filter(|_| kept.len() == WINDOW_PAGE_LEN);
    let path = visit.to_path("/rendiciones");
    let held = service.held(officer)?;
    let mut sums = held.iter().map(|held| held.amount);
    let held_total = sums.try_fold(Money::zero(company.currency), Money::checked_add);
    let held_total = held_total.map_err(|error| Trouble::Defect(error.to_string()))?;
    let held: Vec<_> = held.iter().map(|held| HeldRow::of(visit, held)).collect();
    let typed_date = form.get("fecha");
    let today = today(visit)?.to_date().to_string();
    // Nobody is chosen by nobody: of several, whose money it is has to be said.
    let none = (known.len() > 1).then(|| (String::new(), t.choose.to_owned()));
    let ids = known.iter().map(|collector| (collector.id.to_string(), collector.name.to_string()));
    let ids = none.into_iter().chain(ids);
    let means = Means::ALL.map(|means| (means.to_code(), means_name(means, t)));
    let chosen = if form.has("medio") { form.get("medio") } else { Means::Transfer.to_code() };
    let is_wrong = !errors.is_empty();
    let page = HeldPage {
        frame: visit.frame(t.held),
        t,
        errors,
        sign: sign_of(company.currency),
        held_total: amount(held_total),
        is_limited: held.iter().any(|row| !row.held_max.is_empty()),
        held,
        can_remit: visit.may(Right::Remit),
        attempt: visit.attempt(),
        collectors: Choice::all(ids, form.get("recaudador")),
        means: Choice::all(means, chosen),
        amount: form.get("monto").to_owned(),
        commission: form.get("comision").to_owned(),
        bank_date: if typed_date.is_empty() { today } else { typed_date.to_owned() },
        reference: form.get("referencia").to_owned(),
        rows: kept.iter().map(|kept| to_row(visit, &known, kept)).collect(),
        older: last.map(|last| with_query(&path, "antes", &last.remittance.id.to_string())),
        downloads: download::links(&visit.to_path("/rendiciones/lista")),
    };
    if is_wrong { answer::wrong(&page) } else { answer::page(&page) }
}

fn to_row(visit: &Visit, known: &[Collector], kept: &KeptRemittance) -> Row {
    let (t, KeptRemittance { remittance, reversal }) = (BooksTexts::of(visit.language), kept);
    let Remittance { id, collector, amount: sum, commission, means, bank_date, .. } = remittance;
    let can_reverse = reversal.is_none() && visit.may(Right::Remit);
    Row {
        number: id.to_string(),
        date: date(*bank_date),
        collector: name_of(known, *collector),
        means: means_name(*means, t),
        reference: remittance.reference.as_ref().map(ToString::to_string).unwrap_or_default(),
        by: remittance.recorded_by.to_string(),
        amount: amount(*sum),
        commission: amount(*commission),
        reversed: reversal.as_ref().map(|reversal| reversal.reason.to_string()),
        reverse: can_reverse.then(|| visit.to_path(&format!("/rendiciones/{id}/revertir"))),
    }
}

/// What a file of remittances has; what was reversed is amount and commission together.
const COLUMNS: [ListColumn; 13] = [
    ("Rendicion", Kind::Number, 11),
    ("FechaBanco", Kind::Day, 13),
    ("Registrado", Kind::Moment, 19),
    ("Dia", Kind::Day, 11),
    ("Recaudador", Kind::Text, 18),
    ("Medio", Kind::Text, 15),
    ("Referencia", Kind::Text, 18),
    ("Por", Kind::Text, 14),
    ("Estado", Kind::Text, 10),
    ("Motivo", Kind::Text, 18),
    ("Monto", Kind::Amount, 15),
    ("Comision", Kind::Amount, 16),
    ("Revertido", Kind::Amount, 16),
];

/// All remittances as a file, the latest first.
pub(super) async fn list(visit: &Visit) -> Answer {
    let (known, officer) = (collectors(visit)?, visit.station()?.clone());
    let list = List {
        name: format!("rendiciones-{}", today(visit)?.to_date()),
        title: "Rendiciones",
        about: String::new(),
        columns: &COLUMNS,
    };
    download::listed(visit, list, move |service, rows| {
        let mut before = None;
        loop {
            let kept = service.remittances(&officer, None, before)?;
            for kept in &kept {
                write(rows, &known, kept)?;
            }
            before = kept.last().map(|kept| kept.remittance.id);
            if kept.len() < WINDOW_PAGE_LEN {
                return Ok(());
            }
        }
    })
    .await
}

fn write(rows: &mut Rows<'_>, known: &[Collector], kept: &KeptRemittance) -> Result<(), Trouble> {
    let (t, KeptRemittance { remittance, reversal }) = (BooksTexts::of(Language::Spanish), kept);
    let Remittance { amount, commission, .. } = *remittance;
    let collector = name_of(known, remittance.collector);
    let is_reversed = reversal.is_some();
    let whole = amount.checked_add(commission);
    let whole = whole.map_err(|error| Trouble::Defect(error.to_string()))?;
    let cells = [
        Cell::Number(remittance.id.to_i64()),
        Cell::Day(remittance.bank_date),
        Cell::Instant(remittance.recorded_at),
        Cell::Day(remittance.business_day.to_date()),
        Cell::Text(&collector),
        Cell::Text(means_name(remittance.means, t)),
        Cell::Text(remittance.reference.as_ref().map_or("", Label::as_str)),
        Cell::Text(remittance.recorded_by.as_str()),
        Cell::Text(if is_reversed { t.undone } else { t.standing }),
        Cell::Text(reversal.as_ref().map_or("", |reversal| reversal.reason.as_str())),
        Cell::Amount(amount),
        Cell::Amount(commission),
        download::reversed(whole, is_reversed),
    ];
    rows.write(&cells, is_reversed)
}

/// Posts what a collector handed over.
pub(super) async fn remit(visit: &Visit) -> Answer {
    let t = BooksTexts::of(visit.language);
    let mut errors = Errors::default();
    let Some(new) = read(visit, &mut errors)? else { return to_page(visit, errors) };
    let path = visit.to_path("/rendiciones");
    match visit.hall.service.remit(visit.station()?, new).await {
        Ok(_) => answer::see(&Done::Remitted.at(&path)),
        Err(Failure::Unknown) => Err(Trouble::Unknown(path)),
        Err(failure) => to_page(
            visit,
            match act_refusal_of(failure)? {
                RemitRefusal::CallerKeyReused => Errors::whole(t.attempt_used),
                RemitRefusal::CollectorUnknown => Errors::of("recaudador", t.collector_wrong),
                RemitRefusal::AmountOutOfRange => Errors::of("monto", t.amount_out_of_range),
            },
        ),
    }
}

fn read(visit: &Visit, errors: &mut Errors) -> Result<Option<NewRemittance>, Trouble> {
    let (t, form, currency) =
        (BooksTexts::of(visit.language), &visit.form, visit.company()?.currency);
    let collector = form.get("recaudador").parse().ok();
    let collector = collector.and_then(|id| CollectorId::from_i64(id).ok());
    let means = Means::from_code(form.get("medio"));
    let money = |name: &str| match form.get(name) {
        "" => Some(Money::zero(currency)),
        typed => money_from(typed, currency),
    };
    let (amount, commission) = (money("monto"), money("comision"));
    let bank_date = date_from(form.get("fecha"));
    for (is_missing, field, sentence) in [
        (collector.is_none(), "recaudador", t.collector_wrong),
        (means.is_none(), "medio", t.means_wrong),
        (amount.is_none(), "monto", t.amount_wrong),
        (commission.is_none(), "comision", t.amount_wrong),
        (bank_date.is_none(), "fecha", t.day_wrong),
    ] {
        if is_missing {
            errors.add(field, sentence);
        }
    }
    let key = CallerKey::from_text(form.get(ATTEMPT)).ok().ok_or(Trouble::Malformed)?;
    let reference = Label::from_text(form.get("referencia")).ok();
    let (Some(collector), Some(means), Some(amount), Some(commission), Some(bank_date)) =
        (collector, means, amount, commission, bank_date)
    else {
        return Ok(None);
    };
    let key = Some(key);
    Ok(Some(NewRemittance { collector, amount, commission, means, bank_date, reference, key }))
}

/// Undoes a remittance.
pub(super) async fn reverse(visit: &Visit) -> Answer {
    let t = BooksTexts::of(visit.language);
    let id = RemittanceId::from_i64(visit.number("rendicion")?).ok().ok_or(Trouble::Missing)?;
    let Ok(reason) = Reason::from_text(visit.form.get("motivo")) else {
        return to_page(visit, Errors::whole(t.reason_missing));
    };
    let path = visit.to_path("/rendiciones");
    match visit.hall.service.reverse_remittance(visit.station()?, id, reason).await {
        Ok(_) => answer::see(&Done::Reversed.at(&path)),
        Err(Failure::Unknown) => Err(Trouble::Unknown(path)),
        Err(failure) => match act_refusal_of(failure)? {
            RemittanceReverseRefusal::RemittanceUnknown => Err(Trouble::Missing),
            RemittanceReverseRefusal::AlreadyReversed => {
                to_page(visit, Errors::whole(t.already_reversed))
            }
        },
    }
}
