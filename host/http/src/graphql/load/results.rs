//! The result tables of tasks.

use analyte_core::job::{Job, Task};
use analyte_core::table::format::Format;
use axum::body::to_bytes;
use serde_json::json;

use crate::aiware::ids::names;
use crate::graphql::context::Asked;
use crate::graphql::fault::{Fault, Name};
use crate::graphql::scalar::json_data::JsonData;
use crate::native::table;

/// About how many times the bytes of a stored table its rows take as values.
const AS_VALUES: u64 = 32;

/// The rows of a task's result, as clients of aiWARE read results; `None`: the task has none.
pub(crate) async fn rows(asked: &Asked<'_>, job: &Job, task: &Task) -> Result<Option<JsonData>, Fault> {
    let Some(content) = &task.result else { return Ok(None) };
    let (manager, organisation) = (asked.manager(), asked.organisation());
    // As it is kept, as columns, as text and as values.
    asked.budget.hold(content.bytes.saturating_mul(AS_VALUES))?;
    let result = manager.result(organisation, job.id, Some(&task.name)).await?;
    let bytes = manager.result_part(organisation, job.id, &result, 0..content.bytes).await?;
    let stored = table::stored(asked.shared, organisation, bytes).await?;
    let body = table::body(asked.shared, organisation, Format::Json, stored, Vec::new()).await?;
    let most = usize::try_from(asked.shared.limits.answer_bytes).unwrap_or(usize::MAX);
    let failed = |error: &dyn std::fmt::Display| {
        tracing::error!(%error, "a result cannot be answered");
        Fault::new(Name::InternalError, "the result cannot be answered")
    };
    let text = to_bytes(body, most).await.map_err(|error| failed(&error))?;
    let size = text.len();
    let read = move || serde_json::from_slice::<serde_json::Value>(&text);
    let read = table::compute_sized(asked.shared, organisation, size, read).await?;
    let mut table = read.map_err(|error| failed(&error))?;
    let rows = table.get_mut("rows").map(serde_json::Value::take).unwrap_or_default();
    Ok(Some(JsonData::of(json!({
        "sourceEngineId": names::engine(&task.provider, &task.model).to_string(),
        "sourceEngineName": names::engine_name(&task.provider, &task.model),
        "object": rows,
    }))))
}
