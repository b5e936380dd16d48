//! Sends operations to the committer's thread.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::{mpsc, oneshot};

use crate::sled::committer::operation::{Operation, early_operation, operation};
use crate::sled::state::State;
use crate::{Result, StoreError};

/// Operations that may wait before callers are held back.
const WAITING: usize = 4_096;

/// What the thread is asked for.
pub(crate) enum Message {
    Operation(Box<dyn Operation>),
    /// A blob lost its last pin.
    RemoveBlobs,
    /// What the last round applied and left in memory is to be made durable now.
    MakeDurable,
    Close,
}

/// Sends operations to the committer.
#[derive(Debug, Clone)]
pub(crate) struct Committer {
    sender: mpsc::Sender<Message>,
    /// Says the same as [`Message::Close`], where the queue is too full to take that.
    closing: Arc<AtomicBool>,
}

impl Committer {
    /// Lets an operation happen, and answers when it is durable.
    pub(crate) async fn commit<A: Send + 'static>(
        &self,
        run: impl FnOnce(&mut State) -> Result<A> + Send + 'static,
    ) -> Result<A> {
        let (reply, answer) = oneshot::channel();
        self.send(operation(run, reply), answer).await
    }

    /// Lets an operation happen, and answers when it was applied: it comes before all that is sent later, and may be
    /// lost with it. Readers see it when it is durable, like all others.
    pub(crate) async fn apply<A: Send + 'static>(
        &self,
        run: impl FnOnce(&mut State) -> Result<A> + Send + 'static,
    ) -> Result<A> {
        let (reply, answer) = oneshot::channel();
        self.send(early_operation(run, reply), answer).await
    }

    async fn send<A>(&self, operation: Box<dyn Operation>, answer: oneshot::Receiver<Result<A>>) -> Result<A> {
        self.sender.send(Message::Operation(operation)).await.map_err(|_| StoreError::Closed)?;
        answer.await.unwrap_or(Err(StoreError::Closed))
    }

    /// Refuses where the thread has ended, or could not go on.
    pub(crate) fn open(&self) -> Result<()> {
        if self.sender.is_closed() { Err(StoreError::Closed) } else { Ok(()) }
    }

    /// Has unpinned blobs looked at soon.
    pub(crate) fn remove_unpinned_blobs(&self) {
        // A full queue means that the committer comes by anyway; a closed one, that the next opening does it.
        let _ = self.sender.try_send(Message::RemoveBlobs);
    }

    /// Asks the thread to end soon; what waits then is answered as [`StoreError::Closed`].
    pub(crate) fn close(&self) {
        self.closing.store(true, Ordering::SeqCst);
        // Wakes it. Fails where it is awake, since the queue is full, and where it has ended.
        let _ = self.sender.try_send(Message::Close);
    }

    /// A handle, what the thread receives from it, and the flag by which it is asked to end.
    pub(crate) fn new() -> (Self, mpsc::Receiver<Message>, Arc<AtomicBool>) {
        let (sender, receiver) = mpsc::channel(WAITING);
        let closing = Arc::new(AtomicBool::new(false));
        (Self { sender, closing: Arc::clone(&closing) }, receiver, closing)
    }
}
