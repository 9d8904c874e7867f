//! Purchase invoices: what a supplier has billed the company.

use jiff::Timestamp;
use jiff::civil::Date;

use super::{Details, DocumentNumber, InvoiceDetail, ItemDetail, Letter};
use crate::{Company, Money, MoneyError, PurchaseInvoiceId, SupplierId, Text};

/// What an invoice's total is made of. What is not stated is nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PurchaseParts {
    /// Net of tax, where tax is due.
    pub net: Money,
    /// Where no tax is due.
    pub untaxed: Money,
    /// Value-added tax in all.
    pub vat: Money,
    /// Value-added tax at 21 %, 10.5 % and 27 %.
    pub vat_by_rate: [Money; 3],
    /// Value-added tax collected in advance.
    pub vat_perception: Money,
    /// Gross-income tax collected in advance, in all.
    pub gross_income: Money,
    /// The same of the first and the second jurisdiction.
    pub gross_income_by_jurisdiction: [Money; 2],
}

impl PurchaseParts {
    /// Parts of which none is stated: every amount is `nothing`.
    pub const fn none(nothing: Money) -> Self {
        Self {
            net: nothing,
            untaxed: nothing,
            vat: nothing,
            vat_by_rate: [nothing; 3],
            vat_perception: nothing,
            gross_income: nothing,
            gross_income_by_jurisdiction: [nothing; 2],
        }
    }

    /// What the parts come to. Errors in order: other currency, too large.
    pub fn checked_sum(&self) -> Result<Money, MoneyError> {
        let parts = [self.untaxed, self.vat, self.vat_perception, self.gross_income];
        parts.into_iter().try_fold(self.net, Money::checked_add)
    }

    fn all(&self) -> impl Iterator<Item = Money> {
        let sums =
            [self.net, self.untaxed, self.vat, self.vat_perception, self.gross_income].into_iter();
        sums.chain(self.vat_by_rate).chain(self.gross_income_by_jurisdiction)
    }
}

/// What a supplier has billed: a debt of the company until payouts settle it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PurchaseInvoice {
    /// Its id.
    pub id: PurchaseInvoiceId,
    /// What it says.
    pub terms: InvoiceTerms,
    /// When it was kept.
    pub recorded_at: Timestamp,
    /// The user who entered it.
    pub recorded_by: Text<128>,
}

/// What a purchase invoice says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvoiceTerms {
    /// Whose it is.
    pub supplier: SupplierId,
    /// Its number, unique for the supplier and the letter.
    pub number: DocumentNumber,
    /// The letter of its kind of document (A, B, C …).
    pub letter: Option<Letter>,
    /// Its date in the books.
    pub booked_on: Date,
    /// The date printed on it.
    pub issued_on: Date,
    /// When it is due.
    pub due_on: Option<Date>,
    /// What is owed for it.
    pub total: Money,
    /// What the total is made of.
    pub parts: PurchaseParts,
    /// What it is for.
    pub description: Option<Text<500>>,
    /// What else is known of it.
    pub details: Details<InvoiceDetail>,
    /// Its lines.
    pub items: Vec<Details<ItemDetail>>,
}

/// A wish to enter a purchase invoice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvoiceCommand {
    /// What it says.
    pub terms: InvoiceTerms,
    /// The user who enters it.
    pub recorded_by: Text<128>,
}

/// What must be known to decide an [`InvoiceCommand`].
#[derive(Debug, Clone)]
pub struct InvoiceFacts<'a> {
    /// The company.
    pub company: &'a Company,
    /// Whether the company has the supplier.
    pub is_supplier_known: bool,
    /// The supplier's invoice that has the number and letter.
    pub number_holder: Option<PurchaseInvoiceId>,
    /// The id of the next invoice.
    pub next_invoice: PurchaseInvoiceId,
}

/// Lines of one invoice at most.
pub const ITEMS_MAX: usize = 500;

/// An invoice to be kept.
pub type InvoiceDecision = Box<PurchaseInvoice>;

/// Why an invoice was not kept, in order of precedence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvoiceRefusal {
    /// No supplier of that id.
    #[error("no such supplier")]
    SupplierUnknown,
    /// An amount is negative or over the greatest, or the total is nothing.
    #[error("an amount is out of range")]
    AmountOutOfRange,
    /// More lines than [`ITEMS_MAX`].
    #[error("too many lines")]
    TooManyItems,
    /// The tax by rate does not add up to the tax, or the perceptions to their sum.
    #[error("a part's own parts add up to another amount")]
    BreakdownDoesNotAddUp {
        /// What they add up to.
        sum: Money,
        /// What they should.
        stated: Money,
    },
    /// The parts do not add up to the total.
    #[error("the parts do not add up to the total")]
    PartsDoNotAddUp {
        /// What they add up to.
        sum: Money,
        /// The total.
        total: Money,
    },
    /// The supplier's invoice of that number and letter is known.
    #[error("the invoice is known")]
    NumberTaken {
        /// Which one.
        holder: PurchaseInvoiceId,
    },
}

/// Decides an invoice. Refusals in the order of [`InvoiceRefusal`].
pub fn decide_invoice(
    facts: &InvoiceFacts<'_>,
    command: InvoiceCommand,
    now: Timestamp,
) -> Result<InvoiceDecision, InvoiceRefusal> {
    if !facts.is_supplier_known {
        return Err(InvoiceRefusal::SupplierUnknown);
    }
    refuse_amounts(&command.terms, facts.company)?;
    if let Some(holder) = facts.number_holder {
        return Err(InvoiceRefusal::NumberTaken { holder });
    }
    let InvoiceCommand { terms, recorded_by } = command;
    let id = facts.next_invoice;
    Ok(Box::new(PurchaseInvoice { id, terms, recorded_at: now, recorded_by }))
}

fn refuse_amounts(terms: &InvoiceTerms, company: &Company) -> Result<(), InvoiceRefusal> {
    let out_of_range = |_: MoneyError| InvoiceRefusal::AmountOutOfRange;
    let is_allowed = |amount: Money| {
        amount.currency() == company.currency
            && (0..=Money::PAYABLE_MAX_MINOR).contains(&amount.to_minor())
    };
    let parts = &terms.parts;
    if !parts.all().all(is_allowed) || !is_allowed(terms.total) || terms.total.to_minor() == 0 {
        return Err(InvoiceRefusal::AmountOutOfRange);
    }
    if terms.items.len() > ITEMS_MAX {
        return Err(InvoiceRefusal::TooManyItems);
    }
    let nothing = Money::zero(company.currency);
    for (stated, amounts) in [
        (parts.vat, &parts.vat_by_rate[..]),
        (parts.gross_income, &parts.gross_income_by_jurisdiction[..]),
    ] {
        let sum = amounts.iter().copied().try_fold(nothing, Money::checked_add);
        let sum = sum.map_err(out_of_range)?;
        if sum != nothing && sum != stated {
            return Err(InvoiceRefusal::BreakdownDoesNotAddUp { sum, stated });
        }
    }
    let sum = parts.checked_sum().map_err(out_of_range)?;
    if sum != nothing && sum != terms.total {
        return Err(InvoiceRefusal::PartsDoNotAddUp { sum, total: terms.total });
    }
    Ok(())
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::Currency;
    use crate::policy::tests::company_with;

    fn bob(minor: i64) -> Money {
        Money::from_minor(minor, Currency::BOB)
    }

    fn terms() -> InvoiceTerms {
        InvoiceTerms {
            supplier: SupplierId::FIRST,
            number: DocumentNumber::from_parts(3, 4567).unwrap(),
            letter: Some(Letter::from_text("A").unwrap()),
            booked_on: "2024-08-16".parse().unwrap(),
            issued_on: "2024-08-14".parse().unwrap(),
            due_on: None,
            total: bob(126_000),
            parts: PurchaseParts {
                net: bob(100_000),
                vat: bob(21_000),
                vat_by_rate: [bob(21_000), bob(0), bob(0)],
                gross_income: bob(5_000),
                gross_income_by_jurisdiction: [bob(3_000), bob(2_000)],
                ..PurchaseParts::none(bob(0))
            },
            description: None,
            details: Details::new(),
            items: Vec::new(),
        }
    }

    pub(crate) fn invoice() -> PurchaseInvoice {
        PurchaseInvoice {
            id: PurchaseInvoiceId::FIRST,
            terms: terms(),
            recorded_at: "2024-08-16T12:00:00Z".parse().unwrap(),
            recorded_by: Text::from_text("a").unwrap(),
        }
    }

    fn check(
        change: impl FnOnce(&mut InvoiceFacts<'_>, &mut InvoiceTerms),
        expected: Option<InvoiceRefusal>,
    ) {
        let company = company_with(&[]);
        let mut facts = InvoiceFacts {
            company: &company,
            is_supplier_known: true,
            number_holder: None,
            next_invoice: PurchaseInvoiceId::FIRST,
        };
        let mut terms = terms();
        change(&mut facts, &mut terms);
        let command =
            InvoiceCommand { terms: terms.clone(), recorded_by: Text::from_text("a").unwrap() };
        let decided = decide_invoice(&facts, command, "2024-08-16T12:00:00Z".parse().unwrap());
        match decided {
            Ok(invoice) => {
                assert_eq!(expected, None);
                assert_eq!((invoice.id, invoice.terms), (PurchaseInvoiceId::FIRST, terms));
            }
            Err(refusal) => assert_eq!(Some(refusal), expected),
        }
    }

    #[test]
    fn an_invoice_states_its_parts_or_its_total_alone() {
        check(|_, _| (), None);
        check(|_, terms| terms.parts = PurchaseParts::none(bob(0)), None);
        check(|_, terms| terms.parts.vat_by_rate = [bob(0); 3], None);
    }

    #[test]
    fn each_refusal_comes_in_its_place() {
        use InvoiceRefusal as No;
        type Break = fn(&mut InvoiceFacts<'_>, &mut InvoiceTerms);
        let holder = PurchaseInvoiceId::from_i64(9).unwrap();
        let breaks: [(Break, No); 6] = [
            (|facts, _| facts.is_supplier_known = false, No::SupplierUnknown),
            (|_, terms| terms.total = bob(-1), No::AmountOutOfRange),
            (|_, terms| terms.items = vec![Details::new(); ITEMS_MAX + 1], No::TooManyItems),
            (
                |_, terms| terms.parts.vat_by_rate[1] = bob(1),
                No::BreakdownDoesNotAddUp { sum: bob(21_001), stated: bob(21_000) },
            ),
            (
                |_, terms| terms.parts.net = bob(100_001),
                No::PartsDoNotAddUp { sum: bob(126_001), total: bob(126_000) },
            ),
            (
                |facts, _| facts.number_holder = PurchaseInvoiceId::from_i64(9).ok(),
                No::NumberTaken { holder },
            ),
        ];
        for (first, (_, expected)) in breaks.iter().enumerate() {
            check(
                |facts, terms| breaks[first..].iter().for_each(|(f, _)| f(facts, terms)),
                Some(*expected),
            );
        }
    }

    #[test]
    fn an_amount_out_of_range_is_refused_wherever_it_stands() {
        let most = Money::PAYABLE_MAX_MINOR;
        let breaks: [fn(&mut InvoiceTerms, Money); 6] = [
            |terms, amount| terms.total = amount,
            |terms, amount| terms.parts.net = amount,
            |terms, amount| terms.parts.untaxed = amount,
            |terms, amount| terms.parts.vat_by_rate[2] = amount,
            |terms, amount| terms.parts.gross_income_by_jurisdiction[1] = amount,
            |terms, amount| terms.parts.vat_perception = amount,
        ];
        for put in breaks {
            let usd = Money::from_minor(1, Currency::from_code("USD").unwrap());
            for amount in [bob(-1), bob(most + 1), bob(i64::MAX), usd] {
                check(|_, terms| put(terms, amount), Some(InvoiceRefusal::AmountOutOfRange));
            }
        }
        check(
            |_, terms| {
                terms.total = bob(0);
                terms.parts = PurchaseParts::none(bob(0));
            },
            Some(InvoiceRefusal::AmountOutOfRange),
        );
        check(
            |_, terms| {
                terms.total = bob(most);
                terms.parts = PurchaseParts::none(bob(0));
            },
            None,
        );
    }
}
