//! A task to be, and what is changed of one.

use async_graphql::{ID, InputObject};

use crate::graphql::scalar::date_time::DateTime;
use crate::graphql::scalar::json_data::JsonData;
use crate::graphql::word::task::{IoFolderMode, IoFolderType, TaskFailureReason, TaskStatus};

/// A task to be.
#[derive(InputObject)]
pub(crate) struct CreateTask {
    /// An engine's id, `provider/model`, or the name of a model that only one provider has.
    pub(crate) engine_id: Option<ID>,
    pub(crate) task_type: Option<String>,
    /// Its member `input` is the table, the others are parameters.
    pub(crate) payload: Option<JsonData>,
    /// The same as text.
    pub(crate) payload_string: Option<String>,
    pub(crate) build_id: Option<ID>,
    pub(crate) is_clone: Option<bool>,
    pub(crate) test_task: Option<bool>,
    pub(crate) standby_task: Option<Box<CreateTask>>,
    pub(crate) io_folders: Option<Vec<CreateIoFolder>>,
    pub(crate) execution_preferences: Option<CreateExecutionPreferences>,
    pub(crate) notification_uris: Option<Vec<String>>,
}

/// Where a task takes something in or gives something out.
#[derive(InputObject)]
#[graphql(name = "CreateIOFolder")]
pub(crate) struct CreateIoFolder {
    /// Unique within the job.
    pub(crate) reference_id: ID,
    pub(crate) mode: Option<IoFolderMode>,
    #[graphql(name = "type")]
    pub(crate) kind: IoFolderType,
}

/// That a task takes what another one gives; without a parent: that it takes nothing.
#[derive(InputObject)]
pub(crate) struct CreateRoute {
    pub(crate) parent_io_folder_reference_id: Option<ID>,
    pub(crate) child_io_folder_reference_id: Option<ID>,
    pub(crate) endpoint: Option<String>,
    pub(crate) options: Option<JsonData>,
}

/// How a task is run. How a run is spread is the server's business, and a task waits for its parents in any case.
#[derive(InputObject)]
pub(crate) struct CreateExecutionPreferences {
    /// Lower runs first.
    #[graphql(default_with = "Some(0)")]
    pub(crate) priority: Option<i32>,
    #[graphql(default_with = "Some(1)")]
    pub(crate) max_retries: Option<i32>,
    pub(crate) max_engines: Option<i32>,
    #[graphql(default_with = "Some(false)")]
    pub(crate) parallel_processing: Option<bool>,
    #[graphql(default_with = "Some(false)")]
    pub(crate) parent_complete_before_starting: Option<bool>,
    pub(crate) due_date_time: Option<DateTime>,
}

/// What to change of a task.
#[derive(InputObject)]
pub(crate) struct UpdateTask {
    pub(crate) id: ID,
    /// `aborted`: the other states follow from what tasks do.
    pub(crate) status: TaskStatus,
    pub(crate) job_id: Option<ID>,
    pub(crate) output: Option<JsonData>,
    pub(crate) output_string: Option<String>,
    pub(crate) output_json_key: Option<String>,
    pub(crate) task_output: Option<JsonData>,
    pub(crate) payload: Option<JsonData>,
    pub(crate) execution_location_data: Option<JsonData>,
    pub(crate) client_timestamp: Option<DateTime>,
    pub(crate) failure_reason: Option<TaskFailureReason>,
    pub(crate) failure_message: Option<String>,
    pub(crate) notification_uris: Option<Vec<String>>,
}
