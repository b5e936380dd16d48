//! `POST /v1/jobs/cancel`

use std::sync::Arc;

use analyte_core::limits::Limits;
use analyte_core::query::Query;
use analyte_jobs::Right;
use axum::extract::{Request, State};
use axum::response::Response;
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use super::query_body;
use crate::entry::auth::Caller;
use crate::native::json;
use crate::native::table::{compute, put_warnings};
use crate::problem::{Problem, ProblemBody};
use crate::request::body;
use crate::request::negotiate::require_json;
use crate::request::strict_json;
use crate::shared::Shared;

/// Which jobs are to be cancelled.
#[derive(ToSchema)]
#[schema(as = CancelMatching)]
#[expect(dead_code, reason = "documents the body that is read member by member")]
pub(crate) struct CancelMatchingBody {
    /// A query without `sorts`; `{}` means every job. Must be there, so that nothing is cancelled by forgetting it.
    filter: query_body::QueryBody,
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
        (status = 400, description = "The body cannot be read.", body = ProblemBody, content_type = "application/problem+json"),
        (status = "4XX", description = "Refused.", body = ProblemBody, content_type = "application/problem+json"),
        (status = "5XX", description = "The platform's fault.", body = ProblemBody, content_type = "application/problem+json"),
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
    let [filter, dry_run] = strict_json::read(strict_json::whole(body)?.get(), "", ["filter", "dry_run"])?;
    let filter = strict_json::present(filter).ok_or_else(|| strict_json::missing("/filter"))?;
    let query = query_body::read(filter, "/filter", limits)?;
    if !query.sorts.is_empty() {
        return Err(strict_json::malformed(
            "/filter/sorts".to_owned(),
            "has no meaning here: all of them are cancelled",
        ));
    }
    Ok((query, strict_json::value(dry_run, "/dry_run", "true or false")?.unwrap_or(false)))
}
