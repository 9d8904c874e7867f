//! The trail, from outside: what callers and operators did is told by `explain` and `trail`, also of a
//! server that was killed.

use serde_json::Value;

use crate::common::{
    BILLS, Bill, Client, Credentials, Installation, MEMBERS, Ran, Server, bills, check, import,
    run, system_user, verify, wait_until, with_bills,
};

/// Bill 1 of [`with_bills`].
const BILL: Bill = Bill { id: 1, contract: 1, period: 202_401, amount_minor: 1_000 };

fn explain(installation: &Installation, question: &[&str]) -> Ran {
    installation.run(&[&["explain", "--data", "datos"], question].concat())
}

/// The acts that an explanation tells, in order: what, what came of it, the code, who.
fn acts(ran: &Ran) -> Vec<String> {
    let explained = ran.json();
    let word = |act: &Value, key: &str| act[key].as_str().unwrap_or("-").to_owned();
    let told = |act: &Value| {
        let who = ["Recaudador", "Operador"].map(|key| word(act, key));
        let what = ["Acto", "Resultado", "Codigo"].map(|key| word(act, key));
        [what.join(" "), who.join(" ")].join(" ")
    };
    explained["Solicitudes"].as_array().unwrap().iter().map(told).collect()
}

/// Waits until the trail has so many acts about a bill.
fn wait_for(installation: &Installation, bill: &str, len: usize) {
    wait_until("the trail", || {
        let ran = explain(installation, &["--bill", bill, "--json"]);
        ran.code == 0 && acts(&ran).len() >= len
    });
}

/// An attempt with the wrong amount, the payment, a repeat of it, another collector's attempt, a
/// print-out, the operator's reprint, and the reversal.
fn live(installation: &Installation, [bank, till]: [&Credentials; 2]) -> Server {
    let server = installation.serve();
    let (mut bank, mut till) = (server.client(bank), server.client(till));
    let wrong = Bill { amount_minor: 1_001, ..BILL };
    let code = |client: &mut Client, body: &str| client.post("realizarpago", body).code();
    assert_eq!(code(&mut bank, &wrong.to_payment(Some("b-1"))), "MONTO_NO_COINCIDE");
    assert_eq!(code(&mut bank, &BILL.to_payment(Some("b-1"))), "");
    // As if the answer had been lost.
    let repeated = bank.post("realizarpago", &BILL.to_payment(Some("b-1")));
    assert!(repeated.is_replay(), "{repeated:?}");
    assert_eq!(code(&mut till, &BILL.to_payment(Some("c-1"))), "FACTURA_YA_PAGADA");
    let paid = r#"{"IdFactura":1,"IdCobranza":1}"#;
    assert_eq!(bank.post("imprimirfactura", paid).code(), "");
    wait_for(installation, "1", 5);
    let reprint = ["invoice", "1", "--data", "datos", "--by", "rosa", "--output", "factura.pdf"];
    installation.done(&reprint);
    assert_eq!(
        bank.post("revertirpago", r#"{"IdFactura":1,"IdCobranza":1,"Motivo":"doble"}"#).code(),
        ""
    );
    wait_for(installation, "1", 7);
    server
}

const LIFE: [&str; 7] = [
    "pay refused MONTO_NO_COINCIDE banco -",
    "pay done - banco -",
    "pay repeated - banco -",
    "pay refused FACTURA_YA_PAGADA caja -",
    "print done - banco -",
    "print done - - rosa",
    "reverse done - banco -",
];

#[test]
fn a_payments_life_is_told_by_its_id_its_bill_its_contract_and_its_key() {
    let installation = with_bills();
    let credentials = [installation.collector("banco"), installation.collector("caja")];
    let server = live(&installation, [&credentials[0], &credentials[1]]);
    for question in [
        &["1"][..],
        &["--bill", "1"],
        &["--contract", "1"],
        &["--contract", "001"],
        &["--key", "b-1"],
        &["--key", "c-1"],
    ] {
        let ran = explain(&installation, &[question, &["--json"]].concat());
        assert_eq!(acts(&ran), LIFE, "{question:?}");
        let explained = ran.json();
        let bill = &explained["Facturas"][0];
        assert_eq!((&bill["IdFactura"], &bill["Estado"]), (&1.into(), &"pendiente".into()));
        assert_eq!(bill["Versiones"][0]["Nombre"], "marzo.csv");
        let paid = &bill["Cobranzas"][0];
        assert_eq!((&paid["IdCobranza"], &paid["IdTransaccion"]), (&1.into(), &"b-1".into()));
        assert_eq!(paid["Asiento"]["Partidas"][0]["Debe"], "collector:1", "{paid}");
        assert_eq!(paid["Reversion"]["Motivo"], "doble");
        for act in explained["Solicitudes"].as_array().unwrap() {
            let from = if act["Operador"] == "rosa" { "command-line" } else { "127.0.0.1" };
            assert_eq!(act["Desde"], from, "{act}");
        }
    }
    let page = explain(&installation, &["1"]).out;
    for line in [
        "Empresa 13 «Cooplan»",
        "Factura 1: contrato 1, periodo 202401, 10.00 BOB, pendiente",
        "versión 1       10.00, pendiente: archivo 2 «marzo.csv», línea 2",
        "Cobranza 1: 10.00 BOB, versión 1, registrada 20",
        "IdTransaccion   b-1",
        "debe collector:1 (recaudador banco), haber receivable (por cobrar): 10.00",
        "Revertida 20",
        "motivo          doble",
        "impresión  hecho                         rosa",
        "pago       rechazado: MONTO_NO_COINCIDE  banco",
        "127.0.0.1    factura 1, contrato 1, IdTransaccion c-1",
    ] {
        assert!(page.contains(line), "{line}\n{page}");
    }
    assert!(!page.contains("pueden faltar"), "{page}");
    server.stop();
    verify(&installation, "datos");
}

#[test]
fn what_is_not_found_is_told_so() {
    let installation = with_bills();
    check(
        &installation,
        &[
            ("explain 7 --data datos", 1, "no se encontró nada de la cobranza 7: ni en los libros"),
            ("explain --bill 99 --data datos", 1, "no se encontró nada de la factura 99"),
            ("explain --bill 99 --data datos", 1, "los pedidos del último segundo pueden faltar"),
            ("explain --contract X --data datos", 1, "no se encontró nada del contrato X"),
            ("explain --key k --data datos", 1, "no se encontró nada del IdTransaccion «k»"),
            ("explain --bill 9 --data datos", 0, "Bitácora: nada"),
            ("explain 7 --company 9 --data datos", 2, "no hay ninguna empresa 9"),
            ("trail --company 9 --data datos", 2, "no hay ninguna empresa 9"),
            ("trail --who nadie --data datos", 2, "no hay nadie «nadie» en la bitácora"),
            ("trail --from 2024-02-01 --to 2024-01-01 --data datos", 2, "--from es posterior"),
        ],
    );
}

#[test]
fn the_trail_is_a_reading_list() {
    let installation = Installation::nothing();
    installation.done(&["init", "--data", "datos"]);
    let done = |line: &str| installation.done(&line.split(' ').collect::<Vec<_>>()).out;
    done("company add --data datos --id 13 --name Cooplan --by ana");
    done("collector add --data datos --name banco --by ana");
    let mut command = installation.command(&["collector", "disable", "--data", "datos"]);
    assert_eq!(run(command.args(["--name", "banco"]).env("USER", "operador")).code, 0);
    done("integrator add --data datos --name CONTABLE --by eva");
    installation.write("socios.csv", MEMBERS);
    installation.write("facturas.csv", BILLS);
    done("import members socios.csv --data datos --by ana");
    done("export members --data datos");
    let told = |line: &str| {
        let lines = done(line);
        let what = lines.lines().map(|line| {
            let columns: Vec<_> = line.split('\t').skip(1).collect();
            columns.join("|")
        });
        what.collect::<Vec<_>>()
    };
    // Without a name in the environment, the system's for the process's user.
    let exported = format!("exportación|hecho|{}|este equipo|«members»", system_user());
    let all = [
        "company-add|hecho|ana|este equipo|«Cooplan»",
        "collector-add|hecho|ana|este equipo|«banco»",
        "collector-disable|hecho|operador|este equipo|«banco»",
        "importación|hecho|ana|este equipo|archivo 1, «socios.csv»",
        &exported,
    ];
    assert_eq!(told("trail --data datos"), all);
    assert_eq!(told("trail --data datos --who operador"), all[2..3]);
    for line in ["--to 2020-01-01", "--who operador --to 2020-01-01", "--who CONTABLE"] {
        assert_eq!(told(&format!("trail --data datos {line}")), Vec::<String>::new(), "{line}");
    }
    assert_eq!(told("trail --data datos --from 2020-01-01"), all);
    let invited = format!("user-invite|hecho|{}|este equipo", system_user());
    let none = [invited.as_str(), "integrator-add|hecho|eva|este equipo|«CONTABLE»"];
    assert_eq!(told("trail --data datos --no-company"), none);
    let line = done("trail --data datos --json --who operador");
    let act: Value = serde_json::from_str(&line).unwrap();
    assert_eq!(act["Acto"], "collector-disable", "{act}");
    let ends = |line: &str, offset: &str| {
        let lines = done(line);
        let time = lines.lines().next().and_then(|line| line.split('\t').next()).unwrap();
        assert!(time.ends_with(offset), "{line}: {time}");
    };
    ends("trail --data datos", "-04:00");
    ends("trail --data datos --no-company", "+00:00");
    assert!(act["Fecha"].as_str().unwrap().ends_with("-04:00"), "{act}");
    verify(&installation, "datos");
}

#[test]
fn a_flood_without_a_token_is_counted_and_not_listed() {
    let installation = with_bills();
    let server = installation.serve();
    let mut stranger = Client::new(server.address());
    for _ in 0..300 {
        assert_eq!(stranger.post("realizarpago", &BILL.to_payment(None)).status, 401);
    }
    server.stop();
    let lines = installation.done(&["trail", "--data", "datos", "--no-company", "--json"]).out;
    let acts = lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let counted: Vec<u64> = acts
        .filter(|act| act["Acto"] != "user-invite")
        .map(|act| act["Veces"].as_u64().unwrap_or(1))
        .collect();
    assert_eq!(counted.iter().sum::<u64>(), 300);
    assert!(counted.len() <= 60, "{counted:?}");
    let of_company = installation.done(&["trail", "--data", "datos"]).out;
    assert!(!of_company.contains("rechazado"), "{of_company}");
}

#[test]
fn a_killed_server_leaves_a_sound_trail() {
    let installation = Installation::with_company();
    let bills = bills(40, 1);
    import(&installation, &bills);
    let bank = installation.collector("banco");
    for life in 0..4 {
        let server = installation.serve();
        let mut client = server.client(&bank);
        let (first, rest) = bills[life * 10..][..10].split_first().unwrap();
        let pay = |client: &mut Client, bill: &Bill| {
            assert_eq!(client.post("realizarpago", &bill.to_payment(None)).code(), "");
        };
        pay(&mut client, first);
        wait_for(&installation, &first.id.to_string(), 1);
        for bill in rest {
            pay(&mut client, bill);
        }
        server.kill();
        verify(&installation, "datos");
        // What the last second lost is in the books all the same.
        for bill in rest {
            let ran = explain(&installation, &["--bill", &bill.id.to_string(), "--json"]);
            assert_eq!(ran.json()["Facturas"][0]["Estado"], "pagada", "{ran:?}");
            let page = explain(&installation, &["--bill", &bill.id.to_string()]).out;
            assert_eq!(page.contains("pueden faltar"), acts(&ran).is_empty(), "{page}");
        }
        let ran = explain(&installation, &["--bill", &first.id.to_string(), "--json"]);
        assert_eq!(acts(&ran), ["pay done - banco -"]);
    }
}
