//! `GetJobResultFiles`: name and link of each file that a job made. The links are those of a file repository with one
//! folder per provider and one per job in it; they need the same credentials.

use analyte_core::table::infotable::{Cell, Rows};
use analyte_jobs::Right;

use super::parameters::JOB;
use super::{data_shapes, find};
use crate::thingworx::call::Call;
use crate::thingworx::call::table::of_rows;
use crate::thingworx::error::ServiceError;
use crate::thingworx::files::location::{FileLocation, JOBS};
use crate::thingworx::service::{Answer, ResultType, Service};

/// The service.
pub(crate) static SERVICE: Service = Service {
    name: "GetJobResultFiles",
    description: "Names and links of the files that a job made.",
    right: Right::JobsRead,
    parameters: &JOB,
    result: ResultType::Table(Some(data_shapes::JOB_FILES)),
    extension: false,
    handler: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call) -> Result<Answer, ServiceError> {
    let job = find::job(call).await?.job;
    let mut rows = Rows::new(data_shapes::job_files());
    let provider = job.only_task().map(|task| task.provider.as_str()).unwrap_or_default();
    for file in job.tasks.iter().flat_map(|task| &task.files) {
        let link = FileLocation::of_parts(JOBS, &format!("{provider}/{}/{}", job.id, file.name)).address();
        let size = i64::try_from(file.content.bytes).unwrap_or(i64::MAX);
        rows.push(vec![Cell::Text(file.name.to_string()), Cell::Text(link), Cell::Int(size)]);
    }
    of_rows(rows).map(Answer::Table)
}
