use super::*;
use crate::http::json;

/// A payout that says all there is to say, name by name.
const FULL: [(&str, &str); 24] = [
    ("idProveedor", r#""91694""#),
    ("fechaPago", r#""16-08-2024""#),
    ("totalpagado", "1000"),
    (
        "recordsToInsertUpdate1",
        r#"[{"idMedioPago":"Cheque Emitido Común","idPlanCuenta":"Banco 1","nroCheque":1234,"fechaValidez":"17/08/2024","importe":"900","Conciliado":"1"},{"idMedioPago":"efectivo","importe":39.5}]"#,
    ),
    ("recordsToInsertUpdate", r#""[{\"idFactura\":\"7\",\"importe\":\"500.00\"}]""#),
    ("valorCambio", r#""1.00""#),
    ("idEstadoPago", r#""aprobado""#),
    ("anticipo", r#""1.01""#),
    ("totalFacturas", r#""1.02""#),
    ("descuentos", r#""1.03""#),
    ("intereses", r#""1.04""#),
    ("retencionIIBB", r#""10.05""#),
    ("retGanancias1", r#""20.06""#),
    ("retGanancias2", r#""30.07""#),
    ("idRetGanancias1", r#""78""#),
    ("idRetGanancias2", r#""0""#),
    ("baseCalculo1", r#""1.08""#),
    ("baseCalculo2", r#""1.09""#),
    ("retencionesRenta", "0.32"),
    ("nroPago1", r#""0002""#),
    ("nroPago2", "288"),
    ("descripcion", r#"" Pago 1 ""#),
    ("IdTransaccion", r#""a-1""#),
    ("retemitidas", "[]"),
];

fn with(name: &str, value: &str) -> String {
    let fields = FULL.iter().map(|(known, full)| {
        let value = if *known == name { value } else { full };
        format!(r#""{known}":{value}"#)
    });
    let more = FULL.iter().all(|(known, _)| *known != name).then(|| format!(r#""{name}":{value}"#));
    format!("{{{}}}", fields.chain(more).collect::<Vec<_>>().join(","))
}

fn read(object: &str) -> Result<PayoutRequest, Problem> {
    json::check(object).unwrap();
    request(&Parameters::from_object(object).unwrap(), &HeaderMap::new(), Currency::BOB)
}

fn full() -> PayoutRequest {
    read(&with("", "null")).unwrap()
}

fn check(name: &str, value: &str, change: impl FnOnce(&mut PayoutRequest)) {
    let mut expected = full();
    change(&mut expected);
    assert_eq!(read(&with(name, value)), Ok(expected), "{name} {value}");
}

fn check_refused(name: &str, value: &str, problem: impl Into<Problem>) {
    assert_eq!(read(&with(name, value)), Err(problem.into()), "{name} {value}");
}

fn bob(minor: i64) -> ventanilla_domain::Money {
    ventanilla_domain::Money::from_minor(minor, Currency::BOB)
}

fn label<const MAX: usize>(text: &str) -> Text<MAX> {
    Text::from_text(text).unwrap()
}

#[test]
fn a_payout_says_what_it_says() {
    let income =
        |minor, code, base| IncomeWithholding { amount: bob(minor), code, base: bob(base) };
    let line = |means, minor| MeansLine {
        means,
        amount: bob(minor),
        chart_account: None,
        cheque_number: None,
        valid_on: None,
        is_reconciled: false,
    };
    let cheque = MeansLine {
        chart_account: Some(label("Banco 1")),
        cheque_number: Some(label("1234")),
        valid_on: Some(jiff::civil::date(2024, 8, 17)),
        is_reconciled: true,
        ..line(ventanilla_domain::Means::Cheque, 90_000)
    };
    let terms = PayoutTerms {
        supplier: convert::supplier_id("91694").unwrap(),
        paid_on: jiff::civil::date(2024, 8, 16),
        is_rate_stated: true,
        total: bob(100_000),
        stated_advance: bob(101),
        stated_invoices: bob(102),
        discounts: bob(103),
        interest: bob(104),
        withholdings: Withholdings {
            gross_income: bob(1_005),
            income: [income(2_006, Some(label("78")), 108), income(3_007, None, 109)],
            rent: bob(32),
        },
        means: vec![cheque, line(ventanilla_domain::Means::Cash, 3_950)],
        applied: vec![Application {
            invoice: convert::invoice_id("7").unwrap(),
            amount: bob(50_000),
        }],
        description: Some(label("Pago 1")),
    };
    let caller_key = Some(CallerKey::from_text("a-1").unwrap());
    assert_eq!(full(), PayoutRequest { terms, point: Some(2), serial: Some(288), caller_key });
}

#[test]
fn what_is_absent_is_nothing() {
    type Change = fn(&mut PayoutRequest);
    let cases: &[(&str, Change)] = &[
        ("valorCambio", |it| it.terms.is_rate_stated = false),
        ("idEstadoPago", |_| ()),
        ("anticipo", |it| it.terms.stated_advance = bob(0)),
        ("totalFacturas", |it| it.terms.stated_invoices = bob(0)),
        ("descuentos", |it| it.terms.discounts = bob(0)),
        ("intereses", |it| it.terms.interest = bob(0)),
        ("retencionIIBB", |it| it.terms.withholdings.gross_income = bob(0)),
        ("retGanancias1", |it| it.terms.withholdings.income[0].amount = bob(0)),
        ("retGanancias2", |it| it.terms.withholdings.income[1].amount = bob(0)),
        ("idRetGanancias1", |it| it.terms.withholdings.income[0].code = None),
        ("idRetGanancias2", |_| ()),
        ("baseCalculo1", |it| it.terms.withholdings.income[0].base = bob(0)),
        ("baseCalculo2", |it| it.terms.withholdings.income[1].base = bob(0)),
        ("retencionesRenta", |it| it.terms.withholdings.rent = bob(0)),
        ("nroPago1", |it| it.point = None),
        ("nroPago2", |it| it.serial = None),
        ("descripcion", |it| it.terms.description = None),
        ("IdTransaccion", |it| it.caller_key = None),
        ("recordsToInsertUpdate", |it| it.terms.applied = Vec::new()),
        ("retemitidas", |_| ()),
        ("idPago", |_| ()),
    ];
    for (name, change) in cases {
        for value in ["null", r#""""#, r#"" ""#] {
            check(name, value, change);
        }
    }
}

#[test]
fn what_is_required_is_told_by_its_name() {
    for name in ["idProveedor", "fechaPago", "totalpagado", "recordsToInsertUpdate1"] {
        for value in ["null", r#""""#] {
            check_refused(name, value, ParameterError::Missing(name.to_owned()));
        }
    }
    for empty in ["[]", r#""[]""#, "{}"] {
        let name = "recordsToInsertUpdate1";
        check_refused(name, empty, ParameterError::Missing(name.to_owned()));
    }
}

fn check_forms(cases: &[(&str, &[&str])], expected: fn(String) -> ParameterError) {
    for (name, values) in cases {
        for value in *values {
            check_refused(name, value, expected((*name).to_owned()));
        }
    }
}

#[test]
fn a_form_that_is_not_taken_is_told_by_its_name() {
    check_forms(
        &[
            ("fechaPago", &["[]"]),
            ("recordsToInsertUpdate1", &[r#""Efectivo""#, "11", "[1]", r#""[{""#]),
            ("recordsToInsertUpdate", &["7", "true", r#""x""#, "[[]]"]),
            ("anticipo", &["[]"]),
            ("idRetGanancias1", &["{}"]),
            ("idRetGanancias2", &[r#""a\tb""#]),
            ("nroPago1", &[r#""000001""#, r#""A""#, "-1", "1.0"]),
            ("nroPago2", &[r#""000000001""#, r#""1A""#]),
            ("descripcion", &[r#""a\u0001b""#, "[]"]),
            ("IdTransaccion", &[r#""ñ""#, "{}"]),
            ("valorCambio", &["[]"]),
            ("idEstadoPago", &["[]"]),
            ("retemitidas", &["1", r#""x""#]),
            ("idPago", &["[]"]),
        ],
        ParameterError::Malformed,
    );
}

#[test]
fn what_is_no_day_no_amount_or_too_long_is_told() {
    check_forms(
        &[("fechaPago", &[r#""30-02-2024""#, r#""16-8-24""#, "20240816"])],
        ParameterError::NoDay,
    );
    check_forms(
        &[
            ("totalpagado", &["-11", r#""11,5""#, "11.005", "1e3", "1000000000000.01", "true"]),
            ("anticipo", &["-1", r#""x""#]),
            ("totalFacturas", &["-1"]),
            ("descuentos", &["-1"]),
            ("intereses", &["-1"]),
            ("retencionIIBB", &["-1"]),
            ("retGanancias1", &["-1"]),
            ("retGanancias2", &["-1"]),
            ("baseCalculo1", &["-1"]),
            ("baseCalculo2", &["-1"]),
            ("retencionesRenta", &["-1"]),
        ],
        ParameterError::NoAmount,
    );
    let long = format!("\"{}\"", "x".repeat(501));
    check_forms(&[("descripcion", &[&long])], |name| ParameterError::TooLong(name, 500));
    let code = r#""123456789012345678901""#;
    check_forms(&[("idRetGanancias1", &[code])], |name| ParameterError::TooLong(name, 20));
    check_forms(&[("totalpagado", &["0", r#""0.00""#])], ParameterError::NotPositive);
}

fn check_key(parameter: &str, header: &str, expected: Result<&str, ()>) {
    let object = with("IdTransaccion", parameter);
    let mut headers = HeaderMap::new();
    headers.insert("idempotency-key", header.parse().unwrap());
    let read = request(&Parameters::from_object(&object).unwrap(), &headers, Currency::BOB);
    let key = |key: &CallerKey| key.as_str().to_owned();
    let read = read.map(|request| request.caller_key.as_ref().map(key).unwrap_or_default());
    let differ = |()| ParameterError::KeysDiffer("IdTransaccion".to_owned()).into();
    let expected = expected.map(str::to_owned).map_err(differ);
    assert_eq!(read, expected, "{parameter} {header}");
}

#[test]
fn the_name_of_an_attempt_may_come_in_a_header() {
    check_key("null", "", Ok(""));
    check_key("null", "k-1", Ok("k-1"));
    check_key(r#""k-1""#, "", Ok("k-1"));
    check_key(r#""k-1""#, "k-1", Ok("k-1"));
    check_key(r#""k-1""#, "k-2", Err(()));
    check_key("null", &"k".repeat(65), Err(()));
}

#[test]
fn what_would_not_be_kept_is_refused() {
    for (name, values, expected) in [
        ("valorCambio", &["2", r#""1.01""#, r#""USD""#, "-1"][..], NotKept::ExchangeRate),
        ("idEstadoPago", &[r#""Borrador""#, r#""Anulado""#], NotKept::State),
        ("idPago", &["928", r#""928""#, r#""x""#], NotKept::Payout),
        ("retemitidas", &[r#"[{"importe":1}]"#, r#""[{\"a\":1}]""#], NotKept::WithholdingRows),
    ] {
        for value in values {
            check_refused(name, value, expected);
        }
    }
    for value in ["0", r#""0""#, r#""00""#] {
        check("idPago", value, |_| ());
    }
    for value in [r#""[]""#, "{}", "[{}]"] {
        check("retemitidas", value, |_| ());
    }
}

#[test]
fn the_rate_is_kept_as_one_or_nothing() {
    for (value, is_stated) in
        [("0", false), (r#""0.00""#, false), ("1", true), ("1.0000", true), (r#""1""#, true)]
    {
        check("valorCambio", value, |it| it.terms.is_rate_stated = is_stated);
    }
}

#[test]
fn a_row_of_means_is_told_by_its_place() {
    let rows = "recordsToInsertUpdate1";
    let inside = |name: &str| format!("{rows}[1].{name}");
    let first = r#"{"idMedioPago":"Efectivo","importe":1}"#;
    for (row, expected) in [
        (r#"{"importe":1}"#, ParameterError::Missing(inside("idMedioPago"))),
        (
            r#"{"idMedioPago":"Trueque","importe":1}"#,
            ParameterError::UnknownMeans(inside("idMedioPago")),
        ),
        (r#"{"idMedioPago":"Efectivo"}"#, ParameterError::Missing(inside("importe"))),
        (
            r#"{"idMedioPago":"Efectivo","importe":"0.00"}"#,
            ParameterError::NotPositive(inside("importe")),
        ),
        (
            r#"{"idMedioPago":"Efectivo","importe":"x"}"#,
            ParameterError::NoAmount(inside("importe")),
        ),
        (
            r#"{"idMedioPago":"Efectivo","importe":1,"fechaValidez":"hoy"}"#,
            ParameterError::NoDay(inside("fechaValidez")),
        ),
        (
            r#"{"idMedioPago":"Efectivo","importe":1,"Conciliado":"x"}"#,
            ParameterError::Malformed(inside("Conciliado")),
        ),
        (
            r#"{"idMedioPago":"Efectivo","importe":1,"nroCheque":[]}"#,
            ParameterError::Malformed(inside("nroCheque")),
        ),
        (
            r#"{"idMedioPago":"Efectivo","importe":1,"idPlanCuenta":{}}"#,
            ParameterError::Malformed(inside("idPlanCuenta")),
        ),
    ] {
        check_refused(rows, &format!("[{first},{row}]"), expected);
    }
    check_refused(rows, r#"[{"x":1}]"#, ParameterError::Missing(format!("{rows}[0].idMedioPago")));
}

#[test]
fn a_settled_invoice_is_named_in_every_spelling() {
    let settled =
        |id, minor| Application { invoice: convert::invoice_id(id).unwrap(), amount: bob(minor) };
    for (rows, expected) in [
        (r#"[{"idfactura":7,"importeAplicado":1.5}]"#, vec![settled("7", 150)]),
        (r#"[{"IdFactura":"8","aplicado":"2"}]"#, vec![settled("8", 200)]),
        (r#"{"idFactura":"9","id":"1","importePago":3}"#, vec![settled("9", 300)]),
        (
            r#"[{"idFactura":"9","Monto":0.01},{"idFactura":7,"importe":1,"monto":1}]"#,
            vec![settled("9", 1), settled("7", 100)],
        ),
    ] {
        check("recordsToInsertUpdate", rows, |it| it.terms.applied = expected);
    }
    let inside = |name: &str| format!("recordsToInsertUpdate[0].{name}");
    for (row, expected) in [
        (r#"{"importe":1}"#, ParameterError::Missing(inside("idFactura"))),
        (r#"{"id":7,"importe":1}"#, ParameterError::Missing(inside("idFactura"))),
        (r#"{"idFactura":"x","importe":1}"#, ParameterError::Malformed(inside("idFactura"))),
        (r#"{"idFactura":7}"#, ParameterError::Missing(inside("importe"))),
        (r#"{"idFactura":7,"monto":0}"#, ParameterError::NotPositive(inside("monto"))),
        (r#"{"idFactura":7,"aplicado":-1}"#, ParameterError::NoAmount(inside("aplicado"))),
        // The invoice's own amount, perhaps, and what is settled of it: nobody can tell.
        (
            r#"{"idFactura":7,"importe":"1000.00","importeAplicado":"400.00"}"#,
            ParameterError::Malformed(inside("importeAplicado")),
        ),
    ] {
        check_refused("recordsToInsertUpdate", &format!("[{row}]"), expected);
    }
}
