//! The pieces of a request's body as they come, read in turns.
//!
//! Copying what came and taking memory for it is work on the threads that answer everybody. With a thousand bodies of one
//! organisation on the way, each of which has something to be read, a call of another would wait for a piece of each of them.
//! So the bodies of an organisation that are not small are read in turns, a piece each, and at the same time on all cores but
//! one at most; a body of which nothing has come waits without a turn. After some pieces a body goes to the end of the line of
//! all that its thread has to do, also where no other body wants a turn: the system takes up to a millisecond to give memory for
//! a megabyte.

use std::time::Duration;

use analyte_core::codes::Code;
use analyte_core::names::Organisation;
use analyte_jobs::Shares;
use axum::body::Body;
use bytes::Bytes;
use futures::FutureExt as _;
use http::StatusCode;
use http_body_util::BodyExt as _;

use crate::problem::Problem;
use crate::shared::Shared;

/// So much of each body is read out of turn, in bytes: most bodies have no more.
pub(crate) const SMALL: u64 = 64 * 1024;

/// So much is read before others on the same thread have their turn, in bytes.
const STEP: u64 = 256 * 1024;

/// A body of an organisation that is being read.
pub(crate) struct Pieces<'a> {
    body: Body,
    turns: &'a Shares,
    organisation: &'a Organisation,
    patience: Duration,
    /// Bytes that have been read.
    read: u64,
    /// Where others have their turn next, in bytes that have been read.
    pause: u64,
}

/// How many bodies of one organisation are read at the same time: one core is left for others where there are several.
pub(crate) fn turns() -> Shares {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    Shares::new(cores.saturating_sub(1))
}

impl<'a> Pieces<'a> {
    /// Of this organisation's body.
    pub(crate) fn of(shared: &'a Shared, organisation: &'a Organisation, body: Body) -> Self {
        let patience = Duration::from_millis(shared.limits.body_idle_ms);
        Self { body, turns: &shared.reading, organisation, patience, read: 0, pause: STEP }
    }

    /// The next one; `None`: that was all. A client that sends nothing for `body_idle_ms` is given up (408).
    pub(crate) async fn next(&mut self) -> Result<Option<Bytes>, Problem> {
        loop {
            if self.read >= self.pause {
                self.pause = self.read.saturating_add(STEP);
                tokio::task::yield_now().await;
            }
            let turn = if self.read < SMALL { None } else { self.turns.take(Some(self.organisation)).await };
            let frame = if let Some(frame) = self.body.frame().now_or_never() {
                frame
            } else {
                drop(turn);
                let Ok(frame) = tokio::time::timeout(self.patience, self.body.frame()).await else {
                    let detail = format!("nothing more of the body came for {} seconds", self.patience.as_secs());
                    return Err(Problem::new(Code::Malformed, detail).status(StatusCode::REQUEST_TIMEOUT));
                };
                frame
            };
            let frame = match frame {
                Some(Ok(frame)) => frame,
                Some(Err(error)) => {
                    tracing::debug!(%error, "a body broke off");
                    return Err(Problem::new(Code::Malformed, "the body broke off, or its chunks cannot be read"));
                }
                None => return Ok(None),
            };
            // Trailers hold nothing that anybody asked for.
            if let Ok(data) = frame.into_data() {
                self.read = self.read.saturating_add(data.len() as u64);
                return Ok(Some(data));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use futures::channel::mpsc;
    use futures::stream::StreamExt as _;
    use futures::task::noop_waker_ref;
    use std::convert::Infallible;
    use std::task::Context;

    use super::*;

    const PIECE: usize = 64 * 1024;

    fn body(sent: &[usize]) -> (mpsc::UnboundedSender<Bytes>, Body) {
        let (sender, pieces) = mpsc::unbounded();
        for length in sent {
            sender.unbounded_send(vec![0; *length].into()).unwrap();
        }
        (sender, Body::from_stream(pieces.map(Ok::<_, Infallible>)))
    }

    fn pieces<'a>(turns: &'a Shares, organisation: &'a Organisation, body: Body) -> Pieces<'a> {
        Pieces { body, turns, organisation, patience: Duration::from_secs(60), read: 0, pause: STEP }
    }

    #[tokio::test]
    async fn what_is_beyond_the_first_pieces_is_read_in_turn() {
        let turns = Shares::new(1);
        let (lab, factory) = (Organisation::new("lab").unwrap(), Organisation::new("factory").unwrap());
        let (_sender, first) = body(&[PIECE, 10]);
        let mut first = pieces(&turns, &lab, first);
        let mut of_another = pieces(&turns, &factory, body(&[PIECE, 20]).1);
        let turn = turns.take(Some(&lab)).await;

        assert_eq!(first.next().await.unwrap().map(|piece| piece.len()), Some(PIECE), "the first is read out of turn");
        let mut context = Context::from_waker(noop_waker_ref());
        let mut waits = Box::pin(first.next());
        assert!(waits.poll_unpin(&mut context).is_pending(), "all turns of its organisation are taken");
        assert_eq!(of_another.next().await.unwrap().map(|piece| piece.len()), Some(PIECE));
        assert_eq!(
            of_another.next().await.unwrap().map(|piece| piece.len()),
            Some(20),
            "another organisation has its own"
        );
        drop(turn);
        assert_eq!(waits.await.unwrap().map(|piece| piece.len()), Some(10));
    }

    #[tokio::test]
    async fn others_have_their_turn_after_some_pieces() {
        let turns = Shares::new(1);
        let lab = Organisation::new("lab").unwrap();
        let mut read = pieces(&turns, &lab, body(&[PIECE; 9]).1);
        let mut context = Context::from_waker(noop_waker_ref());
        let mut steps = Vec::new();
        for _ in 0..9 {
            let mut next = Box::pin(read.next());
            let mut polled = 1;
            while next.poll_unpin(&mut context).is_pending() {
                polled += 1;
            }
            steps.push(polled);
        }
        assert_eq!(steps, [1, 1, 1, 1, 2, 1, 1, 1, 2], "each 256 KiB");
    }

    #[tokio::test]
    async fn a_body_that_waits_for_its_client_takes_no_turn() {
        let turns = Shares::new(1);
        let lab = Organisation::new("lab").unwrap();
        let (sender, stopped) = body(&[PIECE]);
        let mut stopped = pieces(&turns, &lab, stopped);
        assert!(stopped.next().await.unwrap().is_some());
        let mut waits = Box::pin(stopped.next());
        let mut context = Context::from_waker(noop_waker_ref());
        assert!(waits.poll_unpin(&mut context).is_pending());

        let mut other = pieces(&turns, &lab, body(&[PIECE, 10]).1);
        assert!(other.next().await.unwrap().is_some());
        assert_eq!(other.next().await.unwrap().map(|piece| piece.len()), Some(10));
        sender.unbounded_send(vec![0; 7].into()).unwrap();
        assert_eq!(waits.await.unwrap().map(|piece| piece.len()), Some(7));
    }
}
