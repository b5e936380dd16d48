//! `[webhooks]`: where jobs may send notifications.
//!
//! ```toml
//! [webhooks]
//! # `host`, `host:port`, `*.host` (every name below), `http://host:port`, or an address. https where nothing else is said.
//! # A name that leads to a private address, or to this machine, needs `private = true`.
//! allow = ["hooks.example.com", "*.example.org", { host = "http://inner.lan:8080", private = true }]
//! ca_certificate = "ca.pem"     # believed beside the authorities of the system
//! ```

use std::path::{Path, PathBuf};

use analyte_outgoing::Entry;
use serde::Deserialize;

use crate::output::report::Report;

/// The section.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Section {
    allow: Vec<Allow>,
    ca_certificate: Option<PathBuf>,
}

/// One destination.
#[derive(Debug, Deserialize)]
#[serde(
    untagged,
    expecting = "a destination is a text such as `hooks.example.com`, or `{ host = \"…\", private = true }`"
)]
enum Allow {
    Public(String),
    Named(Named),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Named {
    host: String,
    #[serde(default)]
    private: bool,
}

/// Where jobs may send notifications.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Webhooks {
    /// The destinations; none: jobs may not ask for any.
    pub(crate) allow: Vec<Entry>,
    /// A file with certificates that are believed beside those of the system.
    pub(crate) ca_certificate: Option<PathBuf>,
}

impl Section {
    pub(super) fn read(self, folder: &Path) -> Result<Webhooks, Report> {
        let entry = |allow: Allow| {
            let (host, private) = match allow {
                Allow::Public(host) => (host, false),
                Allow::Named(Named { host, private }) => (host, private),
            };
            let entry: Entry = host.parse().map_err(|error| Report::new(format!("[webhooks] {error}")))?;
            Ok(if private { entry.private() } else { entry })
        };
        Ok(Webhooks {
            allow: self.allow.into_iter().map(entry).collect::<Result<_, Report>>()?,
            ca_certificate: self.ca_certificate.map(|path| folder.join(path)),
        })
    }
}
