//! The checks of webhooks: whether one can be sent to, and whether the operator allows it.

use std::collections::BTreeSet;
use std::sync::Arc;

use analyte_core::codes::Code;
use analyte_core::webhook::{Destination, Webhook};
use analyte_outgoing::{Denied, Target};

use crate::error::{JobsError, Wrong};
use crate::intake::run_limits::wrong;
use crate::manager::Manager;
use crate::notify::asked::WebhookAsked;

/// The section of the configuration that lists the destinations.
pub const SECTION: &str = "[webhooks]";

/// Where a member of a submission's webhook stands: a client gives one.
fn at(place: usize, member: &str) -> String {
    if place == 0 { format!("/webhook/{member}") } else { format!("/webhook/{member} of number {}", place + 1) }
}

impl Manager {
    /// The webhooks as a job keeps them. Refused where one is none, or the operator does not allow its destination.
    pub(crate) fn webhooks(&self, asked: &[WebhookAsked]) -> Result<Arc<[Webhook]>, JobsError> {
        let most = self.inner.limits.webhooks;
        if asked.len() as u64 > most {
            let message =
                format!("a job takes at most {most} webhooks, and these are {} (limit webhooks)", asked.len());
            return Err(refused(wrong("/webhook", message)));
        }
        asked.iter().enumerate().map(|(place, asked)| self.webhook(place, asked)).collect()
    }

    fn webhook(&self, place: usize, asked: &WebhookAsked) -> Result<Webhook, JobsError> {
        let WebhookAsked { url, events, secret } = asked;
        let most = self.inner.limits.webhook_url_bytes;
        if url.len() as u64 > most {
            let message = format!("has {} bytes; {most} are allowed (limit webhook_url_bytes)", url.len());
            return Err(refused(wrong(&at(place, "url"), message)));
        }
        let target = Target::parse(url).map_err(|error| refused(wrong(&at(place, "url"), error.to_string())))?;
        self.allowed(&target).map_err(|denied| JobsError::new(Code::DestinationDenied, denied.to_string()))?;
        if events.as_ref().is_some_and(BTreeSet::is_empty) {
            return Err(refused(wrong(&at(place, "events"), "names no state".to_owned())));
        }
        Ok(Webhook {
            url: url.clone(),
            destination: Destination(target.destination().into()),
            events: events.clone().unwrap_or_else(Webhook::ends),
            secret: secret.clone(),
        })
    }

    /// Whether the operator allows a destination.
    fn allowed(&self, target: &Target) -> Result<(), Denied> {
        match &self.inner.outgoing {
            Some(client) => client.allowed().check(target),
            None => Err(Denied::None { section: SECTION }),
        }
    }
}

fn refused(wrong: Wrong) -> JobsError {
    JobsError::invalid(wrong.to_string()).with_wrong(vec![wrong])
}
