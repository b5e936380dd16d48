//! `GET /edge/v1/proc/jobs/stats`: how many jobs are in each state.

use std::sync::Arc;

use analyte_core::job::Status;
use analyte_jobs::Right;
use axum::extract::State;
use axum::response::Response;
use http::{StatusCode, Uri};
use serde::Serialize;

use crate::aiware::error::{ErrorId, Refusal};
use crate::aiware::ids::names;
use crate::aiware::query::Asked;
use crate::aiware::status;
use crate::aiware::walk::{self, Next, Window};
use crate::entry::auth::Caller;
use crate::native::json::{self, Time};
use crate::shared::Shared;

#[derive(Serialize)]
struct StatsBody {
    counts: Vec<CountBody>,
    #[serde(rename = "startDateTime")]
    start: Option<Time>,
    #[serde(rename = "endDateTime")]
    end: Option<Time>,
    success: bool,
    error: Option<()>,
}

#[derive(Serialize)]
struct CountBody {
    status: &'static str,
    count: u64,
    #[serde(rename = "startDateTime")]
    start: Option<Time>,
    #[serde(rename = "endDateTime")]
    end: Option<Time>,
}

/// How many jobs are in each state, of all or of those that were made in a window of time.
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
