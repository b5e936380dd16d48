//! Keeps long computations off the threads that answer everybody else.

/// Below this many bytes, handing work to another thread costs more than the work.
const SMALL: usize = 64 * 1024;

/// Does work on `size` bytes: here where they are few, else on a thread that may be busy for a while. A panic in `work`
/// goes on in the caller.
pub(crate) async fn off_thread<T: Send + 'static>(size: usize, work: impl FnOnce() -> T + Send + 'static) -> T {
    if size < SMALL {
        return work();
    }
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(failed) => match failed.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            // The runtime is being shut down, and with it the caller.
            Err(_) => std::future::pending().await,
        },
    }
}
