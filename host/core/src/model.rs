//! What components say of themselves, after it was checked.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::document::Document;
use crate::names::ModelName;
use crate::shape::Shape;
use crate::table::Table;

/// Something outside its sandbox that a component asks for: `settings:NAME`, `secrets:NAME`, `http:HOST[:PORT]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Capability {
    /// What is asked for.
    pub name: String,
    /// What for.
    pub reason: String,
}

/// What a provider says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ProviderInfo {
    /// A short title.
    pub title: String,
    /// The author's own version.
    pub version: String,
    /// For people.
    pub description: String,
    /// What it asks for.
    pub capabilities: Vec<Capability>,
}

/// How many rows a model takes and gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Cardinality {
    /// Many in, many out; the counts may differ.
    Any,
    /// As many out as in.
    #[serde(rename = "NxN")]
    NxN,
    /// Many in, one out.
    #[serde(rename = "Nx1")]
    Nx1,
    /// One in, many out.
    #[serde(rename = "1xN")]
    OnexN,
    /// One in, one out.
    #[serde(rename = "1x1")]
    Onex1,
}

impl Cardinality {
    /// As documents spell it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Any => "Any",
            Self::NxN => "NxN",
            Self::Nx1 => "Nx1",
            Self::OnexN => "1xN",
            Self::Onex1 => "1x1",
        }
    }

    /// Says what is wrong with this many input rows, if anything.
    pub fn check_input(self, rows: usize) -> Result<(), String> {
        match self {
            Self::OnexN | Self::Onex1 if rows != 1 => {
                Err(format!("the model's cardinality is {self}: it takes exactly 1 row, and {rows} were given"))
            }
            _ => Ok(()),
        }
    }

    /// Says what is wrong with this many result rows, if anything.
    pub fn check_output(self, input_rows: usize, output_rows: usize) -> Result<(), String> {
        let wanted = match self {
            Self::Any | Self::OnexN => return Ok(()),
            Self::NxN => input_rows,
            Self::Nx1 | Self::Onex1 => 1,
        };
        if wanted == output_rows {
            return Ok(());
        }
        Err(format!(
            "the model's cardinality is {self}: {input_rows} input rows must give {wanted} result rows, and it gave {output_rows}"
        ))
    }
}

impl fmt::Display for Cardinality {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A worked example of a model: documentation and test in one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Example {
    /// Unique within its model.
    pub name: String,
    /// For people.
    pub description: String,
    /// What goes in.
    pub input: Table,
    /// Parameters by name, a JSON object.
    pub parameters: Document,
    /// What comes out.
    pub expected: Table,
    /// |got − expected| ≤ tolerance × max(1, |expected|).
    pub tolerance: f64,
}

/// One named computation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ModelInfo {
    /// Unique within its provider.
    pub name: ModelName,
    /// For people.
    pub description: String,
    /// The author's own version; may be empty.
    pub version: String,
    /// Shape of the input.
    pub input: Shape,
    /// Shape of the result; open where the model adds columns.
    pub output: Shape,
    /// Rows in, rows out.
    pub cardinality: Cardinality,
    /// Whether a large table may be split by rows.
    pub independent_rows: bool,
    /// JSON Schema of the parameters object; `None`: it takes no parameters.
    pub parameters_schema: Option<Document>,
    /// Parameters whose value names columns of the input.
    pub column_parameters: Vec<String>,
    /// What a model component asks for; empty for a provider's models.
    pub capabilities: Vec<Capability>,
    /// Worked examples.
    pub examples: Vec<Example>,
}
