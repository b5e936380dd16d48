//! A model as clients see it, and what data shapes and tables look like in documents.

use std::collections::BTreeMap;
use std::sync::Arc;

use analyte_core::digest::Digest;
use analyte_core::document::Document;
use analyte_core::model::{Cardinality, Example};
use analyte_core::names::{ModelName, ProviderName};
use analyte_core::shape::Shape;
use analyte_core::table::Table;
use analyte_jobs::{Model, ModelKind, Origin};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::native::json::Time;
use crate::native::listing::{Listing, Part};
use crate::native::providers::body::{CapabilityBody, address as provider_address};

/// One named computation.
#[derive(Serialize, ToSchema)]
#[schema(as = Model)]
pub(crate) struct ModelBody<'a> {
    /// Whose it is.
    #[schema(value_type = String, example = "statistics")]
    provider: &'a ProviderName,
    /// What it goes by.
    #[schema(value_type = String, example = "linear-regression")]
    name: &'a ModelName,
    /// For people.
    description: &'a str,
    /// The author's own version; may be empty.
    version: &'a str,
    /// `built-in`, `component` (published on its own) or `file` (run by its provider).
    #[schema(example = "built-in")]
    kind: &'static str,
    /// Of the component that runs it.
    #[schema(value_type = Option<String>)]
    digest: Option<Digest>,
    /// Whether it takes new jobs.
    enabled: bool,
    /// Its model file, where it is made of one.
    file: Option<FileBody<'a>>,
    /// Shape of the input.
    #[schema(value_type = DataShapeBody)]
    input: &'a Shape,
    /// Shape of the result.
    #[schema(value_type = DataShapeBody)]
    output: &'a Shape,
    /// Rows in, rows out: `Any`, `NxN`, `Nx1`, `1xN` or `1x1`.
    #[schema(value_type = String, example = "Any")]
    cardinality: Cardinality,
    /// Whether each row of the result depends on one row of the input only.
    independent_rows: bool,
    /// JSON Schema of the parameters; `null`: it takes none.
    #[schema(value_type = Option<Object>)]
    parameters_schema: Option<&'a Document>,
    /// Parameters whose value names columns of the input.
    column_parameters: &'a [String],
    /// What a model component asks for.
    capabilities: Vec<CapabilityBody<'a>>,
    /// Names of what it asked for and was granted.
    grants: &'a [String],
    /// Worked examples: documentation and tests.
    examples: Vec<ExampleBody<'a>>,
    /// First publication under this name; `null` for a built-in model.
    #[schema(value_type = Option<String>, format = DateTime)]
    created_at: Option<Time>,
    /// Publication of these bytes; `null` for a built-in model.
    #[schema(value_type = Option<String>, format = DateTime)]
    updated_at: Option<Time>,
    /// Where to go on.
    links: ModelLinks,
}

/// The file that a model is made of.
#[derive(Serialize, ToSchema)]
#[schema(as = ModelFile)]
struct FileBody<'a> {
    /// Of its bytes. Jobs pin it at submission.
    #[schema(value_type = String, example = "sha256:…")]
    digest: Digest,
    /// Its length in bytes.
    size: u64,
    /// As it was published.
    #[schema(example = "application/octet-stream")]
    media_type: &'a str,
    /// Where it was taken from, in its publisher's words.
    source: Option<&'a str>,
}

/// Addresses around a model.
#[derive(Serialize, ToSchema)]
pub(crate) struct ModelLinks {
    #[serde(rename = "self")]
    this: String,
    provider: String,
    execute: String,
}

/// The models of a provider.
#[derive(Default, Serialize, ToSchema)]
#[schema(as = Models)]
pub(crate) struct ModelsBody<'a> {
    /// By name.
    models: Vec<ModelBody<'a>>,
}

/// Ordered fields with base types.
#[derive(ToSchema)]
#[schema(as = DataShape)]
#[expect(dead_code, non_snake_case, reason = "documents analyte_core::shape::Shape")]
pub(crate) struct DataShapeBody {
    /// Fields by name.
    fieldDefinitions: BTreeMap<String, FieldBody>,
    /// Which other columns are admitted: `numeric` or `any`; absent: none.
    #[schema(required = false)]
    rest: Option<String>,
}

/// One field.
#[derive(ToSchema)]
#[schema(as = Field)]
#[expect(dead_code, non_snake_case, reason = "documents analyte_core::shape::Field")]
pub(crate) struct FieldBody {
    /// Like the key it stands under.
    name: String,
    /// What its values mean.
    #[schema(example = "NUMBER")]
    baseType: String,
    /// For people.
    description: String,
    /// Its place.
    ordinal: u32,
    /// Further facts: `isRequired` where values may not be missing, `kind` where the column is not of the usual one.
    aspects: serde_json::Map<String, Value>,
}

/// Rows under a data shape.
///
/// Taken in four forms: this one, the same without `dataShape`, a bare array of row objects, and
/// `{"columns": {"name": […]}}`.
#[derive(ToSchema)]
#[schema(as = Table)]
#[expect(dead_code, non_snake_case, reason = "documents analyte_core::table::Table")]
pub(crate) struct TableBody {
    /// What the columns are.
    dataShape: Option<DataShapeBody>,
    /// One object per row; a missing value is `null` or absent.
    rows: Vec<serde_json::Map<String, Value>>,
}

/// A worked example.
#[derive(Serialize, ToSchema)]
#[schema(as = Example)]
pub(crate) struct ExampleBody<'a> {
    name: &'a str,
    description: &'a str,
    /// What goes in.
    #[schema(value_type = TableBody)]
    input: &'a Table,
    #[schema(value_type = serde_json::Map<String, Value>)]
    parameters: &'a Document,
    /// What comes out.
    #[schema(value_type = TableBody)]
    expected: &'a Table,
    /// |got − expected| ≤ tolerance × max(1, |expected|).
    tolerance: f64,
}

impl<'a> ExampleBody<'a> {
    fn of(example: &'a Example) -> Self {
        let Example { name, description, input, parameters, expected, tolerance } = example;
        Self { name, description, input, parameters, expected, tolerance: *tolerance }
    }
}

impl<'a> ModelBody<'a> {
    pub(crate) fn of(model: &'a Model) -> Self {
        let info = &*model.info;
        let address = address(&model.provider, &info.name);
        Self {
            provider: &model.provider,
            name: &info.name,
            description: &info.description,
            version: &info.version,
            kind: match model.origin {
                Origin::BuiltIn => "built-in",
                Origin::Published(ModelKind::Component) => "component",
                Origin::Published(ModelKind::File) => "file",
            },
            digest: model.digest,
            enabled: model.enabled,
            file: model.file.zip(model.published.as_deref()).map(|(digest, record)| FileBody {
                digest,
                size: record.bytes,
                media_type: &record.media_type,
                source: record.source.as_deref(),
            }),
            input: &info.input,
            output: &info.output,
            cardinality: info.cardinality,
            independent_rows: info.independent_rows,
            parameters_schema: info.parameters_schema.as_ref(),
            column_parameters: &info.column_parameters,
            capabilities: CapabilityBody::of_all(&info.capabilities),
            grants: &model.grants,
            examples: info.examples.iter().map(ExampleBody::of).collect(),
            created_at: model.published.as_ref().map(|record| Time(record.created_at)),
            updated_at: model.published.as_ref().map(|record| Time(record.updated_at)),
            links: ModelLinks {
                provider: provider_address(&model.provider),
                execute: format!("{address}/execute"),
                this: address,
            },
        }
    }
}

/// Writes a model.
pub(crate) fn written(model: &Arc<Model>, part: &mut Part<'_>) -> serde_json::Result<()> {
    serde_json::to_writer(part, &ModelBody::of(model))
}

/// A model as a document.
pub(crate) fn shown(
    model: Arc<Model>,
) -> Listing<Arc<Model>, impl Fn(&Arc<Model>, &mut Part<'_>) -> serde_json::Result<()> + Send + 'static> {
    Listing::one(model, written)
}

/// Where a model is.
pub(crate) fn address(provider: &ProviderName, model: &ModelName) -> String {
    format!("/v1/providers/{provider}/models/{model}")
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use analyte_core::limits::Limits;
    use analyte_core::table::format::{Format, read};
    use bytes::Bytes;

    use super::*;
    use crate::openapi::members;

    fn written(value: &impl Serialize) -> Vec<String> {
        let mut names: Vec<_> = serde_json::to_value(value).unwrap().as_object().unwrap().keys().cloned().collect();
        names.sort();
        names
    }

    /// What core writes by itself is described here, and has just the members that are described.
    #[test]
    fn tables_and_shapes_have_the_members_that_are_described() {
        let text = br#"{"dataShape":{"fieldDefinitions":{"a":{"name":"a","baseType":"NUMBER"}}},"rows":[{"a":1}]}"#;
        let table = read(Format::Json, Bytes::from_static(text), &Shape::any(), &Limits::default()).unwrap().table;
        assert_eq!(written(&table), members::<TableBody>());
        let shape = Shape { fields: table.fields().clone(), ..Shape::any() };
        assert_eq!(written(&shape), members::<DataShapeBody>());
        let field = serde_json::to_value(&shape).unwrap().pointer("/fieldDefinitions/a").cloned().unwrap();
        assert_eq!(written(&field), members::<FieldBody>());
    }
}
