//! Takes connections and answers them until its caller stops it.
//!
//! Against slow and greedy clients: connections are counted, a TLS handshake and a request's head must arrive in time and
//! within its size, an answer must be taken, and what a client still sends after it was refused is read and dropped for a while, so that it gets to see the answer.
//! Stopping ends event streams, and lets other calls that are being answered end within the grace period; after it, and a
//! moment for last words, their connections are cut.

use std::convert::Infallible;
use std::future::poll_fn;
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::{Duration, Instant};

use analyte_core::limits::Limits;
use analyte_jobs::Manager;
use axum::body::Body;
use http::{Request, Response};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use parking_lot::Mutex;
use prometheus_client::registry::Registry;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_io_timeout::TimeoutWriter;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::entry::cors::Origin;
use crate::entry::gate::Gate;
use crate::entry::stalls;
use crate::entry::takeover::{Io, Takeover};
use crate::entry::tls::Tls;
use crate::metrics::Metrics;
use crate::thingworx::ThingworxOptions;

/// How long a client that was refused may go on sending what nobody reads.
const LINGER: Duration = Duration::from_secs(5);
/// Pause between two lines of log about the same thing.
const COMPLAINT_PAUSE: Duration = Duration::from_secs(60);
/// How long such a client may be silent.
const LINGER_SILENCE: Duration = Duration::from_millis(500);
/// How long a call that is given up with the grace period has to say so.
const LAST_WORDS: Duration = Duration::from_secs(1);
/// How much of an answer the system takes in before it is sent.
#[cfg(any(target_os = "linux", target_os = "android"))]
const UNSENT: u32 = 128 * 1024;
/// The least that a connection keeps of what it reads and writes.
const SMALLEST_BUFFER: usize = 16 * 1024;
/// Pause after the system refused a connection for want of files or memory.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// What a server needs.
pub struct Options {
    /// Does the work.
    pub manager: Manager,
    /// Names beside the loopback ones that may stand in `Host`; a port in them does not matter.
    pub allowed_hosts: Vec<String>,
    /// Encrypts connections; `None`: they are not encrypted.
    pub tls: Option<Tls>,
    /// Where web pages may come from that call the server from a browser; usually nowhere.
    pub origins: Vec<Origin>,
    /// How the ThingWorx surface is set up.
    pub thingworx: ThingworxOptions,
    /// Bounds requests.
    pub limits: Arc<Limits>,
    /// What `GET /metrics` answers, beside what it measures itself.
    pub registry: Arc<Registry>,
    /// Counts calls and connections; the caller has registered it in `registry`.
    pub metrics: Metrics,
}

/// Answers calls on this listener until `shutdown` is ready and the calls that were being answered have ended, or the
/// grace period has.
pub async fn serve(listener: TcpListener, options: Options, shutdown: impl Future<Output = ()>) {
    let limits = options.limits.clone();
    let metrics = options.metrics.clone();
    let tls = options.tls.clone();
    let (closing, cut) = (CancellationToken::new(), CancellationToken::new());
    let gate = Arc::new(Gate::new(options, closing.clone()));
    let patience =
        Patience { head: Duration::from_millis(limits.head_ms), write: Duration::from_millis(limits.write_idle_ms) };
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(patience.head)
        .max_header_size(usize::try_from(limits.head_bytes).unwrap_or(usize::MAX))
        .max_buf_size(buffer(&limits));
    let places =
        Arc::new(Semaphore::new(usize::try_from(limits.connections).unwrap_or(usize::MAX).min(Semaphore::MAX_PERMITS)));
    let connections = TaskTracker::new();

    let mut complaints = Complaints::default();
    let mut shutdown = pin!(shutdown);
    loop {
        let next = async {
            // The semaphore is never closed.
            let place = places.clone().acquire_owned().await.ok();
            listener.accept().await.map(|(stream, _)| (stream, place))
        };
        let (stream, place) = tokio::select! {
            biased;
            () = &mut shutdown => break,
            next = next => match next {
                Ok(next) => next,
                Err(error) => {
                    refused_by_system(&error, &mut complaints).await;
                    continue;
                }
            },
        };
        let serving = Serving { http: http.clone(), gate: gate.clone(), closing: closing.child_token(), patience };
        let connection = connection(stream, tls.clone(), serving);
        let (connected, metrics) = (metrics.connected(), metrics.clone());
        let cut = cut.child_token();
        connections.spawn(async move {
            stalls::counted(&metrics, cut.run_until_cancelled(connection)).await;
            drop((place, connected));
        });
    }

    drop(listener);
    closing.cancel();
    connections.close();
    let grace = Duration::from_millis(limits.grace_ms).saturating_add(LAST_WORDS);
    if tokio::time::timeout(grace, connections.wait()).await.is_err() {
        tracing::info!(connections = connections.len(), "the grace period is over: cutting connections");
        cut.cancel();
        connections.wait().await;
    }
}

/// How much of what it reads and of what it writes a connection keeps: a request's head has to fit, and a piece of an
/// answer may come on top.
fn buffer(limits: &Limits) -> usize {
    usize::try_from(limits.head_bytes).unwrap_or(usize::MAX).max(SMALLEST_BUFFER)
}

async fn refused_by_system(error: &io::Error, complaints: &mut Complaints) {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    if !matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset) {
        if let Some(times) = complaints.due(Instant::now()) {
            tracing::warn!(%error, times, "the system refuses new connections");
        }
        tokio::time::sleep(ACCEPT_PAUSE).await;
    }
}

/// How often something went wrong that goes wrong many times a second: worth one line a minute.
#[derive(Default)]
struct Complaints {
    last: Option<Instant>,
    since: u64,
}

impl Complaints {
    /// It went wrong once more; how often since the last line in the log, or `None` where no further line is due.
    fn due(&mut self, now: Instant) -> Option<u64> {
        self.since += 1;
        if self.last.is_some_and(|last| now.duration_since(last) < COMPLAINT_PAUSE) {
            return None;
        }
        self.last = Some(now);
        Some(std::mem::take(&mut self.since))
    }
}

/// How long a client may take.
#[derive(Debug, Clone, Copy)]
struct Patience {
    /// For a handshake, and for a request's head.
    head: Duration,
    /// For taking something of an answer.
    write: Duration,
}

/// What one connection is served with.
struct Serving {
    http: http1::Builder,
    gate: Arc<Gate>,
    closing: CancellationToken,
    patience: Patience,
}

async fn connection(stream: TcpStream, tls: Option<Tls>, serving: Serving) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "TCP_NODELAY was refused");
    }
    bound_unsent(&stream);
    let Some(tls) = tls else { return serving.serve(patient(stream, serving.patience)).await };
    let handshake = async {
        if speaks_plainly(&stream).await? {
            refuse_plain_http(stream).await?;
            return Ok(None);
        }
        tls.acceptor().accept(Box::pin(patient(stream, serving.patience))).await.map(Some)
    };
    let handshake = tokio::select! {
        handshake = tokio::time::timeout(serving.patience.head, handshake) => handshake,
        // Nothing has been asked yet, so nothing need be answered.
        () = serving.closing.cancelled() => return,
    };
    match handshake {
        Ok(Ok(Some(stream))) => serving.serve(stream).await,
        Ok(Ok(None)) => {}
        Ok(Err(error)) => tracing::debug!(%error, "a TLS handshake failed"),
        Err(_) => tracing::debug!("a TLS handshake took too long"),
    }
}

/// The system would take in megabytes for a client that takes nothing. What was sent and is on its way does not count, so a
/// fast and distant client is as fast as ever.
fn bound_unsent(stream: &TcpStream) {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    if let Err(error) = socket2::SockRef::from(stream).set_tcp_notsent_lowat(UNSENT) {
        tracing::debug!(%error, "TCP_NOTSENT_LOWAT was refused");
    }
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    let _ = stream;
}

/// A client that takes nothing of its answer would hold the answer in memory for as long as it likes.
fn patient(stream: TcpStream, patience: Patience) -> TimeoutWriter<TcpStream> {
    let mut stream = TimeoutWriter::new(stream);
    stream.set_timeout(Some(patience.write));
    stream
}

/// Whether the client's first byte begins an HTTP method: no TLS handshake begins with a letter.
async fn speaks_plainly(stream: &TcpStream) -> io::Result<bool> {
    let mut first = [0];
    let read = stream.peek(&mut first).await?;
    Ok(read > 0 && first.iter().all(u8::is_ascii_alphabetic))
}

/// Tells a client that has the address right and the scheme wrong. Nothing of what it sends is looked at.
async fn refuse_plain_http(mut stream: TcpStream) -> io::Result<()> {
    const ANSWER: &[u8] = b"HTTP/1.1 400 Bad Request\r\ncontent-type: text/plain\r\nconnection: close\r\n\
        content-length: 51\r\n\r\nthis server speaks TLS only: call it with https://\n";
    stream.write_all(ANSWER).await?;
    linger(stream).await;
    Ok(())
}

impl Serving {
    async fn serve<S: AsyncRead + AsyncWrite + Send + 'static>(&self, stream: S) {
        let answers = Answers { gate: self.gate.clone(), takeover: Arc::default() };
        let takeover = answers.takeover.clone();
        let mut served = self.http.serve_connection(TokioIo::new(Box::pin(stream)), answers);
        let ended = {
            let mut closing = pin!(self.closing.cancelled());
            let mut shutting_down = false;
            loop {
                tokio::select! {
                    biased;
                    ended = poll_fn(|context| served.poll_without_shutdown(context)) => break ended,
                    () = &mut closing, if !shutting_down => {
                        shutting_down = true;
                        Pin::new(&mut served).graceful_shutdown();
                    }
                }
            }
        };
        if let Err(error) = &ended {
            tracing::debug!(%error, "a connection ended early");
        }
        let parts = served.into_parts();
        let (io, taken): (Io, _) = (parts.io.into_inner(), takeover.lock().take());
        match taken.and_then(|takeover| takeover.take()).filter(|_| ended.is_ok()) {
            Some(run) => linger(run(io, parts.read_buf).await).await,
            None => linger(io).await,
        }
    }
}

/// Says goodbye, then reads until the client has said it too: a socket closed over unread bytes would tear down the
/// connection before the client has seen the answer.
async fn linger(mut stream: impl AsyncRead + AsyncWrite + Unpin) {
    if stream.shutdown().await.is_err() {
        return;
    }
    let drain = async {
        let mut scrap = vec![0; 16 * 1024];
        let mut going_on = true;
        while going_on {
            // A client that is silent for this long is not in the middle of sending; most are merely idle.
            let read = tokio::time::timeout(LINGER_SILENCE, stream.read(&mut scrap)).await;
            going_on = matches!(read, Ok(Ok(read)) if read > 0);
        }
    };
    // Out of time: the connection is torn down after all.
    drop(tokio::time::timeout(LINGER, drain).await);
}

/// The gate as hyper calls it, for one connection.
struct Answers {
    gate: Arc<Gate>,
    /// What takes the connection over, once a call was answered so.
    takeover: Arc<Mutex<Option<Takeover>>>,
}

impl hyper::service::Service<Request<Incoming>> for Answers {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        let (gate, takeover) = (self.gate.clone(), self.takeover.clone());
        Box::pin(async move {
            let mut response = gate.answer(request).await;
            if let Some(taken) = response.extensions_mut().remove::<Takeover>() {
                *takeover.lock() = Some(taken);
            }
            Ok(response)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_complaint_is_logged_once_a_minute() {
        let (mut complaints, start) = (Complaints::default(), Instant::now());
        let logged: Vec<_> = [0, 1, 59, 60, 61, 120].map(|at| complaints.due(start + Duration::from_secs(at))).into();
        assert_eq!(logged, [Some(1), None, None, Some(3), None, Some(2)]);
    }
}
