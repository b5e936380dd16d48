//! Takes a request's body into memory, within its limit and within the process's memory budget.
//!
//! A body that says it is too large is refused before any of it is read; one that does not say is refused as soon as it
//! turns out to be. A client that stops sending in the middle is given up after a while.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use analyte_core::codes::Code;
use analyte_jobs::Reservation;
use axum::body::{Body, HttpBody};
use bytes::Bytes;
use http::StatusCode;
use http_body_util::{BodyExt as _, Full};

use crate::gate::Shared;
use crate::problem::Problem;

/// Bodies up to this size are not reserved: there are no more of them than connections.
const SMALL: u64 = 64 * 1024;

/// A body, and the memory that was set aside for it.
#[derive(Debug)]
pub(crate) struct Received {
    /// All of it.
    pub(crate) bytes: Bytes,
    /// Held as long as the bytes or what was made of them are in use.
    pub(crate) reserved: Vec<Reservation>,
}

/// Reads a body of at most so many bytes.
pub(crate) async fn receive(shared: &Shared, mut body: Body, limit: u64) -> Result<Received, Problem> {
    let declared = body.size_hint().exact();
    if let Some(length) = declared
        && length > limit
    {
        return Err(too_large(limit, Some(length)));
    }
    let mut room = Room { shared, reserved: SMALL, pieces: Vec::new() };
    if let Some(length) = declared {
        room.make(length)?;
    }
    let patience = Duration::from_millis(shared.limits.body_idle_ms);

    let Some(first) = next_piece(&mut body, patience).await? else {
        return Ok(Received { bytes: Bytes::new(), reserved: Vec::new() });
    };
    if declared == Some(first.len() as u64) {
        return Ok(Received { bytes: first, reserved: room.pieces });
    }
    // Room for what was declared has been made, so it can be taken at once.
    let capacity = declared.and_then(|length| usize::try_from(length).ok()).unwrap_or(first.len());
    let mut all = Vec::with_capacity(capacity);
    all.extend_from_slice(&first);
    drop(first);
    room.make(all.len() as u64)?;
    while let Some(piece) = next_piece(&mut body, patience).await? {
        let length = all.len() as u64 + piece.len() as u64;
        if length > limit {
            return Err(too_large(limit, None));
        }
        room.make(length)?;
        all.extend_from_slice(&piece);
    }
    if all.len() as u64 > limit {
        return Err(too_large(limit, None));
    }
    Ok(Received { bytes: all.into(), reserved: room.pieces })
}

/// Memory set aside for one body. An undeclared length is reserved in doubling steps.
struct Room<'a> {
    shared: &'a Shared,
    reserved: u64,
    pieces: Vec<Reservation>,
}

impl Room<'_> {
    fn make(&mut self, length: u64) -> Result<(), Problem> {
        if length <= self.reserved {
            return Ok(());
        }
        // A body is small or reserved whole; what grows reserves as much again as it has.
        let wanted = if self.pieces.is_empty() { length } else { self.reserved.max(length - self.reserved) };
        let piece = self.shared.manager.reserve_memory(wanted)?;
        self.reserved = if self.pieces.is_empty() { wanted } else { self.reserved + wanted };
        self.pieces.push(piece);
        Ok(())
    }
}

async fn next_piece(body: &mut Body, patience: Duration) -> Result<Option<Bytes>, Problem> {
    loop {
        let frame = match tokio::time::timeout(patience, body.frame()).await {
            Ok(Some(Ok(frame))) => frame,
            Ok(Some(Err(error))) => {
                tracing::debug!(%error, "a body broke off");
                return Err(Problem::new(Code::Malformed, "the body broke off, or its chunks cannot be read"));
            }
            Ok(None) => return Ok(None),
            Err(_) => {
                let detail = format!("nothing more of the body came for {} seconds", patience.as_secs());
                return Err(Problem::new(Code::Malformed, detail).status(StatusCode::REQUEST_TIMEOUT));
            }
        };
        // Trailers hold nothing that anybody asked for.
        if let Ok(data) = frame.into_data() {
            return Ok(Some(data));
        }
    }
}

/// A body that is sent, holding on to memory that was set aside for it until all of it is gone.
pub(crate) fn holding(bytes: Bytes, reserved: Vec<Reservation>) -> Body {
    if reserved.is_empty() {
        return Body::from(bytes);
    }
    Body::new(Held { body: Full::new(bytes), _reserved: reserved })
}

/// A body and what it holds on to.
struct Held {
    body: Full<Bytes>,
    _reserved: Vec<Reservation>,
}

impl HttpBody for Held {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<http_body::Frame<Bytes>, Infallible>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }
    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }
    fn size_hint(&self) -> http_body::SizeHint {
        self.body.size_hint()
    }
}

fn too_large(limit: u64, length: Option<u64>) -> Problem {
    let detail = match length {
        Some(length) => format!("the body has {length} bytes, and at most {limit} are taken here"),
        None => format!("the body has more than the {limit} bytes that are taken here"),
    };
    Problem::new(Code::TooLarge, detail)
}
