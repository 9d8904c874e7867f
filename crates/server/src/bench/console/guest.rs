//! Somebody with a browser: one connection, the cookies of a session, and how long each answer took.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use crate::bench::load::{body_len, head_len};
use crate::bench::now;
use crate::problem::Problem;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_mins(1);

/// Whoever asks for pages.
#[derive(Debug)]
pub(super) struct Guest {
    stream: TcpStream,
    cookies: String,
    answer: Vec<u8>,
}

/// An answer.
#[derive(Debug)]
pub(super) struct Answered {
    pub(super) status: u16,
    /// From the first byte sent to the last one read.
    pub(super) took: Duration,
    /// All that came over the wire.
    pub(super) len: usize,
    pub(super) head: String,
    pub(super) body: Vec<u8>,
}

impl Answered {
    /// A header's first value.
    fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().filter_map(|line| line.split_once(':'));
        let mut of_name = lines.filter(|(key, _)| key.eq_ignore_ascii_case(name));
        of_name.next().map(|(_, value)| value.trim())
    }

    /// Where it leads.
    pub(super) fn location(&self) -> &str {
        self.header("location").unwrap_or_default()
    }

    /// The cookie that it sets, without what is said of it.
    fn cookie(&self) -> Option<&str> {
        self.header("set-cookie")?.split(';').next()
    }
}

impl Guest {
    /// Nobody yet, at a server.
    pub(super) fn outside(address: SocketAddr) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        Ok(Self { stream, cookies: "visita=nadie".to_owned(), answer: Vec::new() })
    }

    /// Somebody who has signed in by the page on which people do.
    pub(super) fn inside(address: SocketAddr, name: &str, password: &str) -> anyhow::Result<Self> {
        let mut guest = Self::outside(address)?;
        let first = guest.get("/consola/ingreso")?;
        let visitor = first.cookie().and_then(|cookie| cookie.strip_prefix("visita="));
        let visitor = visitor.ok_or_else(|| not_inside(name))?.to_owned();
        guest.cookies = format!("visita={visitor}");
        let password = password.replace(' ', "+");
        let form = format!("formulario={visitor}&usuario={name}&clave={password}");
        let entered = guest.post("/consola/ingreso", &form)?;
        let session = entered.cookie().filter(|cookie| cookie.starts_with("ventanilla="));
        session.ok_or_else(|| not_inside(name))?.clone_into(&mut guest.cookies);
        Ok(guest)
    }

    /// Asks for a page as browsers do, compressed where it can be had so.
    pub(super) fn get(&mut self, path: &str) -> anyhow::Result<Answered> {
        self.get_as(path, "Accept-Encoding: gzip\r\n")
    }

    /// The same as it is.
    pub(super) fn get_plain(&mut self, path: &str) -> anyhow::Result<Answered> {
        self.get_as(path, "")
    }

    fn get_as(&mut self, path: &str, header: &str) -> anyhow::Result<Answered> {
        let cookies = &self.cookies;
        let request =
            format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nCookie: {cookies}\r\n{header}\r\n");
        self.ask(&request)
    }

    fn post(&mut self, path: &str, form: &str) -> anyhow::Result<Answered> {
        let (cookies, len) = (&self.cookies, form.len());
        let request = format!(
            "POST {path} HTTP/1.1\r\nHost: localhost\r\nCookie: {cookies}\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len}\r\n\r\n{form}"
        );
        self.ask(&request)
    }

    fn ask(&mut self, request: &str) -> anyhow::Result<Answered> {
        self.answer.clear();
        let began = now();
        self.stream.write_all(request.as_bytes())?;
        let mut chunk = [0; 16 << 10];
        loop {
            if let Some(head) = head_len(&self.answer) {
                let len = head + body_len(&self.answer[..head])?;
                if self.answer.len() >= len {
                    return Ok(answered(&self.answer[..len], head, now() - began));
                }
            }
            match self.stream.read(&mut chunk)? {
                0 => return Err(Problem::store("el servidor que se mide cortó la respuesta")),
                len => self.answer.extend_from_slice(&chunk[..len]),
            }
        }
    }
}

fn answered(answer: &[u8], head: usize, took: Duration) -> Answered {
    let (head, body) = answer.split_at(head);
    let head = String::from_utf8_lossy(head).into_owned();
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
    Answered { status: status.unwrap_or(0), took, len: answer.len(), head, body: body.to_vec() }
}

fn not_inside(name: &str) -> anyhow::Error {
    Problem::store(format!("«{name}» no pudo ingresar al servidor que se mide"))
}
