//! The body of a creation: what is read. Members that clients of the product send and that change nothing here are named, so
//! that one that is misspelt is still refused.

use serde::Deserialize;

use crate::native::json::Time;
use crate::request::json_body::Member;

/// Jobs to be.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CreateBody<'a> {
    #[serde(borrow)]
    pub(super) jobs: Member<'a, Vec<()>>,
}

/// A task that is added to a job.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AddTaskBody<'a> {
    #[serde(borrow)]
    pub(super) task: Member<'a>,
}

/// One job to be.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct JobBody<'a> {
    #[serde(borrow)]
    pub(super) tasks: Option<Member<'a, Vec<()>>>,
    #[serde(rename = "taskRoutes")]
    pub(super) routes: Option<Member<'a, Vec<()>>>,
    #[serde(rename = "internalOrganizationID", alias = "internalOrganizationId")]
    pub(super) organisation: Option<Member<'a, String>>,
    #[serde(rename = "jobConfigJSON")]
    pub(super) config: Option<Member<'a, String>>,
    #[serde(rename = "jobStatus")]
    pub(super) status: Option<Member<'a, String>>,
    /// Not to be started before: no member of the product, whose jobs have it when they are read.
    #[serde(rename = "startDateTime")]
    pub(super) start: Option<Member<'a, Time>>,
    #[serde(rename = "coreID", alias = "coreId")]
    pub(super) core_id: Option<Member<'a, String>>,
    #[serde(rename = "coreRecordingID", alias = "coreRecordingId")]
    pub(super) recording: Option<Member<'a, i64>>,
    #[serde(rename = "coreSourceID", alias = "coreSourceId")]
    pub(super) source: Option<Member<'a, i64>>,
    #[serde(rename = "sendOutputToUris")]
    pub(super) send_output_to: Option<Member<'a, Vec<String>>>,
    #[serde(rename = "isTemplate")]
    pub(super) is_template: Option<Member<'a, bool>>,
    // These change nothing.
    #[serde(rename = "coreJobID", alias = "coreJobId")]
    pub(super) _core_job_id: Option<Member<'a>>,
    #[serde(rename = "dueDateTime")]
    pub(super) _due: Option<Member<'a>>,
    #[serde(rename = "currentRetries")]
    pub(super) _current_retries: Option<Member<'a>>,
}

/// One task to be.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TaskBody<'a> {
    #[serde(borrow, rename = "engineId", alias = "engineID")]
    pub(super) engine: Member<'a, String>,
    #[serde(rename = "correlationTaskId", alias = "correlationTaskID")]
    pub(super) correlation: Option<Member<'a, String>>,
    #[serde(rename = "ioFolders")]
    pub(super) folders: Option<Member<'a, Vec<FolderBody<'a>>>>,
    #[serde(rename = "payloadJSON")]
    pub(super) payload: Option<Member<'a, String>>,
    #[serde(rename = "taskPayloadJSON")]
    pub(super) task_payload: Option<Member<'a, String>>,
    pub(super) priority: Option<Member<'a, i32>>,
    #[serde(rename = "maxRetries")]
    pub(super) max_retries: Option<Member<'a, u32>>,
    #[serde(rename = "taskStatus")]
    pub(super) status: Option<Member<'a, String>>,
    #[serde(rename = "sendOutputToUris")]
    pub(super) send_output_to: Option<Member<'a, Vec<String>>>,
    // These change nothing: a task waits for its parents in any case, and how a run is spread is the server's business.
    #[serde(rename = "parentMustBeCompleteBeforeStarting")]
    pub(super) _waits: Option<Member<'a>>,
    #[serde(rename = "maxEngines")]
    pub(super) _max_engines: Option<Member<'a>>,
    #[serde(rename = "parallelProcessing")]
    pub(super) _parallel: Option<Member<'a>>,
    #[serde(rename = "numChunksPerWorkItem")]
    pub(super) _chunks: Option<Member<'a>>,
    #[serde(rename = "maxProcessingSecondsPerWorkItem")]
    pub(super) _processing_seconds: Option<Member<'a>>,
    #[serde(rename = "maxWaitSecondsForChunk")]
    pub(super) _wait_seconds: Option<Member<'a>>,
    #[serde(rename = "dueDateTime")]
    pub(super) _due: Option<Member<'a>>,
    #[serde(rename = "coreTaskId", alias = "coreTaskID")]
    pub(super) _core_task_id: Option<Member<'a>>,
}

/// Where a task's input comes in, or its output goes out.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FolderBody<'a> {
    #[serde(rename = "correlationID", alias = "correlationId")]
    pub(super) correlation: Option<String>,
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) mode: Option<String>,
    // This changes nothing.
    #[serde(borrow, rename = "optionsJSON")]
    pub(super) _options: Option<Member<'a>>,
}

/// That a task takes what another one gives; without a parent: that it takes nothing.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
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
    pub(super) _sync: Option<Member<'a>>,
    #[serde(rename = "syncTimeoutInSeconds")]
    pub(super) _sync_seconds: Option<Member<'a>>,
    #[serde(rename = "chunkCallbackEnabled")]
    pub(super) _callback: Option<Member<'a>>,
}
