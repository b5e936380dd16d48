//! A receiver of notifications: a small HTTP server in this process, which remembers all that it is sent.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use serde_json::Value;

use super::{eventually, ok};

/// A request as it came.
#[derive(Debug, Clone)]
pub struct Received {
    /// When.
    pub at: Instant,
    /// `POST`.
    pub method: String,
    /// With its query.
    pub path: String,
    /// Their names in lower case.
    pub headers: BTreeMap<String, String>,
    /// To the letter.
    pub body: Vec<u8>,
}

impl Received {
    /// A header; empty where there is none.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }

    /// The body as JSON.
    pub fn json(&self) -> Value {
        ok(serde_json::from_slice(&self.body), "JSON")
    }
}

/// How a request is answered.
#[derive(Debug, Clone)]
pub enum Reply {
    /// With this status and these headers, and nothing else.
    Status(u16, Vec<(&'static str, String)>),
    /// Never, as long as the other side waits.
    Never,
    /// With 200 and a body that has no end.
    Endless,
    /// With these bytes, whatever they are.
    Bytes(Vec<u8>),
}

impl Reply {
    /// With this status.
    pub fn status(status: u16) -> Self {
        Self::Status(status, Vec::new())
    }
}

/// What decides on the answers: it is given the request, and how often that message came before.
type Answers = dyn Fn(&Received, usize) -> Reply + Send + Sync;

/// A receiver that listens until the process ends.
pub struct Receiver {
    address: SocketAddr,
    seen: Arc<Mutex<Vec<Received>>>,
}

impl Receiver {
    /// One that answers every request with 204.
    pub fn taking() -> Self {
        Self::start(|_, _| Reply::status(204))
    }

    /// One that answers like this.
    pub fn start(answers: impl Fn(&Received, usize) -> Reply + Send + Sync + 'static) -> Self {
        Self::listen(answers, |stream| Some(Box::new(stream)))
    }

    /// The same behind something that makes another stream of each connection; `None`: it could not.
    pub fn listen(
        answers: impl Fn(&Received, usize) -> Reply + Send + Sync + 'static,
        wrap: impl Fn(TcpStream) -> Option<Box<dyn Stream>> + Send + Sync + 'static,
    ) -> Self {
        let listener = ok(TcpListener::bind("127.0.0.1:0"), "a port");
        let address = ok(listener.local_addr(), "its address");
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (kept, answers, wrap) =
            (seen.clone(), Arc::<Answers>::from(Box::new(answers) as Box<Answers>), Arc::new(wrap));
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (kept, answers, wrap) = (kept.clone(), answers.clone(), wrap.clone());
                std::thread::spawn(move || {
                    // The other side may go at any time.
                    if let Some(stream) = wrap(stream) {
                        drop(serve(stream, &kept, &*answers));
                    }
                });
            }
        });
        Self { address, seen }
    }

    /// As the configuration names it.
    pub fn destination(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The port.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// The address of a path of it.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.destination())
    }

    /// All that came so far.
    pub fn seen(&self) -> Vec<Received> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What came to a path so far.
    pub fn seen_at(&self, path: &str) -> Vec<Received> {
        self.seen().into_iter().filter(|one| one.path == path).collect()
    }

    /// Waits until this many came to a path.
    pub fn wait_for(&self, path: &str, count: usize) -> Vec<Received> {
        eventually(&format!("{count} requests to {path}"), || {
            Some(self.seen_at(path)).filter(|seen| seen.len() >= count)
        })
    }
}

/// What a connection is read from and written to.
pub trait Stream: Read + Write + Send {}
impl<T: Read + Write + Send> Stream for T {}

fn serve(stream: Box<dyn Stream>, seen: &Mutex<Vec<Received>>, answers: &Answers) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let mut words = line.split_whitespace().map(str::to_owned);
    let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            // The sender was killed before it had said all of it.
            return Ok(());
        }
        let Some((name, value)) = line.trim_end().split_once(": ") else { break };
        headers.insert(name.to_ascii_lowercase(), value.to_owned());
    }
    let length = headers.get("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let received = Received { at: Instant::now(), method, path, headers, body };
    let mut kept = seen.lock().unwrap_or_else(PoisonError::into_inner);
    let before = kept.iter().filter(|one| one.header("webhook-id") == received.header("webhook-id")).count();
    kept.push(received.clone());
    drop(kept);
    let stream = reader.get_mut();
    match answers(&received, before) {
        Reply::Status(status, headers) => {
            let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
            write!(stream, "HTTP/1.1 {status} As asked\r\n{headers}content-length: 0\r\n\r\n")?;
            stream.flush()
        }
        Reply::Never => stream.read(&mut [0]).map(drop),
        Reply::Endless => {
            write!(stream, "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")?;
            loop {
                write!(stream, "10000\r\n{}\r\n", "x".repeat(0x10000))?;
            }
        }
        Reply::Bytes(bytes) => {
            stream.write_all(&bytes)?;
            stream.flush()
        }
    }
}
