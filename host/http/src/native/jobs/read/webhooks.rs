//! `GET /v1/jobs/{job}/webhooks`

use std::sync::Arc;

use analyte_core::job::Job;
use analyte_core::names::JobId;
use analyte_core::webhook::{Delivery, Outbox, Stands, TryMade, Webhook, event_type};
use analyte_jobs::{Notifications, Right};
use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use crate::entry::auth::Caller;
use crate::native::json::{self, Time};
use crate::native::path_and_query::Segments;
use crate::problem::Problem;
use crate::shared::Shared;

/// Whom a job notifies, and what became of that.
#[derive(Serialize, ToSchema)]
#[schema(as = Webhooks)]
pub(crate) struct WebhooksBody<'a> {
    /// As the job was submitted with them; empty where it notifies no receiver.
    webhooks: Vec<WebhookShownBody<'a>>,
    /// What was to be delivered, oldest first. Of those that ended the last ones are kept, at most 64 with those that wait.
    deliveries: Vec<DeliveryBody<'a>>,
}

/// A receiver that is notified. Its secret is never shown.
#[derive(Serialize, ToSchema)]
#[schema(as = Webhook)]
struct WebhookShownBody<'a> {
    /// Where it is, without the query of its address.
    url: &'a str,
    /// The states of which it is notified.
    #[schema(value_type = Vec<String>)]
    events: Vec<&'static str>,
    /// Since when it is notified no more, because it answered 410; `null`: it is.
    #[schema(value_type = Option<String>, format = DateTime)]
    disabled_at: Option<Time>,
}

/// A notification for one receiver.
#[derive(Serialize, ToSchema)]
#[schema(as = Delivery)]
struct DeliveryBody<'a> {
    /// Its header `webhook-id`, the same at every try.
    id: String,
    /// The place of its receiver among `webhooks`, from 0.
    webhook: u16,
    /// The type of the message, such as `job.completed`.
    #[schema(example = "job.completed")]
    event: &'static str,
    /// When the job came into that state.
    #[schema(value_type = String, format = DateTime)]
    at: Time,
    /// `pending`, `delivered` or `failed`.
    #[schema(example = "delivered")]
    state: &'static str,
    /// How often it was tried.
    tries: u32,
    /// When it is tried next; `null`: it has ended.
    #[schema(value_type = Option<String>, format = DateTime)]
    next_try_at: Option<Time>,
    /// When it was delivered or given up.
    #[schema(value_type = Option<String>, format = DateTime)]
    ended_at: Option<Time>,
    /// The last try; `null`: there was none.
    last_try: Option<TryBody<'a>>,
}

/// A try of a delivery.
#[derive(Serialize, ToSchema)]
#[schema(as = DeliveryTry)]
struct TryBody<'a> {
    /// When it began.
    #[schema(value_type = String, format = DateTime)]
    at: Time,
    /// Milliseconds that it took.
    took_ms: u64,
    /// The status that the receiver answered; `null`: it did not answer.
    status: Option<u16>,
    /// What was wrong; `null`: the receiver took it.
    problem: Option<&'a str>,
}

impl<'a> WebhooksBody<'a> {
    fn of(job: &'a Job, outbox: &'a Outbox) -> Self {
        let webhook = |(webhook, place): (&'a Webhook, u16)| WebhookShownBody {
            url: webhook.shown_url(),
            events: webhook.events.iter().map(|status| status.as_str()).collect(),
            disabled_at: outbox.disabled_at(place).map(Time),
        };
        Self {
            webhooks: job.webhooks.iter().zip(0..).map(webhook).collect(),
            deliveries: outbox.deliveries().iter().map(|delivery| DeliveryBody::of(job, delivery)).collect(),
        }
    }
}

impl<'a> DeliveryBody<'a> {
    fn of(job: &Job, delivery: &'a Delivery) -> Self {
        let (state, next_try_at, ended_at) = match delivery.stands {
            Stands::Pending { due } => ("pending", Some(Time(due)), None),
            Stands::Delivered { at } => ("delivered", None, Some(Time(at))),
            Stands::Failed { at } => ("failed", None, Some(Time(at))),
        };
        let made = |made: &'a TryMade| TryBody {
            at: Time(made.at),
            took_ms: made.took_ms,
            status: made.answer,
            problem: made.problem.as_deref(),
        };
        Self {
            id: delivery.id.message_id(job.id),
            webhook: delivery.id.webhook,
            event: event_type(delivery.status),
            at: Time(delivery.at),
            state,
            tries: delivery.tries,
            next_try_at,
            ended_at,
            last_try: delivery.last.as_ref().map(made),
        }
    }
}

/// Whom a job notifies of what becomes of it, and what became of each notification.
#[utoipa::path(get, path = "/v1/jobs/{job}/webhooks", operation_id = "get_job_webhooks", tag = "jobs",
    params(("job" = String, Path, description = "Its id.")),
    responses(
        (status = 200, description = "Both lists are empty where the job notifies no receiver.", body = WebhooksBody),
    )
)]
pub(crate) async fn webhooks(
    State(shared): State<Arc<Shared>>,
    caller: Caller,
    Segments(job): Segments<JobId>,
) -> Result<Response, Problem> {
    caller.require(Right::JobsRead)?;
    let Notifications { job, outbox } = shared.manager.notifications(caller.organisation(), job).await?;
    Ok(json::answer(StatusCode::OK, &WebhooksBody::of(&job, &outbox)))
}
