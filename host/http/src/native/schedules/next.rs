//! `GET /v1/schedules/{schedule}/next`

use std::sync::Arc;

use analyte_core::names::ScheduleId;
use analyte_jobs::Right;
use axum::extract::State;
use axum::response::Response;
use http::{StatusCode, Uri};

use super::body::NextFiringsBody;
use crate::entry::auth::Caller;
use crate::native::json::{self, Time};
use crate::native::path_and_query::{Segments, named};
use crate::problem::{Problem, ProblemBody};
use crate::shared::Shared;

/// How many are shown where no number is asked for.
const USUAL: u64 = 10;
/// The most that are shown.
const MOST: u64 = 100;

/// The next firings of a schedule, as if it were active.
#[utoipa::path(get, path = "/v1/schedules/{schedule}/next", operation_id = "next_firings", tag = "schedules",
    params(
        ("schedule" = String, Path, description = "Its id."),
        ("count" = Option<u64>, Query, description = "How many, at most 100; usually 10."),
    ),
    responses(
        (status = 200, description = "In order.", body = NextFiringsBody),
        (status = 404, description = "There is none.", body = ProblemBody),
    )
)]
pub(crate) async fn next(
    State(shared): State<Arc<Shared>>,
    caller: Caller,
    Segments(id): Segments<ScheduleId>,
    uri: Uri,
) -> Result<Response, Problem> {
    caller.require(Right::JobsRead)?;
    let count = named::<u64>(&uri, "count")?.unwrap_or(USUAL).min(MOST);
    let count = usize::try_from(count).unwrap_or(usize::MAX);
    let fire_times = shared.manager.next_firings(caller.organisation(), id, count).await?;
    let body = NextFiringsBody { fire_times: fire_times.into_iter().map(Time).collect() };
    Ok(json::answer(StatusCode::OK, &body))
}
