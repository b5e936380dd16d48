//! A model as a row of `ModelDataShape`: what QueryModels and GetModel answer, and what a query can ask about.
//!
//! A model is `Enabled` or `Disabled`. The public pages know two more states, before an agent has looked at a new model;
//! here its file is looked at while it is created, so that it is `Enabled` at once (our reading).

use std::sync::Arc;

use analyte_core::base_type::BaseType;
use analyte_core::query::{Field as Value, Fields};
use analyte_core::shape::Field;
use analyte_core::table::Table;
use analyte_core::table::infotable::Cell;
use analyte_jobs::{Model, Origin};

use crate::thingworx::call::table::{field, of_cells, with_aspect};
use crate::thingworx::error::ServiceError;

/// The shape's name.
pub(super) const SHAPE: &str = "ModelDataShape";

/// One row.
pub(super) struct Row {
    model: Arc<Model>,
    key: String,
}

/// The id of a model: unique, since no name holds the slash between its two names.
pub(super) fn id(model: &Model) -> String {
    format!("{}/{}", model.provider, model.info.name)
}

impl Row {
    /// Of this model.
    pub(super) fn of(model: Arc<Model>) -> Self {
        Self { key: id(&model), model }
    }

    fn state(&self) -> &'static str {
        if self.model.enabled { "Enabled" } else { "Disabled" }
    }

    fn file_url(&self) -> Option<&str> {
        self.model.published.as_ref()?.source.as_deref()
    }

    fn is_published(&self) -> bool {
        self.model.origin != Origin::BuiltIn
    }

    fn custom_data(&self) -> Option<&str> {
        self.model.published.as_ref()?.custom_data.as_deref()
    }

    fn digest(&self) -> Option<String> {
        self.model.file.or(self.model.digest).map(|digest| digest.to_string())
    }

    fn created_on(&self) -> Option<i64> {
        self.model.published.as_ref().map(|record| record.created_at.0)
    }

    fn cells(&self) -> Vec<Cell> {
        let info = &self.model.info;
        vec![
            Cell::Text(self.key.clone()),
            Cell::Text(info.name.to_string()),
            Cell::Text(info.description.clone()),
            Cell::Text(self.model.provider.to_string()),
            Cell::from(self.state()),
            Cell::text(self.file_url()),
            Cell::from(info.cardinality.as_str()),
            Cell::Unset,
            Cell::Unset,
            Cell::Bool(self.is_published()),
            self.custom_data().map_or(Cell::Unset, |json| Cell::Json(json.to_owned())),
            Cell::Text(info.version.clone()),
            Cell::text(self.digest()),
            Cell::int(self.created_on()),
        ]
    }
}

impl Fields for Row {
    fn field(&self, name: &str) -> Value<'_> {
        let info = &self.model.info;
        match name {
            "key" => self.key.as_str().into(),
            "name" | "modelName" => info.name.as_str().into(),
            "description" => info.description.as_str().into(),
            "providerName" => self.model.provider.as_str().into(),
            "state" => self.state().into(),
            "fileURL" => self.file_url().into(),
            "inputsToResultsCardinality" => info.cardinality.as_str().into(),
            "isPublished" => Value::Boolean(self.is_published()),
            "customData" if self.custom_data().is_some() => Value::Other,
            "version" => info.version.as_str().into(),
            "digest" => self.digest().into(),
            "createdOn" => self.created_on().map(analyte_core::timestamp::Timestamp).into(),
            _ => Value::Missing,
        }
    }
}

fn fields() -> Vec<Field> {
    let name = |name: &str, description| {
        with_aspect(Field::BASE_TYPE, "DATASHAPENAME", field(name, BaseType::EntityName, description))
    };
    vec![
        with_aspect("isPrimaryKey", "true", field("key", BaseType::String, "The model's id.")),
        field("name", BaseType::String, ""),
        field("description", BaseType::String, ""),
        field("providerName", BaseType::String, ""),
        field("state", BaseType::String, "Enabled or Disabled."),
        field("fileURL", BaseType::Hyperlink, "Where its file was taken from; unset for others."),
        field("inputsToResultsCardinality", BaseType::String, "Any, NxN, Nx1, 1xN or 1x1."),
        name("inputDataShape", "Always unset: ask GetModelDataShapes."),
        name("resultDataShape", "Always unset: ask GetModelDataShapes."),
        field(
            "isPublished",
            BaseType::Boolean,
            "Whether it was published on its own; else it is built in to its provider.",
        ),
        field("customData", BaseType::Infotable, "The publisher's own data."),
        field("version", BaseType::String, "The author's own."),
        field("digest", BaseType::String, "Of its file, or of the component that it is part of."),
        field("createdOn", BaseType::Datetime, "Unset for a built-in model."),
    ]
}

/// These rows as a table.
pub(super) fn table(rows: &[Row]) -> Result<Table, ServiceError> {
    of_cells(fields(), rows.iter().map(Row::cells))
}
