//! The order of a payout, as a reader sees it.

use jiff::civil::date;
use ventanilla_documents::{OrderedInvoice, PaymentOrder};
use ventanilla_domain::{
    Application, BusinessDay, Cuit, Currency, Details, DocumentNumber, LegalName, Letter, Means,
    MeansLine, Money, Name, Payout, PayoutId, PayoutNumber, PayoutReversal, PayoutTerms,
    PurchaseInvoiceId, Supplier, SupplierId, Text,
};

use crate::read::Printed;
use crate::samples::{Sample, bob, computed, label};

pub(crate) fn supplier() -> Supplier {
    Supplier {
        id: SupplierId::from_i64(91_694).unwrap(),
        trade_name: Name::from_text("Librería El Aguaribay").unwrap(),
        legal_name: LegalName::from_text("Aguaribay Papeles S.R.L.").unwrap(),
        tax_id: Some(Cuit::from_text("30-71234567-1").unwrap()),
        is_active: true,
        registered_on: date(2016, 8, 1),
        details: Details::default(),
        changed_by: Text::from_text("ana").unwrap(),
    }
}

pub(crate) fn terms() -> PayoutTerms {
    let transfer = MeansLine {
        chart_account: Some(label("1.1.02 Banco")),
        ..MeansLine::plain(Means::Transfer, bob(100_000))
    };
    let cheque = MeansLine {
        cheque_number: Some(label("00012345")),
        valid_on: Some(date(2021, 12, 24)),
        ..MeansLine::plain(Means::DeferredCheque, bob(45_050))
    };
    let mut terms = PayoutTerms::plain(supplier().id, date(2021, 11, 26), transfer);
    terms.means.push(cheque);
    terms.total = bob(145_050);
    terms.withholdings.gross_income = bob(2_000);
    terms.withholdings.income[0].amount = bob(3_000);
    terms.withholdings.income[0].code = Some(Text::from_text("78").unwrap());
    terms.withholdings.income[0].base = bob(150_000);
    (terms.discounts, terms.interest) = (bob(500), bob(50));
    terms.applied = vec![Application {
        invoice: PurchaseInvoiceId::from_i64(7).unwrap(),
        amount: bob(150_000),
    }];
    terms.description = Some(Text::from_text("Resmas y tóner de noviembre").unwrap());
    terms
}

pub(crate) fn payout(terms: PayoutTerms) -> Payout {
    Payout {
        id: PayoutId::from_i64(928).unwrap(),
        number: PayoutNumber::from_parts(1, 288).unwrap(),
        terms,
        recorded_at: "2021-11-26T16:11:52Z".parse().unwrap(),
        business_day: BusinessDay::from_date(date(2021, 11, 26)),
        recorded_by: Text::from_text("ana").unwrap(),
        integrator: None,
        caller_key: None,
    }
}

pub(crate) fn order<'a>(
    sample: &'a Sample,
    supplier: &'a Supplier,
    payout: &'a Payout,
) -> PaymentOrder<'a> {
    PaymentOrder {
        company: &sample.company,
        letterhead: sample.letterhead,
        supplier,
        payout,
        settled: &[],
        reversal: None,
    }
}

#[test]
fn an_order_says_who_is_paid_what_for_and_how() {
    let (sample, supplier, payout) = (computed(), supplier(), payout(terms()));
    let letter = Letter::from_text("A").unwrap();
    let settled = [OrderedInvoice {
        letter: Some(&letter),
        number: DocumentNumber::from_parts(3, 4_711).unwrap(),
        amount: bob(150_000),
    }];
    let order = PaymentOrder { settled: &settled, ..order(&sample, &supplier, &payout) };
    let pdf = order.to_pdf().unwrap();
    assert!(pdf == order.to_pdf().unwrap(), "the same bytes");
    assert_eq!(order.file_name(), "orden-de-pago-0001-00000288.pdf");
    let file = Printed::new(&pdf);
    let text = file.text();
    for fact in [
        "Cooperativa de Servicios Públicos",
        "ORDEN DE PAGO N.º: 0001-00000288",
        "IdPago: 928",
        "Fecha: 26/11/2021",
        "Páguese a: Aguaribay Papeles S.R.L.",
        "Nombre comercial: Librería El Aguaribay",
        "CUIT: 30-71234567-1",
        "Proveedor N.º: 91694",
        "Registrado: 26/11/2021 12:11:52",
        "Por: ana",
        "Concepto: Resmas y tóner de noviembre",
        "Factura A 0003-00004711 1.500,00",
        "Transferencia, cuenta 1.1.02 Banco 1.000,00",
        "Cheque diferido, N.º 00012345, desde el 24/12/2021 450,50",
        "Ingresos brutos 20,00",
        "Ganancias, régimen 78, base 1.500,00 30,00",
        "TOTAL PAGADO (Bs) 1.450,50",
        "Son: Mil cuatrocientos cincuenta 50/100 Bolivianos",
        "Retenciones 50,00",
        "Descuentos 5,00",
        "Intereses -0,50",
        "Cancelado al proveedor 1.505,00",
        "Anticipo 5,00",
        "Preparado por Autorizado por Recibí conforme",
    ] {
        assert!(text.contains(fact), "{fact}\n---\n{text}");
    }
    assert_eq!(file.fact("Pages"), "1");
    assert_eq!(file.fact("Title"), "Orden de pago 0001-00000288");
}

#[test]
fn what_is_nothing_has_no_line_and_an_order_undone_is_stamped() {
    let (sample, mut supplier) = (computed(), supplier());
    supplier.legal_name = LegalName::from_text("Librería El Aguaribay").unwrap();
    supplier.tax_id = None;
    let cash = MeansLine::plain(Means::Cash, bob(1_100));
    let payout = payout(PayoutTerms::plain(supplier.id, date(2016, 8, 16), cash));
    let reversal = PayoutReversal {
        payout: payout.clone(),
        recorded_at: "2021-11-27T12:00:00Z".parse().unwrap(),
        business_day: BusinessDay::from_date(date(2021, 11, 27)),
        reversed_by: Text::from_text("tesorera").unwrap(),
        reason: None,
    };
    let order = PaymentOrder { reversal: Some(&reversal), ..order(&sample, &supplier, &payout) };
    let text = Printed::new(&order.to_pdf().unwrap()).text();
    assert!(text.contains("PAGO ANULADO el 27/11/2021 08:00:00 por tesorera"), "{text}");
    assert!(text.contains("Anticipo 11,00"), "{text}");
    for absent in ["Retenciones", "Descuentos", "Intereses", "comercial", "CUIT: 30"] {
        assert!(!text.contains(absent), "{absent}\n{text}");
    }
}

#[test]
fn an_order_of_the_greatest_amount_and_of_many_invoices_is_whole() {
    let (sample, supplier) = (computed(), supplier());
    let most = Money::from_minor(Money::PAYABLE_MAX_MINOR, Currency::BOB);
    let cash = MeansLine::plain(Means::Cash, most);
    let payout = payout(PayoutTerms::plain(supplier.id, date(2016, 8, 16), cash));
    let invoice = |serial| OrderedInvoice {
        letter: None,
        number: DocumentNumber::from_parts(1, serial).unwrap(),
        amount: bob(100),
    };
    let settled: Vec<_> = (1..=500).map(invoice).collect();
    let order = PaymentOrder { settled: &settled, ..order(&sample, &supplier, &payout) };
    let text = Printed::new(&order.to_pdf().unwrap()).text();
    assert!(text.contains("TOTAL PAGADO (Bs) 1.000.000.000.000,00"), "{text}");
    assert!(text.contains("Son: Un billón 00/100 Bolivianos"), "{text}");
    assert_eq!(text.matches("Factura 0001-").count(), 500);
}
