//! The threads that guests run on: apart from HTTP and store, so that a guest that computes delays nothing else. Only the first
//! slice of a run that is known to be short is computed elsewhere, see [`crate::schedule::inline_run`].

use std::io;

use tokio::runtime::{Builder, Handle, Runtime};

use crate::machine::priority;
use crate::schedule::fair_turns::Turns;

/// Some threads, and the turns that guests take there.
pub(crate) struct GuestThreads {
    /// `None` only while this is being dropped.
    runtime: Option<Runtime>,
    turns: Turns,
}

impl GuestThreads {
    /// Starts as many as are to compute at once, and as many spare ones.
    pub(crate) fn start(threads: usize) -> io::Result<Self> {
        let runtime = Builder::new_multi_thread()
            // As many again are spare: each takes the place of one that does not come back from its guest.
            .worker_threads(threads.saturating_mul(2))
            .thread_name("guest")
            .on_thread_start(priority::lower_thread)
            .enable_all()
            .build()?;
        Ok(Self { runtime: Some(runtime), turns: Turns::new(threads) })
    }

    /// The threads; `None` only while they are being dropped.
    pub(crate) fn threads(&self) -> Option<&Handle> {
        self.runtime.as_ref().map(Runtime::handle)
    }

    /// Turns of guests there.
    pub(crate) fn turns(&self) -> &Turns {
        &self.turns
    }
}

impl Drop for GuestThreads {
    fn drop(&mut self) {
        // A runtime must not be waited for inside another one; guests stop at their next yield.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
