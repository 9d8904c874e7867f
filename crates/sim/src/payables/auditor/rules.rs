//! What is refused and why, over plain numbers: the first reason in the order that the refusals have.

use ventanilla_domain::{
    Application, InvoiceRefusal, InvoiceTerms, Money, PayoutCommand, PayoutRefusal, PayoutTerms,
    SupplierRefusal, SupplierRow,
};

use super::books::{Books, Invoice};
use super::postings::{means_minor, settled_minor, taken_minor, withheld_minor};

/// The greatest amount, and the greatest parts of a number.
const AMOUNT_MAX: i64 = 100_000_000_000_000;
const POINT_MAX: u32 = 99_999;
const SERIAL_MAX: u32 = 99_999_999;

/// The greatest numbers of an invoice's lines, a payout's lines of means, and invoices it settles.
const ITEMS_MAX: usize = 500;
const MEANS_MAX: usize = 50;
const APPLIED_MAX: usize = 200;

impl Books {
    pub(super) fn judge_supplier(&self, row: &SupplierRow) -> Option<SupplierRefusal> {
        if row.id.is_some_and(|id| !self.suppliers.contains_key(&id)) {
            return Some(SupplierRefusal::SupplierUnknown);
        }
        if row.id.is_none() && (row.trade_name.is_none() || row.legal_name.is_none()) {
            return Some(SupplierRefusal::NameMissing);
        }
        let wanted = row.tax_id.clone().or(None)?;
        let mut others = self.suppliers.values().filter(|other| Some(other.id) != row.id);
        let holder = others.find(|other| other.tax_id == Some(wanted))?.id;
        Some(SupplierRefusal::TaxIdTaken { holder })
    }

    pub(super) fn judge_invoice(&self, terms: &InvoiceTerms) -> Option<InvoiceRefusal> {
        if !self.suppliers.contains_key(&terms.supplier) {
            return Some(InvoiceRefusal::SupplierUnknown);
        }
        let parts = &terms.parts;
        let sums = [parts.net, parts.untaxed, parts.vat, parts.vat_perception, parts.gross_income];
        let detailed = parts.vat_by_rate.iter().chain(&parts.gross_income_by_jurisdiction);
        let mut amounts = sums.iter().chain(detailed).chain([&terms.total]);
        if !amounts.all(|amount| self.is_amount(*amount)) || terms.total.to_minor() == 0 {
            return Some(InvoiceRefusal::AmountOutOfRange);
        }
        if terms.items.len() > ITEMS_MAX {
            return Some(InvoiceRefusal::TooManyItems);
        }
        let refused = |sum: i64, stated: Money| sum != 0 && sum != stated.to_minor();
        let minor = |amounts: &[Money]| amounts.iter().map(|amount| amount.to_minor()).sum();
        for (amounts, stated) in [
            (&parts.vat_by_rate[..], parts.vat),
            (&parts.gross_income_by_jurisdiction[..], parts.gross_income),
        ] {
            if refused(minor(amounts), stated) {
                let sum = self.money(minor(amounts));
                return Some(InvoiceRefusal::BreakdownDoesNotAddUp { sum, stated });
            }
        }
        if refused(minor(&sums), terms.total) {
            let (sum, total) = (self.money(minor(&sums)), terms.total);
            return Some(InvoiceRefusal::PartsDoNotAddUp { sum, total });
        }
        let is_holder = |other: &InvoiceTerms| {
            (other.supplier, other.number) == (terms.supplier, terms.number)
                && other.letter == terms.letter
        };
        let mut known = self.invoices.values();
        let holder = known.find(|known| is_holder(&known.invoice.terms))?.invoice.id;
        Some(InvoiceRefusal::NumberTaken { holder })
    }

    /// Judges a payout that is no repeat.
    pub(super) fn judge_payout(&self, command: &PayoutCommand) -> Option<PayoutRefusal> {
        let terms = &command.terms;
        if !self.suppliers.contains_key(&terms.supplier) {
            return Some(PayoutRefusal::SupplierUnknown);
        }
        self.judge_amounts(terms)
            .or_else(|| self.judge_applications(terms))
            .or_else(|| self.judge_number(command))
    }

    fn judge_amounts(&self, terms: &PayoutTerms) -> Option<PayoutRefusal> {
        let [first, second] = &terms.withholdings.income;
        let optional = [
            terms.stated_advance,
            terms.stated_invoices,
            terms.discounts,
            terms.interest,
            terms.withholdings.gross_income,
            terms.withholdings.rent,
            first.amount,
            first.base,
            second.amount,
            second.base,
        ];
        let means = terms.means.iter().map(|line| line.amount);
        let taken = terms.applied.iter().map(|application| application.amount);
        let mut required = means.chain(taken).chain([terms.total]);
        let is_fit = optional.into_iter().all(|amount| self.is_amount(amount))
            && required.all(|amount| self.is_amount(amount) && amount.to_minor() > 0);
        if terms.means.is_empty() || !is_fit {
            return Some(PayoutRefusal::AmountOutOfRange);
        }
        if terms.means.len() > MEANS_MAX || terms.applied.len() > APPLIED_MAX {
            return Some(PayoutRefusal::TooManyLines);
        }
        let (means, withheld) = (means_minor(terms), withheld_minor(terms));
        let total = terms.total.to_minor();
        if means != total && means != total - withheld {
            let (sum, withheld) = (self.money(means), self.money(withheld));
            return Some(PayoutRefusal::MeansDoNotAddUp { sum, total: terms.total, withheld });
        }
        (settled_minor(terms) <= 0).then_some(PayoutRefusal::NothingSettled)
    }

    fn judge_applications(&self, terms: &PayoutTerms) -> Option<PayoutRefusal> {
        for (at, application) in terms.applied.iter().enumerate() {
            let invoice = application.invoice;
            if terms.applied[..at].iter().any(|before| before.invoice == invoice) {
                return Some(PayoutRefusal::InvoiceRepeated { invoice });
            }
        }
        let own = |invoice| {
            let known = self.invoices.get(&invoice);
            known.filter(|known| known.invoice.terms.supplier == terms.supplier)
        };
        let unknown = terms.applied.iter().find(|application| own(application.invoice).is_none());
        if let Some(Application { invoice, .. }) = unknown.copied() {
            return Some(PayoutRefusal::InvoiceUnknown { invoice });
        }
        for Application { invoice, amount } in terms.applied.iter().copied() {
            let open = own(invoice).map_or(0, Invoice::open_minor);
            if amount.to_minor() > open {
                let balance = self.money(open);
                return Some(PayoutRefusal::InvoiceOverApplied { invoice, balance });
            }
        }
        let (applied, settled) = (taken_minor(terms), settled_minor(terms));
        (applied > settled).then(|| PayoutRefusal::OverApplied {
            applied: self.money(applied),
            settled: self.money(settled),
        })
    }

    fn judge_number(&self, command: &PayoutCommand) -> Option<PayoutRefusal> {
        let (point, serial) = self.number_of(command);
        if point > POINT_MAX || serial == 0 || serial > SERIAL_MAX {
            return Some(PayoutRefusal::NumberOutOfRange);
        }
        let holder = self.numbers.get(&(point, serial)).copied()?;
        Some(PayoutRefusal::NumberTaken { holder })
    }

    /// The number that a payout names, or the one after the greatest of its point.
    pub(super) fn number_of(&self, command: &PayoutCommand) -> (u32, u32) {
        let point = command.point.unwrap_or(1);
        let next = || self.last_serial(point) + 1;
        (point, command.serial.unwrap_or_else(next))
    }

    pub(super) fn last_serial(&self, point: u32) -> u32 {
        let of_point = self.numbers.range((point, 0)..=(point, u32::MAX));
        of_point.last().map_or(0, |((_, serial), _)| *serial)
    }

    fn is_amount(&self, amount: Money) -> bool {
        amount.currency() == self.company.currency && (0..=AMOUNT_MAX).contains(&amount.to_minor())
    }

    pub(super) fn money(&self, minor: i64) -> Money {
        Money::from_minor(minor, self.company.currency)
    }
}
