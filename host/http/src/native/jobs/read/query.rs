//! `POST /v1/jobs/query`

use std::sync::Arc;

use analyte_core::limits::Limits;
use analyte_core::query::Query;
use analyte_jobs::Right;
use axum::extract::{Request, State};
use axum::response::Response;

use super::cursor;
use super::list::{page_length, shown};
use crate::entry::auth::Caller;
use crate::native::jobs::body::JobsBody;
use crate::native::jobs::query_body;
use crate::native::path_and_query::known_pairs;
use crate::native::table::compute;
use crate::problem::{Problem, ProblemBody};
use crate::request::body;
use crate::request::negotiate::require_json;
use crate::request::strict_json;
use crate::shared::Shared;

/// Your jobs for which a filter holds, in an order of your own.
///
/// The fields of a query are those of a job, by the same names; `tags` and what lies in objects are named by paths
/// (`error.code`). Without `sorts` the newest come first.
#[utoipa::path(post, path = "/v1/jobs/query", operation_id = "query_jobs", tag = "jobs",
    params(
        ("limit" = Option<u64>, Query, description = "Most jobs to answer; usually 50."),
        ("cursor" = Option<String>, Query, description = "Where to go on: a `next_cursor` that the same query answered."),
    ),
    request_body(content = query_body::QueryBody, content_type = "application/json"),
    responses(
        (status = 200, description = "A page.", body = JobsBody),
        (status = 400, description = "The query cannot be read.", body = ProblemBody),
    )
)]
pub(crate) async fn query(
    State(shared): State<Arc<Shared>>,
    caller: Caller,
    request: Request,
) -> Result<Response, Problem> {
    caller.require(Right::JobsRead)?;
    let (parts, content) = request.into_parts();
    let [limit, cursor] = known_pairs(&parts.uri, ["limit", "cursor"])?;
    let limit = page_length(limit.as_deref(), &shared.limits)?;
    let go_on = cursor.as_deref().map(cursor::read).transpose()?;
    require_json(&parts.headers)?;
    let received =
        body::receive(&shared, caller.organisation(), content, query_body::most_bytes(&shared.limits)).await?;
    let limits = shared.limits.clone();
    // However short, it may hold expressions that take long to compile.
    let query = compute(&shared, caller.organisation(), move || whole(&received.bytes, &limits)).await??;
    drop(received.reserved);
    let page = shared.manager.query(caller.organisation(), query, Some(limit), go_on).await?;
    shown(&shared, caller.organisation(), page).await
}

fn whole(body: &[u8], limits: &Limits) -> Result<Query, Problem> {
    query_body::read(strict_json::whole(body)?.get(), "", limits)
}
