//! The double-entry ledger: what each event posts.

use std::collections::BTreeMap;
use std::fmt;

use crate::{
    BillState, BillVersion, CollectorId, Concept, DrawerApproval, Event, Means, Money, MoneyError,
    Payment, PayoutTerms, Policy, PurchaseInvoice, Remittance, Reversal, SupplierId, WindowReceipt,
    Withholding,
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
    /// What rounding cash gave and took at the window.
    CashRounding,
    /// What cashiers' drawers had too little or too much.
    CashOverShort,
    /// What collectors kept of what they collected, for their service.
    Commissions,
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
            None if code == "cash-rounding" => Some(Self::CashRounding),
            None if code == "cash-over-short" => Some(Self::CashOverShort),
            None if code == "commissions" => Some(Self::Commissions),
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
            Self::CashRounding => f.write_str("cash-rounding"),
            Self::CashOverShort => f.write_str("cash-over-short"),
            Self::Commissions => f.write_str("commissions"),
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
        | Event::LogoKept(_)
        | Event::FileImported(_)
        | Event::FileFinished { .. }
        | Event::MemberKept(_)
        | Event::ContractKept(_)
        | Event::SupplierKept(_)
        | Event::DrawerOpened(_)
        | Event::DrawerClosed(_)
        | Event::BooksRestored(_) => Ok(Vec::new()),
        Event::BillsVersioned(versions) => posted_bills(versions, replaced),
        Event::PaymentMade(payment) => Ok(vec![posted_payment(payment)]),
        Event::PaymentReversed(reversal) => Ok(vec![posted_reversal(reversal)]),
        Event::InvoiceEntered(invoice) => Ok(vec![posted_invoice(invoice)]),
        Event::PayoutMade(payout) => posted_payout(&payout.terms),
        Event::PayoutReversed(reversal) => Ok(swapped(posted_payout(&reversal.payout.terms)?)),
        Event::ReceiptIssued(receipt) => posted_rounding(receipt),
        Event::ReceiptReversed(reversal) => Ok(swapped(posted_rounding(&reversal.receipt)?)),
        Event::DrawerApproved(approval) => posted_difference(approval),
        Event::RemittanceMade(remittance) => Ok(posted_remittance(remittance)),
        Event::RemittanceReversed(reversal) => Ok(swapped(posted_remittance(&reversal.remittance))),
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

/// The same the other way round.
fn swapped(postings: Vec<Posting>) -> Vec<Posting> {
    let swap = |Posting { debit, credit, amount }| Posting { debit: credit, credit: debit, amount };
    postings.into_iter().map(swap).collect()
}

/// What one account receives of another: the other way round where the amount is negative, and nothing of
/// nothing.
fn posted_sided(
    debit: Account,
    credit: Account,
    amount: Money,
) -> Result<Vec<Posting>, LedgerError> {
    let zero = Money::zero(amount.currency());
    Ok(match amount.to_minor() {
        0 => Vec::new(),
        1.. => vec![Posting { debit, credit, amount }],
        _ => vec![Posting { debit: credit, credit: debit, amount: zero.checked_sub(amount)? }],
    })
}

/// The payments of a receipt post themselves: it posts what the window took more or less of.
fn posted_rounding(receipt: &WindowReceipt) -> Result<Vec<Posting>, LedgerError> {
    posted_sided(Account::Collector(receipt.collector), Account::CashRounding, receipt.rounding)
}

/// What is over, the window holds more; what is short, less.
fn posted_difference(approval: &DrawerApproval) -> Result<Vec<Posting>, LedgerError> {
    let window = Account::Collector(approval.collector);
    posted_sided(window, Account::CashOverShort, approval.difference)
}

fn posted_remittance(remittance: &Remittance) -> Vec<Posting> {
    let held = || Account::Collector(remittance.collector);
    let postings = [
        (Account::Means(remittance.means), remittance.amount),
        (Account::Commissions, remittance.commission),
    ];
    let postings = postings.into_iter().filter(|(_, amount)| amount.to_minor() != 0);
    postings.map(|(debit, amount)| Posting { debit, credit: held(), amount }).collect()
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
    use crate::ReceiptReversal;
    use crate::payables::tests::{invoice, payout, reversal};
    use crate::window::tests::{
        approval, closing, opening, receipt, receipt_reversal, remittance, remittance_reversal,
        rounded,
    };

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
    fn a_receipt_posts_its_rounding_alone() {
        check(&Event::ReceiptIssued(Box::new(receipt())), &[]);
        for minor in [5, -20] {
            let issued = Event::ReceiptIssued(Box::new(rounded(minor)));
            check(&issued, &[("collector:1", minor), ("cash-rounding", -minor)]);
            let reversal = ReceiptReversal { receipt: rounded(minor), ..receipt_reversal() };
            let reversed = Event::ReceiptReversed(Box::new(reversal));
            check(&reversed, &[("collector:1", -minor), ("cash-rounding", minor)]);
        }
    }

    #[test]
    fn what_is_over_or_short_is_posted_once_it_is_approved() {
        check(&Event::DrawerOpened(Box::new(opening())), &[]);
        check(&Event::DrawerClosed(Box::new(closing())), &[]);
        for minor in [-50, 0, 70] {
            let difference = Money::from_minor(minor, crate::Currency::BOB);
            let approved = DrawerApproval { difference, ..approval() };
            let expected = [("collector:1", minor), ("cash-over-short", -minor)];
            let expected = if minor == 0 { &[][..] } else { &expected };
            check(&Event::DrawerApproved(Box::new(approved)), expected);
        }
    }

    #[test]
    fn a_remittance_takes_from_what_its_collector_holds() {
        let made = Event::RemittanceMade(Box::new(remittance()));
        check(
            &made,
            &[("means:transfer", 98_000), ("commissions", 2_000), ("collector:1", -100_000)],
        );
        let undone = Event::RemittanceReversed(Box::new(remittance_reversal()));
        let negated: BTreeMap<_, _> =
            sums(&made).into_iter().map(|(account, sum)| (account, -sum)).collect();
        assert_eq!(sums(&undone), negated);
        let nothing = Money::zero(crate::Currency::BOB);
        let plain = Remittance { commission: nothing, ..remittance() };
        let made = Event::RemittanceMade(Box::new(plain));
        check(&made, &[("means:transfer", 98_000), ("collector:1", -98_000)]);
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
            Account::CashRounding,
            Account::CashOverShort,
            Account::Commissions,
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
