//! A row of bills: a version, and perhaps the annulment of the bill it replaces.

use jiff::civil::Date;

use super::Given;
use crate::{
    Bill, BillId, BillState, BillTerms, BillVersion, Company, ContractCode, ContractKey,
    DetailLine, Label, Money, MoneyError, Name, PaymentId, Period, PrintedFacts, SourceLine,
    ledger,
};

/// The printed columns of a row of bills, each as in [`PrintedFacts`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "each field is the one of the same name in PrintedFacts")]
pub struct PrintedRow {
    pub issued_on: Given<Date>,
    pub due_on: Given<Date>,
    pub billing_month: Given<Label>,
    pub fiscal_number: Given<Label>,
    pub authorization: Given<Label>,
    pub control_code: Given<Label>,
    pub issue_deadline: Given<Date>,
    pub cuf: Given<Name>,
    pub reading_before: Given<Label>,
    pub reading_after: Given<Label>,
    pub consumption: Given<Label>,
    pub tax_credit_base: Given<Money>,
    pub ice_and_fees: Given<Money>,
    pub untaxed: Given<Money>,
    pub not_subject: Given<Money>,
    pub discounts: Given<Money>,
    pub details: Given<Vec<DetailLine>>,
}

impl PrintedRow {
    /// Whether the columns say nothing else than what is known.
    fn restates(&self, known: &PrintedFacts) -> bool {
        let known_details = Some(&known.details).filter(|lines| !lines.is_empty());
        self.issued_on.restates(known.issued_on.as_ref())
            && self.due_on.restates(known.due_on.as_ref())
            && self.billing_month.restates(known.billing_month.as_ref())
            && self.fiscal_number.restates(known.fiscal_number.as_ref())
            && self.authorization.restates(known.authorization.as_ref())
            && self.control_code.restates(known.control_code.as_ref())
            && self.issue_deadline.restates(known.issue_deadline.as_ref())
            && self.cuf.restates(known.cuf.as_ref())
            && self.reading_before.restates(known.reading_before.as_ref())
            && self.reading_after.restates(known.reading_after.as_ref())
            && self.consumption.restates(known.consumption.as_ref())
            && self.tax_credit_base.restates(known.tax_credit_base.as_ref())
            && self.ice_and_fees.restates(known.ice_and_fees.as_ref())
            && self.untaxed.restates(known.untaxed.as_ref())
            && self.not_subject.restates(known.not_subject.as_ref())
            && self.discounts.restates(known.discounts.as_ref())
            && self.details.restates(known_details)
    }

    fn over(self, known: PrintedFacts) -> PrintedFacts {
        PrintedFacts {
            issued_on: self.issued_on.or(known.issued_on),
            due_on: self.due_on.or(known.due_on),
            billing_month: self.billing_month.or(known.billing_month),
            fiscal_number: self.fiscal_number.or(known.fiscal_number),
            authorization: self.authorization.or(known.authorization),
            control_code: self.control_code.or(known.control_code),
            issue_deadline: self.issue_deadline.or(known.issue_deadline),
            cuf: self.cuf.or(known.cuf),
            reading_before: self.reading_before.or(known.reading_before),
            reading_after: self.reading_after.or(known.reading_after),
            consumption: self.consumption.or(known.consumption),
            tax_credit_base: self.tax_credit_base.or(known.tax_credit_base),
            ice_and_fees: self.ice_and_fees.or(known.ice_and_fees),
            untaxed: self.untaxed.or(known.untaxed),
            not_subject: self.not_subject.or(known.not_subject),
            discounts: self.discounts.or(known.discounts),
            details: self.details.or(Some(known.details)).unwrap_or_default(),
        }
    }
}

/// One row of a file of bills.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BillRow {
    /// `factura`.
    pub bill: BillId,
    /// `contrato`.
    pub contract: ContractCode,
    /// `periodo`.
    pub period: Period,
    /// `monto`.
    pub amount: Money,
    /// `estado`; an empty cell is `pendiente`.
    pub state: Given<BillState>,
    /// `reemplaza`: the bill that this one takes the place of.
    pub replaces: Option<BillId>,
    /// What is printed.
    pub printed: PrintedRow,
}

impl BillRow {
    /// Whether the row says nothing else than the version in force: deciding it would find
    /// [`BillDecision::Unchanged`], or the refusal of another contract's bill. Cheap: most rows of
    /// most files do.
    pub fn restates(&self, contract: ContractKey, known: &BillVersion) -> bool {
        let terms = &known.terms;
        let state = match self.state {
            Given::Absent => terms.state,
            Given::Value(state) => state.unwrap_or(BillState::Owed),
        };
        // A withdrawal is the absence of a row: no row restates it.
        self.replaces.is_none()
            && !known.is_withdrawal()
            && contract == known.contract
            && self.bill == known.bill
            && self.period == terms.period
            && self.amount == terms.amount
            && state == terms.state
            && self.printed.restates(&terms.printed)
    }
}

/// What must be known to decide a [`BillRow`].
#[derive(Debug, Clone)]
pub struct BillFacts<'a> {
    /// The company whose bill it is.
    pub company: &'a Company,
    /// The contract of exactly the row's code.
    pub contract: Option<ContractKey>,
    /// The bill of that number, with the version in force.
    pub bill: Option<(Bill, BillVersion)>,
    /// The bill that the row replaces, with the version in force.
    pub replaced: Option<(Bill, BillVersion)>,
}

/// A version to keep, with the one it takes the place of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BillChange {
    /// The version in force from now on.
    pub version: BillVersion,
    /// The version before; `None` for a new bill.
    pub replaced: Option<BillVersion>,
}

/// What a row of bills changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BillDecision {
    /// The row says what is known.
    Unchanged,
    /// The row would change a paid bill: it is listed and never applied.
    Paid(BillId, PaymentId),
    /// Versions to keep in one commit: of the bill, and of the bill it replaces.
    Changed(Vec<BillChange>),
}

/// Why a row of bills was refused, in order of precedence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BillRefusal {
    /// No contract of that code.
    #[error("no such contract")]
    ContractUnknown,
    /// The bill is another contract's.
    #[error("the bill is of another contract")]
    BillOfAnotherContract,
    /// The amount is not in `0.01..=1,000,000,000.00`, or not in the company's currency.
    #[error("the amount is out of range")]
    AmountOutOfRange,
    /// The detail lines do not add up to the amount.
    #[error("the details do not add up to the amount")]
    DetailsDoNotAddUp {
        /// What they add up to; `None` where no amount holds it.
        sum: Option<Money>,
        /// The bill's amount.
        amount: Money,
    },
    /// The bill that is replaced is the bill itself.
    #[error("a bill cannot replace itself")]
    ReplacesItself,
    /// No bill of the number that is replaced.
    #[error("no such bill to replace")]
    ReplacedUnknown,
    /// The bill that is replaced is another contract's.
    #[error("the replaced bill is of another contract")]
    ReplacedOfAnotherContract,
    /// The bill that is replaced is paid.
    #[error("the replaced bill is paid")]
    ReplacedPaid,
    /// Another bill has taken its place already.
    #[error("another bill has replaced it already")]
    ReplacedAlready(BillId),
    /// The row would change a bill whose place another bill has taken.
    #[error("the bill has been replaced")]
    BillReplaced(BillId),
    /// The bill has had too many versions.
    #[error("the bill has too many versions")]
    TooManyVersions,
}

/// Decides a row of bills. Refusals in the order of [`BillRefusal`].
///
/// Source: ARCHITECTURE.md, "The facts".
pub fn decide_bill(
    facts: BillFacts<'_>,
    row: BillRow,
    source: SourceLine,
) -> Result<BillDecision, BillRefusal> {
    let contract = facts.contract.ok_or(BillRefusal::ContractUnknown)?;
    if facts.bill.as_ref().is_some_and(|(bill, _)| bill.contract != contract) {
        return Err(BillRefusal::BillOfAnotherContract);
    }
    let (bill, replaces) = (row.bill, row.replaces);
    let known = facts.bill.as_ref().map(|(_, version)| version);
    let terms = stated_terms(facts.company, known, row)?;
    let annulled = match replaces {
        Some(other) => annulment(facts.replaced, contract, bill, other, source)?,
        None => None,
    };
    let mut changes = Vec::new();
    // What a file withdrew by saying nothing, a row that annuls it says in so many words.
    if known.is_none_or(|known| known.terms != terms || known.is_withdrawal()) {
        let paid_by = facts.bill.as_ref().and_then(|(bill, _)| bill.paid_by);
        if let Some(payment) = paid_by {
            return Ok(BillDecision::Paid(bill, payment));
        }
        if let Some(other) = known.and_then(|known| known.replaced_by) {
            return Err(BillRefusal::BillReplaced(other));
        }
        let number = known.map_or(Ok(1), next_number)?;
        let (amount, details) = (terms.amount, &terms.printed.details);
        let revenue = ledger::revenue_of(&facts.company.policy, amount, details)
            .or(Err(BillRefusal::DetailsDoNotAddUp { sum: None, amount }))?;
        let replaced_by = None;
        let version = BillVersion { contract, bill, number, terms, revenue, replaced_by, source };
        changes.push(BillChange { version, replaced: facts.bill.map(|(_, version)| version) });
    }
    changes.extend(annulled);
    if changes.is_empty() {
        Ok(BillDecision::Unchanged)
    } else {
        Ok(BillDecision::Changed(changes))
    }
}

/// Decides the withdrawal of a bill that a complete file no longer has: the version that annuls it.
/// `None` where nobody owes it any more. Refuses a bill that has had too many versions.
///
/// Source: ARCHITECTURE.md, "The facts".
pub fn decide_withdrawal(
    bill: &Bill,
    known: &BillVersion,
    source: SourceLine,
) -> Result<Option<BillChange>, BillRefusal> {
    if !bill.is_unpaid() {
        return Ok(None);
    }
    annulled(known.clone(), None, source).map(Some)
}

/// The version that annuls a bill, for the bill that takes its place where there is one.
fn annulled(
    known: BillVersion,
    replaced_by: Option<BillId>,
    source: SourceLine,
) -> Result<BillChange, BillRefusal> {
    let number = next_number(&known)?;
    let mut version = BillVersion { number, replaced_by, source, ..known.clone() };
    version.terms.state = BillState::Annulled;
    Ok(BillChange { version, replaced: Some(known) })
}

fn next_number(version: &BillVersion) -> Result<u32, BillRefusal> {
    version.number.checked_add(1).ok_or(BillRefusal::TooManyVersions)
}

/// What the row states, over what is known.
fn stated_terms(
    company: &Company,
    known: Option<&BillVersion>,
    row: BillRow,
) -> Result<BillTerms, BillRefusal> {
    let is_payable = (1..=Money::BILL_MAX_MINOR).contains(&row.amount.to_minor());
    if !is_payable || row.amount.currency() != company.currency {
        return Err(BillRefusal::AmountOutOfRange);
    }
    let states_details = matches!(row.printed.details, Given::Value(_));
    // A bill that a complete file withdrew is owed again once a file has a line of it.
    let known_state = known.filter(|known| !known.is_withdrawal()).map(|known| known.terms.state);
    let known_facts = known.map(|known| known.terms.printed.as_ref().clone());
    let mut printed = row.printed.over(known_facts.unwrap_or_default());
    let sum = sum_of(&printed.details, row.amount).ok();
    if !printed.details.is_empty() && sum != Some(row.amount) {
        if states_details {
            return Err(BillRefusal::DetailsDoNotAddUp { sum, amount: row.amount });
        }
        // The file has no details and the amount is another: the old ones say nothing of it.
        printed.details.clear();
    }
    let state = match row.state {
        Given::Absent => known_state,
        Given::Value(state) => state,
    };
    Ok(BillTerms {
        period: row.period,
        amount: row.amount,
        state: state.unwrap_or(BillState::Owed),
        printed: Box::new(printed),
    })
}

/// What detail lines add up to, in the currency of the bill's amount.
fn sum_of(details: &[DetailLine], amount: Money) -> Result<Money, MoneyError> {
    let zero = Money::zero(amount.currency());
    details.iter().try_fold(zero, |sum, line| sum.checked_add(line.amount))
}

/// The version that annuls the bill that is replaced; `None` where it is annulled for that already.
fn annulment(
    known: Option<(Bill, BillVersion)>,
    contract: ContractKey,
    bill: BillId,
    replaced: BillId,
    source: SourceLine,
) -> Result<Option<BillChange>, BillRefusal> {
    if bill == replaced {
        return Err(BillRefusal::ReplacesItself);
    }
    let (known, before) = known.ok_or(BillRefusal::ReplacedUnknown)?;
    if known.contract != contract {
        return Err(BillRefusal::ReplacedOfAnotherContract);
    }
    match known.state {
        BillState::Annulled => match before.replaced_by {
            Some(other) if other != bill => return Err(BillRefusal::ReplacedAlready(other)),
            Some(_) => return Ok(None),
            // Annulled by itself: that its place is taken keeps it from coming back.
            None => {}
        },
        BillState::PaidElsewhere => return Err(BillRefusal::ReplacedPaid),
        BillState::Owed if known.paid_by.is_some() => return Err(BillRefusal::ReplacedPaid),
        BillState::Owed => {}
    }
    annulled(before, Some(bill), source).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::tests::company_with;
    use crate::{Concept, Currency, Event, FileId, postings_of};

    fn bob(minor: i64) -> Money {
        Money::from_minor(minor, Currency::BOB)
    }

    fn source(line: u64) -> SourceLine {
        SourceLine { file: FileId::FIRST, line }
    }

    fn row(bill: i64, minor: i64) -> BillRow {
        BillRow {
            bill: BillId::from_i64(bill).unwrap(),
            contract: ContractCode::from_text("315").unwrap(),
            period: Period::from_yyyymm(202_110).unwrap(),
            amount: bob(minor),
            state: Given::Absent,
            replaces: None,
            printed: PrintedRow::default(),
        }
    }

    fn details(lines: &[(&str, i64)]) -> Given<Vec<DetailLine>> {
        let line = |(concept, minor): &(&str, i64)| DetailLine {
            concept: Concept::from_text(concept).unwrap(),
            amount: bob(*minor),
        };
        Given::Value(Some(lines.iter().map(line).collect()))
    }

    /// The bill as it stands once a version is in force.
    fn standing(version: BillVersion, paid_by: Option<PaymentId>) -> (Bill, BillVersion) {
        let bill = Bill { paid_by, ..Bill::from_version(&version, paid_by) };
        (bill, version)
    }

    fn decide(
        bill: Option<(Bill, BillVersion)>,
        replaced: Option<(Bill, BillVersion)>,
        row: BillRow,
    ) -> Result<BillDecision, BillRefusal> {
        let company = company_with(&[("revenue.Agua", "Venta de agua")]);
        let contract = ContractKey::from_i64(7).ok();
        let facts = BillFacts { company: &company, contract, bill, replaced };
        decide_bill(facts, row, source(2))
    }

    fn changed(decision: Result<BillDecision, BillRefusal>) -> Vec<BillChange> {
        match decision {
            Ok(BillDecision::Changed(changes)) => changes,
            other => panic!("nothing changed: {other:?}"),
        }
    }

    fn new_bill(row: BillRow) -> BillVersion {
        changed(decide(None, None, row)).remove(0).version
    }

    fn posted(change: &BillChange) -> Vec<String> {
        let event = Event::BillsVersioned(vec![change.version.clone()]);
        let postings = postings_of(&event, &[change.replaced.as_ref()]).unwrap();
        let text = |posting: &crate::Posting| {
            format!("{} {} {}", posting.debit, posting.credit, posting.amount.to_decimal())
        };
        postings.iter().map(text).collect()
    }

    #[test]
    fn an_equal_row_changes_nothing() {
        let mut first = row(1, 14_570);
        first.printed.details = details(&[("Agua", 14_570)]);
        let known = new_bill(first.clone());
        assert_eq!(
            decide(Some(standing(known.clone(), None)), None, first),
            Ok(BillDecision::Unchanged)
        );
        // A file without the column says the same.
        assert_eq!(
            decide(Some(standing(known, None)), None, row(1, 14_570)),
            Ok(BillDecision::Unchanged)
        );
    }

    #[test]
    fn a_row_restates_what_deciding_it_would_leave_as_it_is() {
        let mut first = row(1, 14_570);
        first.printed.details = details(&[("Agua", 14_570)]);
        first.printed.cuf = Given::Value(Name::from_text("A1").ok());
        let known = new_bill(first.clone());
        let with = |change: fn(&mut BillRow)| {
            let mut row = first.clone();
            change(&mut row);
            row
        };
        for row in [
            first.clone(),
            row(1, 14_570),
            row(1, 14_571),
            with(|row| row.printed.cuf = Given::Absent),
            with(|row| row.printed.cuf = Given::Value(None)),
            with(|row| row.printed.details = Given::Value(None)),
            with(|row| row.printed.details = details(&[("Agua", 1), ("Luz", 14_569)])),
            with(|row| row.printed.due_on = Given::Value(None)),
            with(|row| row.state = Given::Value(None)),
            with(|row| row.state = Given::Value(Some(BillState::Annulled))),
            with(|row| row.period = Period::from_yyyymm(202_111).unwrap()),
        ] {
            let restates = row.restates(known.contract, &known);
            let decision = decide(Some(standing(known.clone(), None)), None, row.clone());
            assert_eq!(restates, decision == Ok(BillDecision::Unchanged), "{row:?}");
        }
    }

    #[test]
    fn a_changed_row_adds_a_version_and_posts_the_difference() {
        let known = new_bill(row(1, 14_570));
        let changes = changed(decide(Some(standing(known, None)), None, row(1, 15_000)));
        assert_eq!(changes[0].version.number, 2);
        assert_eq!(posted(&changes[0]), ["receivable revenue 4.30"]);
        let known = changes[0].version.clone();
        let changes = changed(decide(Some(standing(known, None)), None, row(1, 10_000)));
        assert_eq!(posted(&changes[0]), ["revenue receivable 50.00"]);
    }

    #[test]
    fn a_change_to_a_paid_bill_is_listed_and_never_applied() {
        let known = standing(new_bill(row(1, 14_570)), Some(PaymentId::FIRST));
        let equal = decide(Some(known.clone()), None, row(1, 14_570));
        assert_eq!(equal, Ok(BillDecision::Unchanged));
        let changed = decide(Some(known), None, row(1, 15_000));
        assert_eq!(changed, Ok(BillDecision::Paid(BillId::FIRST, PaymentId::FIRST)));
    }

    #[test]
    fn revenue_follows_the_companys_map() {
        let mut charged = row(1, 4_478);
        charged.printed.details =
            details(&[("Agua", 3_598), ("Alcantarillado", 1_600), ("Descuento Ley 1886", -720)]);
        let change = BillChange { version: new_bill(charged), replaced: None };
        let expected = ["receivable revenue 8.80", "receivable revenue:Venta de agua 35.98"];
        assert_eq!(posted(&change), expected);
    }

    #[test]
    fn the_biller_annuls_and_tells_of_payments_elsewhere() {
        let known = new_bill(row(1, 14_570));
        for (state, expected) in [
            (BillState::Annulled, "revenue receivable 145.70"),
            (BillState::PaidElsewhere, "paid-elsewhere receivable 145.70"),
        ] {
            let stated = BillRow { state: Given::Value(Some(state)), ..row(1, 14_570) };
            let changes = changed(decide(Some(standing(known.clone(), None)), None, stated));
            assert_eq!(posted(&changes[0]), [expected]);
        }
    }

    #[test]
    fn a_replacement_annuls_the_bill_it_replaces_in_the_same_commit() {
        let old = new_bill(row(1, 14_570));
        let replacing = BillRow { replaces: BillId::from_i64(1).ok(), ..row(2, 15_000) };
        let changes = changed(decide(None, Some(standing(old.clone(), None)), replacing.clone()));
        assert_eq!(posted(&changes[0]), ["receivable revenue 150.00"]);
        assert_eq!(posted(&changes[1]), ["revenue receivable 145.70"]);
        let done = decide(
            Some(standing(changes[0].version.clone(), None)),
            Some(standing(changes[1].version.clone(), None)),
            replacing.clone(),
        );
        assert_eq!(done, Ok(BillDecision::Unchanged));
        let paid = Some(standing(old, Some(PaymentId::FIRST)));
        assert_eq!(decide(None, paid, replacing.clone()), Err(BillRefusal::ReplacedPaid));
        let mut elsewhere = standing(changes[0].version.clone(), None);
        elsewhere.0.contract = ContractKey::FIRST;
        let other = BillRow { bill: BillId::from_i64(3).unwrap(), ..replacing.clone() };
        assert_eq!(
            decide(None, Some(elsewhere), other.clone()),
            Err(BillRefusal::ReplacedOfAnotherContract)
        );
        // Two bills do not take the place of one, and the one does not come back.
        let annulled = standing(changes[1].version.clone(), None);
        assert_eq!(
            decide(None, Some(annulled.clone()), other),
            Err(BillRefusal::ReplacedAlready(replacing.bill))
        );
        let back = BillRow { state: Given::Value(Some(BillState::Owed)), ..row(1, 14_570) };
        assert_eq!(
            decide(Some(annulled.clone()), None, back),
            Err(BillRefusal::BillReplaced(replacing.bill))
        );
        assert_eq!(decide(Some(annulled), None, row(1, 14_570)), Ok(BillDecision::Unchanged));
        assert_eq!(decide(None, None, replacing), Err(BillRefusal::ReplacedUnknown));
    }

    #[test]
    fn impossible_rows_are_refused() {
        let known = standing(new_bill(row(1, 100)), None);
        let mut elsewhere = known.clone();
        elsewhere.0.contract = ContractKey::FIRST;
        let itself = BillRow { replaces: BillId::from_i64(1).ok(), ..row(1, 100) };
        let mut unbalanced = row(1, 100);
        unbalanced.printed.details = details(&[("Agua", 99)]);
        for (bill, row, expected) in [
            (Some(elsewhere), row(1, 100), BillRefusal::BillOfAnotherContract),
            (None, row(1, 0), BillRefusal::AmountOutOfRange),
            (None, row(1, -5), BillRefusal::AmountOutOfRange),
            (None, row(1, Money::BILL_MAX_MINOR + 1), BillRefusal::AmountOutOfRange),
            (
                None,
                unbalanced,
                BillRefusal::DetailsDoNotAddUp { sum: Some(bob(99)), amount: bob(100) },
            ),
            (Some(known), itself, BillRefusal::ReplacesItself),
        ] {
            assert_eq!(decide(bill, None, row), Err(expected));
        }
    }

    #[test]
    fn details_that_no_longer_add_up_are_dropped() {
        let mut detailed = row(1, 100);
        detailed.printed.details = details(&[("Agua", 100)]);
        let known = standing(new_bill(detailed), None);
        let changes = changed(decide(Some(known), None, row(1, 120)));
        assert_eq!(changes[0].version.terms.printed.details, []);
    }
}
