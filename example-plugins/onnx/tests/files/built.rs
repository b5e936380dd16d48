//! Model files made here, part by part.

use analyte_sdk::{Error, FileModels as _, FileRequest, ModelFile, ModelInfo, Table, testing};
use onnx::OnnxFiles;
use prost::Message as _;
use tract_onnx::pb::attribute_proto::AttributeType;
use tract_onnx::pb::tensor_shape_proto::{Dimension, dimension};
use tract_onnx::pb::{
    AttributeProto, GraphProto, ModelProto, NodeProto, OperatorSetIdProto, StringStringEntryProto, TensorProto,
    TensorShapeProto, TypeProto, ValueInfoProto, type_proto,
};

pub(crate) const FLOAT: i32 = 1;
pub(crate) const UINT8: i32 = 2;
pub(crate) const INT32: i32 = 6;
pub(crate) const INT64: i32 = 7;
pub(crate) const STRING: i32 = 8;
pub(crate) const BOOL: i32 = 9;
pub(crate) const DOUBLE: i32 = 11;

/// An open dimension.
pub(crate) const OPEN: i64 = -1;

/// A tensor that goes in or comes out.
pub(crate) fn value(name: &str, element: i32, shape: &[i64]) -> ValueInfoProto {
    let dim = |size: &i64| Dimension {
        value: (*size != OPEN).then_some(dimension::Value::DimValue(*size)),
        ..Dimension::default()
    };
    let shape = Some(TensorShapeProto { dim: shape.iter().map(dim).collect() });
    let kind = type_proto::Value::TensorType(type_proto::Tensor { elem_type: element, shape });
    let kind = TypeProto { value: Some(kind), ..TypeProto::default() };
    ValueInfoProto { name: name.to_owned(), r#type: Some(kind), ..ValueInfoProto::default() }
}

/// A value that is no tensor, as it looks to a reader that knows tensors only.
pub(crate) fn map(name: &str) -> ValueInfoProto {
    ValueInfoProto { name: name.to_owned(), r#type: Some(TypeProto::default()), ..ValueInfoProto::default() }
}

/// An operator.
pub(crate) fn node(operator: &str, inputs: &[&str], outputs: &[&str], attributes: Vec<AttributeProto>) -> NodeProto {
    let names = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
    let (input, output) = (names(inputs), names(outputs));
    NodeProto { op_type: operator.to_owned(), input, output, attribute: attributes, ..NodeProto::default() }
}

fn attribute(name: &str, kind: AttributeType) -> AttributeProto {
    AttributeProto { name: name.to_owned(), r#type: kind as i32, ..AttributeProto::default() }
}

pub(crate) fn ints(name: &str, ints: &[i64]) -> AttributeProto {
    AttributeProto { ints: ints.to_vec(), ..attribute(name, AttributeType::Ints) }
}

pub(crate) fn floats(name: &str, floats: &[f32]) -> AttributeProto {
    AttributeProto { floats: floats.to_vec(), ..attribute(name, AttributeType::Floats) }
}

pub(crate) fn texts(name: &str, texts: &[&str]) -> AttributeProto {
    let strings = texts.iter().map(|text| text.as_bytes().to_vec()).collect();
    AttributeProto { strings, ..attribute(name, AttributeType::Strings) }
}

pub(crate) fn int(name: &str, i: i64) -> AttributeProto {
    AttributeProto { i, ..attribute(name, AttributeType::Int) }
}

pub(crate) fn text(name: &str, text: &str) -> AttributeProto {
    AttributeProto { s: text.as_bytes().to_vec(), ..attribute(name, AttributeType::String) }
}

/// A constant.
pub(crate) fn weights(name: &str, dims: &[i64], values: &[f32]) -> TensorProto {
    let (dims, float_data) = (dims.to_vec(), values.to_vec());
    TensorProto { name: name.to_owned(), dims, data_type: FLOAT, float_data, ..TensorProto::default() }
}

/// A whole model.
pub(crate) fn model(input: Vec<ValueInfoProto>, node: Vec<NodeProto>, output: Vec<ValueInfoProto>) -> ModelProto {
    let version = |domain: &str, version| OperatorSetIdProto { domain: domain.to_owned(), version };
    ModelProto {
        ir_version: 8,
        opset_import: vec![version("", 17), version("ai.onnx.ml", 3)],
        graph: Some(GraphProto { name: "made".to_owned(), input, node, output, ..GraphProto::default() }),
        ..ModelProto::default()
    }
}

/// One operator from `x` to `y`.
pub(crate) fn one(
    input: (i32, &[i64]),
    operator: &str,
    attributes: Vec<AttributeProto>,
    output: (i32, &[i64]),
) -> ModelProto {
    let node = node(operator, &["x"], &["y"], attributes);
    model(vec![value("x", input.0, input.1)], vec![node], vec![value("y", output.0, output.1)])
}

/// Adds an entry to a model's metadata.
pub(crate) fn with(mut model: ModelProto, key: &str, text: &str) -> ModelProto {
    model.metadata_props.push(StringStringEntryProto { key: key.to_owned(), value: text.to_owned() });
    model
}

/// Publishes these bytes.
pub(crate) fn publish(bytes: Vec<u8>) -> Result<ModelInfo, Error> {
    testing::set_model_file("made", "application/octet-stream", bytes);
    OnnxFiles::inspect("made", ModelFile::open().ok_or_else(|| Error::new("no-file", ""))?)
}

/// Publishes a model.
pub(crate) fn inspect(model: &ModelProto) -> Result<ModelInfo, Error> {
    publish(model.encode_to_vec())
}

/// Publishes a model and runs it.
pub(crate) fn run(model: &ModelProto, table: Table, parameters: &str) -> Result<Table, Error> {
    inspect(model)?;
    let file = ModelFile::open().ok_or_else(|| Error::new("no-file", ""))?;
    let request = FileRequest { name: "made".to_owned(), file, table, parameters: parameters.to_owned() };
    OnnxFiles::run(request)?.into_table()
}
