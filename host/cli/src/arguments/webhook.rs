//! A receiver that a job is to notify.

use clap::Args;
use serde::Serialize;

/// Whom a job notifies.
#[derive(Debug, Args)]
pub(crate) struct WebhookArguments {
    /// Notifies this address of the job's end; the operator must allow it.
    #[arg(id = "webhook_url", long = "webhook", value_name = "URL", requires = "webhook_secret")]
    url: Option<String>,
    /// A state of which it is notified, in place of those that end the job: queued, running, completed, failed or cancelled.
    #[arg(id = "webhook_events", long = "webhook-event", value_name = "STATE", requires = "webhook_url")]
    events: Vec<String>,
    /// Signs the messages: whsec_ and 24 to 64 bytes in base64. Other users of this machine see arguments, so give it as a
    /// variable.
    #[arg(
        id = "webhook_secret",
        long = "webhook-secret",
        value_name = "SECRET",
        env = "ANALYTE_WEBHOOK_SECRET",
        hide_env_values = true
    )]
    secret: Option<String>,
}

/// The same as the server takes it.
#[derive(Serialize)]
pub(crate) struct WebhookBody<'a> {
    url: &'a str,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    events: &'a [String],
    secret: &'a str,
}

impl WebhookArguments {
    /// `None`: no receiver is asked for.
    pub(crate) fn body(&self) -> Option<WebhookBody<'_>> {
        let (url, secret) = (self.url.as_deref()?, self.secret.as_deref()?);
        Some(WebhookBody { url, events: &self.events, secret })
    }
}
