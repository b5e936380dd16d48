//! The fields of engines, their categories and their builds.

use analyte_core::names::Organisation;
use async_graphql::{ID, Object};

use crate::aiware::ids::names;
use crate::graphql::fault::Fault;
use crate::graphql::node::account::Organization;
use crate::graphql::node::engine::{Build, Engine, EngineCategory};
use crate::graphql::node::page::{BuildList, Paging};
use crate::graphql::scalar::date_time::DateTime;
use crate::graphql::scalar::json_data::JsonData;
use crate::graphql::word::engine::{BuildStatus, DeploymentModel, EngineScheduleType, EngineState};

impl Engine {
    /// Its id.
    pub(crate) fn uuid(&self) -> uuid::Uuid {
        names::engine(&self.provider.record.name, &self.model.info.name)
    }

    /// What it is called.
    pub(crate) fn full_name(&self) -> String {
        names::engine_name(&self.provider.record.name, &self.model.info.name)
    }

    /// Whose it is; what is of all organisations is the default one's.
    pub(crate) fn owner(&self) -> Organisation {
        self.provider.record.organisation.clone().unwrap_or_else(Organisation::default_one)
    }

    /// Its state.
    pub(crate) fn state_word(&self) -> EngineState {
        if self.model.enabled { EngineState::Active } else { EngineState::Disabled }
    }

    fn version(&self) -> &str {
        let own = &self.model.info.version;
        if own.is_empty() { &self.provider.record.info.version } else { own }
    }
}

/// A field that a client can set in the payload.
#[derive(async_graphql::SimpleObject)]
struct EngineField {
    name: String,
    label: Option<String>,
    info: Option<String>,
    #[graphql(name = "type")]
    kind: String,
    default_value: Option<String>,
    required: Option<bool>,
}

/// A payload that a client need not write by itself.
#[derive(async_graphql::SimpleObject)]
struct StandaloneJobTemplate {
    template_language: Option<String>,
    template: Option<String>,
    #[graphql(name = "type")]
    kind: Option<String>,
}

/// An engine: a model that the organisation may use.
#[Object(name = "Engine")]
impl Engine {
    async fn id(&self) -> ID {
        self.uuid().to_string().into()
    }

    /// Its provider and its own name.
    async fn name(&self) -> Option<String> {
        Some(self.full_name())
    }

    async fn display_name(&self) -> Option<&str> {
        Some(self.model.info.name.as_str())
    }

    async fn description(&self) -> Option<&str> {
        Some(&self.model.info.description)
    }

    async fn owner_organization_id(&self) -> ID {
        names::organisation(&self.owner()).to_string().into()
    }

    async fn owner_organization(&self) -> Option<Organization> {
        Some(Organization(self.owner()))
    }

    async fn is_public(&self) -> Option<bool> {
        Some(self.provider.record.organisation.is_none())
    }

    async fn category_id(&self) -> Option<ID> {
        Some(names::category(&self.provider.record.name).to_string().into())
    }

    async fn category(&self) -> Option<EngineCategory> {
        Some(EngineCategory(self.provider.clone()))
    }

    async fn state(&self) -> Option<EngineState> {
        Some(self.state_word())
    }

    async fn mode(&self) -> Option<&str> {
        Some("batch")
    }

    async fn runtime_type(&self) -> Option<&str> {
        Some("edge")
    }

    async fn price(&self) -> Option<i32> {
        None
    }

    async fn job_pricing(&self) -> Option<JsonData> {
        None
    }

    async fn rating(&self) -> Option<i32> {
        None
    }

    async fn logo_path(&self) -> Option<String> {
        None
    }

    async fn icon_path(&self) -> Option<String> {
        None
    }

    async fn deployment_model(&self) -> Option<DeploymentModel> {
        Some(DeploymentModel::FullyNetworkIsolated)
    }

    async fn deployed_version(&self) -> Option<&str> {
        Some(self.version())
    }

    #[graphql(name = "createsTDO")]
    async fn creates_tdo(&self) -> Option<bool> {
        Some(false)
    }

    async fn library_required(&self) -> Option<bool> {
        Some(false)
    }

    async fn preferred_input_format(&self) -> Option<&str> {
        Some("application/json")
    }

    async fn supported_input_formats(&self) -> Option<Vec<&str>> {
        Some(vec!["application/json"])
    }

    async fn output_formats(&self) -> Option<Vec<&str>> {
        Some(vec!["application/json", "text/csv", "application/vnd.apache.arrow.stream"])
    }

    async fn supported_source_types(&self) -> Option<Vec<String>> {
        Some(Vec::new())
    }

    async fn supported_schedule_types(&self) -> Option<Vec<EngineScheduleType>> {
        Some(vec![EngineScheduleType::Now, EngineScheduleType::OnDemand, EngineScheduleType::Recurring])
    }

    /// The parameters of the model, as its schema describes them.
    async fn fields(&self) -> Option<Vec<EngineField>> {
        Some(fields_of(
            self.model.info.parameters_schema.as_ref().map(analyte_core::document::Document::text).unwrap_or_default(),
        ))
    }

    async fn manifest(&self) -> Option<JsonData> {
        None
    }

    async fn builds(
        &self,
        #[graphql(default_with = "Some(0)")] offset: Option<i32>,
        #[graphql(default_with = "Some(30)")] limit: Option<i32>,
    ) -> Result<Option<BuildList>, Fault> {
        let paging = Paging::of(offset, limit)?;
        let own = self.model.digest.is_some().then(|| Build(self.clone()));
        Ok(Some(BuildList::of(paging.part(own), paging)))
    }

    async fn valid_state_actions(&self) -> Option<Vec<String>> {
        Some(Vec::new())
    }

    async fn use_cases(&self) -> Option<Vec<String>> {
        None
    }

    async fn industries(&self) -> Option<Vec<String>> {
        None
    }

    /// None: an engine's payload is written by its caller.
    async fn standalone_job_templates(&self) -> Option<Vec<StandaloneJobTemplate>> {
        Some(Vec::new())
    }

    async fn created_date_time(&self) -> Option<DateTime> {
        Some(DateTime(self.provider.record.created_at))
    }

    async fn modified_date_time(&self) -> Option<DateTime> {
        Some(DateTime(self.provider.record.updated_at))
    }
}

/// The members of a schema of parameters as fields of a form.
fn fields_of(schema: &str) -> Vec<EngineField> {
    let schema: serde_json::Value = serde_json::from_str(schema).unwrap_or_default();
    let required = |name: &str| {
        let list = schema.get("required").and_then(serde_json::Value::as_array);
        list.is_some_and(|list| list.iter().any(|one| one == name))
    };
    let text = |member: &serde_json::Value, name: &str| {
        member.get(name).map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned))
    };
    let members = schema.get("properties").and_then(serde_json::Value::as_object);
    let field = |(name, member): (&String, &serde_json::Value)| {
        let kind = match member.get("type").and_then(serde_json::Value::as_str) {
            Some("number" | "integer") => "Number",
            _ if member.get("enum").is_some() => "Picklist",
            _ => "Text",
        };
        EngineField {
            name: name.clone(),
            label: text(member, "title"),
            info: text(member, "description"),
            kind: kind.to_owned(),
            default_value: text(member, "default"),
            required: Some(required(name)),
        }
    };
    members.into_iter().flatten().map(field).collect()
}

/// A category of engines: a provider.
#[Object(name = "EngineCategory")]
impl EngineCategory {
    async fn id(&self) -> ID {
        names::category(&self.0.record.name).to_string().into()
    }

    async fn name(&self) -> Option<&str> {
        Some(self.0.record.name.as_str())
    }

    #[graphql(name = "type")]
    async fn kind(&self) -> Option<EngineTypeName> {
        Some(EngineTypeName)
    }

    async fn category_type(&self) -> Option<&str> {
        Some("cognition")
    }

    async fn icon_class(&self) -> Option<String> {
        None
    }

    async fn color(&self) -> Option<String> {
        None
    }

    async fn description(&self) -> Option<&str> {
        Some(&self.0.record.info.description)
    }

    async fn total_engines(&self) -> Option<i32> {
        i32::try_from(self.0.models.len()).ok()
    }
}

/// The kind of all engines here.
struct EngineTypeName;

/// A kind of engines.
#[Object(name = "EngineType")]
impl EngineTypeName {
    async fn name(&self) -> Option<&str> {
        Some("Cognition")
    }

    async fn description(&self) -> Option<&str> {
        Some("Takes a table and gives one.")
    }
}

/// A version of an engine: the component that it runs.
#[Object(name = "Build")]
impl Build {
    async fn id(&self) -> ID {
        let digest = self.0.model.digest.as_ref();
        digest.map(|digest| names::build(digest).to_string()).unwrap_or_default().into()
    }

    async fn engine_id(&self) -> ID {
        self.0.uuid().to_string().into()
    }

    async fn engine(&self) -> Option<Engine> {
        Some(self.0.clone())
    }

    async fn status(&self) -> Option<BuildStatus> {
        Some(BuildStatus::Deployed)
    }

    async fn version(&self) -> Option<&str> {
        Some(self.0.version())
    }

    async fn created_date_time(&self) -> Option<DateTime> {
        Some(DateTime(self.0.provider.record.created_at))
    }

    async fn modified_date_time(&self) -> Option<DateTime> {
        Some(DateTime(self.0.provider.record.updated_at))
    }
}
