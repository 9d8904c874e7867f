//! Every command over a database.

use std::fs::File;
use std::process::Stdio;

use serde_json::Value;

use super::Office;
use crate::common::{bills, run};

/// Commands that only read or print, and a part of what each tells.
const READING: &[(&str, &str)] = &[
    ("company list", "13\tCooplan\tBOB\tAmerica/La_Paz\n"),
    ("company set oldest_first=true", "oldest_first=true\n"),
    ("company set oldest_first=false", "oldest_first=false\n"),
    ("collector list", "13\tbanco\tbanco\tactivo\n"),
    ("collector rotate --name banco --overlap 1h", "Login: banco\nPwd: "),
    ("token list", "\tbanco\t20"),
    ("integrator list", "CONTABLE\tactivo\n"),
    ("user list", "ana"),
    ("payout list", ""),
    ("import list", "facturas.csv"),
    ("import show 2", "facturas.csv"),
    ("export events --after 0 --format jsonl", r#""id_cobranza":1,"#),
    ("export bills", "1001"),
    ("export members", "Socio de prueba 1"),
    ("export payments", "banco"),
    ("receipt-key", ""),
    ("explain 1", "banco"),
    ("explain --bill 1001", "banco"),
    ("trail", "banco"),
    ("recovery-kit otro.kit", "Código de recuperación: "),
    ("config check", "datos     postgres://"),
    ("verify", "sin diferencias"),
];

#[test]
fn every_command_works_over_a_database_beside_its_server() {
    let office = Office::with_company();
    let bank = office.collector("banco");
    let all = bills(2, 3);
    office.import(&all);
    office.done("integrator add --name CONTABLE");
    office.installation.write("clave", "una clave\n");
    let password = File::open(office.installation.path("clave")).unwrap();
    let mut command = office.command("user add --company 13 --name ana --role contador");
    assert_eq!(run(command.stdin(Stdio::from(password))).code, 0);
    let server = office.serve("uno");
    let mut client = server.client(&bank);
    let paid = client.post("realizarpago", &all[0].to_payment(Some("a-1"))).values();
    assert_eq!(paid["IdCobranza"], "1");
    for (line, told) in READING {
        let ran = office.done(line);
        assert!(ran.out.contains(told), "{line}: {told}: {ran:?}");
        assert!(!ran.out.contains("clave@") && !ran.err.contains("clave@"), "{line}: {ran:?}");
    }
    printed(&office);
    changed(&office, &mut || client.post("consultardeuda", r#"{"Contrato":"1"}"#).code());
    server.stop();
    office.verify();
}

/// Papers and reports.
fn printed(office: &Office) {
    office.done("invoice 1 --output factura.pdf");
    let paper = std::fs::read(office.installation.path("factura.pdf")).unwrap();
    assert!(paper.starts_with(b"%PDF"));
    let shown = office.run("explain 1 --json").json();
    let day = shown["Cobro"]["Dia"].as_str().map(str::to_owned);
    let day = day.unwrap_or_else(|| day_of(&shown));
    let report = office.done(&format!("report --collector banco --date {day} --format csv"));
    assert!(report.out.contains("1001"), "{report:?}");
}

/// The first day that an object tells anywhere.
fn day_of(shown: &Value) -> String {
    let text = shown.to_string();
    let is_day = |word: &&str| {
        word.len() == 10
            && word.bytes().map(|b| if b.is_ascii_digit() { b'0' } else { b }).eq(*b"0000-00-00")
    };
    let day = text.split(['"', ' ']).find(is_day);
    day.unwrap_or_else(|| panic!("{text}")).to_owned()
}

/// What an operator changes acts at once.
fn changed(office: &Office, ask: &mut dyn FnMut() -> String) {
    assert_eq!(ask(), "");
    office.done("token revoke --collector banco");
    assert_eq!(ask(), "TOKEN_INVALIDO");
    office.done("collector disable --name banco");
    office.done("collector enable --name banco");
    office.done("integrator disable --name CONTABLE");
    office.done("user grant --name ana --company 13 --role consulta");
    office.done("user disable --name ana");
    office
        .installation
        .write("entrada.csv", "factura,contrato,periodo,monto\n2001,1,202501,5.00\n");
    std::fs::create_dir_all(office.installation.path("carpeta/entrada/facturas")).unwrap();
    let checked = office.done("import bills entrada.csv --dry-run");
    assert!(checked.out.contains('1'), "{checked:?}");
    office.done("import bills entrada.csv");
    let again = office.done("import bills entrada.csv");
    assert!(!again.out.is_empty(), "{again:?}");
}
