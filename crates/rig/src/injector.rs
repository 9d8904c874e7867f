//! A proxy that reads what a client asks of PostgreSQL, and has one request fail.
//!
//! A *request* is what the server answers with one `ReadyForQuery`: a simple query, or messages of the extended
//! protocol up to a `Sync`. Connections must not be encrypted.

use crate::ports;
use anyhow::{Context as _, Result};
use std::collections::HashMap;
use std::io::{self, Read as _, Write as _};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

/// How a request fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The server refuses it as a transaction that others were in the way of (40001). It does not see it.
    Refused,
    /// The connection is closed before the server sees it.
    Lost,
    /// The server does it, and the connection is closed before the client hears so.
    Unheard,
}

/// Raises what a database raises where others were in the way.
const REFUSAL: &str = "DO $$ BEGIN RAISE EXCEPTION 'injected' USING ERRCODE = '40001'; END $$";

/// Forwards what comes to a port of its own to a server's, but for the request that it was told of. Its
/// connections are gone with it.
#[derive(Debug)]
pub struct Injector {
    port: u16,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    server: SocketAddr,
    address: SocketAddr,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    is_over: bool,
    order: Option<Order>,
    /// What the requests since the last order were.
    seen: Vec<String>,
}

#[derive(Debug)]
struct Order {
    left: usize,
    fault: Fault,
    except: fn(&str) -> bool,
}

impl Injector {
    /// One to a port of 127.0.0.1.
    pub fn start(server_port: u16) -> Result<Self> {
        let port = ports::take_free_port()?;
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let listener = TcpListener::bind(address).context("no port for an injector")?;
        let server = SocketAddr::from((Ipv4Addr::LOCALHOST, server_port));
        let shared = Arc::new(Shared { server, address, state: Mutex::default() });
        thread::spawn({
            let shared = Arc::clone(&shared);
            move || shared.run(&listener)
        });
        Ok(Self { port, shared })
    }

    /// The port it listens on, on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Has one request fail, on whatever connection it comes: the one after `nth` others. Those whose
    /// statement is `except`ed are not counted. A former order is forgotten.
    pub fn order(&self, nth: usize, fault: Fault, except: fn(&str) -> bool) {
        let mut state = self.shared.lock();
        state.order = Some(Order { left: nth, fault, except });
        state.seen.clear();
    }

    /// Forgets the order; the statements that were counted since it was given, up to the one that failed.
    /// `None` where none has failed.
    pub fn failed(&self) -> Option<Vec<String>> {
        let mut state = self.shared.lock();
        let seen = std::mem::take(&mut state.seen);
        state.order.take().is_none().then_some(seen)
    }
}

impl Drop for Injector {
    fn drop(&mut self) {
        self.shared.lock().is_over = true;
        // Whoever accepts looks whether it is over.
        TcpStream::connect(self.shared.address).ok();
    }
}

impl State {
    /// Whether a request with that statement fails, and how.
    fn judge(&mut self, statement: &str) -> Option<Fault> {
        let order = self.order.as_mut().filter(|order| !(order.except)(statement))?;
        self.seen.push(statement.to_owned());
        if order.left > 0 {
            order.left -= 1;
            return None;
        }
        self.order.take().map(|order| order.fault)
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn run(self: &Arc<Self>, listener: &TcpListener) {
        while let Ok((client, _)) = listener.accept() {
            if self.lock().is_over {
                return;
            }
            let shared = Arc::clone(self);
            thread::spawn(move || {
                // What breaks a connection is for its ends to notice.
                shared.serve(&client).ok();
            });
        }
    }

    fn serve(&self, client: &TcpStream) -> io::Result<()> {
        let server = TcpStream::connect(self.server)?;
        client.set_nodelay(true)?;
        server.set_nodelay(true)?;
        let answers = Mutex::default();
        thread::scope(|scope| {
            let back = scope.spawn(|| answer(&server, client, &answers));
            let asked = self.ask(client, &server, &answers);
            server.shutdown(Shutdown::Write).ok();
            back.join().ok();
            asked
        })
    }

    /// Carries requests to the server.
    fn ask(
        &self,
        mut client: &TcpStream,
        mut server: &TcpStream,
        answers: &Mutex<Answers>,
    ) -> io::Result<()> {
        let mut first = [0; 4];
        client.read_exact(&mut first)?;
        let mut greeting = vec![0; len_of(first)?.saturating_sub(4)];
        client.read_exact(&mut greeting)?;
        server.write_all(&[first.as_slice(), &greeting].concat())?;
        let mut requests = Requests::default();
        while let Some(message) = read_message(client)? {
            let Some(request) = requests.take(message) else { continue };
            let fault = self.lock().judge(&request.statement);
            match fault {
                None => server.write_all(&request.bytes)?,
                Some(Fault::Refused) => server.write_all(&refusal_of(&request.statement))?,
                Some(Fault::Lost) => {
                    client.shutdown(Shutdown::Both)?;
                    return Ok(());
                }
                Some(Fault::Unheard) => {
                    let mut answers = answers.lock().unwrap_or_else(PoisonError::into_inner);
                    answers.cut_after = Some(answers.asked + 1);
                    drop(answers);
                    server.write_all(&request.bytes)?;
                }
            }
            if request.is_answered {
                answers.lock().unwrap_or_else(PoisonError::into_inner).asked += 1;
            }
        }
        Ok(())
    }
}

/// What one connection has asked and heard, in requests; the server greets with one answer more.
#[derive(Debug, Default)]
struct Answers {
    asked: u64,
    /// After that many requests the client hears nothing any more.
    cut_after: Option<u64>,
}

/// Carries answers to the client.
fn answer(server: &TcpStream, mut client: &TcpStream, answers: &Mutex<Answers>) {
    // The answer that the server is giving: 0 is its greeting.
    let mut current = 0;
    while let Ok(Some(message)) = read_message(server) {
        let cut_after = answers.lock().unwrap_or_else(PoisonError::into_inner).cut_after;
        let is_last = message.first() == Some(&b'Z');
        if cut_after == Some(current) {
            if is_last {
                break;
            }
        } else if client.write_all(&message).is_err() {
            break;
        }
        current += u64::from(is_last);
    }
    for end in [server, client] {
        // An end that is gone already is as closed as it can be.
        end.shutdown(Shutdown::Both).ok();
    }
}

/// What is asked and answered as one.
struct Request {
    bytes: Vec<u8>,
    statement: String,
    /// Whether an answer's end follows: not of passwords, nor of a farewell.
    is_answered: bool,
}

/// Puts messages together to requests.
#[derive(Default)]
struct Requests {
    bytes: Vec<u8>,
    statement: String,
    prepared: HashMap<Vec<u8>, String>,
}

impl Requests {
    /// Takes a message; the request that it ends.
    fn take(&mut self, message: Vec<u8>) -> Option<Request> {
        let (kind, body) = (message.first().copied()?, message.get(5..)?);
        let mut words = body.split(|byte| *byte == 0);
        match kind {
            b'P' => {
                let name = words.next()?.to_vec();
                let text = String::from_utf8_lossy(words.next()?).into_owned();
                self.statement = format!("prepare: {text}");
                self.prepared.insert(name, text);
            }
            b'B' => {
                let text = words.nth(1).and_then(|name| self.prepared.get(name));
                self.statement = text.cloned().unwrap_or_default();
            }
            b'C' => "close".clone_into(&mut self.statement),
            b'Q' => self.statement = String::from_utf8_lossy(words.next()?).into_owned(),
            _ => {}
        }
        self.bytes.extend(message);
        let is_answered = matches!(kind, b'S' | b'Q');
        let ends = is_answered || matches!(kind, b'p' | b'X');
        ends.then(|| Request {
            bytes: std::mem::take(&mut self.bytes),
            statement: std::mem::take(&mut self.statement),
            is_answered,
        })
    }
}

/// What the server is asked in the place of a request that it is to refuse. A commit that is refused ends its
/// transaction.
fn refusal_of(statement: &str) -> Vec<u8> {
    let before = if statement == "COMMIT" { "ROLLBACK; " } else { "" };
    let text = format!("{before}{REFUSAL}\0");
    let len = u32::try_from(text.len() + 4).expect("it is short");
    [b"Q".as_slice(), &len.to_be_bytes(), text.as_bytes()].concat()
}

/// The next message: its kind, its length, its body. `None` at the end.
fn read_message(mut from: &TcpStream) -> io::Result<Option<Vec<u8>>> {
    let mut head = [0; 5];
    match from.read_exact(&mut head) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        Err(error) => return Err(error),
    }
    let [_, len @ ..] = head;
    let mut message = head.to_vec();
    message.resize(len_of(len)? + 1, 0);
    let (_, body) = message.split_at_mut(head.len());
    from.read_exact(body)?;
    Ok(Some(message))
}

fn len_of(bytes: [u8; 4]) -> io::Result<usize> {
    usize::try_from(u32::from_be_bytes(bytes)).map_err(io::Error::other)
}
