//! The suppliers' side of the books to test with: two suppliers, and what is said of them.

use ventanilla_domain::{
    Application, Cuit, Details, DocumentNumber, Event, IncomeWithholding, IntegratorId,
    InvoiceDetail, InvoiceTerms, ItemDetail, Letter, Means, MeansLine, Money, Payout, PayoutId,
    PayoutReversal, PayoutTerms, PurchaseInvoice, PurchaseInvoiceId, PurchaseParts, Supplier,
    SupplierDetail, SupplierId, Text, Withholdings,
};
use ventanilla_store::Counters;

use crate::world::{World, bob, day, id, instant};

pub(crate) const TAX_IDS: [&str; 2] = ["20-12345678-6", "30-50000010-0"];

pub(crate) fn words<const MAX: usize>(text: &str) -> Text<MAX> {
    Text::from_text(text).unwrap()
}

pub(crate) fn tax_id(text: &str) -> Cuit {
    Cuit::from_text(text).unwrap()
}

pub(crate) fn number(point: u32, serial: u32) -> DocumentNumber {
    DocumentNumber::from_parts(point, serial).unwrap()
}

pub(crate) fn supplier_id(supplier: i64) -> SupplierId {
    id(SupplierId::from_i64, supplier)
}

pub(crate) fn invoice_id(invoice: i64) -> PurchaseInvoiceId {
    id(PurchaseInvoiceId::from_i64, invoice)
}

pub(crate) fn payout_id(payout: i64) -> PayoutId {
    id(PayoutId::from_i64, payout)
}

/// A supplier of which only what must be said is said.
pub(crate) fn bare_supplier(supplier: i64) -> Supplier {
    Supplier {
        id: supplier_id(supplier),
        trade_name: words("La Quebrada"),
        legal_name: words("La Quebrada S.R.L."),
        tax_id: None,
        is_active: false,
        registered_on: "2021-11-20".parse().unwrap(),
        details: Details::new(),
        changed_by: words("ana"),
    }
}

/// One of which everything is said.
pub(crate) fn full_supplier(supplier: i64, tax: &str) -> Supplier {
    let details = [
        (SupplierDetail::Email, words("ventas@quebrada.example")),
        (SupplierDetail::PostalStreet, words("Calle Ficticia 7")),
    ];
    Supplier {
        tax_id: Some(tax_id(tax)),
        is_active: true,
        details: details.into(),
        changed_by: words("ana"),
        ..bare_supplier(supplier)
    }
}

pub(crate) fn bare_invoice(invoice: i64, supplier: i64, minor: i64) -> PurchaseInvoice {
    PurchaseInvoice {
        id: invoice_id(invoice),
        terms: InvoiceTerms {
            supplier: supplier_id(supplier),
            number: number(3, u32::try_from(invoice).unwrap()),
            letter: None,
            booked_on: "2021-11-25".parse().unwrap(),
            issued_on: "2021-11-24".parse().unwrap(),
            due_on: None,
            total: bob(minor),
            parts: PurchaseParts::none(bob(0)),
            description: None,
            details: Details::new(),
            items: Vec::new(),
        },
        recorded_at: instant(),
        recorded_by: words("ana"),
    }
}

pub(crate) fn full_invoice(invoice: i64, supplier: i64) -> PurchaseInvoice {
    let mut full = bare_invoice(invoice, supplier, 126_000);
    full.terms = InvoiceTerms {
        letter: Letter::from_text("A").ok(),
        due_on: Some("2021-12-24".parse().unwrap()),
        parts: PurchaseParts {
            net: bob(90_000),
            untaxed: bob(9_000),
            vat: bob(21_000),
            vat_by_rate: [bob(10_000), bob(8_000), bob(3_000)],
            vat_perception: bob(1_000),
            gross_income: bob(5_000),
            gross_income_by_jurisdiction: [bob(3_000), bob(2_000)],
        },
        description: Some(words("Postes")),
        details: [(InvoiceDetail::PaymentTerms, words("30 días"))].into(),
        items: vec![
            [(ItemDetail::Code, words("P-1")), (ItemDetail::Quantity, words("3"))].into(),
            [(ItemDetail::Description, words("Flete"))].into(),
        ],
        ..full.terms
    };
    full
}

/// A payout in cash of what it settles, or of 1.00 in advance where it settles nothing.
pub(crate) fn bare_payout(payout: i64, supplier: i64, applied: &[(i64, i64)]) -> Payout {
    let applications = applied
        .iter()
        .map(|(invoice, minor)| Application { invoice: invoice_id(*invoice), amount: bob(*minor) });
    let total = bob(applied.iter().map(|(_, minor)| minor).sum::<i64>().max(100));
    let income = || IncomeWithholding { amount: bob(0), code: None, base: bob(0) };
    Payout {
        id: payout_id(payout),
        number: number(1, u32::try_from(payout).unwrap()),
        terms: PayoutTerms {
            supplier: supplier_id(supplier),
            paid_on: "2021-11-26".parse().unwrap(),
            is_rate_stated: false,
            total,
            stated_advance: bob(0),
            stated_invoices: bob(0),
            discounts: bob(0),
            interest: bob(0),
            withholdings: Withholdings {
                gross_income: bob(0),
                income: [income(), income()],
                rent: bob(0),
            },
            means: vec![line(Means::Cash, total)],
            applied: applications.collect(),
            description: None,
        },
        recorded_at: instant(),
        business_day: day(),
        recorded_by: words("ana"),
        integrator: None,
        caller_key: None,
    }
}

fn line(means: Means, amount: Money) -> MeansLine {
    MeansLine {
        means,
        amount,
        chart_account: None,
        cheque_number: None,
        valid_on: None,
        is_reconciled: false,
    }
}

/// 1,003.00 of which 900.00 settle two invoices and 103.00 are in advance.
pub(crate) fn full_payout(payout: i64, supplier: i64, invoices: [i64; 2]) -> Payout {
    let [first, second] = invoices;
    let bare = bare_payout(payout, supplier, &[(first, 60_000), (second, 30_000)]);
    let income = |minor, code: &str, base| IncomeWithholding {
        amount: bob(minor),
        code: Some(words(code)),
        base: bob(base),
    };
    let cheque = MeansLine {
        chart_account: Some(words("1.1.2")),
        cheque_number: Some(words("000123")),
        valid_on: Some("2021-12-26".parse().unwrap()),
        is_reconciled: true,
        ..line(Means::DeferredCheque, bob(90_000))
    };
    let terms = PayoutTerms {
        is_rate_stated: true,
        total: bob(100_000),
        stated_advance: bob(10_000),
        stated_invoices: bob(90_000),
        discounts: bob(500),
        interest: bob(200),
        withholdings: Withholdings {
            gross_income: bob(3_000),
            income: [income(2_000, "78", 20_000), income(700, "79", 7_000)],
            rent: bob(300),
        },
        means: vec![cheque, line(Means::Cash, bob(4_000))],
        description: Some(words("Postes y flete")),
        ..bare.terms
    };
    Payout {
        terms,
        integrator: Some(IntegratorId::FIRST),
        caller_key: Some(ventanilla_domain::CallerKey::from_text("k-1").unwrap()),
        ..bare
    }
}

pub(crate) fn reversal_of(payout: &Payout) -> PayoutReversal {
    PayoutReversal {
        payout: payout.clone(),
        recorded_at: instant(),
        business_day: day(),
        reason: Some(words("repetido")),
        reversed_by: words("ana"),
    }
}

pub(crate) fn supplier_kept(supplier: &Supplier) -> Event {
    Event::SupplierKept(Box::new(supplier.clone()))
}

pub(crate) fn invoice_entered(invoice: &PurchaseInvoice) -> Event {
    Event::InvoiceEntered(Box::new(invoice.clone()))
}

pub(crate) fn payout_made(payout: &Payout) -> Event {
    Event::PayoutMade(Box::new(payout.clone()))
}

pub(crate) fn payout_reversed(payout: &Payout) -> Event {
    Event::PayoutReversed(Box::new(reversal_of(payout)))
}

impl World {
    /// Two suppliers; the first with invoices 1 (1,260.00) and 2 (500.00) and the second with 3
    /// (100.00); payout 1 of the first, reversed, and payout 2 alike, which stands.
    pub(crate) fn with_payables(&self) -> Payout {
        self.keep(supplier_kept(&full_supplier(1, TAX_IDS[0])));
        self.keep(supplier_kept(&bare_supplier(2)));
        self.keep(invoice_entered(&full_invoice(1, 1)));
        self.keep(invoice_entered(&bare_invoice(2, 1, 50_000)));
        self.keep(invoice_entered(&bare_invoice(3, 2, 10_000)));
        let first = Payout { caller_key: None, ..full_payout(1, 1, [1, 2]) };
        self.keep(payout_made(&first));
        self.keep(payout_reversed(&first));
        let standing = full_payout(2, 1, [1, 2]);
        self.keep(payout_made(&standing));
        standing
    }

    pub(crate) fn counters(&self) -> Counters {
        let mut tx = self.store.begin().unwrap();
        tx.counters(self.company().id).unwrap().unwrap()
    }
}
