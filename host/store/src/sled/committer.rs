//! The one thread that writes.
//!
//! It takes the operations that wait, lets each change the records in turn, hands all changes to sled as one batch, makes
//! them durable, and only then answers. Operations that arrive meanwhile wait for the next round, so that the price of
//! making durable is shared.
//!
//! Durable means: sled's `flush`, which writes but does not sync, then `fdatasync` of its file. When anything of this
//! fails, everybody in the batch is told, all that was in memory is dropped, and the store is opened anew: sled refuses
//! every write after its first failed one, and what was read meanwhile cannot be trusted. A panic inside sled, which has
//! many assertions, counts as such a failure.
//!
//! Nobody else writes. Readers use the tree through [`Shelf`], which is emptied before the store is opened anew, since
//! sled's file stays locked as long as anybody holds a tree.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use analyte_core::names::Organisation;
use parking_lot::RwLock;
use tokio::sync::{mpsc, oneshot, watch};

use super::blobs::Blobs;
use super::open::{self, Opened};
use super::records::Shelf;
use super::work::{Catalogue, Work};
use super::{Options, io_error};
use crate::{Counts, Result, StoreError};

/// Most operations of one batch.
const BATCH: usize = 512;
/// A batch ends when it has written so much.
const BATCH_BYTES: usize = 8 << 20;
/// Operations that may wait before callers are held back.
const WAITING: usize = 4_096;

/// How far the tree is durable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Durable {
    /// Batches, counted like [`Shelf::applied`].
    pub(super) batches: u64,
    /// How often the store was opened anew: what was read before, and was not durable then, may be gone.
    pub(super) openings: u64,
}

/// What the committer shares with the handle and readers.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) shelf: RwLock<Shelf>,
    pub(super) catalogue: RwLock<Arc<Catalogue>>,
    pub(super) counts: RwLock<HashMap<Organisation, Counts>>,
    pub(super) durable: watch::Sender<Durable>,
}

/// One operation on its way.
trait Operation: Send {
    /// Lets it happen.
    fn run(&mut self, work: &mut Work);
    /// Says that it is durable, or why it is not.
    fn answer(self: Box<Self>, outcome: std::result::Result<(), &StoreError>);
}

struct Pending<F, A> {
    run: Option<F>,
    answer: Option<Result<A>>,
    reply: oneshot::Sender<Result<A>>,
}

impl<F, A> Operation for Pending<F, A>
where
    F: FnOnce(&mut Work) -> Result<A> + Send,
    A: Send,
{
    fn run(&mut self, work: &mut Work) {
        self.answer = self.run.take().map(|run| run(work));
    }

    fn answer(self: Box<Self>, outcome: std::result::Result<(), &StoreError>) {
        let answer = match (outcome, self.answer) {
            (Err(error), _) => Err(again(error)),
            (Ok(()), Some(answer)) => answer,
            (Ok(()), None) => Err(StoreError::Closed),
        };
        // Whoever asked may have gone; what was asked for is done all the same.
        let _ = self.reply.send(answer);
    }
}

/// The same error for one more caller.
fn again(error: &StoreError) -> StoreError {
    match error {
        StoreError::Io { doing, source } => {
            io_error(doing.clone(), std::io::Error::new(source.kind(), source.to_string()))
        }
        StoreError::Damaged { what } => StoreError::Damaged { what: what.clone() },
        StoreError::Closed => StoreError::Closed,
        other => io_error(other.to_string(), std::io::Error::other("the store could not be opened anew")),
    }
}

enum Message {
    Operation(Box<dyn Operation>),
    /// Something lost its last pin.
    Look,
    Close,
}

/// Sends operations to the committer.
#[derive(Debug, Clone)]
pub(super) struct Committer {
    sender: mpsc::Sender<Message>,
    /// Says the same as [`Message::Close`], where the queue is too full to take that.
    closing: Arc<AtomicBool>,
}

impl Committer {
    /// Lets an operation happen, and answers when it is durable.
    pub(super) async fn commit<A: Send + 'static>(
        &self,
        run: impl FnOnce(&mut Work) -> Result<A> + Send + 'static,
    ) -> Result<A> {
        let (reply, answer) = oneshot::channel();
        let operation = Box::new(Pending { run: Some(run), answer: None, reply });
        self.sender.send(Message::Operation(operation)).await.map_err(|_| StoreError::Closed)?;
        answer.await.unwrap_or(Err(StoreError::Closed))
    }

    /// Refuses where the thread has ended, or could not go on.
    pub(super) fn open(&self) -> Result<()> {
        if self.sender.is_closed() { Err(StoreError::Closed) } else { Ok(()) }
    }

    /// Has unpinned blobs looked at soon.
    pub(super) fn look(&self) {
        // A full queue means that the committer comes by anyway; a closed one, that the next opening does it.
        let _ = self.sender.try_send(Message::Look);
    }

    /// Asks the thread to end soon; what waits then is answered as [`StoreError::Closed`].
    pub(super) fn close(&self) {
        self.closing.store(true, Ordering::SeqCst);
        // Wakes it. Fails where it is awake, since the queue is full, and where it has ended.
        let _ = self.sender.try_send(Message::Close);
    }
}

/// Starts the thread; answers when the store is open.
pub(super) fn start(options: Options, opened: Opened) -> Result<(Committer, Arc<Shared>, std::thread::JoinHandle<()>)> {
    let (sender, receiver) = mpsc::channel(WAITING);
    let shared = Arc::new(Shared {
        shelf: RwLock::default(),
        catalogue: RwLock::default(),
        counts: RwLock::default(),
        durable: watch::Sender::new(Durable::default()),
    });
    let blobs = Arc::clone(&opened.work.blobs);
    let closing = Arc::new(AtomicBool::new(false));
    let mut service =
        Service { options, closing: Arc::clone(&closing), receiver, shared: Arc::clone(&shared), blobs, opened: None };
    service.publish_tree(opened);
    let thread = std::thread::Builder::new()
        .name("analyte-store".to_owned())
        .spawn(move || service.run())
        .map_err(|error| io_error("could not start the store's thread".to_owned(), error))?;
    Ok((Committer { sender, closing }, shared, thread))
}

struct Service {
    options: Options,
    receiver: mpsc::Receiver<Message>,
    closing: Arc<AtomicBool>,
    shared: Arc<Shared>,
    blobs: Arc<Blobs>,
    /// `None` after a failure, until the store could be opened anew.
    opened: Option<Opened>,
}

impl Service {
    fn run(mut self) {
        let mut batch = Vec::with_capacity(BATCH);
        let mut open = true;
        while open && !self.closing.load(Ordering::SeqCst) {
            match self.receiver.blocking_recv() {
                Some(Message::Operation(first)) => open = self.round(&mut batch, first),
                Some(Message::Look) => self.remove_blobs(),
                Some(Message::Close) | None => open = false,
            }
        }
        self.receiver.close();
        self.shared.shelf.write().tree = None;
        // Dropped here, and not with the last reader: whoever waits for this thread may open the directory.
        self.opened = None;
    }

    /// Carries out one batch; says whether to go on.
    fn round(&mut self, batch: &mut Vec<Box<dyn Operation>>, first: Box<dyn Operation>) -> bool {
        let mut open = true;
        let outcome = match self.ready() {
            Err(error) => {
                batch.push(first);
                Err(error)
            }
            Ok(mut opened) => {
                let committed = catch_unwind(AssertUnwindSafe(|| {
                    open = self.gather(batch, first, &mut opened.work);
                    commit(&mut opened, &self.shared)
                }));
                let outcome = committed.unwrap_or_else(|_| {
                    let source = std::io::Error::other("it panicked; see the log");
                    Err(io_error("the store's engine failed".to_owned(), source))
                });
                match &outcome {
                    Ok(()) => self.opened = Some(opened),
                    Err(error) => {
                        tracing::error!(%error, operations = batch.len(), "a batch failed; the store is opened anew");
                        self.shared.shelf.write().tree = None;
                        drop(opened);
                        self.shared.durable.send_modify(|durable| durable.openings += 1);
                    }
                }
                outcome
            }
        };
        for operation in batch.drain(..) {
            operation.answer(match &outcome {
                Ok(()) => Ok(()),
                Err(error) => Err(error),
            });
        }
        self.remove_blobs();
        open
    }

    /// Lets the operations happen that wait; says whether more may come.
    fn gather(&mut self, batch: &mut Vec<Box<dyn Operation>>, first: Box<dyn Operation>, work: &mut Work) -> bool {
        let mut next = first;
        loop {
            // Noted first, so that it is answered even if it panics.
            batch.push(next);
            if let Some(operation) = batch.last_mut() {
                operation.run(work);
            }
            if batch.len() >= BATCH || work.records.bytes() >= BATCH_BYTES {
                return true;
            }
            next = match self.receiver.try_recv() {
                Ok(Message::Operation(operation)) => operation,
                Ok(Message::Look) | Err(_) => return true,
                Ok(Message::Close) => return false,
            };
        }
    }

    /// Takes the open store; opens it anew where it failed before.
    fn ready(&mut self) -> Result<Opened> {
        if self.opened.is_none() {
            let opened = open::again(&self.options, &self.blobs)?;
            self.publish_tree(opened);
        }
        self.opened.take().ok_or(StoreError::Closed)
    }

    fn publish_tree(&mut self, mut opened: Opened) {
        publish(&mut opened.work, &self.shared);
        let mut readers = self.shared.shelf.write();
        readers.tree = Some(opened.tree());
        let batches = readers.applied;
        drop(readers);
        // What is in the tree now was read from the disk.
        self.shared.durable.send_modify(|durable| durable.batches = batches);
        self.opened = Some(opened);
    }

    /// Removes blobs that lost their last reference or their last pin.
    fn remove_blobs(&mut self) {
        let Some(opened) = &mut self.opened else { return };
        let work = &mut opened.work;
        let mut digests = work.references.take_gone();
        digests.extend(work.blobs.take_unpinned());
        for digest in digests {
            if !work.references.has(digest) {
                work.blobs.remove(digest);
            }
        }
    }
}

/// Makes everything durable that the operations have written.
fn commit(opened: &mut Opened, shared: &Shared) -> Result<()> {
    opened.work.apply(&shared.shelf)?;
    let applied = shared.shelf.read().applied;
    if applied != shared.durable.borrow().batches {
        opened.make_durable()?;
        shared.durable.send_modify(|durable| durable.batches = applied);
    }
    publish(&mut opened.work, shared);
    Ok(())
}

/// Shows readers what changed of that which they do not read from the tree.
fn publish(work: &mut Work, shared: &Shared) {
    if work.catalogue_changed {
        *shared.catalogue.write() = Arc::new(work.catalogue.clone());
        work.catalogue_changed = false;
    }
    let changed = work.counts.take_changed();
    if !changed.is_empty() {
        shared.counts.write().extend(changed);
    }
}
