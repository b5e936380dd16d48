//! What a receiver is sent.

use std::collections::BTreeMap;

use serde::Serialize;

use super::event_type;
use super::outbox::Delivery;
use crate::job::Job;

/// One message: the same bytes under the same id at every try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Names the message; the same at every try, so that a receiver knows a repetition.
    pub id: String,
    /// JSON.
    pub body: Vec<u8>,
}

#[derive(Serialize)]
struct Body<'a> {
    r#type: &'static str,
    timestamp: String,
    data: Data<'a>,
}

/// What never changes of the job, and its state as it was when this was to be said.
#[derive(Serialize)]
struct Data<'a> {
    id: String,
    status: &'static str,
    /// Counts the changes of the job, so that a receiver can put messages in order.
    revision: u64,
    provider: Option<&'a str>,
    model: Option<&'a str>,
    created_at: String,
    error: Option<ErrorData<'a>>,
    retry_of: Option<String>,
    schedule: Option<String>,
    tags: &'a BTreeMap<String, String>,
    links: Links,
}

#[derive(Serialize)]
struct ErrorData<'a> {
    code: &'static str,
    message: &'a str,
}

#[derive(Serialize)]
struct Links {
    #[serde(rename = "self")]
    this: String,
    results: String,
}

impl Message {
    /// What a delivery of this job says.
    pub fn of(job: &Job, delivery: &Delivery) -> Self {
        let id = job.id;
        let leading = job.leading_task();
        let body = Body {
            r#type: event_type(delivery.status),
            timestamp: delivery.at.to_string(),
            data: Data {
                id: id.to_string(),
                status: delivery.status.as_str(),
                revision: delivery.id.revision,
                provider: leading.map(|task| task.provider.as_str()),
                model: leading.map(|task| task.model.as_str()),
                created_at: job.created_at.to_string(),
                error: delivery
                    .error
                    .as_ref()
                    .map(|(code, message)| ErrorData { code: code.as_str(), message: message.as_str() }),
                retry_of: job.retry_of.map(|of| of.to_string()),
                schedule: job.schedule.map(|by| by.id.to_string()),
                tags: &job.tags,
                links: Links { this: format!("/v1/jobs/{id}"), results: format!("/v1/jobs/{id}/results") },
            },
        };
        // Texts and numbers only, which are always written.
        let body = serde_json::to_vec(&body).unwrap_or_default();
        Self { id: delivery.id.message_id(id), body }
    }
}
