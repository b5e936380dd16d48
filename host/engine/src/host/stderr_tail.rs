//! The end of what a component writes to stdout and stderr: a panic's message is there.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use parking_lot::Mutex;
use tokio::io::AsyncWrite;
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};
use wasmtime_wasi::p2::{OutputStream, Pollable, StreamError, StreamResult};

/// What may be written at once. WASI has a component ask first, and ends one that writes more.
const AT_ONCE: usize = 1 << 16;

/// Keeps the last bytes written, and takes any number. Clones share them.
#[derive(Debug, Clone)]
pub(crate) struct StderrTail {
    kept: Arc<Mutex<VecDeque<u8>>>,
    /// Bytes written since they were last counted.
    count: Arc<AtomicU64>,
    most: usize,
}

impl StderrTail {
    pub(crate) fn new(most: u64) -> Self {
        Self { kept: Arc::default(), count: Arc::default(), most: usize::try_from(most).unwrap_or(usize::MAX) }
    }

    /// Forgets what was written so far.
    pub(crate) fn clear(&self) {
        self.kept.lock().clear();
    }

    /// How many bytes were written since this was asked last.
    pub(crate) fn take_count(&self) -> u64 {
        self.count.swap(0, Ordering::Relaxed)
    }

    fn take_in(&self, bytes: &[u8]) {
        self.count.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        let mut kept = self.kept.lock();
        let new = bytes.get(bytes.len().saturating_sub(self.most)..).unwrap_or_default();
        let surplus = (kept.len() + new.len()).saturating_sub(self.most);
        kept.drain(..surplus);
        kept.extend(new);
    }

    /// What is kept, as text.
    pub(crate) fn text(&self) -> String {
        let mut kept = self.kept.lock();
        String::from_utf8_lossy(kept.make_contiguous()).trim_end().to_owned()
    }
}

#[wasmtime_wasi::async_trait]
impl Pollable for StderrTail {
    async fn ready(&mut self) {}
}

impl OutputStream for StderrTail {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        if bytes.len() > AT_ONCE {
            return Err(StreamError::trap("more was written than `check-write` allows"));
        }
        self.take_in(&bytes);
        Ok(())
    }
    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }
    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(AT_ONCE)
    }
}

impl AsyncWrite for StderrTail {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<std::io::Result<usize>> {
        self.take_in(bytes);
        Poll::Ready(Ok(bytes.len()))
    }
    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }
    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

impl IsTerminal for StderrTail {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for StderrTail {
    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new(self.clone())
    }
    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(self.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_end_is_kept() {
        let tail = StderrTail::new(5);
        for piece in ["abc", "defg", "", "h\n"] {
            tail.take_in(piece.as_bytes());
        }
        assert_eq!(tail.text(), "efgh");
        tail.take_in(b"a long last piece");
        assert_eq!(tail.text(), "piece");
        tail.clone().clear();
        assert_eq!(tail.text(), "");
    }
}
