//! The business day: the accounting day of a payment or reversal.

use jiff::civil::{Date, DateTime};
use jiff::{Timestamp, Zoned};

use crate::Company;

/// An accounting day of a company. It is open until it is closed; nothing enters a closed day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BusinessDay(Date);

impl BusinessDay {
    /// The day of that date.
    pub const fn from_date(date: Date) -> Self {
        Self(date)
    }

    /// Its date.
    pub const fn to_date(self) -> Date {
        self.0
    }

    /// The day after; the last day there is has none and answers itself.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0.tomorrow().unwrap_or(self.0))
    }

    /// Whole days from `earlier` to this one; negative when it is later.
    pub fn days_since(self, earlier: Self) -> i64 {
        self.0.duration_since(earlier.0).as_hours().wrapping_div(24)
    }
}

/// An instant in the company's time zone.
pub fn zoned_at(company: &Company, at: Timestamp) -> Zoned {
    at.to_zoned(company.time_zone.zone().clone())
}

/// The company's local time at an instant.
pub fn civil_at(company: &Company, at: Timestamp) -> DateTime {
    company.time_zone.zone().to_datetime(at)
}

/// The instant of a company's local time. Of an hour that clocks went through twice it is the first
/// time; an hour that they skipped is as much later.
pub fn instant_at(company: &Company, local: DateTime) -> Timestamp {
    let instant = company.time_zone.zone().to_ambiguous_timestamp(local).compatible();
    instant.unwrap_or(Timestamp::MAX)
}

/// The day an act of `now` belongs to: the local date, the next one from the company's cut-off on,
/// and never a closed day.
pub fn business_day(company: &Company, now: Timestamp) -> BusinessDay {
    let local = civil_at(company, now);
    let today = BusinessDay(local.date());
    let after_cut_off = company.policy.cut_off.is_some_and(|cut_off| local.time() >= cut_off);
    let day = if after_cut_off { today.next() } else { today };
    let first_open = company.policy.closed_through.map(BusinessDay::next);
    first_open.map_or(day, |first_open| day.max(first_open))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::tests::company_with;

    #[test]
    fn a_local_time_is_an_instant_and_back() {
        let company = company_with(&[]);
        let local: DateTime = "2021-11-26T12:11:52".parse().unwrap();
        let instant = instant_at(&company, local);
        assert_eq!(instant.to_string(), "2021-11-26T16:11:52Z");
        assert_eq!(civil_at(&company, instant), local);
    }

    fn check(policy: &[(&str, &str)], instant: &str, day: &str) {
        let company = company_with(policy);
        let day: Date = day.parse().unwrap();
        assert_eq!(
            business_day(&company, instant.parse().unwrap()),
            BusinessDay(day),
            "{policy:?} {instant}"
        );
    }

    #[test]
    fn the_day_is_the_companys_local_date() {
        check(&[], "2021-11-27T03:59:59Z", "2021-11-26");
        check(&[], "2021-11-27T04:00:00Z", "2021-11-27");
        check(&[], "2024-02-29T12:00:00Z", "2024-02-29");
        check(&[], "9999-12-30T22:00:00Z", "9999-12-30");
    }

    #[test]
    fn from_the_cut_off_on_it_is_the_next_day() {
        check(&[("cut_off", "17:30")], "2021-11-26T21:29:59Z", "2021-11-26");
        check(&[("cut_off", "17:30")], "2021-11-26T21:30:00Z", "2021-11-27");
    }

    #[test]
    fn nothing_enters_a_closed_day() {
        let closed = [("closed_through", "2021-11-26")];
        check(&closed, "2021-11-25T16:00:00Z", "2021-11-27");
        check(&closed, "2021-11-26T16:00:00Z", "2021-11-27");
        check(&closed, "2021-11-28T16:00:00Z", "2021-11-28");
    }

    #[test]
    fn days_are_counted_over_months() {
        let day = |text: &str| BusinessDay(text.parse().unwrap());
        assert_eq!(day("2024-03-01").days_since(day("2024-02-28")), 2);
        assert_eq!(day("2021-11-25").days_since(day("2021-11-26")), -1);
    }
}
