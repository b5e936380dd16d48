//! A job of what is asked for.

use std::collections::BTreeMap;
use std::sync::Arc;

use analyte_core::document::Document;
use analyte_core::job::Job;
use analyte_core::limits::Limits;
use analyte_core::timestamp::Timestamp;
use analyte_jobs::{NotTogether, RetryAsked};

use super::{object, tasks};
use crate::aiware::calls::job::create::with_tables;
use crate::aiware::calls::job::create::{assemble, folders};
use crate::aiware::detail::job::{CLUSTER, NAME, RECORDING, TEMPLATE};
use crate::aiware::ids::names;
use crate::aiware::templates::kept::Template;
use crate::aiware::templates::launch::{self, Launch};
use crate::graphql::context::{Asked, now};
use crate::graphql::fault::Fault;
use crate::graphql::input::job::CreateJob;
use crate::graphql::load::{jobs, objects, templates};
use crate::graphql::scalar::json_data::JsonData;
use crate::native::table::compute_sized;

/// Longest text that a job keeps under a name, in bytes.
const TAG_BYTES: usize = 128;

/// A job of what is asked for. An object that it brings along is kept before it, and removed again where the job is refused.
pub(crate) async fn job(asked: &Asked<'_>, mut input: CreateJob) -> Result<Arc<Job>, Fault> {
    let Some(target) = input.target.take() else {
        let target = match &input.target_id {
            Some(id) => Some(objects::one(asked, id).await?.record.id.to_string()),
            None => None,
        };
        return pointing_at(asked, input, target).await;
    };
    if input.target_id.is_some() {
        return Err(Fault::at("/input/target", "stands beside `targetId`; say one of them"));
    }
    let by = asked.caller.principal().label.to_string();
    let body = object::of_job(target, by, now(), &asked.shared.limits)?;
    let kept = objects::keep(asked, &body).await?;
    let made = pointing_at(asked, input, Some(kept.record.id.to_string())).await;
    if made.is_err() {
        objects::remove(asked, &kept).await?;
    }
    made
}

async fn pointing_at(asked: &Asked<'_>, input: CreateJob, target: Option<String>) -> Result<Arc<Job>, Fault> {
    let shared = asked.shared;
    let own = asked.organisation();
    if input.organization_id.as_ref().is_some_and(|id| !names::is_organisation(id, own)) {
        let id = input.organization_id.as_deref().map(String::as_str).unwrap_or_default();
        return Err(Fault::not_found("Organization", id));
    }
    if input.scheduled_job_id.is_some() {
        return Err(Fault::no_meaning("`/input/scheduledJobId` (launchScheduledJobs makes a job of a scheduled job)"));
    }
    let template = match &input.job_template_id {
        Some(id) => Some(templates::one(asked, id).await?),
        None => None,
    };
    let by = asked.caller.principal().label.to_string();
    let (limits, size) = (shared.limits.clone(), size(&input));
    let read = move || read(input, template, target, by, &limits);
    let to_be = compute_sized(shared, own, size, read).await??;
    let submissions = with_tables(shared, asked.caller, vec![to_be]).await?;
    let together = asked.manager().submit_together(own, submissions).await;
    let ids = together.map_err(|NotTogether { error, .. }| Fault::from(error))?;
    let id = ids.first().map(ToString::to_string).unwrap_or_default();
    jobs::job(asked, &id).await
}

/// About how many bytes of text have to be gone through.
fn size(input: &CreateJob) -> usize {
    let of = |data: &Option<JsonData>| data.as_ref().map_or(0, |data| values(&data.0));
    let tasks = input.tasks.iter().flatten();
    tasks.map(|task| of(&task.payload) + task.payload_string.as_ref().map_or(0, String::len)).sum()
}

/// About how long a value is as text.
fn values(value: &async_graphql::Value) -> usize {
    match value {
        async_graphql::Value::List(items) => items.iter().map(|item| values(item) + 1).sum(),
        async_graphql::Value::Object(members) => members.iter().map(|(name, item)| name.len() + values(item) + 4).sum(),
        async_graphql::Value::String(text) => text.len() + 2,
        async_graphql::Value::Null
        | async_graphql::Value::Number(_)
        | async_graphql::Value::Boolean(_)
        | async_graphql::Value::Binary(_)
        | async_graphql::Value::Enum(_) => 8,
    }
}

fn read(
    input: CreateJob,
    template: Option<Template>,
    target: Option<String>,
    by: String,
    limits: &Limits,
) -> Result<assemble::Asked, Fault> {
    let CreateJob {
        name,
        tasks,
        routes,
        cluster_id,
        job_config,
        retries,
        status,
        start_date_time,
        notification_uris,
        ..
    } = input;
    let notify = notification_uris.unwrap_or_default();
    let word = status.unwrap_or_default();
    if !["", "pending", "queued"].iter().any(|known| known.eq_ignore_ascii_case(&word)) {
        return Err(Fault::at("/input/status", "must be `pending` or `queued`: what is new waits"));
    }
    let retries = retries.map(|number| tasks::number_of_retries(number, "/input/retries")).transpose()?;
    let mut tags = BTreeMap::new();
    let kept = [
        (NAME, name, "/input/name"),
        (CLUSTER, cluster_id.map(|id| id.0), "/input/clusterId"),
        (RECORDING, target.clone(), "/input/targetId"),
        (TEMPLATE, template.as_ref().map(Template::id), "/input/jobTemplateId"),
    ];
    for (tag, text, at) in kept {
        let Some(text) = text.filter(|text| !text.is_empty()) else { continue };
        if text.len() > TAG_BYTES {
            return Err(Fault::at(at, format!("has {} bytes; {TAG_BYTES} are allowed", text.len())));
        }
        tags.insert(tag.to_owned(), text);
    }
    let config = job_config.as_ref().map(|data| config_of(data, limits)).transpose()?.flatten();
    let run_at: Option<Timestamp> = start_date_time.map(|time| time.0);
    if let Some(template) = template.filter(|_| tasks.as_ref().is_none_or(Vec::is_empty)) {
        let launched = Launch { payload: None, target, by };
        let mut to_be = launch::asked(&template.body, None, &launched, limits)?;
        to_be.tags.extend(tags);
        to_be.run_at = run_at;
        to_be.notify = notify;
        to_be.config = config.or(to_be.config);
        return Ok(to_be);
    }
    let read = tasks::read(tasks.unwrap_or_default(), retries, limits)?;
    let routes = folders::routes(tasks::joined(routes, tasks::ROUTES_AT)?, &read, tasks::ROUTES_AT, limits)?;
    let priority = read.iter().filter_map(|task| task.priority).min().unwrap_or_default();
    let most = read.iter().filter_map(|task| task.retries).max();
    let tasks = assemble::tasks(read, &routes, tasks::ROUTES_AT)?;
    let retry = RetryAsked { max_attempts: most.map(|retries| retries + 1), backoff_ms: None };
    Ok(assemble::Asked { tasks, priority, retry, run_at, config, tags, notify, by })
}

/// The client's own data.
fn config_of(data: &JsonData, limits: &Limits) -> Result<Option<Document>, Fault> {
    let at = "/input/jobConfig";
    let document = object::document(Some(data), at, limits)?;
    let (most, bytes) =
        (limits.custom_data_bytes, document.as_ref().map_or(0, |document| document.text().len() as u64));
    if bytes > most {
        return Err(Fault::at(at, format!("has {bytes} bytes; {most} are allowed (limit custom_data_bytes)")));
    }
    Ok(document)
}
