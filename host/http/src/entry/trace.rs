//! One line of log per call: method, path, status, time. Neither headers nor the query are logged, since tokens and data
//! stand there.

use std::time::Duration;

use http::{Method, Request, StatusCode, Uri};
use tracing::Level;

/// Longest path in the log.
const PATH_BYTES: usize = 300;

/// What is known of a call before it is answered.
pub(crate) struct Line {
    method: Method,
    uri: Uri,
}

impl Line {
    /// Of this request. Cheap: both parts are shared, not copied.
    pub(crate) fn of<B>(request: &Request<B>) -> Self {
        Self { method: request.method().clone(), uri: request.uri().clone() }
    }

    /// Writes the line: a warning where the server is at fault, else for debugging. A component that crashed, a busy
    /// server and a full disk are no faults; they are counted, and would fill the log.
    pub(crate) fn log(&self, status: StatusCode, took: Duration) {
        if status == StatusCode::INTERNAL_SERVER_ERROR {
            tracing::warn!(method = %self.method, path = self.path(), status = status.as_u16(), ?took, "answered");
        } else if tracing::enabled!(Level::DEBUG) {
            tracing::debug!(method = %self.method, path = self.path(), status = status.as_u16(), ?took, "answered");
        }
    }

    fn path(&self) -> &str {
        let path = self.uri.path();
        // A path holds ASCII only, so every place in it is a boundary.
        path.get(..PATH_BYTES).unwrap_or(path)
    }
}
