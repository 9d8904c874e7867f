//! Purchase invoices: right and wrong.

use ventanilla_domain::{
    Currency, DetailKind, Details, DocumentNumber, InvoiceTerms, Letter, Money, PurchaseParts,
};

use super::{VALID, Workload, nobodys_supplier};

impl Workload {
    pub(super) fn invoice(&mut self, of: usize) -> InvoiceTerms {
        let supplier = self.supplier(of);
        let (point, serial) = (self.random.u32(0..4), self.fresh());
        let total = self.minor();
        InvoiceTerms {
            supplier,
            number: DocumentNumber::from_parts(point, serial).expect(VALID),
            letter: match self.random.u8(0..3) {
                0 => None,
                1 => Letter::from_text("a").ok(),
                _ => Letter::from_text("C").ok(),
            },
            booked_on: self.date(),
            issued_on: self.date(),
            due_on: self.maybe(Self::date),
            total: self.money(of, total),
            parts: self.parts(of, total),
            description: self.maybe(|made| made.words("compra")),
            details: self.details(),
            items: (0..self.random.usize(0..3)).map(|_| self.details()).collect(),
        }
    }

    /// Parts that add up to the total, stated in full, in part or not at all.
    fn parts(&mut self, of: usize, total: i64) -> PurchaseParts {
        let money = |minor| Money::from_minor(minor, self.known[of].currency);
        let none = PurchaseParts::none(money(0));
        let (vat, gross_income) = (total / 10, total / 20);
        let (first, second) = (vat / 3, gross_income / 2);
        let full = PurchaseParts {
            net: money(total - vat - gross_income - total / 40 - total / 50),
            untaxed: money(total / 40),
            vat: money(vat),
            vat_by_rate: [money(first), money(vat - first), money(0)],
            vat_perception: money(total / 50),
            gross_income: money(gross_income),
            gross_income_by_jurisdiction: [money(second), money(gross_income - second)],
        };
        match self.random.u8(0..4) {
            0 => none,
            1 => PurchaseParts { net: money(total), ..none },
            2 => PurchaseParts { vat_by_rate: none.vat_by_rate, ..full },
            _ => full,
        }
    }

    fn details<K: DetailKind>(&mut self) -> Details<K> {
        let len = self.random.usize(0..3);
        (0..len).map(|_| (self.one_of(K::ALL), self.words("dato"))).collect()
    }

    pub(super) fn wrong_invoice(&mut self, of: usize) -> InvoiceTerms {
        let mut terms = self.invoice(of);
        let amount = |minor| Money::from_minor(minor, terms.total.currency());
        match self.random.u8(0..12) {
            0 => terms.supplier = nobodys_supplier(),
            1 => terms.total = amount(self.one_of(&[0, -1, Money::PAYABLE_MAX_MINOR + 1])),
            2 => terms.total = Money::from_minor(100, Currency::from_code("USD").expect(VALID)),
            3 => terms.parts.vat_by_rate[2] = amount(-1),
            4 => terms.parts.gross_income_by_jurisdiction[1] = amount(i64::MAX),
            5 => terms.parts.vat_by_rate[0] = amount(terms.parts.vat.to_minor() + 1),
            6 => terms.parts.gross_income_by_jurisdiction = [amount(1), amount(2)],
            7 => terms.items = vec![Details::new(); 500 + self.random.usize(0..2)],
            8 => terms.parts.net = amount(terms.total.to_minor() + 1),
            _ => self.number_as_before(of, &mut terms),
        }
        terms
    }

    /// The supplier and serial number of an invoice of before: often its point and letter too.
    fn number_as_before(&mut self, of: usize, terms: &mut InvoiceTerms) {
        let known = &self.known[of].invoices;
        let Some(invoice) = known.get(self.random.usize(0..known.len().max(1))) else { return };
        let point = terms.number.to_point();
        terms.number = DocumentNumber::from_parts(point, invoice.number).expect(VALID);
        terms.supplier = invoice.supplier;
    }
}
