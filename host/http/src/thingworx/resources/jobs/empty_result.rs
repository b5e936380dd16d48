//! What is answered for the results of a job that has none: no rows, under the fields that its model declares. Of a model
//! that is not installed any more nobody knows the fields.

use analyte_core::codes::Code;
use analyte_core::job::Job;
use analyte_core::table::{Table, infotable};

use crate::thingworx::call::Call;
use crate::thingworx::error::ServiceError;

pub(super) fn of(call: &Call, job: &Job) -> Result<Table, ServiceError> {
    let Some(task) = job.only_task() else { return Ok(Table::default()) };
    match call.manager().model(call.organisation(), &task.provider, &task.model) {
        Ok(model) => Ok(infotable::empty(&model.info.output)),
        Err(error) if error.code() == Code::NotFound => Ok(Table::default()),
        Err(error) => Err(error.into()),
    }
}
