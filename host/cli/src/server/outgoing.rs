//! The client for notifications, as the configuration says.

use std::sync::Arc;
use std::time::Duration;

use analyte_core::limits::Limits;
use analyte_jobs::WEBHOOKS_SECTION;
use analyte_outgoing::{Allowed, Client, Options, SystemLookup, Trust};
use anyhow::{Context as _, Result};

use crate::config::webhooks::Webhooks;

/// `None`: no destination is allowed, so that nothing is ever sent.
pub(super) fn client(webhooks: Webhooks, limits: &Limits) -> Result<Option<Client>> {
    let Webhooks { allow, ca_certificate } = webhooks;
    let more = match &ca_certificate {
        Some(file) => Some(
            std::fs::read(file)
                .with_context(|| format!("[webhooks] the certificates {} cannot be read", file.display()))?,
        ),
        None => None,
    };
    if allow.is_empty() {
        return Ok(None);
    }
    let trust = Trust::new(more.as_deref()).context("[webhooks] ca_certificate cannot be used")?;
    Ok(Some(Client::new(Options {
        allowed: Allowed { section: WEBHOOKS_SECTION, entries: allow },
        lookup: Arc::new(SystemLookup),
        trust,
        timeout: Duration::from_millis(limits.webhook_timeout_ms),
        answer_bytes: limits.webhook_answer_bytes,
    })))
}
