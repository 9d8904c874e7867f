//! The drill: everything is lost but a backup and the kit, and the window opens again.

mod again;
mod bad;
mod beside;
mod documented;
mod mirrored;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::common::paper::codes;
use crate::common::{
    Bill, Client, Credentials, Installation, bills, check, import, now, run, verify,
};

/// An installation in `datos` with the code that opens its kit, two collectors and some bills.
struct Office {
    installation: Installation,
    code: String,
    bank: Credentials,
    kiosk: Credentials,
    bills: Vec<Bill>,
}

impl Office {
    fn opened() -> Self {
        let installation = Installation::nothing();
        let init = installation.done(&["init", "--data", "datos"]);
        let code = init.out.lines().find_map(|line| line.strip_prefix("Código de recuperación: "));
        let code = code.unwrap().to_owned();
        let company = "company add --data datos --id 13 --name Cooplan";
        installation.done(&company.split(' ').collect::<Vec<_>>());
        let (bank, kiosk) = (installation.collector("banco"), installation.collector("kiosco"));
        let bills = bills(4, 3);
        import(&installation, &bills);
        Self { installation, code, bank, kiosk, bills }
    }

    fn backup(&self, line: &str) -> Value {
        let line = format!("backup {line} --data datos --json");
        self.installation.run(&line.split(' ').collect::<Vec<_>>()).json()
    }
}

/// Pays a bill; its `IdCobranza`.
fn pay(client: &mut Client, bill: Bill, key: &str) -> i64 {
    let paid = client.post("realizarpago", &bill.to_payment(Some(key))).values();
    paid["IdCobranza"].as_str().unwrap().parse().unwrap()
}

/// The codes of a payment's paper.
fn receipt(installation: &Installation, payment: i64) -> String {
    let payment = payment.to_string();
    installation.done(&["invoice", &payment, "--data=datos", "--output=papel.pdf"]);
    let [code] = codes(installation, "papel.pdf").try_into().unwrap();
    fs::remove_file(installation.path("papel.pdf")).unwrap();
    code
}

/// The report of a collector's day, as it is downloaded.
fn report(installation: &Installation, collector: &str, to: &str) {
    let day = installation.run(&["export", "payments", "--data=datos", "--format=jsonl"]);
    let last: Value = serde_json::from_str(day.out.lines().last().unwrap()).unwrap();
    let day = last["dia"].as_str().unwrap().to_owned();
    let line = format!(
        "report --data datos --collector {collector} --date {day} --format csv --output {to}"
    );
    installation.done(&line.split(' ').collect::<Vec<_>>());
}

/// The numbers and payments of all events.
fn events(installation: &Installation, data: &str) -> Vec<(i64, i64)> {
    let line = ["export", "events", "--after=0", "--data", data];
    let told = installation.done(&line).out;
    let number = |event: &Value, key: &str| event[key].as_i64().unwrap();
    let events = told.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    events.map(|event| (number(&event, "numero"), number(&event, "id_cobranza"))).collect()
}

/// What a window did around its backup, and what of it is lost.
struct Evening {
    office: Office,
    clients: [Client; 2],
    /// Every `IdCobranza` that was ever given.
    given: BTreeSet<i64>,
    /// Payments of the bank: reversed after the backup, and made after it.
    undone: i64,
    lost: i64,
    /// The kiosk's payment after the backup, of which nobody has a report.
    waived: i64,
    events_kept: Vec<(i64, i64)>,
    events_lost: Vec<(i64, i64)>,
    receipts: [String; 2],
}

impl Evening {
    /// Two payments and a backup; then two payments, a reversal and the end of a token. Then the
    /// machine is gone.
    fn spent() -> Self {
        let office = Office::opened();
        let Office { installation, bank, kiosk, bills, .. } = &office;
        let server = installation.serve();
        let (mut banks, mut kiosks) = (server.client(bank), server.client(kiosk));
        let kept = pay(&mut banks, bills[0], "uno");
        let undone = pay(&mut banks, bills[1], "dos");
        let made = office.backup("noche.respaldo --encrypt");
        assert_eq!((&made["Pagos"], &made["Cifrado"]), (&Value::from(2), &Value::from(true)));
        let events_kept = events(installation, "datos");
        let lost = pay(&mut banks, bills[2], "tres");
        let body = format!(r#"{{"IdCobranza":"{undone}","IdFactura":{}}}"#, bills[1].id);
        banks.post("revertirpago", &body).values();
        let waived = pay(&mut kiosks, bills[3], "cuatro");
        let events_lost = events(installation, "datos");
        let receipts = [kept, lost].map(|payment| receipt(installation, payment));
        report(installation, "banco", "reporte.csv");
        installation.done(&["token", "revoke", "--data=datos", "--collector=kiosco"]);
        server.kill();
        Self {
            clients: [banks, kiosks],
            given: BTreeSet::from([kept, undone, lost, waived]),
            undone,
            lost,
            waived,
            events_kept,
            events_lost,
            receipts,
            office,
        }
    }

    /// A bare machine, to which the backup, the kit and a report were carried.
    fn carried(&self) -> Installation {
        let bare = Installation::nothing();
        for name in ["noche.respaldo", "datos.recovery-kit", "reporte.csv"] {
            fs::copy(self.office.installation.path(name), bare.path(name)).unwrap();
        }
        bare
    }

    /// Restores on it, first without an answer for each collector.
    fn restore(&self, bare: &Installation) {
        let restore = "restore noche.respaldo --data datos --kit datos.recovery-kit";
        check(bare, &[(restore, 2, "falta el código de recuperación: --code-file ARCHIVO")]);
        let restore = |line: &str| {
            let line = format!("{restore}{line}");
            let mut command = bare.command(&line.split(' ').collect::<Vec<_>>());
            run(command.env("VENTANILLA_RECOVERY_CODE", self.office.code.to_lowercase()))
        };
        let unsaid = restore("");
        assert_eq!(unsaid.code, 2, "{unsaid:?}");
        for line in ["--report '13:banco=ARCHIVO'   o   --waive '13:banco'", "--waive '13:kiosco'"]
        {
            assert!(unsaid.err.contains(line), "{unsaid:?}");
        }
        assert!(!bare.path("datos").exists() && !bare.path("datos.secrets").exists());
        let restored = restore(" --report banco=reporte.csv --waive 13:kiosco");
        assert_eq!(restored.code, 0, "{restored:?}");
        for told in [
            "Claves escritas en datos.secrets, desde el kit\n",
            "reporte de «banco»: 1 cobranza traída por ",
            ", 1 reversión traída; ya estaban 2\n",
            "empresa 13: sin el reporte de «kiosco»",
            "siguen IdCobranza 1000003, movimiento 1000003, idPago 1000001",
            "  empresa 13: recaudador banco\n",
            "  1. lo que se cargó después del respaldo, otra vez: ventanilla import members ARCHIVO --data datos;",
            "  2. ventanilla serve --data datos\n  3. un respaldo de estos libros: ventanilla backup ",
        ] {
            assert!(restored.out.contains(told), "{told}: {restored:?}");
        }
    }

    /// The window goes on: with the old credentials, without the old tokens, and no number twice.
    fn go_on(&mut self, bare: &Installation) {
        let server = bare.serve();
        for old in &self.clients {
            let answer = old.at(server.address()).post("consultardeuda", r#"{"Contrato":"1"}"#);
            assert_eq!((answer.status, answer.code().as_str()), (401, "TOKEN_INVALIDO"));
        }
        let Office { bank, kiosk, bills, .. } = &self.office;
        let (mut banks, mut kiosks) = (server.client(bank), server.client(kiosk));
        let again = banks.post("realizarpago", &bills[2].to_payment(Some("tres")));
        let lost = Value::from(self.lost.to_string());
        assert!(again.is_replay() && again.values()["IdCobranza"] == lost, "{again:?}");
        let again = kiosks.post("realizarpago", &bills[2].to_payment(Some("otra")));
        assert_eq!(again.code(), "FACTURA_YA_PAGADA", "{again:?}");
        // What was reversed is owed again, and so is what nobody reported.
        let paid = [pay(&mut banks, bills[1], "cinco"), pay(&mut kiosks, bills[3], "cuatro")];
        for payment in paid {
            assert!(self.given.insert(payment), "{payment} was given twice");
            assert!(payment > self.waived + 900_000, "{payment}");
        }
        server.stop();
    }

    /// What the biller's system was told, and what it is told now.
    fn check_events(&self, bare: &Installation) {
        let now = events(bare, "datos");
        assert_eq!(now[..2], self.events_kept[..]);
        let told: BTreeSet<i64> = self.events_lost.iter().map(|(number, _)| *number).collect();
        assert!(now[2..].iter().all(|(number, _)| !told.contains(number)), "{now:?}");
        // In the order in which they happened; within one second nobody knows it.
        let brought: BTreeSet<i64> = now[2..4].iter().map(|(_, payment)| *payment).collect();
        assert_eq!(brought, BTreeSet::from([self.undone, self.lost]));
    }
}

#[test]
fn a_bare_machine_with_the_backup_and_the_kit_opens_the_window_again() {
    let mut evening = Evening::spent();
    let bare = evening.carried();
    evening.restore(&bare);
    verify(&bare, "datos");
    for receipt in &evening.receipts {
        bare.done(&["check-receipt", receipt, "--data", "datos"]);
    }
    evening.go_on(&bare);
    verify(&bare, "datos");
    evening.check_events(&bare);
}

#[test]
fn what_a_report_left_out_comes_later() {
    let office = Office::opened();
    let Office { installation, bank, bills, .. } = &office;
    office.backup("r");
    // A file of bills that came after the backup, and a payment of one of them.
    let heading = "factura,contrato,periodo,monto\n";
    installation.write("nuevas.csv", format!("{heading}9001,1,202501,12.00\n"));
    installation.done(&["import", "bills", "nuevas.csv", "--data=datos"]);
    let server = installation.serve();
    let mut client = server.client(bank);
    let body = r#"{"IdFactura":9001,"Periodo":"202501","Contrato":"1","Monto":12.00}"#;
    let lost = client.post("realizarpago", body).values()["IdCobranza"].clone();
    pay(&mut client, bills[0], "a");
    server.stop();
    report(installation, "banco", "reporte.csv");
    let line = "restore r --data datos --report banco=reporte.csv --waive kiosco";
    let unknown = "reporte.csv: línea 2, columna IdFactura: no hay ninguna factura con ese número";
    check(installation, &[(line, 1, unknown)]);
    let line = format!("{line} --skip-bad");
    check(
        installation,
        &[(
            &line,
            0,
            "1 cobranza traída por 10.00, 0 reversiones traídas; ya estaban 0; 1 línea quedó fuera",
        )],
    );
    let later = "import report reporte.csv --data datos --collector banco";
    check(
        installation,
        &[
            (later, 1, unknown),
            ("import bills nuevas.csv --data datos", 0, ""),
            (later, 0, "1 cobranza traída por 12.00, 0 reversiones traídas; ya estaban 1\n"),
            (later, 0, "0 cobranzas traídas por 0.00, 0 reversiones traídas; ya estaban 2\n"),
        ],
    );
    let server = installation.serve();
    let answer = server.client(bank).post("realizarpago", body);
    assert_eq!(answer.code(), "FACTURA_YA_PAGADA");
    assert_eq!(answer.json()["values"]["IdCobranza"], lost, "{answer:?}");
    server.stop();
    let lost = lost.as_str().unwrap_or_default();
    let page = installation.done(&["explain", lost, "--data", "datos"]).out;
    assert!(page.contains("    traída de un reporte tras la restauración del 20"), "{page}");
    assert!(!page.contains("pueden faltar"), "{page}");
    verify(installation, "datos");
}

#[test]
fn a_kit_of_an_older_installation_is_made_and_tried() {
    let office = Office::opened();
    let installation = &office.installation;
    office.backup("r --encrypt");
    let kit = installation.run(&["recovery-kit", "otro.kit", "--data=datos", "--json"]).json();
    installation.write("codigo", kit["CodigoRecuperacion"].as_str().unwrap());
    installation.write("ajeno", &office.code);
    let wrong = kit["CodigoRecuperacion"].as_str().unwrap().replace(['2', '3'], "4");
    installation
        .write("mal", if wrong == kit["CodigoRecuperacion"] { "x".to_owned() } else { wrong });
    fs::rename(installation.path("datos.secrets"), installation.path("guardado")).unwrap();
    check(
        installation,
        &[
            ("backup --check r --data datos --kit otro.kit --code-file codigo", 0, "cifrado"),
            (
                "backup --check r --data datos --kit otro.kit --code-file ajeno",
                2,
                "el código no es el de este kit",
            ),
            (
                "backup --check r --data datos --kit otro.kit --code-file mal",
                2,
                "código de recuperación",
            ),
            ("backup --check r --data datos --kit r --code-file codigo", 2, "UTF-8"),
            ("backup --check r --data datos", 2, "no existe el archivo de claves"),
            ("backup --check r --kit otro.kit --code-file codigo", 0, "r: respaldo del "),
            ("backup --check r --secrets guardado", 0, "r: respaldo del "),
            ("backup --check r --secrets no", 2, "no: no existe el archivo de claves"),
            ("backup --check r", 2, "falta el directorio de los datos"),
            (
                "recovery-kit otro.kit --data datos --secrets guardado",
                2,
                "otro.kit: no se pudo crear el kit de recuperación: ya existe",
            ),
            (
                "backup otro --kit otro.kit --data datos --secrets guardado",
                2,
                "se hace con el archivo de claves",
            ),
        ],
    );
}

fn elapsed_ms(act: impl FnOnce()) -> u128 {
    let started = now();
    act();
    started.elapsed().as_millis()
}

/// Everything of a folder, by name.
fn contents(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let entries = fs::read_dir(folder).unwrap().map(Result::unwrap);
    let mut found: Vec<_> = entries
        .map(|entry| {
            (entry.file_name().into_string().unwrap(), fs::read(entry.path()).unwrap_or_default())
        })
        .collect();
    found.sort();
    found
}
