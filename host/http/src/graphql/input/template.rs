//! Job templates, task templates and pipelines to be, and what is changed of them.

use async_graphql::{ID, InputObject};

use super::job::CreateTdoInJob;
use super::task::{CreateExecutionPreferences, CreateIoFolder, CreateRoute};
use crate::graphql::scalar::json_data::JsonData;

/// A job template to be.
#[derive(InputObject)]
pub(crate) struct CreateJobTemplate {
    pub(crate) task_templates: Option<Vec<CreateTaskTemplate>>,
    pub(crate) job_pipeline_id: Option<ID>,
    pub(crate) job_pipeline_stage: Option<i32>,
    /// Kept and answered; it changes nothing.
    pub(crate) skip_decider: Option<bool>,
    pub(crate) job_config: Option<JsonData>,
    /// Nothing is kept of it: the caller's is meant in any case.
    pub(crate) application_id: Option<ID>,
    pub(crate) cluster_id: Option<ID>,
    pub(crate) routes: Option<Vec<CreateRoute>>,
}

/// What to change of a job template; what is left out stays.
#[derive(InputObject)]
pub(crate) struct UpdateJobTemplate {
    pub(crate) id: ID,
    pub(crate) job_pipeline_stage: Option<i32>,
    pub(crate) skip_decider: Option<bool>,
    pub(crate) job_config: Option<JsonData>,
}

/// A task template to be.
#[derive(InputObject)]
pub(crate) struct CreateTaskTemplate {
    pub(crate) engine_id: Option<ID>,
    pub(crate) engine_config_id: Option<ID>,
    pub(crate) execution_location_id: Option<ID>,
    /// The job template that it becomes a part of; within a job template it is that one.
    pub(crate) job_template_id: Option<ID>,
    pub(crate) payload: Option<JsonData>,
    pub(crate) payload_string: Option<String>,
    /// A task template of the same job template.
    pub(crate) parent_task_id: Option<ID>,
    pub(crate) io_folders: Option<Vec<CreateIoFolder>>,
    pub(crate) execution_preferences: Option<CreateExecutionPreferences>,
}

/// What to change of a task template; what is left out stays.
#[derive(InputObject)]
pub(crate) struct UpdateTaskTemplate {
    pub(crate) id: ID,
    pub(crate) engine_id: Option<ID>,
    pub(crate) payload: Option<JsonData>,
    pub(crate) payload_string: Option<String>,
    pub(crate) parent_task_id: Option<ID>,
    pub(crate) io_folders: Option<Vec<CreateIoFolder>>,
    pub(crate) execution_preferences: Option<CreateExecutionPreferences>,
}

/// A pipeline to be. Job templates become parts of it by their `jobPipelineId`.
#[derive(InputObject)]
pub(crate) struct CreateJobPipeline {
    pub(crate) name: Option<String>,
    pub(crate) description: Option<String>,
    /// `true` is for administrators of the product.
    pub(crate) is_public: Option<bool>,
}

/// What to change of a pipeline; what is left out stays.
#[derive(InputObject)]
pub(crate) struct UpdateJobPipeline {
    pub(crate) id: ID,
    pub(crate) name: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) is_public: Option<bool>,
}

/// An object that jobs are to point at.
#[derive(InputObject)]
pub(crate) struct TargetInfo {
    pub(crate) target_id: ID,
    pub(crate) start_offset_ms: Option<i32>,
    pub(crate) end_offset_ms: Option<i32>,
}

/// Which job templates to launch.
#[derive(InputObject)]
pub(crate) struct LaunchJobTemplates {
    pub(crate) ids: Vec<ID>,
    pub(crate) scheduled_job_id: Option<ID>,
    /// Its members go into the payload of each task that takes from no other.
    pub(crate) payload: Option<JsonData>,
    pub(crate) target_info: Option<TargetInfo>,
    pub(crate) create_target_info: Option<CreateTdoInJob>,
}
