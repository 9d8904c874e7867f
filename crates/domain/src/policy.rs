//! A company's rules, as its administrator sets them.

use std::collections::BTreeMap;

use jiff::civil::{Date, Time};

use crate::{BusinessDay, CashRounding, Concept};

/// How long after a payment it may be reversed, in business days.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReversalWindow {
    /// Up to this many business days later; 0 is the same business day.
    Days(u16),
    /// For ever.
    Unlimited,
}

/// The hours of the day in which payments are taken, in the company's local time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hours {
    /// The first minute open.
    pub from: Time,
    /// The first minute shut. Before `from`, the hours run over midnight.
    pub to: Time,
}

impl Hours {
    /// Whether the window is open at that local time.
    pub fn contains(&self, time: Time) -> bool {
        if self.from <= self.to {
            self.from <= time && time < self.to
        } else {
            self.from <= time || time < self.to
        }
    }
}

/// A company's rules. The default is the document's behaviour (docs/spec/cooplan.md §2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// Refuse a payment while an older period of the contract is unpaid.
    pub oldest_first: bool,
    /// How long a payment may be reversed.
    pub reversal_window: ReversalWindow,
    /// When payments are taken; always when `None`.
    pub hours: Option<Hours>,
    /// From this local time on, payments belong to the next business day.
    pub cut_off: Option<Time>,
    /// Refuse a payment whose caller's reference is not the member's id.
    pub check_payer: bool,
    /// What cash is rounded to at the window; not at all when `None`.
    pub cash_rounding: Option<CashRounding>,
    /// Every business day up to this one is closed.
    pub closed_through: Option<BusinessDay>,
    /// Revenue account by detail concept; what is not named goes to `por clasificar`.
    pub revenue_accounts: BTreeMap<Concept, Concept>,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            oldest_first: false,
            reversal_window: ReversalWindow::Days(0),
            hours: None,
            cut_off: None,
            check_payer: false,
            cash_rounding: None,
            closed_through: None,
            revenue_accounts: BTreeMap::new(),
        }
    }
}

/// Why a setting was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SettingError {
    /// No setting of that name.
    #[error("unknown setting {key}")]
    Key {
        /// The name given.
        key: String,
    },
    /// The value does not have the setting's form.
    #[error("{key} takes {form}")]
    Value {
        /// The setting's name.
        key: String,
        /// The forms it takes.
        form: &'static str,
    },
    /// A closed day cannot be opened again.
    #[error("closed_through only moves forward")]
    DayClosed,
}

/// What names a revenue account in [`Policy::with`]: `revenue.Agua=Venta de agua`.
const REVENUE_PREFIX: &str = "revenue.";

impl Policy {
    /// The settings that [`Policy::with`] takes, each with the forms of its value.
    pub const SETTINGS: [(&'static str, &'static str); 8] = [
        ("oldest_first", "true|false"),
        ("reversal_days", "0..65535|none"),
        ("hours", "HH:MM-HH:MM|none"),
        ("cut_off", "HH:MM|none"),
        ("check_payer", "true|false"),
        ("cash_rounding", "0.02..100.00|none"),
        ("closed_through", "YYYY-MM-DD"),
        ("revenue.CONCEPT", "ACCOUNT|none"),
    ];

    /// The policy with one setting changed (`company set KEY=VALUE`).
    ///
    /// Errors in order: unknown key, a value of the wrong form, a closed day opened again.
    pub fn with(&self, key: &str, value: &str) -> Result<Self, SettingError> {
        let mut policy = self.clone();
        match key {
            "oldest_first" => policy.oldest_first = from_bool(key, value)?,
            "check_payer" => policy.check_payer = from_bool(key, value)?,
            "reversal_days" => policy.reversal_window = from_window(key, value)?,
            "hours" => policy.hours = optional(key, value, "HH:MM-HH:MM|none", from_hours)?,
            "cut_off" => policy.cut_off = optional(key, value, "HH:MM|none", from_time)?,
            "cash_rounding" => {
                let form = "0.02..100.00|none";
                policy.cash_rounding = optional(key, value, form, CashRounding::from_decimal)?;
            }
            "closed_through" => policy.closed_through = Some(self.closed_later(key, value)?),
            _ => match key.strip_prefix(REVENUE_PREFIX) {
                Some(concept) => policy.set_revenue_account(key, concept, value)?,
                None => {
                    return Err(SettingError::Key { key: key.to_owned() });
                }
            },
        }
        Ok(policy)
    }

    /// The settings in force as `(key, value)`, in the order of [`Policy::SETTINGS`].
    pub fn to_settings(&self) -> Vec<(String, String)> {
        let none = || "none".to_owned();
        let mut settings = vec![
            ("oldest_first".to_owned(), self.oldest_first.to_string()),
            (
                "reversal_days".to_owned(),
                match self.reversal_window {
                    ReversalWindow::Days(days) => days.to_string(),
                    ReversalWindow::Unlimited => none(),
                },
            ),
            (
                "hours".to_owned(),
                self.hours.map_or_else(none, |Hours { from, to }| {
                    format!("{}-{}", shown(from), shown(to))
                }),
            ),
            ("cut_off".to_owned(), self.cut_off.map_or_else(none, shown)),
            ("check_payer".to_owned(), self.check_payer.to_string()),
            (
                "cash_rounding".to_owned(),
                self.cash_rounding.map_or_else(none, |rounding| rounding.to_string()),
            ),
        ];
        let closed = self.closed_through.map(|day| day.to_date().to_string());
        settings.extend(closed.map(|day| ("closed_through".to_owned(), day)));
        settings.extend(
            self.revenue_accounts.iter().map(|(concept, account)| {
                (format!("{REVENUE_PREFIX}{concept}"), account.to_string())
            }),
        );
        settings
    }

    fn closed_later(&self, key: &str, value: &str) -> Result<BusinessDay, SettingError> {
        // A date is also read from an instant or in other forms; what is never opened again is
        // taken only as it is shown.
        let day = value.parse::<Date>().ok().filter(|day| day.to_string() == value);
        let day = BusinessDay::from_date(day.ok_or_else(|| wrong(key, "YYYY-MM-DD"))?);
        if self.closed_through.is_some_and(|closed| day < closed) {
            return Err(SettingError::DayClosed);
        }
        Ok(day)
    }

    fn set_revenue_account(
        &mut self,
        key: &str,
        concept: &str,
        value: &str,
    ) -> Result<(), SettingError> {
        let bad = || wrong(key, "ACCOUNT|none");
        let concept = Concept::from_text(concept).ok().ok_or_else(bad)?;
        if value == "none" {
            self.revenue_accounts.remove(&concept);
        } else {
            let account = Concept::from_text(value).ok().ok_or_else(bad)?;
            self.revenue_accounts.insert(concept, account);
        }
        Ok(())
    }
}

fn wrong(key: &str, form: &'static str) -> SettingError {
    SettingError::Value { key: key.to_owned(), form }
}

fn from_bool(key: &str, value: &str) -> Result<bool, SettingError> {
    value.parse().ok().ok_or_else(|| wrong(key, "true|false"))
}

fn from_window(key: &str, value: &str) -> Result<ReversalWindow, SettingError> {
    if value == "none" {
        return Ok(ReversalWindow::Unlimited);
    }
    let is_plain = value.bytes().all(|byte| byte.is_ascii_digit());
    let days = value.parse().ok().filter(|_| is_plain);
    Ok(ReversalWindow::Days(days.ok_or_else(|| wrong(key, "0..65535|none"))?))
}

fn optional<T>(
    key: &str,
    value: &str,
    form: &'static str,
    from_text: fn(&str) -> Option<T>,
) -> Result<Option<T>, SettingError> {
    if value == "none" {
        return Ok(None);
    }
    from_text(value).map(Some).ok_or_else(|| wrong(key, form))
}

/// A time of the day as it is shown, `07:30` and not ` 7:30`.
fn from_time(value: &str) -> Option<Time> {
    Time::strptime("%H:%M", value).ok().filter(|time| shown(*time) == value)
}

fn shown(time: Time) -> String {
    time.strftime("%H:%M").to_string()
}

fn from_hours(value: &str) -> Option<Hours> {
    let (from, to) = value.split_once('-')?;
    let hours = Hours { from: from_time(from)?, to: from_time(to)? };
    // Equal ends would mean "never" to one reader and "always" to another.
    (hours.from != hours.to).then_some(hours)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::{Company, CompanyId, Currency, Name, TimeZone};

    pub(crate) fn company_with(settings: &[(&str, &str)]) -> Company {
        let policy = settings
            .iter()
            .fold(Policy::default(), |policy, (key, value)| policy.with(key, value).unwrap());
        Company {
            id: CompanyId::from_i64(13).unwrap(),
            name: Name::from_text("Cooplan").unwrap(),
            currency: Currency::BOB,
            time_zone: TimeZone::from_name("America/La_Paz").unwrap(),
            policy,
            issuer: 0,
        }
    }

    #[test]
    fn each_setting_takes_its_forms_and_refuses_others() {
        let policy = Policy::default();
        for (key, value, taken) in [
            ("oldest_first", "true", true),
            ("oldest_first", "yes", false),
            ("reversal_days", "0", true),
            ("reversal_days", "none", true),
            ("reversal_days", "-1", false),
            ("reversal_days", "+1", false),
            ("reversal_days", "65536", false),
            ("hours", "08:00-20:30", true),
            ("hours", "22:00-06:00", true),
            ("hours", "8-20", false),
            ("hours", "08:00-08:00", false),
            ("hours", "08:00-24:00", false),
            ("hours", "none", true),
            ("cut_off", "17:30", true),
            ("cut_off", "1730", false),
            ("cut_off", " 7:30", false),
            ("check_payer", "false", true),
            ("cash_rounding", "0.10", true),
            ("cash_rounding", "none", true),
            ("cash_rounding", "0.1", false),
            ("cash_rounding", "0.00", false),
            ("closed_through", "2021-11-26", true),
            ("closed_through", "2021-02-30", false),
            ("closed_through", "20211126", false),
            ("closed_through", "2021-11-26T23:00", false),
            ("closed_through", "none", false),
            ("revenue.Agua", "Venta de agua", true),
            ("revenue.", "Venta de agua", false),
            ("revenue.Agua", "", false),
            ("colour", "blue", false),
        ] {
            assert_eq!(policy.with(key, value).is_ok(), taken, "{key}={value}");
        }
    }

    #[test]
    fn the_settings_round_trip() {
        let company = company_with(&[
            ("oldest_first", "true"),
            ("reversal_days", "none"),
            ("hours", "22:00-06:00"),
            ("cut_off", "17:30"),
            ("cash_rounding", "0.50"),
            ("closed_through", "2021-11-26"),
            ("revenue.Agua", "Venta de agua"),
        ]);
        let again = company
            .policy
            .to_settings()
            .into_iter()
            .fold(Policy::default(), |policy, (key, value)| policy.with(&key, &value).unwrap());
        assert_eq!(again, company.policy);
    }

    #[test]
    fn a_closed_day_stays_closed() {
        let policy = Policy::default().with("closed_through", "2021-11-26").unwrap();
        assert_eq!(policy.with("closed_through", "2021-11-25"), Err(SettingError::DayClosed));
        assert!(policy.with("closed_through", "2021-11-27").is_ok());
    }

    #[test]
    fn hours_may_run_over_midnight() {
        let at = |text: &str| text.parse::<Time>().unwrap();
        let night = from_hours("22:00-06:00").unwrap();
        assert!(night.contains(at("23:00:00")) && night.contains(at("05:59:59")));
        assert!(!night.contains(at("06:00:00")) && !night.contains(at("21:59:59")));
    }
}
