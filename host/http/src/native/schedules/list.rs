//! `GET /v1/schedules`

use std::sync::Arc;

use analyte_core::names::{JobId, ScheduleId};
use analyte_jobs::{GoOn, Right};
use axum::extract::State;
use axum::response::Response;
use http::header::LINK;
use http::{StatusCode, Uri};

use super::body::{SchedulesBody, written};
use crate::entry::auth::Caller;
use crate::native::jobs::read::cursor;
use crate::native::jobs::read::list::{next_link, page_length};
use crate::native::listing::{Items, Listing};
use crate::native::path_and_query::known_pairs;
use crate::problem::Problem;
use crate::shared::Shared;

/// Your schedules, newest first.
#[utoipa::path(get, path = "/v1/schedules", operation_id = "list_schedules", tag = "schedules",
    params(
        ("limit" = Option<u64>, Query, description = "Most schedules to answer; usually 50."),
        ("cursor" = Option<String>, Query, description = "Where to go on: a `next_cursor`."),
    ),
    responses(
        (status = 200, description = "A page.", body = SchedulesBody, headers(("Link" = String, description = "The next page, `rel=\"next\"`."))),
    )
)]
pub(crate) async fn list(State(shared): State<Arc<Shared>>, caller: Caller, uri: Uri) -> Result<Response, Problem> {
    caller.require(Right::JobsRead)?;
    let [limit, cursor] = known_pairs(&uri, ["limit", "cursor"])?;
    let after = cursor.as_deref().map(cursor::read_after).transpose()?.map(|JobId(id)| ScheduleId(id));
    let most = page_length(limit.as_deref(), &shared.limits)?;
    let found = shared.manager.schedules(caller.organisation(), after, most).await?;
    let next_cursor = found.next.map(|ScheduleId(id)| cursor::write(GoOn::After(JobId(id))));
    let link = next_cursor.as_deref().and_then(|cursor| next_link(&uri, cursor));
    let frame = SchedulesBody { schedules: Vec::new(), next_cursor };
    let listing = Listing::within(&frame, found.items, written);
    let mut response = listing.answer(&shared, caller.organisation(), StatusCode::OK, Items::Fetched).await?;
    if let Some(link) = link {
        response.headers_mut().insert(LINK, link);
    }
    Ok(response)
}
