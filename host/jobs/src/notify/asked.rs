//! Webhooks that a submission asks for.

use std::collections::BTreeSet;

use analyte_core::job::Status;
use analyte_core::webhook::{Secret, Webhook};

/// A receiver to be notified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookAsked {
    /// Where it is.
    pub url: String,
    /// The states that it is notified of; `None`: those that end the job.
    pub events: Option<BTreeSet<Status>>,
    /// Signs the messages; `None`: they are not signed.
    pub secret: Option<Secret>,
}

impl WebhookAsked {
    /// One that a job has, asked for again.
    pub(crate) fn of(webhook: &Webhook) -> Self {
        let Webhook { url, destination: _, events, secret } = webhook;
        Self { url: url.clone(), events: Some(events.clone()), secret: secret.clone() }
    }
}
