//! The committer's thread: gathers operations, applies them as batches, makes them durable, answers.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tokio::runtime::Runtime;
use tokio::sync::mpsc;

use crate::sled::committer::handle::{Committer, Message};
use crate::sled::committer::operation::Operation;
use crate::sled::committer::publish::{publish, publish_counts};
use crate::sled::committer::shared::Shared;
use crate::sled::disk::ballast::Ballast;
use crate::sled::disk::blobs::Blobs;
use crate::sled::disk::errors::{in_one_line, io_error, is_full};
use crate::sled::disk::space::Disk;
use crate::sled::open::opened::{self, Opened, let_go};
use crate::sled::options::Options;
use crate::sled::state::State;
use crate::sled::state::unconfirmed::Unconfirmed;
use crate::{Metrics, Result, StoreError};

/// Most operations of one batch.
const BATCH: usize = 512;
/// A batch ends when it has written this many bytes.
const BATCH_BYTES: u64 = 8 << 20;
/// How long a batch that no caller waits for may stay in memory only.
const LAZY: Duration = Duration::from_millis(2);

/// Starts the thread; answers when the store is open.
pub(crate) fn start(
    options: Options,
    opened: Opened,
    disk: Disk,
    ballast: Arc<Ballast>,
) -> Result<(Committer, Arc<Shared>, std::thread::JoinHandle<()>)> {
    let (committer, receiver, closing) = Committer::new();
    let shared = Arc::new(Shared::default());
    let blobs = Arc::clone(&opened.state.blobs);
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
        closing,
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
    Ok((committer, shared, thread))
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
                Some(Message::RemoveBlobs) => self.remove_blobs(),
                Some(Message::MakeDurable) => open = self.round(&mut batch, None),
                Some(Message::Close) | None => open = false,
            }
        }
        if self.lazy {
            self.round(&mut batch, None);
        }
        self.receiver.close();
        // Dropped here, and not with the last reader: the caller that waits for this thread may open the directory
        // next.
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
        clock.block_on(next).unwrap_or(Some(Message::MakeDurable))
    }

    /// Carries out one batch, or makes durable what is left of the last one; says whether to go on.
    fn round(&mut self, batch: &mut Vec<Box<dyn Operation>>, first: Option<Box<dyn Operation>>) -> bool {
        let mut open = true;
        let mut lazy = false;
        let outcome = match self.ready() {
            Err(error) => {
                // The operations that wait would meet the same error.
                batch.extend(first);
                open = self.take_waiting(batch);
                Err(error)
            }
            Ok(mut opened) => {
                let began = Instant::now();
                let metrics = &self.options.metrics.clone();
                let written = opened.state.records.written_bytes();
                let committed = catch_unwind(AssertUnwindSafe(|| {
                    if let Some(first) = first {
                        open = self.gather(batch, first, &mut opened.state)?;
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
                        let bytes = opened.state.records.written_bytes() - written;
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
        state: &mut State,
    ) -> Result<bool> {
        let before = state.records.written_bytes();
        let mut next = first;
        loop {
            // Noted first, so that it is answered even if it panics.
            batch.push(next);
            if let Some(operation) = batch.last_mut() {
                operation.run(state);
            }
            if batch.len() >= BATCH || state.records.written_bytes() - before >= BATCH_BYTES {
                return Ok(true);
            }
            if state.records.are_many() {
                #[cfg(test)]
                self.disk.check(crate::sled::disk::faults::Point::Apply)?;
                state.apply(&self.shared.snapshot)?;
                // Callers that wait only until their operation is applied need not wait for the rest of the round.
                answer_applied(state, batch, &self.shared);
            }
            next = match self.receiver.try_recv() {
                Ok(Message::Operation(operation)) => operation,
                Ok(Message::RemoveBlobs | Message::MakeDurable) | Err(_) => return Ok(true),
                Ok(Message::Close) => return Ok(false),
            };
        }
    }

    /// Takes the operations that wait, without letting them happen; says whether more may come.
    fn take_waiting(&mut self, batch: &mut Vec<Box<dyn Operation>>) -> bool {
        while batch.len() < BATCH {
            match self.receiver.try_recv() {
                Ok(Message::Operation(operation)) => batch.push(operation),
                Ok(Message::RemoveBlobs | Message::MakeDurable) | Err(_) => return true,
                Ok(Message::Close) => return false,
            }
        }
        true
    }

    /// Nothing more is written to this store. What it has in memory is still read, as far as that is known to be
    /// durable; not after a panic, which may have left anything.
    fn fail(&mut self, opened: Opened, panicked: bool) {
        let mut readers = self.shared.snapshot.write();
        let applied = readers.applied > self.shared.durable.borrow().batches;
        readers.unconfirmed = Some(if applied { opened.state.unconfirmed() } else { Unconfirmed::default() });
        drop(readers);
        self.failed = Some(opened);
        if panicked {
            self.close_tree();
        }
        self.shared.durable.send_modify(|durable| durable.openings += 1);
    }

    fn close_tree(&mut self) {
        let mut readers = self.shared.snapshot.write();
        let tree = readers.tree.take();
        readers.unconfirmed = None;
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
            let opened = opened::again(&self.options, &self.disk, &self.blobs)?;
            tracing::info!("the store was opened anew");
            self.publish_tree(opened);
        }
        self.opened.take().ok_or(StoreError::Closed)
    }

    fn publish_tree(&mut self, mut opened: Opened) {
        self.options.metrics.quarantined(opened.state.quarantined);
        publish(&mut opened.state, &self.shared, true);
        let mut readers = self.shared.snapshot.write();
        readers.tree = Some(opened.tree());
        readers.ready = opened.state.queue.ready();
        let batches = readers.applied;
        drop(readers);
        // What is in the tree now was read from the disk.
        self.shared.durable.send_modify(|durable| durable.batches = batches);
        self.opened = Some(opened);
    }

    /// Removes blobs that lost their last reference or their last pin.
    fn remove_blobs(&mut self) {
        let Some(opened) = &mut self.opened else { return };
        let state = &mut opened.state;
        let mut digests = state.references.take_gone();
        digests.extend(state.blobs.pins.take_unpinned());
        for digest in digests {
            if !state.references.has(digest) {
                state.blobs.remove(digest);
            }
        }
    }
}

/// Applies what the operations have written, and makes it durable; says whether that is left for the next round, since
/// no caller waits for it.
fn commit(opened: &mut Opened, batch: &mut [Box<dyn Operation>], shared: &Shared, metrics: &Metrics) -> Result<bool> {
    #[cfg(test)]
    opened.disk.check(crate::sled::disk::faults::Point::Apply)?;
    opened.state.apply(&shared.snapshot)?;
    let early = !batch.is_empty() && batch.iter().all(|operation| operation.is_early());
    answer_applied(&mut opened.state, batch, shared);
    let applied = shared.snapshot.read().applied;
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
    metrics.quarantined(opened.state.quarantined);
    opened.state.journal.settled();
    opened.state.touched.clear();
    opened.state.touched_files.clear();
    opened.state.touched_documents.clear();
    opened.state.touched_schedules.clear();
    publish(&mut opened.state, shared, false);
    Ok(false)
}

/// Answers the callers that wait only until their operation is applied, which all of these have been.
fn answer_applied(state: &mut State, batch: &mut [Box<dyn Operation>], shared: &Shared) {
    if batch.iter().any(|operation| operation.is_early()) {
        // A caller that is answered finds its change counted.
        publish_counts(state, shared, false);
    }
    for operation in batch.iter_mut() {
        operation.applied();
    }
}
