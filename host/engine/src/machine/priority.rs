//! Threads and processes that compute give way to the threads that answer calls and keep jobs.
//!
//! What computes uses up its time on a processor; a thread that only has to answer must not wait for that.

use rustix::process::setpriority_process;
use rustix::thread::gettid;

/// By how much, as `nice` counts it.
const BY: i32 = 10;

/// Has this thread give way to the others of its process.
pub(crate) fn lower_thread() {
    if let Err(error) = setpriority_process(Some(gettid()), BY) {
        // Guests then only share the processors evenly.
        tracing::debug!(%error, "a thread for components keeps its usual priority");
    }
}

/// Has this process give way, as the threads that run components do.
pub(crate) fn lower_process() {
    if let Err(error) = setpriority_process(None, BY) {
        tracing::debug!(%error, "the compiler keeps its usual priority");
    }
}
