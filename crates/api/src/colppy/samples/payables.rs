//! What the samples of suppliers' provisions tell.

use jiff::civil::date;
use ventanilla_domain::{
    BusinessDay, Currency, DocumentNumber, IncomeWithholding, Means, MeansLine, Money, Payout,
    PayoutId, PayoutTerms, SupplierId, Text, Withholdings,
};
use ventanilla_service::PayoutState;

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
