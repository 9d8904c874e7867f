//! Paying a bill.

use jiff::Timestamp;

use crate::{
    Bill, BillId, BillState, CallerKey, CallerReference, CollectorId, CollectorLimits, Company,
    ContractCode, ContractState, Money, Payer, Payment, PaymentId, Period, Place, business_day,
    civil_at,
};

/// A collector's wish to pay one bill (`realizarpago`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PayCommand {
    /// Who took the money.
    pub collector: CollectorId,
    /// The bill.
    pub bill: BillId,
    /// Its period, as the caller believes.
    pub period: Period,
    /// Its contract, as the caller believes.
    pub contract: ContractCode,
    /// Its amount, as the caller believes: whole bills only.
    pub amount: Money,
    /// The caller's word for the payer.
    pub caller_reference: Option<CallerReference>,
    /// The caller's name for this attempt.
    pub caller_key: Option<CallerKey>,
    /// Where and by whom.
    pub place: Place,
}

/// What must be known to decide a [`PayCommand`].
#[derive(Debug, Clone)]
pub struct PayFacts<'a> {
    /// The company whose bill it is.
    pub company: &'a Company,
    /// The payment that this collector's caller key has already made.
    pub repeated: Option<Payment>,
    /// Whom the given contract code finds.
    pub payer: Option<Payer>,
    /// The bill of that number, whatever its contract.
    pub bill: Option<Bill>,
    /// The payment that settles the bill.
    pub settled: Option<Payment>,
    /// Whether the contract has an unpaid bill of an older period. Read only where the company's
    /// policy is oldest first.
    pub older_unpaid: bool,
    /// What the collector may take.
    pub limits: CollectorLimits,
    /// What the collector holds for the company, without this payment: collected, less reversed and handed over.
    /// Read only where there is a limit to it.
    pub held: Option<Money>,
    /// The id the payment will have.
    pub next_payment: PaymentId,
}

/// The answer to a payment that may stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PayDecision {
    /// A new payment, to be kept.
    Accepted(Box<Payment>),
    /// The payment this very attempt made before; nothing is kept.
    Replayed(Box<Payment>),
}

/// The payment that a caller who lost an answer gets back with [`PayRefusal::BillPaid`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Existing {
    /// Its id.
    pub payment: PaymentId,
    /// When it was accepted.
    pub recorded_at: Timestamp,
}

/// Why a payment was refused, in order of precedence (docs/spec/cooplan.md §2, Services 4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PayRefusal {
    /// The caller key has made a payment with other data.
    #[error("the caller key was used with other data")]
    CallerKeyReused,
    /// No bill of that number.
    #[error("no such bill")]
    BillUnknown,
    /// The bill is of another contract.
    #[error("the bill is of another contract")]
    BillOfAnotherContract,
    /// The bill is of another period.
    #[error("the bill is of another period")]
    PeriodMismatch,
    /// The bill is paid. `existing` is told only to the collector, terminal and cashier that paid.
    #[error("the bill is paid")]
    BillPaid {
        /// The payment that settles it.
        existing: Option<Existing>,
    },
    /// The bill was annulled.
    #[error("the bill is not in force")]
    BillAnnulled,
    /// The contract is blocked.
    #[error("the contract is blocked")]
    ContractBlocked,
    /// The amount is not the bill's.
    #[error("the amount is not the bill's")]
    AmountMismatch,
    /// An older bill is unpaid, and the policy is oldest first.
    #[error("an older bill is unpaid")]
    OlderBillUnpaid,
    /// Outside the hours in which payments are taken.
    #[error("outside the hours of payment")]
    OutsideHours,
    /// The caller's reference is not the member's id, and the policy checks it.
    #[error("the caller's reference is not the member")]
    PayerMismatch,
    /// The collector may not take so much in one payment.
    #[error("the collector may not take so much at once")]
    PaymentAboveLimit,
    /// With this payment, the collector would hold more than it may.
    #[error("the collector would hold more than it may")]
    HeldAboveLimit,
}

/// Decides a payment. Refusals in the order of [`PayRefusal`].
pub fn decide_pay(
    facts: &PayFacts<'_>,
    command: &PayCommand,
    now: Timestamp,
) -> Result<PayDecision, PayRefusal> {
    if let Some(payment) = &facts.repeated {
        return if is_same_request(payment, facts, command) {
            Ok(PayDecision::Replayed(Box::new(payment.clone())))
        } else {
            Err(PayRefusal::CallerKeyReused)
        };
    }
    let bill = facts.bill.ok_or(PayRefusal::BillUnknown)?;
    let payer = facts
        .payer
        .as_ref()
        .filter(|payer| payer.contract == bill.contract)
        .ok_or(PayRefusal::BillOfAnotherContract)?;
    refuse_what_cannot_be_paid(facts, &bill, payer, command)?;
    refuse_by_policy(facts, payer, command, now)?;
    refuse_above_limits(facts, bill.amount)?;
    Ok(PayDecision::Accepted(Box::new(Payment {
        id: facts.next_payment,
        collector: command.collector,
        contract: bill.contract,
        contract_code: payer.code.clone(),
        member_name: payer.name.clone(),
        bill: bill.id,
        bill_version: bill.version,
        period: bill.period,
        amount: bill.amount,
        recorded_at: now,
        business_day: business_day(facts.company, now),
        caller_reference: command.caller_reference.clone(),
        caller_key: command.caller_key.clone(),
        place: command.place.clone(),
        previous: bill.last_payment,
        issuer: facts.company.issuer,
    })))
}

/// The five printed inputs are compared as understood, the optional ones not
/// (docs/spec/cooplan.md §2, Services 4).
fn is_same_request(payment: &Payment, facts: &PayFacts<'_>, command: &PayCommand) -> bool {
    // By key, so that `0345` repeats `345`; by code, so that a code changed since still does; and
    // without zeros, so that `0345` still does once a member `0345` has come.
    let same_contract = payment.contract_code == command.contract
        || command.contract.without_leading_zeros().as_ref() == Some(&payment.contract_code)
        || facts.payer.as_ref().is_some_and(|payer| payer.contract == payment.contract);
    payment.bill == command.bill
        && payment.period == command.period
        && same_contract
        && payment.amount == command.amount
        && payment.caller_reference == command.caller_reference
}

fn refuse_what_cannot_be_paid(
    facts: &PayFacts<'_>,
    bill: &Bill,
    payer: &Payer,
    command: &PayCommand,
) -> Result<(), PayRefusal> {
    if bill.period != command.period {
        return Err(PayRefusal::PeriodMismatch);
    }
    if bill.paid_by.is_some() {
        let existing = facts.settled.as_ref().filter(|payment| may_be_told(payment, command));
        let existing = existing
            .map(|payment| Existing { payment: payment.id, recorded_at: payment.recorded_at });
        return Err(PayRefusal::BillPaid { existing });
    }
    match bill.state {
        BillState::Owed => {}
        BillState::PaidElsewhere => return Err(PayRefusal::BillPaid { existing: None }),
        BillState::Annulled => return Err(PayRefusal::BillAnnulled),
    }
    if payer.state == ContractState::Blocked {
        return Err(PayRefusal::ContractBlocked);
    }
    if bill.amount != command.amount {
        return Err(PayRefusal::AmountMismatch);
    }
    Ok(())
}

/// Two cashiers must not both take the cash: only who paid is told of the payment.
fn may_be_told(payment: &Payment, command: &PayCommand) -> bool {
    let differ = |ours: &Option<_>, theirs: &Option<_>| matches!((ours, theirs), (Some(ours), Some(theirs)) if ours != theirs);
    payment.collector == command.collector
        && !differ(&payment.place.terminal, &command.place.terminal)
        && !differ(&payment.place.cashier, &command.place.cashier)
}

fn refuse_by_policy(
    facts: &PayFacts<'_>,
    payer: &Payer,
    command: &PayCommand,
    now: Timestamp,
) -> Result<(), PayRefusal> {
    let policy = &facts.company.policy;
    if policy.oldest_first && facts.older_unpaid {
        return Err(PayRefusal::OlderBillUnpaid);
    }
    let local = civil_at(facts.company, now);
    if policy.hours.is_some_and(|hours| !hours.contains(local.time())) {
        return Err(PayRefusal::OutsideHours);
    }
    let member = payer.member.to_string();
    let is_payer = command.caller_reference.as_ref().is_some_and(|word| word.as_str() == member);
    if policy.check_payer && !is_payer {
        return Err(PayRefusal::PayerMismatch);
    }
    Ok(())
}

fn refuse_above_limits(facts: &PayFacts<'_>, amount: Money) -> Result<(), PayRefusal> {
    if !facts.limits.allow_payment(amount) {
        return Err(PayRefusal::PaymentAboveLimit);
    }
    if !facts.limits.allow_held(facts.held, amount) {
        return Err(PayRefusal::HeldAboveLimit);
    }
    Ok(())
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::policy::tests::company_with;
    use crate::{ContractKey, Currency, Label, MemberId, Name};

    const NOW: &str = "2021-11-26T16:11:52Z";

    fn now() -> Timestamp {
        NOW.parse().unwrap()
    }

    fn bob(minor: i64) -> Money {
        Money::from_minor(minor, Currency::BOB)
    }

    fn id<T>(from: fn(i64) -> Result<T, crate::IdOutOfRange>, value: i64) -> T {
        from(value).unwrap()
    }

    fn command() -> PayCommand {
        PayCommand {
            collector: id(CollectorId::from_i64, 1),
            bill: id(BillId::from_i64, 4_303_567),
            period: Period::from_yyyymm(202_110).unwrap(),
            contract: ContractCode::from_text("315").unwrap(),
            amount: bob(14_570),
            caller_reference: Some(CallerReference::from_text("12394").unwrap()),
            caller_key: None,
            place: Place::default(),
        }
    }

    fn bill() -> Bill {
        Bill {
            contract: id(ContractKey::from_i64, 7),
            id: id(BillId::from_i64, 4_303_567),
            version: 1,
            period: Period::from_yyyymm(202_110).unwrap(),
            amount: bob(14_570),
            state: BillState::Owed,
            paid_by: None,
            last_payment: None,
        }
    }

    fn payer() -> Payer {
        Payer {
            contract: id(ContractKey::from_i64, 7),
            code: ContractCode::from_text("315").unwrap(),
            state: ContractState::Active,
            member: id(MemberId::from_i64, 12_394),
            name: Name::from_text("Suárez Rojas Elena").unwrap(),
        }
    }

    fn limits(payment_max: Option<i64>, held_max: Option<i64>) -> CollectorLimits {
        CollectorLimits::new(payment_max.map(bob), held_max.map(bob)).unwrap()
    }

    fn facts(company: &Company) -> PayFacts<'_> {
        PayFacts {
            company,
            repeated: None,
            payer: Some(payer()),
            bill: Some(bill()),
            settled: None,
            older_unpaid: false,
            limits: CollectorLimits::NONE,
            held: None,
            next_payment: id(PaymentId::from_i64, 4_224_408),
        }
    }

    pub(crate) fn payment() -> Payment {
        let company = company_with(&[]);
        match decide_pay(&facts(&company), &command(), now()) {
            Ok(PayDecision::Accepted(payment)) => *payment,
            other => panic!("not accepted: {other:?}"),
        }
    }

    fn check(
        policy: &[(&str, &str)],
        change: impl FnOnce(&mut PayFacts<'_>, &mut PayCommand),
        expected: Option<PayRefusal>,
    ) {
        let company = company_with(policy);
        let (mut facts, mut command) = (facts(&company), command());
        change(&mut facts, &mut command);
        assert_eq!(decide_pay(&facts, &command, now()).err(), expected);
    }

    fn paid_by(facts: &mut PayFacts<'_>, payment: Payment) {
        facts.bill.as_mut().unwrap().paid_by = Some(payment.id);
        facts.settled = Some(payment);
    }

    fn told() -> PayRefusal {
        let existing = Existing { payment: id(PaymentId::from_i64, 4_224_408), recorded_at: now() };
        PayRefusal::BillPaid { existing: Some(existing) }
    }

    const NOT_TOLD: PayRefusal = PayRefusal::BillPaid { existing: None };

    #[test]
    fn the_documents_payment_is_accepted() {
        let payment = payment();
        assert_eq!(payment.id.to_i64(), 4_224_408);
        assert_eq!(payment.amount, bob(14_570));
        assert_eq!(payment.business_day.to_date().to_string(), "2021-11-26");
        assert_eq!(payment.member_name.as_str(), "Suárez Rojas Elena");
    }

    #[test]
    fn each_refusal_comes_in_its_place() {
        use PayRefusal as No;
        // Each row breaks one rule more than the row after it, so the first in the order must win.
        type Break = fn(&mut PayFacts<'_>, &mut PayCommand);
        let breaks: [(Break, No); 11] = [
            (|facts, _| facts.bill = None, No::BillUnknown),
            (
                |facts, _| facts.payer.as_mut().unwrap().contract = ContractKey::FIRST,
                No::BillOfAnotherContract,
            ),
            (
                |_, command| command.period = Period::from_yyyymm(202_111).unwrap(),
                No::PeriodMismatch,
            ),
            (|facts, _| facts.bill.as_mut().unwrap().state = BillState::Annulled, No::BillAnnulled),
            (
                |facts, _| facts.payer.as_mut().unwrap().state = ContractState::Blocked,
                No::ContractBlocked,
            ),
            (|_, command| command.amount = bob(14_571), No::AmountMismatch),
            (|facts, _| facts.older_unpaid = true, No::OlderBillUnpaid),
            (|_, _| (), No::OutsideHours),
            (|_, command| command.caller_reference = None, No::PayerMismatch),
            (|facts, _| facts.limits = limits(Some(14_569), Some(20_000)), No::PaymentAboveLimit),
            (
                |facts, _| {
                    facts.limits = limits(None, Some(20_000));
                    facts.held = Some(bob(5_431));
                },
                No::HeldAboveLimit,
            ),
        ];
        for (first, (_, expected)) in breaks.iter().enumerate() {
            let hours = if first <= 7 { "13:00-18:00" } else { "08:00-18:00" };
            let policy = [("oldest_first", "true"), ("hours", hours), ("check_payer", "true")];
            check(
                &policy,
                |facts, command| {
                    breaks[first..].iter().rev().for_each(|(f, _)| f(facts, command));
                },
                Some(*expected),
            );
        }
    }

    #[test]
    fn a_paid_bill_refuses_a_second_payment() {
        check(&[], |facts, _| paid_by(facts, payment()), Some(told()));
        check(
            &[],
            |facts, command| {
                // Paid comes before annulled, and before the amount.
                paid_by(facts, payment());
                facts.bill.as_mut().unwrap().state = BillState::Annulled;
                command.amount = bob(1);
            },
            Some(told()),
        );
        check(
            &[],
            |facts, _| facts.bill.as_mut().unwrap().state = BillState::PaidElsewhere,
            Some(NOT_TOLD),
        );
    }

    #[test]
    fn only_who_paid_is_told_of_the_payment() {
        let label = |text| Some(Label::from_text(text).unwrap());
        let cases = [
            (None, None, None, None, told()),
            (label("t1"), None, label("t1"), None, told()),
            (label("t1"), None, None, None, told()),
            (None, None, label("t2"), None, told()),
            (label("t1"), None, label("t2"), None, NOT_TOLD),
            (None, label("ana"), None, label("ana"), told()),
            (None, label("ana"), None, label("eva"), NOT_TOLD),
        ];
        for (paid_terminal, paid_cashier, terminal, cashier, expected) in cases {
            check(
                &[],
                |facts, command| {
                    let mut payment = payment();
                    payment.place.terminal = paid_terminal;
                    payment.place.cashier = paid_cashier;
                    paid_by(facts, payment);
                    command.place.terminal = terminal;
                    command.place.cashier = cashier;
                },
                Some(expected),
            );
        }
        check(
            &[],
            |facts, command| {
                paid_by(facts, payment());
                command.collector = id(CollectorId::from_i64, 2);
            },
            Some(NOT_TOLD),
        );
    }

    #[test]
    fn a_repeated_key_replays_the_same_data_and_refuses_other_data() {
        let company = company_with(&[]);
        let replay = |change: fn(&mut PayCommand)| {
            let mut facts = facts(&company);
            facts.repeated = Some(payment());
            // Whatever became of the bill since, the first success is the answer.
            facts.bill = None;
            let mut command = command();
            change(&mut command);
            decide_pay(&facts, &command, now())
        };
        let same: [fn(&mut PayCommand); 4] = [
            |_| (),
            |command| command.contract = ContractCode::from_text("0315").unwrap(),
            |command| command.place.terminal = Some(Label::from_text("t9").unwrap()),
            |command| command.place.means = Some(Label::from_text("QR").unwrap()),
        ];
        for change in same {
            assert_eq!(replay(change), Ok(PayDecision::Replayed(Box::new(payment()))));
        }
        let other: [fn(&mut PayCommand); 4] = [
            |command| command.bill = BillId::FIRST,
            |command| command.period = Period::from_yyyymm(202_111).unwrap(),
            |command| command.amount = bob(14_571),
            |command| command.caller_reference = None,
        ];
        for change in other {
            assert_eq!(replay(change), Err(PayRefusal::CallerKeyReused));
        }
    }

    #[test]
    fn a_collector_takes_up_to_its_limits_and_no_more() {
        use PayRefusal::{HeldAboveLimit, PaymentAboveLimit};
        // The bill is of 145.70.
        for (payment_max, held_max, held, expected) in [
            (None, None, None, None),
            (None, None, Some(i64::MAX), None),
            (Some(14_570), None, None, None),
            (Some(14_569), None, None, Some(PaymentAboveLimit)),
            (None, Some(14_570), Some(0), None),
            (None, Some(14_569), Some(0), Some(HeldAboveLimit)),
            (None, Some(20_000), Some(5_430), None),
            (None, Some(20_000), Some(5_431), Some(HeldAboveLimit)),
            // Who is over the limit already, as when it was lowered.
            (None, Some(20_000), Some(30_000), Some(HeldAboveLimit)),
            // Who has paid ahead.
            (None, Some(1), Some(-14_569), None),
            (None, Some(1), Some(-14_568), Some(HeldAboveLimit)),
            // What is not known, or does not fit, is not allowed.
            (None, Some(20_000), None, Some(HeldAboveLimit)),
            (None, Some(20_000), Some(i64::MAX), Some(HeldAboveLimit)),
            (Some(1), Some(1), Some(0), Some(PaymentAboveLimit)),
        ] {
            check(
                &[],
                |facts, _| {
                    facts.limits = limits(payment_max, held_max);
                    facts.held = held.map(bob);
                },
                expected,
            );
        }
    }

    #[test]
    fn another_currency_is_above_every_limit() {
        let dollars = |minor| Some(Money::from_minor(minor, Currency::from_code("USD").unwrap()));
        for (payment_max, held_max, expected) in [
            (dollars(20_000), None, PayRefusal::PaymentAboveLimit),
            (None, dollars(20_000), PayRefusal::HeldAboveLimit),
        ] {
            check(
                &[],
                |facts, _| {
                    facts.limits = CollectorLimits::new(payment_max, held_max).unwrap();
                    facts.held = Some(bob(0));
                },
                Some(expected),
            );
        }
    }

    #[test]
    fn a_repeat_is_told_its_success_whatever_the_limits_have_become() {
        let company = company_with(&[]);
        let facts = PayFacts {
            repeated: Some(payment()),
            limits: limits(Some(1), Some(1)),
            held: Some(bob(1_000_000)),
            ..facts(&company)
        };
        let again = decide_pay(&facts, &command(), now());
        assert_eq!(again, Ok(PayDecision::Replayed(Box::new(payment()))));
    }

    #[test]
    fn a_payment_names_the_issuer_of_its_moment() {
        let company = Company { issuer: 3, ..company_with(&[]) };
        let Ok(PayDecision::Accepted(payment)) = decide_pay(&facts(&company), &command(), now())
        else {
            panic!("not accepted");
        };
        assert_eq!(payment.issuer, 3);
        // A repeat is the same request, whoever heads the papers by now.
        let later = Company { issuer: 4, ..company };
        let repeated = PayFacts { repeated: Some(payment.as_ref().clone()), ..facts(&later) };
        let again = decide_pay(&repeated, &command(), now());
        assert_eq!(again, Ok(PayDecision::Replayed(payment)));
    }

    #[test]
    fn a_policy_binds_only_where_it_is_set() {
        check(&[], |facts, _| facts.older_unpaid = true, None);
        check(&[], |_, command| command.caller_reference = None, None);
        check(&[("hours", "08:00-12:12")], |_, _| (), None);
        check(&[("hours", "08:00-12:11")], |_, _| (), Some(PayRefusal::OutsideHours));
        check(&[("check_payer", "true")], |_, _| (), None);
    }
}
