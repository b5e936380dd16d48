//! The body of a creation: what is read. Members that clients of the product send and that change nothing here are named, so
//! that one that is misspelt is still refused.

use serde::Deserialize;
use utoipa::ToSchema;

use crate::native::json::Time;
use crate::request::json_body::Member;

/// Jobs to be.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CreateJobs)]
pub(crate) struct CreateBody<'a> {
    #[serde(borrow)]
    #[schema(value_type = Vec<JobBody>)]
    pub(super) jobs: Member<'a, Vec<()>>,
}

/// A task that is added to a job.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AddTask)]
pub(crate) struct AddTaskBody<'a> {
    #[serde(borrow)]
    #[schema(value_type = TaskBody)]
    pub(super) task: Member<'a>,
}

/// One job to be.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewJob)]
pub(super) struct JobBody<'a> {
    #[serde(borrow)]
    #[schema(value_type = Option<Vec<TaskBody>>)]
    pub(super) tasks: Option<Member<'a, Vec<()>>>,
    #[serde(rename = "taskRoutes")]
    #[schema(value_type = Option<Vec<RouteBody>>)]
    pub(super) routes: Option<Member<'a, Vec<()>>>,
    #[serde(rename = "internalOrganizationID", alias = "internalOrganizationId")]
    #[schema(value_type = Option<String>)]
    pub(super) organisation: Option<Member<'a, String>>,
    #[serde(rename = "jobConfigJSON")]
    #[schema(value_type = Option<String>)]
    pub(super) config: Option<Member<'a, String>>,
    #[serde(rename = "jobStatus")]
    #[schema(value_type = Option<String>)]
    pub(super) status: Option<Member<'a, String>>,
    /// Not to be started before: no member of the product, whose jobs have it when they are read.
    #[serde(rename = "startDateTime")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(super) start: Option<Member<'a, Time>>,
    #[serde(rename = "coreID", alias = "coreId")]
    #[schema(value_type = Option<String>)]
    pub(super) core_id: Option<Member<'a, String>>,
    #[serde(rename = "coreRecordingID", alias = "coreRecordingId")]
    #[schema(value_type = Option<i64>)]
    pub(super) recording: Option<Member<'a, i64>>,
    #[serde(rename = "coreSourceID", alias = "coreSourceId")]
    #[schema(value_type = Option<i64>)]
    pub(super) source: Option<Member<'a, i64>>,
    #[serde(rename = "sendOutputToUris")]
    #[schema(value_type = Option<Vec<String>>)]
    pub(super) send_output_to: Option<Member<'a, Vec<String>>>,
    #[serde(rename = "isTemplate")]
    #[schema(value_type = Option<bool>)]
    pub(super) is_template: Option<Member<'a, bool>>,
    // These change nothing.
    #[serde(rename = "coreJobID", alias = "coreJobId")]
    #[schema(value_type = Option<String>)]
    pub(super) _core_job_id: Option<Member<'a>>,
    #[serde(rename = "dueDateTime")]
    #[schema(value_type = Option<String>)]
    pub(super) _due: Option<Member<'a>>,
    #[serde(rename = "currentRetries")]
    #[schema(value_type = Option<i64>)]
    pub(super) _current_retries: Option<Member<'a>>,
}

/// One task to be.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewTask)]
pub(super) struct TaskBody<'a> {
    #[serde(borrow, rename = "engineId", alias = "engineID")]
    #[schema(value_type = String)]
    pub(super) engine: Member<'a, String>,
    #[serde(rename = "correlationTaskId", alias = "correlationTaskID")]
    #[schema(value_type = Option<String>)]
    pub(super) correlation: Option<Member<'a, String>>,
    #[serde(rename = "ioFolders")]
    #[schema(value_type = Option<Vec<FolderBody>>)]
    pub(super) folders: Option<Member<'a, Vec<FolderBody<'a>>>>,
    #[serde(rename = "payloadJSON")]
    #[schema(value_type = Option<String>)]
    pub(super) payload: Option<Member<'a, String>>,
    #[serde(rename = "taskPayloadJSON")]
    #[schema(value_type = Option<String>)]
    pub(super) task_payload: Option<Member<'a, String>>,
    #[schema(value_type = Option<i32>)]
    pub(super) priority: Option<Member<'a, i32>>,
    #[serde(rename = "maxRetries")]
    #[schema(value_type = Option<u32>)]
    pub(super) max_retries: Option<Member<'a, u32>>,
    #[serde(rename = "taskStatus")]
    #[schema(value_type = Option<String>)]
    pub(super) status: Option<Member<'a, String>>,
    #[serde(rename = "sendOutputToUris")]
    #[schema(value_type = Option<Vec<String>>)]
    pub(super) send_output_to: Option<Member<'a, Vec<String>>>,
    // These change nothing: a task waits for its parents in any case, and how a run is spread is the server's business.
    #[serde(rename = "parentMustBeCompleteBeforeStarting")]
    #[schema(value_type = Option<bool>)]
    pub(super) _waits: Option<Member<'a>>,
    #[serde(rename = "maxEngines")]
    #[schema(value_type = Option<i64>)]
    pub(super) _max_engines: Option<Member<'a>>,
    #[serde(rename = "parallelProcessing")]
    #[schema(value_type = Option<bool>)]
    pub(super) _parallel: Option<Member<'a>>,
    #[serde(rename = "numChunksPerWorkItem")]
    #[schema(value_type = Option<i64>)]
    pub(super) _chunks: Option<Member<'a>>,
    #[serde(rename = "maxProcessingSecondsPerWorkItem")]
    #[schema(value_type = Option<i64>)]
    pub(super) _processing_seconds: Option<Member<'a>>,
    #[serde(rename = "maxWaitSecondsForChunk")]
    #[schema(value_type = Option<i64>)]
    pub(super) _wait_seconds: Option<Member<'a>>,
    #[serde(rename = "dueDateTime")]
    #[schema(value_type = Option<String>)]
    pub(super) _due: Option<Member<'a>>,
    #[serde(rename = "coreTaskId", alias = "coreTaskID")]
    #[schema(value_type = Option<String>)]
    pub(super) _core_task_id: Option<Member<'a>>,
}

/// Where a task's input comes in, or its output goes out.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewFolder)]
pub(super) struct FolderBody<'a> {
    #[serde(rename = "correlationID", alias = "correlationId")]
    pub(super) correlation: Option<String>,
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) mode: Option<String>,
    // This changes nothing.
    #[serde(borrow, rename = "optionsJSON")]
    #[schema(value_type = Option<String>)]
    pub(super) _options: Option<Member<'a>>,
}

/// That a task takes what another one gives; without a parent: that it takes nothing.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewRoute)]
pub(super) struct RouteBody<'a> {
    #[serde(rename = "taskParentId", alias = "taskParentID")]
    pub(super) parent: Option<String>,
    #[serde(rename = "taskParentOutputId", alias = "taskParentOutputID")]
    pub(super) output: Option<String>,
    #[serde(rename = "taskChildId", alias = "taskChildID")]
    pub(super) child: String,
    #[serde(rename = "taskChildInputId", alias = "taskChildInputID")]
    pub(super) input: Option<String>,
    pub(super) endpoint: Option<String>,
    // These change nothing.
    #[serde(borrow, rename = "syncEnabled")]
    #[schema(value_type = Option<bool>)]
    pub(super) _sync: Option<Member<'a>>,
    #[serde(rename = "syncTimeoutInSeconds")]
    #[schema(value_type = Option<i64>)]
    pub(super) _sync_seconds: Option<Member<'a>>,
    #[serde(rename = "chunkCallbackEnabled")]
    #[schema(value_type = Option<bool>)]
    pub(super) _callback: Option<Member<'a>>,
}
