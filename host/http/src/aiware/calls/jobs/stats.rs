//! `GET /edge/v1/proc/jobs/stats`: how many jobs are in each state.

use std::sync::Arc;

use analyte_core::job::Status;
use analyte_jobs::Right;
use axum::extract::State;
use axum::response::Response;
use http::{StatusCode, Uri};
use serde::Serialize;
use utoipa::ToSchema;

use crate::aiware::error::{ErrorId, Refusal};
use crate::aiware::ids::names;
use crate::aiware::query::Asked;
use crate::aiware::status;
use crate::aiware::walk::{self, Next, Window};
use crate::entry::auth::Caller;
use crate::native::json::{self, Time};
use crate::shared::Shared;

#[derive(Serialize, ToSchema)]
struct StatsBody {
    counts: Vec<CountBody>,
    #[serde(rename = "startDateTime")]
    #[schema(value_type = Option<String>, format = DateTime)]
    start: Option<Time>,
    #[serde(rename = "endDateTime")]
    #[schema(value_type = Option<String>, format = DateTime)]
    end: Option<Time>,
    success: bool,
    #[schema(value_type = Option<crate::aiware::error::ErrorBody>)]
    error: Option<()>,
}

#[derive(Serialize, ToSchema)]
struct CountBody {
    status: &'static str,
    count: u64,
    #[serde(rename = "startDateTime")]
    #[schema(value_type = Option<String>, format = DateTime)]
    start: Option<Time>,
    #[serde(rename = "endDateTime")]
    #[schema(value_type = Option<String>, format = DateTime)]
    end: Option<Time>,
}

/// How many jobs are in each state, of all or of those that were made in a window of time.
#[utoipa::path(get, path = "/edge/v1/proc/jobs/stats", operation_id = "job_stats", tag = "jobs",
    params(
        ("startTime" = Option<i64>, Query, description = "Made then or later; seconds since 1970."),
        ("endTime" = Option<i64>, Query, description = "Made then or earlier; seconds since 1970."),
        ("chartType" = Option<String>, Query, description = "`total`; others are 501."),
        ("status" = Option<String>, Query, description = "In this state."),
        ("interval" = Option<String>, Query, description = "Only what has this."),
        ("organizationIDs" = Option<String>, Query, description = "UUIDs or names, with commas between them."),
        ("engineCategoryID" = Option<String>, Query, description = "Has no meaning here: 501."),
    ),
    responses(
        (status = 200, description = "Totals.", body = StatsBody),
    ),
)]
pub(crate) async fn stats(State(shared): State<Arc<Shared>>, caller: Caller, uri: Uri) -> Result<Response, Refusal> {
    caller.require(Right::JobsRead)?;
    let organisation = caller.organisation();
    let known = ["startTime", "endTime", "chartType", "status", "interval", "organizationIDs", "engineCategoryID"];
    let asked = Asked::of(&uri, &known)?;
    if !asked.word("chartType", &[("total", true), ("total_by_time_range", false)])?.unwrap_or(true)
        || asked.text("engineCategoryID").is_some()
    {
        let detail = "only totals of all engines are offered (`chartType=total`)";
        return Err(Refusal::new(ErrorId::NotImplemented, detail));
    }
    let word = asked.word("status", &status::words())?;
    let window = Window::of(&asked)?;
    let own = asked
        .text("organizationIDs")
        .is_none_or(|ids| ids.split(',').any(|id| names::is_organisation(id.trim(), organisation)));
    let mut counts = Status::ALL.map(|status| (status, 0_u64));
    if own && window.is_everything() {
        let stored = shared.manager.counts(organisation).await?;
        // In the order of `Status::ALL`.
        let stored = [stored.queued, stored.running, stored.completed, stored.failed, stored.cancelled];
        counts.iter_mut().zip(stored).for_each(|((_, count), stored)| *count = stored);
    } else if own {
        walk::each(&shared.manager, organisation, window.query(None, false), |job| {
            counts.iter_mut().filter(|(status, _)| *status == job.status).for_each(|(_, count)| *count += 1);
            Ok(Next::GoOn)
        })
        .await?;
    }
    let (start, end) = (asked.seconds("startTime")?.map(Time), asked.seconds("endTime")?.map(Time));
    let count = |(status, count): (Status, u64)| CountBody { status: status::of_jobs(status), count, start, end };
    let counts = counts.into_iter().map(count).filter(|one| word.is_none_or(|word| word == one.status)).collect();
    Ok(json::answer(StatusCode::OK, &StatsBody { counts, start, end, success: true, error: None }))
}
