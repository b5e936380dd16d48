//! A body of type `multipart/form-data`, part by part as it comes.
//!
//! What may come between the contents of parts is bounded: what stands before the first boundary, and the head of each part.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;

use analyte_core::codes::Code;
use bytes::Bytes;
use futures::stream::{self, Stream, StreamExt as _};
use http::HeaderMap;
use http::header::CONTENT_TYPE;
use multer::{Field, Multipart};

use crate::problem::Problem;
use crate::request::pieces::Pieces;

/// Most bytes that the parser gets at once. It takes in one such piece with each question, whether or not it has to.
const PIECE: usize = 32 * 1024;
/// Most bytes that may come before the parser has the head of a part, or a piece of its content.
const HEAD: usize = 64 * 1024;

/// The parts of a body.
pub(crate) struct Parts<'a> {
    multipart: Multipart<'a>,
    unparsed: Arc<AtomicUsize>,
}

/// A part whose content is read piece by piece.
pub(crate) struct Part<'a> {
    field: Field<'a>,
    unparsed: Arc<AtomicUsize>,
}

impl<'a> Parts<'a> {
    /// Of a body with these headers; `malformed` where they name no boundary.
    pub(crate) fn of(headers: &HeaderMap, body: Pieces<'a>) -> Result<Self, Problem> {
        let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let boundary = multer::parse_boundary(content_type)
            .map_err(|_| malformed("the body is of type multipart/form-data with a boundary"))?;
        let unparsed = Arc::new(AtomicUsize::new(0));
        Ok(Self { multipart: Multipart::new(bounded(pieces(body), unparsed.clone()), boundary), unparsed })
    }

    /// The next one; `None`: that was all. What is left of the one before is passed over.
    pub(crate) async fn next(&mut self) -> Result<Option<Part<'a>>, Problem> {
        self.unparsed.store(0, Ordering::Relaxed);
        let field = self.multipart.next_field().await.map_err(broken)?;
        Ok(field.map(|field| Part { field, unparsed: self.unparsed.clone() }))
    }
}

impl Part<'_> {
    /// Its name in the form; empty where it has none.
    pub(crate) fn name(&self) -> &str {
        self.field.name().unwrap_or_default()
    }

    /// The name of the file that it is; `None`: it is no file.
    pub(crate) fn file_name(&self) -> Option<&str> {
        self.field.file_name()
    }

    /// Its media type, where its sender says it.
    pub(crate) fn media_type(&self) -> Option<&str> {
        self.field.content_type().map(AsRef::as_ref)
    }

    /// The next piece of its content; `None`: that was all.
    pub(crate) async fn piece(&mut self) -> Result<Option<Bytes>, Problem> {
        self.unparsed.store(0, Ordering::Relaxed);
        self.field.chunk().await.map_err(broken)
    }
}

fn malformed(detail: impl Into<String>) -> Problem {
    Problem::new(Code::Malformed, detail)
}

/// The body in pieces that are not large.
fn pieces(body: Pieces<'_>) -> impl Stream<Item = Result<Bytes, Refused>> + Send + Unpin + '_ {
    let pieces = stream::try_unfold((body, Bytes::new()), async move |(mut body, mut left)| {
        while left.is_empty() {
            match body.next().await.map_err(Refused)? {
                Some(piece) => left = piece,
                None => return Ok(None),
            }
        }
        let piece = left.split_to(left.len().min(PIECE));
        Ok(Some((piece, (body, left))))
    });
    Box::pin(pieces)
}

/// Gives one piece for each question, and fails where too much came since the parser got on. By itself it would take in
/// whatever there is before it looks at any of it.
fn bounded(
    mut pieces: impl Stream<Item = Result<Bytes, Refused>> + Send + Unpin,
    unparsed: Arc<AtomicUsize>,
) -> impl Stream<Item = Result<Bytes, Refused>> + Send {
    let mut given = false;
    stream::poll_fn(move |context| {
        if std::mem::take(&mut given) {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        if unparsed.load(Ordering::Relaxed) >= HEAD {
            return Poll::Ready(Some(Err(Refused(malformed(format!(
                "the form has more than {HEAD} bytes where a boundary or the head of a part should be"
            ))))));
        }
        let next = pieces.poll_next_unpin(context);
        if let Poll::Ready(Some(Ok(piece))) = &next {
            unparsed.fetch_add(piece.len(), Ordering::Relaxed);
            given = true;
        }
        next
    })
}

/// A refusal on its way through the parser.
#[derive(Debug)]
struct Refused(Problem);

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the body is refused")
    }
}

impl std::error::Error for Refused {}

fn broken(error: multer::Error) -> Problem {
    if let multer::Error::StreamReadFailed(cause) = error {
        return match cause.downcast::<Refused>() {
            Ok(refused) => refused.0,
            Err(_) => malformed("the body broke off"),
        };
    }
    tracing::debug!(%error, "a form cannot be read");
    malformed("the form cannot be read: it breaks off, or a part has no head")
}
