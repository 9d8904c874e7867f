//! What the samples of suppliers' provisions tell.

use jiff::civil::date;
use ventanilla_domain::{
    BusinessDay, CompanyId, Currency, DocumentNumber, IncomeWithholding, InvoiceDetail,
    InvoiceTerms, ItemDetail, Letter, Means, MeansLine, Money, Payout, PayoutId, PayoutTerms,
    PurchaseInvoice, PurchaseInvoiceId, PurchaseParts, SupplierId, Text, Withholdings,
};
use ventanilla_service::{InvoicePayout, InvoiceState, PayoutState};

use crate::colppy::wire::invoices::CompanysInvoice;

fn ars(minor: i64) -> Money {
    Money::from_minor(minor, Currency::from_code("ARS").unwrap())
}

/// The payment that the page prints.
pub(super) fn payout() -> PayoutState {
    let income = || IncomeWithholding { amount: ars(0), code: None, base: ars(0) };
    let payout = Payout {
        id: PayoutId::from_i64(928).unwrap(),
        number: DocumentNumber::from_parts(1, 288).unwrap(),
        terms: PayoutTerms {
            supplier: SupplierId::from_i64(91_694).unwrap(),
            paid_on: date(2016, 8, 16),
            is_rate_stated: false,
            total: ars(1_100),
            stated_advance: ars(0),
            stated_invoices: ars(0),
            discounts: ars(0),
            interest: ars(0),
            withholdings: Withholdings {
                gross_income: ars(0),
                income: [income(), income()],
                rent: ars(0),
            },
            means: vec![MeansLine {
                means: Means::Cash,
                amount: ars(1_100),
                chart_account: None,
                cheque_number: None,
                valid_on: None,
                is_reconciled: false,
            }],
            applied: Vec::new(),
            description: Some(Text::from_text("Pago de prueba").unwrap()),
        },
        recorded_at: "2016-08-16T15:00:00Z".parse().unwrap(),
        business_day: BusinessDay::from_date(date(2016, 8, 16)),
        recorded_by: Text::from_text("a").unwrap(),
        integrator: None,
        caller_key: None,
    };
    PayoutState {
        payout,
        is_reversed: false,
        invoices_total: ars(0),
        invoices_applied: ars(0),
        applied: ars(0),
    }
}

/// The payout after it, which settles 11.00 of the invoice.
pub(super) fn invoice_payout() -> InvoicePayout {
    let PayoutState { mut payout, .. } = self::payout();
    payout.id = PayoutId::from_i64(929).unwrap();
    payout.number = DocumentNumber::from_parts(1, 289).unwrap();
    payout.terms.description = Some(Text::from_text("A cuenta de las resmas").unwrap());
    InvoicePayout { payout, is_reversed: false, applied: ars(1_100) }
}

/// An invoice of 1260.00, of which 11.00 are settled.
pub(super) fn invoice() -> CompanysInvoice {
    let text = |text: &str| Text::from_text(text).unwrap();
    let terms = InvoiceTerms {
        supplier: SupplierId::from_i64(91_694).unwrap(),
        number: DocumentNumber::from_parts(3, 4567).unwrap(),
        letter: Letter::from_text("A").ok(),
        booked_on: date(2016, 8, 12),
        issued_on: date(2016, 8, 11),
        due_on: Some(date(2016, 9, 11)),
        total: ars(126_000),
        parts: PurchaseParts {
            net: ars(100_000),
            untaxed: ars(0),
            vat: ars(21_000),
            vat_by_rate: [ars(21_000), ars(0), ars(0)],
            vat_perception: ars(0),
            gross_income: ars(5_000),
            gross_income_by_jurisdiction: [ars(3_000), ars(2_000)],
        },
        description: Some(Text::from_text("Resmas").unwrap()),
        details: [
            (InvoiceDetail::PaymentTerms, text("a 30 Dias")),
            (InvoiceDetail::FirstJurisdiction, text("Jujuy")),
            (InvoiceDetail::SecondJurisdiction, text("Salta")),
        ]
        .into(),
        items: vec![
            [
                (ItemDetail::Description, text("Resma A4")),
                (ItemDetail::Quantity, text("10")),
                (ItemDetail::UnitPrice, text("100.00")),
                (ItemDetail::VatPercent, text("21")),
            ]
            .into(),
        ],
    };
    let invoice = PurchaseInvoice {
        id: PurchaseInvoiceId::from_i64(4017).unwrap(),
        terms,
        recorded_at: "2016-08-12T15:00:00Z".parse().unwrap(),
        recorded_by: Text::from_text("a").unwrap(),
    };
    (CompanyId::from_i64(98).unwrap(), InvoiceState { invoice, applied: ars(1_100) })
}
