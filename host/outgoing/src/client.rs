//! Sends requests.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONNECTION, HOST, USER_AGENT};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;

use crate::allow::{Allowed, Denied};
use crate::connect::connect;
use crate::lookup::Lookup;
use crate::target::Target;
use crate::trust::Trust;

/// Most bytes of an answer's head that are read, in hyper's buffer.
const HEAD_BYTES: usize = 32 << 10;

/// What a client is made of.
#[derive(Clone)]
pub struct Options {
    /// Where its requests may go.
    pub allowed: Allowed,
    /// How names are looked up.
    pub lookup: Arc<dyn Lookup>,
    /// Whose certificates are believed.
    pub trust: Trust,
    /// How long a request may take, from the look-up to the end of the answer.
    pub timeout: Duration,
    /// Most bytes that are read of an answer's body.
    pub answer_bytes: u64,
}

/// Sends requests; clones are the same client.
#[derive(Clone)]
pub struct Client(Arc<Options>);

/// A request to be sent.
#[derive(Debug, Clone)]
pub struct Request {
    /// What is asked for.
    pub method: Method,
    /// Where.
    pub target: Target,
    /// Beside `Host`, `User-Agent` and `Content-Length`.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Bytes,
}

/// An answer, a redirect among them.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body, as far as it may be read.
    pub body: Bytes,
    /// The body was longer.
    pub cut: bool,
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failed {
    /// The operator does not allow it.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// The name was not found.
    #[error("the name cannot be looked up: {0}")]
    Lookup(String),
    /// No connection came about.
    #[error("no connection: {0}")]
    Connect(String),
    /// The server is not who it should be, or does not speak TLS.
    #[error("no encrypted connection: {0}")]
    Tls(String),
    /// What was answered is not HTTP, or the connection broke.
    #[error("no answer: {0}")]
    Http(String),
    /// It took too long.
    #[error("no answer within {0} ms")]
    Timeout(u128),
}

impl Client {
    /// A client.
    pub fn new(options: Options) -> Self {
        Self(Arc::new(options))
    }

    /// Where its requests may go.
    pub fn allowed(&self) -> &Allowed {
        &self.0.allowed
    }

    /// Sends a request and reads its answer.
    pub async fn send(&self, request: Request) -> Result<Answer, Failed> {
        let timeout = self.0.timeout;
        match tokio::time::timeout(timeout, self.exchange(request)).await {
            Ok(answer) => answer,
            Err(_) => Err(Failed::Timeout(timeout.as_millis())),
        }
    }

    async fn exchange(&self, request: Request) -> Result<Answer, Failed> {
        let Options { allowed, lookup, trust, answer_bytes, .. } = &*self.0;
        let Request { method, target, headers, body } = request;
        let stream = connect(allowed, lookup.as_ref(), trust, &target).await?;
        let broken = |error: hyper::Error| Failed::Http(error.to_string());
        let (mut sender, connection) =
            http1::Builder::new().max_buf_size(HEAD_BYTES).handshake(TokioIo::new(stream)).await.map_err(broken)?;
        let mut request = http::Request::new(Full::new(body));
        *request.method_mut() = method;
        *request.uri_mut() = target.path().parse().map_err(|error| Failed::Http(format!("bad path: {error}")))?;
        *request.headers_mut() = headers;
        let host = HeaderValue::from_str(&target.authority()).map_err(|error| Failed::Http(error.to_string()))?;
        let own = request.headers_mut();
        own.insert(HOST, host);
        own.insert(CONNECTION, HeaderValue::from_static("close"));
        own.insert(USER_AGENT, HeaderValue::from_static(concat!("analyte/", env!("CARGO_PKG_VERSION"))));
        // The connection is driven here, and goes with this future: nothing of it outlasts the time limit.
        let answer = async {
            let answer = sender.send_request(request).await.map_err(broken)?;
            let (head, mut body) = answer.into_parts();
            let (mut read, mut cut) = (Vec::new(), false);
            while let Some(frame) = body.frame().await {
                // The status counts, whatever becomes of the body.
                let Ok(frame) = frame else {
                    cut = true;
                    break;
                };
                let Some(data) = frame.data_ref() else { continue };
                let room = usize::try_from(*answer_bytes).unwrap_or(usize::MAX).saturating_sub(read.len());
                read.extend_from_slice(data.get(..room).unwrap_or(data));
                if data.len() > room {
                    cut = true;
                    break;
                }
            }
            Ok(Answer { status: head.status, headers: head.headers, body: read.into(), cut })
        };
        tokio::pin!(answer);
        tokio::pin!(connection);
        tokio::select! {
            answer = &mut answer => answer,
            ended = &mut connection => match ended {
                // What was read before the end is there still.
                Ok(()) => answer.await,
                Err(error) => Err(broken(error)),
            },
        }
    }
}
