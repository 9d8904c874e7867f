//! A company's rules over the wire: what an operator types, and what is answered from then on. A
//! proof is a table of acts, each with its answer, in the company's local time.

mod bills;
mod days;

use std::collections::HashMap;
use std::net::Ipv4Addr;

use jiff::civil::DateTime;
use serde_json::{Value, json};
use ventanilla_domain::{
    BillId, Currency, Event, FileKind, Money, Period, Policy, ReceiptLine, Role, Text, WindowMeans,
    WindowReceiptKey,
};
use ventanilla_service::{Failure, WindowPayment};

use crate::world::{Answer, World, company, import, pay_body};

/// Contracts 900 and 901 are one member's; 940's member has no number of the biller's.
const MEMBERS: &str = "\
900,Ana Soria Vaca,900,activo
901,Ana Soria Vaca,900,cortado
910,Hugo Paz Roca,910,activo
940,Inés Gil Suárez,,activo";

const BILLS: &str = "\
9001,900,202109,10.00
9002,900,202110,20.00
9003,900,202110,20.50
9004,900,202111,30.00
9011,901,202108,5.00
9101,910,202110,7.00
9102,910,202111,8.00
9401,940,202111,9.00";

/// What a refusal by a rule says to people (docs/errors.md).
const SENTENCES: [(&str, &str); 7] = [
    ("FACTURA_YA_PAGADA", "La factura ya está pagada."),
    ("FACTURA_NO_VIGENTE", "La factura está anulada y no se puede pagar."),
    (
        "CONTRATO_BLOQUEADO",
        "El contrato está bloqueado y no admite pagos; el socio debe acudir a la empresa.",
    ),
    (
        "DEUDA_ANTERIOR_PENDIENTE",
        "Hay una factura anterior pendiente; se paga primero la más antigua.",
    ),
    ("FUERA_DE_HORARIO", "La empresa no recibe pagos a esta hora."),
    ("ASOCIADO_NO_COINCIDE", "El IdAsociado no es el del socio de la factura."),
    ("REVERSION_FUERA_DE_PLAZO", "El plazo para revertir la cobranza ya terminó."),
];

/// The window of a company whose rules are the default ones until they are set.
struct Window {
    world: World,
    /// Contract, period and amount of each bill.
    bills: HashMap<i64, (String, u32, String)>,
    /// The latest `IdCobranza` of each bill.
    payments: HashMap<i64, String>,
}

/// Acts in order, each with its answer: what it shows (`""` where that is nothing), or the code
/// of the refusal. The books must be sound after them.
async fn check(acts: &[(&str, &str)]) {
    let mut window = Window::open().await;
    for (number, (act, answer)) in (1..).zip(acts) {
        assert_eq!(window.act(act).await, *answer, "act {number} of {acts:?}: {act}");
    }
    assert_eq!(window.world.service.verify().unwrap().findings, Vec::<String>::new());
}

impl Window {
    async fn open() -> Self {
        let world = World::with_policy(&[]).await;
        let mut window = Self { world, bills: HashMap::new(), payments: HashMap::new() };
        for (what, rows) in [("member", MEMBERS), ("bill", BILLS)] {
            for row in rows.lines() {
                window.act(&format!("{what} {row}")).await;
            }
        }
        window
    }

    async fn act(&mut self, act: &str) -> String {
        let (verb, what) = act.split_once(' ').unwrap();
        match verb {
            "at" => self.at(what).await,
            "set" => self.set(what).await,
            "member" => self.import_member(what).await,
            "bill" => self.import_bill(what).await,
            "find" => self.find(what).await,
            "owes" => self.owes(what).await,
            "pay" => self.pay(what).await,
            "print" | "reverse" => self.ask_of_payment(verb, what).await,
            "day" => self.day(what).await,
            "posted" => self.posted(what),
            "till" => self.till(what).await,
            _ => panic!("no such act: {act}"),
        }
    }

    /// `at 2021-11-26 17:30:00`, in La Paz.
    async fn at(&mut self, local: &str) -> String {
        let local: DateTime = local.parse().unwrap();
        self.world.clock.set(local.in_tz("America/La_Paz").unwrap().timestamp());
        self.world.log_in_anew().await;
        String::new()
    }

    /// `set hours=08:00-20:30, cut_off=17:30`.
    async fn set(&self, typed: &str) -> String {
        match self.world.set(typed).await {
            Ok(_) => String::new(),
            Err(Failure::Refused(refusal)) => refusal.to_string(),
            Err(failure) => panic!("{typed}: {failure:?}"),
        }
    }

    /// All settings in force.
    fn settings(&self) -> String {
        let companies = self.world.service.companies().unwrap();
        format!("{:?}", companies[0].policy.to_settings())
    }

    /// `member CONTRATO,NOMBRE,SOCIO_ID,ESTADO`.
    async fn import_member(&self, row: &str) -> String {
        let text = format!("contrato,nombre,socio_id,estado\n{row}\n");
        import(&self.world.service, FileKind::Members, text).await;
        String::new()
    }

    /// `bill FACTURA,CONTRATO,PERIODO,MONTO[,ESTADO[,REEMPLAZA[,DETALLE]]]`.
    async fn import_bill(&mut self, row: &str) -> String {
        let cells: Vec<&str> = row.split(',').collect();
        let facts = (cells[1].to_owned(), cells[2].parse().unwrap(), cells[3].to_owned());
        self.bills.insert(cells[0].parse().unwrap(), facts);
        let heading = "factura,contrato,periodo,monto,estado,reemplaza,detalle";
        let missing = ",".repeat(7 - cells.len());
        let text = format!("{heading}\n{row}{missing}\n");
        import(&self.world.service, FileKind::Bills, text).await;
        String::new()
    }

    /// `find 900` shows the member's state and the oldest unpaid bill.
    async fn find(&self, contract: &str) -> String {
        let answer = self.call("buscarcliente", json!({ "Contrato": contract })).await;
        or_code(&answer, |answer| {
            format!("{} {}", answer.value("/values/0/estado"), answer.value("/values/0/Factura"))
        })
    }

    /// `owes 900` shows the unpaid bills.
    async fn owes(&self, contract: &str) -> String {
        let answer = self.call("consultardeuda", json!({ "Contrato": contract })).await;
        or_code(&answer, |answer| numbers(&answer.value("values"), "factura"))
    }

    /// `pay 9001[ by PAYER][ under KEY]`, where the payer `shown` is the `ID` of Consultar Deuda
    /// and every other one is JSON. Shows nothing, or that it was paid under the key before.
    async fn pay(&mut self, what: &str) -> String {
        let (what, key) = what.split_once(" under ").unwrap_or((what, ""));
        let (bill, payer) = what.split_once(" by ").unwrap_or((what, "null"));
        let bill: i64 = bill.parse().unwrap();
        let (contract, period, amount) = self.bills[&bill].clone();
        let payer = match payer {
            "shown" => {
                let answer = self.call("consultardeuda", json!({ "Contrato": contract })).await;
                answer.value("/values/0/ID").to_string()
            }
            payer => payer.to_owned(),
        };
        let more = format!(r#","IdAsociado":{payer},"IdTransaccion":"{key}""#);
        let body = pay_body(bill, &contract, period, &amount, &more);
        let answer = self.world.call("realizarpago", &body).await;
        if answer.value("error") == 0 {
            self.payments.insert(bill, answer.payment());
        }
        or_code(&answer, |answer| if answer.is_replay() { "replayed" } else { "" }.to_owned())
    }

    /// `print 9001`, `reverse 9001`: its latest payment.
    async fn ask_of_payment(&self, verb: &str, bill: &str) -> String {
        let bill: i64 = bill.parse().unwrap();
        let service = if verb == "print" { "imprimirfactura" } else { "revertirpago" };
        let body = json!({ "IdFactura": bill, "IdCobranza": self.payments[&bill] });
        or_code(&self.call(service, body).await, |_| String::new())
    }

    /// `day 2021-11-26` shows the bills paid that day, and after `/` those reversed that day.
    async fn day(&self, day: &str) -> String {
        let answer = self.call("reportecobranzas", json!({ "Fecha": day })).await;
        or_code(&answer, |answer| {
            let list =
                |name: &str| numbers(&answer.value(&format!("/reporte/{name}")), "IdFactura");
            let (paid, reversed) = (list("cobranzas"), list("reversiones"));
            if reversed.is_empty() { paid } else { format!("{paid} / {reversed}") }
        })
    }

    /// `posted 9001` shows the revenue accounts of its first version. They are on no wire.
    fn posted(&self, bill: &str) -> String {
        let snapshot = self.world.store.snapshot().unwrap();
        let books = snapshot.view().company(company()).unwrap().unwrap();
        let entries = snapshot.view().entries(&books, 1, usize::MAX).unwrap();
        let versioned = entries.iter().find(|entry| match &entry.event {
            Event::BillsVersioned(versions) => {
                versions.iter().any(|version| version.bill.to_string() == bill)
            }
            _ => false,
        });
        let accounts = versioned.unwrap().postings.iter().map(|posting| posting.credit.to_string());
        accounts.collect::<Vec<_>>().join(", ")
    }

    /// `till 9001` shows what is due of a bill in cash at the company's own window. It is on no wire.
    async fn till(&self, bill: &str) -> String {
        let (contract, period, amount) = &self.bills[&bill.parse().unwrap()];
        let service = &self.world.service;
        service.add_user(words("ana"), "clave", company(), Role::Cashier).await.unwrap();
        let entered = service.enter("ana", "clave", Ipv4Addr::LOCALHOST.into()).await.unwrap();
        let office = service.office(&entered.key, Ipv4Addr::LOCALHOST.into()).unwrap();
        let ana = office.officer(company()).unwrap();
        let minor = amount.replace('.', "").parse().unwrap();
        service.open_drawer(&ana, Money::zero(Currency::BOB)).await.unwrap();
        let line = ReceiptLine {
            contract: words(contract),
            bill: BillId::from_i64(bill.parse().unwrap()).unwrap(),
            period: Period::from_yyyymm(*period).unwrap(),
            amount: Money::from_minor(minor, Currency::BOB),
        };
        let payment = WindowPayment {
            bills: vec![line],
            means: WindowMeans::Cash,
            tendered: None,
            key: WindowReceiptKey::from_text("till").unwrap(),
        };
        let taken = service.take_payment(&ana, payment).await.unwrap();
        taken.act.receipt.due().to_decimal()
    }

    async fn call(&self, service: &str, body: Value) -> Answer {
        self.world.call(service, &body.to_string()).await
    }
}

fn words<const MAX: usize>(text: &str) -> Text<MAX> {
    Text::from_text(text).unwrap()
}

/// The code of a refusal, which must come with its sentence; else what `shown` makes of the answer.
fn or_code(answer: &Answer, shown: impl FnOnce(&Answer) -> String) -> String {
    let code = answer.value("messageSistema").as_str().unwrap().to_owned();
    answer.check(&code, &code);
    if code.is_empty() {
        return shown(answer);
    }
    let sentence = SENTENCES.iter().find(|(known, _)| *known == code);
    let (_, sentence) = sentence.unwrap_or_else(|| panic!("{}", answer.body));
    assert_eq!(answer.value("message"), *sentence, "{code}");
    code
}

/// The numbers of the bills in the rows of an answer.
fn numbers(rows: &Value, name: &str) -> String {
    let numbers = rows.as_array().unwrap().iter().map(|row| row[name].to_string());
    numbers.collect::<Vec<_>>().join(" ")
}

/// A setting, the value it has by default and another, and acts of which the last is answered the
/// first way under the one and the second way under the other.
type Proof = (&'static str, [&'static str; 2], &'static [&'static str], [&'static str; 2]);

/// One proof of each setting: what differs where nothing else does.
const PROOFS: [Proof; 8] = [
    (
        "oldest_first",
        ["oldest_first=false", "oldest_first=true"],
        &["pay 9002"],
        ["", "DEUDA_ANTERIOR_PENDIENTE"],
    ),
    (
        "reversal_days",
        ["reversal_days=0", "reversal_days=1"],
        &["pay 9001", "at 2021-11-27 12:00:00", "reverse 9001"],
        ["REVERSION_FUERA_DE_PLAZO", ""],
    ),
    ("hours", ["hours=none", "hours=13:00-18:00"], &["pay 9001"], ["", "FUERA_DE_HORARIO"]),
    ("cut_off", ["cut_off=none", "cut_off=12:00"], &["pay 9001", "day 2021-11-27"], ["", "9001"]),
    (
        "check_payer",
        ["check_payer=false", "check_payer=true"],
        &["pay 9001 by 901"],
        ["", "ASOCIADO_NO_COINCIDE"],
    ),
    (
        // A day that is not over is not closed: only a clock set back meets a closed day.
        "closed_through",
        ["closed_through=2021-11-24", "closed_through=2021-11-25"],
        &["at 2021-11-25 12:00:00", "pay 9001", "day 2021-11-26"],
        ["", "9001"],
    ),
    (
        "cash_rounding",
        ["cash_rounding=none", "cash_rounding=0.10"],
        &["bill 9010,900,202112,6.03", "till 9010"],
        ["6.03", "6.00"],
    ),
    (
        "revenue.CONCEPT",
        ["revenue.Agua=none", "revenue.Agua=Venta de agua"],
        &["bill 9009,900,202112,6.00,,,Agua=6.00", "posted 9009"],
        ["revenue", "revenue:Venta de agua"],
    ),
];

#[tokio::test]
async fn each_setting_changes_an_answer() {
    for (setting, _) in Policy::SETTINGS {
        let proof = PROOFS.iter().find(|(key, ..)| *key == setting);
        let (_, typed, acts, answers) = proof.unwrap_or_else(|| panic!("{setting} has no proof"));
        for (typed, expected) in typed.iter().zip(answers) {
            let mut window = Window::open().await;
            assert_eq!(window.set(typed).await, "", "{typed}");
            let mut answer = String::new();
            for act in *acts {
                answer = window.act(act).await;
            }
            assert_eq!(answer, *expected, "{typed} {acts:?}");
        }
    }
    assert_eq!(PROOFS.len(), Policy::SETTINGS.len(), "a proof of a setting that is gone");
}

#[tokio::test]
async fn the_rules_refuse_in_their_order() {
    check(&[
        ("set oldest_first=true, hours=13:00-18:00, check_payer=true", ""),
        ("bill 9103,910,202109,9.00,anulada", ""),
        ("pay 9103", "FACTURA_NO_VIGENTE"),
        ("member 910,Hugo Paz Roca,910,bloqueado", ""),
        ("pay 9102", "CONTRATO_BLOQUEADO"),
        ("pay 9004", "DEUDA_ANTERIOR_PENDIENTE"),
        ("pay 9001", "FUERA_DE_HORARIO"),
        ("at 2021-11-26 13:00:00", ""),
        ("pay 9001", "ASOCIADO_NO_COINCIDE"),
        ("pay 9001 by 900", ""),
        ("at 2021-11-26 18:00:00", ""),
        ("pay 9001", "FACTURA_YA_PAGADA"),
    ])
    .await;
}

#[tokio::test]
async fn a_repeat_is_answered_whatever_the_rules_have_become() {
    check(&[
        ("pay 9002 under k-1", ""),
        ("set oldest_first=true, hours=13:00-18:00, check_payer=true", ""),
        ("member 900,Ana Soria Vaca,900,bloqueado", ""),
        ("pay 9002 under k-1", "replayed"),
        ("pay 9003 under k-2", "CONTRATO_BLOQUEADO"),
    ])
    .await;
}

#[tokio::test]
async fn a_value_of_another_form_is_refused() {
    for (setting, values) in [
        ("oldest_first", &["", "yes", "sí", "1", "True", "none", " true"][..]),
        ("check_payer", &["", "no", "0", "FALSE", "none"]),
        ("reversal_days", &["", "-1", "1.5", "65536", "None", "1 ", "uno"]),
        (
            "hours",
            &[
                "",
                "08:00-08:00",
                "00:00-00:00",
                "08:00-24:00",
                "24:00-08:00",
                "08:00-20:60",
                "8:00-20:00",
                "08:00 - 20:00",
                " 08:00-20:00",
                "08:00-20:00:00",
                "08:00-12:00-20:00",
                "08:00",
                "-20:00",
                "08-20",
                "None",
            ],
        ),
        (
            "cut_off",
            &[
                "", "17", "1730", "24:00", "17:60", "7:30", " 7:30", "7:30 ", "+7:30", "17:+1",
                "None",
            ],
        ),
        ("cash_rounding", &["", "0", "0.1", ".10", "0,10", "0.00", "0.01", "100.01", "None"]),
        (
            "closed_through",
            &[
                "",
                "none",
                "hoy",
                "2021-02-29",
                "20211120",
                "21-11-20",
                "2021-11-20 ",
                "2021-11-20T23:00",
                "20/11/2021",
            ],
        ),
        ("revenue.Agua", &["", " "]),
        ("revenue.", &["Venta de agua"]),
    ] {
        let known = setting.split_once('.').map_or(setting, |_| "revenue.CONCEPT");
        let (_, form) = Policy::SETTINGS.into_iter().find(|(key, _)| *key == known).unwrap();
        let told = format!("{setting} takes {form}");
        let window = Window::open().await;
        let before = window.settings();
        for value in values {
            assert_eq!(window.set(&format!("{setting}={value}")).await, told, "«{value}»");
        }
        assert_eq!(window.settings(), before);
    }
}

#[tokio::test]
async fn a_setting_that_is_refused_changes_none() {
    check(&[
        ("set check_payer=true, hours=8-20", "hours takes HH:MM-HH:MM|none"),
        ("set check_payer=true, colour=blue", "unknown setting colour"),
        ("set check_payer=true, closed_through=2021-11-26", "the day is not over"),
        ("pay 9001", ""),
    ])
    .await;
}
