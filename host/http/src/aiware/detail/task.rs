//! A task as it stands in answers.

use analyte_core::job::{Job, Status};
use analyte_core::names::{ModelName, ProviderName};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::job::{RECORDING, number};
use crate::aiware::ids::core_form::CoreForm;
use crate::aiware::ids::{names, task_id};
use crate::aiware::status;
use crate::native::json::Time;

/// A task.
#[derive(Serialize, ToSchema)]
pub(crate) struct TaskDetail<'a> {
    #[serde(rename = "internalTaskID")]
    #[schema(value_type = String, format = "uuid")]
    internal_task_id: Uuid,
    #[serde(rename = "coreTaskID")]
    core_task_id: String,
    #[serde(rename = "internalJobID")]
    #[schema(value_type = String, format = "uuid")]
    internal_job_id: Uuid,
    #[serde(rename = "coreJobID")]
    core_job_id: String,
    #[serde(rename = "coreRecordingID")]
    recording: Option<i64>,
    #[serde(rename = "internalOrganizationID")]
    #[schema(value_type = String, format = "uuid")]
    organisation: Uuid,
    #[serde(flatten)]
    engine: EngineNames<'a>,
    #[serde(rename = "buildID")]
    #[schema(value_type = String, format = "uuid")]
    build: Uuid,
    #[serde(rename = "taskStatus")]
    status: &'static str,
    #[serde(rename = "failureReason")]
    failure_reason: &'static str,
    #[serde(rename = "failureDetail")]
    failure_detail: Option<&'a str>,
    #[serde(rename = "errorCount")]
    errors: u32,
    #[serde(rename = "currentRetries")]
    current_retries: u32,
    #[serde(rename = "maxRetries")]
    max_retries: u32,
    #[serde(rename = "maxEngines")]
    max_engines: u32,
    #[serde(rename = "parallelProcessing")]
    parallel: bool,
    #[serde(rename = "parentMustBeCompleteBeforeStarting")]
    waits_for_parents: bool,
    #[serde(rename = "parentTaskID")]
    #[schema(value_type = Option<String>, format = "uuid")]
    parent: Option<Uuid>,
    #[serde(rename = "childTaskIDs")]
    #[schema(value_type = Vec<String>)]
    children: Vec<Uuid>,
    #[serde(rename = "chunkCountInfo")]
    #[schema(value_type = Option<serde_json::Value>)]
    chunks: Option<()>,
    #[serde(rename = "ioFolders")]
    #[schema(value_type = Vec<serde_json::Value>)]
    folders: [(); 0],
    /// The parameters as text, where they were read.
    #[serde(rename = "payloadJSON")]
    payload: Option<&'a str>,
    #[serde(rename = "taskPayloadJSON")]
    #[schema(value_type = Option<serde_json::Value>)]
    task_payload: Option<()>,
    #[serde(rename = "taskOutputSON")]
    #[schema(value_type = Option<serde_json::Value>)]
    output: Option<()>,
    #[serde(rename = "taskTemplateID")]
    #[schema(value_type = Option<serde_json::Value>)]
    template: Option<()>,
    #[serde(rename = "isTemplate")]
    is_template: bool,
    #[serde(rename = "sendOutputToUris")]
    #[schema(value_type = Vec<serde_json::Value>)]
    send_output_to: [(); 0],
    #[serde(rename = "dueDateTime")]
    #[schema(value_type = Option<serde_json::Value>)]
    due: Option<()>,
    #[serde(rename = "createdDateTime")]
    #[schema(value_type = String, format = DateTime)]
    created: Time,
    #[serde(rename = "modifiedDateTime")]
    #[schema(value_type = String, format = DateTime)]
    modified: Time,
    #[serde(rename = "scheduledDateTime")]
    #[schema(value_type = Option<String>, format = DateTime)]
    scheduled: Option<Time>,
    #[serde(rename = "startDateTime")]
    #[schema(value_type = Option<String>, format = DateTime)]
    start: Option<Time>,
    #[serde(rename = "startedDateTime")]
    #[schema(value_type = Option<String>, format = DateTime)]
    started: Option<Time>,
    #[serde(rename = "stopDateTime")]
    #[schema(value_type = Option<serde_json::Value>)]
    stop: Option<()>,
    #[serde(rename = "completedDateTime")]
    #[schema(value_type = Option<String>, format = DateTime)]
    completed: Option<Time>,
    #[serde(rename = "abortedDateTime")]
    #[schema(value_type = Option<String>, format = DateTime)]
    aborted: Option<Time>,
}

/// An engine, as everything that belongs to one names it.
#[derive(Serialize, ToSchema)]
pub(crate) struct EngineNames<'a> {
    #[serde(rename = "engineID")]
    #[schema(value_type = String, format = "uuid")]
    id: Uuid,
    #[serde(rename = "engineName")]
    name: String,
    #[serde(rename = "engineCategoryID")]
    #[schema(value_type = String, format = "uuid")]
    category: Uuid,
    #[serde(rename = "engineCategoryName")]
    category_name: &'a str,
}

impl<'a> EngineNames<'a> {
    /// The engine that this model is.
    pub(crate) fn of(provider: &'a ProviderName, model: &ModelName) -> Self {
        Self {
            id: names::engine(provider, model),
            name: names::engine_name(provider, model),
            category: names::category(provider),
            category_name: provider.as_str(),
        }
    }
}

impl<'a> TaskDetail<'a> {
    /// Of the task at this place, with its parameters where they were read; `None`: the job has no such task.
    pub(crate) fn of(job: &'a Job, place: usize, parameters: Option<&'a str>) -> Option<Self> {
        let task = job.tasks.get(place)?;
        let id = |place: usize| task_id::internal(job.id, place);
        let ended = |status: Status| task.finished_at.filter(|_| task.status == status).map(Time);
        let changed = task.finished_at.max(task.started_at).unwrap_or(job.created_at);
        Some(Self {
            internal_task_id: id(place),
            core_task_id: task_id::core(job.id, place),
            internal_job_id: job.id.0,
            core_job_id: CoreForm::of(job.id).to_string(),
            recording: number(job, RECORDING),
            organisation: names::organisation(&job.organisation),
            engine: EngineNames::of(&task.provider, &task.model),
            build: names::build(&task.digest),
            status: status::of_task(task),
            failure_reason: status::reason(task),
            failure_detail: task.error.as_ref().map(|failure| failure.message.as_str()),
            errors: task.failures + u32::from(task.status == Status::Failed),
            current_retries: task.attempt.0.saturating_sub(1),
            max_retries: job.retry.max_attempts.saturating_sub(1),
            max_engines: 1,
            parallel: false,
            waits_for_parents: true,
            parent: job.tasks.parents(place).first().map(|parent| id(*parent)),
            children: job.tasks.children(place).iter().map(|child| id(*child)).collect(),
            chunks: None,
            folders: [],
            payload: parameters,
            task_payload: None,
            output: None,
            template: None,
            is_template: false,
            send_output_to: [],
            due: None,
            created: Time(job.created_at),
            modified: Time(changed),
            scheduled: job.run_at.map(Time),
            start: job.run_at.map(Time),
            started: task.started_at.map(Time),
            stop: None,
            completed: ended(Status::Completed),
            aborted: ended(Status::Cancelled),
        })
    }
}
