//! JSON answers of many items, or of an item that may be long: written item by item, and a long item part by part.
//!
//! An item is something that can be written again and again with the same outcome: a part of it is what comes after the
//! bytes of the parts before it. Parts grow with what was written before, so that an item is written some five times in
//! all, however long it is, and no part is more than a fifth of it.

use std::io;
use std::vec::IntoIter;

use analyte_core::names::Organisation;
use analyte_core::table::format::WriteError;
use analyte_core::table::pieces::PIECE;
use analyte_jobs::{Computing, Reservation};
use axum::response::Response;
use http::StatusCode;
use serde::Serialize;

use super::json;
use crate::answer::pieces::{Begun, HELD};
use crate::native::table::compute;
use crate::problem::Problem;
use crate::shared::Shared;

/// Whose memory the items are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Items {
    /// They were fetched for this answer, so memory is set aside for all of them.
    Fetched,
    /// They are in memory anyway, so memory is set aside for what is written ahead.
    Kept,
}

/// A document: what stands before the items, the items with commas between them, what stands after them.
pub(crate) struct Listing<T, W> {
    open: String,
    items: IntoIter<T>,
    /// An item of which this much was written.
    begun: Option<(T, usize)>,
    close: String,
    write: W,
    stage: Stage,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    New,
    Items { first: bool },
    Ended,
}

impl<T, W> Listing<T, W>
where
    T: Send + 'static,
    W: Fn(&T, &mut Part<'_>) -> serde_json::Result<()> + Send + 'static,
{
    /// The document that `frame` is, with these items in its first list, which is empty there.
    pub(crate) fn within(frame: &impl Serialize, items: Vec<T>, write: W) -> Self {
        // A list and perhaps a string: writing them cannot fail.
        let frame = serde_json::to_string(frame).unwrap_or_default();
        debug_assert!(frame.contains("[]"), "{frame}");
        let (before, after) = frame.split_once("[]").unwrap_or((&frame, ""));
        let (open, close) = (format!("{before}["), format!("]{after}"));
        Self { open, items: items.into_iter(), begun: None, close, write, stage: Stage::New }
    }

    /// Just this item.
    pub(crate) fn one(item: T, write: W) -> Self {
        let items = vec![item].into_iter();
        Self { open: String::new(), items, begun: None, close: String::new(), write, stage: Stage::New }
    }

    /// The answer, for which memory is set aside where it is large.
    pub(crate) async fn answer(
        self,
        shared: &Shared,
        organisation: &Organisation,
        status: StatusCode,
        items: Items,
    ) -> Result<Response, Problem> {
        let (first, listing) = match self.begin()? {
            Begun::Whole(bytes) => return Ok(json::bytes(status, bytes)),
            Begun::More { first, rest } => (first, rest),
        };
        let (bytes, rest) = compute(shared, organisation, move || (listing.bytes_left(), listing)).await?;
        let ahead = match items {
            Items::Fetched => bytes,
            Items::Kept => bytes / 4,
        };
        let reserved = vec![shared.manager.reserve_memory(organisation, ahead.saturating_add(HELD))?];
        Ok(json::bytes(status, Begun::More { first, rest }.body(shared.manager.computing(organisation), reserved)))
    }

    /// The answer in room that was set aside before. For what has happened already, and may not be refused any more for
    /// want of room.
    pub(crate) fn answer_holding(
        self,
        computing: Computing,
        status: StatusCode,
        reserved: Vec<Reservation>,
    ) -> Result<Response, Problem> {
        Ok(json::bytes(status, self.begin()?.body(computing, reserved)))
    }

    /// The first piece, at once: it is small.
    fn begin(mut self) -> Result<Begun<Self>, Problem> {
        match self.next() {
            Some(Ok(bytes)) if self.stage == Stage::Ended => Ok(Begun::Whole(bytes)),
            Some(Ok(first)) => Ok(Begun::More { first, rest: self }),
            None => Ok(Begun::Whole(Vec::new())),
            Some(Err(error)) => {
                tracing::error!(%error, "an answer cannot be written");
                Err(Problem::new(analyte_core::codes::Code::HostError, "the answer cannot be written"))
            }
        }
    }

    /// How long what was not written yet is, at most.
    fn bytes_left(&self) -> u64 {
        let mut counted = Part::counting();
        for item in self.begun.iter().map(|(item, _)| item).chain(self.items.as_slice()) {
            // What cannot be written is found where it is written.
            let _ = (self.write)(item, &mut counted);
        }
        counted.skipped as u64
    }

    fn piece(&mut self) -> Result<Vec<u8>, WriteError> {
        let mut bytes = Vec::new();
        if self.stage == Stage::New {
            bytes.extend_from_slice(self.open.as_bytes());
            self.stage = Stage::Items { first: true };
        }
        while bytes.len() < PIECE {
            let Some((item, from)) = self.begun.take().or_else(|| self.items.next().map(|item| (item, 0))) else {
                bytes.extend_from_slice(self.close.as_bytes());
                self.stage = Stage::Ended;
                break;
            };
            if from == 0 && self.stage != (Stage::Items { first: true }) {
                bytes.push(b',');
            }
            self.stage = Stage::Items { first: false };
            let before = bytes.len();
            let mut part =
                Part { skip: from, skipped: 0, room: PIECE.max(from / 4), full: false, bytes: Some(&mut bytes) };
            match (self.write)(&item, &mut part) {
                Ok(()) => {}
                Err(_) if part.full => self.begun = Some((item, from + bytes.len() - before)),
                Err(error) => return Err(WriteError::Failed(error.to_string())),
            }
        }
        Ok(bytes)
    }
}

impl<T, W> Iterator for Listing<T, W>
where
    T: Send + 'static,
    W: Fn(&T, &mut Part<'_>) -> serde_json::Result<()> + Send + 'static,
{
    type Item = Result<Vec<u8>, WriteError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.stage == Stage::Ended {
            return None;
        }
        let piece = self.piece();
        if piece.is_err() {
            self.stage = Stage::Ended;
        }
        Some(piece)
    }
}

/// Takes a part of what is written: what comes after this many bytes, up to its room.
pub(crate) struct Part<'b> {
    skip: usize,
    skipped: usize,
    room: usize,
    /// There was more than room.
    full: bool,
    /// `None`: everything is skipped.
    bytes: Option<&'b mut Vec<u8>>,
}

impl Part<'_> {
    fn counting() -> Self {
        Self { skip: usize::MAX, skipped: 0, room: 0, full: false, bytes: None }
    }
}

impl io::Write for Part<'_> {
    fn write(&mut self, given: &[u8]) -> io::Result<usize> {
        self.write_all(given)?;
        Ok(given.len())
    }

    fn write_all(&mut self, given: &[u8]) -> io::Result<()> {
        let passed = given.len().min(self.skip - self.skipped);
        self.skipped += passed;
        let wanted = given.get(passed..).unwrap_or_default();
        let taken = wanted.get(..self.room).unwrap_or(wanted);
        self.room -= taken.len();
        if let Some(bytes) = &mut self.bytes {
            bytes.extend_from_slice(taken);
        }
        if taken.len() < wanted.len() {
            self.full = true;
            return Err(io::Error::other("the part is full"));
        }
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn listing(items: Vec<Value>) -> Listing<Value, impl Fn(&Value, &mut Part<'_>) -> serde_json::Result<()>> {
        Listing::within(&json!({"items": [], "next": null}), items, |item: &Value, part: &mut Part<'_>| {
            serde_json::to_writer(part, item)
        })
    }

    fn pieces(items: Vec<Value>) -> Vec<Vec<u8>> {
        listing(items).map(Result::unwrap).collect()
    }

    #[test]
    fn pieces_are_the_document_whatever_the_items_are() {
        let long = |bytes: usize| Value::from("x".repeat(bytes));
        for items in [
            vec![],
            vec![json!(1)],
            vec![json!({"a": [1, "\n"]}), json!(null)],
            vec![long(PIECE - 13), json!(1)],
            (0..300).map(|at| json!({"at": at, "text": "y".repeat(1_000)})).collect(),
            vec![json!(1), json!([long(10 * PIECE), long(3)]), json!(2)],
            vec![json!(vec![json!({"name": "n", "text": "\u{1}\"é"}); 50_000])],
        ] {
            let pieces = pieces(items.clone());
            let written = String::from_utf8(pieces.concat()).unwrap();
            let expected = serde_json::to_string(&items).unwrap();
            assert!(written == format!("{{\"items\":{expected},\"next\":null}}"), "{} items", items.len());
            let longest = pieces.iter().map(Vec::len).max().unwrap();
            assert!(longest <= (2 * PIECE).max(expected.len() / 4), "{longest} of {}", expected.len());
            let mut counted = listing(items);
            let first = counted.next().unwrap().unwrap();
            let left = counted.bytes_left() + first.len() as u64 + expected.len() as u64;
            assert!(left + 30 >= written.len() as u64);
        }
        let one: Vec<u8> =
            Listing::one(json!({"a": 1}), |item: &Value, part: &mut Part<'_>| serde_json::to_writer(part, item))
                .map(Result::unwrap)
                .collect::<Vec<_>>()
                .concat();
        assert_eq!(one, b"{\"a\":1}");
    }

    #[test]
    fn what_cannot_be_written_ends_the_document() {
        let mut listing =
            Listing::within(&json!({"items": []}), vec![1, 2], |item: &i32, part: &mut Part<'_>| match item {
                1 => serde_json::to_writer(part, item),
                _ => Err(serde::ser::Error::custom("no")),
            });
        assert_eq!(listing.next(), Some(Err(WriteError::Failed("no".to_owned()))));
        assert_eq!(listing.next(), None);
    }
}
