//! Requests that two readers may take for different ones: each has one answer, or the connection ends.

use tokio::io::AsyncWriteExt as _;
use ventanilla_api::Limits;

use crate::sockets::{Server, check};

type Case = (String, &'static [u16]);

/// Sends each request and closes: it has one of these statuses, or none at all, and never what was smuggled.
async fn check_each(server: &Server, cases: Vec<Case>) {
    for (request, statuses) in cases {
        let mut client = server.connect().await;
        client.send(&request).await;
        client.0.shutdown().await.unwrap();
        let answers = client.rest().await;
        let shown = &request[..request.floor_char_boundary(400)];
        assert!(answers.matches("HTTP/1.1 ").count() <= 1, "{shown}\n{answers}");
        let status = answers.split(' ').nth(1).map_or(400, |status| status.parse().unwrap());
        assert!(statuses.contains(&status), "{shown}\n{answers}");
        assert!(!answers.contains("4303567"), "smuggled: {shown}\n{answers}");
    }
}

const POST: &str = "POST /api/consultardeuda HTTP/1.1\r\n";
const BODY: &str = r#"{"Contrato":345}"#;

fn token(server: &Server) -> String {
    format!("Host: x\r\nautorizacion: Bearer {}\r\n", server.token)
}

#[tokio::test]
async fn a_body_of_two_lengths_has_one_answer_or_none() {
    let server = Server::start(Limits::default()).await;
    let (post, body, token, smuggled) = (POST, BODY, token(&server), server.request("315"));
    let cases: Vec<Case> = vec![
        (
            format!(
                "{post}{token}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{smuggled}"
            ),
            &[200, 400],
        ),
        (
            format!(
                "{post}{token}Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n{smuggled}"
            ),
            &[200, 400],
        ),
        (
            format!(
                "{post}{token}Content-Length: 16\r\nContent-Length: 17\r\n\r\n{body}{smuggled}"
            ),
            &[400],
        ),
        (format!("{post}{token}Content-Length: -1\r\n\r\n{smuggled}"), &[400]),
        (format!("{post}{token}Content-Length: +16\r\n\r\n{body}{smuggled}"), &[400]),
        (format!("{post}{token}Content-Length: 0x10\r\n\r\n{body}{smuggled}"), &[400]),
        (format!("{post}{token}Content-Length: 99999999999999999999\r\n\r\n{body}"), &[400, 413]),
        (format!("{post}{token}Transfer-Encoding: gzip\r\n\r\n{smuggled}"), &[400]),
        (format!("{post}{token}Transfer-Encoding: chunked, gzip\r\n\r\n{smuggled}"), &[400]),
        (format!("{post}{token}Transfer-Encoding: chunked\r\n\r\nzz\r\n{smuggled}"), &[400]),
        (
            format!("{post}{token}Transfer-Encoding: chunked\r\n\r\n5\r\nabcdefgh\r\n0\r\n\r\n"),
            &[400],
        ),
        (format!("{post}{token}Content-Length : 16\r\n\r\n{body}"), &[400]),
        (format!("{post}{token}X: a\r\n b\r\nContent-Length: 16\r\n\r\n{body}"), &[400]),
        (format!("{post}{token}X: a\0b\r\nContent-Length: 16\r\n\r\n{body}"), &[400]),
    ];
    check_each(&server, cases).await;
}

#[tokio::test]
async fn a_line_with_two_ends_has_one_answer_or_none() {
    let server = Server::start(Limits::default()).await;
    let (post, body, token, smuggled) = (POST, BODY, token(&server), server.request("315"));
    let cases: Vec<Case> = vec![
        (format!("{post}{token}Content-Length: 16\r\nX: a\rY: b\r\n\r\n{body}"), &[400]),
        (
            format!("{post}{token}Content-Length: 0\nTransfer-Encoding: chunked\n\n{smuggled}"),
            &[200, 400],
        ),
        (format!("{post}{token}Transfer-Encoding\n : chunked\r\n\r\n0\r\n\r\n"), &[400]),
        (format!("{post}{token}Transfer-Encoding:\u{b}chunked\r\n\r\n{smuggled}"), &[400]),
        (format!("{post}{token}Transfer-Encoding: xchunked\r\n\r\n{smuggled}"), &[400]),
        (
            format!(
                "{post}{token}Transfer-Encoding: identity\r\nContent-Length: 16\r\n\r\n{smuggled}"
            ),
            &[400],
        ),
        (format!("{post}{token}Content-Length: 16, 17\r\n\r\n{body}{smuggled}"), &[400]),
        (format!("{post}{token}Content-Length: 1 6\r\n\r\n{body}"), &[400]),
        (format!("{post}{token}Content-Length:\r\n 16\r\n\r\n{body}"), &[400]),
        (format!("{post}{token}Transfer-Encoding: chunked\r\n\r\n-1\r\n{smuggled}"), &[200, 400]),
        (
            format!(
                "{post}{token}Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n{smuggled}"
            ),
            &[200, 400],
        ),
        (
            format!(
                "POST /api/consultardeuda HTTP/1.0\r\n{token}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n{smuggled}"
            ),
            &[200, 400],
        ),
        (format!("{post}: x\r\n{token}Content-Length: 16\r\n\r\n{body}"), &[400]),
    ];
    check_each(&server, cases).await;
}

#[tokio::test]
async fn what_is_no_request_has_one_answer_or_none() {
    let server = Server::start(Limits::default()).await;
    let (post, token) = (POST, token(&server));
    let huge = "x".repeat(20 * 1024);
    let many = "X: 1\r\n".repeat(200);
    let cases: Vec<Case> = vec![
        (format!("{post}{token}X: {huge}\r\n\r\n"), &[431]),
        (format!("{post}{token}{many}\r\n"), &[431]),
        (format!("POST /{huge} HTTP/1.1\r\n{token}\r\n"), &[400, 404, 414, 431]),
        (format!("POST /api/consultardeuda HTTP/9.9\r\n{token}\r\n"), &[400, 505]),
        (format!("POST /api/consultar deuda HTTP/1.1\r\n{token}\r\n"), &[400]),
        ("\u{1}\u{2}\u{3}\r\n\r\n".to_owned(), &[400]),
        ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_owned(), &[400, 505]),
        ("\x16\x03\x01\x02\x00\x01\x00\x01".to_owned() + &"\0".repeat(100), &[400]),
    ];
    check_each(&server, cases).await;
}

#[tokio::test]
async fn unusual_requests_that_are_well_formed_get_an_envelope() {
    let server = Server::start(Limits::default()).await;
    for (request, status, code) in [
        ("OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n", 404, "SERVICIO_NO_EXISTE"),
        ("GET / HTTP/1.1\r\nHost: x\r\n\r\n", 404, "SERVICIO_NO_EXISTE"),
        ("GET http://x/api/token HTTP/1.1\r\nHost: x\r\n\r\n", 405, "METODO_NO_PERMITIDO"),
        ("CONNECT x:80 HTTP/1.1\r\nHost: x:80\r\n\r\n", 404, "SERVICIO_NO_EXISTE"),
        ("POST /api/token HTTP/1.1\r\nHost: x\r\n\r\n", 200, "CUERPO_INVALIDO"),
        ("POST /api/token HTTP/1.1\r\nContent-Length: 0\r\n\r\n", 200, "CUERPO_INVALIDO"),
        (
            "POST /api/token HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n",
            200,
            "CUERPO_INVALIDO",
        ),
        ("POST /api/%zz HTTP/1.1\r\nHost: x\r\n\r\n", 404, "SERVICIO_NO_EXISTE"),
        ("OPTIONS /colppy HTTP/1.1\r\nHost: x\r\n\r\n", 200, ""),
        ("GET http://x/Colppy/ HTTP/1.1\r\nHost: x\r\n\r\n", 200, ""),
        ("POST /api/../api/token HTTP/1.1\r\nHost: x\r\n\r\n", 404, "SERVICIO_NO_EXISTE"),
    ] {
        let mut client = server.connect().await;
        client.send(request).await;
        check(&client.answer().await, status, code);
    }
    let mut client = server.connect().await;
    let body = r#"{"Contrato":345}"#;
    let old =
        server.request_with("", "Content-Length: 16\r\n", body).replace("HTTP/1.1", "HTTP/1.0");
    client.send(old).await;
    assert!(client.rest().await.contains("4294633"));
    // Done sending is not gone.
    let mut client = server.connect().await;
    client.send("GET /slow HTTP/1.1\r\nHost: x\r\n\r\n").await;
    client.0.shutdown().await.unwrap();
    assert!(client.rest().await.ends_with("\r\n\r\nat last"));
}
