//! Whoever asks too often is told to come later, before anything of the request is read.

use axum::Router;
use jiff::SignedDuration;
use ventanilla_api::{Rate, Rates, counted_router};

use crate::monitor::{counted, scrape, value};
use crate::world::{Answer, Sent, World, printed_payment, send};

const LIMITED: &str = "LIMITE_EXCEDIDO";
const DEBT: &str = r#"{"Contrato":"345"}"#;

/// Two requests of an address and three of a collector, and one more each second.
const FEW: Rates = Rates {
    address: Rate { per_second: 1, burst: 2 },
    collector: Rate { per_second: 1, burst: 3 },
    limits_loopback: false,
};

/// The demo's world behind another router, whose gate has seen nobody yet.
struct Door {
    world: World,
    router: Router,
}

impl Door {
    async fn open(rates: Rates) -> Self {
        let world = World::demo().await;
        let router = counted_router(world.service.clone(), world.monitor.meters(), rates);
        Self { world, router }
    }

    async fn send(&self, sent: &Sent) -> Answer {
        send(&self.router, sent).await
    }

    fn with_token(&self, sent: Sent) -> Sent {
        sent.header("autorizacion", &format!("Bearer {}", self.world.token))
    }

    fn debt(&self) -> Sent {
        self.with_token(Sent::to("consultardeuda").json(DEBT))
    }

    fn pass(&self, seconds: i64) {
        let clock = &self.world.clock;
        clock.set(clock.now() + SignedDuration::from_secs(seconds));
    }

    /// Requests told to come later: for their collector, for their address.
    async fn limited(&self) -> [String; 2] {
        let families = scrape(&self.world.monitor).await;
        ["collector", "address"].map(|limit| {
            let key = format!("ventanilla_requests_limited_total limit={limit}");
            value(&families, &key).to_string()
        })
    }
}

fn check_limited(answer: &Answer, asked: &str) {
    answer.check_status(429, LIMITED, asked);
    assert_eq!(answer.header("retry-after"), Some("1"), "{asked}");
    assert!(answer.body.contains("nada se registró"), "{}", answer.body);
}

#[tokio::test]
async fn an_address_is_limited_whatever_it_asks_for() {
    let door = Door::open(FEW).await;
    let wrong = |address| Sent::to("token").json("{}").at_address(address);
    for _ in 0..2 {
        door.send(&wrong("192.0.2.7")).await.check("PARAMETRO_REQUERIDO: CodSeguridad", "");
    }
    for sent in [
        wrong("192.0.2.7"),
        Sent::to("nada"),
        Sent::to("token").method("GET"),
        Sent::to("realizarpago").body("application/json", vec![b'x'; 100_000]),
        Sent::to("consultardeuda").json(DEBT).header("authorization", "Bearer unknown"),
    ] {
        check_limited(&door.send(&sent).await, &format!("{sent:?}"));
    }
    door.send(&wrong("192.0.2.8")).await.check("PARAMETRO_REQUERIDO: CodSeguridad", "another");
    assert_eq!(door.limited().await, ["0", "5"]);
    door.pass(1);
    door.send(&wrong("192.0.2.7")).await.check("PARAMETRO_REQUERIDO: CodSeguridad", "later");
    check_limited(&door.send(&wrong("192.0.2.7")).await, "one a second");
}

#[tokio::test]
async fn a_request_that_is_limited_is_counted_under_its_service() {
    let door = Door::open(FEW).await;
    for _ in 0..2 {
        door.send(&Sent::to("token")).await;
    }
    for (sent, expected) in [
        (Sent::to("realizarpago"), "cooplan realizarpago client_error"),
        (Sent::to_path("/colppy"), "colppy other client_error"),
        (Sent::to_path("/comprobante/x").method("GET"), "receipt other client_error"),
    ] {
        let before = scrape(&door.world.monitor).await;
        door.send(&sent).await;
        let after = scrape(&door.world.monitor).await;
        assert_eq!(counted(&before, &after), [expected]);
    }
    assert_eq!(door.limited().await, ["0", "3"]);
}

#[tokio::test]
async fn a_collector_is_limited_by_all_its_tokens_and_other_callers_are_not() {
    let door = Door::open(FEW).await;
    door.send(&door.debt()).await.check("", "it is not known yet, so its address counts");
    let elsewhere = |sent: Sent| sent.at_address("198.51.100.1");
    for _ in 0..3 {
        door.send(&elsewhere(door.debt())).await.check("", "known");
    }
    check_limited(&door.send(&door.debt()).await, "wherever it comes from");
    let pay = Sent::to("realizarpago").json(&printed_payment(""));
    check_limited(&door.send(&door.with_token(pay.clone())).await, "a payment too");
    assert_eq!(door.limited().await, ["2", "0"]);
    let second = door.world.log_in("DEMO-COOPLAN", "demo", "demo-cooplan").await;
    let by_second = |sent: &Sent| sent.clone().header("authorization", &format!("Bearer {second}"));
    // A token that is new counts for its address, once.
    door.send(&by_second(&Sent::to("consultardeuda").json(DEBT))).await.check("", "new");
    check_limited(&door.send(&by_second(&pay)).await, "its collector's");
    door.pass(1);
    let paid = door.send(&by_second(&pay)).await;
    paid.check("", "whoever waits as told is heard, and nothing had been kept");
    assert!(!paid.is_replay());
    door.pass(60);
    let of_other = Sent::to("consultardeuda").json(DEBT);
    let bearer = format!("Bearer {}", door.world.other_token);
    for _ in 0..4 {
        door.send(&of_other.clone().header("authorization", &bearer)).await.check("", "another");
    }
}

#[tokio::test]
async fn writes_tell_whose_a_token_is_as_reads_do() {
    let pay = Sent::to("realizarpago").json(&printed_payment(""));
    let refused = Sent::to("realizarpago")
        .json(r#"{"IdFactura":1,"Periodo":"202110","Contrato":"315","Monto":145.7}"#);
    let reverse = Sent::to("revertirpago").json(r#"{"IdFactura":1,"IdCobranza":"1"}"#);
    for first in [pay, refused, reverse] {
        let door = Door::open(FEW).await;
        let bearer = door.with_token(first);
        door.send(&bearer).await;
        for _ in 0..3 {
            door.send(&door.debt()).await.check("", "known");
        }
        check_limited(&door.send(&door.debt()).await, "known by what it did first");
        assert_eq!(door.limited().await, ["1", "0"], "{bearer:?}");
    }
}

#[tokio::test]
async fn a_token_that_was_refused_uses_up_nobody_s_requests() {
    let door = Door::open(FEW).await;
    let stolen = door.debt();
    door.send(&stolen).await.check("", "accepted, while it lives");
    let day_s = 24 * 3_600;
    door.pass(day_s);
    let mut expired = 0;
    for _ in 0..9 {
        expired += u32::from(door.send(&stolen).await.status == 401);
    }
    // The first is its collector's: until then nobody knew.
    assert_eq!(expired, 3);
    assert_eq!(door.limited().await, ["0", "6"]);
    let new = door.world.log_in("DEMO-COOPLAN", "demo", "demo-cooplan").await;
    let sent = Sent::to("consultardeuda").json(DEBT).at_address("198.51.100.1");
    let sent = sent.header("authorization", &format!("Bearer {new}"));
    for _ in 0..3 {
        door.send(&sent).await.check("", "its collector has its own");
    }
}

#[tokio::test]
async fn without_a_limit_nobody_is_told_to_wait_and_nor_is_the_machine_itself() {
    let none = Rate { per_second: 0, burst: 0 };
    let unlimited = Rates { address: none, collector: none, limits_loopback: true };
    for (rates, address) in [(unlimited, "192.0.2.7"), (FEW, "127.0.0.1"), (FEW, "::1")] {
        let door = Door::open(rates).await;
        for _ in 0..20 {
            door.send(&door.debt().at_address(address)).await.check("", address);
            door.send(&Sent::to("nada").at_address(address)).await.check_status(
                404,
                "SERVICIO_NO_EXISTE",
                address,
            );
        }
        assert_eq!(door.limited().await, ["0", "0"]);
    }
}

#[tokio::test]
async fn the_other_paths_tell_it_in_their_own_words() {
    let door = Door::open(FEW).await;
    for _ in 0..2 {
        door.send(&Sent::to("nada")).await;
    }
    let colppy = Sent::to_path("/lib/frontera2/service.php").json("{}");
    for method in ["POST", "GET", "HEAD", "DELETE"] {
        let answer = door.send(&colppy.clone().method(method)).await;
        assert_eq!(answer.status, 200, "{method}");
        assert_eq!(answer.header("retry-after"), Some("1"));
        assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
        assert_eq!(answer.header("access-control-expose-headers"), Some("retry-after"));
        if method == "HEAD" {
            continue;
        }
        assert_eq!(answer.value("/result/estado"), 190, "{method}: {}", answer.body);
        let message = answer.value("/result/mensaje");
        assert!(message.as_str().unwrap().contains("nada se registró; espere 1 segundo antes"));
    }
    let asked = door.send(&colppy.method("OPTIONS")).await;
    assert!(asked.header("retry-after").is_none(), "a browser's question does nothing");
    assert!(asked.header("access-control-allow-methods").is_some());
    let page = door.send(&Sent::to_path("/comprobante/x").method("GET")).await;
    assert_eq!((page.status.as_u16(), page.header("retry-after")), (429, Some("1")));
    assert!(page.body.contains("espere un momento") && page.body.starts_with("<!DOCTYPE html>"));
}
