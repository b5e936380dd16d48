//! File descriptors: each connection takes one, also one to a receiver of notifications, and so do the store's files and the
//! pipes of a compiler.
//!
//! The usual soft limit of 1,024 is far below what the server may accept; without this, clients that only connect would
//! take the descriptors that blobs need.

use analyte_core::limits::Limits;
use anyhow::{Context as _, Result};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Kept for everything but connections.
const RESERVE: u64 = 256;

/// Raises the soft limit to the hard one, and accepts no more connections than leave the reserve; and, where notifications are
/// sent, as many as there may be tries of them at once.
pub(super) fn provide(limits: &mut Limits, sends: bool) -> Result<()> {
    let now = getrlimit(Resource::Nofile);
    // `None` is no limit at all.
    let Some(most) = now.maximum.or(now.current) else { return Ok(()) };
    if now.current.is_some_and(|soft| soft < most) {
        setrlimit(Resource::Nofile, Rlimit { current: Some(most), maximum: now.maximum })
            .context("the limit on open files cannot be raised")?;
    }
    let sends = if sends { limits.webhook_sends_of_all } else { 0 };
    let room = most.saturating_sub(RESERVE.saturating_add(sends)).max(1);
    if limits.connections > room {
        tracing::info!(
            open_files = most,
            connections = room,
            "the system's limit on open files (ulimit -n) leaves fewer connections than the limit connections allows"
        );
        limits.connections = room;
    }
    Ok(())
}
