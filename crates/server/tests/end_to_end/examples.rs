//! The examples for the biller's programmers, run as they stand.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::common::{Bill, Client, Installation, Piped, bills, import, run, wait_until};

const PROGRAM: &str = env!("CARGO_BIN_EXE_ventanilla");

const PROCESSED: &str = "SELECT numero FROM avance";

fn example(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples").join(name)
}

/// Pays bills; one in four is reversed, and one in eight paid again.
fn collect(client: &mut Client, bills: &[Bill]) {
    for bill in bills {
        let paid = client.post("realizarpago", &bill.to_payment(None)).values();
        if bill.id % 4 == 0 {
            let payment = paid["IdCobranza"].as_str().unwrap();
            let body =
                format!(r#"{{"IdFactura":{},"IdCobranza":{payment},"Motivo":"error"}}"#, bill.id);
            client.post("revertirpago", &body).values();
        }
        if bill.id % 8 == 0 {
            client.post("realizarpago", &bill.to_payment(None)).values();
        }
    }
}

/// What a query finds in the database that the example made.
fn query(installation: &Installation, sql: &str) -> String {
    let mut command = Command::new("sqlite3");
    // A killed process may have left something to roll back, and another may be writing.
    command.args(["-cmd", ".timeout 10000"]).arg(installation.path("cobros.db")).arg(sql);
    let found = command.output().unwrap();
    String::from_utf8(found.stdout).unwrap()
}

fn to_sql(installation: &Installation, flags: &[&str]) -> Command {
    let mut command = Command::new("python3");
    command.arg(example("cobros_a_sql.py")).arg(installation.path("cobros.db")).arg("--");
    command.arg(PROGRAM).args(["export", "events", "--data"]).arg(installation.path("datos"));
    command.args(flags).stdin(Stdio::null());
    command
}

/// The same columns of a CSV list, as `sqlite3` prints rows.
fn cells(installation: &Installation, list: &str, names: &[&str], only: (&str, &str)) -> String {
    let ran = installation.done(&["export", list, "--data", "datos"]);
    let mut reader = csv::Reader::from_reader(ran.out.as_bytes());
    let heading = reader.headers().unwrap().clone();
    let place = |name: &str| heading.iter().position(|column| column == name).unwrap();
    let rows = reader.records().map(Result::unwrap);
    let rows = rows.filter(|row| only.0.is_empty() || &row[place(only.0)] == only.1);
    let line = |row: csv::StringRecord| {
        let cells: Vec<&str> = names.iter().map(|name| &row[place(name)]).collect();
        format!("{}\n", cells.join("|"))
    };
    rows.map(line).collect()
}

#[test]
fn payments_reach_a_database_whenever_the_example_is_killed() {
    let installation = Installation::with_company();
    let all = bills(60, 5);
    import(&installation, &all);
    let credentials = installation.collector("caja");
    let server = installation.serve();
    let mut client = server.client(&credentials);
    let rounds = all.chunks(60);
    for (round, chunk) in rounds.enumerate() {
        let script = Piped::start(&mut to_sql(&installation, &["--follow"]));
        collect(&mut client, chunk);
        // The first is let come to the end and wait; the others are killed somewhere.
        let last = installation.done(&["export", "events", "--data", "datos"]).out.lines().count();
        if round == 0 {
            let last = format!("{last}\n");
            wait_until("the last event", || query(&installation, PROCESSED) == last);
        }
        drop(script);
    }
    let ran = run(&mut to_sql(&installation, &[]));
    assert_eq!((ran.code, ran.out.as_str(), ran.err.as_str()), (0, "", ""), "{ran:?}");
    let again = run(&mut to_sql(&installation, &[]));
    assert_eq!(again.code, 0, "{again:?}");
    server.stop();

    let names = ["id_cobranza", "estado", "factura", "monto", "dia", "dia_reversion", "motivo"];
    let payments = query(
        &installation,
        &format!("SELECT {} FROM cobro ORDER BY id_cobranza", names.join(", ")),
    );
    assert_eq!(payments, cells(&installation, "payments", &names, ("", "")));
    let names = ["factura", "contrato", "periodo", "monto", "id_cobranza"];
    let paid = format!("SELECT {} FROM factura WHERE pagada ORDER BY factura", names.join(", "));
    assert_eq!(
        query(&installation, &paid),
        cells(&installation, "bills", &names, ("estado", "pagada"))
    );
    let owed = "SELECT factura FROM factura WHERE NOT pagada ORDER BY factura";
    let reversed: String = cells(&installation, "bills", &["factura"], ("estado", "pendiente"));
    assert_eq!(query(&installation, owed), reversed, "what was reversed is owed again");

    let mut wrong = Command::new("python3");
    let ran = run(wrong.arg(example("cobros_a_sql.py")).arg("x.db").stdin(Stdio::null()));
    assert!(ran.code == 1 && ran.err.contains("cobros_a_sql.py BASE -- "), "{ran:?}");
    let ran = run(&mut to_sql(&installation, &["--company", "9"]));
    assert_eq!(ran.code, 2, "its exit code is the command's: {ran:?}");
}

fn to_sheet(installation: &Installation) {
    let mut command = Command::new("sh");
    command.arg(example("cobros_a_planilla.sh")).args(["cobros.csv", "--data", "datos"]);
    command.current_dir(installation.path(".")).env("VENTANILLA", PROGRAM).stdin(Stdio::null());
    let ran = run(&mut command);
    assert_eq!((ran.code, ran.out.as_str()), (0, ""), "{ran:?}");
}

#[test]
fn a_sheet_gets_every_event_once() {
    let installation = Installation::with_company();
    let all = bills(10, 5);
    import(&installation, &all);
    let credentials = installation.collector("caja");
    let server = installation.serve();
    let mut client = server.client(&credentials);
    let read = |name: &str| std::fs::read_to_string(installation.path(name)).unwrap();
    let check = |when: &str| {
        to_sheet(&installation);
        let whole = installation.done(&["export", "events", "--excel", "--data", "datos"]).out;
        assert_eq!(read("cobros.csv"), whole, "{when}");
        let last = whole.lines().next_back().and_then(|line| line.split(';').next());
        assert_eq!(Some(read("cobros.csv.ultimo").trim()), last, "{when}");
    };
    to_sheet(&installation);
    assert!(!installation.path("cobros.csv").exists(), "nothing was paid yet");
    for (round, chunk) in all.chunks(10).enumerate() {
        let before = read_or(&installation.path("cobros.csv.ultimo"), "0\n");
        collect(&mut client, chunk);
        check("after payments");
        check("after nothing");
        let last = read("cobros.csv.ultimo");
        // As if it had been cut off …
        match round {
            0 => {
                installation.write("cobros.csv.ultimo.nuevo", &last);
                installation.write("cobros.csv.ultimo", before);
                check("between the two changes of name");
            }
            1 => {
                installation.write("cobros.csv.nuevo", "media plan");
                check("while the sheet was written");
            }
            2 => {
                installation.write("cobros.csv.nuevo", "media plan");
                installation.write("cobros.csv.ultimo.nuevo", "9");
                check("while the number was written");
            }
            _ => {}
        }
    }
    server.stop();
}

fn read_or(path: &Path, otherwise: &str) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|_| otherwise.to_owned())
}
