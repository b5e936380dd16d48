//! Why a job failed or was cancelled, as a table. A job that is neither has none, whatever its earlier runs came to.

use analyte_core::failure::Failure;
use analyte_core::job::{Job, Status};
use analyte_core::table::Table;
use analyte_core::table::infotable::{Cell, Rows};

use super::data_shapes;
use crate::thingworx::call::table::of_rows;
use crate::thingworx::error::ServiceError;

/// The errors of a job, those of its first task first.
pub(super) fn of(job: &Job) -> Result<Table, ServiceError> {
    let mut rows = Rows::new(data_shapes::job_error());
    if matches!(job.status, Status::Failed | Status::Cancelled) {
        for task in &job.tasks {
            let Some(failure) = &task.error else { continue };
            let at = task.finished_at.or(job.finished_at);
            rows.push(vec![
                Cell::Text(job.id.to_string()),
                Cell::Text(failure.code.as_str().to_owned()),
                Cell::Text(failure.message.clone()),
                Cell::text(details(failure)),
                Cell::int(at.map(|at| at.0)),
            ]);
        }
    }
    of_rows(rows)
}

/// Everything that is known beside code and message, one thing a line.
fn details(failure: &Failure) -> Option<String> {
    let facts = failure.details.iter().map(|(name, value)| format!("{name}: {value}"));
    let causes = failure.causes.iter().map(|cause| format!("cause: {cause}"));
    let trap = failure.trap.iter().map(|trap| format!("trap: {trap}"));
    let frames = failure.frames.iter().map(|frame| format!("at {frame}"));
    let stderr = Some(&failure.stderr).filter(|stderr| !stderr.is_empty()).map(|stderr| format!("stderr: {stderr}"));
    let hint = failure.hint.iter().map(|hint| format!("hint: {hint}"));
    let lines: Vec<_> = facts.chain(causes).chain(trap).chain(frames).chain(stderr).chain(hint).collect();
    (!lines.is_empty()).then(|| lines.join("\n"))
}

#[cfg(test)]
mod tests {
    use analyte_core::codes::Code;

    use super::*;

    #[test]
    fn details_are_one_thing_a_line() {
        assert_eq!(details(&Failure::new(Code::Trap, "crashed")), None);
        let failure = Failure {
            causes: vec!["because".to_owned()],
            trap: Some("unreachable".to_owned()),
            frames: vec!["inner".to_owned(), "outer".to_owned()],
            stderr: "said".to_owned(),
            ..Failure::new(Code::Trap, "crashed").detail("code", "odd").hint("look")
        };
        let expected = "code: odd\ncause: because\ntrap: unreachable\nat inner\nat outer\nstderr: said\nhint: look";
        assert_eq!(details(&failure).as_deref(), Some(expected));
    }
}
