//! A job to be.

use async_graphql::{ID, InputObject};

use super::task::{CreateRoute, CreateTask};
use crate::graphql::scalar::date_time::DateTime;
use crate::graphql::scalar::json_data::JsonData;
use crate::graphql::word::job::UpdateJobsStatus;

/// A job to be.
#[derive(InputObject)]
pub(crate) struct CreateJob {
    /// What the job points at: an object that there is.
    pub(crate) target_id: Option<ID>,
    /// The same, made with the job.
    pub(crate) target: Option<CreateTdoInJob>,
    pub(crate) name: Option<String>,
    pub(crate) tasks: Option<Vec<CreateTask>>,
    /// Which task takes what which other one gives. Without routes each task comes after the one that stands before it.
    pub(crate) routes: Option<Vec<CreateRoute>>,
    /// Kept and answered: there is one cluster.
    pub(crate) cluster_id: Option<ID>,
    /// Changes nothing: nothing is taken in before a job.
    pub(crate) is_reprocess_job: Option<bool>,
    pub(crate) job_config: Option<JsonData>,
    /// How often a task that failed is tried again, where its own preferences do not say it.
    pub(crate) retries: Option<i32>,
    pub(crate) scheduled_job_id: Option<ID>,
    /// A template whose tasks the job has, where it has none of its own.
    pub(crate) job_template_id: Option<ID>,
    /// Changes nothing.
    pub(crate) skip_decider: Option<bool>,
    /// `pending` or `queued`: what is new waits.
    pub(crate) status: Option<String>,
    /// The caller's own.
    pub(crate) organization_id: Option<ID>,
    /// Not to be started before.
    pub(crate) start_date_time: Option<DateTime>,
    pub(crate) notification_uris: Option<Vec<String>>,
}

/// What a job points at, made with it.
#[derive(InputObject, Clone)]
#[graphql(name = "CreateTDOInJob")]
pub(crate) struct CreateTdoInJob {
    pub(crate) start_date_time: Option<DateTime>,
    pub(crate) stop_date_time: Option<DateTime>,
    #[graphql(default_with = "Some(\"downloaded\".to_owned())")]
    pub(crate) status: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) is_public: Option<bool>,
    pub(crate) parent_folder_id: Option<ID>,
    pub(crate) source_data: Option<JsonData>,
    pub(crate) details: Option<JsonData>,
    pub(crate) content_templates: Option<Vec<JsonData>>,
    #[graphql(default_with = "Some(false)")]
    pub(crate) add_to_index: Option<bool>,
    pub(crate) thumbnail_url: Option<String>,
    pub(crate) preview_url: Option<String>,
    pub(crate) source_image_url: Option<String>,
    pub(crate) assets: Option<Vec<JsonData>>,
}

/// Which jobs to set to which state.
#[derive(InputObject)]
pub(crate) struct UpdateJobs {
    pub(crate) ids: Option<Vec<ID>>,
    pub(crate) status: Option<UpdateJobsStatus>,
}

/// A member of a payload.
#[derive(InputObject)]
pub(crate) struct SingleEngineJobField {
    pub(crate) field_name: String,
    pub(crate) field_value: Option<String>,
}

/// A job of one engine, whose payload the engine's template writes.
#[derive(InputObject)]
pub(crate) struct SingleEngineJobInput {
    pub(crate) engine_id: ID,
    pub(crate) upload_url: Option<String>,
    pub(crate) target_id: Option<ID>,
    pub(crate) cluster_id: Option<ID>,
    pub(crate) fields: Option<Vec<SingleEngineJobField>>,
}
