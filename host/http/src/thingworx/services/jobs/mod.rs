//! `TW.AnalysisServices.JobManagementServicesAPI`: jobs, as clients of ThingWorx Analytics Manager know them.
//!
//! These are the jobs of the native surface under other words: what is submitted here can be watched there, and the other
//! way round. A job is named by its provider and its id; an id that is malformed, of another organisation, or of a job on
//! another provider is answered like one that was never given out.

use crate::thingworx::service::Entity;

mod cancel_job;
mod data_shapes;
mod errors;
mod execute_job;
mod find;
mod get_job_errors;
mod get_job_result_files;
mod get_job_results;
mod get_job_status;
mod parameters;
mod query_jobs;
mod retry_job;
mod stateful_session;
mod status;
mod submission;
mod submit_job;

/// The resource.
pub(crate) static ENTITY: Entity = Entity {
    name: "TW.AnalysisServices.JobManagementServicesAPI",
    description: "Submits analysis jobs, follows them and fetches what they gave.",
    services: &[
        &submit_job::SERVICE,
        &execute_job::SERVICE,
        &get_job_status::SERVICE,
        &get_job_results::SERVICE,
        &get_job_errors::SERVICE,
        &get_job_result_files::SERVICE,
        &retry_job::SERVICE,
        &query_jobs::SERVICE,
        &stateful_session::start::SERVICE,
        &stateful_session::end::SERVICE,
        &stateful_session::is_active::SERVICE,
        &cancel_job::SERVICE,
    ],
};
