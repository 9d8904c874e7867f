//! What a cashier took today.

use askama::Template;
use ventanilla_domain::{Money, ReceiptId, business_day};
use ventanilla_service::{KeptReceipt, ReceiptFilter, WINDOW_PAGE_LEN};

use super::texts::WindowTexts;
use super::{Badge, Fact, means_name};
use crate::answer::{self, Answer};
use crate::figures::{amount, count, date, priced, sign_of, time};
use crate::frame::Frame;
use crate::visit::{Visit, with_query};

#[derive(Debug)]
struct Row {
    time: String,
    path: String,
    number: String,
    bills: usize,
    means: &'static str,
    state: Badge,
    amount: String,
}

#[derive(Debug, Template)]
#[template(path = "window/my_day.html")]
struct MyDayPage {
    frame: Frame,
    t: &'static WindowTexts,
    tiles: Vec<Fact>,
    rows: Vec<Row>,
    sign: &'static str,
    older: Option<String>,
}

/// Today's receipts of whoever asks, the latest first.
pub(super) async fn show(visit: &Visit) -> Answer {
    let (t, company, officer) =
        (WindowTexts::of(visit.language), visit.company()?, visit.station()?);
    let day = business_day(company, visit.now());
    let filter =
        ReceiptFilter { day: Some(day), cashier: Some(officer.name.clone()), drawer: None };
    let before = visit.query.get("antes").parse().ok();
    let before = before.and_then(|before| ReceiptId::from_i64(before).ok());
    let receipts = visit.hall.service.receipts_of(officer, &filter, before)?;
    let last = receipts.last().filter(|_| receipts.len() == WINDOW_PAGE_LEN);
    let older = last
        .map(|last| with_query(&visit.to_path("/mi-dia"), "antes", &last.receipt.id.to_string()));
    let standing = || receipts.iter().filter(|kept| kept.reversal.is_none());
    let sum =
        standing().fold(0, |sum: i64, kept| sum.saturating_add(kept.receipt.due().to_minor()));
    let mut tiles = vec![(t.day, date(day.to_date()))];
    // What is not all there is not added up.
    if older.is_none() && before.is_none() {
        tiles.push((t.receipts, count(i64::try_from(standing().count()).unwrap_or(i64::MAX))));
        tiles.push((t.net, priced(Money::from_minor(sum, company.currency))));
    }
    answer::page(&MyDayPage {
        frame: visit.frame(t.my_day),
        t,
        tiles,
        rows: receipts.iter().map(|kept| to_row(visit, kept)).collect(),
        sign: sign_of(company.currency),
        older,
    })
}

fn to_row(visit: &Visit, kept: &KeptReceipt) -> Row {
    let (t, KeptReceipt { receipt, reversal }) = (WindowTexts::of(visit.language), kept);
    let at = visit.station.as_ref().map(|station| time(&station.company, receipt.recorded_at));
    Row {
        time: at.unwrap_or_default(),
        path: visit.to_path(&format!("/recibo/{}", receipt.id)),
        number: receipt.id.to_string(),
        bills: receipt.payments.len(),
        means: means_name(receipt.means, t),
        state: if reversal.is_some() { (t.reversed_badge, " bad") } else { (t.in_force, " good") },
        amount: amount(receipt.due()),
    }
}
