//! The second wire, as those use it who have nothing but the documents, or a client that was written
//! for another server.

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::common::accountant::{Accountant, PATH, invoice, payout, post};
use crate::common::{Client, Installation, check, run, verify};

/// The page's request, word for word (docs/spec/colppy.md §1).
const REQUEST: &str = r#"{"auth":{"usuario":"USUARIO_DESARROLLADOR","password":"PASSWORD_DESARROLLADOR"},
     "service":{"provision":"Pago","operacion":"leer_pago"},
     "parameters":{"sesion":{"usuario":"a","userId":"378usuario@colppy.com","claveSesion":"2b5fd41968528bb933454bcd4f804080"},
                   "idPago":"29124","idEmpresa":"576"}}"#;

/// The page's answer, with the date of the answer left open.
const ANSWER: [&str; 2] = [
    r#"{"service":{"provision":"Pago","operacion":"leer_pago","version":"1_0_0_0","response_date":""#,
    r#""},"result":{"estado":0,"mensaje":"La operación se realizó correctamente"},"response":{"success":true,"message":"Se obtuvo el detalle pago del PAGO con exito","data":{"idEmpresa":"98","idPago":"928","idProveedor":"91694","fechaPago":"16/08/2016","valorCambio":"0","totalpagado":"11.00","retencionIIBB":"0.00","idEstadoPago":"Aprobado","anticipo":"0.00","totalFacturas":"0.00","descuentos":"0.00","intereses":"0.00","retGanancias1":"0.00","retGanancias2":"0.00","idRetGanancias1":"0","idRetGanancias2":"0","nroPago":"0001-00000288","baseCalculo1":"0.00","baseCalculo2":"0.00","descripcion":"Pago de prueba","retencionesRenta":"0.00","retencionesRentaLabel":"0.00","nroPago1":"0001","nroPago2":"00000288","totalapagar":0,"totalaplicado":0,"aplicadoAEstePago":0}}}"#,
];

fn check_page(client: &mut Client, path: &str, company: &str, payout: &str) {
    let ids = |text: &str, from: [&str; 2]| {
        text.replace(from[0], payout)
            .replace(&format!("\"{}\"", from[1]), &format!("\"{company}\""))
    };
    let answer = post(client, path, &ids(REQUEST, ["29124", "576"]));
    let expected = ids(ANSWER[1], ["928", "98"]);
    let rest = answer.strip_prefix(ANSWER[0]).unwrap_or_else(|| panic!("{answer}"));
    let (date, rest) = rest.split_at("2016-08-18 12:39:29".len());
    assert!(date.starts_with("20") && !date.contains('T'), "{answer}");
    assert_eq!(rest, expected);
}

#[test]
fn the_pages_request_works_verbatim_against_the_demo_and_its_data() {
    let installation = Installation::nothing();
    let demo = installation.demo();
    for path in [PATH, "/lib/frontera2/service.php/", "/colppy", "/Colppy/"] {
        let mut client = Client::new(demo.address());
        check_page(&mut client, path, "576", "29124");
        check_page(&mut client, path, "98", "928");
    }
    demo.stop();
    // The session belongs to the data.
    let server = installation.serve_data("ventanilla-demo");
    check_page(&mut Client::new(server.address()), PATH, "576", "29124");
    server.stop();
    verify(&installation, "ventanilla-demo");
}

/// A purchase invoice of the demo's supplier, of 1210.50.
fn enter_invoice(accountant: &mut Accountant, serial: &str) -> String {
    let parts = json!({
        "netoGravado": "1000.41", "IVA21": "210.09", "descripcion": "Resmas de papel",
        "itemsFactura": [{ "Descripcion": "Resma A4", "Cantidad": "10", "ImporteUnitario": "100.041" }],
    });
    accountant.enter(invoice(serial, "1210.50", &parts))
}

/// Python with the published client, which `cargo xtask ci` installs.
fn python() -> std::path::PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let python = root.join("target/tools/colppy-client/bin/python");
    assert!(
        python.exists(),
        "run the tests with `cargo xtask ci`: it installs {}",
        python.display()
    );
    python
}

#[test]
fn an_independent_client_runs_unchanged() {
    let installation = Installation::nothing();
    let demo = installation.demo();
    let mut accountant = Accountant::log_in(demo.address());
    let invoice = enter_invoice(&mut accountant, "4567");
    let url = format!("http://{}{PATH}", demo.address());
    let config = json!({ "ColppyAPI": {
        "COLPPY_API_URI": url,
        "COLPPY_AUTH_USER": "USUARIO_DESARROLLADOR",
        "COLPPY_AUTH_PASSWORD": "PASSWORD_DESARROLLADOR",
        "COLPPY_PARAMS_USER": "a",
        "COLPPY_PARAMS_PASSWORD": "0cc175b9c0f1b6a831c399e269772661",
    } });
    installation.write("config.json", config.to_string());
    let script =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/end_to_end/published_client/client.py");
    let mut command = Command::new(python());
    let ran = run(command.arg(script).arg(&invoice).current_dir(installation.path(".")));
    assert_eq!(ran.code, 0, "{ran:?}");
    let told: Value = serde_json::from_str(&installation.read("told.json")).unwrap();
    assert_eq!(told["token"].as_str().unwrap().len(), 32);
    let companies = &told["companies"];
    assert_eq!([&companies[0]["id_empresa"], &companies[1]["id_empresa"]], [98, 576]);
    assert_eq!(told["suppliers"].as_array().unwrap().len(), 2, "one of each company");
    assert_eq!(told["suppliers"][0]["id_proveedor"], 91_694);
    assert_eq!(told["suppliers"][0]["saldo"], 1199.5, "what is owed, less what was advanced");
    assert_eq!(told["invoices"][0]["nro_factura"], "0003-00004567");
    assert_eq!(told["details"]["total_factura"], "1210.50");
    assert_eq!(told["items"][0]["descripcion"], "Resma A4");
    assert_eq!(told["payout"]["nro_pago"], "0001-00000288");
    assert_eq!(told["payout"]["total_a_pagar"], 0.0);
    assert_eq!(told["logged_out"], true);
    assert_eq!(told["companies_after"], json!([]), "the session has ended");
}

#[test]
fn a_payout_is_entered_over_the_wire_and_undone_from_the_command_line() {
    let installation = Installation::nothing();
    let demo = installation.demo();
    let mut accountant = Accountant::log_in(demo.address());
    let invoice = enter_invoice(&mut accountant, "1");
    let applied = json!([{ "idFactura": invoice, "importe": 1000 }]).to_string();
    let made = accountant
        .done("Pago.alta_pago", payout("1000.00", &json!({ "recordsToInsertUpdate": applied })));
    assert_eq!(made["data"]["idPago"], "929", "the next after the page's");
    let read = |accountant: &mut Accountant| {
        let ids = json!({ "idEmpresa": 98, "idPago": 929 });
        let data = accountant.done("Pago.leer_pago", ids)["data"].clone();
        ["idEstadoPago", "nroPago", "totalapagar", "totalaplicado", "aplicadoAEstePago"]
            .map(|name| data[name].clone())
    };
    let numbered = json!("0001-00000289");
    assert_eq!(
        read(&mut accountant),
        [json!("Aprobado"), numbered.clone(), json!(1210.5), json!(1000), json!(1000)]
    );
    check(
        &installation,
        &[
            ("payout reverse 929 --data ventanilla-demo", 2, ""),
            ("payout reverse 9 --data ventanilla-demo --company 98", 2, ""),
            (
                "payout reverse 929 --data ventanilla-demo --company 98 --reason error --by tesorera",
                0,
                "Pago 929 (0001-00000289, 1000.00) anulado por tesorera",
            ),
            ("payout reverse 929 --data ventanilla-demo --company 98", 2, ""),
        ],
    );
    assert_eq!(
        read(&mut accountant),
        [json!("Anulado"), numbered, json!(1210.5), json!(0), json!(0)]
    );
    let again = payout("1000.00", &json!({ "nroPago1": "1", "nroPago2": "289" }));
    let refused = accountant.refused("Pago.alta_pago", again);
    assert!(refused.contains("929"), "the number stays used: {refused}");
    demo.stop();
    verify(&installation, "ventanilla-demo");
}

/// A payout of which everything is said.
fn enter_whole_payout(accountant: &mut Accountant) {
    let invoice = enter_invoice(accountant, "1");
    let means = [
        json!({
            "idMedioPago": "Cheque Emitido Diferido", "importe": "700.00", "idPlanCuenta": "1.1.2",
            "nroCheque": "000123", "fechaValidez": "01-09-2024", "Conciliado": "1",
        }),
        json!({ "idMedioPago": "Cheque Emitido Común", "importe": "100" }),
        json!({ "idMedioPago": "Transferencia", "importe": "50" }),
        json!({ "idMedioPago": "Efectivo", "importe": "40" }),
        json!({ "idMedioPago": "Tarjeta de Credito", "importe": "30" }),
        json!({ "idMedioPago": "Cheque de Tercero", "importe": "20" }),
    ];
    let made = accountant.done(
        "Pago.alta_pago",
        payout(
            "1000.00",
            &json!({
                "recordsToInsertUpdate1": means, "nroPago1": "2", "nroPago2": "7",
                "recordsToInsertUpdate": [{ "idFactura": invoice, "importe": 900 }],
                "retencionIIBB": "30", "retGanancias1": "20", "idRetGanancias1": "78",
                "baseCalculo1": "200", "baseCalculo2": "5", "retencionesRenta": "10",
                "descuentos": "5", "intereses": "2", "anticipo": "103", "totalFacturas": "900",
                "valorCambio": "1", "descripcion": "Resmas y flete", "IdTransaccion": "contable-1",
            }),
        ),
    );
    assert_eq!(made["data"]["idPago"], "929");
}

const WHOLE: &str = "\
pago           929
número         0002-00000007
estado         Aprobado
proveedor      91694 Librería El Aguaribay
fecha          2024-08-17
total          1000.00 ARS
anticipo       103.00
facturas       900.00
descuentos     5.00
intereses      2.00
ret. IIBB      30.00
ret. renta     10.00
ret. ganancias 20.00, régimen 78, base 200.00
ret. ganancias 0.00, base 5.00
medio          700.00 Cheque Emitido Diferido, cuenta 1.1.2, cheque 000123, desde 2024-09-01, conciliado
medio          100.00 Cheque Emitido Común
medio          50.00 Transferencia
medio          40.00 Efectivo
medio          30.00 Tarjeta de Credito
medio          20.00 Cheque de Tercero
factura        900.00 A 0003-00000001, idFactura 1
descripción    Resmas y flete
IdTransaccion  contable-1
registrado     HOY HORA por a, con USUARIO_DESARROLLADOR, día contable HOY
";

/// A text in which what was a moment ago is `HOY` and `HORA`.
fn without_now(text: &str, day: &str, time: &str) -> String {
    assert_eq!((day.len(), time.len()), (10, 8), "{day} {time}");
    text.replace(time, "HORA").replace(day, "HOY")
}

#[test]
fn payouts_are_listed_shown_and_undone_by_number() {
    let installation = Installation::nothing();
    let demo = installation.demo();
    let mut accountant = Accountant::log_in(demo.address());
    enter_whole_payout(&mut accountant);
    let run = |line: &str| {
        let line = format!("{line} --data ventanilla-demo --company 98");
        installation.done(&line.split(' ').collect::<Vec<_>>())
    };
    let json = run("payout show 0002-00000007 --json").json();
    let (day, time) = json["registrado"].as_str().unwrap().split_once(' ').unwrap();
    let shown = run("payout show 929").out;
    assert_eq!(without_now(&shown, day, time), WHOLE);
    assert_eq!(run("payout show 2-7").out, shown);
    let means = |means: &str, amount: &str| {
        json!({
            "idMedioPago": means, "importe": amount, "idPlanCuenta": null, "nroCheque": null,
            "fechaValidez": null, "Conciliado": false,
        })
    };
    let cheque = json!({
        "idMedioPago": "Cheque Emitido Diferido", "importe": "700.00", "idPlanCuenta": "1.1.2",
        "nroCheque": "000123", "fechaValidez": "2024-09-01", "Conciliado": true,
    });
    let mut expected = json!({
        "idEmpresa": 98, "idPago": 929, "nroPago": "0002-00000007", "idEstadoPago": "Aprobado",
        "idProveedor": 91694, "NombreFantasia": "Librería El Aguaribay", "fechaPago": "2024-08-17",
        "valorCambio": "1", "totalpagado": "1000.00", "anticipo": "103.00",
        "totalFacturas": "900.00", "descuentos": "5.00", "intereses": "2.00",
        "retencionIIBB": "30.00", "retGanancias1": "20.00", "idRetGanancias1": "78",
        "baseCalculo1": "200.00", "retGanancias2": "0.00", "idRetGanancias2": null,
        "baseCalculo2": "5.00", "retencionesRenta": "10.00", "descripcion": "Resmas y flete",
        "IdTransaccion": "contable-1",
        "mediosPago": [
            cheque, means("Cheque Emitido Común", "100.00"), means("Transferencia", "50.00"),
            means("Efectivo", "40.00"), means("Tarjeta de Credito", "30.00"),
            means("Cheque de Tercero", "20.00"),
        ],
        "facturas": [{
            "idFactura": 1, "idTipoFactura": "A", "nroFactura": "0003-00000001", "importe": "900.00",
        }],
        "diaContable": day, "registrado": format!("{day} {time}"), "usuario": "a",
        "integrador": "USUARIO_DESARROLLADOR", "anulacion": null,
    });
    assert_eq!(json, expected);
    let told = run("payout reverse 0002-00000007 --by tesorera --reason repetido").out;
    assert_eq!(told, "Pago 929 (0002-00000007, 1000.00) anulado por tesorera\n");
    let json = run("payout show 2-7 --json").json();
    let undone_at = json["anulacion"]["registrado"].as_str().unwrap();
    let (undone_on, undone_time) = undone_at.split_once(' ').unwrap();
    expected["idEstadoPago"] = json!("Anulado");
    expected["anulacion"] = json!({
        "registrado": undone_at, "diaContable": undone_on, "anuladoPor": "tesorera",
        "motivo": "repetido",
    });
    assert_eq!(json, expected);
    let shown = run("payout show 929").out;
    let last = shown.lines().last().unwrap();
    assert_eq!(
        without_now(last, undone_on, undone_time),
        "anulado        HOY HORA por tesorera, día contable HOY, motivo: repetido"
    );
    demo.stop();
    verify(&installation, "ventanilla-demo");
}

#[test]
fn payouts_are_listed_by_supplier_and_date() {
    let installation = Installation::nothing();
    let demo = installation.demo();
    let mut accountant = Accountant::log_in(demo.address());
    for day in ["16-08-2024", "18-08-2024"] {
        accountant.done("Pago.alta_pago", payout("1000.00", &json!({ "fechaPago": day })));
    }
    let list = "payout list --data ventanilla-demo --company 98";
    let to = "91694\tLibrería El Aguaribay";
    let [page, first, second] = [
        format!("928\t0001-00000288\t2016-08-16\t{to}\t11.00\tAprobado\n"),
        format!("929\t0001-00000289\t2024-08-16\t{to}\t1000.00\tAnulado\n"),
        format!("930\t0001-00000290\t2024-08-18\t{to}\t1000.00\tAprobado\n"),
    ];
    let reverse = "payout reverse 1-289 --data ventanilla-demo --company 98 --json";
    check(&installation, &[(reverse, 0, r#""idPago":929,"nroPago":"0001-00000289""#)]);
    let listed = |flags: &str| {
        installation.done(&format!("{list}{flags}").split(' ').collect::<Vec<_>>()).out
    };
    assert_eq!(listed(""), format!("{page}{first}{second}"));
    assert_eq!(listed(" --supplier 91694 --from 2024-08-17"), second);
    assert_eq!(listed(" --to 2024-08-16"), format!("{page}{first}"));
    assert_eq!(listed(" --from 2024-08-16 --to 2024-08-16"), first);
    assert_eq!(listed(" --from 2024-08-17 --to 2024-08-17"), "");
    assert_eq!(listed(" --from 2024-08-17 --to 2024-08-17 --json"), "[]\n");
    let json: Value = serde_json::from_str(&listed(" --from 2024-08-01 --json")).unwrap();
    let one = |payout: i64, number: &str, day: &str, state: &str| {
        json!({
            "idPago": payout, "nroPago": number, "fechaPago": day, "idProveedor": 91694,
            "NombreFantasia": "Librería El Aguaribay", "totalpagado": "1000.00",
            "idEstadoPago": state,
        })
    };
    let expected = [
        one(929, "0001-00000289", "2024-08-16", "Anulado"),
        one(930, "0001-00000290", "2024-08-18", "Aprobado"),
    ];
    assert_eq!(json, json!(expected));
    let show = "payout show --data ventanilla-demo --company 98";
    let unknown = "no hay ese pago en la empresa; vea «ventanilla payout list»";
    check(
        &installation,
        &[
            (&format!("{list} --supplier 9"), 2, "no hay ningún proveedor con ese idProveedor"),
            (&format!("{list} --from 2024-08-17 --to 2024-08-16"), 2, "--from es posterior a --to"),
            ("payout list --data ventanilla-demo", 2, "hay varias empresas"),
            (&format!("{show} 9"), 2, unknown),
            (&format!("{show} 2-289"), 2, unknown),
            ("payout show 1-289 --data ventanilla-demo --company 576", 2, unknown),
            ("payout reverse 2-289 --data ventanilla-demo --company 98", 2, unknown),
            ("payout reverse 1-289 --data ventanilla-demo --company 98", 2, "ya está anulado"),
        ],
    );
    demo.stop();
}
