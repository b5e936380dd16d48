//! `GET /v1/jobs`

use std::sync::Arc;

use analyte_core::codes::Code;
use analyte_core::job::Status;
use analyte_core::limits::Limits;
use analyte_core::names::Organisation;
use analyte_jobs::{JobPage, ListQuery, Right};
use axum::extract::State;
use axum::response::Response;
use http::header::LINK;
use http::{HeaderValue, StatusCode, Uri};

use super::cursor;
use crate::entry::auth::Caller;
use crate::native::jobs::body::{JobsBody, written};
use crate::native::listing::{Items, Listing};
use crate::native::path_and_query::{known_pairs, parsed};
use crate::problem::Problem;
use crate::shared::Shared;

/// The length of a page where none is asked for.
const USUAL: usize = 50;

/// Your jobs, newest first. All conditions must hold.
#[utoipa::path(get, path = "/v1/jobs", operation_id = "list_jobs", tag = "jobs",
    params(
        ("status" = Option<String>, Query, description = "`queued`, `running`, `completed`, `failed` or `cancelled`."),
        ("provider" = Option<String>, Query, description = "Of this provider."),
        ("model" = Option<String>, Query, description = "Of this model."),
        ("tag" = Option<String>, Query, description = "With this tag, written `key:value`."),
        ("created_after" = Option<String>, Query, description = "Submitted at this time or later, RFC 3339."),
        ("created_before" = Option<String>, Query, description = "Submitted before this time, RFC 3339."),
        ("limit" = Option<u64>, Query, description = "Most jobs to answer; usually 50."),
        ("cursor" = Option<String>, Query, description = "Where to go on: a `next_cursor`."),
    ),
    responses(
        (status = 200, description = "A page.", body = JobsBody, headers(("Link" = String, description = "The next page, `rel=\"next\"`."))),
    )
)]
pub(crate) async fn list(State(shared): State<Arc<Shared>>, caller: Caller, uri: Uri) -> Result<Response, Problem> {
    caller.require(Right::JobsRead)?;
    let query = asked(&uri, &shared)?;
    let page = shared.manager.list(caller.organisation(), query).await?;
    let link = page.next.and_then(|next| next_link(&uri, &cursor::write(next)));
    let mut response = shown(&shared, caller.organisation(), page).await?;
    if let Some(link) = link {
        response.headers_mut().insert(LINK, link);
    }
    Ok(response)
}

/// An answer that shows a part of a list.
pub(crate) async fn shown(shared: &Shared, organisation: &Organisation, page: JobPage) -> Result<Response, Problem> {
    let frame = JobsBody { jobs: Vec::new(), next_cursor: page.next.map(cursor::write) };
    let jobs = page.jobs.into_iter().filter(|view| view.task().is_some()).collect();
    Listing::within(&frame, jobs, written).answer(shared, organisation, StatusCode::OK, Items::Fetched).await
}

fn asked(uri: &Uri, shared: &Shared) -> Result<ListQuery, Problem> {
    let [status, provider, model, tag, created_after, created_before, limit, cursor] =
        known_pairs(uri, ["status", "provider", "model", "tag", "created_after", "created_before", "limit", "cursor"])?;
    let status =
        status.map(|word| Status::parse(&word).ok_or("`queued`, `running`, `completed`, `failed` or `cancelled`"));
    let tag = tag.map(|tag| match tag.split_once(':') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err("written `key:value`"),
    });
    Ok(ListQuery {
        status: status.transpose().map_err(|wanted| wrong("status", wanted))?,
        provider: parsed("provider", provider.as_deref())?,
        model: parsed("model", model.as_deref())?,
        tag: tag.transpose().map_err(|wanted| wrong("tag", wanted))?,
        created_after: parsed("created_after", created_after.as_deref())?,
        created_before: parsed("created_before", created_before.as_deref())?,
        filter: None,
        oldest_first: false,
        after: cursor.as_deref().map(cursor::read_after).transpose()?,
        limit: page_length(limit.as_deref(), &shared.limits)?,
        scan: usize::try_from(shared.limits.scan_items).unwrap_or(usize::MAX),
    })
}

/// How many jobs a page may have at most.
pub(crate) fn page_length(asked: Option<&str>, limits: &Limits) -> Result<usize, Problem> {
    let most = usize::try_from(limits.page_items).unwrap_or(usize::MAX);
    match asked.map(str::parse::<usize>) {
        None => Ok(USUAL.min(most)),
        Some(Ok(length)) if length > 0 => Ok(length.min(most)),
        Some(_) => Err(wrong("limit", "a whole number, at least 1")),
    }
}

fn wrong(name: &str, wanted: impl std::fmt::Display) -> Problem {
    Problem::new(Code::Malformed, format!("the query parameter `{name}` must be {wanted}"))
}

/// The address of the next page: this one's, with another cursor.
pub(crate) fn next_link(uri: &Uri, cursor: &str) -> Option<HeaderValue> {
    let query = uri.query().unwrap_or_default();
    let mut parts: Vec<&str> =
        query.split('&').filter(|part| !part.is_empty() && !part.starts_with("cursor=")).collect();
    let cursor = format!("cursor={cursor}");
    parts.push(&cursor);
    HeaderValue::from_str(&format!("<{}?{}>; rel=\"next\"", uri.path(), parts.join("&").replace('>', "%3E"))).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_page_has_the_same_conditions() {
        let link = |uri: &'static str| {
            let value = next_link(&Uri::from_static(uri), "c2");
            value.and_then(|value| value.to_str().map(str::to_owned).ok())
        };
        assert_eq!(link("/v1/jobs").as_deref(), Some("</v1/jobs?cursor=c2>; rel=\"next\""));
        assert_eq!(
            link("/v1/jobs?status=queued&cursor=c1&tag=a%3Ab").as_deref(),
            Some("</v1/jobs?status=queued&tag=a%3Ab&cursor=c2>; rel=\"next\"")
        );
    }
}
