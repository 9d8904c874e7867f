//! A TCP proxy on the loopback that breaks where it is told.

use crate::ports;
use anyhow::{Context as _, Result};
use std::collections::HashMap;
use std::io::{self, Read as _, Write as _};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

/// How often it is looked again at what may change without a word.
const PAUSE: Duration = Duration::from_millis(5);

/// Which way bytes go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Direction {
    ToServer,
    ToClient,
}

/// How a connection breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// Both ends are told, and whoever comes is refused, as by a machine on which nobody listens.
    Closed,
    /// Nobody is told: nothing passes any more, not even that an end has closed. Whoever comes is accepted,
    /// as by the system of a program that has stopped, and hears nothing.
    BlackHoled,
}

/// Forwards what comes to a port of its own to a server's, until it is told otherwise. Gone with its
/// connections when dropped.
#[derive(Debug)]
pub struct Proxy {
    shared: Arc<Shared>,
}

impl Proxy {
    /// A proxy to a port of 127.0.0.1, whether anybody listens there by now or not.
    pub fn start(server_port: u16) -> Result<Self> {
        // One that nobody is given while connections to it are refused.
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, ports::take_free_port()?));
        let listener = TcpListener::bind(address).context("no port for a proxy")?;
        let shared = Arc::new(Shared {
            address,
            server: SocketAddr::from((Ipv4Addr::LOCALHOST, server_port)),
            state: Mutex::new(State { is_listening: true, ..State::default() }),
            changed: Condvar::new(),
        });
        thread::spawn({
            let shared = Arc::clone(&shared);
            move || shared.run(listener)
        });
        Ok(Self { shared })
    }

    /// The port it listens on, on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.shared.address.port()
    }

    /// Breaks every connection there is and, until [`Proxy::mend`], every one that comes.
    pub fn cut(&self, cut: Cut) {
        let mut state = self.shared.lock();
        state.cut = Some(cut);
        if cut == Cut::Closed {
            self.shared.end_listening(state);
        } else {
            self.shared.wait_until_listening(state);
        }
    }

    /// Lets everything pass again. What [`Proxy::cut`] black-holed goes on where it was, nothing lost.
    pub fn mend(&self) {
        let mut state = self.shared.lock();
        state.cut = None;
        self.shared.wait_until_listening(state);
    }

    /// Breaks, once, the connection on which the next `len` bytes in a direction end, as soon as they have
    /// passed; after no bytes, when the next one comes. Others are left alone, and so are those that come. A
    /// former order is forgotten.
    pub fn cut_after(&self, direction: Direction, len: u64, cut: Cut) {
        self.shared.lock().trap = Some(Trap { direction, left: len, cut });
    }

    /// Whether what [`Proxy::cut_after`] ordered is still to come.
    pub fn is_armed(&self) -> bool {
        self.shared.lock().trap.is_some()
    }

    /// Forgets what [`Proxy::cut_after`] ordered; whether it was still to come.
    pub fn disarm(&self) -> bool {
        self.shared.lock().trap.take().is_some()
    }

    /// How many bytes have passed in a direction since the start.
    pub fn passed(&self, direction: Direction) -> u64 {
        self.shared.lock().passed.get(&direction).copied().unwrap_or_default()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        let mut state = self.shared.lock();
        state.is_over = true;
        self.shared.end_listening(state);
    }
}

#[derive(Debug)]
struct Shared {
    address: SocketAddr,
    server: SocketAddr,
    state: Mutex<State>,
    /// Told of every change that may let somebody pass, or end.
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    is_over: bool,
    is_listening: bool,
    cut: Option<Cut>,
    trap: Option<Trap>,
    passed: HashMap<Direction, u64>,
    connections: HashMap<u64, Connection>,
    accepted: u64,
}

/// Where the next connection breaks.
#[derive(Debug)]
struct Trap {
    direction: Direction,
    /// Bytes that pass before.
    left: u64,
    cut: Cut,
}

/// A connection that is not closed.
#[derive(Debug)]
struct Connection {
    /// The client's, and the server's once it is connected.
    ends: Vec<TcpStream>,
    /// A trap black-holed it, for ever.
    is_lost: bool,
}

impl State {
    fn may_listen(&self) -> bool {
        !self.is_over && self.cut != Some(Cut::Closed)
    }

    /// Numbers a connection that came.
    fn register(&mut self, client: TcpStream) -> Option<(TcpStream, u64)> {
        let ends = vec![client.try_clone().ok()?];
        self.accepted += 1;
        self.connections.insert(self.accepted, Connection { ends, is_lost: false });
        Some((client, self.accepted))
    }

    /// Whether the connection was still wanted when its other end came.
    fn connect(&mut self, id: u64, server: TcpStream) -> bool {
        let connection = self.connections.get_mut(&id);
        connection.map(|connection| connection.ends.push(server)).is_some()
    }

    fn lose(&mut self, id: u64) {
        if let Some(connection) = self.connections.get_mut(&id) {
            connection.is_lost = true;
        }
    }

    fn close(&mut self, id: u64) {
        for end in self.connections.remove(&id).into_iter().flat_map(|connection| connection.ends) {
            // An end that is gone already is as closed as it can be.
            end.shutdown(Shutdown::Both).ok();
        }
    }

    fn close_all(&mut self) {
        let ids: Vec<u64> = self.connections.keys().copied().collect();
        for id in ids {
            self.close(id);
        }
    }

    /// How many of the bytes that came may go on, and how their connection breaks then.
    fn let_pass(&mut self, direction: Direction, len: usize) -> (usize, Option<Cut>) {
        let mut allowed = len;
        let mut broken = None;
        if let Some(trap) = self.trap.as_mut().filter(|trap| trap.direction == direction) {
            let left = usize::try_from(trap.left).unwrap_or(usize::MAX);
            allowed = len.min(left);
            trap.left -= to_u64(allowed);
            if allowed == left {
                broken = Some(trap.cut);
                self.trap = None;
            }
        }
        *self.passed.entry(direction).or_default() += to_u64(allowed);
        (allowed, broken)
    }
}

impl Shared {
    /// A state whose holder panicked is still one to close by.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Accepts connections whenever it may, until all is over.
    fn run(self: Arc<Self>, mut listener: TcpListener) {
        loop {
            self.accept_from(&listener);
            // Not only closed: a process that is being started at this moment has it open too.
            TcpStream::from(OwnedFd::from(listener)).shutdown(Shutdown::Both).ok();
            self.lock().is_listening = false;
            self.changed.notify_all();
            let Some(next) = self.listen_again() else { return };
            listener = next;
        }
    }

    /// Accepts connections until none may come any more.
    fn accept_from(self: &Arc<Self>, listener: &TcpListener) {
        loop {
            let accepted = listener.accept();
            let mut state = self.lock();
            if !state.may_listen() {
                return;
            }
            let Some((client, id)) = accepted.ok().and_then(|(client, _)| state.register(client))
            else {
                // No descriptors, most likely: others must end first.
                drop(state);
                thread::sleep(PAUSE);
                continue;
            };
            drop(state);
            let shared = Arc::clone(self);
            thread::spawn(move || {
                // What breaks a connection is for its ends to notice.
                shared.serve(id, &client).ok();
                shared.lock().close(id);
            });
        }
    }

    /// The same port, once connections may come again; none when all is over.
    fn listen_again(&self) -> Option<TcpListener> {
        let mut state = self.lock();
        loop {
            if state.is_over {
                return None;
            }
            if state.may_listen()
                && let Ok(listener) = TcpListener::bind(self.address)
            {
                state.is_listening = true;
                self.changed.notify_all();
                return Some(listener);
            }
            state = self.pause(state);
        }
    }

    /// Closes all there is, and returns when connections are refused.
    fn end_listening<'a>(&'a self, mut state: MutexGuard<'a, State>) {
        state.close_all();
        self.changed.notify_all();
        while state.is_listening {
            drop(state);
            // The acceptor looks whether it still may after each connection. One that cannot be made now
            // can be made later.
            TcpStream::connect(self.address).ok();
            state = self.pause(self.lock());
        }
    }

    fn wait_until_listening(&self, mut state: MutexGuard<'_, State>) {
        self.changed.notify_all();
        while !state.is_listening {
            state = self.pause(state);
        }
    }

    /// Waits for a change, or for a moment.
    fn pause<'a>(&self, state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        let waited = self.changed.wait_timeout(state, PAUSE);
        waited.unwrap_or_else(PoisonError::into_inner).0
    }

    /// Connects a client to the server, and forwards until one of them is gone.
    fn serve(self: &Arc<Self>, id: u64, client: &TcpStream) -> io::Result<()> {
        if !self.wait_until_open(id) {
            return Ok(());
        }
        let server = TcpStream::connect(self.server)?;
        client.set_nodelay(true)?;
        server.set_nodelay(true)?;
        if !self.lock().connect(id, server.try_clone()?) {
            return Ok(());
        }
        thread::scope(|scope| {
            let back = thread::Builder::new()
                .spawn_scoped(scope, || self.forward(id, Direction::ToClient, &server, client))?;
            self.forward(id, Direction::ToServer, client, &server);
            back.join().ok();
            Ok(())
        })
    }

    /// Carries bytes one way until they end, and then tells the other side that they have.
    fn forward(&self, id: u64, direction: Direction, mut from: &TcpStream, mut to: &TcpStream) {
        let mut buffer = [0; 16 * 1024];
        loop {
            let read = from.read(&mut buffer);
            if !self.wait_until_open(id) {
                return;
            }
            let Ok(len) = read else { return self.lock().close(id) };
            if len == 0 {
                to.shutdown(Shutdown::Write).ok();
                return;
            }
            let (allowed, broken) = self.lock().let_pass(direction, len);
            let is_written = to.write_all(buffer.get(..allowed).unwrap_or_default()).is_ok();
            match broken {
                None if is_written => {}
                None | Some(Cut::Closed) => return self.lock().close(id),
                Some(Cut::BlackHoled) => self.lock().lose(id),
            }
        }
    }

    /// Waits while a connection is black-holed. False when it is closed.
    fn wait_until_open(&self, id: u64) -> bool {
        let mut state = self.lock();
        loop {
            let Some(connection) = state.connections.get(&id) else { return false };
            if !connection.is_lost && state.cut.is_none() {
                return true;
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

fn to_u64(len: usize) -> u64 {
    u64::try_from(len).expect("a length fits in 64 bits")
}
