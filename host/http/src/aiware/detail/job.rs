//! A job as it stands in answers.

use analyte_core::document::Document;
use analyte_core::job::{Job, Status};
use analyte_core::webhook::Webhook;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::task::TaskDetail;
use crate::aiware::ids::core_form::CoreForm;
use crate::aiware::ids::{names, task_id};
use crate::aiware::status;
use crate::aiware::walk::modified;
use crate::native::json::Time;

/// The tag under which a job's `coreRecordingID` is kept.
pub(crate) const RECORDING: &str = "aiware.coreRecordingID";
/// The tag under which a job's `coreSourceID` is kept.
pub(crate) const SOURCE: &str = "aiware.coreSourceID";
/// The tag under which a job's `coreID` is kept.
pub(crate) const CORE_ID: &str = "aiware.coreID";

/// The tag under which a job's name is kept.
pub(crate) const NAME: &str = "aiware.name";
/// The tag under which the id of the cluster is kept that a client asked for.
pub(crate) const CLUSTER: &str = "aiware.clusterID";
/// The tag under which the id of the template is kept that a job was made of.
pub(crate) const TEMPLATE: &str = "aiware.jobTemplateID";

/// A job with its tasks.
#[derive(Serialize, ToSchema)]
pub(crate) struct JobDetail<'a> {
    #[serde(rename = "internalJobID")]
    #[schema(value_type = String, format = "uuid")]
    internal_job_id: Uuid,
    #[serde(rename = "coreJobID")]
    core_job_id: String,
    #[serde(rename = "coreID")]
    core_id: Option<&'a str>,
    #[serde(rename = "coreRecordingId")]
    recording: Option<i64>,
    #[serde(rename = "coreScheduledJobId")]
    core_scheduled_job_id: Option<u64>,
    #[serde(rename = "coreSourceId")]
    source: Option<i64>,
    #[serde(rename = "internalOrganizationID")]
    #[schema(value_type = String, format = "uuid")]
    organisation: Uuid,
    #[serde(rename = "internalScheduledJobId")]
    #[schema(value_type = Option<String>, format = "uuid")]
    internal_scheduled_job_id: Option<Uuid>,
    #[serde(rename = "jobStatus")]
    status: &'static str,
    /// The client's own data, as text.
    #[serde(rename = "jobConfigJSON")]
    config: Option<&'a str>,
    #[serde(rename = "jobTemplateId")]
    #[schema(value_type = Option<serde_json::Value>)]
    template: Option<()>,
    #[serde(rename = "isTemplate")]
    is_template: bool,
    priority: i32,
    #[serde(rename = "currentRetries")]
    current_retries: u32,
    #[serde(rename = "maxRetries")]
    max_retries: u32,
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
    #[serde(rename = "sendOutputToUris")]
    send_output_to: Vec<&'a str>,
    #[serde(rename = "taskRoutes")]
    routes: Vec<RouteDetail>,
    tasks: Vec<TaskDetail<'a>>,
}

/// That a task takes results of another, or waits for it; without a parent: that it waits for none.
#[derive(Serialize, ToSchema)]
pub(crate) struct RouteDetail {
    #[serde(rename = "taskParentId")]
    #[schema(value_type = Option<String>, format = "uuid")]
    parent: Option<Uuid>,
    #[serde(rename = "taskParentOutputId")]
    #[schema(value_type = Option<serde_json::Value>)]
    output: Option<()>,
    #[serde(rename = "taskChildId")]
    #[schema(value_type = String, format = "uuid")]
    child: Uuid,
    #[serde(rename = "taskChildInputId")]
    #[schema(value_type = Option<serde_json::Value>)]
    input: Option<()>,
    #[schema(value_type = Option<serde_json::Value>)]
    endpoint: Option<()>,
}

/// A tag that holds a number.
pub(super) fn number(job: &Job, tag: &str) -> Option<i64> {
    job.tags.get(tag)?.parse().ok()
}

impl<'a> JobDetail<'a> {
    /// Of this job.
    pub(crate) fn of(job: &'a Job) -> Self {
        let ended = |status: Status| job.finished_at.filter(|_| job.status == status).map(Time);
        let retries = job.tasks.iter().map(|task| task.attempt.0.saturating_sub(1)).max().unwrap_or_default();
        Self {
            internal_job_id: job.id.0,
            core_job_id: CoreForm::of(job.id).to_string(),
            core_id: job.tags.get(CORE_ID).map(String::as_str),
            recording: number(job, RECORDING),
            core_scheduled_job_id: job.schedule.and_then(|by| by.number),
            source: number(job, SOURCE),
            organisation: names::organisation(&job.organisation),
            internal_scheduled_job_id: job.schedule.map(|by| by.id.0),
            status: status::of_job(job),
            config: job.custom_data.as_ref().map(Document::text),
            template: None,
            is_template: false,
            priority: job.priority,
            current_retries: retries,
            max_retries: job.retry.max_attempts.saturating_sub(1),
            due: None,
            created: Time(job.created_at),
            modified: Time(modified(job)),
            scheduled: job.run_at.map(Time),
            start: job.run_at.map(Time),
            started: job.started_at.map(Time),
            stop: None,
            completed: ended(Status::Completed),
            aborted: ended(Status::Cancelled),
            send_output_to: job.webhooks.iter().map(Webhook::shown_url).collect(),
            routes: (0..job.tasks.len()).flat_map(|place| routes_to(job, place)).collect(),
            tasks: (0..job.tasks.len()).filter_map(|place| TaskDetail::of(job, place, None)).collect(),
        }
    }
}

impl RouteDetail {
    /// From the task at one place to that at another; without a parent, that the child waits for none.
    pub(crate) fn of(job: &Job, parent: Option<usize>, child: usize) -> Self {
        Self {
            parent: parent.map(|parent| task_id::internal(job.id, parent)),
            output: None,
            child: task_id::internal(job.id, child),
            input: None,
            endpoint: None,
        }
    }
}

/// The routes to the task at this place: one from each parent, or one without a parent.
fn routes_to(job: &Job, place: usize) -> Vec<RouteDetail> {
    let route = |parent: Option<usize>| RouteDetail::of(job, parent, place);
    match job.tasks.parents(place) {
        [] => vec![route(None)],
        parents => parents.iter().map(|parent| route(Some(*parent))).collect(),
    }
}
