//! `GET /v1/schedules/{schedule}/history`

use std::sync::Arc;

use analyte_core::names::ScheduleId;
use analyte_jobs::Right;
use axum::extract::State;
use axum::response::Response;
use http::header::LINK;
use http::{StatusCode, Uri};

use super::body::{FiringsBody, written_firing};
use super::numbered::page;
use crate::entry::auth::Caller;
use crate::native::jobs::read::list::next_link;
use crate::native::listing::{Items, Listing};
use crate::native::path_and_query::Segments;
use crate::problem::{Problem, ProblemBody};
use crate::shared::Shared;

/// What became of the fire times of a schedule, newest first.
#[utoipa::path(get, path = "/v1/schedules/{schedule}/history", operation_id = "schedule_history", tag = "schedules",
    params(
        ("schedule" = String, Path, description = "Its id."),
        ("limit" = Option<u64>, Query, description = "Most entries to answer; usually 50."),
        ("cursor" = Option<String>, Query, description = "Where to go on: a `next_cursor`."),
    ),
    responses(
        (status = 200, description = "A page.", body = FiringsBody, headers(("Link" = String, description = "The next page, `rel=\"next\"`."))),
        (status = 404, description = "There is none.", body = ProblemBody),
    )
)]
pub(crate) async fn history(
    State(shared): State<Arc<Shared>>,
    caller: Caller,
    Segments(id): Segments<ScheduleId>,
    uri: Uri,
) -> Result<Response, Problem> {
    caller.require(Right::JobsRead)?;
    let (before, most) = page(&uri, &shared)?;
    let found = shared.manager.schedule_history(caller.organisation(), id, before, most).await?;
    let next_cursor = found.next.map(|next| next.to_string());
    let link = next_cursor.as_deref().and_then(|cursor| next_link(&uri, cursor));
    let frame = FiringsBody { firings: Vec::new(), next_cursor };
    let listing = Listing::within(&frame, found.items, written_firing);
    let mut response = listing.answer(&shared, caller.organisation(), StatusCode::OK, Items::Fetched).await?;
    if let Some(link) = link {
        response.headers_mut().insert(LINK, link);
    }
    Ok(response)
}
