//! `POST /edge/v1/proc/job/{job}/addtaskroute`: a task takes from one parent more, as long as nothing of the job has begun.

use std::sync::Arc;

use analyte_core::job::Job;
use analyte_core::names::TaskName;
use analyte_jobs::Right;
use axum::extract::{Request, State};
use axum::response::Response;
use http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;

use super::add_task::AddedBody;
use crate::aiware::body::{SMALL, received};
use crate::aiware::detail::job::RouteDetail;
use crate::aiware::error::{ErrorId, Refusal};
use crate::aiware::ids::lookup;
use crate::aiware::ids::task_id::TaskId;
use crate::aiware::path::Segments;
use crate::entry::auth::Caller;
use crate::native::json;
use crate::request::json_body::{self, Member};
use crate::shared::Shared;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AddRoute)]
struct AddRouteBody<'a> {
    /// So it is called, although it is a route.
    #[serde(borrow)]
    #[schema(value_type = RouteBody)]
    task: Member<'a, RouteBody<'a>>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AddedRoute)]
struct RouteBody<'a> {
    #[serde(rename = "taskParentId", alias = "taskParentID")]
    parent: Option<String>,
    #[serde(rename = "taskChildId", alias = "taskChildID")]
    child: String,
    endpoint: Option<String>,
    // This changes nothing: a task runs in one instance, or the server spreads it.
    #[serde(borrow, rename = "taskChildNumEngines")]
    #[schema(value_type = Option<i64>)]
    _engines: Option<Member<'a>>,
}

/// Adds a route.
#[utoipa::path(post, path = "/edge/v1/proc/job/{job}/addtaskroute", operation_id = "add_task_route", tag = "jobs",
    params(
        ("job" = String, Path, description = "Its id, in either form."),
    ),
    request_body(content = AddRouteBody, content_type = "application/json"),
    responses(
        (status = 200, description = "The new route.", body = AddedBody<RouteDetail>),
    ),
)]
pub(crate) async fn add_task_route(
    State(shared): State<Arc<Shared>>,
    caller: Caller,
    Segments(id): Segments<String>,
    request: Request,
) -> Result<Response, Refusal> {
    let received = received(&shared, &caller, Some(Right::JobsWrite), request, SMALL).await?;
    let AddRouteBody { task } = json_body::read(&received.bytes)?;
    let RouteBody { parent, child, endpoint, .. } = task.object("/task")?;
    let job = lookup::job(&shared.manager, caller.organisation(), &id).await?;
    if endpoint.is_some_and(|endpoint| !endpoint.is_empty()) {
        let message = "has no meaning here: a task's input comes with its payload or from its parents";
        return Err(Refusal::at(ErrorId::NotImplemented, "/task/endpoint", message));
    }
    let parent = parent.filter(|parent| !parent.is_empty());
    let parent = parent.ok_or_else(|| Refusal::at(ErrorId::Malformed, "/task/taskParentId", "is missing"))?;
    let (from, parent) = task_of(&job, &parent, "/task/taskParentId")?;
    let (to, child) = task_of(&job, &child, "/task/taskChildId")?;
    let job = shared.manager.add_parent(caller.organisation(), job.id, &child, &parent).await?;
    let route = RouteDetail::of(&job, Some(from), to);
    Ok(json::answer(StatusCode::OK, &AddedBody { task: route, success: true, error: None }))
}

/// A task of the job, by its id in either form or by the name that its client gave it.
fn task_of(job: &Job, text: &str, at: &str) -> Result<(usize, TaskName), Refusal> {
    let by_id = TaskId::parse(text).filter(|id| id.is_of(job.id)).map(TaskId::place);
    let by_name = || TaskName::new(text).ok().and_then(|name| job.tasks.place(&name));
    let place = by_id.or_else(by_name);
    let found = place.and_then(|place| Some((place, job.tasks.get(place)?.name.clone())));
    found.ok_or_else(|| Refusal::at(ErrorId::InvalidInput, at, "is no task of the job"))
}
