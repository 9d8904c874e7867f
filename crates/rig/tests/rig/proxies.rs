//! A proxy breaks where it is told, and nowhere else.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::Duration;
use ventanilla_rig::{Cut, Direction, Proxy};

const QUESTION: &[u8] = b"question";
const ANSWER: &[u8] = b"the answer";

/// Long enough for a loopback, short enough to wait for nothing.
const SILENCE: Duration = Duration::from_millis(150);
const PATIENCE: Duration = Duration::from_secs(20);

/// A server that answers each whole question, behind a proxy. What it has read is told by its answers.
fn answering() -> Proxy {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for client in listener.incoming() {
            thread::spawn(move || answer(&client.unwrap()));
        }
    });
    Proxy::start(port).unwrap()
}

fn answer(mut client: &TcpStream) {
    let mut question = [0; QUESTION.len()];
    while client.read_exact(&mut question).is_ok() && client.write_all(ANSWER).is_ok() {}
}

fn connect(proxy: &Proxy) -> TcpStream {
    let stream = TcpStream::connect(("127.0.0.1", proxy.port())).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
}

fn ask(mut stream: &TcpStream) {
    stream.write_all(QUESTION).unwrap();
    let mut answer = [0; ANSWER.len()];
    stream.read_exact(&mut answer).unwrap();
    assert_eq!(answer, ANSWER);
}

/// What comes until the end, or until nothing comes any more; and whether the end came.
fn hear(mut stream: &TcpStream, patience: Duration) -> (Vec<u8>, bool) {
    stream.set_read_timeout(Some(patience)).unwrap();
    let mut heard = Vec::new();
    let mut buffer = [0; 64];
    loop {
        match stream.read(&mut buffer) {
            Ok(0) => return (heard, true),
            Ok(len) => heard.extend_from_slice(&buffer[..len]),
            Err(error) => return (heard, error.kind() != ErrorKind::WouldBlock),
        }
    }
}

#[test]
fn a_connection_is_cut_after_the_bytes_it_was_told() {
    let check = |direction, len: u64, cut, heard_len: usize| {
        let proxy = answering();
        let (doomed, other) = (connect(&proxy), connect(&proxy));
        ask(&doomed);
        ask(&other);
        proxy.cut_after(direction, len, cut);
        (&doomed).write_all(QUESTION).unwrap();
        let patience = if cut == Cut::Closed { PATIENCE } else { SILENCE };
        let heard = hear(&doomed, patience);
        assert_eq!(
            heard,
            (ANSWER[..heard_len].to_vec(), cut == Cut::Closed),
            "{direction:?} {len}"
        );
        assert!(!proxy.disarm(), "{direction:?} {len}: it has not come to it");
        ask(&other);
        ask(&connect(&proxy));
    };
    let (whole, len) = (ANSWER.len(), 8);
    assert_eq!(QUESTION.len(), 8);
    for cut in [Cut::Closed, Cut::BlackHoled] {
        check(Direction::ToServer, 0, cut, 0);
        check(Direction::ToServer, len - 1, cut, 0);
        check(Direction::ToClient, 0, cut, 0);
        check(Direction::ToClient, 1, cut, 1);
        check(Direction::ToClient, 9, cut, 9);
        check(Direction::ToClient, 10, cut, whole);
    }
}

#[test]
fn bytes_count_from_the_order_on_and_over_several_messages() {
    let proxy = answering();
    let stream = connect(&proxy);
    ask(&stream);
    assert_eq!((proxy.passed(Direction::ToServer), proxy.passed(Direction::ToClient)), (8, 10));
    proxy.cut_after(Direction::ToClient, 25, Cut::Closed);
    ask(&stream);
    ask(&stream);
    (&stream).write_all(QUESTION).unwrap();
    assert_eq!(hear(&stream, PATIENCE), (ANSWER[..5].to_vec(), true));
    assert_eq!(proxy.passed(Direction::ToClient), 35);
}

#[test]
fn a_black_hole_loses_nothing_once_it_is_mended() {
    let proxy = answering();
    let before = connect(&proxy);
    ask(&before);
    proxy.cut(Cut::BlackHoled);
    let during = connect(&proxy);
    for mut stream in [&before, &during] {
        stream.write_all(QUESTION).unwrap();
        assert_eq!(hear(stream, SILENCE), (vec![], false));
    }
    proxy.mend();
    for stream in [&before, &during] {
        let mut answer = [0; ANSWER.len()];
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        { stream }.read_exact(&mut answer).unwrap();
        assert_eq!(answer, ANSWER);
    }
}

#[test]
fn a_closed_proxy_ends_what_it_has_and_refuses_what_comes_until_it_is_mended() {
    let proxy = answering();
    let before = connect(&proxy);
    ask(&before);
    proxy.cut(Cut::Closed);
    assert_eq!(hear(&before, PATIENCE), (vec![], true));
    let refused = TcpStream::connect(("127.0.0.1", proxy.port())).expect_err("nobody listens");
    assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
    proxy.cut(Cut::BlackHoled);
    let during = connect(&proxy);
    proxy.mend();
    ask(&during);
    ask(&connect(&proxy));
}

#[test]
fn a_dropped_proxy_takes_its_connections_along() {
    let proxy = answering();
    let (lively, lost) = (connect(&proxy), connect(&proxy));
    ask(&lively);
    ask(&lost);
    proxy.cut_after(Direction::ToServer, 0, Cut::BlackHoled);
    (&lost).write_all(QUESTION).unwrap();
    assert_eq!(hear(&lost, SILENCE), (vec![], false));
    let port = proxy.port();
    drop(proxy);
    for stream in [&lively, &lost] {
        assert_eq!(hear(stream, PATIENCE), (vec![], true));
    }
    TcpStream::connect(("127.0.0.1", port)).expect_err("nobody listens any more");
}
