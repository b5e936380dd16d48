//! Jobs as rows of `PTC.Capability.Analysis.SolvableDataShape`.

use std::sync::Arc;

use analyte_core::job::Job;
use analyte_core::limits::Limits;
use analyte_core::shape::Shape;
use analyte_core::table::infotable::{Cell, Rows};
use analyte_core::table::{Table, infotable};
use analyte_jobs::JobView;
use futures::{Stream, StreamExt as _, TryStreamExt as _, stream};

use super::deadline::Deadline;
use super::inputs::{self, Inputs};
use crate::thingworx::call::Call;
use crate::thingworx::call::table::of_rows;
use crate::thingworx::error::ServiceError;
use crate::thingworx::services::jobs::{data_shapes, errors, status};

/// Jobs whose inputs are read at once.
const PART: usize = 128;
/// How many such parts are worked on at the same time.
const PARTS: usize = 2;

/// The rows of these jobs, in their order; refused where making them takes longer than the deadline allows.
pub(super) async fn table(call: &Call, jobs: Vec<JobView>, deadline: Deadline) -> Result<Table, ServiceError> {
    let jobs: Vec<Arc<Job>> = jobs.into_iter().map(|view| view.job).collect();
    let (manager, organisation) = (call.manager(), call.organisation());
    let part = |part: &[Arc<Job>]| inputs::of(manager.clone(), organisation.clone(), part.to_vec());
    let parts: Vec<_> = jobs.chunks(PART).map(part).collect();
    let mut reserved = Vec::new();
    let reserve = |part: &[(Arc<Job>, Inputs)]| {
        let bytes: usize = part.iter().map(|(job, inputs)| size(job, inputs)).sum();
        // As they are, and as columns; the code that writes the answer sets memory aside for it.
        reserved.push(manager.reserve_memory(organisation, (bytes as u64).saturating_mul(2))?);
        Ok(())
    };
    let jobs = collect(stream::iter(parts).buffered(PARTS), deadline, reserve).await?;
    let limits = call.shared.limits.clone();
    call.compute(move || {
        let mut rows = Rows::new(data_shapes::solvable());
        for (job, inputs) in jobs {
            deadline.check()?;
            rows.push(row(&job, inputs, &limits)?);
        }
        of_rows(rows)
    })
    .await?
}

/// All that the parts hold; no further part is begun once the deadline has passed.
async fn collect<T>(
    parts: impl Stream<Item = Result<Vec<T>, ServiceError>>,
    deadline: Deadline,
    mut reserve: impl FnMut(&[T]) -> Result<(), ServiceError>,
) -> Result<Vec<T>, ServiceError> {
    let mut parts = std::pin::pin!(parts);
    let mut all = Vec::new();
    while let Some(part) = parts.try_next().await? {
        deadline.check()?;
        reserve(&part)?;
        all.extend(part);
    }
    Ok(all)
}

fn size(job: &Job, inputs: &Inputs) -> usize {
    let text = |text: &Option<String>| text.as_ref().map_or(0, String::len);
    text(&inputs.inputs) + text(&inputs.extra_params) + job.custom_data.as_ref().map_or(0, |data| data.text().len())
}

fn row(job: &Job, inputs: Inputs, limits: &Limits) -> Result<Vec<Cell>, ServiceError> {
    let json = |text: Option<String>| text.map_or(Cell::Unset, Cell::Json);
    let task = job.only_task();
    Ok(vec![
        Cell::Text(job.id.to_string()),
        Cell::text(task.map(|task| task.provider.as_str())),
        Cell::text(task.map(|task| task.model.as_str())),
        Cell::from(status::word(job.status)),
        json(inputs.inputs),
        Cell::Unset,
        json(inputs.extra_params),
        json(job.custom_data.as_ref().map(|data| custom_data(data.text(), limits))),
        json(errors(job)?),
        Cell::Unset,
        Cell::Unset,
        Cell::Bool(false),
        Cell::text(job.created_by.as_deref()),
        Cell::Int(job.created_at.0),
        Cell::int(job.started_at.map(|at| at.0)),
        Cell::int(job.finished_at.map(|at| at.0)),
    ])
}

/// What a job submitted elsewhere has may be any JSON: then it stands in a table of one row.
fn custom_data(json: &str, limits: &Limits) -> String {
    let is_table = json.starts_with('{') && infotable::read(json.as_bytes(), &Shape::any(), limits).is_ok();
    if is_table {
        return json.to_owned();
    }
    let definition = r#"{"fieldDefinitions":{"value":{"name":"value","baseType":"JSON"}}}"#;
    format!(r#"{{"dataShape":{definition},"rows":[{{"value":{json}}}]}}"#)
}

fn errors(job: &Job) -> Result<Option<String>, ServiceError> {
    let table = errors::of(job)?;
    if table.rows() == 0 {
        return Ok(None);
    }
    let text = infotable::write(&table, u64::MAX).ok().and_then(|text| String::from_utf8(text).ok());
    Ok(text)
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    /// What comes of three parts within this time, and how many of them were read.
    async fn three_parts(milliseconds: u64) -> (Result<Vec<u8>, String>, usize) {
        let mut begun_parts = 0;
        let parts = stream::iter(0..3_u8).map(|part| {
            begun_parts += 1;
            // A part takes some time, however fast the clock.
            let begun = Instant::now();
            while begun.elapsed() < Duration::from_millis(1) {
                std::thread::yield_now();
            }
            Ok(vec![part; 2])
        });
        let deadline = Deadline::from_now(&Limits { thingworx_call_ms: milliseconds, ..Limits::default() });
        let all = collect(parts, deadline, |_| Ok(())).await.map_err(|error| match error {
            ServiceError::Refused(problem) => format!("{}: {}", problem.code().as_str(), problem.detail()),
            other => format!("{other:?}"),
        });
        (all, begun_parts)
    }

    #[tokio::test]
    async fn no_further_part_is_read_once_the_deadline_has_passed() {
        assert_eq!(three_parts(600_000).await, (Ok(vec![0, 0, 1, 1, 2, 2]), 3));
        let refused = "timeout: the query took longer than 1 ms (limit thingworx_call_ms); narrow it by status, \
                       providerName, modelName or createdOn";
        assert_eq!(three_parts(1).await, (Err(refused.to_owned()), 1));
    }

    #[test]
    fn custom_data_that_is_no_table_stands_in_one() {
        let limits = Limits::default();
        let table = r#"{"rows":[{"a":1}]}"#;
        assert_eq!(custom_data(table, &limits), table);
        for other in ["7", "\"text\"", "[1,2]", r#"{"a":1}"#] {
            let wrapped = custom_data(other, &limits);
            assert!(wrapped.ends_with(&format!(r#""rows":[{{"value":{other}}}]}}"#)), "{wrapped}");
            let read = infotable::read(wrapped.as_bytes(), &Shape::any(), &limits);
            assert_eq!(read.map(|read| read.table.rows()), Ok(1), "{wrapped}");
        }
    }
}
