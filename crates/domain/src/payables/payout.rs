//! Payouts: money out to a supplier.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::civil::Date;

use super::{DocumentNumber, PayoutNumber};
use crate::{
    BusinessDay, CallerKey, Company, IntegratorId, Label, Money, MoneyError, PayoutId,
    PurchaseInvoiceId, SupplierId, Text, business_day,
};

/// How money goes out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Means {
    /// A cheque of the company's.
    Cheque,
    /// A cheque of the company's that is payable later.
    DeferredCheque,
    /// A bank transfer.
    Transfer,
    /// Cash.
    Cash,
    /// A credit card.
    CreditCard,
    /// Somebody else's cheque, passed on.
    ThirdPartyCheque,
}

impl Means {
    /// All means.
    pub const ALL: [Self; 6] = [
        Self::Cheque,
        Self::DeferredCheque,
        Self::Transfer,
        Self::Cash,
        Self::CreditCard,
        Self::ThirdPartyCheque,
    ];

    /// Its code in the store and in the ledger's accounts.
    pub const fn to_code(self) -> &'static str {
        match self {
            Self::Cheque => "cheque",
            Self::DeferredCheque => "deferred-cheque",
            Self::Transfer => "transfer",
            Self::Cash => "cash",
            Self::CreditCard => "credit-card",
            Self::ThirdPartyCheque => "third-party-cheque",
        }
    }

    /// The means of that code.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|means| means.to_code() == code)
    }
}

/// A tax kept back from a supplier, owed to the tax office.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Withholding {
    /// Gross-income tax of a province.
    GrossIncome,
    /// Income tax.
    Income,
    /// Tax on rent.
    Rent,
}

impl Withholding {
    /// All withholdings.
    pub const ALL: [Self; 3] = [Self::GrossIncome, Self::Income, Self::Rent];

    /// Its code in the ledger's accounts.
    pub const fn to_code(self) -> &'static str {
        match self {
            Self::GrossIncome => "gross-income",
            Self::Income => "income",
            Self::Rent => "rent",
        }
    }

    /// The withholding of that code.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|withholding| withholding.to_code() == code)
    }
}

/// Income tax kept back under one regime.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IncomeWithholding {
    /// How much.
    pub amount: Money,
    /// The regime, in the accounting system's own codes.
    pub code: Option<Text<20>>,
    /// What it was computed from.
    pub base: Money,
}

/// What is kept back of one payout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Withholdings {
    /// Gross-income tax.
    pub gross_income: Money,
    /// Income tax, under two regimes at most.
    pub income: [IncomeWithholding; 2],
    /// Tax on rent.
    pub rent: Money,
}

impl Withholdings {
    /// Nothing kept back: every amount is `nothing`.
    pub fn none(nothing: Money) -> Self {
        let income = || IncomeWithholding { amount: nothing, code: None, base: nothing };
        Self { gross_income: nothing, income: [income(), income()], rent: nothing }
    }

    /// Each tax with its amount; income tax of both regimes together.
    ///
    /// Errors in order: other currency, too large.
    pub fn by_tax(&self) -> Result<[(Withholding, Money); 3], MoneyError> {
        let [first, second] = &self.income;
        let income = first.amount.checked_add(second.amount)?;
        Ok([
            (Withholding::GrossIncome, self.gross_income),
            (Withholding::Income, income),
            (Withholding::Rent, self.rent),
        ])
    }
}

/// A part of a payout that goes out by one means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MeansLine {
    /// How.
    pub means: Means,
    /// How much; more than zero.
    pub amount: Money,
    /// The account of the accounting system's chart that it leaves.
    pub chart_account: Option<Label>,
    /// A cheque's number.
    pub cheque_number: Option<Label>,
    /// From when a cheque is payable.
    pub valid_on: Option<Date>,
    /// Whether the accounting system says that the bank has confirmed it.
    pub is_reconciled: bool,
}

impl MeansLine {
    /// A line of which no more than the means and the amount is known.
    pub const fn plain(means: Means, amount: Money) -> Self {
        Self {
            means,
            amount,
            chart_account: None,
            cheque_number: None,
            valid_on: None,
            is_reconciled: false,
        }
    }
}

/// What of a payout settles one invoice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Application {
    /// The invoice.
    pub invoice: PurchaseInvoiceId,
    /// How much of it; more than zero.
    pub amount: Money,
}

/// What a payout says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PayoutTerms {
    /// To whom.
    pub supplier: SupplierId,
    /// The payout's own date.
    pub paid_on: Date,
    /// Whether the wire stated the exchange rate as 1, not as 0; both mean the company's currency.
    pub is_rate_stated: bool,
    /// How much, as stated.
    pub total: Money,
    /// The advance, as stated. What counts is [`PayoutTerms::checked_advance`].
    pub stated_advance: Money,
    /// The invoices' sum, as stated.
    pub stated_invoices: Money,
    /// What the supplier lets off.
    pub discounts: Money,
    /// What is paid for being late.
    pub interest: Money,
    /// What is kept back.
    pub withholdings: Withholdings,
    /// How it goes out; at least one line.
    pub means: Vec<MeansLine>,
    /// What it settles, each invoice once.
    pub applied: Vec<Application>,
    /// What it is for.
    pub description: Option<Text<500>>,
}

impl PayoutTerms {
    /// Terms of a payout that goes out by one means and is all of it an advance.
    pub fn plain(supplier: SupplierId, paid_on: Date, line: MeansLine) -> Self {
        let (total, nothing) = (line.amount, Money::zero(line.amount.currency()));
        Self {
            supplier,
            paid_on,
            is_rate_stated: false,
            total,
            stated_advance: nothing,
            stated_invoices: nothing,
            discounts: nothing,
            interest: nothing,
            withholdings: Withholdings::none(nothing),
            means: vec![line],
            applied: Vec::new(),
            description: None,
        }
    }

    fn sum(&self, amounts: impl Iterator<Item = Money>) -> Result<Money, MoneyError> {
        let nothing = Money::zero(self.total.currency());
        { amounts }.try_fold(nothing, Money::checked_add)
    }

    /// What goes out by all means. Errors in order: other currency, too large.
    pub fn checked_means(&self) -> Result<Money, MoneyError> {
        self.sum(self.means.iter().map(|line| line.amount))
    }

    /// What is kept back in all. Errors in order: other currency, too large.
    pub fn checked_withheld(&self) -> Result<Money, MoneyError> {
        self.sum(self.withholdings.by_tax()?.into_iter().map(|(_, amount)| amount))
    }

    /// What it takes off the supplier's account: means, withholdings and discounts, less interest
    /// (docs/spec/colppy.md §3). Errors in order: other currency, too large.
    pub fn checked_settled(&self) -> Result<Money, MoneyError> {
        let paid = self.checked_means()?.checked_add(self.checked_withheld()?)?;
        paid.checked_add(self.discounts)?.checked_sub(self.interest)
    }

    /// What settles invoices. Errors in order: other currency, too large.
    pub fn checked_applied(&self) -> Result<Money, MoneyError> {
        self.sum(self.applied.iter().map(|application| application.amount))
    }

    /// What it settles of no invoice. Errors in order: other currency, too large.
    pub fn checked_advance(&self) -> Result<Money, MoneyError> {
        self.checked_settled()?.checked_sub(self.checked_applied()?)
    }

    /// Whether it has more lines of means than [`MEANS_MAX`], or settles more invoices than
    /// [`APPLIED_MAX`].
    pub const fn has_too_many_lines(&self) -> bool {
        self.means.len() > MEANS_MAX || self.applied.len() > APPLIED_MAX
    }

    /// Every amount that may be nothing.
    fn optional_amounts(&self) -> impl Iterator<Item = Money> {
        let [first, second] = &self.withholdings.income;
        let stated = [self.stated_advance, self.stated_invoices, self.discounts, self.interest];
        let withheld = [self.withholdings.gross_income, self.withholdings.rent];
        let income = [first.amount, first.base, second.amount, second.base];
        stated.into_iter().chain(withheld).chain(income)
    }

    /// Every amount that may not.
    fn required_amounts(&self) -> impl Iterator<Item = Money> {
        let means = self.means.iter().map(|line| line.amount);
        let applied = self.applied.iter().map(|application| application.amount);
        std::iter::once(self.total).chain(means).chain(applied)
    }
}

/// Money out to a supplier, final unless reversed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payout {
    /// Its id.
    pub id: PayoutId,
    /// Its printed number, unique in the company.
    pub number: PayoutNumber,
    /// What it says.
    pub terms: PayoutTerms,
    /// When it was accepted.
    pub recorded_at: Timestamp,
    /// The accounting day, fixed when it was accepted.
    pub business_day: BusinessDay,
    /// The user who entered it.
    pub recorded_by: Text<128>,
    /// The integrator whose program entered it.
    pub integrator: Option<IntegratorId>,
    /// The caller's name for the attempt, unique for the integrator.
    pub caller_key: Option<CallerKey>,
}

/// A wish to enter a payout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PayoutCommand {
    /// What it says.
    pub terms: PayoutTerms,
    /// Its point of issue; the first where `None`.
    pub point: Option<u32>,
    /// Its serial number; the next of the point where `None`.
    pub serial: Option<u32>,
    /// The user who enters it.
    pub recorded_by: Text<128>,
    /// The integrator whose program enters it.
    pub integrator: Option<IntegratorId>,
    /// The caller's name for this attempt.
    pub caller_key: Option<CallerKey>,
}

impl PayoutCommand {
    /// The point of issue it is written in.
    pub fn to_point(&self) -> u32 {
        self.point.unwrap_or(DocumentNumber::FIRST_POINT)
    }
}

/// An invoice that a payout names, as it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AppliedInvoice {
    /// Whose it is.
    pub supplier: SupplierId,
    /// What is owed for it in all.
    pub total: Money,
    /// What payouts have settled of it.
    pub applied: Money,
}

/// What must be known to decide a [`PayoutCommand`].
#[derive(Debug, Clone)]
pub struct PayoutFacts<'a> {
    /// The company.
    pub company: &'a Company,
    /// The payout that this integrator's caller key has already made.
    pub repeated: Option<Payout>,
    /// Whether the company has the supplier.
    pub is_supplier_known: bool,
    /// The invoices that the command names, in its order; `None` where there is none.
    pub invoices: Vec<Option<AppliedInvoice>>,
    /// The payout that has the number that the command names.
    pub number_holder: Option<PayoutId>,
    /// The greatest serial number of the command's point of issue; 0 where there is none.
    pub last_serial: u32,
    /// The id of the next payout.
    pub next_payout: PayoutId,
}

/// Lines of means of one payout at most.
pub const MEANS_MAX: usize = 50;
/// Invoices that one payout settles at most: whoever pays at the window waits for it.
pub const APPLIED_MAX: usize = 200;

/// The answer to a payout that may stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PayoutDecision {
    /// A new payout, to be kept.
    Accepted(Box<Payout>),
    /// The payout this very attempt made before; nothing is kept.
    Replayed(Box<Payout>),
}

/// Why a payout was refused, in order of precedence (docs/spec/colppy.md §3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PayoutRefusal {
    /// The caller key has made a payout with other data.
    #[error("the caller key was used with other data")]
    CallerKeyReused,
    /// No supplier of that id.
    #[error("no such supplier")]
    SupplierUnknown,
    /// An amount is negative or over the greatest, or nothing where there must be something.
    #[error("an amount is out of range")]
    AmountOutOfRange,
    /// More lines of means than [`MEANS_MAX`], or more invoices than [`APPLIED_MAX`].
    #[error("too many lines")]
    TooManyLines,
    /// The means add up neither to the total nor to the total less the withholdings.
    #[error("the means do not add up")]
    MeansDoNotAddUp {
        /// What they add up to.
        sum: Money,
        /// The total.
        total: Money,
        /// What is kept back.
        withheld: Money,
    },
    /// Interest eats up all that is paid.
    #[error("nothing is settled")]
    NothingSettled,
    /// An invoice is named twice.
    #[error("an invoice is named twice")]
    InvoiceRepeated {
        /// Which one.
        invoice: PurchaseInvoiceId,
    },
    /// The supplier has no invoice of that id.
    #[error("no such invoice of the supplier")]
    InvoiceUnknown {
        /// Which one.
        invoice: PurchaseInvoiceId,
    },
    /// More than is open of an invoice.
    #[error("more than the invoice's balance")]
    InvoiceOverApplied {
        /// Which one.
        invoice: PurchaseInvoiceId,
        /// What is open of it.
        balance: Money,
    },
    /// The invoices take more than the payout settles.
    #[error("more is applied than the payout settles")]
    OverApplied {
        /// What the invoices take.
        applied: Money,
        /// What the payout settles.
        settled: Money,
    },
    /// The number is out of range, or the book has no number left.
    #[error("no such number, or none left")]
    NumberOutOfRange,
    /// Another payout has the number.
    #[error("another payout has the number")]
    NumberTaken {
        /// Which one.
        holder: PayoutId,
    },
}

/// Decides a payout. Refusals in the order of [`PayoutRefusal`].
pub fn decide_payout(
    facts: PayoutFacts<'_>,
    command: PayoutCommand,
    now: Timestamp,
) -> Result<PayoutDecision, PayoutRefusal> {
    if let Some(payout) = facts.repeated {
        let is_same = is_same(&payout, &command);
        return is_same
            .then(|| PayoutDecision::Replayed(Box::new(payout)))
            .ok_or(PayoutRefusal::CallerKeyReused);
    }
    if !facts.is_supplier_known {
        return Err(PayoutRefusal::SupplierUnknown);
    }
    refuse_amounts(&command.terms, facts.company)?;
    refuse_applications(&command.terms, &facts.invoices)?;
    let number = number(&facts, &command)?;
    let PayoutCommand { terms, recorded_by, integrator, caller_key, .. } = command;
    Ok(PayoutDecision::Accepted(Box::new(Payout {
        id: facts.next_payout,
        number,
        terms,
        recorded_at: now,
        business_day: business_day(facts.company, now),
        recorded_by,
        integrator,
        caller_key,
    })))
}

/// Whether a command says what an attempt of the same name said; the order of invoices counts.
fn is_same(payout: &Payout, command: &PayoutCommand) -> bool {
    payout.terms == command.terms
        && payout.number.to_point() == command.to_point()
        && command.serial.is_none_or(|serial| serial == payout.number.to_serial())
}

fn refuse_amounts(terms: &PayoutTerms, company: &Company) -> Result<(), PayoutRefusal> {
    let out_of_range = |_: MoneyError| PayoutRefusal::AmountOutOfRange;
    let is_allowed = |amount: Money| {
        amount.currency() == company.currency
            && (0..=Money::PAYABLE_MAX_MINOR).contains(&amount.to_minor())
    };
    let is_something = |amount: Money| is_allowed(amount) && amount.to_minor() > 0;
    if terms.means.is_empty()
        || !terms.required_amounts().all(is_something)
        || !terms.optional_amounts().all(is_allowed)
    {
        return Err(PayoutRefusal::AmountOutOfRange);
    }
    if terms.has_too_many_lines() {
        return Err(PayoutRefusal::TooManyLines);
    }
    let sum = terms.checked_means().map_err(out_of_range)?;
    let withheld = terms.checked_withheld().map_err(out_of_range)?;
    // Both habits exist: the total with what is kept back, and without.
    let less = terms.total.checked_sub(withheld).map_err(out_of_range)?;
    if sum != terms.total && sum != less {
        return Err(PayoutRefusal::MeansDoNotAddUp { sum, total: terms.total, withheld });
    }
    let settled = terms.checked_settled().map_err(out_of_range)?;
    if settled.to_minor() <= 0 {
        return Err(PayoutRefusal::NothingSettled);
    }
    Ok(())
}

fn refuse_applications(
    terms: &PayoutTerms,
    invoices: &[Option<AppliedInvoice>],
) -> Result<(), PayoutRefusal> {
    let out_of_range = |_: MoneyError| PayoutRefusal::AmountOutOfRange;
    if let Some(invoice) = repeated(&terms.applied) {
        return Err(PayoutRefusal::InvoiceRepeated { invoice });
    }
    let own = own_invoices(terms, invoices)?;
    for (Application { invoice, amount }, standing) in terms.applied.iter().zip(own) {
        let balance = standing.total.checked_sub(standing.applied).map_err(out_of_range)?;
        if amount.to_minor() > balance.to_minor() {
            return Err(PayoutRefusal::InvoiceOverApplied { invoice: *invoice, balance });
        }
    }
    let applied = terms.checked_applied().map_err(out_of_range)?;
    let settled = terms.checked_settled().map_err(out_of_range)?;
    if applied.to_minor() > settled.to_minor() {
        return Err(PayoutRefusal::OverApplied { applied, settled });
    }
    Ok(())
}

/// The invoices named, each of which must be the supplier's.
fn own_invoices(
    terms: &PayoutTerms,
    invoices: &[Option<AppliedInvoice>],
) -> Result<Vec<AppliedInvoice>, PayoutRefusal> {
    let mut known = invoices.iter();
    let own = terms.applied.iter().map(|application| {
        let found = known.next().copied().flatten();
        let invoice = application.invoice;
        let own = found.filter(|found| found.supplier == terms.supplier);
        own.ok_or(PayoutRefusal::InvoiceUnknown { invoice })
    });
    own.collect()
}

/// An invoice that stands in the list twice.
fn repeated(applied: &[Application]) -> Option<PurchaseInvoiceId> {
    let mut seen = BTreeSet::new();
    applied.iter().map(|application| application.invoice).find(|invoice| !seen.insert(*invoice))
}

fn number(facts: &PayoutFacts<'_>, command: &PayoutCommand) -> Result<PayoutNumber, PayoutRefusal> {
    let point = command.to_point();
    let number = match command.serial {
        Some(serial) => DocumentNumber::from_parts(point, serial),
        None => DocumentNumber::after(point, facts.last_serial),
    };
    let number = number.ok().ok_or(PayoutRefusal::NumberOutOfRange)?;
    match facts.number_holder.filter(|_| command.serial.is_some()) {
        Some(holder) => Err(PayoutRefusal::NumberTaken { holder }),
        None => Ok(number),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::Currency;
    use crate::policy::tests::company_with;

    pub(crate) const NOW: &str = "2024-08-16T15:39:29Z";

    pub(crate) fn bob(minor: i64) -> Money {
        Money::from_minor(minor, Currency::BOB)
    }

    pub(crate) fn invoice_id(id: i64) -> PurchaseInvoiceId {
        PurchaseInvoiceId::from_i64(id).unwrap()
    }

    fn line(means: Means, minor: i64) -> MeansLine {
        MeansLine::plain(means, bob(minor))
    }

    /// 1,000.00 of which 60.00 are kept back and 940.00 go out; 5.00 let off, 2.00 of interest.
    pub(crate) fn terms() -> PayoutTerms {
        let income = |minor| IncomeWithholding { amount: bob(minor), code: None, base: bob(0) };
        PayoutTerms {
            supplier: SupplierId::from_i64(91_694).unwrap(),
            paid_on: "2024-08-16".parse().unwrap(),
            is_rate_stated: false,
            total: bob(100_000),
            stated_advance: bob(0),
            stated_invoices: bob(0),
            discounts: bob(500),
            interest: bob(200),
            withholdings: Withholdings {
                gross_income: bob(3_000),
                income: [income(2_000), income(700)],
                rent: bob(300),
            },
            means: vec![line(Means::Transfer, 90_000), line(Means::Cash, 4_000)],
            applied: vec![
                Application { invoice: invoice_id(1), amount: bob(60_000) },
                Application { invoice: invoice_id(2), amount: bob(30_000) },
            ],
            description: None,
        }
    }

    fn command() -> PayoutCommand {
        PayoutCommand {
            terms: terms(),
            point: None,
            serial: None,
            recorded_by: Text::from_text("a").unwrap(),
            integrator: Some(IntegratorId::FIRST),
            caller_key: None,
        }
    }

    #[expect(clippy::unnecessary_wraps, reason = "it stands where one may be unknown")]
    fn open(total: i64, applied: i64) -> Option<AppliedInvoice> {
        let supplier = terms().supplier;
        Some(AppliedInvoice { supplier, total: bob(total), applied: bob(applied) })
    }

    fn decide(
        change: impl FnOnce(&mut PayoutFacts<'_>, &mut PayoutCommand),
    ) -> Result<PayoutDecision, PayoutRefusal> {
        let company = company_with(&[]);
        let mut facts = PayoutFacts {
            company: &company,
            repeated: None,
            is_supplier_known: true,
            invoices: vec![open(60_000, 0), open(50_000, 20_000)],
            number_holder: None,
            last_serial: 288,
            next_payout: PayoutId::from_i64(929).unwrap(),
        };
        let mut command = command();
        change(&mut facts, &mut command);
        decide_payout(facts, command, NOW.parse().unwrap())
    }

    pub(crate) fn payout() -> Payout {
        match decide(|_, _| ()) {
            Ok(PayoutDecision::Accepted(payout)) => *payout,
            other => panic!("not accepted: {other:?}"),
        }
    }

    fn check(
        change: impl FnOnce(&mut PayoutFacts<'_>, &mut PayoutCommand),
        expected: Option<PayoutRefusal>,
    ) {
        assert_eq!(decide(change).err(), expected);
    }

    #[test]
    fn a_payout_takes_the_next_id_and_the_next_number_of_its_book() {
        let payout = payout();
        assert_eq!(payout.id.to_i64(), 929);
        assert_eq!(payout.number.to_string(), "0001-00000289");
        assert_eq!(payout.business_day.to_date().to_string(), "2024-08-16");
    }

    #[test]
    fn a_payout_settles_means_withholdings_and_discounts_less_interest() {
        let terms = terms();
        assert_eq!(terms.checked_settled(), Ok(bob(100_300)));
        assert_eq!(terms.checked_advance(), Ok(bob(10_300)));
    }

    #[test]
    fn means_add_up_with_or_without_what_is_kept_back() {
        let means = |minor: i64| {
            move |command: &mut PayoutCommand| {
                command.terms.means = vec![line(Means::Cash, minor)];
            }
        };
        for (minor, is_taken) in [(100_000, true), (94_000, true), (99_999, false), (93_999, false)]
        {
            let decision = decide(|_, command| means(minor)(command));
            let refusal = PayoutRefusal::MeansDoNotAddUp {
                sum: bob(minor),
                total: bob(100_000),
                withheld: bob(6_000),
            };
            assert_eq!(decision.err(), (!is_taken).then_some(refusal), "{minor}");
        }
    }

    #[test]
    fn each_refusal_comes_in_its_place() {
        use PayoutRefusal as No;
        type Break = fn(&mut PayoutFacts<'_>, &mut PayoutCommand);
        let holder = PayoutId::from_i64(928).unwrap();
        let breaks: [(Break, No); 10] = [
            (|facts, _| facts.is_supplier_known = false, No::SupplierUnknown),
            (|_, command| command.terms.stated_advance = bob(-1), No::AmountOutOfRange),
            (
                |_, command| {
                    let line = command.terms.means[0].clone();
                    command.terms.means.extend(vec![line; MEANS_MAX]);
                },
                No::TooManyLines,
            ),
            (
                |_, command| command.terms.total = bob(100_001),
                No::MeansDoNotAddUp { sum: bob(94_000), total: bob(100_001), withheld: bob(6_000) },
            ),
            (|_, command| command.terms.interest = bob(100_500), No::NothingSettled),
            (
                |facts, command| {
                    let again = command.terms.applied[0];
                    command.terms.applied.push(again);
                    facts.invoices.push(None);
                },
                No::InvoiceRepeated { invoice: invoice_id(1) },
            ),
            (|facts, _| facts.invoices[1] = None, No::InvoiceUnknown { invoice: invoice_id(2) }),
            (
                |facts, _| facts.invoices[0] = open(60_000, 1),
                No::InvoiceOverApplied { invoice: invoice_id(1), balance: bob(59_999) },
            ),
            (|_, command| command.serial = Some(100_000_000), No::NumberOutOfRange),
            (|_, command| command.serial = Some(5), No::NumberTaken { holder }),
        ];
        for (first, (_, expected)) in breaks.iter().enumerate() {
            check(
                |facts, command| {
                    facts.number_holder = PayoutId::from_i64(928).ok();
                    breaks[first..].iter().rev().for_each(|(f, _)| f(facts, command));
                },
                Some(*expected),
            );
        }
    }

    #[test]
    fn invoices_take_no_more_than_the_payout_settles() {
        let applied = |minor: i64| {
            move |facts: &mut PayoutFacts<'_>, command: &mut PayoutCommand| {
                facts.invoices = vec![open(1_000_000, 0)];
                command.terms.applied =
                    vec![Application { invoice: invoice_id(1), amount: bob(minor) }];
            }
        };
        check(applied(100_300), None);
        let over = PayoutRefusal::OverApplied { applied: bob(100_301), settled: bob(100_300) };
        check(applied(100_301), Some(over));
    }

    #[test]
    fn an_invoice_is_named_once() {
        check(
            |facts, command| {
                facts.invoices[0] = None;
                command.terms.applied[1].invoice = invoice_id(1);
            },
            Some(PayoutRefusal::InvoiceRepeated { invoice: invoice_id(1) }),
        );
    }

    #[test]
    fn another_suppliers_invoice_is_unknown() {
        check(
            |facts, _| {
                let other = SupplierId::FIRST;
                facts.invoices[0] =
                    open(60_000, 0).map(|known| AppliedInvoice { supplier: other, ..known });
            },
            Some(PayoutRefusal::InvoiceUnknown { invoice: invoice_id(1) }),
        );
    }

    #[test]
    fn interest_that_eats_everything_is_refused() {
        check(
            |_, command| command.terms.interest = bob(100_500),
            Some(PayoutRefusal::NothingSettled),
        );
    }

    #[test]
    fn an_amount_out_of_range_is_refused_wherever_it_stands() {
        type Put = fn(&mut PayoutTerms, Money);
        let optional: [Put; 9] = [
            |terms, amount| terms.stated_advance = amount,
            |terms, amount| terms.stated_invoices = amount,
            |terms, amount| terms.discounts = amount,
            |terms, amount| terms.interest = amount,
            |terms, amount| terms.withholdings.gross_income = amount,
            |terms, amount| terms.withholdings.rent = amount,
            |terms, amount| terms.withholdings.income[0].amount = amount,
            |terms, amount| terms.withholdings.income[1].amount = amount,
            |terms, amount| terms.withholdings.income[1].base = amount,
        ];
        let required: [Put; 3] = [
            |terms, amount| terms.total = amount,
            |terms, amount| terms.means[1].amount = amount,
            |terms, amount| terms.applied[1].amount = amount,
        ];
        let usd = Money::from_minor(1, Currency::from_code("USD").unwrap());
        let wrong = [bob(-1), bob(Money::PAYABLE_MAX_MINOR + 1), bob(i64::MIN), usd];
        for (put, amount) in optional.iter().flat_map(|put| wrong.map(|amount| (put, amount))) {
            let refusal = Some(PayoutRefusal::AmountOutOfRange);
            check(|_, command| put(&mut command.terms, amount), refusal);
        }
        for put in required {
            for amount in wrong.into_iter().chain([bob(0)]) {
                let refusal = Some(PayoutRefusal::AmountOutOfRange);
                check(|_, command| put(&mut command.terms, amount), refusal);
            }
        }
        check(|_, command| command.terms.means.clear(), Some(PayoutRefusal::AmountOutOfRange));
    }

    #[test]
    fn a_number_of_ones_own_is_kept_and_no_book_runs_over() {
        let own = decide(|_, command| {
            command.point = Some(2);
            command.serial = Some(286);
        });
        match own {
            Ok(PayoutDecision::Accepted(payout)) => {
                assert_eq!(payout.number.to_string(), "0002-00000286");
            }
            other => panic!("not accepted: {other:?}"),
        }
        check(|facts, _| facts.last_serial = 99_999_999, Some(PayoutRefusal::NumberOutOfRange));
        check(|_, command| command.point = Some(100_000), Some(PayoutRefusal::NumberOutOfRange));
    }

    #[test]
    fn a_repeated_key_replays_the_same_data_and_refuses_other_data() {
        let repeat = |change: fn(&mut PayoutCommand)| {
            decide(|facts, command| {
                facts.repeated = Some(payout());
                // Whatever became of the supplier since, the first success is the answer.
                facts.is_supplier_known = false;
                change(command);
            })
        };
        let same: [fn(&mut PayoutCommand); 2] = [|_| (), |command| command.serial = Some(289)];
        for change in same {
            assert_eq!(repeat(change), Ok(PayoutDecision::Replayed(Box::new(payout()))));
        }
        let others: [fn(&mut PayoutCommand); 4] = [
            |command| command.terms.total = bob(1),
            |command| command.terms.applied.reverse(),
            |command| command.serial = Some(290),
            |command| command.point = Some(2),
        ];
        for change in others {
            assert_eq!(repeat(change), Err(PayoutRefusal::CallerKeyReused));
        }
    }
}
