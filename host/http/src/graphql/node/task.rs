//! A task, and parts of it.

use std::sync::Arc;

use analyte_core::job;
use async_graphql::{ID, SimpleObject};

use crate::graphql::scalar::date_time::DateTime;
use crate::graphql::scalar::json_data::JsonData;
use crate::graphql::word::task::{IoFolderMode, IoFolderType};

/// A task.
#[derive(Clone)]
pub(crate) struct Task {
    /// Its job.
    pub(crate) job: Arc<job::Job>,
    /// Its place in the job's list.
    pub(crate) place: usize,
}

/// Where a task takes something in or gives something out.
#[derive(SimpleObject)]
#[graphql(name = "IOFolder")]
pub(crate) struct IoFolder {
    pub(crate) reference_id: ID,
    #[graphql(name = "type")]
    pub(crate) kind: IoFolderType,
    pub(crate) mode: IoFolderMode,
}

/// That a task takes what another one gives.
#[derive(SimpleObject)]
#[graphql(name = "Route")]
pub(crate) struct Route {
    pub(crate) parent_io_folder_reference_id: Option<ID>,
    pub(crate) child_io_folder_reference_id: Option<ID>,
    /// Nothing: no task takes what is sent to an address.
    pub(crate) endpoint: Option<String>,
    pub(crate) options: Option<JsonData>,
}

/// How a task is run.
#[derive(SimpleObject)]
pub(crate) struct ExecutionPreferences {
    /// Lower runs first.
    pub(crate) priority: i32,
    pub(crate) max_retries: i32,
    pub(crate) max_engines: i32,
    pub(crate) parallel_processing: bool,
    /// True: a task waits for its parents in any case.
    pub(crate) parent_complete_before_starting: bool,
    pub(crate) due_date_time: Option<DateTime>,
}

/// What a task has logged.
pub(crate) struct TaskLog(pub(crate) Task);
