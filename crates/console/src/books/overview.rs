//! The first look at the books: sums and charts of some days, and what is owed.

use std::collections::BTreeMap;

use askama::Template;
use ventanilla_domain::{BusinessDay, CollectorId, Money};
use ventanilla_service::{Collected, Owed};

use super::texts::BooksTexts;
use super::{collectors, day_of, days_before, name_of, today};
use crate::answer::{self, Answer};
use crate::charts::{ChartTexts, Figures, Form, Series, drawn};
use crate::figures::{count, date, period, priced};
use crate::frame::Frame;
use crate::language::filled;
use crate::trouble::{Trouble, of_failure};
use crate::visit::Visit;

/// Days of the usual overview, and at most.
const DAYS: i64 = 30;
const DAYS_MAX: i64 = 366;
/// Collectors with a colour of their own; the others share one.
const COLLECTORS_MAX: usize = 4;
/// Periods that are told apart.
const PERIODS_MAX: usize = 12;

#[derive(Debug, Template)]
#[template(path = "books/overview.html")]
struct OverviewPage {
    frame: Frame,
    t: &'static BooksTexts,
    from: String,
    to: String,
    tiles: Vec<(&'static str, String)>,
    charts: Vec<String>,
}

/// The overview.
pub(super) async fn show(visit: &Visit) -> Answer {
    let (t, company) = (BooksTexts::of(visit.language), visit.company()?);
    let to = day_of(visit, "hasta", today(visit)?);
    let from = day_of(visit, "desde", days_before(to, DAYS - 1)).min(to);
    let from = from.max(days_before(to, DAYS_MAX - 1));
    let service = &visit.hall.service;
    let missing = |failure| of_failure(failure, |_| Trouble::Missing);
    let rows = service.collected(company.id, &(from..=to)).map_err(missing)?;
    let owed = service.owed(company.id).map_err(missing)?;
    let shown = |minor| priced(Money::from_minor(minor, company.currency));
    let sum = |of: fn(&Collected) -> i64| {
        rows.iter().fold(0, |sum: i64, row| sum.saturating_add(of(row)))
    };
    let (paid, reversed) = (sum(|row| row.sums.paid_minor), sum(|row| row.sums.reversed_minor));
    let tiles = vec![
        (t.collected, shown(paid)),
        (t.reversed, shown(reversed)),
        (t.net, shown(paid.saturating_sub(reversed))),
        (t.payments_len, count(sum(|row| row.sums.payments))),
        (t.owed, shown(owed.iter().fold(0, |sum: i64, row| sum.saturating_add(row.owed_minor)))),
        (
            t.owed_bills,
            count(owed.iter().fold(0, |sum: i64, row| sum.saturating_add(row.unpaid_bills))),
        ),
    ];
    answer::page(&OverviewPage {
        frame: visit.frame(t.overview),
        t,
        from: from.to_date().to_string(),
        to: to.to_date().to_string(),
        tiles,
        charts: charts(visit, &rows, &owed, (from, to))?,
    })
}

fn charts(
    visit: &Visit,
    rows: &[Collected],
    owed: &[Owed],
    (from, to): (BusinessDay, BusinessDay),
) -> Result<Vec<String>, Trouble> {
    let (t, chart_t) = (BooksTexts::of(visit.language), ChartTexts::of(visit.language));
    let summary = filled(&filled(t.chart_of, date(from.to_date())), date(to.to_date()));
    let with = |title: &str, (labels, series)| Figures {
        title: title.to_owned(),
        summary: summary.clone(),
        labels,
        series,
        write,
        exact,
    };
    let names = names(visit, rows)?;
    let by_day =
        drawn(&with(t.per_day, by_day(rows, &names, (from, to))), Form::Bars, "dia", chart_t);
    let by_collector = drawn(
        &with(t.per_collector, by_collector(rows, &names, t)),
        Form::Bars,
        "recaudador",
        chart_t,
    );
    let by_hour = drawn(&with(t.per_hour, by_hour(rows, t)), Form::Bars, "hora", chart_t);
    let by_age = drawn(&with(t.owed_by_age, by_age(owed, t)), Form::Bars, "deuda", chart_t);
    Ok(vec![by_day, by_collector, by_hour, by_age])
}

/// Hundredths as whole units: a chart's figures are read at a glance.
fn write(minor: i64) -> String {
    count(minor / 100)
}

/// The same to the last hundredth.
fn exact(minor: i64) -> String {
    format!("{},{:02}", count(minor / 100), minor.unsigned_abs() % 100)
}

/// The collectors that are told apart, those that collected most first, and what the others are called.
fn names(visit: &Visit, rows: &[Collected]) -> Result<Vec<(Option<CollectorId>, String)>, Trouble> {
    let known = collectors(visit)?;
    let mut sums: BTreeMap<CollectorId, i64> = BTreeMap::new();
    for row in rows {
        let sum = sums.entry(row.collector).or_default();
        *sum = sum.saturating_add(row.sums.paid_minor);
    }
    let mut sums: Vec<(CollectorId, i64)> = sums.into_iter().collect();
    sums.sort_by_key(|(_, sum)| std::cmp::Reverse(*sum));
    let named = sums.iter().take(COLLECTORS_MAX).map(|(id, _)| (Some(*id), name_of(&known, *id)));
    let others = (sums.len() > COLLECTORS_MAX)
        .then(|| (None, BooksTexts::of(visit.language).others.to_owned()));
    Ok(named.chain(others).collect())
}

type Drawn = (Vec<String>, Vec<Series>);

fn by_day(
    rows: &[Collected],
    names: &[(Option<CollectorId>, String)],
    (from, to): (BusinessDay, BusinessDay),
) -> Drawn {
    let mut days = Vec::new();
    let mut day = from;
    while day <= to {
        days.push(day);
        day = day.next();
    }
    let told: Vec<CollectorId> = names.iter().filter_map(|(id, _)| *id).collect();
    let values = |id: Option<CollectorId>| {
        let is_of = |row: &&Collected| match id {
            Some(id) => row.collector == id,
            None => !told.contains(&row.collector),
        };
        let mut sums: BTreeMap<BusinessDay, i64> = BTreeMap::new();
        for row in rows.iter().filter(is_of) {
            let sum = sums.entry(row.day).or_default();
            *sum = sum.saturating_add(row.sums.paid_minor);
        }
        days.iter().map(|day| sums.get(day).copied().unwrap_or(0)).collect()
    };
    let series = names.iter().map(|(id, name)| Series { name: name.clone(), values: values(*id) });
    let labels =
        days.iter().map(|day| format!("{:02}/{:02}", day.to_date().day(), day.to_date().month()));
    (labels.collect(), series.collect())
}

fn by_collector(
    rows: &[Collected],
    names: &[(Option<CollectorId>, String)],
    t: &'static BooksTexts,
) -> Drawn {
    let told: Vec<CollectorId> = names.iter().filter_map(|(id, _)| *id).collect();
    let sum = |id: &Option<CollectorId>| {
        rows.iter()
            .filter(|row| match id {
                Some(id) => row.collector == *id,
                None => !told.contains(&row.collector),
            })
            .fold(0, |sum: i64, row| sum.saturating_add(row.sums.paid_minor))
    };
    let values = names.iter().map(|(id, _)| sum(id)).collect();
    let labels = names.iter().map(|(_, name)| name.clone()).collect();
    (labels, vec![Series { name: t.collected.to_owned(), values }])
}

fn by_hour(rows: &[Collected], t: &'static BooksTexts) -> Drawn {
    let value = |hour: i64| {
        let of_hour = rows.iter().filter(|row| row.hour == hour);
        of_hour.fold(0, |sum: i64, row| sum.saturating_add(row.sums.paid_minor))
    };
    let labels = (0..24).map(|hour| format!("{hour:02}")).collect();
    (labels, vec![Series { name: t.collected.to_owned(), values: (0..24).map(value).collect() }])
}

/// What is owed by period, the latest last; the oldest together.
fn by_age(owed: &[Owed], t: &'static BooksTexts) -> Drawn {
    let (old, told) = owed.split_at(owed.len().saturating_sub(PERIODS_MAX));
    let old_sum = old.iter().fold(0, |sum: i64, row| sum.saturating_add(row.owed_minor));
    let older = (!old.is_empty()).then(|| (t.older_periods.to_owned(), old_sum));
    let told = told.iter().map(|row| (period(row.period), row.owed_minor));
    let (labels, values) = older.into_iter().chain(told).unzip();
    (labels, vec![Series { name: t.owed.to_owned(), values }])
}
