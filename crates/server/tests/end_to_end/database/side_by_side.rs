//! Two servers on one database: what one does the other knows.

use serde_json::json;

use super::Office;
use crate::common::watched::{get, scrape};
use crate::common::{Bill, Client, Server, bills};

fn ask(client: &mut Client) -> String {
    client.post("consultardeuda", r#"{"Contrato":"1"}"#).code()
}

fn pay(client: &mut Client, bill: Bill) -> String {
    client.post("realizarpago", &bill.to_payment(None)).code()
}

#[test]
fn what_one_server_does_the_other_knows() {
    let office = Office::with_company();
    let (bank, till) = (office.collector("banco"), office.collector("caja"));
    let all = bills(2, 6);
    office.import(&all);
    let servers = [office.serve("uno"), office.serve("dos")];
    let mut here = servers[0].client(&bank);
    let mut there = here.at(servers[1].address());
    assert_eq!(ask(&mut there), "", "a token of one is taken by the other");
    let mut till = servers[1].client(&till);

    let paid = here.post("realizarpago", &all[0].to_payment(Some("a-1"))).values();
    let again = there.post("realizarpago", &all[0].to_payment(Some("a-1")));
    assert!(again.is_replay(), "{again:?}");
    assert_eq!(again.values(), paid);
    let refused = there.post("realizarpago", &all[0].to_payment(None));
    assert_eq!((refused.code().as_str(), &refused.json()["values"]), ("FACTURA_YA_PAGADA", &paid));
    assert_eq!(pay(&mut till, all[0]), "FACTURA_YA_PAGADA");
    let body = json!({ "IdFactura": all[0].id, "IdCobranza": paid["IdCobranza"] }).to_string();
    assert_eq!(there.post("revertirpago", &body).code(), "", "the other one undoes it");
    assert_eq!(pay(&mut till, all[0]), "", "and then it is owed again");
    assert_eq!(pay(&mut here, all[0]), "FACTURA_YA_PAGADA");

    office.done("collector disable --name banco");
    for client in [&mut here, &mut there] {
        assert_eq!(pay(client, all[1]), "CREDENCIAL_INACTIVA", "at either, from now on");
    }
    assert_eq!(pay(&mut till, all[1]), "");
    for server in servers {
        server.stop();
    }
    office.verify();
}

#[test]
fn a_bill_is_paid_once_at_all_servers() {
    let office = Office::with_company();
    let bank = office.collector("banco");
    let all = bills(3, 10);
    office.import(&all);
    let servers = [office.serve("uno"), office.serve("dos")];
    let callers: Vec<Client> =
        (0..8).map(|caller: usize| servers[caller % 2].client(&bank)).collect();
    let codes: Vec<Vec<String>> = std::thread::scope(|scope| {
        let paying = callers.into_iter().map(|mut client| {
            let all = &all;
            scope.spawn(move || all.iter().map(|bill| pay(&mut client, *bill)).collect())
        });
        let paying: Vec<_> = paying.collect();
        paying.into_iter().map(|caller| caller.join().unwrap()).collect()
    });
    for (at, bill) in all.iter().enumerate() {
        let mut of_bill: Vec<&str> = codes.iter().map(|codes| codes[at].as_str()).collect();
        of_bill.sort_unstable();
        let expected = [vec![""], vec!["FACTURA_YA_PAGADA"; 7]].concat();
        assert_eq!(of_bill, expected, "{bill:?}");
    }
    servers.into_iter().for_each(Server::stop);
    office.verify();
    let events = office.done("export events --after 0 --format jsonl");
    assert_eq!(events.out.lines().count(), all.len(), "each with its number");
}

#[test]
fn a_server_that_is_killed_leaves_its_payments_to_the_others() {
    let office = Office::with_company();
    let bank = office.collector("banco");
    let all = bills(1, 8);
    office.import(&all);
    let (one, other) = (office.serve("uno"), office.serve("dos"));
    let mut client = one.client(&bank);
    for bill in &all[..4] {
        assert_eq!(pay(&mut client, *bill), "");
    }
    one.kill();
    let mut client = client.at(other.address());
    for bill in &all[..4] {
        assert_eq!(pay(&mut client, *bill), "FACTURA_YA_PAGADA");
    }
    for bill in &all[4..] {
        assert_eq!(pay(&mut client, *bill), "");
    }
    other.stop();
    office.verify();
}

#[test]
fn a_server_over_a_database_tells_no_sizes_of_files() {
    let office = Office::with_company();
    let server = office.serve("uno");
    let line = server.line();
    let metrics =
        line.strip_prefix("metrics on http://").unwrap().strip_suffix("/metrics").unwrap();
    let metrics = metrics.parse().unwrap();
    assert_eq!(get(metrics, "/readyz").text, "ok\n");
    let samples = scrape(metrics);
    for name in ["ventanilla_database_bytes", "ventanilla_wal_bytes"] {
        assert!(!samples.contains_key(name), "{name}: absent, not zero");
    }
    assert!(samples["ventanilla_ready"] > 0.0 && samples["ventanilla_journal_entries_total"] > 0.0);
    server.stop();
}

#[test]
fn servers_of_one_machine_have_checkpoints_of_their_own() {
    let office = Office::with_company();
    let server = office.serve("uno");
    let second = office.run("serve --listen 127.0.0.1:0 --checkpoints uno.control");
    let told = "cada uno lleva los suyos, donde diga --checkpoints";
    assert!(second.code == 2 && second.err.contains(told), "{second:?}");
    server.stop();
    let ran = office.done("verify --checkpoints uno.control");
    assert!(ran.out.contains("puntos de control: ") && !ran.out.contains("ninguno"), "{ran:?}");
}
