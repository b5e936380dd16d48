//! What a handler left of its request's body.
//!
//! A handler can answer before it has read the body: the token lacks a right, the media type is wrong, the form's end
//! came before the body's. A connection cannot be used again over unread bytes, and a client that does not know this
//! has its next call on the way on it and gets no answer. So the server reads and drops a rest of at most 64 KiB, for
//! at most 1 s, before it sends the answer; with any other rest, the answer says that the connection ends.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::{Body, HttpBody};
use bytes::Bytes;
use http::header::EXPECT;
use http::{HeaderMap, Request};
use http_body_util::BodyExt as _;
use hyper::body::{Frame, Incoming, SizeHint};
use tokio::sync::oneshot;

/// The longest rest that the server reads and drops, in bytes.
const SMALL: u64 = 64 * 1024;
/// How long reading it may take.
const PASSING: Duration = Duration::from_secs(1);

/// Where a lent body comes back to.
pub(crate) struct Undrained {
    /// `None`: there was no body.
    back: Option<oneshot::Receiver<Option<Incoming>>>,
    /// The client sends its body only after `100 Continue`, which the server sends when it first reads from the body.
    held_back: bool,
}

/// Gives a request's body out such that what is left of it comes back.
pub(crate) fn lend(request: Request<Incoming>) -> (Request<Body>, Undrained) {
    let (parts, body) = request.into_parts();
    if body.is_end_stream() {
        return (Request::from_parts(parts, Body::empty()), Undrained { back: None, held_back: false });
    }
    let held_back = holds_back(&parts.headers);
    let (home, back) = oneshot::channel();
    let lent = Lent { body: Some(body), home: Some(home) };
    (Request::from_parts(parts, Body::new(lent)), Undrained { back: Some(back), held_back })
}

fn holds_back(headers: &HeaderMap) -> bool {
    headers.get(EXPECT).is_some_and(|expected| expected.as_bytes().eq_ignore_ascii_case(b"100-continue"))
}

impl Undrained {
    /// Reads and drops a small rest. Whether the connection can be used again.
    pub(crate) async fn pass_over(self) -> bool {
        let Some(mut back) = self.back else { return true };
        match back.try_recv() {
            Ok(None) => true,
            Ok(Some(body)) if !self.held_back => tokio::time::timeout(PASSING, runs_out(body)).await.unwrap_or(false),
            // The client waits for `100 Continue` to send it, or a handler still holds the body.
            Ok(Some(_)) | Err(_) => false,
        }
    }
}

/// Whether the body ends soon enough, in good order.
async fn runs_out(mut body: Incoming) -> bool {
    let mut left = SMALL;
    if body.size_hint().lower() > left {
        return false;
    }
    while let Some(frame) = body.frame().await {
        let Ok(frame) = frame else { return false };
        let length = frame.data_ref().map_or(0, |data| data.len() as u64);
        let Some(rest) = left.checked_sub(length) else { return false };
        left = rest;
    }
    true
}

/// A body that returns when it is dropped before its end.
struct Lent {
    /// Until it is dropped.
    body: Option<Incoming>,
    /// Until its end, or until it is dropped.
    home: Option<oneshot::Sender<Option<Incoming>>>,
}

impl Lent {
    fn end(&mut self, left: Option<Incoming>) {
        if let Some(home) = self.home.take() {
            // Nobody waits where the call itself was given up; then the connection ends anyway.
            drop(home.send(left));
        }
    }
}

impl HttpBody for Lent {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<hyper::Result<Frame<Bytes>>>> {
        let Some(body) = self.body.as_mut() else { return Poll::Ready(None) };
        let frame = ready!(Pin::new(&mut *body).poll_frame(context));
        if frame.is_none() || body.is_end_stream() {
            self.end(None);
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(HttpBody::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.as_ref().map(HttpBody::size_hint).unwrap_or_default()
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        let left = self.body.take();
        self.end(left);
    }
}
