//! `GET /edge/v1/proc/scheduled_jobs`
//!
//! All scheduled jobs of the organisation are gone through, a few at a time: what is kept of each is its id and what it is
//! ordered by. Those of the part that is asked for are read once more when it is written.

use std::cmp::Ordering;
use std::sync::Arc;

use analyte_core::names::{Organisation, ScheduleId};
use analyte_core::timestamp::Timestamp;
use analyte_jobs::{Manager, Right};
use axum::extract::State;
use axum::response::Response;
use http::{StatusCode, Uri};

use crate::aiware::detail::job::SOURCE;
use crate::aiware::detail::scheduled_job::ScheduledJobDetail;
use crate::aiware::envelope::{ListEnvelope, Part};
use crate::aiware::error::{ErrorId, Refusal};
use crate::aiware::ids::names;
use crate::aiware::query::Asked;
use crate::aiware::schedules::find;
use crate::aiware::schedules::mode::RunMode;
use crate::aiware::schedules::scheduled_job::ScheduledJob;
use crate::entry::auth::Caller;
use crate::native::listing::{Items, Listing, Part as Written};
use crate::shared::Shared;

/// About how many bytes a scheduled job takes in memory while it waits to be written, without its template.
const JOB_BYTES: u64 = 16_384;
/// About how many bytes a task of its template takes.
const TASK_BYTES: u64 = 2_048;

/// What may be asked for.
const NAMES: [&str; 18] = [
    "offset",
    "limit",
    "orderBy",
    "direction",
    "startTime",
    "endTime",
    "startStartTime",
    "endStartTime",
    "startStopTime",
    "endStopTime",
    "isActive",
    "runMode",
    "scheduledJobID",
    "internalOrganizationID",
    "coreID",
    "sourceID",
    "sourceType",
    "scheduledJobName",
];

/// By what a list is ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Order {
    /// All have the same organisation.
    Organisation,
    Mode,
    Created,
    Start,
    Stop,
}

const ORDERS: [(&str, Order); 7] = [
    ("organizationID", Order::Organisation),
    ("runMode", Order::Mode),
    ("createdTime", Order::Created),
    ("createdDateTime", Order::Created),
    ("startTime", Order::Start),
    ("stopTime", Order::Stop),
    ("startDateTime", Order::Start),
];

/// What is kept of a scheduled job until it is known whether it is part of the answer.
struct Row {
    id: ScheduleId,
    mode: RunMode,
    created: Timestamp,
    start: Option<Timestamp>,
    stop: Option<Timestamp>,
    tasks: u64,
}

impl Row {
    fn of(job: &ScheduledJob) -> Self {
        let schedule = &job.schedule;
        Self {
            id: schedule.id,
            mode: job.mode,
            created: schedule.created_at,
            start: schedule.start_at,
            stop: schedule.stop_at,
            tasks: schedule.template.tasks.len() as u64,
        }
    }

    fn compare(&self, other: &Self, order: Order) -> Ordering {
        let first = match order {
            Order::Organisation => Ordering::Equal,
            Order::Mode => self.mode.cmp(&other.mode),
            Order::Created => self.created.cmp(&other.created),
            Order::Start => self.start.cmp(&other.start),
            Order::Stop => self.stop.cmp(&other.stop),
        };
        first.then(self.id.cmp(&other.id))
    }
}

/// Which scheduled jobs are asked for. The ends of all spans belong to them.
struct Wanted {
    created: (Option<Timestamp>, Option<Timestamp>),
    start: (Option<Timestamp>, Option<Timestamp>),
    stop: (Option<Timestamp>, Option<Timestamp>),
    active: Option<bool>,
    mode: Option<RunMode>,
    core_id: Option<String>,
    source: Option<String>,
    name: Option<String>,
}

impl Wanted {
    fn of(asked: &Asked) -> Result<Self, Refusal> {
        if asked.text("sourceType").is_some() {
            let detail =
                "the query parameter `sourceType` has no meaning here: a scheduled job has no source of a type";
            return Err(Refusal::new(ErrorId::NotImplemented, detail));
        }
        let text = |name: &str| asked.text(name).map(str::to_owned);
        Ok(Self {
            created: (asked.seconds("startTime")?, asked.seconds("endTime")?),
            start: (asked.seconds("startStartTime")?, asked.seconds("endStartTime")?),
            stop: (asked.seconds("startStopTime")?, asked.seconds("endStopTime")?),
            active: asked.word("isActive", &[("true", true), ("false", false)])?,
            mode: asked.word("runMode", &RunMode::ALL.map(|mode| (mode.word(), mode)))?,
            core_id: text("coreID"),
            source: text("sourceID"),
            name: text("scheduledJobName").map(|name| name.to_lowercase()),
        })
    }

    fn has(&self, job: &ScheduledJob) -> bool {
        let schedule = &job.schedule;
        let within = |at: Option<Timestamp>, (from, to): (Option<Timestamp>, Option<Timestamp>)| {
            from.is_none_or(|from| at.is_some_and(|at| at >= from)) && to.is_none_or(|to| at.is_some_and(|at| at <= to))
        };
        within(Some(schedule.created_at), self.created)
            && within(schedule.start_at, self.start)
            && within(schedule.stop_at, self.stop)
            && self.active.is_none_or(|active| active == schedule.active)
            && self.mode.is_none_or(|mode| mode == job.mode)
            && self.core_id.as_ref().is_none_or(|id| *id == job.number().to_string())
            && self.source.as_ref().is_none_or(|source| schedule.template.tags.get(SOURCE) == Some(source))
            && self.name.as_ref().is_none_or(|name| schedule.name.to_lowercase().starts_with(name.as_str()))
    }
}

/// Scheduled jobs for which all conditions hold, the newest first.
#[utoipa::path(get, path = "/edge/v1/proc/scheduled_jobs", operation_id = "scheduled_jobs", tag = "scheduled jobs",
    params(
        ("offset" = Option<u64>, Query, description = "How many stand before the part that is asked for."),
        ("limit" = Option<u64>, Query, description = "Most items to answer, up to 10,000; usually 10."),
        ("orderBy" = Option<String>, Query, description = "`organizationID`, `runMode`, `createdTime`, `startTime` or `stopTime`."),
        ("direction" = Option<String>, Query, description = "`ASC` or `DESC`."),
        ("startTime" = Option<i64>, Query, description = "Made then or later; seconds since 1970."),
        ("endTime" = Option<i64>, Query, description = "Made then or earlier; seconds since 1970."),
        ("startStartTime" = Option<i64>, Query, description = "An end of the span in which its start or its stop lies; seconds since 1970."),
        ("endStartTime" = Option<i64>, Query, description = "An end of the span in which its start or its stop lies; seconds since 1970."),
        ("startStopTime" = Option<i64>, Query, description = "An end of the span in which its start or its stop lies; seconds since 1970."),
        ("endStopTime" = Option<i64>, Query, description = "An end of the span in which its start or its stop lies; seconds since 1970."),
        ("isActive" = Option<bool>, Query, description = "Whether it runs by itself."),
        ("runMode" = Option<String>, Query, description = "`once`, `now`, `recurring` or `continuous`."),
        ("scheduledJobID" = Option<String>, Query, description = "Only what has this."),
        ("internalOrganizationID" = Option<String>, Query, description = "The UUID or the name of the organisation."),
        ("coreID" = Option<String>, Query, description = "Only what has this."),
        ("sourceID" = Option<String>, Query, description = "Only what has this."),
        ("sourceType" = Option<String>, Query, description = "Has no meaning here: 501."),
        ("scheduledJobName" = Option<String>, Query, description = "How its name begins, in any case."),
    ),
    responses(
        (status = 200, description = "A part of the list.", body = ListEnvelope<ScheduledJobDetail>),
    ),
)]
pub(crate) async fn list(State(shared): State<Arc<Shared>>, caller: Caller, uri: Uri) -> Result<Response, Refusal> {
    caller.require(Right::JobsRead)?;
    let asked = Asked::of(&uri, &NAMES)?;
    let part = Part::of(&asked, None)?;
    let (manager, organisation) = (&shared.manager, caller.organisation());
    let rows = found(manager, organisation, &asked).await?;
    let count = rows.len() as u64;
    let rows: Vec<Row> =
        rows.into_iter().enumerate().filter(|(place, _)| part.has(*place as u64)).map(|(_, row)| row).collect();
    let bytes = rows.iter().map(|row| JOB_BYTES + TASK_BYTES.saturating_mul(row.tasks)).sum();
    let _held = manager.reserve_memory(organisation, bytes)?;
    let mut jobs = Vec::with_capacity(rows.len());
    for row in rows {
        match find::one(manager, organisation, &row.id.to_string()).await {
            Ok(job) => jobs.push(job),
            // It was removed meanwhile.
            Err(refusal) if refusal.id() == ErrorId::NotFound => {}
            Err(refusal) => return Err(refusal),
        }
    }
    let written =
        |job: &ScheduledJob, part: &mut Written<'_>| serde_json::to_writer(part, &ScheduledJobDetail::of(job));
    let frame = ListEnvelope::<()>::of(Vec::new(), count, part);
    let listing = Listing::within(&frame, jobs, written);
    Ok(listing.answer(&shared, organisation, StatusCode::OK, Items::Fetched).await?)
}

/// All that fit, in the order that is asked for.
async fn found(manager: &Manager, organisation: &Organisation, asked: &Asked) -> Result<Vec<Row>, Refusal> {
    let wanted = Wanted::of(asked)?;
    let order = asked.word("orderBy", &ORDERS)?.unwrap_or(Order::Created);
    let ascending = asked.word("direction", &[("ASC", true), ("DESC", false)])?.unwrap_or_default();
    let mut rows = Vec::new();
    // What is another organisation's is not there.
    if asked.text("internalOrganizationID").is_some_and(|id| !names::is_organisation(id, organisation)) {
        return Ok(rows);
    }
    if let Some(id) = asked.text("scheduledJobID") {
        match find::one(manager, organisation, id).await {
            Ok(job) => rows.extend(Some(job).filter(|job| wanted.has(job)).as_ref().map(Row::of)),
            Err(refusal) if refusal.id() == ErrorId::NotFound => {}
            Err(refusal) => return Err(refusal),
        }
        return Ok(rows);
    }
    find::each(manager, organisation, |job| rows.extend(Some(job).filter(|job| wanted.has(job)).as_ref().map(Row::of)))
        .await?;
    rows.sort_by(|one, other| {
        let order = one.compare(other, order);
        if ascending { order } else { order.reverse() }
    });
    Ok(rows)
}
