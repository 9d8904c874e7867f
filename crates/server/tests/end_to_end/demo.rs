//! The demo: the document's own examples against the real binary.

use std::io::{BufReader, Write as _};
use std::net::SocketAddr;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use serde_json::Value;

use crate::common::{
    Answer, Bill, Client, Credentials, Installation, bills, connect, exists, import, now,
    read_answer, verify,
};

const DONE: &str =
    r#"{"error":0,"status":1,"message":"","messageMostrar":0,"messageSistema":"","values":"#;

/// Whether the text is a moment as the wire shows it: `26/11/2021 12:11:52`.
fn is_moment(text: &str) -> bool {
    let form = text.chars().map(|c| if c.is_ascii_digit() { '0' } else { c });
    form.eq("00/00/0000 00:00:00".chars())
}

#[test]
fn the_documents_examples_work_as_printed() {
    let installation = Installation::nothing();
    let server = installation.demo();
    check_examples(&mut server.client(&Credentials::demo()));
    server.stop();
    verify(&installation, "ventanilla-demo");
}

/// The document's own examples, as printed.
pub(crate) fn check_examples(client: &mut Client) {
    for (service, body, values) in [
        (
            "buscarcliente",
            r#"{"Contrato":"345"}"#,
            r#"[{"Nombre":"Rivas La Fuente Valentin","Factura":4294633,"NumDoc":"","TipoDocumento":"","Nit":"","Direccion":"","estado":1,"CodUbicacion":24532}]}"#,
        ),
        (
            "consultardeuda",
            r#"{"Contrato":"345"}"#,
            r#"[{"ID":316,"Nombre":"Rivas La Fuente Valentin","CodUbicacion":14207,"periodo":"202110","factura":4294633,"montoTotal":"136.76","estado":1},{"ID":316,"Nombre":"Rivas La Fuente Valentin","CodUbicacion":14207,"periodo":"202111","factura":4325535,"montoTotal":"136.78","estado":1}]}"#,
        ),
    ] {
        assert_eq!(client.post(service, body).text, format!("{DONE}{values}"), "{service}");
    }
    let answer = client.post(
        "realizarpago",
        r#"{"IdFactura":4303567,"Periodo":"202110","Contrato":"315","Monto":145.7,"IdAsociado":"12394"}"#,
    );
    let moment = answer.json()["values"]["FechaPagoEmpresa"].as_str().unwrap().to_owned();
    assert!(is_moment(&moment), "{moment}");
    let printed = r#"{"error":0,"status":1,"message":"Transaccion realizada con exito","messageMostrar":0,"messageSistema":"","values":{"IdCobranza":"4224408","FechaPagoEmpresa":""#;
    assert_eq!(answer.text, format!("{printed}{moment}\"}}}}"));
    let answer = client.post("imprimirfactura", r#"{"IdFactura":4303567,"IdCobranza":"4224330"}"#);
    assert_eq!(answer.values(), "Transacción realizada con exito");
    let answer = client.post("reportecobranzas", r#"{"Fecha":"2021-11-05"}"#);
    let printed = format!(r#"{DONE}"Transacción realizada con éxito","#);
    assert!(answer.text.starts_with(&printed), "{}", answer.text);
    let answer = client.post("revertirpago", r#"{"IdFactura":234234,"IdCobranza":23456422}"#);
    assert_eq!(
        answer.text,
        r#"{"error":0,"status":1,"message":" Transacción realizada con éxito ","messageMostrar":0,"messageSistema":"","values":1}"#
    );
    let rows = client.post("consultarpago", r#"{"IdFactura":4303567}"#).values();
    let ids: Vec<&Value> = rows.as_array().unwrap().iter().map(|row| &row["IdCobranza"]).collect();
    assert_eq!(ids, ["4224330", "4224408"]);
}

#[test]
fn the_demos_company_says_what_heads_its_papers() {
    let installation = Installation::nothing();
    installation.demo().stop();
    let line = ["company", "set", "--data=ventanilla-demo", "--company=13", "--json"];
    let shown = installation.run(&line).json();
    assert_eq!(shown["Logo"]["Tipo"], "image/png");
    let settings = shown["Ajustes"].clone();
    for (key, value) in [
        ("issuer.name", "Cooperativa de Servicios Públicos Cooplan Ltda."),
        ("issuer.tax_id", "1023245028"),
        ("issuer.address", "Av. Blanco Galindo km 5, Zona Quillacollo"),
        ("issuer.municipality", "Cochabamba - Bolivia"),
        ("issuer.phone", "4-4260000"),
        ("issuer.activity", "Captación, tratamiento y distribución de agua"),
        ("issuer.public_url", "http://127.0.0.1:8080"),
    ] {
        assert_eq!(settings[key], value, "{key}");
    }
    let legend = settings["issuer.legend"].as_str().unwrap();
    assert!(legend.starts_with("Ley N.° 453: Tienes derecho") && legend.ends_with("utilices."));
}

#[test]
fn a_restarted_demo_keeps_its_data_and_says_how_to_try_it() {
    let installation = Installation::nothing();
    let server = installation.demo();
    let mut client = server.client(&Credentials::bank());
    let payment = r#"{"IdFactura":4294633,"Periodo":"202110","Contrato":"345","Monto":"136.76"}"#;
    let paid = client.post("realizarpago", payment).values();
    server.stop();
    assert!(exists(&installation.path("ventanilla-demo.secrets")));
    assert!(!exists(&installation.path("ventanilla-demo.creando")));

    let started = now();
    let server = installation.demo();
    assert!(started.elapsed() < Duration::from_secs(5), "a demo that is there starts at once");
    let mut told = Vec::new();
    while !told.last().is_some_and(|line: &String| line.contains("api/realizarpago")) {
        told.push(server.line());
    }
    let told = told.join("\n");
    for word in ["DEMO-COOPLAN", "demo-cooplan", "DEMO-BANCO", "demo-banco", "api/consultardeuda"] {
        assert!(told.contains(word), "{word}: {told}");
    }
    let mut client = server.client(&Credentials::bank());
    let again = client.post("realizarpago", payment);
    assert_eq!((again.code().as_str(), &again.json()["values"]), ("FACTURA_YA_PAGADA", &paid));
    assert_eq!(
        client.post("consultarpago", r#"{"IdFactura":4303567}"#).values(),
        serde_json::json!([])
    );
}

#[test]
fn the_reports_of_the_last_days_have_something_to_show() {
    let installation = Installation::nothing();
    let server = installation.demo();
    for credentials in [Credentials::demo(), Credentials::bank()] {
        let mut client = server.client(&credentials);
        // The demo's days are those of La Paz, four hours behind.
        let now = jiff::Timestamp::from_second(unix_seconds() - 4 * 3600).unwrap();
        let today = jiff::tz::TimeZone::UTC.to_datetime(now).date();
        for days in 1..=5 {
            let day = today.checked_sub(jiff::Span::new().days(days)).unwrap();
            let answer = client.post("reportecobranzas", &format!(r#"{{"Fecha":"{day}"}}"#));
            let count = answer.json()["reporte"]["pagadas"]["cantidad"].as_i64().unwrap();
            assert!(count >= 10, "{day}: {count} payments");
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "the demo is made by the machine's clock")]
fn unix_seconds() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    since.as_secs().try_into().unwrap()
}

#[test]
fn a_demo_that_was_cut_off_is_made_anew() {
    let installation = Installation::nothing();
    // What a start that was killed half-way leaves: a draft, whole or not, and its secrets.
    installation.demo().stop();
    let move_to = |from: &str, to: &str| {
        std::fs::rename(installation.path(from), installation.path(to)).unwrap();
    };
    move_to("ventanilla-demo", "ventanilla-demo.creando");
    move_to("ventanilla-demo.secrets", "ventanilla-demo.creando.secrets");
    let server = installation.demo();
    server.client(&Credentials::demo());
    assert!(!exists(&installation.path("ventanilla-demo.creando")));
    server.stop();
    verify(&installation, "ventanilla-demo");
}

#[test]
fn a_demo_is_for_this_machine_alone_and_for_its_own_data() {
    let installation = Installation::nothing();
    for listen in ["0.0.0.0:0", "[::]:0", "192.0.2.1:8080"] {
        let ran = installation.run(&["demo", "--listen", listen]);
        assert_eq!(ran.code, 2, "{listen}: {ran:?}");
        assert!(ran.err.contains("solo escucha en esta máquina"), "{ran:?}");
    }
    assert!(!exists(&installation.path("ventanilla-demo")));
    installation.write("notas.txt", "algo");
    installation.done(&["init", "--data", "datos"]);
    installation.done(&["init", "--data", "ajenos"]);
    installation.done(&["init", "--data", "sin-claves"]);
    std::fs::remove_file(installation.path("sin-claves.secrets")).unwrap();
    installation
        .write("ajenos.secrets", std::fs::read(installation.path("datos.secrets")).unwrap());
    for data in [".", "datos", "ajenos", "sin-claves"] {
        let ran = installation.run(&["demo", "--data", data, "--listen", "127.0.0.1:0"]);
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{data}: {ran:?}");
        let told = format!(
            "ventanilla: {data}: el directorio no está vacío y no es de una demostración; \
             indique otro con --data\n"
        );
        assert_eq!(ran.err, told, "{data}");
    }
}

#[test]
fn a_demo_of_an_earlier_version_is_refused_before_it_greets() {
    let installation = Installation::nothing();
    installation.demo().stop();
    let database = installation.path("ventanilla-demo/ventanilla.db");
    let change = "UPDATE integrator SET name = 'otro' WHERE name = 'USUARIO_DESARROLLADOR'";
    let changed = Command::new("sqlite3").arg(&database).arg(change).status().unwrap();
    assert!(changed.success());
    let ran = installation.run(&["demo", "--listen", "127.0.0.1:0"]);
    assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{ran:?}");
    assert!(ran.err.contains("es la demostración de una versión anterior"), "{ran:?}");
    assert!(exists(&database), "nothing is deleted");
}

#[test]
fn a_demo_without_its_address_makes_nothing() {
    let installation = Installation::nothing();
    let busy = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let listen = busy.local_addr().unwrap().to_string();
    let ran = installation.run(&["demo", "--listen", &listen]);
    assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{ran:?}");
    let told = format!("ventanilla: no se puede escuchar en {listen}: la dirección está ocupada\n");
    assert_eq!(ran.err, told);
    let left = std::fs::read_dir(installation.path(".")).unwrap().count();
    assert_eq!(left, 0, "nothing is made for an address that is not to be had");
}

#[test]
fn a_second_server_on_the_same_data_is_refused() {
    let installation = Installation::nothing();
    let server = installation.demo();
    for line in [
        ["demo", "--data", "ventanilla-demo", "--listen", "127.0.0.1:0"],
        ["serve", "--data", "ventanilla-demo", "--listen", "127.0.0.1:0"],
    ] {
        let ran = installation.run(&line);
        assert_eq!((ran.code, ran.out.as_str()), (3, ""), "{ran:?}");
        assert!(ran.err.contains("otro servidor ya atiende estos datos"), "{ran:?}");
    }
    server.client(&Credentials::demo());
}

#[test]
fn a_server_told_to_stop_finishes_what_it_accepted() {
    let installation = Installation::with_company();
    let credentials = installation.collector("caja");
    let bills = bills(200, 10);
    import(&installation, &bills);
    let mut server = installation.serve();
    let client = server.client(&credentials);
    let half_sent = Bill { ..bills[0] };
    let mut slow = send_half(&client, server.address(), half_sent);
    let stop = AtomicBool::new(false);
    let paid: Vec<(Bill, String)> = thread::scope(|scope| {
        let payers: Vec<_> = bills[1..]
            .chunks(bills.len() / 8)
            .map(|bills| scope.spawn(|| pay_until(client.another(), bills, &stop)))
            .collect();
        thread::sleep(Duration::from_millis(150));
        server.terminate();
        thread::sleep(Duration::from_millis(150));
        let answer = slow();
        assert_eq!((answer.status, answer.code().as_str()), (200, ""), "{answer:?}");
        stop.store(true, Ordering::Relaxed);
        payers.into_iter().flat_map(|payer| payer.join().unwrap()).collect()
    });
    assert_eq!(server.ended(Duration::from_secs(10)), 0);
    assert!(!paid.is_empty());
    let server = installation.serve();
    let mut client = server.client(&credentials);
    for (bill, id) in &paid {
        let rows =
            client.post("consultarpago", &format!(r#"{{"IdFactura":{}}}"#, bill.id)).values();
        assert_eq!(rows[0]["IdCobranza"].as_str(), Some(id.as_str()), "{bill:?}");
    }
    server.stop();
    verify(&installation, "datos");
}

/// Sends a payment but its last bytes; what it gives sends those and reads the answer.
fn send_half(client: &Client, address: SocketAddr, bill: Bill) -> impl FnMut() -> Answer {
    let request = client.to_request("realizarpago", &bill.to_payment(None)).into_bytes();
    let (first, rest) = request.split_at(request.len() - 10);
    let rest = rest.to_owned();
    let mut stream = BufReader::new(connect(address).unwrap());
    stream.get_mut().write_all(first).unwrap();
    move || {
        stream.get_mut().write_all(&rest).unwrap();
        read_answer(&mut stream).unwrap()
    }
}

/// Pays bills one by one until the server is gone.
fn pay_until(mut client: Client, bills: &[Bill], stop: &AtomicBool) -> Vec<(Bill, String)> {
    let mut paid = Vec::new();
    for bill in bills {
        let Ok(answer) = client.try_post("realizarpago", &bill.to_payment(None)) else { break };
        let json = answer.json();
        if json["error"] == 0 {
            paid.push((*bill, json["values"]["IdCobranza"].as_str().unwrap().to_owned()));
        }
        if stop.load(Ordering::Relaxed) {
            break;
        }
    }
    paid
}
