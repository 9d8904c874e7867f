//! A hundred callers pay one bill at the same moment.

use std::sync::{Arc, Barrier};
use std::thread;

use crate::common::{Answer, Bill, Client, Installation, bills, import, verify};

const CALLERS: usize = 100;
const ROUNDS: usize = 5;

/// All clients send at once what `body` gives them; their answers.
fn at_once(clients: &[Client], body: impl Fn(usize) -> String) -> Vec<Answer> {
    let barrier = Arc::new(Barrier::new(clients.len()));
    let callers: Vec<_> = clients
        .iter()
        .enumerate()
        .map(|(number, client)| {
            let (barrier, body, mut client) = (barrier.clone(), body(number), client.another());
            thread::spawn(move || {
                // The connection is there before the start.
                client.post("consultardeuda", r#"{"Contrato":"1"}"#);
                barrier.wait();
                client.post("realizarpago", &body)
            })
        })
        .collect();
    callers.into_iter().map(|caller| caller.join().unwrap()).collect()
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
        let answers = at_once(&clients, |_| bill.to_payment(None));
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
        let answers = at_once(&clients, |caller| bill.to_payment(Some(&key(caller))));
        assert_eq!(paid(&answers).len(), 1, "round {round}, each with a key of its own");
    }
    for bill in bills.by_ref().take(2) {
        let own: Vec<Client> = clients.iter().map(|_| ours.another()).collect();
        let key = format!("una-{}", bill.id);
        let answers = at_once(&own, |_| bill.to_payment(Some(&key)));
        let ids = paid(&answers);
        assert_eq!(ids.len(), CALLERS, "one key: every caller gets the payment");
        assert!(ids.iter().all(|id| *id == ids[0]));
        let new = answers.iter().filter(|answer| !answer.is_replay()).count();
        assert_eq!(new, 1, "one key: one payment, the others are told it again");
    }
    server.stop();
    verify(&installation, "datos");
}
