//! Handing a connection over: a call is answered with 101, and from then on what answered it speaks another protocol on the
//! connection, on the connection's own task. Its bounds hold on: it counts among the open connections, writes in time or is cut, and
//! ends when the server stops.

use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use futures::future::BoxFuture;
use parking_lot::Mutex;
use tokio::io::{AsyncRead, AsyncWrite};

/// What a connection reads from and writes to.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Send {}

impl<S: AsyncRead + AsyncWrite + Send> Stream for S {}

/// The same, of any kind.
pub(crate) type Io = Pin<Box<dyn Stream>>;

/// What speaks the other protocol: it is given the connection and what was read of it already, and gives the connection back to be
/// closed.
type Run = Box<dyn FnOnce(Io, Bytes) -> BoxFuture<'static, Io> + Send>;

/// Among the extensions of an answer with status 101: what takes the connection over.
#[derive(Clone)]
pub(crate) struct Takeover(Arc<Mutex<Option<Run>>>);

impl Takeover {
    /// By this.
    pub(crate) fn by(run: impl FnOnce(Io, Bytes) -> BoxFuture<'static, Io> + Send + 'static) -> Self {
        Self(Arc::new(Mutex::new(Some(Box::new(run)))))
    }

    /// What takes over; `None`: it did before.
    pub(crate) fn take(&self) -> Option<Run> {
        self.0.lock().take()
    }
}
