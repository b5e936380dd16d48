//! What jobs have given.

use async_graphql::{ID, SimpleObject};

use crate::graphql::scalar::json_data::JsonData;

/// The result table of one task.
#[derive(SimpleObject)]
pub(crate) struct EngineResult {
    /// What its job points at; empty where that is nothing.
    pub(crate) tdo_id: ID,
    pub(crate) engine_id: ID,
    /// `sourceEngineId`, and the rows of the table as `object`.
    pub(crate) jsondata: Option<JsonData>,
    pub(crate) task_id: Option<ID>,
    pub(crate) job_id: Option<ID>,
    /// Nothing: tables are no assets.
    pub(crate) asset_id: Option<ID>,
    pub(crate) user_edited: Option<bool>,
    pub(crate) start_offset_ms: Option<i32>,
    pub(crate) stop_offset_ms: Option<i32>,
}

/// Result tables.
#[derive(SimpleObject)]
pub(crate) struct EngineResultList {
    pub(crate) source_id: Option<ID>,
    pub(crate) records: Option<Vec<Option<EngineResult>>>,
}
