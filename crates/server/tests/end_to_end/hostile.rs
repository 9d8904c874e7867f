//! Texts that mean something to a database, a sheet, a page or a terminal, all the way: from the biller's file and
//! the collector's request to answers, exports, reports and the log. They are kept as they are, and never understood.

use std::io::{BufReader, Read as _, Write as _};
use std::process::Stdio;

use serde_json::{Value, json};

use crate::common::{Installation, Server, connect, read_answer, verify};

/// None is longer than a contract's code.
const TEXTS: [&str; 14] = [
    "=1+1",
    "+1+1",
    "-1+1",
    "@SUM(A1:A9)",
    "=cmd|'/C calc'!A0",
    "' OR '1'='1",
    "'; DROP TABLE contract; --",
    "<script>alert(1)</script>",
    "{{7*7}} ${7*7} %s%n",
    "../../etc/passwd",
    "$(touch x) `touch x`",
    "\u{202e}543\u{202c}",
    "\"a\";b,c|d",
    "null",
];

/// An installation whose members' and bills' texts are all of them hostile; bill `n` is of text `n - 1`.
fn besieged() -> Installation {
    let installation = Installation::with_company();
    let mut members = csv::Writer::from_writer(Vec::new());
    members.write_record(["contrato", "nombre", "num_doc", "nit", "direccion"]).unwrap();
    let mut bills = csv::Writer::from_writer(Vec::new());
    bills.write_record(["factura", "contrato", "periodo", "monto", "autorizacion"]).unwrap();
    for (at, text) in TEXTS.iter().enumerate() {
        members.write_record([text, text, text, text, text]).unwrap();
        let number = (at + 1).to_string();
        bills.write_record([number.as_str(), text, "202401", "10.00", text]).unwrap();
    }
    installation.write("socios.csv", members.into_inner().unwrap());
    installation.write("facturas.csv", bills.into_inner().unwrap());
    installation.done(&["import", "members", "socios.csv", "--data", "datos"]);
    installation.done(&["import", "bills", "facturas.csv", "--data", "datos"]);
    installation
}

/// The cells of a table for a sheet that a sheet would run: none may be a text of ours.
fn check_sheet(what: &str, table: &str) {
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(b';')
        .has_headers(false)
        .flexible(true)
        .from_reader(table.trim_start_matches('\u{feff}').as_bytes());
    let (mut cells, mut guarded) = (0, 0);
    for record in reader.records() {
        for cell in &record.unwrap() {
            cells += 1;
            guarded += usize::from(TEXTS.iter().any(|text| format!("'{text}") == cell));
            let is_number =
                cell.trim_start_matches('-').starts_with(|first: char| first.is_ascii_digit())
                    && !cell.contains('+');
            let is_run = cell.starts_with(['=', '+', '-', '@', '\t', '\r']);
            assert!(!is_run || is_number, "{what}: {cell}");
        }
    }
    assert!(cells > TEXTS.len() && guarded >= 5, "{what}: {cells} {guarded}\n{table}");
}

#[test]
fn hostile_texts_are_kept_told_and_exported_and_run_nowhere() {
    let installation = besieged();
    let credentials = installation.collector("caja");
    let server = installation.serve();
    let mut client = server.client(&credentials);
    for (at, text) in TEXTS.iter().enumerate() {
        let found = client.post("buscarcliente", &json!({ "Contrato": text }).to_string());
        let member = found.values()[0].clone();
        for name in ["Nombre", "NumDoc", "Nit", "Direccion"] {
            assert_eq!(member[name], *text, "{name}");
        }
        let pay = json!({
            "IdFactura": at + 1, "Periodo": "202401", "Contrato": text, "Monto": "10.00",
            "IdAsociado": text, "Sucursal": text, "Cajero": text, "Terminal": text, "MedioPago": text,
        });
        let paid = client.post("realizarpago", &pay.to_string()).values();
        let print = json!({ "IdFactura": at + 1, "IdCobranza": paid["IdCobranza"] });
        let printed = client.post("imprimirfactura", &print.to_string());
        assert_eq!(printed.status, 200, "{text}: {printed:?}");
        assert_eq!(printed.json()["error"], 0, "{text}: {printed:?}");
        let reason =
            json!({ "IdFactura": at + 1, "IdCobranza": paid["IdCobranza"], "Motivo": text });
        client.post("revertirpago", &reason.to_string()).values();
    }
    let exported = ["export", "payments", "--data", "datos", "--format", "jsonl"];
    let exported = installation.done(&exported).out;
    let day: Value = exported.lines().next().unwrap().parse().unwrap();
    let request = json!({ "Fecha": day["dia"] }).to_string();
    let request = client.to_request("reportecobranzas", &request);
    let request = request.replacen("\r\n", "\r\nAccept: text/csv\r\nConnection: close\r\n", 1);
    let mut stream = connect(server.address()).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut report = String::new();
    stream.read_to_string(&mut report).unwrap();
    let (head, report) = report.split_once("\r\n\r\n").unwrap();
    assert!(head.contains("text/csv"), "{head}");
    check_sheet("the report", report);
    server.stop();
    for list in ["members", "bills", "payments", "events"] {
        let out = installation.done(&["export", list, "--data", "datos", "--excel"]).out;
        check_sheet(list, &out);
    }
    verify(&installation, "datos");
}

/// Whether a line of the log is one of ours: a moment, and nothing that moves a cursor.
fn is_line(line: &str) -> bool {
    let begins = line.get(..4).is_some_and(|year| year.bytes().all(|byte| byte.is_ascii_digit()));
    begins && line.get(4..5) == Some("-") && !line.chars().any(char::is_control)
}

#[test]
fn no_request_forges_a_line_of_the_log() {
    let installation = Installation::with_company();
    let credentials = installation.collector("caja");
    let log = std::fs::File::create(installation.path("registro")).unwrap();
    let mut command =
        installation.command(&["serve", "--data", "datos", "--listen", "127.0.0.1:0"]);
    let server = Server::start(command.args(["--log", "trace"]).stderr(Stdio::from(log)));
    let forged = "x\\n2026-01-01T00:00:00Z ERROR forged \\u001b[2J\\u001b]0;x\\u0007\\u0085\\u009b";
    let mut client = server.client(&credentials);
    for service in ["token", "buscarcliente", "realizarpago", "consultarpago", "nada"] {
        for field in ["Contrato", "CodSeguridad", "IdTransaccion", "IdFactura"] {
            client.post(service, &format!(r#"{{"{field}":"{forged}","{forged}":"{forged}"}}"#));
        }
    }
    let called = format!(
        r#"{{"service":{{"provision":"{forged}","operacion":"{forged}"}},"auth":{{"usuario":"{forged}","password":"{forged}"}}}}"#
    );
    let raw = "2026-01-01T00:00:00Z ERROR forged \u{9b}2J";
    for request in [
        format!("GET /{raw}%0a{raw} HTTP/1.1\r\nHost: x\r\n\r\n"),
        format!("GET /comprobante/%0a%1b[2J HTTP/1.1\r\nHost: {raw}\r\n\r\n"),
        format!("POST /api/token HTTP/1.1\r\n{raw}: x\r\n\r\n"),
        format!("POST /api/token HTTP/1.1\r\nX: \u{1b}[2J{raw}\r\n\r\n"),
        format!(
            "POST /api/consultardeuda HTTP/1.1\r\nauthorization: Bearer {raw}\r\nContent-Length: 0\r\n\r\n"
        ),
        "\u{1b}[2J\n2026-01-01T00:00:00Z ERROR forged\n\n".to_owned(),
        format!("POST /colppy HTTP/1.1\r\nContent-Length: {}\r\n\r\n{called}", called.len()),
    ] {
        let mut stream = connect(server.address()).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        // Some have an answer, some have none.
        read_answer(&mut BufReader::new(stream)).ok();
    }
    server.stop();
    let log = installation.read("registro");
    assert!(log.lines().count() > 20, "{log}");
    for line in log.lines() {
        assert!(is_line(line), "{}", line.escape_debug());
    }
    assert!(!log.lines().any(|line| line.starts_with("2026-01-01T00:00:00Z")), "{log}");
}

#[test]
fn no_name_or_cell_of_a_file_reaches_the_terminal_as_it_is() {
    let installation = Installation::with_company();
    let forged = "\u{1b}[2J\u{1b}]0;x\u{7}\u{9b}31m";
    let name = format!("a{forged}.csv");
    installation.write(&name, format!("contrato,nombre\n1,x{forged}\n{forged},x\n1,\"a\nb\"\n"));
    let ran = installation.run(&["import", "members", &name, "--data", "datos"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    for told in [ran, installation.run(&[forged]), installation.run(&["serve", "--data", forged])] {
        let is_moved = |char: char| char.is_control() && char != '\n';
        assert!(!told.err.contains(is_moved) && !told.out.contains(is_moved), "{told:?}");
    }
}
