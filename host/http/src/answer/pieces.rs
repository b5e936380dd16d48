//! Answers that are written piece by piece, as their reader takes them.
//!
//! The first pieces are written before the answer begins, so that what cannot be written at all is refused with a status
//! of its own, and a small answer has a length. Further pieces are written when the connection has room for them, on a
//! thread where no other call waits behind it, when the turn of its organisation has come. Each way there and
//! back takes time, so a client that takes all it is sent has more pieces written at once, up to 512 KiB. When the client is
//! gone its answer is dropped, and nothing more is written. An answer that cannot be finished ends its connection, so
//! that the client sees that something is missing.

use std::collections::VecDeque;

use analyte_core::table::format::WriteError;
use analyte_jobs::{BackgroundDrop, Computing, Reservation};
use axum::body::Body;
use bytes::Bytes;
use futures::stream;

use crate::native::table::computed;
use crate::problem::Problem;

/// An answer up to about this size is written before it is begun, and has a length.
pub(crate) const AT_ONCE: usize = 128 * 1024;

/// Most bytes of pieces that are written at once, beside the piece that goes beyond.
const MOST: usize = 512 * 1024;

/// What an answer holds that is longer: pieces that wait to be sent, and as many that the connection is sending.
pub(crate) const HELD: u64 = 1024 * 1024;

/// Pieces of one document. Empty ones are allowed: there was much to do, and nothing to write.
pub(crate) trait Pieces: Iterator<Item = Result<Vec<u8>, WriteError>> + Send + 'static {}

impl<P: Iterator<Item = Result<Vec<u8>, WriteError>> + Send + 'static> Pieces for P {}

/// The beginning of a document.
pub(crate) enum Begun<P> {
    /// It is all there.
    Whole(Vec<u8>),
    /// More comes.
    More {
        /// What there is.
        first: Vec<u8>,
        /// What comes next.
        rest: P,
    },
}

/// Writes the beginning of a document.
pub(crate) async fn begin<P: Pieces>(
    computing: &Computing,
    pieces: P,
) -> Result<Result<Begun<P>, WriteError>, Problem> {
    let (mut first, mut rest) = (Vec::new(), pieces);
    while first.len() < AT_ONCE {
        let Written { pieces, then } = written(computing, rest, AT_ONCE - first.len()).await?;
        for piece in pieces {
            if first.is_empty() {
                first = piece;
            } else {
                first.extend_from_slice(&piece);
            }
        }
        match then {
            Then::More(left) => rest = left,
            Then::End(Ok(())) => return Ok(Ok(Begun::Whole(first))),
            Then::End(Err(error)) => return Ok(Err(error)),
        }
    }
    Ok(Ok(Begun::More { first, rest }))
}

/// Whether a document takes more than this many bytes. Nothing of it is kept.
pub(crate) async fn exceeds<P: Pieces>(
    computing: &Computing,
    pieces: P,
    most: u64,
) -> Result<Result<bool, WriteError>, Problem> {
    let (mut length, mut rest) = (0_u64, pieces);
    loop {
        let Written { pieces, then } = written(computing, rest, MOST).await?;
        for piece in pieces {
            length = length.saturating_add(piece.len() as u64);
            if length > most {
                return Ok(Ok(true));
            }
        }
        match then {
            Then::More(left) => rest = left,
            Then::End(Ok(())) => return Ok(Ok(false)),
            Then::End(Err(error)) => return Ok(Err(error)),
        }
    }
}

/// What was written in one go, and what comes after it.
struct Written<P> {
    pieces: VecDeque<Vec<u8>>,
    then: Then<P>,
}

enum Then<P> {
    More(P),
    End(Result<(), WriteError>),
}

/// Writes pieces until they have this many bytes together, or until there was much to do and nothing to write.
async fn written<P: Pieces>(computing: &Computing, mut rest: P, bytes: usize) -> Result<Written<P>, Problem> {
    computed(computing, move || {
        let (mut pieces, mut length) = (VecDeque::new(), 0);
        while length < bytes {
            match rest.next() {
                None => return Written { pieces, then: Then::End(Ok(())) },
                Some(Err(error)) => return Written { pieces, then: Then::End(Err(error)) },
                Some(Ok(piece)) if piece.is_empty() => break,
                Some(Ok(piece)) => {
                    length += piece.len();
                    pieces.push_back(piece);
                }
            }
        }
        Written { pieces, then: Then::More(rest) }
    })
    .await
}

impl<P: Pieces> Begun<P> {
    /// Whether it is longer than an answer that is written before it is begun.
    pub(crate) fn is_large(&self) -> bool {
        matches!(self, Self::More { .. })
    }

    /// The document as a body. What is reserved is given back when the body is gone: all of it was taken, or the client is.
    pub(crate) fn body(self, computing: Computing, reserved: Vec<Reservation>) -> Body {
        match self {
            Self::Whole(bytes) => crate::request::body::holding(bytes.into(), reserved),
            Self::More { first, rest } => {
                let sending = Sending {
                    ready: VecDeque::from([first]),
                    rest: Some(BackgroundDrop::new(rest)),
                    failed: None,
                    most: AT_ONCE,
                    computing,
                    _reserved: reserved,
                };
                Body::from_stream(stream::try_unfold(sending, Sending::next))
            }
        }
    }
}

/// An answer on its way.
struct Sending<P: Pieces> {
    ready: VecDeque<Vec<u8>>,
    /// What is not written yet; `None` once the document has ended.
    rest: Option<BackgroundDrop<P>>,
    /// Why it cannot be finished, after what is ready.
    failed: Option<WriteError>,
    /// How many bytes are written next.
    most: usize,
    computing: Computing,
    _reserved: Vec<Reservation>,
}

impl<P: Pieces> Sending<P> {
    /// The next piece and what comes after it; `None` at the end.
    async fn next(mut self) -> Result<Option<(Bytes, Self)>, Broken> {
        loop {
            if let Some(piece) = self.ready.pop_front() {
                return Ok(Some((Bytes::from(piece), self)));
            }
            if let Some(error) = self.failed {
                tracing::error!(%error, "an answer breaks off, and its connection is closed");
                return Err(Broken);
            }
            let Some(rest) = self.rest.take().and_then(BackgroundDrop::take) else { return Ok(None) };
            let Written { pieces, then } = written(&self.computing, rest, self.most).await.map_err(|_| Broken)?;
            self.ready = pieces;
            self.most = (self.most * 2).min(MOST);
            match then {
                Then::More(left) => self.rest = Some(BackgroundDrop::new(left)),
                Then::End(ended) => self.failed = ended.err(),
            }
        }
    }
}

/// An answer cannot be finished; the log says why.
#[derive(Debug, thiserror::Error)]
#[error("the answer cannot be finished")]
struct Broken;

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::{Duration, Instant};

    use http_body_util::BodyExt as _;

    use super::*;

    /// This many pieces of this size, and how many of them were written.
    fn counted(pieces: usize, size: usize) -> (impl Pieces, Arc<AtomicUsize>) {
        let count = Arc::new(AtomicUsize::new(0));
        let written = count.clone();
        let piece = move |_| {
            written.fetch_add(1, Ordering::Relaxed);
            Ok(vec![b'x'; size])
        };
        ((0..pieces).map(piece), count)
    }

    fn computing() -> Computing {
        Computing::new(tokio::runtime::Handle::current(), 2)
    }

    async fn begun<P: Pieces>(pieces: P) -> Begun<P> {
        begin(&computing(), pieces).await.unwrap().unwrap()
    }

    #[tokio::test]
    async fn a_small_document_is_whole_before_it_is_answered() {
        let (pieces, _) = counted(3, 1_000);
        let body = begun(pieces).await.body(computing(), Vec::new());
        assert_eq!(axum::body::HttpBody::size_hint(&body).exact(), Some(3_000));
    }

    #[tokio::test]
    async fn no_piece_is_written_before_there_is_room_and_none_after_the_reader_is_gone() {
        let (pieces, written) = counted(1_000, AT_ONCE / 2);
        let mut body = begun(pieces).await.body(computing(), Vec::new());
        // What is written at once becomes twice as much each time, up to its bound.
        for (frames, bytes, all) in
            [(1, AT_ONCE, 2), (2, AT_ONCE / 2, 4), (4, AT_ONCE / 2, 8), (8, AT_ONCE / 2, 16), (8, AT_ONCE / 2, 24)]
        {
            for _ in 0..frames {
                assert_eq!(body.frame().await.unwrap().unwrap().into_data().unwrap().len(), bytes);
                assert_eq!(written.load(Ordering::Relaxed), all);
            }
        }
        drop(body);
        // It is dropped on another thread.
        let until = Instant::now() + Duration::from_mins(1);
        while Arc::strong_count(&written) > 1 && Instant::now() < until {
            tokio::task::yield_now().await;
        }
        assert_eq!((written.load(Ordering::Relaxed), Arc::strong_count(&written)), (24, 1));
    }

    #[tokio::test]
    async fn what_fails_at_first_is_refused_and_what_fails_later_breaks_off() {
        let fails = |after: usize| {
            let pieces = (0..after).map(|_| Ok(vec![b'x'; AT_ONCE]));
            pieces.chain(std::iter::once_with(|| Err(WriteError::NonFinite)))
        };
        assert_eq!(begin(&computing(), fails(0)).await.unwrap().map(|_| ()), Err(WriteError::NonFinite));
        let body = begun(fails(2)).await.body(computing(), Vec::new());
        assert!(body.collect().await.is_err_and(|error| error.to_string() == "the answer cannot be finished"));
    }

    #[tokio::test]
    async fn a_document_is_measured_up_to_its_limit() {
        let (pieces, written) = counted(1_000, 10);
        assert!(exceeds(&computing(), pieces, 99).await.unwrap().unwrap());
        // No more than is written at once.
        assert_eq!(written.load(Ordering::Relaxed), 1_000);
        assert!(!exceeds(&computing(), counted(10, 10).0, 100).await.unwrap().unwrap());
        assert_eq!(
            exceeds(&computing(), std::iter::once(Err(WriteError::NonFinite)), 1).await.unwrap(),
            Err(WriteError::NonFinite)
        );
    }
}
