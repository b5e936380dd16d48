//! Operations on their way to the committer and back.

use tokio::sync::oneshot;

use crate::sled::disk::errors::io_error;
use crate::sled::state::State;
use crate::{Result, StoreError};

/// One operation on its way.
pub(crate) trait Operation: Send {
    /// Lets it happen.
    fn run(&mut self, state: &mut State);
    /// Whether it is answered already when it was applied, and need not be durable soon.
    fn is_early(&self) -> bool;
    /// Says that it was applied, if that is what it waits for.
    fn applied(&mut self);
    /// Says that it is durable, or why it is not.
    fn answer(self: Box<Self>, outcome: std::result::Result<(), &StoreError>);
}

/// One that runs `run` and sends what came of it to `reply`.
pub(crate) fn operation<A: Send + 'static>(
    run: impl FnOnce(&mut State) -> Result<A> + Send + 'static,
    reply: oneshot::Sender<Result<A>>,
) -> Box<dyn Operation> {
    Box::new(Pending { run: Some(run), answer: None, early: false, reply: Some(reply) })
}

/// The same, answered when it was applied.
pub(crate) fn early_operation<A: Send + 'static>(
    run: impl FnOnce(&mut State) -> Result<A> + Send + 'static,
    reply: oneshot::Sender<Result<A>>,
) -> Box<dyn Operation> {
    Box::new(Pending { run: Some(run), answer: None, early: true, reply: Some(reply) })
}

struct Pending<F, A> {
    run: Option<F>,
    answer: Option<Result<A>>,
    early: bool,
    /// Until it is answered.
    reply: Option<oneshot::Sender<Result<A>>>,
}

impl<F, A> Operation for Pending<F, A>
where
    F: FnOnce(&mut State) -> Result<A> + Send,
    A: Send,
{
    fn run(&mut self, state: &mut State) {
        self.answer = self.run.take().map(|run| run(state));
    }

    fn is_early(&self) -> bool {
        self.early
    }

    fn applied(&mut self) {
        if self.early
            && let (Some(reply), Some(answer)) = (self.reply.take(), self.answer.take())
        {
            // As below.
            let _ = reply.send(answer);
        }
    }

    fn answer(self: Box<Self>, outcome: std::result::Result<(), &StoreError>) {
        let Some(reply) = self.reply else { return };
        let answer = match (outcome, self.answer) {
            (Err(error), _) => Err(again(error)),
            (Ok(()), Some(answer)) => answer,
            (Ok(()), None) => Err(StoreError::Closed),
        };
        // The caller may have gone; the operation was carried out all the same.
        let _ = reply.send(answer);
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
        StoreError::DiskFull { free_bytes, floor_bytes } => {
            StoreError::DiskFull { free_bytes: *free_bytes, floor_bytes: *floor_bytes }
        }
        other => io_error(other.to_string(), std::io::Error::other("the store could not be opened anew")),
    }
}
