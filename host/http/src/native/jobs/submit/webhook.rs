//! A webhook as clients write it.

use std::collections::BTreeSet;

use analyte_core::job::Status;
use analyte_core::limits::Limits;
use analyte_core::webhook::Secret;
use analyte_jobs::WebhookAsked;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::problem::{FieldError, Problem};
use crate::request::json_body::{self, Member};

/// What a webhook may take as JSON beside its address, in bytes.
const REST_BYTES: u64 = 2_048;

/// A receiver to be notified of what becomes of the job, as Standard Webhooks says (www.standardwebhooks.com).
#[derive(Deserialize, ToSchema)]
#[schema(as = NewWebhook)]
#[serde(deny_unknown_fields)]
pub(crate) struct WebhookBody {
    /// Where it is: one of the destinations that the operator allows.
    #[schema(example = "https://hooks.example.com/analyte")]
    url: String,
    /// The states of which it is notified: `queued`, `running`, `completed`, `failed`, `cancelled`. Usually the last three, which
    /// end a job.
    #[schema(value_type = Option<Vec<String>>)]
    events: Option<Vec<StateWord>>,
    /// Signs the messages: `whsec_` and 24 to 64 bytes in base64. It is never shown again.
    #[schema(example = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")]
    secret: String,
}

/// A state by its name.
#[derive(Deserialize)]
#[serde(try_from = "String")]
struct StateWord(Status);

impl TryFrom<String> for StateWord {
    type Error = &'static str;
    fn try_from(word: String) -> Result<Self, Self::Error> {
        Status::parse(&word).map(Self).ok_or("must be `queued`, `running`, `completed`, `failed` or `cancelled`")
    }
}

/// Reads the member `webhook` of a submission.
pub(super) fn webhook_of(
    member: Option<Member<'_, WebhookBody>>,
    limits: &Limits,
) -> Result<Vec<WebhookAsked>, Problem> {
    let Some(member) = member else { return Ok(Vec::new()) };
    // Every byte of the address may be escaped.
    let most = limits.webhook_url_bytes.saturating_mul(6).saturating_add(REST_BYTES);
    let raw = member.within("/webhook", "webhook_url_bytes", most)?;
    let WebhookBody { url, events, secret } = json_body::read_part(raw.get(), "/webhook")?;
    let secret = Secret::parse(&secret).map_err(|error| {
        let fault = FieldError::at("/webhook/secret".to_owned(), error.to_string());
        Problem::new(analyte_core::codes::Code::InvalidInput, format!("`/webhook/secret`: {error}")).errors(vec![fault])
    })?;
    let events = events.map(|events| events.into_iter().map(|StateWord(status)| status).collect::<BTreeSet<_>>());
    Ok(vec![WebhookAsked { url, events, secret: Some(secret) }])
}
