//! A connection of the lightest client that there can be: whole requests made ahead, answers read by their length or in chunks.
//!
//! Generator and server share the machine, so what a client does costs the server. An answer that cannot be read stops the
//! benchmark.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::http::Http;
use crate::ok;

/// Room for an answer, before it is known how long it is.
const ROOM: usize = 64 * 1024;

/// An open connection, used again and again.
pub struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

/// An answer.
pub struct Answer<'a> {
    pub status: u16,
    pub body: &'a [u8],
}

impl Answer<'_> {
    /// The status and the body, for people.
    pub fn text(&self) -> String {
        format!("{} {}", self.status, String::from_utf8_lossy(self.body))
    }

    /// This answer, which must have this status.
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.text());
        self
    }
}

/// The address of a server.
pub fn address(http: &Http) -> &str {
    http.url.trim_start_matches("http://")
}

/// All bytes of a request with the server's token and a body of JSON.
pub fn request(http: &Http, method: &str, path: &str, body: &str) -> Vec<u8> {
    request_of(http, method, path, "content-type: application/json\r\n", body.as_bytes())
}

/// All bytes of a request; each of `headers` ends its line.
pub fn request_of(http: &Http, method: &str, path: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let (token, length) = (&http.token, body.len());
    let head = format!(
        "{method} {path} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {token}\r\n{headers}\
         content-length: {length}\r\n\r\n"
    );
    [head.as_bytes(), body].concat()
}

impl Connection {
    /// To this address.
    pub async fn open(address: &str) -> Self {
        let stream = ok(TcpStream::connect(address).await, "a connection");
        ok(stream.set_nodelay(true), "TCP_NODELAY");
        Self { stream, buffer: Vec::with_capacity(ROOM) }
    }

    /// Sends a request and reads all of its answer.
    pub async fn call(&mut self, request: &[u8]) -> Answer<'_> {
        self.send(request).await;
        self.receive().await
    }

    /// Sends a request; returns when the system has taken the last byte.
    pub async fn send(&mut self, request: &[u8]) {
        ok(self.stream.write_all(request).await, "sending a request");
    }

    /// Reads all of an answer.
    pub async fn receive(&mut self) -> Answer<'_> {
        self.buffer.clear();
        let head = loop {
            self.read().await;
            if let Some(end) = find(&self.buffer, b"\r\n\r\n") {
                break end + 4;
            }
        };
        let (status, length) = parse(&self.buffer[..head]);
        let end = match length {
            Length::Given(length) => self.given(head + length).await,
            Length::Chunked => self.chunks(head).await,
        };
        Answer { status, body: &self.buffer[head..end] }
    }

    /// Reads a body that ends here; returns where.
    async fn given(&mut self, end: usize) -> usize {
        self.buffer.reserve(end.saturating_sub(self.buffer.len()));
        while self.buffer.len() < end {
            self.read().await;
        }
        assert_eq!(self.buffer.len(), end, "one answer to one request");
        end
    }

    /// Reads a body in chunks that begins here, and moves its chunks together; returns where it ends.
    async fn chunks(&mut self, head: usize) -> usize {
        let (mut end, mut next) = (head, head);
        loop {
            match ok(httparse::parse_chunk_size(&self.buffer[next..]), "the size of a chunk") {
                httparse::Status::Partial => self.read().await,
                httparse::Status::Complete((line, size)) => {
                    let (from, size) = (next + line, ok(usize::try_from(size), "the size of a chunk"));
                    next = from + size + b"\r\n".len();
                    while self.buffer.len() < next {
                        self.read().await;
                    }
                    self.buffer.copy_within(from..from + size, end);
                    end += size;
                    if size == 0 {
                        assert_eq!(self.buffer.len(), next, "one answer to one request");
                        return end;
                    }
                }
            }
        }
    }

    async fn read(&mut self) {
        let read = ok(self.stream.read_buf(&mut self.buffer).await, "reading an answer");
        assert!(read > 0, "the connection was closed; so far came {}", String::from_utf8_lossy(&self.buffer));
    }
}

/// How a head says where its body ends.
enum Length {
    Given(usize),
    Chunked,
}

/// The status of a head, and where its body ends.
fn parse(head: &[u8]) -> (u16, Length) {
    const LENGTH: &[u8] = b"\r\ncontent-length: ";
    const CHUNKED: &[u8] = b"\r\ntransfer-encoding: chunked\r\n";
    let number = |from: usize| {
        let digits = head[from..].iter().take_while(|byte| byte.is_ascii_digit());
        digits.fold(0, |number: usize, digit| number * 10 + usize::from(digit - b'0'))
    };
    let whole = || String::from_utf8_lossy(head);
    let status = number(b"HTTP/1.1 ".len());
    let status = u16::try_from(status).unwrap_or_else(|_| panic!("an answer without a status: {}", whole()));
    let length = match find(head, LENGTH) {
        Some(place) => Length::Given(number(place + LENGTH.len())),
        None if find(head, CHUNKED).is_some() => Length::Chunked,
        None => panic!("an answer without a length: {}", whole()),
    };
    (status, length)
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}
