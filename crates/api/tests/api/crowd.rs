//! A listener whose places others hold: whoever comes with a request is answered all the same.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::{TcpSocket, TcpStream};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};
use ventanilla_api::Limits;

use crate::sockets::{Client, PATIENCE, SOON, Server, check};

/// Times that are not over while a test runs: only the need of a place ends a connection.
fn crowded() -> Limits {
    Limits {
        connections_len_max: 128,
        header_time_max: PATIENCE * 2,
        idle_time_max: PATIENCE * 2,
        ..Limits::default()
    }
}

/// A connection of another address of this machine.
async fn connect_from(host: u8, server: SocketAddr) -> Client {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(SocketAddr::from(([127, 0, 9, host], 0))).unwrap();
    Client(socket.connect(server).await.unwrap())
}

/// What those who hold the places have sent.
#[derive(Debug, Clone, Copy)]
enum Held {
    Silent,
    Header,
    Body,
    KeptAlive,
}

impl Held {
    const ALL: [Self; 4] = [Self::Silent, Self::Header, Self::Body, Self::KeptAlive];

    async fn hold(self, server: &Server) -> Client {
        let mut client = connect_from(1, server.address).await;
        match self {
            Self::Silent => {}
            Self::Header => client.send("POST /api/token HTTP/1.1\r\nX: ").await,
            Self::Body => {
                client.send(server.request_with("", "Content-Length: 16\r\n", "{")).await;
            }
            Self::KeptAlive => {
                client.send("GET /who HTTP/1.1\r\nHost: x\r\n\r\n").await;
                client.answer().await;
            }
        }
        client
    }
}

/// Takes a place again and again, without a pause.
fn besiege(server: SocketAddr) -> JoinHandle<()> {
    tokio::spawn(async move {
        loop {
            let connected = TcpStream::connect(server).await;
            // Nobody is held up by what is not there.
            sleep(Duration::from_millis(1)).await;
            drop(connected);
        }
    })
}

#[tokio::test]
async fn whoever_only_holds_a_connection_keeps_nobody_out() {
    for held in Held::ALL {
        let server = Server::start(crowded()).await;
        let mut old = server.connect().await;
        old.send(server.request("345")).await;
        check(&old.answer().await, 200, "");
        let mut holders = Vec::new();
        for _ in 0..300 {
            holders.push(held.hold(&server).await);
        }
        for _ in 0..50 {
            let mut new = server.connect().await;
            new.send(server.request("345")).await;
            check(&new.answer().await, 200, "");
        }
        old.send(server.request("345")).await;
        check(&old.answer().await, 200, "");
        assert!(holders.len() > 128, "{held:?}: who holds little stays, who holds much goes");
    }
}

#[tokio::test]
async fn nobody_is_cut_off_while_the_answer_is_made() {
    let server = Server::start(crowded()).await;
    let siege = besiege(server.address);
    for _ in 0..5 {
        let mut client = connect_from(2, server.address).await;
        client.send("GET /slow HTTP/1.1\r\nHost: x\r\n\r\n").await;
        let holding = async {
            let mut holders = Vec::new();
            for _ in 0..200 {
                // Of the same address, so that it is among those who hold most.
                holders.push(connect_from(2, server.address).await);
            }
            sleep(SOON).await;
        };
        let ((), answer) = tokio::join!(holding, client.answer());
        assert!(answer.ends_with("at last"), "{answer}");
    }
    siege.abort();
    timeout(PATIENCE, siege).await.unwrap().unwrap_err();
}
