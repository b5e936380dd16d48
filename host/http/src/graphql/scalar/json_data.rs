//! JSON that the schema says nothing of.

use async_graphql::{InputValueResult, Scalar, ScalarType, Value};

use crate::graphql::fault::{Fault, Name};

/// Any JSON.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct JsonData(pub(crate) Value);

#[Scalar(name = "JSONData")]
impl ScalarType for JsonData {
    fn parse(value: Value) -> InputValueResult<Self> {
        Ok(Self(value))
    }

    fn to_value(&self) -> Value {
        self.0.clone()
    }
}

impl JsonData {
    /// A text of JSON that is kept.
    pub(crate) fn of_text(text: &str) -> Result<Self, Fault> {
        serde_json::from_str(text).map(Self).map_err(|error| {
            tracing::error!(%error, "JSON that is kept cannot be read");
            Fault::new(Name::InternalError, "JSON that is kept cannot be read")
        })
    }

    /// A value that the server makes.
    pub(crate) fn of(value: serde_json::Value) -> Self {
        Self(Value::from_json(value).unwrap_or_default())
    }

    /// Its shortest text; `None`: it is null.
    pub(crate) fn text(&self) -> Result<Option<String>, Fault> {
        if self.0 == Value::Null {
            return Ok(None);
        }
        serde_json::to_string(&self.0).map(Some).map_err(|error| Fault::invalid(format!("is no JSON: {error}")))
    }
}
