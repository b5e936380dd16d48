//! Outcomes of runs on their way into the store.

use std::sync::Arc;

use analyte_store::{Changed, Finished};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};

/// Most outcomes that are being kept at the same time, and in one call of the store.
pub(super) const MOST: usize = 256;

/// An outcome, and where the answer goes: the changed job, or `None` where the outcome is stale or was given up.
pub(super) type Item = (Finished, oneshot::Sender<Option<Changed>>);

/// Takes outcomes.
pub(crate) struct Finisher {
    sender: mpsc::Sender<Item>,
    places: Arc<Semaphore>,
}

pub(crate) fn channel() -> (Finisher, mpsc::Receiver<Item>) {
    let (sender, receiver) = mpsc::channel(MOST);
    (Finisher { sender, places: Arc::new(Semaphore::new(MOST)) }, receiver)
}

impl Finisher {
    /// Waits until there is a place for one more outcome that is being kept. `None`, never given: no more are taken.
    pub(crate) async fn place(&self) -> Option<OwnedSemaphorePermit> {
        self.places.clone().acquire_owned().await.ok()
    }

    /// Keeps an outcome; `None` where it is stale or had to be given up.
    pub(crate) async fn finish(&self, finished: Finished) -> Option<Changed> {
        let (answer, answered) = oneshot::channel();
        self.sender.send((finished, answer)).await.ok()?;
        answered.await.ok().flatten()
    }
}
