//! `GetJobResultFiles`: name and link of each file that a job made. The links are those of a file repository with one
//! folder per provider and one per job in it; they need the same credentials.

use analyte_core::table::infotable::{Cell, Rows};

use super::{data_shapes, find};
use crate::thingworx::call::Call;
use crate::thingworx::error::ServiceError;
use crate::thingworx::service::Answer;

/// Where result files stand.
const FOLDER: &str = "/Thingworx/FileRepositories/TW.AnalysisServices.JobRepository";

pub(crate) async fn call(call: &Call) -> Result<Answer, ServiceError> {
    let job = find::job(call).await?.job;
    let mut rows = Rows::new(data_shapes::job_files());
    let provider = job.only_task().map(|task| task.provider.as_str()).unwrap_or_default();
    for file in job.tasks.iter().flat_map(|task| &task.files) {
        // No name of any of these has a sign that would have to be escaped.
        let link = format!("{FOLDER}/{provider}/{}/{}", job.id, file.name);
        let size = i64::try_from(file.content.bytes).unwrap_or(i64::MAX);
        rows.push(vec![Cell::Text(file.name.to_string()), Cell::Text(link), Cell::Int(size)]);
    }
    data_shapes::table(rows).map(Answer::Table)
}
