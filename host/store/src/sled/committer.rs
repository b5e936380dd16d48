//! The one thread that writes.
//!
//! It takes the operations that wait, lets each change the records in turn, hands all changes to sled as one batch, or as a
//! few of whole operations, makes them durable, and only then answers. Operations that arrive meanwhile wait for the next
//! round, so that the price of making durable is shared.
//!
//! Durable means: sled's `flush`, which writes but does not sync, then `fdatasync` of its file. When anything of this
//! fails, everybody in the batch is told, and with the next operation the disk is tried out; when it takes something, all
//! that was in memory is dropped and the store is opened anew: sled refuses every write after its first failed one. Until
//! then readers see what that batch did not touch ([`Doubt`]). A panic inside sled, which has many assertions, counts as
//! such a failure. When the disk is full, the [`Ballast`] makes room for this.
//!
//! A claim is answered as soon as it was applied: a run may begin before its start is durable, since what it gives comes
//! later in the same order. A batch of nothing but claims is made durable with the next one, or a moment later. If it never
//! is, the task is queued as before, and the lease of the run, which nobody knows any more, writes nothing.
//!
//! Nobody else writes. Readers use the tree through [`Shelf`](super::records::Shelf), which is emptied before the store is opened anew, since
//! sled's file stays locked as long as anybody holds a tree.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tokio::runtime::Runtime;
use tokio::sync::{mpsc, oneshot};

pub(super) use super::shared::{Figures, Shared};

use super::ballast::Ballast;
use super::blobs::Blobs;
use super::disk::{Disk, in_one_line, is_full};
use super::doubt::Doubt;
use super::open::{self, Opened, let_go};
use super::operation::{Operation, early_operation, operation};
use super::shared::{publish, publish_counts};
use super::work::Work;
use super::{Options, io_error};
use crate::{Metrics, Result, StoreError};

/// Most operations of one batch.
const BATCH: usize = 512;
/// A batch ends when it has written so much.
const BATCH_BYTES: u64 = 8 << 20;
/// Operations that may wait before callers are held back.
const WAITING: usize = 4_096;
/// How long what nobody waits for may stay undurable.
const LAZY: Duration = Duration::from_millis(2);

enum Message {
    Operation(Box<dyn Operation>),
    /// Something lost its last pin.
    Look,
    /// What was left undurable is to be made durable now.
    Settle,
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
        self.send(operation(run, reply), answer).await
    }

    /// Lets an operation happen, and answers when it was applied: it comes before all that is sent later, and may be lost
    /// with it. Readers are shown it when it is durable, as ever.
    pub(super) async fn apply<A: Send + 'static>(
        &self,
        run: impl FnOnce(&mut Work) -> Result<A> + Send + 'static,
    ) -> Result<A> {
        let (reply, answer) = oneshot::channel();
        self.send(early_operation(run, reply), answer).await
    }

    async fn send<A>(&self, operation: Box<dyn Operation>, answer: oneshot::Receiver<Result<A>>) -> Result<A> {
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
pub(super) fn start(
    options: Options,
    opened: Opened,
    disk: Disk,
    ballast: Arc<Ballast>,
) -> Result<(Committer, Arc<Shared>, std::thread::JoinHandle<()>)> {
    let (sender, receiver) = mpsc::channel(WAITING);
    let shared = Arc::new(Shared::default());
    let blobs = Arc::clone(&opened.work.blobs);
    let closing = Arc::new(AtomicBool::new(false));
    let clock = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .map_err(|error| io_error("could not start the store's clock".to_owned(), error))?;
    let mut service = Service {
        clock,
        lazy: false,
        options,
        disk,
        ballast,
        closing: Arc::clone(&closing),
        receiver,
        shared: Arc::clone(&shared),
        blobs,
        opened: None,
        failed: None,
    };
    service.publish_tree(opened);
    let thread = std::thread::Builder::new()
        .name("analyte-store".to_owned())
        .spawn(move || service.run())
        .map_err(|error| io_error("could not start the store's thread".to_owned(), error))?;
    Ok((Committer { sender, closing }, shared, thread))
}

struct Service {
    /// Lets the thread wait for a message for some time only.
    clock: Runtime,
    /// Something was applied that is to be made durable soon.
    lazy: bool,
    options: Options,
    disk: Disk,
    ballast: Arc<Ballast>,
    receiver: mpsc::Receiver<Message>,
    closing: Arc<AtomicBool>,
    shared: Arc<Shared>,
    blobs: Arc<Blobs>,
    /// `None` after a failure, until the store could be opened anew.
    opened: Option<Opened>,
    /// What failed, kept for readers until the disk takes something again.
    failed: Option<Opened>,
}

impl Service {
    fn run(mut self) {
        let mut batch = Vec::with_capacity(BATCH);
        let mut open = true;
        while open && !self.closing.load(Ordering::SeqCst) {
            match self.next_message() {
                Some(Message::Operation(first)) => open = self.round(&mut batch, Some(first)),
                Some(Message::Look) => self.remove_blobs(),
                Some(Message::Settle) => open = self.round(&mut batch, None),
                Some(Message::Close) | None => open = false,
            }
        }
        if self.lazy {
            self.round(&mut batch, None);
        }
        self.receiver.close();
        // Dropped here, and not with the last reader: whoever waits for this thread may open the directory.
        self.close_tree();
        let_go(self.opened.take());
    }

    /// The next message; `None`: there will be no more.
    fn next_message(&mut self) -> Option<Message> {
        let Self { clock, receiver, lazy, .. } = self;
        if !*lazy {
            return clock.block_on(receiver.recv());
        }
        let next = async { tokio::time::timeout(LAZY, receiver.recv()).await };
        clock.block_on(next).unwrap_or(Some(Message::Settle))
    }

    /// Carries out one batch, or makes durable what is left of the last one; says whether to go on.
    fn round(&mut self, batch: &mut Vec<Box<dyn Operation>>, first: Option<Box<dyn Operation>>) -> bool {
        let mut open = true;
        let mut lazy = false;
        let outcome = match self.ready() {
            Err(error) => {
                // Whatever else waits would find the same.
                batch.extend(first);
                open = self.take_waiting(batch);
                Err(error)
            }
            Ok(mut opened) => {
                let began = Instant::now();
                let metrics = &self.options.metrics.clone();
                let written = opened.work.records.written_bytes();
                let committed = catch_unwind(AssertUnwindSafe(|| {
                    if let Some(first) = first {
                        open = self.gather(batch, first, &mut opened.work)?;
                    }
                    lazy = commit(&mut opened, batch, &self.shared, metrics)?;
                    Ok(())
                }));
                let panicked = committed.is_err();
                let outcome = committed.unwrap_or_else(|_| {
                    let source = std::io::Error::other("it panicked; see the log");
                    Err(io_error("the store's engine failed".to_owned(), source))
                });
                match &outcome {
                    Ok(()) => {
                        let bytes = opened.work.records.written_bytes() - written;
                        if bytes > 0 {
                            metrics.commit_bytes.observe(bytes as f64);
                            metrics.commit_operations.observe(batch.len() as f64);
                            metrics.commit_seconds.observe(began.elapsed().as_secs_f64());
                        }
                        self.opened = Some(opened);
                    }
                    Err(error) => {
                        metrics.commit_failures.inc();
                        let error = in_one_line(error);
                        tracing::error!(error, operations = batch.len(), "a batch failed; the store is opened anew");
                        self.fail(opened, panicked);
                    }
                }
                outcome
            }
        };
        self.lazy = lazy;
        if outcome.as_ref().is_err_and(is_full) {
            self.ballast.spend();
        }
        for operation in batch.drain(..) {
            operation.answer(match &outcome {
                Ok(()) => Ok(()),
                Err(error) => Err(error),
            });
        }
        if !lazy {
            self.remove_blobs();
        }
        open
    }

    /// Lets the operations happen that wait; says whether more may come.
    fn gather(
        &mut self,
        batch: &mut Vec<Box<dyn Operation>>,
        first: Box<dyn Operation>,
        work: &mut Work,
    ) -> Result<bool> {
        let before = work.records.written_bytes();
        let mut next = first;
        loop {
            // Noted first, so that it is answered even if it panics.
            batch.push(next);
            if let Some(operation) = batch.last_mut() {
                operation.run(work);
            }
            if batch.len() >= BATCH || work.records.written_bytes() - before >= BATCH_BYTES {
                return Ok(true);
            }
            if work.records.are_many() {
                #[cfg(test)]
                self.disk.check(super::faults::Point::Apply)?;
                work.apply(&self.shared.shelf)?;
                // What becomes of the rest of the round is nothing to those who wait for this only.
                tell_applied(work, batch, &self.shared);
            }
            next = match self.receiver.try_recv() {
                Ok(Message::Operation(operation)) => operation,
                Ok(Message::Look | Message::Settle) | Err(_) => return Ok(true),
                Ok(Message::Close) => return Ok(false),
            };
        }
    }

    /// Takes the operations that wait, without letting them happen; says whether more may come.
    fn take_waiting(&mut self, batch: &mut Vec<Box<dyn Operation>>) -> bool {
        while batch.len() < BATCH {
            match self.receiver.try_recv() {
                Ok(Message::Operation(operation)) => batch.push(operation),
                Ok(Message::Look | Message::Settle) | Err(_) => return true,
                Ok(Message::Close) => return false,
            }
        }
        true
    }

    /// Nothing more is written to this store. What it has in memory is still read, as far as that is known to be durable;
    /// not after a panic, which may have left anything.
    fn fail(&mut self, opened: Opened, panicked: bool) {
        let mut readers = self.shared.shelf.write();
        let applied = readers.applied > self.shared.durable.borrow().batches;
        readers.doubt = Some(if applied { Doubt::of(&opened.work) } else { Doubt::default() });
        drop(readers);
        self.failed = Some(opened);
        if panicked {
            self.close_tree();
        }
        self.shared.durable.send_modify(|durable| durable.openings += 1);
    }

    fn close_tree(&mut self) {
        let mut readers = self.shared.shelf.write();
        let tree = readers.tree.take();
        readers.doubt = None;
        drop(readers);
        if catch_unwind(AssertUnwindSafe(|| drop(tree))).is_err() {
            tracing::error!("the store's engine could not be closed in order");
        }
        let_go(self.failed.take());
    }

    /// Takes the open store; opens it anew where it failed before, if the disk takes anything.
    fn ready(&mut self) -> Result<Opened> {
        if self.opened.is_none() {
            self.disk.probe()?;
            self.close_tree();
            let opened = open::again(&self.options, &self.disk, &self.blobs)?;
            tracing::info!("the store was opened anew");
            self.publish_tree(opened);
        }
        self.opened.take().ok_or(StoreError::Closed)
    }

    fn publish_tree(&mut self, mut opened: Opened) {
        self.options.metrics.quarantined(opened.work.quarantined);
        publish(&mut opened.work, &self.shared, true);
        let mut readers = self.shared.shelf.write();
        readers.tree = Some(opened.tree());
        readers.ready = opened.work.queue.ready();
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

/// Applies what the operations have written, and makes it durable; says whether that is left for the next time, since
/// nobody waits for it.
fn commit(opened: &mut Opened, batch: &mut [Box<dyn Operation>], shared: &Shared, metrics: &Metrics) -> Result<bool> {
    #[cfg(test)]
    opened.disk.check(super::faults::Point::Apply)?;
    opened.work.apply(&shared.shelf)?;
    let early = !batch.is_empty() && batch.iter().all(|operation| operation.is_early());
    tell_applied(&mut opened.work, batch, shared);
    let applied = shared.shelf.read().applied;
    if applied != shared.durable.borrow().batches {
        if early {
            // A run that brings the process down is to be known by its start.
            opened.hand_over()?;
            return Ok(true);
        }
        let began = Instant::now();
        opened.make_durable()?;
        metrics.sync_seconds.observe(began.elapsed().as_secs_f64());
        shared.durable.send_modify(|durable| durable.batches = applied);
    }
    metrics.quarantined(opened.work.quarantined);
    opened.work.journal.settled();
    opened.work.touched.clear();
    opened.work.touched_files.clear();
    publish(&mut opened.work, shared, false);
    Ok(false)
}

/// Answers those who wait for no more than that their operation was applied, which all of these have been.
fn tell_applied(work: &mut Work, batch: &mut [Box<dyn Operation>], shared: &Shared) {
    if batch.iter().any(|operation| operation.is_early()) {
        // Whoever is answered sees it counted.
        publish_counts(work, shared, false);
    }
    for operation in batch.iter_mut() {
        operation.applied();
    }
}
