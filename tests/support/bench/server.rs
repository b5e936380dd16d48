//! The servers that are measured: the real binary, each with a new data directory; and its engine without a server.

use analyte_core::limits::Limits;

use crate::bench::compiled;
use crate::bench::filled::ready;
use crate::sandbox::Sandbox;
use crate::server::{Server, Setup};

/// What keeps a server from refusing what a benchmark asks of it. It makes nothing faster.
pub const ROOMY: &str = "[limits]\nfree_disk_bytes = 0\nqueued_jobs = 2000000\nrequests_per_second = 1000000\n";

/// In words.
pub const ROOMY_IN_WORDS: &str =
    "defaults but `free_disk_bytes = 0`, `queued_jobs = 2000000`, `requests_per_second = 1000000`";

/// A server with this configuration and these plugins, ready.
pub fn start(config: &str, plugins: &[&str]) -> Server {
    let server = compiled::start(&Setup { config, plugins, ..Setup::default() });
    ready(&server.http);
    server
}

/// The engine alone, with this plugin.
pub async fn sandbox(plugin: &str) -> Sandbox {
    Sandbox::with_cache(plugin, Limits::default(), &compiled::folder()).await
}
