//! What is printed: the report of a day, the invoice of a payment, the order of a payout. What the wire gives and what a command gives are the same bytes.

use std::fs;
use std::io::Read as _;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::common::accountant::{Accountant, invoice, payout};
use crate::common::paper::{bytes, check_same, codes, shell, text};
use crate::common::{Installation, Piped, Server, bills, check, import, run, wait_until};

const DEMO: &str = "ventanilla-demo";
/// The demo's payment that stands, and the one that was reversed, both of the day before the demo.
const STANDING: &str = "23456422";
const REVERSED: &str = "4224330";

/// Asks the server as the demo's own collector; the answer goes to a file.
fn ask(installation: &Installation, server: &Server, service: &str, form: &str, to: &str) {
    let base = format!("http://{}/api", server.address());
    shell(
        installation,
        &format!(
            "TOKEN=$(curl -s {base}/token -d CodSeguridad=DEMO-COOPLAN -d Login=demo \
             -d Pwd=demo-cooplan | sed 's/.*\"values\":\"\\([^\"]*\\)\".*/\\1/')\n\
             curl -sf {base}/{service} -H \"Authorization: Bearer $TOKEN\" {form} -o {to}"
        ),
    );
}

/// The business day of the payment that stands.
fn day(installation: &Installation, data: &str, company: &str) -> String {
    let line = ["export", "payments", "--data", data, "--company", company, "--format", "jsonl"];
    let ran = installation.done(&line);
    let last = ran.out.lines().last().unwrap();
    let last: Value = serde_json::from_str(last).unwrap();
    last["dia"].as_str().unwrap().to_owned()
}

#[test]
fn the_report_of_a_day_is_the_wires() {
    let installation = Installation::nothing();
    let server = installation.demo();
    let day = day(&installation, DEMO, "13");
    let line =
        format!("ventanilla report --data {DEMO} --company 13 --collector 'Ventanilla Cooplan'");
    let as_json = |day: &str| {
        ask(&installation, &server, "reportecobranzas", &format!("-d Fecha={day}"), "wire.json");
        let told = shell(&installation, &format!("{line} --date {day} --format json"));
        let answer = installation.read("wire.json");
        assert!(
            answer.ends_with(&format!("\"reporte\":{}}}", told.trim_end())),
            "{answer}\n{told}"
        );
        serde_json::from_str::<Value>(&told).unwrap()
    };
    let report = as_json(&day);
    assert_eq!(report["cobranzas"].as_array().unwrap().len(), 28);
    assert_eq!(report["pagadas"]["cantidad"], 28);
    assert!(report["reversiones"][1]["FechaReversion"].is_string(), "{report}");
    let stated = "-d IdFactura=4303567 -d Periodo=202110 -d Contrato=315 -d Monto=145.70 \
                  -d IdAsociado=12394 -d IdTransaccion=t-1 -d Sucursal=Centro -d Cajero=Ana \
                  -d Terminal=T7 -d MedioPago=QR -d FechaCobro=20211126";
    ask(&installation, &server, "realizarpago", stated, "pagado.json");
    let paid: Value = serde_json::from_str(&installation.read("pagado.json")).unwrap();
    let paid_at = paid["values"]["FechaPagoEmpresa"].as_str().unwrap();
    let today = [&paid_at[6..10], &paid_at[3..5], &paid_at[..2]].join("-");
    let row = as_json(&today)["cobranzas"][0].clone();
    assert_eq!(row["FechaCobro"], "26/11/2021 00:00:00", "{row}");

    let line = format!("{line} --date {day}");
    for (form, media_type, magic) in [
        ("csv", "text/csv", "\u{FEFF}Tipo;IdCobranza;IdFactura;"),
        (
            "xlsx",
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            "PK\u{3}\u{4}",
        ),
        ("pdf", "application/pdf", "%PDF-"),
    ] {
        let (wire, file, piped) =
            (format!("wire.{form}"), format!("file.{form}"), format!("piped.{form}"));
        let asked = format!("-H 'Accept: {media_type}' -d Fecha={day}");
        ask(&installation, &server, "reportecobranzas", &asked, &wire);
        shell(&installation, &format!("{line} --format {form} | cat >{piped}"));
        let ran =
            run(&mut installation.shell(".", &format!("{line} --format {form} --output {file}")));
        let told = format!("{file}: 28 cobranzas, 2 reversiones\n");
        assert_eq!((ran.code, ran.out.as_str(), ran.err), (0, "", told));
        check_same(&installation, &file, &wire);
        check_same(&installation, &file, &piped);
        assert!(bytes(&installation, &file).starts_with(magic.as_bytes()), "{form}");
    }
    let csv = installation.read("file.csv");
    assert_eq!(csv.lines().count(), 1 + 28 + 2);
    let row = format!("cobranza;{STANDING};234234;316;");
    assert!(csv.lines().any(|line| line.starts_with(&row) && line.contains(";98,40;")), "{csv}");
    let row = format!("reversion;{REVERSED};4303567;315;");
    assert!(csv.lines().any(|line| line.starts_with(&row) && line.contains(";-145,70;")), "{csv}");
    let paper = text(&installation, "file.pdf");
    assert!(paper.contains("Ventanilla Cooplan") && paper.contains(STANDING), "{paper}");
    server.stop();
}

#[test]
fn a_day_without_collections_is_a_report_too() {
    let installation = Installation::with_company();
    installation.collector("caja");
    let line = "report --data datos --collector caja --date 2021-11-05 --format";
    let none = json!({ "cantidad": 0, "monto": "0.00" });
    let json = shell(&installation, &format!("ventanilla {line} json"));
    assert_eq!(
        serde_json::from_str::<Value>(&json).unwrap(),
        json!({
            "fecha": "2021-11-05", "cobranzas": [], "reversiones": [],
            "pagadas": none, "revertidas": none, "neto": none,
        })
    );
    assert_eq!(shell(&installation, &format!("ventanilla {line} csv")).lines().count(), 1);
    shell(&installation, &format!("ventanilla {line} pdf >dia.pdf"));
    assert!(text(&installation, "dia.pdf").contains("05/11/2021"));
}

#[test]
fn whoever_reads_a_report_slowly_holds_nothing_up() {
    let installation = Installation::with_company();
    let all = bills(100, 4);
    let (last, rest) = all.split_last().unwrap();
    import(&installation, &all);
    let credentials = installation.collector("caja");
    let server = installation.serve();
    let mut client = server.client(&credentials);
    for bill in rest {
        client.post("realizarpago", &bill.to_payment(None)).values();
    }
    let day = day(&installation, "datos", "13");
    let line = ["report", "--data=datos", "--collector=caja", "--format=json", "--date", &day];
    let mut reporting = Piped::start(installation.command(&line).stdout(Stdio::piped()));
    let mut out = reporting.child.stdout.take().unwrap();
    out.read_exact(&mut [0]).unwrap();
    // Now the pipe is full. The log can still be moved into the file whole: nobody holds a snapshot
    // from before the next payment.
    client.post("realizarpago", &last.to_payment(None)).values();
    wait_until("a log that nobody holds", || {
        let mut sqlite = Command::new("sqlite3");
        sqlite.arg(installation.path("datos/ventanilla.db"));
        let told = sqlite.arg("PRAGMA wal_checkpoint(TRUNCATE)").output().unwrap();
        told.stdout.starts_with(b"0|")
    });
    let mut rest = String::from("{");
    out.read_to_string(&mut rest).unwrap();
    assert_eq!(reporting.ended(), 0);
    let report: Value = serde_json::from_str(&rest).unwrap();
    assert!(rest.len() > 80_000 && report["pagadas"]["cantidad"] == 399, "{}", rest.len());
    server.stop();
}

#[test]
fn what_cannot_be_printed_is_told_and_leaves_no_file() {
    let installation = Installation::nothing();
    let demo = installation.demo();
    demo.stop();
    installation.write("antes.pdf", "antes");
    let report = format!("report --data {DEMO} --date 2021-11-05 --format csv --output antes.pdf");
    let printing = |line: &str| format!("{line} --data {DEMO} --output antes.pdf");
    for (line, told) in [
        (
            format!("{report} --company 13 --collector Nadie"),
            "no hay ningún recaudador con ese nombre",
        ),
        (
            format!("{report} --company 98 --collector Banco"),
            "no hay ningún recaudador con ese nombre",
        ),
        (format!("{report} --company 9 --collector Banco"), "no hay ninguna empresa 9"),
        (format!("{report} --collector Banco"), "hay varias empresas (13, 98, 576)"),
        (printing("invoice 1 --company 13"), "no hay ninguna cobranza 1 en la empresa"),
        (printing(&format!("invoice {STANDING} --company 98")), "no hay ninguna cobranza 23456422"),
        (printing("payout print 1 --company 98"), "no hay ese pago en la empresa"),
        (printing("payout print 928 --company 576"), "no hay ese pago en la empresa"),
        (
            format!("invoice {STANDING} --company 13 --data {DEMO} --output ."),
            "--output .: no es un archivo",
        ),
        (
            format!("invoice {STANDING} --company 13 --data {DEMO} --output a/b"),
            "--output a/b: no se pudo crear",
        ),
        ("receipt-key --data nada".to_owned(), "no hay ninguna instalación"),
    ] {
        let code = if line.contains("nada") { 3 } else { 2 };
        check(&installation, &[(&line, code, told)]);
    }
    assert_eq!(installation.read("antes.pdf"), "antes");
    let drafts = fs::read_dir(installation.path(".")).unwrap();
    let drafts = drafts.filter(|entry| {
        entry.as_ref().unwrap().file_name().to_string_lossy().ends_with(".parcial")
    });
    assert_eq!(drafts.count(), 0);
}

#[test]
fn nothing_is_written_to_a_terminal_that_nobody_could_read_there() {
    let installation = Installation::nothing();
    installation.demo().stop();
    let day = "--date 2021-11-05 --collector Banco";
    for (line, what) in [
        (format!("invoice {STANDING} --company 13"), "un PDF"),
        ("payout print 928 --company 98".to_owned(), "un PDF"),
        (format!("report --company 13 {day} --format pdf"), "un PDF"),
        (format!("report --company 13 {day} --format xlsx"), "un libro de Excel"),
    ] {
        let lines = format!("exec script -qec \"ventanilla {line} --data {DEMO}\" /dev/null");
        let ran = run(installation.shell(".", &lines).env("SHELL", "/bin/sh"));
        assert_eq!(ran.code, 2, "{ran:?}");
        assert!(ran.out.contains(what) && ran.out.contains("con --output ARCHIVO"), "{ran:?}");
        assert!(!ran.out.contains("%PDF") && !ran.out.contains("PK"), "{ran:?}");
    }
    let line = format!("ventanilla report --company 13 {day} --format csv --data {DEMO}");
    let lines = format!("exec script -qec \"{line}\" /dev/null");
    let ran = run(installation.shell(".", &lines).env("SHELL", "/bin/sh"));
    assert!(ran.code == 0 && ran.out.contains("Tipo;IdCobranza"), "{ran:?}");
}

#[test]
fn an_invoice_is_the_wires_and_the_same_whatever_is_changed_later() {
    let installation = Installation::nothing();
    let server = installation.demo();
    let print = |payment: &str, paper: &str, to: &str| {
        let line =
            format!("invoice {payment} --data {DEMO} --company 13 --format {paper} --output");
        let ran = installation.done(&[&line.split(' ').collect::<Vec<_>>()[..], &[to]].concat());
        assert_eq!((ran.out.as_str(), ran.err.as_str()), ("", ""));
    };
    let payments = [(STANDING, "234234"), (REVERSED, "4303567")];
    for (payment, bill) in payments {
        for paper in ["a4", "rollo"] {
            let (wire, file) =
                (format!("wire-{payment}-{paper}.pdf"), format!("{payment}-{paper}.pdf"));
            let asked = format!(
                "-H 'Accept: application/pdf' -d IdFactura={bill} -d IdCobranza={payment} -d Formato={paper}"
            );
            ask(&installation, &server, "imprimirfactura", &asked, &wire);
            print(payment, paper, &file);
            check_same(&installation, &file, &wire);
        }
        let a4 =
            format!("ventanilla invoice {payment} --data {DEMO} --company 13 | cat >piped.pdf");
        shell(&installation, &a4);
        check_same(&installation, "piped.pdf", &format!("{payment}-a4.pdf"));
    }
    let standing = text(&installation, &format!("{STANDING}-a4.pdf"));
    for said in [
        "Cooperativa de Servicios Públicos",
        "COMPROBANTE DE PAGO – no válido como factura",
        "IdFactura: 234234",
        "IdCobranza: 23456422",
        "Agua 74,10",
        "Son: Noventa y ocho 40/100 Bolivianos",
        "Cobrador: Ventanilla Cooplan",
    ] {
        assert!(standing.contains(said), "{said}: {standing}");
    }
    assert!(!standing.contains("REVERTIDO"), "{standing}");
    let reversed = text(&installation, &format!("{REVERSED}-rollo.pdf"));
    assert!(reversed.contains("PAGO REVERTIDO"), "{reversed}");

    installation.write("socios.csv", "contrato,nombre,nit\n316,Otro Nombre,77\n315,Otra Más,78\n");
    for line in [
        format!("import members socios.csv --data {DEMO} --company 13"),
        format!("company set --data {DEMO} --company 13 issuer.name=Otra issuer.public_url=none"),
    ] {
        installation.done(&line.split(' ').collect::<Vec<_>>());
    }
    for (payment, _) in payments {
        for paper in ["a4", "rollo"] {
            print(payment, paper, "otra-vez.pdf");
            check_same(&installation, "otra-vez.pdf", &format!("{payment}-{paper}.pdf"));
        }
    }
    server.stop();
}

/// Bills with a fiscal invoice: of the computarizada system, of the online one, and of neither.
const FISCAL: &str = "\
factura,contrato,periodo,monto,emision,nro_fiscal,autorizacion,codigo_control,fecha_limite,cuf,base_credito_fiscal,ice_tasas,no_gravado,no_sujeto,descuentos,detalle
20,1,202110,37.58,2021-11-05,1207,29040011007,AB-12,2021-12-31,,37.58,0,0,0,7.20,Agua=35.98|Alcantarillado=8.80|Ley 1886=-7.20
21,1,202111,10.00,2021-12-05,1208,,,,1A2B3C,10.00,0,0,0,0,Agua=10.00
22,1,202112,10.00,2022-01-05,1209,,,,,10.00,0,0,0,0,Agua=10.00
";

#[test]
fn a_paper_is_titled_factura_where_the_file_brought_the_fiscal_facts() {
    let installation = Installation::with_company();
    installation.write("socios.csv", "contrato,nombre,nit\n1,Rosa Paz,3345678014\n");
    installation.write("facturas.csv", FISCAL);
    for line in [
        "import members socios.csv --data datos",
        "import bills facturas.csv --data datos",
        "company set --data datos issuer.tax_id=1023245028 issuer.public_url=https://pagos.example/agua",
    ] {
        installation.done(&line.split(' ').collect::<Vec<_>>());
    }
    let credentials = installation.collector("caja");
    let server = installation.serve();
    let mut client = server.client(&credentials);
    for (bill, period, amount, code) in [
        (
            20,
            202_110,
            "37.58",
            Some(
                "1023245028|1207|29040011007|05/11/2021|37.58|37.58|AB-12|3345678014|0.00|0.00|0.00|7.20",
            ),
        ),
        (
            21,
            202_111,
            "10.00",
            Some(
                "https://siat.impuestos.gob.bo/consulta/QR?nit=1023245028&cuf=1A2B3C&numero=1208&t=2",
            ),
        ),
        (22, 202_112, "10.00", None),
    ] {
        let body = format!(
            r#"{{"IdFactura":{bill},"Periodo":"{period}","Contrato":"1","Monto":{amount}}}"#
        );
        let paid = client.post("realizarpago", &body).values();
        let payment = paid["IdCobranza"].as_str().unwrap();
        installation.done(&["invoice", payment, "--data=datos", "--output=papel.pdf"]);
        let paper = text(&installation, "papel.pdf");
        assert_eq!(!paper.contains("no válido como factura"), code.is_some(), "{paper}");
        let proof = format!(
            "https://pagos.example/agua/comprobante/13/{payment}/{bill}/1/{period}/{amount}/BOB/"
        );
        let (proofs, fiscal): (Vec<_>, Vec<_>) = codes(&installation, "papel.pdf")
            .into_iter()
            .partition(|code| code.starts_with(&proof));
        assert_eq!((proofs.len(), fiscal), (1, code.map(str::to_owned).into_iter().collect()));
    }
    server.stop();
}

#[test]
fn a_payout_is_printed_as_its_order() {
    let installation = Installation::nothing();
    let server = installation.demo();
    let mut accountant = Accountant::log_in(server.address());
    let entered = accountant.enter(invoice("77", "1500.50", &json!({})));
    let more = json!({ "recordsToInsertUpdate": [{ "idFactura": entered, "importe": "1200.00" }] });
    let paid = accountant.done("Pago.alta_pago", payout("1500.50", &more));
    let id = paid["data"]["idPago"].as_str().unwrap().to_owned();
    server.stop();
    let print = |name: &str, to: &str| {
        let line = ["payout", "print", name, "--company=98", "--data", DEMO, "--output", to];
        let ran = installation.done(&line);
        assert_eq!((ran.out.as_str(), ran.err.as_str()), ("", ""));
    };
    print(&id, "orden.pdf");
    print("0001-00000289", "por-numero.pdf");
    check_same(&installation, "orden.pdf", "por-numero.pdf");
    let order = text(&installation, "orden.pdf");
    for said in [
        "Cooperativa La Quebrada",
        "ORDEN DE PAGO N.º: 0001-00000289",
        "Páguese a: El Aguaribay S.R.L.",
        "CUIT: 30-00000000-7",
        "Factura A 0003-00000077 1.200,00",
        "Anticipo 300,50",
        "Transferencia 1.500,50",
        "Son: Mil quinientos 50/100 Pesos",
    ] {
        assert!(order.contains(said), "{said}: {order}");
    }
    assert!(!order.contains("ANULADO"), "{order}");
    let set = [
        "company",
        "set",
        "--company=98",
        "--data",
        DEMO,
        "issuer.name=La Quebrada S.A.",
        "issuer.tax_id=30-1",
    ];
    installation.done(&set);
    installation.done(&["payout", "reverse", &id, "--company=98", "--data", DEMO, "--by=ana"]);
    print(&id, "anulada.pdf");
    let order = text(&installation, "anulada.pdf");
    for said in ["La Quebrada S.A.", "NIT/CUIT: 30-1", "PAGO ANULADO el ", " por ana"] {
        assert!(order.contains(said), "{said}: {order}");
    }
}
