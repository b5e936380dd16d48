//! Keeps long computations off the threads that answer calls.

use analyte_core::names::Organisation;

use crate::computing::Computing;
use crate::manager::Manager;

/// Below this size in bytes, handing work to another thread costs more than the work.
const SMALL: usize = 64 * 1024;

impl Manager {
    /// Does work of an organisation, or for all of them, on `size` bytes: here where they are few, else on a thread that may be busy for a while. A
    /// panic in `work` goes on in the caller.
    pub(crate) async fn off_thread<'o, T: Send + 'static>(
        &self,
        of: impl Into<Option<&'o Organisation>>,
        size: usize,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> T {
        if size < SMALL {
            return work();
        }
        match self.computing(of).run(work).await {
            Ok(done) => done,
            Err(failed) => match failed.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                // The runtime is being shut down, and with it the caller.
                Err(_) => std::future::pending().await,
            },
        }
    }

    /// Places for long computations of an organisation, or for all of them.
    pub fn computing<'o>(&self, of: impl Into<Option<&'o Organisation>>) -> Computing {
        self.inner.computing.of(of)
    }
}
