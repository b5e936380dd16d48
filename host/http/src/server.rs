//! Takes connections and answers them until told to stop.
//!
//! Against slow and greedy clients: connections are counted, a request's head must arrive in time and within its size,
//! and what a client still sends after it was refused is read and dropped for a while, so that it gets to see the answer.
//! Stopping lets calls that are being answered end within the grace period; then their connections are cut, which
//! cancels synchronous runs.

use std::convert::Infallible;
use std::future::poll_fn;
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use analyte_core::limits::Limits;
use analyte_jobs::Manager;
use axum::body::Body;
use http::{Request, Response};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::gate::Gate;

/// How long a client that was refused may go on sending what nobody reads.
const LINGER: Duration = Duration::from_secs(5);
/// Pause after the system refused a connection for want of files or memory.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// What a server needs.
pub struct Options {
    /// Does the work.
    pub manager: Manager,
    /// Names beside the loopback ones that may stand in `Host`; a port in them does not matter.
    pub allowed_hosts: Vec<String>,
    /// Bounds requests.
    pub limits: Arc<Limits>,
}

/// Answers calls on this listener until `shutdown` is ready and the calls that were being answered have ended, or the
/// grace period has.
pub async fn serve(listener: TcpListener, options: Options, shutdown: impl Future<Output = ()>) {
    let limits = options.limits.clone();
    let gate = Arc::new(Gate::new(options));
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(Duration::from_millis(limits.head_ms))
        .max_header_size(usize::try_from(limits.head_bytes).unwrap_or(usize::MAX));
    let places =
        Arc::new(Semaphore::new(usize::try_from(limits.connections).unwrap_or(usize::MAX).min(Semaphore::MAX_PERMITS)));
    let connections = TaskTracker::new();
    let (closing, cut) = (CancellationToken::new(), CancellationToken::new());

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
                    refused_by_system(&error).await;
                    continue;
                }
            },
        };
        let connection = connection(stream, http.clone(), gate.clone(), closing.child_token());
        let cut = cut.child_token();
        connections.spawn(async move {
            cut.run_until_cancelled(connection).await;
            drop(place);
        });
    }

    drop(listener);
    closing.cancel();
    connections.close();
    if tokio::time::timeout(Duration::from_millis(limits.grace_ms), connections.wait()).await.is_err() {
        tracing::info!(connections = connections.len(), "the grace period is over: cutting connections");
        cut.cancel();
        connections.wait().await;
    }
}

async fn refused_by_system(error: &io::Error) {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    if !matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset) {
        tracing::warn!(%error, "the system refuses new connections");
        tokio::time::sleep(ACCEPT_PAUSE).await;
    }
}

async fn connection(stream: TcpStream, http: http1::Builder, gate: Arc<Gate>, closing: CancellationToken) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "TCP_NODELAY was refused");
    }
    let mut served = http.serve_connection(TokioIo::new(stream), Answers(gate));
    let ended = {
        let mut closing = pin!(closing.cancelled());
        let mut told = false;
        loop {
            tokio::select! {
                biased;
                ended = poll_fn(|context| served.poll_without_shutdown(context)) => break ended,
                () = &mut closing, if !told => {
                    told = true;
                    Pin::new(&mut served).graceful_shutdown();
                }
            }
        }
    };
    if let Err(error) = ended {
        tracing::debug!(error = %error, "a connection ended early");
    }
    linger(served.into_parts().io.into_inner()).await;
}

/// Says goodbye, then reads until the client has said it too: a socket closed over unread bytes would tear down the
/// connection before the client has seen the answer.
async fn linger(mut stream: TcpStream) {
    if stream.shutdown().await.is_err() {
        return;
    }
    let drain = async {
        let mut scrap = vec![0; 16 * 1024];
        while matches!(stream.read(&mut scrap).await, Ok(read) if read > 0) {}
    };
    // Out of time: the connection is torn down after all.
    drop(tokio::time::timeout(LINGER, drain).await);
}

/// The gate as hyper calls it.
struct Answers(Arc<Gate>);

impl hyper::service::Service<Request<Incoming>> for Answers {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        let gate = self.0.clone();
        Box::pin(async move { Ok(gate.answer(request).await) })
    }
}
