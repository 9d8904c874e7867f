use jiff::civil::date;
use ventanilla_domain::Text;

use super::*;
use crate::http::json;

/// An invoice that says all there is to say, name by name.
const FULL: [(&str, &str); 31] = [
    ("idProveedor", r#""91694""#),
    ("idTipoComprobante", r#""fac""#),
    ("idTipoFactura", r#""a""#),
    ("nroFactura1", r#""0003""#),
    ("nroFactura2", r#""00004567""#),
    ("fechaFactura", r#""12-08-2016""#),
    ("fechaFacturaDoc", r#""11/08/2016""#),
    ("fechaPago", r#""2016-09-11""#),
    ("netoGravado", "1000"),
    ("netoNoGravado", r#""10.01""#),
    ("totalIVA", "336.5"),
    ("IVA21", "210"),
    ("IVA105", "100.5"),
    ("IVA27", r#""26.00""#),
    ("percepcionIVA", "3"),
    ("percepcionIIBB", "50"),
    ("percepcionIIBB1", r#""30""#),
    ("IIBBLocal", r#""Jujuy""#),
    ("percepcionIIBB2", r#""20""#),
    ("IIBBOtro", r#""Salta""#),
    ("totalFactura", r#""1399.51""#),
    ("descripcion", r#"" Resmas ""#),
    ("idCondicionPago", r#""a 30 Dias""#),
    ("idCondicionIva", "1"),
    ("idRetGanancias", r#""78""#),
    ("itemsFactura", r#""[{\"idItem\":7,\"Cantidad\":10.50}]""#),
    ("idEstadoFactura", r#""aprobada""#),
    ("idMoneda", r#""1""#),
    ("valorCambio", "1.00"),
    ("totalesiva", r#"[{"alicuotaIva":"21","baseImpIva":"1000","importeIva":"210"}]"#),
    ("percsufridas", "[]"),
];

/// The full invoice with some of its values changed; an empty value is left out.
fn with(changes: &[(&str, &str)]) -> String {
    let mut fields = FULL.to_vec();
    for (name, value) in changes {
        fields.retain(|(known, _)| known != name);
        fields.push((name, value));
    }
    let shown = fields.iter().filter(|(_, value)| !value.is_empty());
    let shown = shown.map(|(name, value)| format!(r#""{name}":{value}"#));
    format!("{{{}}}", shown.collect::<Vec<_>>().join(","))
}

fn read(object: &str) -> Result<InvoiceTerms, Problem> {
    json::check(object).unwrap();
    terms(&Parameters::from_object(object).unwrap(), Currency::BOB)
}

fn full() -> InvoiceTerms {
    read(&with(&[])).unwrap()
}

fn check(changes: &[(&str, &str)], change: impl FnOnce(&mut InvoiceTerms)) {
    let mut expected = full();
    change(&mut expected);
    assert_eq!(read(&with(changes)), Ok(expected), "{changes:?}");
}

fn check_refused(changes: &[(&str, &str)], problem: impl Into<Problem>) {
    assert_eq!(read(&with(changes)), Err(problem.into()), "{changes:?}");
}

fn bob(minor: i64) -> Money {
    Money::from_minor(minor, Currency::BOB)
}

fn text<const MAX: usize>(text: &str) -> Text<MAX> {
    Text::from_text(text).unwrap()
}

#[test]
fn an_invoice_says_what_it_says() {
    let details = [
        (InvoiceDetail::PaymentTerms, text("a 30 Dias")),
        (InvoiceDetail::TaxStanding, text("1")),
        (InvoiceDetail::IncomeWithholding, text("78")),
        (InvoiceDetail::FirstJurisdiction, text("Jujuy")),
        (InvoiceDetail::SecondJurisdiction, text("Salta")),
    ];
    let expected = InvoiceTerms {
        supplier: convert::supplier_id("91694").unwrap(),
        number: DocumentNumber::from_parts(3, 4567).unwrap(),
        letter: Letter::from_text("A").ok(),
        booked_on: date(2016, 8, 12),
        issued_on: date(2016, 8, 11),
        due_on: Some(date(2016, 9, 11)),
        total: bob(139_951),
        parts: PurchaseParts {
            net: bob(100_000),
            untaxed: bob(1_001),
            vat: bob(33_650),
            vat_by_rate: [bob(21_000), bob(10_050), bob(2_600)],
            vat_perception: bob(300),
            gross_income: bob(5_000),
            gross_income_by_jurisdiction: [bob(3_000), bob(2_000)],
        },
        description: Some(text("Resmas")),
        details: details.into(),
        items: vec![[(ItemDetail::Item, text("7")), (ItemDetail::Quantity, text("10.50"))].into()],
    };
    assert_eq!(full(), expected);
    assert_eq!(expected.parts.checked_sum(), Ok(expected.total));
}

#[test]
fn what_is_absent_is_nothing_or_follows_from_the_rest() {
    type Change = fn(&mut InvoiceTerms);
    let cases: &[(&str, Change)] = &[
        ("idTipoComprobante", |_| ()),
        ("idTipoFactura", |it| it.letter = None),
        ("nroFactura1", |it| it.number = DocumentNumber::from_parts(0, 4567).unwrap()),
        ("fechaFacturaDoc", |it| it.issued_on = it.booked_on),
        ("fechaPago", |it| it.due_on = None),
        ("netoGravado", |it| it.parts.net = bob(0)),
        ("netoNoGravado", |it| it.parts.untaxed = bob(0)),
        ("totalIVA", |_| ()),
        ("IVA21", |it| it.parts.vat_by_rate[0] = bob(0)),
        ("IVA105", |it| it.parts.vat_by_rate[1] = bob(0)),
        ("IVA27", |it| it.parts.vat_by_rate[2] = bob(0)),
        ("percepcionIVA", |it| it.parts.vat_perception = bob(0)),
        ("percepcionIIBB", |_| ()),
        ("percepcionIIBB1", |it| it.parts.gross_income_by_jurisdiction[0] = bob(0)),
        ("percepcionIIBB2", |it| it.parts.gross_income_by_jurisdiction[1] = bob(0)),
        ("IIBBLocal", |it| drop(it.details.remove(&InvoiceDetail::FirstJurisdiction))),
        ("IIBBOtro", |it| drop(it.details.remove(&InvoiceDetail::SecondJurisdiction))),
        ("totalFactura", |_| ()),
        ("descripcion", |it| it.description = None),
        ("idCondicionPago", |it| drop(it.details.remove(&InvoiceDetail::PaymentTerms))),
        ("idCondicionIva", |it| drop(it.details.remove(&InvoiceDetail::TaxStanding))),
        ("idRetGanancias", |it| drop(it.details.remove(&InvoiceDetail::IncomeWithholding))),
        ("itemsFactura", |it| it.items = Vec::new()),
        ("idEstadoFactura", |_| ()),
        ("idMoneda", |_| ()),
        ("valorCambio", |_| ()),
        ("totalesiva", |_| ()),
        ("percsufridas", |_| ()),
        ("itemsPagos", |_| ()),
        ("idFactura", |_| ()),
    ];
    for (name, change) in cases {
        for value in ["", "null", r#""""#] {
            check(&[(name, value)], change);
        }
    }
}

#[test]
fn what_is_required_is_told_by_its_name() {
    for name in ["idProveedor", "nroFactura2", "fechaFactura"] {
        for value in ["", "null", r#""""#] {
            check_refused(&[(name, value)], ParameterError::Missing(name.to_owned()));
        }
    }
    let parts = FULL.iter().map(|(name, _)| *name).filter(|name| {
        name.starts_with("neto") || name.contains("IVA") || name.starts_with("percepcion")
    });
    let mut nothing: Vec<_> = parts.map(|name| (name, "0")).collect();
    nothing.push(("totalFactura", ""));
    check_refused(&nothing, ParameterError::Missing("totalFactura".to_owned()));
    let zero = ParameterError::NotPositive("totalFactura".to_owned());
    check_refused(&[("totalFactura", "0.00")], zero);
}

fn check_forms(cases: &[(&str, &[&str])], expected: fn(String) -> ParameterError) {
    for (name, values) in cases {
        for value in *values {
            check_refused(&[(name, value)], expected((*name).to_owned()));
        }
    }
}

#[test]
fn a_form_that_is_not_taken_is_told_by_its_name() {
    check_forms(
        &[
            ("idTipoFactura", &[r#""ABCDE""#, "{}"]),
            ("nroFactura1", &[r#""000003""#, "-1", r#""A""#]),
            ("nroFactura2", &[r#""000000003""#, "0", r#""00000000""#, r#""x""#, "[]"]),
            ("fechaFactura", &["[]"]),
            ("totalFactura", &["{}"]),
            ("IIBBLocal", &["[]"]),
            ("IIBBOtro", &["{}"]),
            ("descripcion", &["{}"]),
            ("idCondicionIva", &["[]"]),
            ("idRetGanancias", &["[]"]),
            ("itemsFactura", &["7", r#""x""#, "[7]"]),
            ("percsufridas", &["7", r#""x""#, "[7]"]),
            ("idTipoComprobante", &["[]"]),
            ("idEstadoFactura", &["[]"]),
            ("idMoneda", &["[]"]),
            ("valorCambio", &["[]"]),
            ("idFactura", &["[]"]),
            ("itemsPagos", &["7"]),
        ],
        ParameterError::Malformed,
    );
}

#[test]
fn what_is_no_day_no_amount_or_too_long_is_told() {
    check_forms(
        &[
            ("fechaFactura", &[r#""31-02-2016""#, r#""hoy""#]),
            ("fechaFacturaDoc", &[r#""1-2-16""#]),
            ("fechaPago", &[r#""2016""#]),
        ],
        ParameterError::NoDay,
    );
    check_forms(
        &[
            ("netoGravado", &["-1", r#""1,5""#]),
            ("netoNoGravado", &["-1"]),
            ("totalIVA", &["-1"]),
            ("IVA21", &["-1"]),
            ("IVA105", &["-1"]),
            ("IVA27", &["-1"]),
            ("percepcionIVA", &["-1"]),
            ("percepcionIIBB", &["-1"]),
            ("percepcionIIBB1", &["-1"]),
            ("percepcionIIBB2", &["-1"]),
            ("totalFactura", &["-1", "1.001", "1000000000000.01"]),
        ],
        ParameterError::NoAmount,
    );
    let long = format!("\"{}\"", "x".repeat(501));
    check_forms(&[("descripcion", &[&long])], |name| ParameterError::TooLong(name, 500));
    check_forms(&[("IIBBLocal", &[&long]), ("idCondicionPago", &[&long])], |name| {
        ParameterError::TooLong(name, 200)
    });
}

#[test]
fn a_day_of_zeros_is_none() {
    check(&[("fechaPago", r#""0000-00-00""#)], |it| it.due_on = None);
    check(&[("fechaFacturaDoc", r#""00/00/0000""#)], |it| it.issued_on = it.booked_on);
    let missing = ParameterError::Missing("fechaFactura".to_owned());
    check_refused(&[("fechaFactura", r#""0000-00-00""#)], missing);
}

#[test]
fn what_would_not_be_kept_is_refused() {
    for (name, values, expected) in [
        ("idTipoComprobante", &["2", r#""NCC""#, r#""ND""#][..], NotKept::Kind),
        ("idEstadoFactura", &[r#""Borrador""#, r#""Pagada""#], NotKept::State),
        ("idMoneda", &["2", r#""USD""#], NotKept::Currency),
        ("valorCambio", &["2", r#""1.5""#, r#""x""#], NotKept::ExchangeRate),
        ("idFactura", &["7", r#""x""#], NotKept::Invoice),
        ("itemsPagos", &[r#"[{"importe":"1"}]"#], NotKept::Payments),
    ] {
        for value in values {
            check_refused(&[(name, value)], expected);
        }
    }
    for (name, value) in [
        ("idTipoComprobante", r#""Fc""#),
        ("idTipoComprobante", "1"),
        ("idMoneda", "0"),
        ("valorCambio", r#""0""#),
        ("idFactura", "0"),
        ("itemsPagos", "[]"),
    ] {
        check(&[(name, value)], |_| ());
    }
}

#[test]
fn a_line_keeps_its_texts_under_their_usual_names() {
    let line = r#"{"idItem":"0","codigo":"R-1","descripcion":"Resma","unidadMedida":"Un","cantidad":10.50,"ImporteUnitario":1e2,"bonificacion":"5","alicuotaIva":"21.00","idPlanCuenta":"Insumos","almacen":"Central","ccosto1":"A","ccosto2":"B","subtotal":"1050","tipoItem":"G"}"#;
    let expected = [
        (ItemDetail::Item, text("0")),
        (ItemDetail::Code, text("R-1")),
        (ItemDetail::Description, text("Resma")),
        (ItemDetail::Unit, text("Un")),
        (ItemDetail::Quantity, text("10.50")),
        (ItemDetail::UnitPrice, text("1e2")),
        (ItemDetail::DiscountPercent, text("5")),
        (ItemDetail::VatPercent, text("21.00")),
        (ItemDetail::ChartAccount, text("Insumos")),
        (ItemDetail::Warehouse, text("Central")),
        (ItemDetail::FirstCostCentre, text("A")),
        (ItemDetail::SecondCostCentre, text("B")),
        (ItemDetail::Subtotal, text("1050")),
    ];
    let twice = format!("[{line},{{\"idTipoIva\":\"4\"}}]");
    check(&[("itemsFactura", &twice)], |it| {
        it.items = vec![expected.into(), [(ItemDetail::VatPercent, text("4"))].into()];
    });
    let name = "itemsFactura[0].Cantidad".to_owned();
    let bad = [("itemsFactura", r#"[{"Cantidad":[]}]"#)];
    check_refused(&bad, ParameterError::Malformed(name));
}

/// What the fields say of perceptions: nothing, or zeros as forms are filled with.
const UNSTATED: [[(&str, &str); 5]; 2] = [
    [
        ("percepcionIIBB", ""),
        ("percepcionIIBB1", ""),
        ("percepcionIIBB2", ""),
        ("IIBBLocal", ""),
        ("IIBBOtro", ""),
    ],
    [
        ("percepcionIIBB", "50"),
        ("percepcionIIBB1", "0"),
        ("percepcionIIBB2", r#""0.00""#),
        ("IIBBLocal", r#""0""#),
        ("IIBBOtro", r#""0.00""#),
    ],
];

#[test]
fn rows_of_perceptions_say_the_same_as_the_fields() {
    let rows = r#"[{"jurisdiccion":"Jujuy","nroCertificado":"","importePerc":"30"},{"jurisdiccion":"Salta","importePerc":20}]"#;
    let rows = ("percsufridas", rows);
    check(&[rows], |_| ());
    for unstated in UNSTATED {
        check(&[&[rows][..], &unstated].concat(), |_| ());
    }
    let [unstated, _] = UNSTATED;
    for one in [r#"{"importePerc":"50.00"}"#, r#"{"importePerc":50,"jurisdiccion":"0"}"#] {
        let one = ("percsufridas", one);
        check(&[&[one][..], &unstated].concat(), |it| {
            it.parts.gross_income_by_jurisdiction = [bob(5_000), bob(0)];
            it.details.remove(&InvoiceDetail::FirstJurisdiction);
            it.details.remove(&InvoiceDetail::SecondJurisdiction);
        });
    }
}

#[test]
fn rows_of_perceptions_that_say_something_else_are_refused() {
    let row = |jurisdiction: &str, amount: u32| {
        format!(r#"{{"jurisdiccion":"{jurisdiction}","importePerc":{amount}}}"#)
    };
    let rows = |rows: &[String]| format!("[{}]", rows.join(","));
    for (sent, expected) in [
        (rows(&[row("Jujuy", 30), row("Salta", 21)]), NotKept::PerceptionsDiffer("percepcionIIBB")),
        (
            rows(&[row("Jujuy", 20), row("Salta", 30)]),
            NotKept::PerceptionsDiffer("percepcionIIBB1"),
        ),
        (rows(&[row("Salta", 30), row("Jujuy", 20)]), NotKept::PerceptionsDiffer("IIBBLocal")),
        (rows(&[row("Jujuy", 30), row("Chaco", 20)]), NotKept::PerceptionsDiffer("IIBBOtro")),
        (rows(&[row("Jujuy", 20), row("Salta", 20), row("Chaco", 10)]), NotKept::Perceptions),
        (r#"{"importePerc":50,"nroCertificado":"7"}"#.to_owned(), NotKept::Perceptions),
    ] {
        check_refused(&[("percsufridas", &sent)], expected);
    }
    for (sent, expected) in [
        ("[{}, {\"x\":1}]", ParameterError::Missing("percsufridas[1].importePerc".to_owned())),
        (
            r#"[{"importePerc":"x"}]"#,
            ParameterError::NoAmount("percsufridas[0].importePerc".to_owned()),
        ),
        (
            r#"[{"importePerc":1,"jurisdiccion":[]}]"#,
            ParameterError::Malformed("percsufridas[0].jurisdiccion".to_owned()),
        ),
    ] {
        check_refused(&[("percsufridas", sent)], expected);
    }
}
