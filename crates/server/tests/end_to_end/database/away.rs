//! A database that goes away while it is served, and comes back.

use std::net::SocketAddr;

use ventanilla_rig::{Cluster, Cut, Proxy};

use super::{Office, check_told};
use crate::common::watched::get;
use crate::common::{Server, bills, run, wait_until};

fn metrics_of(server: &Server) -> SocketAddr {
    let line = server.line();
    let address = line.strip_prefix("metrics on http://").unwrap();
    address.strip_suffix("/metrics").unwrap().parse().unwrap()
}

/// A server that is cut off answers that nothing changed, and goes on by itself.
fn check_goes_on(cut: Cut) {
    let office = Office::with_company();
    let bank = office.collector("banco");
    let all = bills(1, 2);
    office.import(&all);
    let proxy = Proxy::start(Cluster::shared().unwrap().port()).unwrap();
    let url = format!("{}&connect_timeout=1", office.database.url_at(proxy.port()));
    let line = "serve --listen 127.0.0.1:0 --metrics 127.0.0.1:0 --log error";
    let server = Server::start(office.command(line).env("VENTANILLA_DATABASE", &url));
    let metrics = metrics_of(&server);
    let mut client = server.client(&bank);
    assert_eq!(client.post("realizarpago", &all[0].to_payment(None)).code(), "");

    proxy.cut(cut);
    let refused = client.post("realizarpago", &all[1].to_payment(None));
    assert_eq!(
        (refused.status, refused.code().as_str()),
        (503, "SERVICIO_NO_DISPONIBLE"),
        "{cut:?}"
    );
    let ready = get(metrics, "/readyz");
    assert_eq!((ready.status, ready.text.as_str()), (503, "base\n"), "{cut:?}");
    let ran = run(office.command("verify").env("VENTANILLA_DATABASE", &url));
    assert!(ran.code == 3 && ran.err.contains("no se llega a la base de datos"), "{ran:?}");
    check_told(&ran, ":clave");

    proxy.mend();
    let mut paid = false;
    wait_until("the database", || {
        let code = client.post("realizarpago", &all[1].to_payment(None)).code();
        paid = code.is_empty();
        code != "SERVICIO_NO_DISPONIBLE"
    });
    assert!(paid, "what was refused had changed nothing");
    wait_until("that it is ready", || get(metrics, "/readyz").status == 200);
    server.stop();
    office.verify();
}

#[test]
fn a_server_outlives_a_database_that_refuses_connections() {
    check_goes_on(Cut::Closed);
}

#[test]
fn a_server_outlives_a_database_that_is_silent() {
    check_goes_on(Cut::BlackHoled);
}
