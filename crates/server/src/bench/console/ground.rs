//! The books that pages are read from: a cooperative with three months of work behind it, made through the
//! service by a clock that is set hour after hour.

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::Path;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use ventanilla_domain::{
    Account, CompanyId, DrawerId, EntryNumber, FileKind, PaymentId, ReceiptId, Role, Text,
    business_day,
};
use ventanilla_service::{Clock, Entropy, Service, Settings};
use ventanilla_sim as sim;

use super::crew::{Crew, done, hours_after};
use super::debts::{Debts, Sought};
use crate::bench::payouts;
use crate::bench::world::{World, import, not_ready, open_company};
use crate::books::Books;
use crate::output;
use crate::problem::Problem;

/// The demo's.
const LOGO: &[u8] = include_bytes!("../../commands/demo/logo.png");
/// Business days with payments, the last of them today.
const DAYS: u32 = 90;
/// Hours of each day with payments, from nine in the morning.
const HOURS: u32 = 10;
/// One payment in so many is taken at the window.
const WINDOW_SHARE: u32 = 5;
/// Members who are looked for, in turn.
const SOUGHT: u32 = 50;
/// What the local clock says when the measurement begins: the day is over, whatever it is elsewhere.
const LOCAL_HOUR: i8 = 19;
/// How long who works in the past stays signed in, in seconds.
const SIGNED_IN_S: i64 = 200 * 86_400;

/// What pages are of.
#[derive(Debug)]
pub(super) struct Known {
    /// Who is looked for.
    pub(super) members: Vec<Sought>,
    pub(super) payment: PaymentId,
    pub(super) reversed: PaymentId,
    pub(super) receipt: ReceiptId,
    pub(super) drawer: DrawerId,
    pub(super) entry: EntryNumber,
    /// The token of somebody's invitation.
    pub(super) invitation: String,
    /// The first day with payments, and the last.
    pub(super) first_day: Date,
    pub(super) last_day: Date,
}

/// Makes the books, with so many payments.
pub(super) fn create(
    parent: Option<&Path>,
    people: &sim::World,
    payments: u32,
) -> anyhow::Result<(World, Known)> {
    let (contracts, bills) = (people.contracts, people.bills_per_contract);
    output::tell(format_args!("Preparando {contracts} contratos con {bills} facturas cada uno …"));
    let world = World::empty(parent, contracts.into(), 0)?;
    let now = Clock::System.now();
    let clock = Clock::manual(hours_after(now, -24 * i64::from(DAYS)));
    let settings = Settings {
        console_idle_s: SIGNED_IN_S,
        console_session_s: SIGNED_IN_S,
        is_second_factor_asked: false,
        ..Settings::default()
    };
    let store = world.place().create()?;
    let service = Service::start(store, clock, Entropy::System, settings);
    let books =
        Books::of(service.map_err(|error| Problem::store(error.to_string()))?, &world.place())?;
    let company = open_company(&books, &to_zone(now))?;
    let settings = vec![("cash_rounding".to_owned(), "0.10".to_owned())];
    let set = books.wait(books.service.set_company(company, settings));
    set.map_err(|failure| books.unchanged(failure))?;
    let set = books.wait(books.service.set_logo(company, Some(LOGO.to_vec())));
    set.map_err(|failure| books.unchanged(failure))?;
    import_people(&world, &books, company, people)?;
    let known = fill(&books, company, people, payments, now)?;
    books.close();
    Ok((world, known))
}

/// The zone where it is [`LOCAL_HOUR`] o'clock.
fn to_zone(now: Timestamp) -> String {
    let behind = now.to_zoned(TimeZone::UTC).hour() - LOCAL_HOUR;
    // The sign of these names is what is to be added to the local time.
    format!("Etc/GMT{:+}", (behind + 12).rem_euclid(24) - 12)
}

fn import_people(
    world: &World,
    books: &Books,
    company: CompanyId,
    people: &sim::World,
) -> anyhow::Result<()> {
    let path = world.root().join("archivo.csv");
    for kind in [FileKind::Members, FileKind::Bills] {
        let mut out = BufWriter::new(File::create(&path)?);
        match kind {
            FileKind::Members => sim::write_members(&mut out, people)?,
            FileKind::Bills => sim::write_bills(&mut out, people)?,
        }
        out.flush()?;
        import(books, company, kind, &mut File::open(&path)?)?;
    }
    Ok(std::fs::remove_file(&path)?)
}

fn fill(
    books: &Books,
    company: CompanyId,
    people: &sim::World,
    payments: u32,
    now: Timestamp,
) -> anyhow::Result<Known> {
    output::tell(format_args!("Preparando {payments} cobranzas de {DAYS} días …"));
    let mut crew = Crew::hire(books, company)?;
    let mut debts = Debts::of(people);
    for day in (0..DAYS).rev() {
        let morning = hours_after(now, -24 * i64::from(day) - i64::from(HOURS));
        for hour in 0..HOURS {
            books.service.clock().set(hours_after(morning, hour.into()));
            if hour == 0 {
                crew.open()?;
            }
            let at = (DAYS - 1 - day) * HOURS + hour;
            crew.collect(&mut debts, share(payments - payments / WINDOW_SHARE, at))?;
            crew.take(&mut debts, share(payments / WINDOW_SHARE, at))?;
        }
        // Today's drawers stay open.
        if day > 0 {
            crew.close(day)?;
        }
    }
    books.service.clock().set(now);
    payouts::fill(books, company)?;
    let seen = books.company(Some(company))?;
    let days = [DAYS - 1, 0].map(|day| {
        business_day(&seen, hours_after(now, -24 * i64::from(day) - i64::from(HOURS))).to_date()
    });
    let members: Vec<Sought> = (0..SOUGHT).map_while(|_| debts.sought()).collect();
    if members.is_empty() {
        return Err(Problem::usage(
            "los contratos no alcanzan para las cobranzas: suba --contracts",
        ));
    }
    let first = crew.first;
    let invited = books.service.invite_user(Text::from_text("caja4")?, company, Role::Cashier);
    let page = done(books.service.entries_of(company, &Account::Receivable, None, 1))?;
    Ok(Known {
        members,
        payment: first.payment.ok_or_else(not_ready)?,
        reversed: first.reversed.ok_or_else(not_ready)?,
        receipt: first.receipt.ok_or_else(not_ready)?,
        drawer: first.drawer.ok_or_else(not_ready)?,
        entry: page.entries.first().ok_or_else(not_ready)?.number,
        invitation: books.wait(invited).map_err(|failure| books.unchanged(failure))?.token,
        first_day: days[0],
        last_day: days[1],
    })
}

/// The payments of an hour, counted from 0 over all days.
fn share(payments: u32, hour: u32) -> u32 {
    let until = |hour: u32| u64::from(payments) * u64::from(hour) / u64::from(DAYS * HOURS);
    u32::try_from(until(hour + 1) - until(hour)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_day_is_over_wherever_it_is_measured() {
        for hour in 0..24 {
            let now: Timestamp = format!("2021-11-26T{hour:02}:30:00Z").parse().unwrap();
            let zone = TimeZone::get(&to_zone(now)).unwrap();
            assert_eq!(now.to_zoned(zone).hour(), LOCAL_HOUR, "{hour}");
        }
    }

    #[test]
    fn the_payments_are_shared_out_over_all_hours() {
        for payments in [1, 899, 900, 300_000] {
            let shares: Vec<u32> = (0..DAYS * HOURS).map(|hour| share(payments, hour)).collect();
            assert_eq!(shares.iter().sum::<u32>(), payments);
            assert!(shares.iter().all(|share| *share <= payments.div_ceil(900)));
        }
    }
}
