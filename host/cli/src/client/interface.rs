//! What a model takes, as the server describes it.

use analyte_core::names::{ModelName, ProviderName};
use analyte_core::shape::Shape;
use anyhow::{Context as _, Result};
use serde_json::Value;

use super::{Client, address};

/// What is needed to prepare input and parameters for a model.
pub(crate) struct Interface {
    /// Of the input.
    pub(crate) input: Shape,
    /// Of the parameters.
    pub(crate) parameters: Option<Value>,
}

impl Interface {
    /// Asks the server for it.
    pub(crate) fn of(client: &Client, provider: &ProviderName, model: &ModelName) -> Result<Self> {
        let found = client.get(&address::model(provider, model), &[])?;
        Ok(Self {
            input: shape(&found, "input")?,
            parameters: found.get("parameters_schema").filter(|schema| !schema.is_null()).cloned(),
        })
    }
}

/// A shape of a model as the server describes it.
pub(crate) fn shape(model: &Value, member: &str) -> Result<Shape> {
    let found = model.get(member).cloned().unwrap_or_default();
    serde_json::from_value(found).with_context(|| format!("the server's word on the model's {member} cannot be read"))
}
