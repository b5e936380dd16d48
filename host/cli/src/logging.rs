//! What the program logs of its own work: one line each, to stderr.

use std::io::{IsTerminal as _, stderr};

use tracing_subscriber::EnvFilter;

/// Logs as `ANALYTE_LOG` says, else `RUST_LOG`, else at this level.
pub(crate) fn start(usual: &str) {
    let asked =
        ["ANALYTE_LOG", "RUST_LOG"].iter().find_map(|name| std::env::var(name).ok().filter(|text| !text.is_empty()));
    let wrong = asked.as_deref().and_then(|text| EnvFilter::try_new(text).err());
    let filter = match (asked, &wrong) {
        (Some(text), None) => EnvFilter::new(text),
        _ => EnvFilter::new(usual),
    };
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(stderr)
        .with_ansi(stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none())
        .with_target(false)
        .finish();
    // Fails only where one was set before, and nothing else sets one.
    drop(tracing::subscriber::set_global_default(subscriber));
    if let Some(wrong) = wrong {
        tracing::warn!("ANALYTE_LOG or RUST_LOG cannot be read and is passed over: {wrong}");
    }
}
