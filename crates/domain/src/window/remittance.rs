//! What a collector hands over to its company.

use jiff::Timestamp;
use jiff::civil::Date;

use super::{StaffName, day_after, is_in_range};
use crate::{
    BusinessDay, CallerKey, CollectorId, Company, Label, Means, Money, Reason, RemittanceId,
    business_day,
};

/// Money that a collector handed over, final unless reversed. It may be more than it holds: then it has
/// paid ahead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remittance {
    /// Its id.
    pub id: RemittanceId,
    /// Who handed it over.
    pub collector: CollectorId,
    /// How much came in.
    pub amount: Money,
    /// What the collector kept for its service.
    pub commission: Money,
    /// How it came.
    pub means: Means,
    /// The date on which the bank, or whoever took it, says it came.
    pub bank_date: Date,
    /// The bank's or the collector's word for it.
    pub reference: Option<Label>,
    /// Who entered it.
    pub recorded_by: StaffName,
    /// When it was accepted.
    pub recorded_at: Timestamp,
    /// The accounting day.
    pub business_day: BusinessDay,
    /// The name of the attempt.
    pub caller_key: Option<CallerKey>,
}

/// A wish to enter a remittance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemitCommand {
    /// Who handed it over.
    pub collector: CollectorId,
    /// How much came in.
    pub amount: Money,
    /// What the collector kept for its service.
    pub commission: Money,
    /// How it came.
    pub means: Means,
    /// When it came.
    pub bank_date: Date,
    /// The bank's or the collector's word for it.
    pub reference: Option<Label>,
    /// Who enters it.
    pub recorded_by: StaffName,
    /// The name of this attempt.
    pub caller_key: Option<CallerKey>,
}

/// What must be known to decide a [`RemitCommand`].
#[derive(Debug, Clone)]
pub struct RemitFacts<'a> {
    /// The company.
    pub company: &'a Company,
    /// The remittance that this attempt has made before.
    pub repeated: Option<Remittance>,
    /// Whether the collector is the company's.
    pub is_collector_known: bool,
    /// The id of the remittance.
    pub next_remittance: RemittanceId,
}

/// The answer to a remittance that may stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RemitDecision {
    /// A new remittance, to be kept.
    Accepted(Box<Remittance>),
    /// The remittance this very attempt made before; nothing is kept.
    Replayed(Box<Remittance>),
}

/// Why a remittance was refused, in order of precedence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RemitRefusal {
    /// The attempt's name has made a remittance with other data.
    #[error("the caller key was used with other data")]
    CallerKeyReused,
    /// The company has no collector of that id.
    #[error("no such collector")]
    CollectorUnknown,
    /// An amount is negative or too large, or both are nothing.
    #[error("an amount is out of range")]
    AmountOutOfRange,
}

/// Decides a remittance. Refusals in the order of [`RemitRefusal`].
pub fn decide_remittance(
    facts: RemitFacts<'_>,
    command: RemitCommand,
    now: Timestamp,
) -> Result<RemitDecision, RemitRefusal> {
    if let Some(remittance) = facts.repeated {
        let is_same = remittance.collector == command.collector
            && remittance.amount == command.amount
            && remittance.commission == command.commission
            && remittance.means == command.means
            && remittance.bank_date == command.bank_date;
        return is_same
            .then(|| RemitDecision::Replayed(Box::new(remittance)))
            .ok_or(RemitRefusal::CallerKeyReused);
    }
    if !facts.is_collector_known {
        return Err(RemitRefusal::CollectorUnknown);
    }
    let amounts = [command.amount, command.commission];
    let is_nothing = amounts.iter().all(|amount| amount.to_minor() == 0);
    if is_nothing || !amounts.iter().all(|amount| is_in_range(facts.company, *amount)) {
        return Err(RemitRefusal::AmountOutOfRange);
    }
    Ok(RemitDecision::Accepted(Box::new(Remittance {
        id: facts.next_remittance,
        collector: command.collector,
        amount: command.amount,
        commission: command.commission,
        means: command.means,
        bank_date: command.bank_date,
        reference: command.reference,
        recorded_by: command.recorded_by,
        recorded_at: now,
        business_day: business_day(facts.company, now),
        caller_key: command.caller_key,
    })))
}

/// Undoes a remittance; it stays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemittanceReversal {
    /// The remittance undone, as it was made: what it posted is posted back.
    pub remittance: Remittance,
    /// Why.
    pub reason: Reason,
    /// Who reverses.
    pub reversed_by: StaffName,
    /// When it was accepted.
    pub recorded_at: Timestamp,
    /// The accounting day: never before the remittance's.
    pub business_day: BusinessDay,
}

/// A wish to undo a remittance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemittanceReverseCommand {
    /// The remittance.
    pub remittance: RemittanceId,
    /// Why.
    pub reason: Reason,
    /// Who reverses.
    pub reversed_by: StaffName,
}

/// Why a remittance was not reversed, in order of precedence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RemittanceReverseRefusal {
    /// No remittance of that id.
    #[error("no such remittance")]
    RemittanceUnknown,
    /// It is already reversed.
    #[error("the remittance is already reversed")]
    AlreadyReversed,
}

/// Decides a reversal; `remittance` is the one of the command's id. Refusals in the order of
/// [`RemittanceReverseRefusal`].
pub fn decide_remittance_reversal(
    company: &Company,
    remittance: Option<Remittance>,
    is_reversed: bool,
    command: RemittanceReverseCommand,
    now: Timestamp,
) -> Result<RemittanceReversal, RemittanceReverseRefusal> {
    let remittance = remittance.ok_or(RemittanceReverseRefusal::RemittanceUnknown)?;
    if is_reversed {
        return Err(RemittanceReverseRefusal::AlreadyReversed);
    }
    let business_day = day_after(company, remittance.business_day, now);
    let RemittanceReverseCommand { reason, reversed_by, .. } = command;
    Ok(RemittanceReversal { remittance, reason, reversed_by, recorded_at: now, business_day })
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::policy::tests::company_with;
    use crate::{Currency, Text};

    const NOW: &str = "2021-11-26T16:11:52Z";

    fn bob(minor: i64) -> Money {
        Money::from_minor(minor, Currency::BOB)
    }

    fn decide(
        change: impl FnOnce(&mut RemitFacts<'_>, &mut RemitCommand),
    ) -> Result<RemitDecision, RemitRefusal> {
        let company = company_with(&[]);
        let mut facts = RemitFacts {
            company: &company,
            repeated: None,
            is_collector_known: true,
            next_remittance: RemittanceId::FIRST,
        };
        let mut command = RemitCommand {
            collector: CollectorId::FIRST,
            amount: bob(98_000),
            commission: bob(2_000),
            means: Means::Transfer,
            bank_date: "2021-11-25".parse().unwrap(),
            reference: None,
            recorded_by: Text::from_text("luz").unwrap(),
            caller_key: None,
        };
        change(&mut facts, &mut command);
        decide_remittance(facts, command, NOW.parse().unwrap())
    }

    pub(crate) fn remittance() -> Remittance {
        match decide(|_, _| ()) {
            Ok(RemitDecision::Accepted(remittance)) => *remittance,
            other => panic!("not accepted: {other:?}"),
        }
    }

    fn reverse(
        remittance: Option<Remittance>,
        is_reversed: bool,
        instant: &str,
    ) -> Result<RemittanceReversal, RemittanceReverseRefusal> {
        let command = RemittanceReverseCommand {
            remittance: RemittanceId::FIRST,
            reason: Text::from_text("el banco la devolvió").unwrap(),
            reversed_by: Text::from_text("luz").unwrap(),
        };
        let company = company_with(&[]);
        let now = instant.parse().unwrap();
        decide_remittance_reversal(&company, remittance, is_reversed, command, now)
    }

    pub(crate) fn reversal() -> RemittanceReversal {
        reverse(Some(remittance()), false, NOW).unwrap()
    }

    #[test]
    fn each_refusal_comes_in_its_place() {
        use RemitRefusal as No;
        type Break = fn(&mut RemitFacts<'_>, &mut RemitCommand);
        let breaks: [(Break, No); 3] = [
            (|facts, _| facts.repeated = Some(remittance()), No::CallerKeyReused),
            (|facts, _| facts.is_collector_known = false, No::CollectorUnknown),
            (|_, command| command.amount = bob(-1), No::AmountOutOfRange),
        ];
        for (first, (_, expected)) in breaks.iter().enumerate() {
            let decision = decide(|facts, command| {
                breaks[first..].iter().for_each(|(f, _)| f(facts, command));
            });
            assert_eq!(decision, Err(*expected));
        }
    }

    #[test]
    fn something_is_handed_over_or_kept() {
        let most = Money::PAYABLE_MAX_MINOR;
        for (amount, commission, is_taken) in [
            (0, 0, false),
            (1, 0, true),
            (0, 1, true),
            (1, -1, false),
            (-1, 1, false),
            (most, most, true),
            (most + 1, 0, false),
            (0, most + 1, false),
        ] {
            let decision = decide(|_, command| {
                command.amount = bob(amount);
                command.commission = bob(commission);
            });
            assert_eq!(decision.is_ok(), is_taken, "{amount} {commission}");
        }
        let foreign = Money::from_minor(1, Currency::from_code("USD").unwrap());
        let decision = decide(|_, command| command.amount = foreign);
        assert_eq!(decision, Err(RemitRefusal::AmountOutOfRange));
    }

    #[test]
    fn a_repeated_key_replays_the_remittance() {
        let again = decide(|facts, command| {
            facts.repeated = Some(remittance());
            command.reference = Some(Text::from_text("otra").unwrap());
        });
        assert_eq!(again, Ok(RemitDecision::Replayed(Box::new(remittance()))));
    }

    #[test]
    fn a_remittance_is_reversed_once_and_never_before_it_was_made() {
        use RemittanceReverseRefusal as No;
        assert_eq!(reversal().remittance, remittance());
        let early = reverse(Some(remittance()), false, "2021-11-01T12:00:00Z").unwrap();
        assert_eq!(early.business_day, remittance().business_day);
        assert_eq!(reverse(Some(remittance()), true, NOW), Err(No::AlreadyReversed));
        assert_eq!(reverse(None, true, NOW), Err(No::RemittanceUnknown));
    }
}
