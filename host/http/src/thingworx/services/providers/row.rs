//! A provider as a row: what QueryProviders and GetProvider answer, and what a query can ask about. No such data shape is
//! public; the names are those of CreateProvider's parameters (our reading).

use std::sync::Arc;

use analyte_core::base_type::BaseType;
use analyte_core::query::{Field as Value, Fields};
use analyte_core::shape::Field;
use analyte_core::table::Table;
use analyte_core::table::infotable::Cell;
use analyte_jobs::{Manager, Provider, ProviderState};

use crate::thingworx::call::table::{field, of_cells, with_aspect};
use crate::thingworx::error::ServiceError;

/// One row.
pub(super) struct Row {
    provider: Arc<Provider>,
    state: ProviderState,
}

impl Row {
    /// Of this provider.
    pub(super) fn of(manager: &Manager, provider: Arc<Provider>) -> Self {
        Self { state: manager.provider_state(&provider), provider }
    }

    fn name(&self) -> &str {
        self.provider.record.name.as_str()
    }

    fn state(&self) -> &'static str {
        match self.state {
            ProviderState::Ready => "Ready",
            ProviderState::Loading => "Loading",
            ProviderState::Unavailable(_) => "Unavailable",
        }
    }

    fn models(&self) -> i64 {
        i64::try_from(self.provider.models.len()).unwrap_or(i64::MAX)
    }

    fn digest(&self) -> Option<String> {
        self.provider.record.digest.map(|digest| digest.to_string())
    }

    fn cells(&self) -> Vec<Cell> {
        let record = &self.provider.record;
        vec![
            Cell::Text(self.name().to_owned()),
            Cell::Text(self.name().to_owned()),
            Cell::Text(record.info.description.clone()),
            Cell::from(self.state()),
            Cell::Bool(record.organisation.is_none()),
            Cell::Int(self.models()),
            Cell::int(record.keep_jobs_hours),
            Cell::text(self.digest()),
            Cell::Text(record.info.version.clone()),
            Cell::Int(record.created_at.0),
        ]
    }
}

impl Fields for Row {
    fn field(&self, name: &str) -> Value<'_> {
        let record = &self.provider.record;
        match name {
            "key" | "name" | "providerName" => self.name().into(),
            "description" => record.info.description.as_str().into(),
            "state" => self.state().into(),
            "isShared" => Value::Boolean(record.organisation.is_none()),
            "models" => self.models().into(),
            "purgeJobsAge" => record.keep_jobs_hours.map(i64::from).into(),
            "digest" => self.digest().into(),
            "version" => record.info.version.as_str().into(),
            "createdOn" => record.created_at.into(),
            _ => Value::Missing,
        }
    }
}

fn fields() -> Vec<Field> {
    vec![
        with_aspect("isPrimaryKey", "true", field("key", BaseType::String, "The provider's id, which is its name.")),
        field("name", BaseType::String, ""),
        field("description", BaseType::String, ""),
        field("state", BaseType::String, "Ready, Loading or Unavailable."),
        field("isShared", BaseType::Boolean, "Whether it belongs to all organisations."),
        field("models", BaseType::Integer, "How many it offers."),
        field(
            "purgeJobsAge",
            BaseType::Integer,
            "Hours that ended jobs are kept; unset: as long as the server keeps any.",
        ),
        field("digest", BaseType::String, "Of its component; unset where it has none."),
        field("version", BaseType::String, "The author's own."),
        field("createdOn", BaseType::Datetime, ""),
    ]
}

/// These rows as a table.
pub(super) fn table(rows: &[Row]) -> Result<Table, ServiceError> {
    of_cells(fields(), rows.iter().map(Row::cells))
}
