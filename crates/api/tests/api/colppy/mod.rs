//! The Colppy dialect over a real service.

mod books;
mod bounds;
mod companies;
mod counted;
mod envelopes;
mod gate;
mod invoices;
mod operations;
mod payouts;
mod rates;
mod sessions;
mod suppliers;
mod trail;
mod transport;

use crate::world::{Answer, Sent};

/// The URL that every client has written down.
const PATH: &str = "/lib/frontera2/service.php";

/// The time of every answer: the world's clock, three hours behind UTC.
const ANSWERED_AT: &str = "2021-11-26 13:11:52";

/// A `POST` of a body that says of itself what it is.
fn post(body: impl Into<Vec<u8>>) -> Sent {
    Sent::to_path(PATH).without_token().body("application/json", body)
}

/// Checks what every answer has, and that the call did not come through.
fn check_stopped(answer: &Answer, called: [&str; 2], state: u16, asked: &str) {
    let asked = &asked[..asked.floor_char_boundary(300)];
    let [provision, operation] = called;
    let start = format!(
        r#"{{"service":{{"provision":"{provision}","operacion":"{operation}","response_date":"{ANSWERED_AT}"}},"result":{{"estado":{state},"mensaje":""#
    );
    assert!(answer.body.starts_with(&start), "{asked}: {}", answer.body);
    assert!(answer.body.ends_with(r#""},"response":null}"#), "{asked}: {}", answer.body);
    check_headers(answer, asked);
}

fn check_headers(answer: &Answer, asked: &str) {
    assert_eq!(answer.status, 200, "{asked}");
    for (name, value) in [
        ("content-type", "application/json; charset=utf-8"),
        ("cache-control", "no-store"),
        ("access-control-allow-origin", "*"),
    ] {
        assert_eq!(answer.headers[name], value, "{asked}");
    }
}
