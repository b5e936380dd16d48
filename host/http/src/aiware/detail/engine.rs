//! An engine as it stands in answers: a model that the organisation may use.

use analyte_core::names::Organisation;
use analyte_jobs::{Model, Provider};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::task::EngineNames;
use crate::aiware::ids::names;
use crate::native::json::Time;

/// An engine.
#[derive(Serialize, ToSchema)]
pub(crate) struct EngineDetail<'a> {
    #[serde(flatten)]
    names: EngineNames<'a>,
    #[serde(rename = "engineType")]
    kind: &'static str,
    /// `active`, or `paused` where the model takes no new jobs.
    #[serde(rename = "engineState")]
    state: &'static str,
    #[serde(rename = "engineMode")]
    mode: &'static str,
    #[serde(rename = "engineOutputType")]
    output: &'static str,
    description: &'a str,
    /// Whose it is; `null`: of all organisations.
    #[serde(rename = "internalOrganizationID")]
    #[schema(value_type = Option<String>, format = "uuid")]
    organisation: Option<Uuid>,
    #[serde(rename = "isPublic")]
    is_public: bool,
    #[serde(rename = "buildID")]
    #[schema(value_type = Option<String>, format = "uuid")]
    build: Option<Uuid>,
    #[serde(rename = "deployedVersion")]
    version: &'a str,
    #[serde(rename = "createdDateTime")]
    #[schema(value_type = String, format = DateTime)]
    created: Time,
    #[serde(rename = "modifiedDateTime")]
    #[schema(value_type = String, format = DateTime)]
    modified: Time,
    #[serde(rename = "runtimeJSON")]
    #[schema(value_type = Option<serde_json::Value>)]
    runtime: Option<()>,
    #[serde(rename = "manifestJSON")]
    #[schema(value_type = Option<serde_json::Value>)]
    manifest: Option<()>,
    #[schema(value_type = Option<serde_json::Value>)]
    edge_version: Option<()>,
    priority_adjustment: i32,
}

/// The state of an engine.
pub(crate) fn state(model: &Model) -> &'static str {
    if model.enabled { "active" } else { "paused" }
}

impl<'a> EngineDetail<'a> {
    /// The engine that this model of this provider is.
    pub(crate) fn of(provider: &'a Provider, model: &'a Model) -> Self {
        let owner: Option<&Organisation> = provider.record.organisation.as_ref();
        let version = if model.info.version.is_empty() { &provider.record.info.version } else { &model.info.version };
        Self {
            names: EngineNames::of(&provider.record.name, &model.info.name),
            kind: "cognition",
            state: state(model),
            mode: "batch",
            output: "table",
            description: &model.info.description,
            organisation: owner.map(names::organisation),
            is_public: owner.is_none(),
            build: model.digest.as_ref().map(names::build),
            version,
            created: Time(provider.record.created_at),
            modified: Time(provider.record.updated_at),
            runtime: None,
            manifest: None,
            edge_version: None,
            priority_adjustment: 0,
        }
    }
}
