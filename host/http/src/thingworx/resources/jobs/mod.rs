//! `TW.AnalysisServices.JobManagementServicesAPI`: jobs, as clients of ThingWorx Analytics Manager know them.
//!
//! These are the jobs of the native surface under other words: what is submitted here can be watched there, and the other
//! way round. A job is named by its provider and its id; an id that is malformed, of another organisation, or of a job on
//! another provider is answered like one that was never given out.

use crate::thingworx::call::Call;
use crate::thingworx::error::ServiceError;
use crate::thingworx::service::{Answer, Parameter, Resource, ResultType, Service};
use analyte_jobs::Right;

mod cancel_job;
pub(crate) mod data_shapes;
mod empty_result;
mod end_stateful_session;
mod errors;
mod execute_job;
pub(super) mod find;
mod get_job_errors;
mod get_job_result_files;
mod get_job_results;
mod get_job_status;
mod is_stateful_session;
pub(super) mod query_jobs;
mod retry_job;
mod start_stateful_session;
mod status;
pub(super) mod submission;
mod submit_job;

const fn parameter(name: &'static str, base_type: &'static str, description: &'static str) -> Parameter {
    Parameter { name, base_type, description, default: None, data_shape: None }
}

const PROVIDER: Parameter = parameter("providerName", "STRING", "The analysis provider.");
const JOB: [Parameter; 2] = [PROVIDER, parameter("jobId", "STRING", "The job, as SubmitJob answered it.")];
const SUBMISSION: [Parameter; 5] = [
    PROVIDER,
    parameter("modelName", "STRING", "The model of this provider."),
    parameter("inputParams", "INFOTABLE", "Rows under the model's input shape; at least one if it has fields."),
    parameter("extraParams", "JSON", "The model's parameters, an object."),
    parameter("customData", "INFOTABLE", "Your own data; QueryJobs answers it as it is."),
];

/// The resource.
pub(crate) static RESOURCE: Resource = Resource {
    name: "TW.AnalysisServices.JobManagementServicesAPI",
    description: "Submits analysis jobs, follows them and fetches what they gave.",
    services: &[
        Service {
            name: "SubmitJob",
            description: "Submits a job and answers its id at once.",
            right: Right::JobsWrite,
            inputs: &SUBMISSION,
            result: ResultType::Scalar("STRING"),
            ours: false,
        },
        Service {
            name: "ExecuteJob",
            description: "Submits a job, waits for its end and answers its results.",
            right: Right::JobsWrite,
            inputs: &SUBMISSION,
            result: ResultType::Table(None),
            ours: false,
        },
        Service {
            name: "GetJobStatus",
            description: "WAITING, INPROCESS, COMPLETED or FAILED.",
            right: Right::JobsRead,
            inputs: &JOB,
            result: ResultType::Scalar("STRING"),
            ours: false,
        },
        Service {
            name: "GetJobResults",
            description: "The results of a completed job; of any other an empty table of the same shape.",
            right: Right::JobsRead,
            inputs: &JOB,
            result: ResultType::Table(None),
            ours: false,
        },
        Service {
            name: "GetJobErrors",
            description: "Why a job failed; of any other an empty table.",
            right: Right::JobsRead,
            inputs: &JOB,
            result: ResultType::Table(Some(data_shapes::JOB_ERROR)),
            ours: false,
        },
        Service {
            name: "GetJobResultFiles",
            description: "Names and links of the files that a job made.",
            right: Right::JobsRead,
            inputs: &JOB,
            result: ResultType::Table(Some(data_shapes::JOB_FILES)),
            ours: false,
        },
        Service {
            name: "RetryJob",
            description: "Runs a job again that is FAILED or INPROCESS, and says whether it will.",
            right: Right::JobsWrite,
            inputs: &JOB,
            result: ResultType::Scalar("STRING"),
            ours: false,
        },
        Service {
            name: "QueryJobs",
            description: "The newest jobs that fulfil a query, or one of several rows of values, or both.",
            right: Right::JobsRead,
            inputs: &[
                Parameter {
                    data_shape: Some(data_shapes::SOLVABLE),
                    ..parameter("values", "INFOTABLE", "Rows of which one has to agree in every field that it sets.")
                },
                parameter("query", "QUERY", "What has to hold, and the order."),
            ],
            result: ResultType::Table(Some(data_shapes::SOLVABLE)),
            ours: false,
        },
        Service {
            name: "StartStatefulSession",
            description: "From now on the jobs of this HTTP session on one provider run in one instance, one after the other.",
            right: Right::JobsWrite,
            inputs: &[],
            result: ResultType::Nothing,
            ours: false,
        },
        Service {
            name: "EndStatefulSession",
            description: "Gives these instances up.",
            right: Right::JobsWrite,
            inputs: &[],
            result: ResultType::Nothing,
            ours: false,
        },
        Service {
            name: "IsStatefulSession",
            description: "Whether the HTTP session is stateful.",
            right: Right::JobsRead,
            inputs: &[],
            result: ResultType::Scalar("BOOLEAN"),
            ours: false,
        },
        Service {
            name: "CancelJob",
            description: "Stops a job that is WAITING or INPROCESS, and says whether it did; the job is FAILED then.",
            right: Right::JobsWrite,
            inputs: &JOB,
            result: ResultType::Scalar("STRING"),
            ours: true,
        },
    ],
};

/// Calls a service; `None`: there is none of this name.
pub(crate) async fn invoke(service: &str, call: &Call) -> Option<Result<Answer, ServiceError>> {
    Some(match service {
        "SubmitJob" => submit_job::call(call).await,
        "ExecuteJob" => execute_job::call(call).await,
        "GetJobStatus" => get_job_status::call(call).await,
        "GetJobResults" => get_job_results::call(call).await,
        "GetJobErrors" => get_job_errors::call(call).await,
        "GetJobResultFiles" => get_job_result_files::call(call).await,
        "RetryJob" => retry_job::call(call).await,
        "QueryJobs" => query_jobs::call(call).await,
        "StartStatefulSession" => start_stateful_session::call(call),
        "EndStatefulSession" => Ok(end_stateful_session::call(call)),
        "IsStatefulSession" => Ok(is_stateful_session::call(call)),
        "CancelJob" => cancel_job::call(call).await,
        _ => return None,
    })
}
