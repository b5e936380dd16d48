//! A connection of the lightest client that there can be: whole requests made ahead, answers read by their length.
//!
//! Generator and server share the machine, so what a client does costs the server. An answer that cannot be read stops the
//! benchmark.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::support::http::Http;
use crate::support::ok;

/// Room for an answer, before it is known how long it is.
const ROOM: usize = 64 * 1024;

/// An open connection, used again and again.
pub(crate) struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

/// An answer.
pub(crate) struct Answer<'a> {
    pub(crate) status: u16,
    pub(crate) body: &'a [u8],
}

impl Answer<'_> {
    /// The status and the body, for people.
    pub(crate) fn text(&self) -> String {
        format!("{} {}", self.status, String::from_utf8_lossy(self.body))
    }

    /// This answer, which must have this status.
    pub(crate) fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.text());
        self
    }
}

/// The address of a server.
pub(crate) fn address(http: &Http) -> &str {
    http.url.trim_start_matches("http://")
}

/// All bytes of a request with the server's token and a body of JSON.
pub(crate) fn request(http: &Http, method: &str, path: &str, body: &str) -> Vec<u8> {
    request_of(http, method, path, "content-type: application/json\r\n", body.as_bytes())
}

/// All bytes of a request; each of `headers` ends its line.
pub(crate) fn request_of(http: &Http, method: &str, path: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let (token, length) = (&http.token, body.len());
    let head = format!(
        "{method} {path} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {token}\r\n{headers}\
         content-length: {length}\r\n\r\n"
    );
    [head.as_bytes(), body].concat()
}

impl Connection {
    /// To this address.
    pub(crate) async fn open(address: &str) -> Self {
        let stream = ok(TcpStream::connect(address).await, "a connection");
        ok(stream.set_nodelay(true), "TCP_NODELAY");
        Self { stream, buffer: Vec::with_capacity(ROOM) }
    }

    /// Sends a request and reads all of its answer.
    pub(crate) async fn call(&mut self, request: &[u8]) -> Answer<'_> {
        self.send(request).await;
        self.receive().await
    }

    /// Sends a request; returns when the system has taken the last byte.
    pub(crate) async fn send(&mut self, request: &[u8]) {
        ok(self.stream.write_all(request).await, "sending a request");
    }

    /// Reads all of an answer.
    pub(crate) async fn receive(&mut self) -> Answer<'_> {
        self.buffer.clear();
        let head = loop {
            self.read().await;
            if let Some(end) = find(&self.buffer, b"\r\n\r\n") {
                break end + 4;
            }
        };
        let (status, length) = parse(&self.buffer[..head]);
        self.buffer.reserve((head + length).saturating_sub(self.buffer.len()));
        while self.buffer.len() < head + length {
            self.read().await;
        }
        assert_eq!(self.buffer.len(), head + length, "one answer to one request");
        Answer { status, body: &self.buffer[head..] }
    }

    async fn read(&mut self) {
        let read = ok(self.stream.read_buf(&mut self.buffer).await, "reading an answer");
        assert!(read > 0, "the connection was closed; so far came {}", String::from_utf8_lossy(&self.buffer));
    }
}

/// The status and the length of the body that a head tells.
fn parse(head: &[u8]) -> (u16, usize) {
    const LENGTH: &[u8] = b"\r\ncontent-length: ";
    let number = |from: usize| {
        let digits = head[from..].iter().take_while(|byte| byte.is_ascii_digit());
        digits.fold(0, |number: usize, digit| number * 10 + usize::from(digit - b'0'))
    };
    let whole = || String::from_utf8_lossy(head);
    let Some(place) = find(head, LENGTH) else { panic!("an answer without a length: {}", whole()) };
    let status = number(b"HTTP/1.1 ".len());
    (
        u16::try_from(status).unwrap_or_else(|_| panic!("an answer without a status: {}", whole())),
        number(place + LENGTH.len()),
    )
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}
