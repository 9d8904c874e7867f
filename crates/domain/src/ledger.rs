//! The double-entry ledger: what each event posts.

use std::collections::BTreeMap;
use std::fmt;

use crate::{
    BillState, BillVersion, CollectorId, Concept, Event, Means, Money, MoneyError, Payment,
    PayoutTerms, Policy, PurchaseInvoice, Reversal, SupplierId, Withholding,
};

/// A ledger account of a company.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Account {
    /// What members owe.
    Receivable,
    /// What a collector holds for the company.
    Collector(CollectorId),
    /// Revenue by account of the company's map; `None` is `por clasificar`.
    Revenue(Option<Concept>),
    /// Bills that the biller says were paid by a way that is not ours.
    PaidElsewhere,
    /// What a supplier is owed for its invoices: what is open of them all.
    Payable(SupplierId),
    /// What a supplier was paid that no invoice has taken.
    Advance(SupplierId),
    /// Cash, or the bank, by the means that payouts go out by.
    Means(Means),
    /// Taxes kept back of payouts, owed to the tax office.
    Withheld(Withholding),
    /// What suppliers let off.
    Discounts,
    /// What suppliers are paid for being late.
    Interest,
    /// What suppliers have billed.
    Expense,
}

impl Account {
    /// Takes the form that [`Account`] displays, and no other: two codes of one account would hold
    /// two balances.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::read(code).filter(|account| account.to_string() == code)
    }

    fn read(code: &str) -> Option<Self> {
        match code.split_once(':') {
            None if code == "receivable" => Some(Self::Receivable),
            None if code == "paid-elsewhere" => Some(Self::PaidElsewhere),
            None if code == "revenue" => Some(Self::Revenue(None)),
            None if code == "discounts" => Some(Self::Discounts),
            None if code == "interest" => Some(Self::Interest),
            None if code == "expense" => Some(Self::Expense),
            Some(("revenue", name)) => Some(Self::Revenue(Some(Concept::from_text(name).ok()?))),
            Some(("collector", id)) => {
                Some(Self::Collector(CollectorId::from_i64(id.parse().ok()?).ok()?))
            }
            Some(("payable", id)) => {
                Some(Self::Payable(SupplierId::from_i64(id.parse().ok()?).ok()?))
            }
            Some(("advance", id)) => {
                Some(Self::Advance(SupplierId::from_i64(id.parse().ok()?).ok()?))
            }
            Some(("means", code)) => Some(Self::Means(Means::from_code(code)?)),
            Some(("withheld", code)) => Some(Self::Withheld(Withholding::from_code(code)?)),
            _ => None,
        }
    }
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Receivable => f.write_str("receivable"),
            Self::Collector(id) => write!(f, "collector:{id}"),
            Self::Revenue(None) => f.write_str("revenue"),
            Self::Revenue(Some(name)) => write!(f, "revenue:{name}"),
            Self::PaidElsewhere => f.write_str("paid-elsewhere"),
            Self::Payable(id) => write!(f, "payable:{id}"),
            Self::Advance(id) => write!(f, "advance:{id}"),
            Self::Means(means) => write!(f, "means:{}", means.to_code()),
            Self::Withheld(withholding) => write!(f, "withheld:{}", withholding.to_code()),
            Self::Discounts => f.write_str("discounts"),
            Self::Interest => f.write_str("interest"),
            Self::Expense => f.write_str("expense"),
        }
    }
}

/// A part of a bill's amount, by revenue account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RevenueShare {
    /// The company's account; `None` is `por clasificar`.
    pub account: Option<Concept>,
    /// How much; it may be negative (a discount).
    pub amount: Money,
}

/// One row of an entry: it sums to zero by construction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Posting {
    /// The account that receives.
    pub debit: Account,
    /// The account that gives; never the debited one.
    pub credit: Account,
    /// How much; always more than zero.
    pub amount: Money,
}

/// An amount that cannot be posted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LedgerError {
    /// Amounts of two currencies, or one too large.
    #[error(transparent)]
    Money(#[from] MoneyError),
    /// A version's revenue does not add up to its amount, or a payout settles less than its invoices
    /// take.
    #[error("the parts of what is posted do not add up")]
    Unbalanced,
}

/// The rows an event posts; none where no money moves. `replaced` are the versions that those of an
/// [`Event::BillsVersioned`] take the place of, in its order and `None` for a new bill; it is empty
/// for every other event.
///
/// Sources: ARCHITECTURE.md, "The ledger"; docs/decisions/0012.
pub fn postings_of(
    event: &Event,
    replaced: &[Option<&BillVersion>],
) -> Result<Vec<Posting>, LedgerError> {
    match event {
        Event::CompanyOpened { .. }
        | Event::PolicyChanged(_)
        | Event::IssuerKept(_)
        | Event::FileImported(_)
        | Event::FileFinished { .. }
        | Event::MemberKept(_)
        | Event::ContractKept(_)
        | Event::SupplierKept(_)
        | Event::BooksRestored(_) => Ok(Vec::new()),
        Event::BillsVersioned(versions) => posted_bills(versions, replaced),
        Event::PaymentMade(payment) => Ok(vec![posted_payment(payment)]),
        Event::PaymentReversed(reversal) => Ok(vec![posted_reversal(reversal)]),
        Event::InvoiceEntered(invoice) => Ok(vec![posted_invoice(invoice)]),
        Event::PayoutMade(payout) => posted_payout(&payout.terms),
        Event::PayoutReversed(reversal) => {
            let back = posted_payout(&reversal.payout.terms)?.into_iter();
            let swapped = |Posting { debit, credit, amount }| Posting {
                debit: credit,
                credit: debit,
                amount,
            };
            Ok(back.map(swapped).collect())
        }
    }
}

/// The revenue of a bill by account: its detail lines under the company's map, or all of it
/// `por clasificar`.
pub(crate) fn revenue_of(
    policy: &Policy,
    amount: Money,
    details: &[crate::DetailLine],
) -> Result<Vec<RevenueShare>, MoneyError> {
    if details.is_empty() {
        return Ok(vec![RevenueShare { account: None, amount }]);
    }
    let mut shares: BTreeMap<Option<Concept>, Money> = BTreeMap::new();
    for line in details {
        let account = policy.revenue_accounts.get(&line.concept).cloned();
        let share = shares.entry(account).or_insert(Money::zero(amount.currency()));
        *share = share.checked_add(line.amount)?;
    }
    Ok(shares
        .into_iter()
        .filter(|(_, amount)| amount.to_minor() != 0)
        .map(|(account, amount)| RevenueShare { account, amount })
        .collect())
}

fn posted_payment(payment: &Payment) -> Posting {
    Posting {
        debit: Account::Collector(payment.collector),
        credit: Account::Receivable,
        amount: payment.amount,
    }
}

fn posted_reversal(reversal: &Reversal) -> Posting {
    Posting {
        debit: Account::Receivable,
        credit: Account::Collector(reversal.collector),
        amount: reversal.amount,
    }
}

fn posted_invoice(invoice: &PurchaseInvoice) -> Posting {
    Posting {
        debit: Account::Expense,
        credit: Account::Payable(invoice.terms.supplier),
        amount: invoice.terms.total,
    }
}

/// Debits the supplier by what is settled, what no invoice takes as an advance, and interest;
/// credits means, withholdings and discounts (docs/spec/colppy.md §3).
fn posted_payout(terms: &PayoutTerms) -> Result<Vec<Posting>, LedgerError> {
    let zero = Money::zero(terms.total.currency());
    let debits = [
        (Account::Payable(terms.supplier), terms.checked_applied()?),
        (Account::Advance(terms.supplier), terms.checked_advance()?),
        (Account::Interest, terms.interest),
    ];
    let withheld = terms.withholdings.by_tax()?.into_iter();
    let withheld = withheld.map(|(tax, amount)| (Account::Withheld(tax), amount));
    let means = terms.means.iter().map(|line| (Account::Means(line.means), line.amount));
    let credits = means.chain(withheld).chain([(Account::Discounts, terms.discounts)]);
    let mut balances = BTreeMap::new();
    let mut add = |account, amount: Money, sided: Money| -> Result<(), LedgerError> {
        // Invoices that take more than is settled would post an advance the wrong way round.
        if amount.to_minor() < 0 {
            return Err(LedgerError::Unbalanced);
        }
        let balance = balances.entry(account).or_insert(zero);
        *balance = balance.checked_add(sided)?;
        Ok(())
    };
    for (account, amount) in debits {
        add(account, amount, amount)?;
    }
    for (account, amount) in credits {
        add(account, amount, zero.checked_sub(amount)?)?;
    }
    paired(balances)
}

/// What many versions post, a row per pair of accounts: a rise and a fall are not set off against
/// each other.
fn posted_bills(
    versions: &[BillVersion],
    replaced: &[Option<&BillVersion>],
) -> Result<Vec<Posting>, LedgerError> {
    if versions.len() != replaced.len() {
        return Err(LedgerError::Unbalanced);
    }
    let mut sums: BTreeMap<(Account, Account), Money> = BTreeMap::new();
    for (version, replaced) in versions.iter().zip(replaced) {
        for Posting { debit, credit, amount } in posted_bill(version, *replaced)? {
            let sum = sums.entry((debit, credit)).or_insert(Money::zero(amount.currency()));
            *sum = sum.checked_add(amount)?;
        }
    }
    let posting = |((debit, credit), amount)| Posting { debit, credit, amount };
    Ok(sums.into_iter().map(posting).collect())
}

/// The difference between what a version states and what the one before it did.
fn posted_bill(
    version: &BillVersion,
    replaced: Option<&BillVersion>,
) -> Result<Vec<Posting>, LedgerError> {
    if let (None, BillState::Owed, [share]) = (replaced, version.terms.state, &*version.revenue) {
        // The ordinary case, a million times in a file.
        return if share.amount == version.terms.amount {
            let credit = Account::Revenue(share.account.clone());
            Ok(vec![Posting { debit: Account::Receivable, credit, amount: share.amount }])
        } else {
            Err(LedgerError::Unbalanced)
        };
    }
    let mut balances = BTreeMap::new();
    add_version(&mut balances, version, Money::checked_add)?;
    if let Some(replaced) = replaced {
        add_version(&mut balances, replaced, Money::checked_sub)?;
    }
    paired(balances)
}

/// Adds to `balances` (debits positive) or takes from them what one version states.
fn add_version(
    balances: &mut BTreeMap<Account, Money>,
    version: &BillVersion,
    combine: fn(Money, Money) -> Result<Money, MoneyError>,
) -> Result<(), LedgerError> {
    let amount = version.terms.amount;
    let owed_by = match version.terms.state {
        BillState::Owed => Account::Receivable,
        BillState::PaidElsewhere => Account::PaidElsewhere,
        BillState::Annulled => return Ok(()),
    };
    let zero = Money::zero(amount.currency());
    let mut add = |account, amount| -> Result<(), MoneyError> {
        let balance = balances.entry(account).or_insert(zero);
        *balance = combine(*balance, amount)?;
        Ok(())
    };
    let mut rest = amount;
    add(owed_by, amount)?;
    for share in &version.revenue {
        rest = rest.checked_sub(share.amount)?;
        add(Account::Revenue(share.account.clone()), zero.checked_sub(share.amount)?)?;
    }
    if rest == zero { Ok(()) } else { Err(LedgerError::Unbalanced) }
}

/// Pairs balances that sum to zero into rows, debits with credits, in the accounts' order.
fn paired(balances: BTreeMap<Account, Money>) -> Result<Vec<Posting>, LedgerError> {
    let (mut debits, mut credits) = (Vec::new(), Vec::new());
    for (account, balance) in balances {
        let zero = Money::zero(balance.currency());
        if balance.to_minor() > 0 {
            debits.push((account, balance));
        } else if balance.to_minor() < 0 {
            credits.push((account, zero.checked_sub(balance)?));
        }
    }
    debits.reverse();
    credits.reverse();
    let mut postings = Vec::new();
    while let (Some((debit, owed)), Some((credit, given))) = (debits.pop(), credits.pop()) {
        let amount = if owed.to_minor() <= given.to_minor() { owed } else { given };
        postings.push(Posting { debit: debit.clone(), credit: credit.clone(), amount });
        if owed != amount {
            debits.push((debit, owed.checked_sub(amount)?));
        }
        if given != amount {
            credits.push((credit, given.checked_sub(amount)?));
        }
    }
    if debits.is_empty() && credits.is_empty() {
        Ok(postings)
    } else {
        Err(LedgerError::Unbalanced)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::payables::tests::{invoice, payout, reversal};

    /// What an event posts: each account with its sum, debits positive.
    #[expect(clippy::arithmetic_side_effects, reason = "a test may panic")]
    fn sums(event: &Event) -> BTreeMap<String, i64> {
        let mut sums = BTreeMap::new();
        for Posting { debit, credit, amount } in postings_of(event, &[]).unwrap() {
            assert!(amount.to_minor() > 0 && debit != credit);
            *sums.entry(debit.to_string()).or_default() += amount.to_minor();
            *sums.entry(credit.to_string()).or_default() -= amount.to_minor();
        }
        assert_eq!(sums.values().sum::<i64>(), 0);
        sums
    }

    fn check(event: &Event, expected: &[(&str, i64)]) {
        let expected = expected.iter().map(|(account, sum)| ((*account).to_owned(), *sum));
        assert_eq!(sums(event), expected.collect());
    }

    #[test]
    fn an_invoice_is_an_expense_that_is_owed() {
        let event = Event::InvoiceEntered(Box::new(invoice()));
        check(&event, &[("expense", 126_000), ("payable:1", -126_000)]);
    }

    #[test]
    fn a_payout_is_debited_to_its_supplier_and_credited_by_each_means() {
        let event = Event::PayoutMade(Box::new(payout()));
        check(
            &event,
            &[
                ("payable:91694", 90_000),
                ("advance:91694", 10_300),
                ("interest", 200),
                ("means:transfer", -90_000),
                ("means:cash", -4_000),
                ("withheld:gross-income", -3_000),
                ("withheld:income", -2_700),
                ("withheld:rent", -300),
                ("discounts", -500),
            ],
        );
    }

    #[test]
    fn what_takes_more_than_is_settled_cannot_be_posted() {
        let mut payout = payout();
        payout.terms.applied[0].amount = Money::from_minor(70_301, payout.terms.total.currency());
        let posted = postings_of(&Event::PayoutMade(Box::new(payout)), &[]);
        assert_eq!(posted, Err(LedgerError::Unbalanced));
    }

    #[test]
    fn a_reversal_posts_back_what_its_payout_posted() {
        let made = sums(&Event::PayoutMade(Box::new(payout())));
        let undone = sums(&Event::PayoutReversed(Box::new(reversal())));
        let negated: BTreeMap<_, _> =
            made.into_iter().map(|(account, sum)| (account, -sum)).collect();
        assert_eq!(undone, negated);
    }

    #[test]
    fn every_account_reads_back_from_its_code() {
        let supplier = SupplierId::from_i64(91_694).unwrap();
        let plain = [
            Account::Receivable,
            Account::Collector(CollectorId::FIRST),
            Account::Revenue(None),
            Account::Revenue(Some(Concept::from_text("interest").unwrap())),
            Account::PaidElsewhere,
            Account::Payable(supplier),
            Account::Advance(supplier),
            Account::Discounts,
            Account::Interest,
            Account::Expense,
        ];
        let means = Means::ALL.map(Account::Means);
        let withheld = Withholding::ALL.map(Account::Withheld);
        for account in plain.into_iter().chain(means).chain(withheld) {
            assert_eq!(Account::from_code(&account.to_string()), Some(account));
        }
        for code in ["payable:01", "payable:+1", "collector: 1", "revenue: interest"] {
            assert_eq!(Account::from_code(code), None, "{code}");
        }
        for code in ["", "payable", "payable:0", "means:", "means:gold", "withheld", "expense:1"] {
            assert_eq!(Account::from_code(code), None, "{code}");
        }
    }
}
