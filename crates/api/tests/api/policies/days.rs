//! When: the hours of payment, the business day and its cut-off, the reversal window, closed days.

use super::check;

const SHUT: &str = "FUERA_DE_HORARIO";
const LATE: &str = "REVERSION_FUERA_DE_PLAZO";

#[tokio::test]
async fn payments_are_taken_from_the_first_minute_open_until_the_first_minute_shut() {
    for (hours, local, answer) in [
        ("none", "00:00:00", ""),
        ("none", "23:59:59", ""),
        ("08:00-20:30", "00:00:00", SHUT),
        ("08:00-20:30", "07:59:59", SHUT),
        ("08:00-20:30", "07:59:59.999999", SHUT),
        ("08:00-20:30", "08:00:00", ""),
        ("08:00-20:30", "20:29:59", ""),
        ("08:00-20:30", "20:29:59.999999", ""),
        ("08:00-20:30", "20:30:00", SHUT),
        ("08:00-20:30", "23:59:59", SHUT),
        ("22:00-06:00", "21:59:59", SHUT),
        ("22:00-06:00", "22:00:00", ""),
        ("22:00-06:00", "23:59:59", ""),
        ("22:00-06:00", "00:00:00", ""),
        ("22:00-06:00", "05:59:59.999999", ""),
        ("22:00-06:00", "06:00:00", SHUT),
        ("08:00-00:00", "07:59:59", SHUT),
        ("08:00-00:00", "08:00:00", ""),
        ("08:00-00:00", "23:59:59.999999", ""),
        ("08:00-00:00", "00:00:00", SHUT),
        ("00:00-08:00", "23:59:59", SHUT),
        ("00:00-08:00", "00:00:00", ""),
        ("00:00-08:00", "08:00:00", SHUT),
        ("12:11-12:12", "12:10:59", SHUT),
        ("12:11-12:12", "12:11:00", ""),
        ("12:11-12:12", "12:11:59", ""),
        ("12:11-12:12", "12:12:00", SHUT),
        ("12:12-12:11", "12:10:59", ""),
        ("12:12-12:11", "12:11:00", SHUT),
        ("12:12-12:11", "12:11:59", SHUT),
        ("12:12-12:11", "12:12:00", ""),
    ] {
        let (set, at) = (format!("set hours={hours}"), format!("at 2021-11-26 {local}"));
        check(&[(&set, ""), (&at, ""), ("pay 9001", answer)]).await;
    }
}

#[tokio::test]
async fn the_hours_bind_payments_alone_and_at_once() {
    check(&[
        ("pay 9001", ""),
        ("set hours=13:00-18:00", ""),
        ("find 900", "1 9002"),
        ("owes 900", "9002 9003 9004"),
        ("print 9001", ""),
        ("day 2021-11-26", "9001"),
        ("reverse 9001", ""),
        ("pay 9001", SHUT),
        ("set hours=12:00-13:00", ""),
        ("pay 9001", ""),
        ("set hours=none", ""),
        ("pay 9002", ""),
    ])
    .await;
}

/// That what is paid at a local time belongs to a business day and to no day beside it.
async fn check_day(settings: &str, local: &str, day: &str) {
    let date: jiff::civil::Date = day.parse().unwrap();
    let (set, at) = (format!("set {settings}"), format!("at {local}"));
    let [before, on, after] =
        [date.yesterday().unwrap(), date, date.tomorrow().unwrap()].map(|day| format!("day {day}"));
    check(&[
        (&set, ""),
        (&at, ""),
        ("pay 9101", ""),
        ("reverse 9101", ""),
        (&before, ""),
        (&on, "9101 / 9101"),
        (&after, ""),
    ])
    .await;
}

#[tokio::test]
async fn the_cut_off_moves_payment_and_reversal_to_the_next_business_day() {
    for (cut_off, local, day) in [
        ("none", "2021-11-30 00:00:00", "2021-11-30"),
        ("none", "2021-11-30 19:59:59", "2021-11-30"),
        // From here on it is tomorrow in Greenwich.
        ("none", "2021-11-30 20:00:00", "2021-11-30"),
        ("none", "2021-11-30 23:59:59.999999", "2021-11-30"),
        ("17:30", "2021-11-30 00:00:00", "2021-11-30"),
        ("17:30", "2021-11-30 17:29:59.999999", "2021-11-30"),
        ("17:30", "2021-11-30 17:30:00", "2021-12-01"),
        ("17:30", "2021-11-30 23:59:59", "2021-12-01"),
        ("17:30", "2021-12-01 00:00:00", "2021-12-01"),
        ("00:00", "2021-11-30 00:00:00", "2021-12-01"),
        ("23:59", "2021-11-30 23:58:59", "2021-11-30"),
        ("23:59", "2021-11-30 23:59:00", "2021-12-01"),
        ("17:30", "2021-12-31 17:29:59", "2021-12-31"),
        ("17:30", "2021-12-31 17:30:00", "2022-01-01"),
        ("17:30", "2024-02-28 17:30:00", "2024-02-29"),
        ("17:30", "2024-02-29 17:30:00", "2024-03-01"),
        ("17:30", "2023-02-28 17:30:00", "2023-03-01"),
    ] {
        check_day(&format!("cut_off={cut_off}"), local, day).await;
    }
    for (local, day) in [
        ("2021-11-30 05:59:59", "2021-11-30"),
        ("2021-11-30 22:00:00", "2021-12-01"),
        ("2021-12-01 05:59:59", "2021-12-01"),
    ] {
        check_day("hours=22:00-06:00, cut_off=22:00", local, day).await;
    }
}

#[tokio::test]
async fn a_cut_off_that_is_changed_leaves_the_days_before_as_they_are() {
    check(&[
        ("pay 9001", ""),
        ("set cut_off=12:00", ""),
        ("pay 9002", ""),
        ("reverse 9001", LATE),
        ("day 2021-11-26", "9001"),
        ("day 2021-11-27", "9002"),
        ("set cut_off=none", ""),
        ("pay 9003", ""),
        ("reverse 9001", ""),
        // A reversal is never of a day before its payment's.
        ("reverse 9002", ""),
        ("day 2021-11-26", "9001 9003 / 9001"),
        ("day 2021-11-27", "9002 / 9002"),
    ])
    .await;
}

/// A payment at one local time, and how its reversal at another is answered.
async fn check_reversal(settings: &str, paid: &str, reversed: &str, answer: &str) {
    let [set, paid, reversed] = [("set", settings), ("at", paid), ("at", reversed)]
        .map(|(verb, what)| format!("{verb} {what}"));
    let owes = if answer.is_empty() { "9101 9102" } else { "9102" };
    check(&[
        (&set, ""),
        (&paid, ""),
        ("pay 9101", ""),
        (&reversed, ""),
        ("reverse 9101", answer),
        ("owes 910", owes),
    ])
    .await;
}

#[tokio::test]
async fn the_reversal_window_counts_days_not_hours() {
    for (days, paid, reversed, answer) in [
        ("0", "2021-11-26 12:00:00", "2021-11-26 12:00:00", ""),
        ("0", "2021-11-26 00:00:00", "2021-11-26 23:59:59.999999", ""),
        ("0", "2021-11-26 23:59:59", "2021-11-27 00:00:00", LATE),
        ("0", "2021-11-26 19:59:59", "2021-11-26 20:00:00", ""),
        ("1", "2021-11-26 00:00:00", "2021-11-27 23:59:59.999999", ""),
        ("1", "2021-11-26 23:59:59", "2021-11-28 00:00:00", LATE),
        ("1", "2021-11-26 12:00:00", "2021-11-29 12:00:00", LATE),
        ("5", "2021-11-26 12:00:00", "2021-12-01 23:59:59", ""),
        ("5", "2021-11-26 12:00:00", "2021-12-02 00:00:00", LATE),
        ("0", "2024-02-29 12:00:00", "2024-03-01 00:00:00", LATE),
        ("1", "2024-02-28 12:00:00", "2024-02-29 23:59:59", ""),
        ("1", "2024-02-28 12:00:00", "2024-03-01 00:00:00", LATE),
        ("2", "2024-02-28 12:00:00", "2024-03-01 23:59:59", ""),
        ("1", "2023-02-28 12:00:00", "2023-03-01 23:59:59", ""),
        ("0", "2021-12-31 23:59:59", "2022-01-01 00:00:00", LATE),
        ("1", "2021-12-31 23:59:59", "2022-01-01 23:59:59", ""),
        ("30", "2021-12-15 12:00:00", "2022-01-14 23:59:59", ""),
        ("30", "2021-12-15 12:00:00", "2022-01-15 00:00:00", LATE),
        ("65535", "2021-11-26 12:00:00", "2201-05-02 23:59:59", ""),
        ("65535", "2021-11-26 12:00:00", "2201-05-03 00:00:00", LATE),
        ("none", "2021-11-26 12:00:00", "2201-05-03 00:00:00", ""),
        // A clock set back does not shut the window.
        ("0", "2021-11-26 12:00:00", "2021-11-25 12:00:00", ""),
    ] {
        check_reversal(&format!("reversal_days={days}"), paid, reversed, answer).await;
    }
}

#[tokio::test]
async fn the_reversal_window_counts_business_days_from_the_payments_own() {
    for (days, paid, reversed, answer) in [
        ("0", "2021-11-26 17:29:59", "2021-11-26 17:29:59", ""),
        ("0", "2021-11-26 17:29:59", "2021-11-26 17:30:00", LATE),
        ("0", "2021-11-26 17:30:00", "2021-11-26 23:59:59", ""),
        ("0", "2021-11-26 17:30:00", "2021-11-27 00:00:00", ""),
        ("0", "2021-11-26 17:30:00", "2021-11-27 17:29:59.999999", ""),
        ("0", "2021-11-26 17:30:00", "2021-11-27 17:30:00", LATE),
        ("1", "2021-11-26 17:29:59", "2021-11-27 17:29:59", ""),
        ("1", "2021-11-26 17:29:59", "2021-11-27 17:30:00", LATE),
        ("1", "2021-11-26 17:30:00", "2021-11-28 17:29:59", ""),
        ("1", "2021-11-26 17:30:00", "2021-11-28 17:30:00", LATE),
        ("0", "2024-02-28 17:30:00", "2024-02-29 17:29:59", ""),
        ("0", "2024-02-28 17:30:00", "2024-02-29 17:30:00", LATE),
        ("0", "2021-12-31 17:30:00", "2022-01-01 17:29:59", ""),
        ("0", "2021-12-31 17:29:59", "2021-12-31 17:30:00", LATE),
    ] {
        let settings = format!("reversal_days={days}, cut_off=17:30");
        check_reversal(&settings, paid, reversed, answer).await;
    }
}

#[tokio::test]
async fn a_reversal_window_that_is_changed_holds_for_what_was_paid_before() {
    check(&[
        ("pay 9001", ""),
        ("pay 9002", ""),
        ("at 2021-11-28 12:00:00", ""),
        ("reverse 9001", LATE),
        ("set reversal_days=1", ""),
        ("reverse 9001", LATE),
        ("set reversal_days=2", ""),
        ("reverse 9001", ""),
        ("set reversal_days=0", ""),
        ("reverse 9002", LATE),
        ("set reversal_days=none", ""),
        ("reverse 9002", ""),
        ("day 2021-11-26", "9001 9002"),
        ("day 2021-11-28", " / 9001 9002"),
    ])
    .await;
}

#[tokio::test]
async fn only_a_day_that_is_over_is_closed_and_it_stays_closed() {
    const NOT_OVER: &str = "the day is not over";
    check(&[
        ("at 2021-11-26 23:59:59", ""),
        ("set closed_through=2021-11-26", NOT_OVER),
        ("set closed_through=2021-11-27", NOT_OVER),
        ("set closed_through=2021-11-25", ""),
        ("at 2021-11-27 00:00:00", ""),
        ("set closed_through=2021-11-26", ""),
        ("set closed_through=2021-11-26", ""),
        ("set closed_through=2021-11-25", "closed_through only moves forward"),
        ("set cut_off=17:30", ""),
        ("at 2021-11-27 17:29:59", ""),
        ("set closed_through=2021-11-27", NOT_OVER),
        ("at 2021-11-27 17:30:00", ""),
        ("set closed_through=2021-11-27", ""),
        ("set closed_through=2021-11-28", NOT_OVER),
        ("at 2024-03-01 00:00:00", ""),
        ("set closed_through=2024-02-29", ""),
    ])
    .await;
}

#[tokio::test]
async fn nothing_enters_a_closed_day() {
    check(&[
        ("at 2021-11-26 17:00:00", ""),
        ("pay 9001", ""),
        ("pay 9002", ""),
        ("at 2021-11-27 09:00:00", ""),
        ("set reversal_days=1, closed_through=2021-11-26", ""),
        // A clock set back, and a cut-off that is lifted, do not open it again.
        ("at 2021-11-26 17:00:01", ""),
        ("pay 9003", ""),
        ("reverse 9001", ""),
        ("set reversal_days=0", ""),
        ("reverse 9002", LATE),
        ("reverse 9003", ""),
        ("day 2021-11-26", "9001 9002"),
        ("day 2021-11-27", "9003 / 9001 9003"),
    ])
    .await;
    check(&[
        ("set cut_off=12:00, reversal_days=1", ""),
        ("at 2021-11-26 11:59:59", ""),
        ("pay 9001", ""),
        ("at 2021-11-26 12:00:00", ""),
        ("set closed_through=2021-11-26", ""),
        ("set cut_off=none", ""),
        ("pay 9002", ""),
        ("reverse 9001", ""),
        ("day 2021-11-26", "9001"),
        ("day 2021-11-27", "9002 / 9001"),
    ])
    .await;
}
