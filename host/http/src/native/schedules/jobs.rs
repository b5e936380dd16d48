//! `GET /v1/schedules/{schedule}/jobs`

use std::sync::Arc;

use analyte_core::names::ScheduleId;
use analyte_jobs::Right;
use axum::extract::State;
use axum::response::Response;
use http::header::LINK;
use http::{StatusCode, Uri};

use super::numbered::page;
use crate::entry::auth::Caller;
use crate::native::jobs::body::{JobsBody, written};
use crate::native::jobs::read::list::next_link;
use crate::native::listing::{Items, Listing};
use crate::native::path_and_query::Segments;
use crate::problem::{Problem, ProblemBody};
use crate::shared::Shared;

/// The jobs that a schedule submitted, newest first: those of its history that are still there.
#[utoipa::path(get, path = "/v1/schedules/{schedule}/jobs", operation_id = "schedule_jobs", tag = "schedules",
    params(
        ("schedule" = String, Path, description = "Its id."),
        ("limit" = Option<u64>, Query, description = "Most jobs to answer; usually 50. May be fewer even where there are more."),
        ("cursor" = Option<String>, Query, description = "Where to go on: a `next_cursor`."),
    ),
    responses(
        (status = 200, description = "A page.", body = JobsBody, headers(("Link" = String, description = "The next page, `rel=\"next\"`."))),
        (status = 404, description = "There is none.", body = ProblemBody),
    )
)]
pub(crate) async fn jobs(
    State(shared): State<Arc<Shared>>,
    caller: Caller,
    Segments(id): Segments<ScheduleId>,
    uri: Uri,
) -> Result<Response, Problem> {
    caller.require(Right::JobsRead)?;
    let (before, most) = page(&uri, &shared)?;
    let found = shared.manager.schedule_jobs(caller.organisation(), id, before, most).await?;
    let next_cursor = found.next.map(|next| next.to_string());
    let link = next_cursor.as_deref().and_then(|cursor| next_link(&uri, cursor));
    let frame = JobsBody { jobs: Vec::new(), next_cursor };
    let jobs = found.items.into_iter().filter(|view| view.task().is_some()).collect();
    let listing = Listing::within(&frame, jobs, written);
    let mut response = listing.answer(&shared, caller.organisation(), StatusCode::OK, Items::Fetched).await?;
    if let Some(link) = link {
        response.headers_mut().insert(LINK, link);
    }
    Ok(response)
}
