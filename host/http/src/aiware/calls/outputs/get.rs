//! `GET /edge/v1/proc/job/{job}/output/{name}` and `GET /edge/v1/proc/task/{task}/output/{name}`
//!
//! The contents are part of the answer where they are text and short; else `contentsValid` is false, and a client downloads
//! them.

use std::sync::Arc;

use analyte_core::job::{Job, Task};
use analyte_jobs::{Reservation, Right};
use axum::body::to_bytes;
use axum::extract::State;
use axum::response::Response;
use http::StatusCode;

use super::names::{self, Output, OutputBody, What};
use crate::aiware::envelope::OutputEnvelope;
use crate::aiware::error::Refusal;
use crate::aiware::ids::lookup;
use crate::aiware::path::Segments;
use crate::entry::auth::Caller;
use crate::native::json;
use crate::native::table;
use crate::shared::Shared;

/// The longest contents, in bytes as they are kept, that are part of an answer.
const SHORT: u64 = 64 * 1024;
/// The longest text that contents become: a table that is short as it is kept may be long as JSON.
const TEXT: usize = 1024 * 1024;
/// About how many times as long a table is as text, and what comes on top.
const GROWTH: u64 = 16;
const LITTLE: u64 = 4 * 1024;

/// One output of a job.
#[utoipa::path(get, path = "/edge/v1/proc/job/{job}/output/{name}", operation_id = "job_output", tag = "outputs",
    params(
        ("job" = String, Path, description = "Its id, in either form."),("name" = String, Path, description = "What the output is called."),
    ),
    responses(
        (status = 200, description = "The output, its contents where they are short.", body = OutputEnvelope<OutputBody>),
    ),
)]
pub(crate) async fn of_job(
    State(shared): State<Arc<Shared>>,
    caller: Caller,
    Segments((id, name)): Segments<(String, String)>,
) -> Result<Response, Refusal> {
    caller.require(Right::JobsRead)?;
    let job = lookup::job(&shared.manager, caller.organisation(), &id).await?;
    answer(&shared, &caller, &job, names::one_of_job(&job, &name)?).await
}

/// One output of a task.
#[utoipa::path(get, path = "/edge/v1/proc/task/{task}/output/{name}", operation_id = "task_output", tag = "outputs",
    params(
        ("task" = String, Path, description = "Its id, in either form."),("name" = String, Path, description = "What the output is called."),
    ),
    responses(
        (status = 200, description = "The output, its contents where they are short.", body = OutputEnvelope<OutputBody>),
    ),
)]
pub(crate) async fn of_task(
    State(shared): State<Arc<Shared>>,
    caller: Caller,
    Segments((id, name)): Segments<(String, String)>,
) -> Result<Response, Refusal> {
    caller.require(Right::JobsRead)?;
    let found = lookup::task(&shared.manager, caller.organisation(), &id).await?;
    let output = names::one_of_task(&found, &name)?;
    answer(&shared, &caller, &found.job, output).await
}

async fn answer(shared: &Shared, caller: &Caller, job: &Job, output: Output) -> Result<Response, Refusal> {
    let mut body = output.body();
    let contents = contents(shared, caller, job, &output, TEXT).await?;
    body.contents_valid = Some(contents.is_some());
    body.contents = contents;
    Ok(json::answer(StatusCode::OK, &OutputEnvelope { output: body }))
}

/// The table of a task, with its text where that is short and there is memory for it, and that memory; `None`: it has given none.
pub(crate) async fn table_of(
    shared: &Shared,
    caller: &Caller,
    job: &Job,
    task: &Task,
) -> Result<Option<(OutputBody, Option<Reservation>)>, Refusal> {
    let Some(output) = names::table(task) else { return Ok(None) };
    let mut body = output.body();
    let most = body.size.saturating_mul(GROWTH).saturating_add(LITTLE).min(TEXT as u64);
    // A thousand clients may wait for one table.
    let held = shared.manager.reserve_memory(caller.organisation(), most).ok();
    if held.is_some() {
        body.contents = contents(shared, caller, job, &output, usize::try_from(most).unwrap_or(TEXT)).await?;
    }
    body.contents_valid = Some(body.contents.is_some());
    Ok(Some((body, held)))
}

/// The contents as text, of `most` bytes at most; `None`: they are longer, or no text.
async fn contents(
    shared: &Shared,
    caller: &Caller,
    job: &Job,
    output: &Output,
    most: usize,
) -> Result<Option<String>, Refusal> {
    let (manager, organisation) = (&shared.manager, caller.organisation());
    match &output.what {
        What::Table(content, format) if content.bytes <= SHORT => {
            let result = manager.result(organisation, job.id, Some(&output.task)).await?;
            let bytes = manager.result_part(organisation, job.id, &result, 0..content.bytes).await?;
            let stored = table::stored(shared, organisation, bytes).await?;
            let body = table::body(shared, organisation, *format, stored, Vec::new()).await?;
            let text = to_bytes(body, most).await.ok().map(Vec::from);
            Ok(text.and_then(|text| String::from_utf8(text).ok()))
        }
        What::File(file) if file.content.bytes <= SHORT => {
            let bytes = manager.file_bytes(organisation, job.id, file, 0..file.content.bytes).await?;
            Ok(String::from_utf8(bytes.into()).ok())
        }
        What::Table(..) | What::File(_) => Ok(None),
    }
}
