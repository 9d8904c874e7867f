//! `company set` as an operator types it: what it tells, and what a running server does from then
//! on. No test reads a clock: the moment and the day are those the server answers with.

use jiff::civil::{Date, DateTime};
use jiff::{Span, ToSpan as _};
use serde_json::{Value, json};
use ventanilla_domain::{Issuer, Policy};

use crate::common::{Client, Installation, Server, verify};

/// Contracts 1 and 2 are one member's.
const MEMBERS: &str = "\
contrato,nombre,socio_id,estado
1,Socio Uno,11,activo
2,Socio Uno,11,cortado
3,Socio Tres,13,bloqueado
4,Socio Cuatro,14,baja
";

const BILLS: &str = "\
factura,contrato,periodo,monto,detalle
1001,1,202401,10.00,
1002,1,202402,10.00,Agua=10.00
1003,1,202403,10.00,
1004,1,202404,10.00,
1005,1,202405,10.00,
1006,1,202406,10.00,
2001,2,202401,10.00,
3001,3,202401,10.00,
4001,4,202401,10.00,
";

/// An installation with members and bills, its server, and a client of it.
struct Window {
    installation: Installation,
    server: Server,
    client: Client,
}

impl Window {
    fn open() -> Self {
        let installation = Installation::with_company();
        installation.write("socios.csv", MEMBERS);
        installation.write("facturas.csv", BILLS);
        installation.done(&["import", "members", "socios.csv", "--data", "datos"]);
        installation.done(&["import", "bills", "facturas.csv", "--data", "datos"]);
        let credentials = installation.collector("caja");
        let server = installation.serve();
        let client = server.client(&credentials);
        Self { installation, server, client }
    }

    fn set(&self, settings: &[&str]) {
        let line = [&["company", "set", "--data", "datos", "--company", "13"], settings].concat();
        self.installation.done(&line);
    }

    /// The code that a payment by member 11 is answered with.
    #[track_caller]
    fn pays(&mut self, bill: u32, code: &str) -> Value {
        self.pays_by("11", bill, code)
    }

    #[track_caller]
    fn pays_by(&mut self, payer: &str, bill: u32, code: &str) -> Value {
        let (contract, month) = (bill / 1000, bill % 1000);
        let body = json!({
            "IdFactura": bill, "Periodo": 202_400 + month, "Contrato": contract, "Monto": 10,
            "IdAsociado": payer,
        });
        let answer = self.client.post("realizarpago", &body.to_string());
        assert_eq!((answer.status, answer.code().as_str()), (200, code), "{bill}: {answer:?}");
        answer.json()["values"].clone()
    }

    #[track_caller]
    fn reverses(&mut self, bill: u32, paid: &Value, code: &str) {
        let body = json!({ "IdFactura": bill, "IdCobranza": paid["IdCobranza"] });
        let answer = self.client.post("revertirpago", &body.to_string());
        assert_eq!((answer.status, answer.code().as_str()), (200, code), "{bill}: {answer:?}");
    }

    /// The bills that were paid on a business day.
    fn day(&mut self, day: Date) -> Vec<u64> {
        let body = json!({ "Fecha": day.to_string() });
        let answer = self.client.post("reportecobranzas", &body.to_string()).json();
        let rows = answer["reporte"]["cobranzas"].as_array().unwrap();
        rows.iter().map(|row| row["IdFactura"].as_u64().unwrap()).collect()
    }
}

/// When a payment was made, in the company's local time.
fn paid_at(paid: &Value) -> DateTime {
    DateTime::strptime("%d/%m/%Y %H:%M:%S", paid["FechaPagoEmpresa"].as_str().unwrap()).unwrap()
}

/// `hours` from one distance of a moment to another.
fn hours(at: DateTime, from: Span, to: Span) -> String {
    let [from, to] = [from, to].map(|distance| (at + distance).strftime("%H:%M"));
    format!("hours={from}-{to}")
}

#[test]
fn each_rule_binds_a_running_server_as_soon_as_it_is_set() {
    let mut window = Window::open();
    let paid = window.pays(1001, "");
    let at = paid_at(&paid);

    window.set(&["oldest_first=true"]);
    window.pays(1003, "DEUDA_ANTERIOR_PENDIENTE");
    window.set(&["oldest_first=false"]);
    window.pays(1003, "");

    window.set(&["check_payer=true"]);
    window.pays_by("1", 1004, "ASOCIADO_NO_COINCIDE");
    window.pays(1004, "");
    window.set(&["check_payer=false"]);

    // Shut around now, then open around now; either may run over midnight.
    window.set(&[&hours(at, 2.hours(), (-2).hours())]);
    window.pays(1005, "FUERA_DE_HORARIO");
    window.set(&[&hours(at, (-2).hours(), 2.hours())]);
    window.pays(1005, "");

    // With this cut-off every moment is of the day after.
    window.set(&["hours=none", "cut_off=00:00"]);
    window.reverses(1001, &paid, "REVERSION_FUERA_DE_PLAZO");
    window.set(&["reversal_days=2"]);
    window.reverses(1001, &paid, "");

    let today = at.date();
    window.set(&[&format!("closed_through={today}")]);
    window.set(&["cut_off=none"]);
    window.pays(1006, "");
    assert!(window.day(today).starts_with(&[1001]) && !window.day(today).contains(&1006));
    assert_eq!(window.day(today.tomorrow().unwrap()).last(), Some(&1006));
    window.server.stop();
    verify(&window.installation, "datos");
}

#[test]
fn a_contracts_state_comes_with_its_file_and_binds_at_once() {
    let mut window = Window::open();
    for (bill, code) in [(1001, ""), (2001, ""), (3001, "CONTRATO_BLOQUEADO"), (4001, "")] {
        window.pays(bill, code);
    }
    for (state, code) in [("bloqueado", "CONTRATO_BLOQUEADO"), ("activo", "")] {
        let change =
            MEMBERS.replace("bloqueado", "activo").replace("11,activo", &format!("11,{state}"));
        window.installation.write("socios.csv", change);
        window.installation.done(&["import", "members", "socios.csv", "--data", "datos"]);
        window.pays(1002, code);
    }
    window.pays(3001, "");
    let wrong = MEMBERS.replace("baja", "cerrado");
    window.installation.write("socios.csv", wrong);
    let ran = window.installation.run(&["import", "members", "socios.csv", "--data", "datos"]);
    assert_eq!((ran.code, ran.out.as_str()), (1, ""), "{ran:?}");
    assert!(ran.err.contains("línea 5, columna estado: «cerrado»"), "{ran:?}");
    assert!(ran.err.contains("activo, cortado, bloqueado"), "{ran:?}");
}

/// A setting, what an operator types to set it, what to set it back, and what is no value of it.
type Typed = (&'static str, &'static str, Option<&'static str>, &'static [&'static str]);

const TYPED: [Typed; 16] = [
    ("oldest_first", "oldest_first=true", Some("oldest_first=false"), &["oldest_first=sí"]),
    (
        "reversal_days",
        "reversal_days=30",
        Some("reversal_days=0"),
        &["reversal_days=-1", "reversal_days=65536", "reversal_days="],
    ),
    (
        "hours",
        "hours=22:00-06:00",
        Some("hours=none"),
        &["hours=08:00-24:00", "hours=8-20", "hours=08:00-08:00"],
    ),
    ("cut_off", "cut_off=17:30", Some("cut_off=none"), &["cut_off=17", "cut_off=24:00"]),
    ("check_payer", "check_payer=true", Some("check_payer=false"), &["check_payer=1"]),
    (
        "cash_rounding",
        "cash_rounding=0.10",
        Some("cash_rounding=none"),
        &[
            "cash_rounding=0.01",
            "cash_rounding=100.01",
            "cash_rounding=0.1",
            "cash_rounding=diez",
            "cash_rounding=",
        ],
    ),
    (
        "closed_through",
        "closed_through=2020-02-29",
        None,
        &["closed_through=2021-02-29", "closed_through=29/02/2020", "closed_through=none"],
    ),
    (
        "revenue.CONCEPT",
        "revenue.Agua=Venta de agua",
        Some("revenue.Agua=none"),
        &["revenue.Agua=", "revenue.=Venta de agua"],
    ),
    (
        "issuer.name",
        "issuer.name=Cooperativa «Ñandú» Ltda.",
        Some("issuer.name=none"),
        &["issuer.name=", "issuer.name= "],
    ),
    ("issuer.tax_id", "issuer.tax_id=1023245028", Some("issuer.tax_id=none"), &["issuer.tax_id="]),
    (
        "issuer.address",
        "issuer.address=Av. 1, Zona",
        Some("issuer.address=none"),
        &["issuer.address="],
    ),
    (
        "issuer.municipality",
        "issuer.municipality=Cochabamba - Bolivia",
        Some("issuer.municipality=none"),
        &["issuer.municipality="],
    ),
    ("issuer.phone", "issuer.phone=4-4260000", Some("issuer.phone=none"), &["issuer.phone=\t"]),
    (
        "issuer.activity",
        "issuer.activity=Agua",
        Some("issuer.activity=none"),
        &["issuer.activity="],
    ),
    (
        "issuer.legend",
        "issuer.legend=Ley N.° 453: a=b",
        Some("issuer.legend=none"),
        &["issuer.legend=una\nlínea"],
    ),
    (
        "issuer.public_url",
        "issuer.public_url=https://pagos.ejemplo.bo:8443/cooplan",
        Some("issuer.public_url=none"),
        &[
            "issuer.public_url=pagos.ejemplo.bo",
            "issuer.public_url=https://",
            "issuer.public_url=https://ejemplo.bo/?a=b",
        ],
    ),
];

/// That `company set` refuses a line with exactly this, and that nothing changes.
#[track_caller]
fn check_refused(installation: &Installation, settings: &[&str], told: &str) {
    let state = || {
        let run = |line: &[&str]| installation.done(line).out;
        [run(&["company", "list", "--data=datos"]), run(&["verify", "--data=datos"])]
    };
    let before = state();
    let ran = installation.run(&[&["company", "set", "--data", "datos"], settings].concat());
    assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{settings:?}: {ran:?}");
    assert_eq!(ran.err, format!("ventanilla: {told}\n"), "{settings:?}");
    assert_eq!(state(), before, "{settings:?}");
}

#[test]
fn each_setting_is_shown_as_typed_and_a_wrong_value_is_told_with_its_form() {
    let installation = Installation::with_company();
    let set =
        |setting: &str| installation.done(&["company", "set", "--data", "datos", setting]).out;
    let settings = || Policy::SETTINGS.into_iter().chain(Issuer::SETTINGS);
    for (known, form) in settings() {
        let typed = TYPED.iter().find(|(setting, ..)| *setting == known);
        let (_, right, back, wrong) = typed.unwrap_or_else(|| panic!("{known} is not tried"));
        assert!(set(right).lines().any(|line| line == *right), "{right}");
        for wrong in *wrong {
            let (key, _) = wrong.split_once('=').unwrap();
            let form = form.replace("YYYY", "AAAA").replace("ACCOUNT", "CUENTA");
            let form = form.replace("TEXT up to", "TEXTO de hasta");
            let form = form.replace("[:PORT][/PATH]", "[:PUERTO][/RUTA]");
            let told = format!("el ajuste «{key}» toma {form}");
            check_refused(&installation, &[wrong], &told);
            check_refused(&installation, &["reversal_days=7", "check_payer=true", wrong], &told);
        }
        if let Some(back) = back {
            assert!(!set(back).lines().any(|line| line == *right), "{back}");
        }
    }
    assert_eq!(TYPED.len(), settings().count(), "a setting that is gone is tried");
}

#[test]
fn a_wrong_key_is_told_with_all_the_settings_there_are() {
    let installation = Installation::with_company();
    let list = "oldest_first=true|false, reversal_days=0..65535|none, hours=HH:MM-HH:MM|none, \
                cut_off=HH:MM|none, check_payer=true|false, cash_rounding=0.02..100.00|none, \
                closed_through=AAAA-MM-DD, \
                revenue.CONCEPTO=CUENTA|none, issuer.name=TEXTO de hasta 200|none, \
                issuer.tax_id=TEXTO de hasta 64|none, issuer.address=TEXTO de hasta 200|none, \
                issuer.municipality=TEXTO de hasta 64|none, issuer.phone=TEXTO de hasta 64|none, \
                issuer.activity=TEXTO de hasta 200|none, issuer.legend=TEXTO de hasta 500|none, \
                issuer.public_url=http(s)://HOST[:PUERTO][/RUTA]|none";
    for (typed, key) in [
        ("color=azul", "color"),
        ("Hours=08:00-20:00", "Hours"),
        ("hours =08:00-20:00", "hours "),
        ("oldest-first=true", "oldest-first"),
        ("revenue=Venta de agua", "revenue"),
        ("issuer.color=azul", "issuer.color"),
        ("issuer.Name=Aguas", "issuer.Name"),
        ("=true", ""),
    ] {
        let told = format!("no hay ningún ajuste «{key}»; los ajustes son: {list}");
        check_refused(&installation, &[typed], &told);
        check_refused(&installation, &["hours=08:00-20:00", typed, "cut_off=25:00"], &told);
    }
    let told = "un día cerrado no vuelve a abrirse: closed_through solo avanza";
    installation.done(&["company", "set", "--data", "datos", "closed_through=2020-02-29"]);
    check_refused(&installation, &["cut_off=17:30", "closed_through=2020-02-28"], told);
    let told = "un día que no terminó no se puede cerrar";
    check_refused(&installation, &["cut_off=17:30", "closed_through=9000-01-01"], told);
}
