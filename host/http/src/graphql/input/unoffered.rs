//! Inputs of what the product has and this server has not: clients name their types, so they are part of the schema.

use async_graphql::{ID, InputObject};

use crate::graphql::scalar::date_time::DateTime;
use crate::graphql::scalar::json_data::JsonData;
use crate::graphql::word::engine::DeploymentModel;
use crate::graphql::word::task::TaskStatus;

/// That a task waits for something outside.
#[derive(InputObject)]
pub(crate) struct PollTask {
    pub(crate) id: ID,
    pub(crate) job_id: ID,
    pub(crate) poll_payload: Option<JsonData>,
}

/// Tasks that a cluster made.
#[derive(InputObject)]
pub(crate) struct AddTasksToJobs {
    pub(crate) tasks: Vec<AddTaskToJob>,
}

/// A task that a cluster made.
#[derive(InputObject)]
pub(crate) struct AddTaskToJob {
    pub(crate) id: ID,
    pub(crate) job_id: ID,
    pub(crate) engine_id: ID,
    pub(crate) build_id: ID,
    pub(crate) status: TaskStatus,
    pub(crate) created_date_time: DateTime,
    pub(crate) payload: Option<JsonData>,
    pub(crate) parent_task_id: Option<ID>,
}

/// Jobs of the next stage of a pipeline.
#[derive(InputObject)]
pub(crate) struct CreateNextPipelineJobs {
    pub(crate) job_pipeline_id: Option<ID>,
    pub(crate) job_id: Option<ID>,
}

/// What a task has logged.
#[derive(InputObject)]
pub(crate) struct CreateTaskLog {
    pub(crate) task_id: ID,
    pub(crate) text: Option<String>,
    pub(crate) jsondata: Option<JsonData>,
    pub(crate) uri: Option<String>,
}

/// What an engine has found.
#[derive(InputObject)]
pub(crate) struct UploadEngineResult {
    pub(crate) task_id: ID,
    pub(crate) content_type: Option<String>,
    pub(crate) asset_type: Option<String>,
    pub(crate) output_json: Option<JsonData>,
    pub(crate) output_string: Option<String>,
    pub(crate) uri: Option<String>,
    pub(crate) complete_task: Option<bool>,
}

/// An engine to be.
#[derive(InputObject)]
pub(crate) struct CreateEngine {
    pub(crate) name: String,
    pub(crate) category_id: ID,
    pub(crate) deployment_model: DeploymentModel,
    pub(crate) id: Option<ID>,
    pub(crate) is_public: Option<bool>,
    pub(crate) description: Option<String>,
    pub(crate) price: Option<i32>,
    pub(crate) fields: Option<Vec<JsonData>>,
    pub(crate) icon_path: Option<String>,
    pub(crate) logo_path: Option<String>,
    pub(crate) library_required: Option<bool>,
    #[graphql(name = "createsTDO")]
    pub(crate) creates_tdo: Option<bool>,
    pub(crate) use_cases: Option<Vec<String>>,
    pub(crate) industries: Option<Vec<String>>,
    pub(crate) manifest: Option<JsonData>,
}

/// What to change of an engine.
#[derive(InputObject)]
pub(crate) struct UpdateEngine {
    pub(crate) id: ID,
    pub(crate) name: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) is_public: Option<bool>,
    pub(crate) manifest: Option<JsonData>,
}

/// A build to be.
#[derive(InputObject)]
pub(crate) struct CreateBuild {
    pub(crate) engine_id: ID,
    pub(crate) task_runtime: Option<JsonData>,
    pub(crate) manifest: Option<JsonData>,
}

/// What to change of a build.
#[derive(InputObject)]
pub(crate) struct UpdateBuild {
    pub(crate) id: ID,
    pub(crate) engine_id: Option<ID>,
    pub(crate) action: Option<String>,
}

/// A build to remove.
#[derive(InputObject)]
pub(crate) struct DeleteBuild {
    pub(crate) id: ID,
    pub(crate) engine_id: Option<ID>,
}

/// Which engines an organisation may or may not use.
#[derive(InputObject)]
pub(crate) struct SetEngineList {
    pub(crate) organization_id: ID,
    pub(crate) engine_ids: Option<Vec<ID>>,
    pub(crate) category_ids: Option<Vec<ID>>,
    pub(crate) engine_type: Option<String>,
}

/// For which task an engine needs a token.
#[derive(InputObject)]
#[graphql(name = "getEngineJWT")]
pub(crate) struct GetEngineJwt {
    pub(crate) engine_id: ID,
    pub(crate) resource: Option<JsonData>,
}
