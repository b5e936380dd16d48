//! Connections of clients that do not keep to the usual ways.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use super::http::Http;
use super::{PATIENCE, ok};

/// Longest wait between two looks at whether the server still listens.
const LOOK: Duration = Duration::from_millis(20);

/// A connection, and what came over it.
pub struct Raw {
    stream: TcpStream,
    /// What was read so far.
    pub said: Vec<u8>,
}

/// What a connection came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// The server closed it, in good order or not.
    Closed,
    /// It is still open.
    Open,
}

/// The head of a request with the usual headers, without the empty line at its end.
pub fn head(http: &Http, method: &str, path: &str) -> String {
    format!("{method} {path} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {}\r\n", http.token)
}

impl Raw {
    /// To this server.
    pub fn connect(http: &Http) -> Self {
        let address = http.url.trim_start_matches("http://").trim_start_matches("https://");
        let stream = ok(TcpStream::connect(address), "a connection");
        ok(stream.set_nodelay(true), "TCP_NODELAY");
        Self { stream, said: Vec::new() }
    }

    /// Sends; `Closed` where the server takes nothing any more.
    pub fn send(&mut self, bytes: impl AsRef<[u8]>) -> End {
        match self.stream.write_all(bytes.as_ref()) {
            Ok(()) => End::Open,
            Err(error) => {
                assert_ne!(error.kind(), ErrorKind::WouldBlock, "a blocking socket");
                End::Closed
            }
        }
    }

    /// Reads what comes within a moment.
    pub fn look(&mut self) -> End {
        ok(self.stream.set_read_timeout(Some(LOOK)), "a timeout");
        self.read()
    }

    /// Sends a piece every moment until the server has had enough; says how long that took.
    pub fn drip(&mut self, piece: &[u8]) -> Duration {
        let began = Instant::now();
        loop {
            if self.send(piece) == End::Closed || self.look() == End::Closed {
                return began.elapsed();
            }
            assert!(began.elapsed() < PATIENCE, "the server still listens; it said {}", self.text());
        }
    }

    /// Waits for the server to close; says how long that took.
    pub fn until_closed(&mut self) -> Duration {
        let began = Instant::now();
        while self.look() == End::Open {
            assert!(began.elapsed() < PATIENCE, "the connection is still open; the server said {}", self.text());
        }
        began.elapsed()
    }

    /// Waits until this was said so often.
    pub fn until_said(&mut self, what: &str, times: usize) {
        let began = Instant::now();
        while self.text().matches(what).count() < times {
            let end = self.look();
            let count = self.text().matches(what).count();
            assert!(end == End::Open || count >= times, "closed after {count} times {what}: {}", self.text());
            assert!(began.elapsed() < PATIENCE, "{count} times {what} in {PATIENCE:?}: {}", self.text());
        }
    }

    /// What was said.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.said).into_owned()
    }

    fn read(&mut self) -> End {
        let mut piece = [0; 16 * 1024];
        match self.stream.read(&mut piece) {
            Ok(0) => End::Closed,
            Ok(read) => {
                self.said.extend(piece.iter().take(read));
                End::Open
            }
            Err(error)
                if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted) =>
            {
                End::Open
            }
            Err(_) => End::Closed,
        }
    }
}
