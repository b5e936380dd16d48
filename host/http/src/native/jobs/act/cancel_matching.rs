//! `POST /v1/jobs/cancel`

use std::sync::Arc;

use analyte_core::limits::Limits;
use analyte_core::query::Query;
use analyte_jobs::Right;
use axum::extract::{Request, State};
use axum::response::Response;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::entry::auth::Caller;
use crate::native::jobs::query_body;
use crate::native::json;
use crate::native::table::{compute, put_warnings};
use crate::problem::{Problem, ProblemBody};
use crate::request::body;
use crate::request::json_body::{self, Member};
use crate::request::negotiate::require_json;
use crate::request::strict_json;
use crate::shared::Shared;

/// Which jobs are to be cancelled.
#[derive(Deserialize, ToSchema)]
#[schema(as = CancelMatching)]
#[serde(deny_unknown_fields)]
pub(crate) struct CancelMatchingBody<'a> {
    /// A query without `sorts`; `{}` means every job. Must be there, so that nothing is cancelled by forgetting it.
    #[serde(borrow)]
    #[schema(value_type = query_body::QueryBody)]
    filter: Option<Member<'a>>,
    /// Only counts them.
    dry_run: Option<bool>,
}

/// How many jobs.
#[derive(Serialize, ToSchema)]
#[schema(as = Count)]
pub(crate) struct CountBody {
    /// Jobs that were cancelled, or would be.
    count: u64,
}

/// Cancels all unfinished jobs for which a filter holds, or counts them.
#[utoipa::path(post, path = "/v1/jobs/cancel", operation_id = "cancel_jobs", tag = "jobs",
    request_body(content = CancelMatchingBody, content_type = "application/json"),
    responses(
        (status = 200, description = "How many were cancelled, or would be. Their runs have gone, unless a warning says how many are still being stopped.", body = CountBody,
            headers(("Analyte-Warning" = String, description = "How many runs are still being stopped."))),
        (status = 400, description = "The body cannot be read.", body = ProblemBody),
    )
)]
pub(crate) async fn cancel(
    State(shared): State<Arc<Shared>>,
    caller: Caller,
    request: Request,
) -> Result<Response, Problem> {
    caller.require(Right::JobsWrite)?;
    let (parts, content) = request.into_parts();
    require_json(&parts.headers)?;
    let received =
        body::receive(&shared, caller.organisation(), content, query_body::most_bytes(&shared.limits)).await?;
    let limits = shared.limits.clone();
    // However short, it may hold expressions that take long to compile.
    let (query, dry_run) = compute(&shared, caller.organisation(), move || asked(&received.bytes, &limits)).await??;
    let cancelled = shared.manager.cancel_matching(caller.organisation(), query.filter, dry_run).await?;
    let mut response = json::answer(StatusCode::OK, &CountBody { count: cancelled.count });
    if cancelled.being_stopped > 0 {
        let warning = format!("{} runs of cancelled jobs are still being stopped", cancelled.being_stopped);
        put_warnings(response.headers_mut(), &[warning]);
    }
    Ok(response)
}

fn asked(body: &[u8], limits: &Limits) -> Result<(Query, bool), Problem> {
    let CancelMatchingBody { filter, dry_run } = json_body::read(body)?;
    let filter = filter.ok_or_else(|| strict_json::malformed("/filter".to_owned(), "is missing"))?;
    let query = query_body::read(filter.text(), "/filter", limits)?;
    if !query.sorts.is_empty() {
        return Err(strict_json::malformed(
            "/filter/sorts".to_owned(),
            "has no meaning here: all of them are cancelled",
        ));
    }
    Ok((query, dry_run.unwrap_or(false)))
}
