//! Keeps long computations off the threads that answer calls, and one organisation's from filling all others.

use analyte_core::names::Organisation;
use tokio::task::JoinError;

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
        match self.compute(of, work).await {
            Ok(done) => done,
            Err(failed) => match failed.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                // The runtime is being shut down, and with it the caller.
                Err(_) => std::future::pending().await,
            },
        }
    }

    /// Does something long for an organisation, or for all of them, as soon as it has fewer such things in progress than there are cores. Goes on
    /// to its end also where the caller goes away meanwhile.
    pub async fn compute<'o, T: Send + 'static>(
        &self,
        of: impl Into<Option<&'o Organisation>>,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, JoinError> {
        let share = self.inner.computing.take(of.into()).await;
        let work = move || {
            // Held until the work is done, which need not be awaited.
            let _share = share;
            work()
        };
        self.inner.engine.compute(work).await
    }
}
