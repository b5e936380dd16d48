//! The fields of the tables that these services answer. Their names are public, their fields hardly: see
//! `docs/thingworx.md`.

use analyte_core::base_type::BaseType;
use analyte_core::shape::Field;

use crate::thingworx::call::table::{field, with_aspect};

/// Rows of QueryJobs.
pub(super) const SOLVABLE: &str = "PTC.Capability.Analysis.SolvableDataShape";
/// Rows of GetJobErrors.
pub(super) const JOB_ERROR: &str = "TW.AnalysisServices.JobErrorDataShape";
/// Rows of GetJobResultFiles.
pub(super) const JOB_FILES: &str = "TW.AnalysisServices.JobFilesDatashape";

/// See [`SOLVABLE`].
pub(super) fn solvable() -> Vec<Field> {
    vec![
        with_aspect("isPrimaryKey", "true", field("key", BaseType::String, "The job's id.")),
        field("providerName", BaseType::String, ""),
        field("modelName", BaseType::String, ""),
        field("status", BaseType::String, "WAITING, INPROCESS, COMPLETED or FAILED."),
        field("inputs", BaseType::Infotable, "What was given; unset above 64 KiB."),
        field("results", BaseType::Infotable, "Always unset: ask GetJobResults."),
        field("extraParams", BaseType::Json, "The model's parameters, defaults included; unset above 64 KiB."),
        field("customData", BaseType::Infotable, "The client's own data."),
        with_aspect("dataShape", JOB_ERROR, field("errors", BaseType::Infotable, "Why a job is FAILED; else unset.")),
        field("eventId", BaseType::String, "Always unset: there are no events."),
        field("clientId", BaseType::String, "Always unset: jobs need no agents."),
        field("isSimulation", BaseType::Boolean, "Always false."),
        with_aspect(Field::BASE_TYPE, "USERNAME", field("createdBy", BaseType::EntityName, "The label of the token.")),
        field("createdOn", BaseType::Datetime, ""),
        field("startedOn", BaseType::Datetime, ""),
        field("completedOn", BaseType::Datetime, "Its end, whichever it was."),
    ]
}

/// See [`JOB_ERROR`].
pub(super) fn job_error() -> Vec<Field> {
    vec![
        field("jobId", BaseType::String, ""),
        field("errorCode", BaseType::String, "A stable word."),
        field("errorMessage", BaseType::String, "One sentence."),
        field("details", BaseType::Text, "Facts, causes and whatever helps to find the reason, one a line."),
        field("timestamp", BaseType::Datetime, ""),
    ]
}

/// See [`JOB_FILES`].
pub(super) fn job_files() -> Vec<Field> {
    vec![
        field("name", BaseType::String, ""),
        field("link", BaseType::Hyperlink, "An address on this server."),
        field("size", BaseType::Long, "Bytes."),
    ]
}
