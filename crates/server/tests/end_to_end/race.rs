//! A hundred callers pay one bill at the same moment, or settle one invoice.

use std::sync::Barrier;
use std::thread;

use serde_json::{Value, json};

use crate::common::accountant::{Accountant, invoice, payout};
use crate::common::{Answer, Bill, Client, Installation, bills, import, verify};

const CALLERS: usize = 100;
const ROUNDS: usize = 5;

/// All callers act at once, each after it has made itself ready; their answers.
fn at_once<C: Send, A: Send>(
    callers: impl Iterator<Item = C>,
    ready: impl Fn(&mut C) + Sync,
    act: impl Fn(usize, &mut C) -> A + Sync,
) -> Vec<A> {
    let callers: Vec<C> = callers.collect();
    let (barrier, ready, act) = (&Barrier::new(callers.len()), &ready, &act);
    thread::scope(|scope| {
        let acting = callers.into_iter().enumerate().map(|(number, mut caller)| {
            scope.spawn(move || {
                // The connection is there before the start.
                ready(&mut caller);
                barrier.wait();
                act(number, &mut caller)
            })
        });
        let acting: Vec<_> = acting.collect();
        acting.into_iter().map(|caller| caller.join().unwrap()).collect()
    })
}

/// All clients send at once what `body` gives them; their answers.
fn pay_at_once(clients: &[Client], body: impl Fn(usize) -> String + Sync) -> Vec<Answer> {
    let ready = |client: &mut Client| drop(client.post("consultardeuda", r#"{"Contrato":"1"}"#));
    let act = |number, client: &mut Client| client.post("realizarpago", &body(number));
    at_once(clients.iter().map(Client::another), ready, act)
}

/// The ids told by the answers that are successes.
fn paid(answers: &[Answer]) -> Vec<String> {
    let paid = answers.iter().map(Answer::json).filter(|answer| answer["error"] == 0);
    paid.map(|answer| answer["values"]["IdCobranza"].as_str().unwrap().to_owned()).collect()
}

/// The payments the collector has of a bill.
fn payments_of(client: &mut Client, bill: Bill) -> Vec<String> {
    let rows = client.post("consultarpago", &format!(r#"{{"IdFactura":{}}}"#, bill.id)).values();
    let rows = rows.as_array().unwrap().clone();
    rows.iter().map(|row| row["IdCobranza"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_hundred_callers_pay_a_bill_once() {
    let installation = Installation::with_company();
    let (ours, theirs) = (installation.collector("caja"), installation.collector("banco"));
    let bills = bills(1, 12);
    import(&installation, &bills);
    let server = installation.serve();
    let (mut ours, mut theirs) = (server.client(&ours), server.client(&theirs));
    let mut bills = bills.into_iter();
    let clients: Vec<Client> = (0..CALLERS)
        .map(|caller| if caller % 2 == 0 { ours.another() } else { theirs.another() })
        .collect();
    for (round, bill) in (0..ROUNDS).zip(bills.by_ref()) {
        let answers = pay_at_once(&clients, |_| bill.to_payment(None));
        let winners = paid(&answers);
        assert_eq!(winners.len(), 1, "round {round}");
        let mut found = payments_of(&mut ours, bill);
        let winner_is_ours = !found.is_empty();
        found.extend(payments_of(&mut theirs, bill));
        assert_eq!(found, winners, "round {round}");
        for (caller, answer) in answers.iter().enumerate().filter(|(_, a)| a.json()["error"] != 0) {
            assert_eq!(answer.code(), "FACTURA_YA_PAGADA");
            // The collector that paid gets the payment back, the other one nothing.
            let is_same = (caller % 2 == 0) == winner_is_ours;
            let told = answer.json()["values"]["IdCobranza"].as_str().map(str::to_owned);
            assert_eq!(told.as_ref(), is_same.then_some(&winners[0]), "round {round}");
        }
    }
    for (round, bill) in (0..ROUNDS).zip(bills.by_ref()) {
        let key = |caller: usize| format!("ronda-{round}-{caller}");
        let answers = pay_at_once(&clients, |caller| bill.to_payment(Some(&key(caller))));
        assert_eq!(paid(&answers).len(), 1, "round {round}, each with a key of its own");
    }
    for bill in bills.by_ref().take(2) {
        let own: Vec<Client> = clients.iter().map(|_| ours.another()).collect();
        let key = format!("una-{}", bill.id);
        let answers = pay_at_once(&own, |_| bill.to_payment(Some(&key)));
        let ids = paid(&answers);
        assert_eq!(ids.len(), CALLERS, "one key: every caller gets the payment");
        assert!(ids.iter().all(|id| *id == ids[0]));
        let new = answers.iter().filter(|answer| !answer.is_replay()).count();
        assert_eq!(new, 1, "one key: one payment, the others are told it again");
    }
    server.stop();
    verify(&installation, "datos");
}

/// Accountants on a connection each make at once the payouts that `asked` gives them: the ids of
/// those that were made, and what the others were told.
fn make_at_once(
    accountant: &Accountant,
    asked: impl Fn(usize) -> Value + Sync,
) -> (Vec<String>, Vec<String>) {
    let ready = |caller: &mut Accountant| drop(caller.done("Empresa.listar_empresa", json!({})));
    let act = |number, caller: &mut Accountant| {
        let answer = caller.ask("Pago.alta_pago", asked(number));
        let word = |path: &str| answer.pointer(path).and_then(Value::as_str).map(str::to_owned);
        let told = || word("/response/message").unwrap_or_else(|| answer.to_string());
        word("/response/data/idPago").ok_or_else(told)
    };
    let (mut made, mut told) = (Vec::new(), Vec::new());
    for end in at_once((0..CALLERS).map(|_| accountant.another()), ready, act) {
        match end {
            Ok(id) => made.push(id),
            Err(message) => told.push(message),
        }
    }
    (made, told)
}

/// The numbers of payouts, in their order.
fn numbers_of(accountant: &mut Accountant, payouts: &[String]) -> Vec<String> {
    let mut number_of = |id: &String| {
        let read = accountant.done("Pago.leer_pago", json!({ "idEmpresa": 98, "idPago": id }));
        read["data"]["nroPago"].as_str().unwrap().to_owned()
    };
    let mut numbers: Vec<String> = payouts.iter().map(&mut number_of).collect();
    numbers.sort_unstable();
    numbers
}

/// Of an invoice of 100.00 six parts of 15.00 fit.
fn settle_one_invoice(accountant: &mut Accountant, round: usize) {
    let id = accountant.enter(invoice(&(round + 1).to_string(), "100.00", &json!({})));
    let applied = json!([{ "idFactura": id, "importe": "15.00" }]);
    let asked = payout("15.00", &json!({ "recordsToInsertUpdate": applied }));
    let (mut made, told) = make_at_once(accountant, |_| asked.clone());
    let sentence = format!("El importe aplicado a la factura {id} supera su saldo, 10.00.");
    assert_eq!((made.len(), told), (6, vec![sentence; CALLERS - 6]), "round {round}");
    let asked = json!({ "idEmpresa": 98, "idFactura": id });
    let read = accountant.done("FacturaCompra.leer_facturacompra", asked.clone());
    let figures = ["totalaplicado", "saldoaaplicar"].map(|name| &read["data"][name]);
    assert_eq!(figures, ["90.00", "10.00"], "round {round}");
    let rows = accountant.done("FacturaCompra.leer_pagos_factura", asked)["data"].clone();
    let rows = rows.as_array().unwrap().iter();
    let found: Vec<_> = rows.map(|row| row["idPago"].as_str().unwrap()).collect();
    made.sort_unstable_by_key(|id| id.parse::<u64>().unwrap());
    assert_eq!(found, made, "round {round}");
}

#[test]
fn a_hundred_accountants_settle_an_invoice_once_and_use_a_number_once() {
    let installation = Installation::nothing();
    let demo = installation.demo();
    let mut accountant = Accountant::log_in(demo.address());
    for round in 0..ROUNDS {
        settle_one_invoice(&mut accountant, round);
        let serial = round + 1;
        let named = json!({ "nroPago1": "2", "nroPago2": serial.to_string() });
        let (made, told) = make_at_once(&accountant, |_| payout("11.00", &named));
        assert_eq!(numbers_of(&mut accountant, &made), [format!("0002-{serial:08}")]);
        let sentence = format!("El número de pago ya está usado: lo tiene el idPago {}.", made[0]);
        assert_eq!(told, vec![sentence; CALLERS - 1], "round {round}");
    }
    let (made, _) = make_at_once(&accountant, |_| payout("11.00", &json!({ "nroPago1": "3" })));
    let following = (1..=CALLERS).map(|serial| format!("0003-{serial:08}"));
    assert_eq!(numbers_of(&mut accountant, &made), following.collect::<Vec<_>>());
    let keyed = payout("11.00", &json!({ "IdTransaccion": "una" }));
    let (made, _) = make_at_once(&accountant, |_| keyed.clone());
    assert_eq!(made, vec![made[0].clone(); CALLERS], "one key: every caller gets the payout");
    demo.stop();
    verify(&installation, "ventanilla-demo");
}
