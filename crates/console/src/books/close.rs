//! Closing days.

use std::collections::BTreeMap;

use askama::Template;
use ventanilla_domain::{BusinessDay, Money, SettingError};
use ventanilla_service::{AdminRefusal, Collected};

use super::texts::BooksTexts;
use super::{days_before, today};
use crate::answer::{self, Answer};
use crate::figures::{amount, count, date, date_from, sign_of};
use crate::forms::Errors;
use crate::frame::{Done, Frame};
use crate::trouble::{Trouble, act_refusal_of, of_failure};
use crate::visit::Visit;

/// Days that are looked back at where none was closed.
const DAYS: i64 = 31;

#[derive(Debug)]
struct Row {
    day: String,
    payments: String,
    paid: String,
    reversed: String,
    net: String,
}

#[derive(Debug, Template)]
#[template(path = "books/close.html")]
struct ClosePage {
    frame: Frame,
    t: &'static BooksTexts,
    errors: Errors,
    sign: &'static str,
    closed: String,
    day: String,
    last: String,
    rows: Vec<Row>,
}

/// What is open, and the form that closes it.
pub(super) async fn show(visit: &Visit) -> Answer {
    to_page(visit, Errors::default())
}

fn to_page(visit: &Visit, errors: Errors) -> Answer {
    let (t, company) = (BooksTexts::of(visit.language), visit.company()?);
    let (today, closed) = (today(visit)?, company.policy.closed_through);
    let yesterday = days_before(today, 1);
    let from = closed.map_or(days_before(today, DAYS), BusinessDay::next).min(today);
    let rows = visit.hall.service.collected(company.id, &(from..=today));
    let rows = rows.map_err(|failure| of_failure(failure, |_| Trouble::Missing))?;
    let typed = visit.form.get("dia");
    let is_wrong = !errors.is_empty();
    let page = ClosePage {
        frame: visit.frame(t.close),
        t,
        errors,
        sign: sign_of(company.currency),
        closed: closed.map_or(t.closed_none.to_owned(), |day| date(day.to_date())),
        day: if typed.is_empty() { yesterday.to_date().to_string() } else { typed.to_owned() },
        last: yesterday.to_date().to_string(),
        rows: by_day(&rows, |minor| amount(Money::from_minor(minor, company.currency))),
    };
    if is_wrong { answer::wrong(&page) } else { answer::page(&page) }
}

/// The days that have something, the latest first.
fn by_day(rows: &[Collected], shown: impl Fn(i64) -> String) -> Vec<Row> {
    let mut days: BTreeMap<BusinessDay, [i64; 3]> = BTreeMap::new();
    for row in rows {
        let [payments, paid, reversed] = days.entry(row.day).or_default();
        *payments = payments.saturating_add(row.sums.payments);
        *paid = paid.saturating_add(row.sums.paid_minor);
        *reversed = reversed.saturating_add(row.sums.reversed_minor);
    }
    let row = |(day, [payments, paid, reversed]): (BusinessDay, [i64; 3])| Row {
        day: date(day.to_date()),
        payments: count(payments),
        paid: shown(paid),
        reversed: shown(reversed),
        net: shown(paid.saturating_sub(reversed)),
    };
    days.into_iter().rev().map(row).collect()
}

/// Closes the days up to one.
pub(super) async fn close(visit: &Visit) -> Answer {
    let t = BooksTexts::of(visit.language);
    let Some(day) = date_from(visit.form.get("dia")) else {
        return to_page(visit, Errors::of("dia", t.day_wrong));
    };
    let closed = visit.hall.service.close_days(visit.station()?, BusinessDay::from_date(day)).await;
    match closed {
        Ok(_) => answer::see(&Done::DayClosed.at(&visit.to_path("/cierre"))),
        Err(failure) => match act_refusal_of(failure)? {
            AdminRefusal::DayNotOver => to_page(visit, Errors::of("dia", t.day_not_over)),
            AdminRefusal::Setting(SettingError::DayClosed) => {
                to_page(visit, Errors::of("dia", t.day_closed_already))
            }
            _ => to_page(visit, Errors::of("dia", t.day_wrong)),
        },
    }
}
