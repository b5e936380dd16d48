//! Requests as a server on this machine gets them, and names that lead elsewhere than they did.

#![expect(clippy::expect_used, reason = "tests fail by panicking")]

use std::collections::VecDeque;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use analyte_outgoing::{Allowed, Answer, Client, Entry, Failed, Lookup, Options, Request, Target, Trust};
use async_trait::async_trait;
use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

/// Answers each look-up with the next of these.
#[derive(Debug, Clone, Default)]
struct Names(Arc<Mutex<VecDeque<Vec<IpAddr>>>>);

impl Names {
    fn of(answers: &[&[&str]]) -> Self {
        let read = |answer: &&[&str]| answer.iter().map(|address| address.parse().expect("an address")).collect();
        Self(Arc::new(Mutex::new(answers.iter().map(read).collect())))
    }

    fn left(&self) -> usize {
        self.0.lock().expect("no panic").len()
    }
}

#[async_trait]
impl Lookup for Names {
    async fn addresses(&self, _name: &str) -> io::Result<Vec<IpAddr>> {
        self.0.lock().expect("no panic").pop_front().ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

fn client(names: &Names, entries: Vec<Entry>) -> Client {
    Client::new(Options {
        allowed: Allowed { section: "[webhooks]", entries },
        lookup: Arc::new(names.clone()),
        trust: Trust::new(None).expect("trust"),
        timeout: Duration::from_millis(500),
        answer_bytes: 10,
    })
}

/// A server that answers each connection with these bytes, and then waits for its end.
async fn serving(answer: &'static [u8]) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut read = [0; 4_096];
                if stream.read(&mut read).await.is_ok() && stream.write_all(answer).await.is_ok() {
                    // The other side has what it waits for, or goes.
                    drop(stream.read(&mut read).await);
                }
            });
        }
    });
    address
}

async fn send(client: &Client, url: &str) -> Result<Answer, Failed> {
    let target = Target::parse(url).expect("a target");
    let body = Bytes::from_static(b"{}");
    client.send(Request { method: Method::POST, target, headers: HeaderMap::new(), body }).await
}

fn entry(port: u16) -> Entry {
    format!("http://name.example:{port}").parse().expect("an entry")
}

#[tokio::test]
async fn a_name_is_looked_up_once_and_an_address_that_is_not_public_is_not_connected_to() {
    let port = serving(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await.port();
    let url = format!("http://name.example:{port}/in");
    // The name leads to this machine the first time, and would lead elsewhere the second time.
    let names = Names::of(&[&["127.0.0.1"], &["169.254.169.254"]]);
    let answer = send(&client(&names, vec![entry(port).private()]), &url).await.expect("an answer");
    assert_eq!((answer.status, names.left()), (StatusCode::OK, 1));

    // Each address is checked, however it is written.
    for address in ["127.0.0.1", "::1", "::ffff:127.0.0.1", "10.0.0.1", "169.254.169.254", "fd00::1", "224.0.0.1"] {
        let names = Names::of(&[&[address]]);
        let refused = send(&client(&names, vec![entry(port)]), &url).await;
        assert!(matches!(refused, Err(Failed::Denied(_))), "{address}: {refused:?}");
        assert_eq!(names.left(), 0);
    }
    let nothing = send(&client(&Names::of(&[&[]]), vec![entry(port)]), &url).await;
    assert_eq!(nothing.err(), Some(Failed::Lookup("the name has no address".to_owned())));
    // A destination that is not listed is not even looked up.
    let names = Names::of(&[&["127.0.0.1"]]);
    let refused = send(&client(&names, vec![entry(port).private()]), "http://other.example/in").await;
    assert!(matches!(refused, Err(Failed::Denied(_))), "{refused:?}");
    assert_eq!(names.left(), 1);
}

#[tokio::test]
async fn time_and_answer_are_bounded() {
    let answered = async |answer: &'static [u8]| {
        let port = serving(answer).await.port();
        let names = Names::of(&[&["127.0.0.1"]]);
        let begun = Instant::now();
        let answer = send(&client(&names, vec![entry(port).private()]), &format!("http://name.example:{port}/")).await;
        assert!(begun.elapsed() < Duration::from_secs(30), "{:?}", begun.elapsed());
        answer
    };
    let whole = answered(b"HTTP/1.1 202 Accepted\r\ncontent-length: 10\r\n\r\n0123456789").await.expect("an answer");
    assert_eq!((whole.status, whole.body, whole.cut), (StatusCode::ACCEPTED, Bytes::from_static(b"0123456789"), false));
    let long = answered(b"HTTP/1.1 500 Oh\r\ncontent-length: 11\r\n\r\n0123456789A").await.expect("an answer");
    assert_eq!(
        (long.status, long.body, long.cut),
        (StatusCode::INTERNAL_SERVER_ERROR, Bytes::from_static(b"0123456789"), true)
    );
    let moved = answered(b"HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1/\r\ncontent-length: 0\r\n\r\n").await;
    assert_eq!(moved.expect("an answer").status, StatusCode::FOUND);
    // Neither the head nor the body come to an end.
    for unfinished in [&b""[..], b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n012"] {
        assert_eq!(answered(unfinished).await.err(), Some(Failed::Timeout(500)));
    }
    assert!(matches!(answered(b"what is this\r\n\r\n").await, Err(Failed::Http(_))));
}
