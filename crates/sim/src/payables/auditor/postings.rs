//! What is posted: the sums of docs/spec/colppy.md §3 and the accounts of docs/decisions/0012.

use std::collections::BTreeMap;

use ventanilla_domain::{Account, InvoiceTerms, MeansLine, Money, PayoutTerms, Withholding};

/// A balance by account, debits positive.
pub(super) type Sums = BTreeMap<Account, i64>;

/// What goes out by all means.
pub(super) fn means_minor(terms: &PayoutTerms) -> i64 {
    terms.means.iter().map(|line| line.amount.to_minor()).sum()
}

/// What is kept back in all.
pub(super) fn withheld_minor(terms: &PayoutTerms) -> i64 {
    by_tax(terms).into_iter().map(|(_, minor)| minor).sum()
}

/// Means, withholdings and discounts, less interest.
pub(super) fn settled_minor(terms: &PayoutTerms) -> i64 {
    let let_off = terms.discounts.to_minor() - terms.interest.to_minor();
    means_minor(terms) + withheld_minor(terms) + let_off
}

/// What the invoices take.
pub(super) fn taken_minor(terms: &PayoutTerms) -> i64 {
    terms.applied.iter().map(|application| application.amount.to_minor()).sum()
}

fn by_tax(terms: &PayoutTerms) -> [(Withholding, i64); 3] {
    let of = |amounts: &[Money]| amounts.iter().map(|amount| amount.to_minor()).sum();
    let kept = &terms.withholdings;
    [
        (Withholding::GrossIncome, of(&[kept.gross_income])),
        (Withholding::Income, of(&[kept.income[0].amount, kept.income[1].amount])),
        (Withholding::Rent, of(&[kept.rent])),
    ]
}

/// An invoice: an expense that is owed.
pub(super) fn post_invoice(sums: &mut Sums, terms: &InvoiceTerms) {
    let total = terms.total.to_minor();
    post(sums, Account::Expense, total);
    post(sums, Account::Payable(terms.supplier), -total);
}

/// A payout, or with a `sign` of -1 its reversal: the supplier and interest are debited, what the
/// money goes out by, what is kept back and what is let off are credited.
pub(super) fn post_payout(sums: &mut Sums, terms: &PayoutTerms, sign: i64) {
    let taken = taken_minor(terms);
    post(sums, Account::Payable(terms.supplier), sign * taken);
    post(sums, Account::Advance(terms.supplier), sign * (settled_minor(terms) - taken));
    post(sums, Account::Interest, sign * terms.interest.to_minor());
    for MeansLine { means, amount, .. } in &terms.means {
        post(sums, Account::Means(*means), -sign * amount.to_minor());
    }
    for (tax, minor) in by_tax(terms) {
        post(sums, Account::Withheld(tax), -sign * minor);
    }
    post(sums, Account::Discounts, -sign * terms.discounts.to_minor());
}

pub(super) fn post(sums: &mut Sums, account: Account, minor: i64) {
    *sums.entry(account).or_default() += minor;
}

/// The accounts of one kind: a supplier's, a means' or a tax's are told together. `None` of those
/// that are not of the suppliers' side.
pub(super) fn family(account: &Account) -> Option<&'static str> {
    match account {
        Account::Payable(_) => Some("payable"),
        Account::Advance(_) => Some("advance"),
        Account::Means(_) => Some("means"),
        Account::Withheld(_) => Some("withheld"),
        Account::Discounts => Some("discounts"),
        Account::Interest => Some("interest"),
        Account::Expense => Some("expense"),
        Account::Receivable
        | Account::Collector(_)
        | Account::Revenue(_)
        | Account::PaidElsewhere
        | Account::CashRounding
        | Account::CashOverShort
        | Account::Commissions => None,
    }
}
