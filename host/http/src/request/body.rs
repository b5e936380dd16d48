//! Takes a request's body into memory, within its limit and within the process's memory budget, or piece by piece into
//! the store, where only its limit counts.
//!
//! A body that says it is too large is refused before any of it is read; one that does not say is refused as soon as it
//! turns out to be. A client that stops sending in the middle is given up after a while. Memory is set aside as the bytes
//! come, so that a declared length alone takes none; where there is no room, the answer is `busy`.

use analyte_core::codes::Code;
use analyte_core::names::Organisation;
use analyte_jobs::{BackgroundDrop, JobsError, Reservation, Staged};
use axum::body::{Body, HttpBody};
use bytes::Bytes;

use crate::native::table::compute;
use crate::problem::Problem;
use crate::request::pieces::{Pieces, SMALL};
use crate::shared::Shared;

/// A body that is not small is kept in blocks of this size until all of it is there.
const BLOCK: usize = 256 * 1024;

/// A body, and the memory that was set aside for it.
#[derive(Debug)]
pub(crate) struct Received {
    /// All of it.
    pub(crate) bytes: Bytes,
    /// Held as long as the bytes or what was made of them are in use, but never while a run is waited for: the run may
    /// need all the memory there is.
    pub(crate) reserved: Vec<Reservation>,
}

/// Reads an organisation's body of at most `limit` bytes.
pub(crate) async fn receive(
    shared: &Shared,
    organisation: &Organisation,
    body: Body,
    limit: u64,
) -> Result<Received, Problem> {
    let declared = body.size_hint().exact();
    let memory = shared.manager.surface_memory().max(SMALL);
    if let Some(length) = declared {
        refuse_large(length, Some(length), limit, memory)?;
        // Nothing is kept for what has not come yet, but a client need not send what has no room now.
        if length > SMALL {
            drop(shared.manager.reserve_memory(organisation, length)?);
        }
    }
    let mut growing = Growing::of(shared, organisation, limit);
    growing.room.most = declared.unwrap_or(growing.room.most);
    let mut pieces = Pieces::of(shared, organisation, body);

    let Some(first) = pieces.next().await? else {
        return Ok(Received { bytes: Bytes::new(), reserved: Vec::new() });
    };
    if declared == Some(first.len() as u64) {
        growing.make_room(first.len() as u64)?;
        return Ok(Received { bytes: first, reserved: growing.room.pieces });
    }
    growing.take(&first)?;
    drop(first);
    while let Some(piece) = pieces.next().await? {
        growing.take(&piece)?;
    }
    growing.whole().await
}

/// A body, or a part of one, of which it is not known how long it will be.
pub(crate) struct Growing<'a> {
    room: Room<'a>,
    all: Blocks,
    limit: u64,
    /// What all bodies of an organisation together may hold.
    memory: u64,
}

impl<'a> Growing<'a> {
    /// Of this organisation, of at most `limit` bytes.
    pub(crate) fn of(shared: &'a Shared, organisation: &'a Organisation, limit: u64) -> Self {
        let memory = shared.manager.surface_memory().max(SMALL);
        let room = Room { shared, organisation, most: limit.min(memory), reserved: SMALL, pieces: Vec::new() };
        Self { room, all: Blocks::default(), limit, memory }
    }

    /// Takes the next piece.
    pub(crate) fn take(&mut self, piece: &[u8]) -> Result<(), Problem> {
        self.make_room(self.all.length + piece.len() as u64)?;
        self.all.extend(piece);
        Ok(())
    }

    /// All that was taken.
    pub(crate) async fn whole(self) -> Result<Received, Problem> {
        let Room { shared, organisation, pieces, .. } = self.room;
        Ok(Received { bytes: self.all.join(shared, organisation).await?, reserved: pieces })
    }

    fn make_room(&mut self, length: u64) -> Result<(), Problem> {
        refuse_large(length, None, self.limit, self.memory)?;
        self.room.make(length)
    }
}

/// Takes an organisation's body of at most `limit` bytes (the limit of this key) into the store. What was taken of a body that breaks
/// off or is refused is thrown away.
pub(crate) async fn stage(
    shared: &Shared,
    organisation: &Organisation,
    body: Body,
    key: &str,
    limit: u64,
) -> Result<Staged, Problem> {
    let refuse = |length: u64, declared: Option<u64>| {
        if length <= limit {
            return Ok(());
        }
        let detail = match declared {
            Some(length) => format!("the body has {length} bytes, and at most {limit} are taken here (limit {key})"),
            None => format!("the body has more than the {limit} bytes that are taken here (limit {key})"),
        };
        Err(Problem::new(Code::TooLarge, detail))
    };
    if let Some(length) = body.size_hint().exact() {
        refuse(length, Some(length))?;
    }
    let mut pieces = Pieces::of(shared, organisation, body);
    let mut writer = shared.manager.content_writer().await?;
    let mut length = 0_u64;
    while let Some(piece) = pieces.next().await? {
        length = length.saturating_add(piece.len() as u64);
        refuse(length, None)?;
        writer.write(piece).await.map_err(JobsError::from)?;
    }
    Ok(writer.finish().await.map_err(JobsError::from)?)
}

/// Memory set aside for one body, as it comes: at most twice of what has come, whatever was declared.
struct Room<'a> {
    shared: &'a Shared,
    organisation: &'a Organisation,
    /// More than this will not come.
    most: u64,
    reserved: u64,
    pieces: Vec<Reservation>,
}

impl Room<'_> {
    fn make(&mut self, length: u64) -> Result<(), Problem> {
        if length <= self.reserved {
            return Ok(());
        }
        let target = self.reserved.saturating_mul(2).min(self.most).max(length);
        // A body is small, or all of it is reserved.
        let wanted = if self.pieces.is_empty() { target } else { target - self.reserved };
        self.pieces.push(self.shared.manager.reserve_memory(self.organisation, wanted)?);
        self.reserved = target;
        Ok(())
    }
}

/// A body as it comes. In one piece of memory it would have to be moved again and again as it grows, which holds up the thread
/// where it is large.
#[derive(Default)]
struct Blocks {
    full: Vec<Vec<u8>>,
    last: Vec<u8>,
    length: u64,
}

impl Blocks {
    /// Takes a piece for which room has been made.
    fn extend(&mut self, mut piece: &[u8]) {
        self.length += piece.len() as u64;
        while !piece.is_empty() {
            if self.last.len() == BLOCK {
                self.full.push(std::mem::replace(&mut self.last, Vec::with_capacity(BLOCK)));
            }
            let (now, later) = piece.split_at(piece.len().min(BLOCK - self.last.len()));
            self.last.extend_from_slice(now);
            piece = later;
        }
    }

    /// All of it in one piece. Each block goes as soon as it was copied.
    async fn join(self, shared: &Shared, organisation: &Organisation) -> Result<Bytes, Problem> {
        let Self { full, last, length } = self;
        if full.is_empty() {
            return Ok(last.into());
        }
        let joined = move || {
            let mut all = Vec::with_capacity(usize::try_from(length).unwrap_or(0));
            full.into_iter().chain([last]).for_each(|block| all.extend_from_slice(&block));
            Bytes::from_owner(BackgroundDrop::new(all))
        };
        compute(shared, organisation, joined).await
    }
}

/// A body that is sent, holding on to memory that was set aside for it until all of it is gone: what is being sent is let
/// go of when the client has taken it, a body already when its bytes are handed over.
pub(crate) fn holding(bytes: Bytes, reserved: Vec<Reservation>) -> Body {
    if reserved.is_empty() {
        return Body::from(bytes);
    }
    Body::from(Bytes::from_owner(Held { bytes, _reserved: reserved }))
}

/// Bytes and what they hold on to.
struct Held {
    bytes: Bytes,
    _reserved: Vec<Reservation>,
}

impl AsRef<[u8]> for Held {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

/// Refuses what is longer than its limit, or than what all bodies of an organisation together may hold.
fn refuse_large(length: u64, declared: Option<u64>, limit: u64, memory: u64) -> Result<(), Problem> {
    let most = limit.min(memory);
    if length <= most {
        return Ok(());
    }
    let why = if memory < limit { " (a part of the limit memory_budget_bytes)" } else { "" };
    let detail = match declared {
        Some(length) => format!("the body has {length} bytes, and at most {most} are taken here{why}"),
        None => format!("the body has more than the {most} bytes that are taken here{why}"),
    };
    Err(Problem::new(Code::TooLarge, detail))
}
