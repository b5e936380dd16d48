//! The threads that answer calls; components run on others.

use std::time::Duration;

use anyhow::{Context as _, Result};
use tokio::runtime::{Builder, Runtime};

/// How long a thread for files and long computations stays when it has nothing to do.
///
/// With tokio's own ten seconds the threads of a burst were seen to stay for as long as others used the server, and with them
/// memory that had been freed: presumably each of them is given something within that time, as they take turns.
const IDLE_THREAD: Duration = Duration::from_millis(50);

/// Starts them.
pub(crate) fn start() -> Result<Runtime> {
    Builder::new_multi_thread().enable_all().thread_keep_alive(IDLE_THREAD).build().context("threads cannot be started")
}
