//! Webhooks: whom a job notifies of what becomes of it, and what is still to be delivered.
//!
//! A job holds a list of [`Webhook`]s, each with a destination and the states that it is notified of. What is to be
//! delivered, and what became of it, is the job's [`Outbox`]: a store changes it in the same step as the job, and the
//! sender when it has tried. A message is signed as [Standard Webhooks](https://www.standardwebhooks.com) says.

mod message;
mod outbox;
#[cfg(test)]
mod outbox_properties;
mod pauses;
mod secret;

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

pub use message::Message;
pub use outbox::{Answered, Attempted, Delivery, NoticeId, Outbox, Stands, TryMade};
pub use pauses::Pauses;
pub use secret::{BadSecret, Secret};

use crate::job::{Job, Status};

/// Most deliveries that a job's outbox holds, pending ones apart: the oldest that ended go first.
pub const DELIVERIES: usize = 64;

/// Where a delivery connects to: scheme, host and port of an address, without its path, such as
/// `https://hooks.example.com:443`. Deliveries to one destination stand in one line.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Destination(pub Arc<str>);

impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A receiver that a job notifies.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Webhook {
    /// The whole address, as it was given.
    pub url: String,
    /// Where that connects to.
    pub destination: Destination,
    /// The states of the job that it is notified of.
    pub events: BTreeSet<Status>,
    /// Signs the messages; `None`: they are not signed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<Secret>,
}

/// Without the path, which may hold a secret of the receiver's.
impl fmt::Debug for Webhook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { url: _, destination, events, secret } = self;
        let signed = secret.is_some();
        f.debug_struct("Webhook")
            .field("destination", destination)
            .field("events", events)
            .field("signed", &signed)
            .finish()
    }
}

impl Webhook {
    /// The states that end a job: what a webhook is notified of where nothing else is asked for.
    pub fn ends() -> BTreeSet<Status> {
        Status::ALL.into_iter().filter(|status| status.ended()).collect()
    }

    /// The address as clients see it again: without its query, in which receivers like to keep secrets.
    pub fn shown_url(&self) -> &str {
        self.url.split(['?', '#']).next().unwrap_or_default()
    }
}

/// What a state is called as the type of a message.
pub fn event_type(status: Status) -> &'static str {
    match status {
        Status::Queued => "job.queued",
        Status::Running => "job.running",
        Status::Completed => "job.completed",
        Status::Failed => "job.failed",
        Status::Cancelled => "job.cancelled",
    }
}

/// Whether a change of a job is one that a webhook of it is notified of. `before` is its state before the change; `None`: it
/// was just submitted.
pub fn notifies(job: &Job, before: Option<Status>) -> bool {
    before != Some(job.status) && job.webhooks.iter().any(|webhook| webhook.events.contains(&job.status))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_and_logged_of_a_webhook_holds_no_secret() {
        let webhook = Webhook {
            url: "https://hooks.example.com/in/p4th?token=t0ken#part".to_owned(),
            destination: Destination("https://hooks.example.com:443".into()),
            events: Webhook::ends(),
            secret: Secret::parse("whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz").ok(),
        };
        assert_eq!(webhook.shown_url(), "https://hooks.example.com/in/p4th");
        assert_eq!(
            format!("{webhook:?}"),
            "Webhook { destination: Destination(\"https://hooks.example.com:443\"), \
             events: {Completed, Failed, Cancelled}, signed: true }"
        );
        assert_eq!(format!("{:?}", webhook.secret), "Some(Secret(…))");
    }
}
