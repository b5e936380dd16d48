//! `POST /edge/v1/proc/job/create`
//!
//! Each element of `jobs` becomes one job. All of them are accepted, or none: what is wrong with one refuses the call, with
//! its place.

use std::sync::Arc;

use analyte_core::job::Job;
use analyte_core::table::format::Format;
use analyte_jobs::{InputAsked, NotTogether, Right, Submission, TaskAsked};
use axum::extract::{Request, State};
use axum::response::Response;
use bytes::Bytes;
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

mod added;
mod asked;
pub(crate) mod assemble;
pub(super) mod body;
pub(crate) mod folders;
pub(crate) mod graph;
pub(crate) mod payload;

use self::assemble::{Asked, AskedTask};
use self::body::CreateBody;
use crate::aiware::body::received;
use crate::aiware::error::{ErrorId, Refusal};
use crate::aiware::ids::engines::{self, Engines};
use crate::entry::auth::Caller;
use crate::native::jobs::submit::submission::Room;
use crate::native::json;
use crate::native::table;
use crate::request::body::Received;
use crate::shared::Shared;

/// How long a body may be, in bytes, before memory is set aside for the texts within it.
const LARGE: usize = 64 * 1024;

#[derive(Serialize, ToSchema)]
struct CreatedBody {
    #[serde(rename = "internalJobIds")]
    #[schema(value_type = Vec<String>)]
    jobs: Vec<Uuid>,
}

/// Makes jobs. Once their ids are answered, they are kept.
#[utoipa::path(post, path = "/edge/v1/proc/job/create", operation_id = "create_jobs", tag = "jobs",
    request_body(content = CreateBody, content_type = "application/json"),
    responses(
        (status = 200, description = "Kept, all of them; their ids in the same order.", body = CreatedBody),
    ),
)]
pub(crate) async fn create(
    State(shared): State<Arc<Shared>>,
    caller: Caller,
    request: Request,
) -> Result<Response, Refusal> {
    let most = shared.limits.body_bytes;
    let Received { bytes, mut reserved } = received(&shared, &caller, Some(Right::JobsWrite), request, most).await?;
    if bytes.len() > LARGE {
        // Payloads are texts within the body, and are written out beside it.
        reserved.push(shared.manager.reserve_memory(caller.organisation(), bytes.len() as u64)?);
    }
    let asked = asked(&shared, &caller, bytes).await?;
    let submissions = with_tables(&shared, &caller, asked).await?;
    // The tables hold what is needed of the body.
    drop(reserved);
    let together = shared.manager.submit_together(caller.organisation(), submissions).await;
    let jobs = together.map_err(|NotTogether { place, error }| match place {
        Some(place) => Refusal::from(error).about(&format!("`/jobs/{place}`")),
        None => Refusal::from(error),
    })?;
    let body = CreatedBody { jobs: jobs.into_iter().map(|job| job.0).collect() };
    Ok(json::answer(StatusCode::OK, &body))
}

/// The jobs that are asked for, their tables not read yet.
async fn asked(shared: &Arc<Shared>, caller: &Caller, body: Bytes) -> Result<Vec<Asked>, Refusal> {
    let (limits, by, size) = (shared.limits.clone(), caller.clone(), body.len());
    let read = move || asked::read(&body, &by, &limits);
    table::compute_sized(shared, caller.organisation(), size, read).await?
}

/// Finds the models, and reads the tables for them.
pub(crate) async fn with_tables(
    shared: &Arc<Shared>,
    caller: &Caller,
    jobs: Vec<Asked>,
) -> Result<Vec<Submission>, Refusal> {
    let organisation = caller.organisation();
    let named: Vec<String> = jobs.iter().flat_map(|job| job.tasks.iter().map(|task| task.engine.clone())).collect();
    let engines = engines::find(shared, organisation, named).await?;
    let mut room = Room::of(&shared.limits);
    let mut submissions = Vec::with_capacity(jobs.len());
    for mut job in jobs {
        for task in &mut job.tasks {
            with_table(shared, caller, (&engines, &mut room), task).await?;
        }
        submissions.push(job.submission());
    }
    Ok(submissions)
}

/// Finds the model of a task, and reads the table for it.
async fn with_table(
    shared: &Arc<Shared>,
    caller: &Caller,
    (engines, room): (&Engines, &mut Room<'_>),
    asked: &mut AskedTask,
) -> Result<(), Refusal> {
    let AskedTask { task, engine, table, at, payload_at } = asked;
    let unknown = || {
        let shown: String = engine.chars().take(80).collect();
        Refusal::at(ErrorId::NotFound, &format!("{at}/engineId"), format!("there is no engine `{shown}`"))
    };
    let (provider, model) = engines.model(engine).ok_or_else(unknown)?;
    let found = shared.manager.model(caller.organisation(), &provider, &model).map_err(|_| unknown())?;
    (task.provider, task.model) = (provider, model);
    let Some(text) = table.take() else { return Ok(()) };
    let place = format!("{payload_at}/input");
    let read = table::read_for((shared, caller), room.limits(), &found.info, Format::Json, text, &place).await;
    let read = read.map_err(|problem| Refusal::from(problem).about(&format!("`{place}`")))?;
    room.take(&read.table);
    task.input = InputAsked::Given { table: read.table, warnings: read.warnings };
    Ok(())
}

/// One task as a body asks for it that adds it to a job, its table read.
pub(super) async fn added(
    shared: &Arc<Shared>,
    caller: &Caller,
    job: &Arc<Job>,
    body: Bytes,
) -> Result<TaskAsked, Refusal> {
    let organisation = caller.organisation();
    let (limits, size, of) = (shared.limits.clone(), body.len(), job.clone());
    let read = move || added::read(&body, &of, &limits);
    let mut asked = table::compute_sized(shared, organisation, size, read).await??;
    let engines = engines::find(shared, organisation, vec![asked.engine.clone()]).await?;
    with_table(shared, caller, (&engines, &mut Room::of(&shared.limits)), &mut asked).await?;
    Ok(asked.task)
}
