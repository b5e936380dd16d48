//! `GET /edge/v1/proc/jobs`
//!
//! How many jobs there are in all is part of the answer. Where no more is asked for than a state, the store knows it; else the
//! jobs that fit are gone through.

use std::sync::Arc;

use analyte_core::job::{Job, Status};
use analyte_core::names::Organisation;
use analyte_jobs::{Counts, Right};
use axum::extract::State;
use axum::response::Response;
use http::{StatusCode, Uri};

use crate::aiware::detail::job::{CORE_ID, JobDetail, RECORDING};
use crate::aiware::envelope::{ListEnvelope, Part};
use crate::aiware::error::{ErrorId, Refusal};
use crate::aiware::ids::{lookup, names};
use crate::aiware::query::Asked;
use crate::aiware::schedules::find;
use crate::aiware::status;
use crate::aiware::walk::{self, Next, WINDOW, Window};
use crate::entry::auth::Caller;
use crate::native::listing::{Items, Listing, Part as Written};
use crate::shared::Shared;

/// About how many bytes a task takes in memory while its job waits to be written.
const TASK_BYTES: u64 = 2_048;

/// What may be asked for beside a window.
const NAMES: [&str; 11] = [
    "offset",
    "limit",
    "orderBy",
    "direction",
    "status",
    "jobID",
    "coreJobID",
    "coreID",
    "organizationID",
    "recordingID",
    "scheduledJobID",
];

/// Jobs for which all conditions hold, newest first.
#[utoipa::path(get, path = "/edge/v1/proc/jobs", operation_id = "jobs", tag = "jobs",
    params(
        ("offset" = Option<u64>, Query, description = "How many stand before the part that is asked for."),
        ("limit" = Option<u64>, Query, description = "Most items to answer, up to 10,000; usually 10."),
        ("orderBy" = Option<String>, Query, description = "`createdDateTime`."),
        ("direction" = Option<String>, Query, description = "`ASC` or `DESC`."),
        ("status" = Option<String>, Query, description = "In this state."),
        ("jobID" = Option<String>, Query, description = "Only what has this."),
        ("coreJobID" = Option<String>, Query, description = "Only what has this."),
        ("coreID" = Option<String>, Query, description = "Only what has this."),
        ("organizationID" = Option<String>, Query, description = "The UUID or the name of the organisation."),
        ("recordingID" = Option<String>, Query, description = "Only what has this."),
        ("scheduledJobID" = Option<String>, Query, description = "Only what has this."),
        ("startTime" = Option<i64>, Query, description = "Made then or later; seconds since 1970."),
        ("endTime" = Option<i64>, Query, description = "Made then or earlier; seconds since 1970."),
        ("CreatedBefore" = Option<i64>, Query, description = "Made before; seconds since 1970."),
        ("CreatedAfter" = Option<i64>, Query, description = "Made after; seconds since 1970."),
        ("modifiedBefore" = Option<i64>, Query, description = "Changed last before; seconds since 1970."),
        ("modifiedAfter" = Option<i64>, Query, description = "Changed last after; seconds since 1970."),
    ),
    responses(
        (status = 200, description = "A part of the list.", body = ListEnvelope<JobDetail>),
    ),
)]
pub(crate) async fn list(State(shared): State<Arc<Shared>>, caller: Caller, uri: Uri) -> Result<Response, Refusal> {
    caller.require(Right::JobsRead)?;
    let asked = Asked::of(&uri, &[&NAMES[..], &WINDOW].concat())?;
    let part = Part::of(&asked, None)?;
    let (jobs, count) = found(&shared, caller.organisation(), &asked, part).await?;
    let bytes = jobs.iter().map(|job| TASK_BYTES.saturating_mul(job.tasks.len() as u64)).sum::<u64>();
    let _held = shared.manager.reserve_memory(caller.organisation(), bytes)?;
    let written = |job: &Arc<Job>, part: &mut Written<'_>| serde_json::to_writer(part, &JobDetail::of(job));
    let frame = ListEnvelope::<()>::of(Vec::new(), count, part);
    let listing = Listing::within(&frame, jobs, written);
    Ok(listing.answer(&shared, caller.organisation(), StatusCode::OK, Items::Fetched).await?)
}

/// The jobs of this part, and how many there are in all.
async fn found(
    shared: &Shared,
    organisation: &Organisation,
    asked: &Asked,
    part: Part,
) -> Result<(Vec<Arc<Job>>, u64), Refusal> {
    let (manager, window) = (&shared.manager, Window::of(asked)?);
    let oldest_first = walk::oldest_first(asked)?;
    let word = asked.word("status", &status::words())?;
    let wanted = word.map(status::job_status);
    // What is another organisation's is not there.
    if asked.text("organizationID").is_some_and(|id| !names::is_organisation(id, organisation)) || wanted == Some(None)
    {
        return Ok((Vec::new(), 0));
    }
    let wanted = wanted.flatten();
    let schedule = match asked.text("scheduledJobID") {
        None => None,
        Some(id) => match find::one(manager, organisation, id).await {
            Ok(found) => Some(found.schedule),
            Err(refusal) if refusal.id() == ErrorId::NotFound => return Ok((Vec::new(), 0)),
            Err(refusal) => return Err(refusal),
        },
    };
    let (recording, core_id) = (asked.text("recordingID"), asked.text("coreID"));
    let fits = |job: &Job| {
        let tag = |name: &str, value: Option<&str>| {
            value.is_none_or(|value| job.tags.get(name).is_some_and(|own| own == value))
        };
        window.has(job)
            && schedule.as_ref().is_none_or(|schedule| job.schedule.is_some_and(|by| by.id == schedule.id))
            && tag(RECORDING, recording)
            && tag(CORE_ID, core_id)
    };
    let ids = [asked.text("jobID"), asked.text("coreJobID")];
    if let Some(id) = ids.into_iter().flatten().next() {
        let one = match lookup::job(manager, organisation, id).await {
            Ok(job) => Some(job),
            Err(refusal) if refusal.id() == ErrorId::NotFound => None,
            Err(refusal) => return Err(refusal),
        };
        let made = |job: &Job| {
            window.from.is_none_or(|from| job.created_at >= from)
                && window.before.is_none_or(|before| job.created_at < before)
        };
        let named = |job: &Arc<Job>| {
            let other = ids.into_iter().flatten().nth(1);
            other.is_none_or(|other| {
                other == id || other.eq_ignore_ascii_case(&job.id.to_string()) || other == lookup::core(job)
            })
        };
        let one =
            one.filter(|job| named(job) && made(job) && fits(job) && wanted.is_none_or(|status| job.status == status));
        let count = one.iter().len() as u64;
        return Ok((one.into_iter().filter(|_| part.has(0)).collect(), count));
    }
    let known = window.is_everything() && recording.is_none() && core_id.is_none() && schedule.is_none();
    let total = if known { Some(total(manager.counts(organisation).await?, wanted)) } else { None };
    let mut query = window.query(wanted, oldest_first);
    query.tag = recording.map(|value| (RECORDING.to_owned(), value.to_owned()));
    if let Some(schedule) = &schedule {
        // What is older is none of its jobs.
        query.created_after = query.created_after.max(Some(schedule.created_at));
    }
    let (mut jobs, mut count) = (Vec::new(), 0_u64);
    walk::each(manager, organisation, query, |job| {
        if total.is_some() && part.is_before(count) {
            return Ok(Next::Stop);
        }
        if fits(&job) {
            if part.has(count) {
                jobs.push(job);
            }
            count += 1;
        }
        Ok(Next::GoOn)
    })
    .await?;
    Ok((jobs, total.unwrap_or(count)))
}

/// How many jobs are in a state, or in any.
fn total(counts: Counts, status: Option<Status>) -> u64 {
    let of = |status: Status| match status {
        Status::Queued => counts.queued,
        Status::Running => counts.running,
        Status::Completed => counts.completed,
        Status::Failed => counts.failed,
        Status::Cancelled => counts.cancelled,
    };
    status.map_or_else(|| Status::ALL.into_iter().map(of).sum(), of)
}
