//! A collector's client over HTTP.

use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::Value;

use super::process::PATIENCE;

/// What a collector proves itself with.
#[derive(Debug, Clone)]
pub(crate) struct Credentials {
    pub(crate) code: String,
    pub(crate) login: String,
    pub(crate) password: String,
}

impl Credentials {
    /// The demo's own collector.
    pub(crate) fn demo() -> Self {
        Self::of(["DEMO-COOPLAN", "demo", "demo-cooplan"])
    }

    /// The demo's second collector.
    pub(crate) fn bank() -> Self {
        Self::of(["DEMO-BANCO", "banco", "demo-banco"])
    }

    fn of([code, login, password]: [&str; 3]) -> Self {
        Self { code: code.to_owned(), login: login.to_owned(), password: password.to_owned() }
    }

    /// The body of the request for a token.
    pub(crate) fn to_body(&self) -> String {
        let Self { code, login, password } = self;
        serde_json::json!({ "CodSeguridad": code, "Login": login, "Pwd": password }).to_string()
    }
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// The head, in lower case.
    pub(crate) head: String,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The code of a refusal; empty for a success.
    pub(crate) fn code(&self) -> String {
        self.json()["messageSistema"].as_str().unwrap().to_owned()
    }

    pub(crate) fn is_replay(&self) -> bool {
        self.head.contains("\r\nidempotency-replayed: true\r\n")
    }

    /// `values`, of a success.
    pub(crate) fn values(&self) -> Value {
        let json = self.json();
        assert_eq!((self.status, &json["error"]), (200, &Value::from(0)), "{self:?}");
        json["values"].clone()
    }
}

/// A collector's client: one connection that is kept.
#[derive(Debug)]
pub(crate) struct Client {
    address: SocketAddr,
    stream: Option<BufReader<TcpStream>>,
    token: String,
    /// How long it waits for an answer.
    patience: Duration,
}

impl Client {
    /// A client without a token.
    pub(crate) fn new(address: SocketAddr) -> Self {
        Self { address, stream: None, token: String::new(), patience: PATIENCE }
    }

    /// A client with a token.
    pub(crate) fn log_in(address: SocketAddr, credentials: &Credentials) -> Self {
        let mut client = Self::new(address);
        let answer = client.post("token", &credentials.to_body());
        answer.values().as_str().unwrap().clone_into(&mut client.token);
        client
    }

    /// Another connection with the same token.
    pub(crate) fn another(&self) -> Self {
        self.at(self.address)
    }

    /// The same token at another server.
    pub(crate) fn at(&self, address: SocketAddr) -> Self {
        Self { address, stream: None, token: self.token.clone(), patience: self.patience }
    }

    /// The same that waits no longer than that for an answer.
    pub(crate) fn waiting(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    /// Sends a request that must be answered.
    pub(crate) fn post(&mut self, service: &str, body: &str) -> Answer {
        self.try_post(service, body).unwrap_or_else(|error| panic!("{service} {body}: {error}"))
    }

    /// Sends a request; a failed connection is left, and the next request makes a new one.
    pub(crate) fn try_post(&mut self, service: &str, body: &str) -> io::Result<Answer> {
        let request = self.to_request(service, body);
        self.try_send(&request)
    }

    /// The same for the bytes of a request.
    pub(crate) fn try_send(&mut self, request: &str) -> io::Result<Answer> {
        let mut stream = match self.stream.take() {
            Some(stream) => stream,
            None => BufReader::new(connect(self.address)?),
        };
        stream.get_ref().set_read_timeout(Some(self.patience))?;
        stream.get_mut().write_all(request.as_bytes())?;
        let answer = read_answer(&mut stream)?;
        if !answer.head.contains("\r\nconnection: close\r\n") {
            self.stream = Some(stream);
        }
        Ok(answer)
    }

    /// The bytes of a request.
    pub(crate) fn to_request(&self, service: &str, body: &str) -> String {
        let (address, token, len) = (self.address, &self.token, body.len());
        format!(
            "POST /api/{service} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\n\
             Content-Type: application/json\r\nContent-Length: {len}\r\n\r\n{body}"
        )
    }
}

/// A connection on which nothing waits for ever.
pub(crate) fn connect(address: SocketAddr) -> io::Result<TcpStream> {
    let stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    Ok(stream)
}

/// Reads one answer.
pub(crate) fn read_answer(stream: &mut BufReader<TcpStream>) -> io::Result<Answer> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if stream.read_line(&mut head)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    let head = head.to_lowercase();
    let bad = || io::Error::from(io::ErrorKind::InvalidData);
    let len = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    let mut text = vec![0; len.and_then(|len| len.parse().ok()).ok_or_else(bad)?];
    stream.read_exact(&mut text)?;
    let status = head.get(9..12).and_then(|status| status.parse().ok()).ok_or_else(bad)?;
    Ok(Answer { status, head, text: String::from_utf8(text).ok().ok_or_else(bad)? })
}
