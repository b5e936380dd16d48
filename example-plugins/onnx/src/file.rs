//! From the bytes of a model file to its graph, refusing what this provider cannot run.
//!
//! What is refused here is what shows before the model is made ready: a file that is not ONNX, weights outside the
//! file, values that are no tensors, operators that nothing here computes, names that lead nowhere.

use std::collections::BTreeSet;
use std::io::Read;

use analyte_sdk::{Error, Result};
use tract_onnx::pb::{GraphProto, ModelProto, TensorProto, tensor_proto::DataLocation};
use tract_onnx::prelude::Framework as _;

use crate::operators;
use crate::refuse::one_line;
use crate::text_labels;

/// Operator domains whose operators are looked up by name.
const DOMAINS: [&str; 4] = ["", "ai.onnx", "ai.onnx.ml", "com.microsoft"];

/// Names of operators listed in a refusal.
const LISTED: usize = 10;

/// What the file says of itself, for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Described {
    /// Its documentation, or what made it.
    pub text: String,
    /// Its version, empty where it has none.
    pub version: String,
}

/// Reads a model file. Fails with `not-onnx`, `external-data`, `not-a-tensor`, `unsupported-operator` or `broken-graph`.
pub fn read(mut file: impl Read) -> Result<(ModelProto, Described)> {
    let mut proto = operators::onnx().proto_model_for_read(&mut file).map_err(|_| not_onnx())?;
    let graph = graph(&proto)?;
    check_values(graph)?;
    check_weights(graph)?;
    check_operators(graph)?;
    check_outputs(graph)?;
    let described = describe(&proto);
    text_labels::separate(&mut proto);
    Ok((proto, described))
}

/// The graph of the model.
pub(crate) fn graph(proto: &ModelProto) -> Result<&GraphProto> {
    proto.graph.as_ref().filter(|graph| proto.ir_version > 0 && !graph.output.is_empty()).ok_or_else(not_onnx)
}

fn not_onnx() -> Error {
    Error::new(
        "not-onnx",
        "The file is not an ONNX model, or is cut short; export the model to ONNX and publish that file.",
    )
}

/// Sequences and maps are read as values without a type: the reader knows tensors only.
fn check_values(graph: &GraphProto) -> Result<()> {
    let zipped = graph.node.iter().any(|node| node.op_type == "ZipMap");
    let untyped = |value: &&tract_onnx::pb::ValueInfoProto| value.r#type.as_ref().is_none_or(|t| t.value.is_none());
    let Some(value) = graph.input.iter().chain(&graph.output).find(untyped) else { return Ok(()) };
    let advice = if zipped {
        "export the classifier with `options={\"zipmap\": False}`, so that its probabilities are a tensor"
    } else {
        "export the model so that all its inputs and outputs are tensors"
    };
    let message = format!("`{}` is a sequence or a map, which is no column; {advice}.", one_line(&value.name));
    Err(Error::new("not-a-tensor", message).detail("value", one_line(&value.name)))
}

/// Only one file is published, so that weights in a second one are lost.
fn check_weights(graph: &GraphProto) -> Result<()> {
    let external = |tensor: &&TensorProto| tensor.data_location == Some(DataLocation::External as i32);
    match graph.initializer.iter().find(external) {
        None => Ok(()),
        Some(tensor) => {
            let name = one_line(&tensor.name);
            let message = format!(
                "The weights `{name}` lie in a second file; save the model with all its data in one (in Python: \
                 `onnx.save(model, path, save_as_external_data=False)`)."
            );
            Err(Error::new("external-data", message).detail("tensor", name))
        }
    }
}

fn check_operators(graph: &GraphProto) -> Result<()> {
    let known = operators::known();
    let mut unknown = BTreeSet::new();
    let mut graphs = vec![graph];
    while let Some(graph) = graphs.pop() {
        for node in &graph.node {
            if !known.contains_key(&node.op_type) {
                unknown.insert(one_line(&node.op_type));
            } else if !DOMAINS.contains(&node.domain.as_str()) {
                unknown.insert(one_line(&format!("{}.{}", node.domain, node.op_type)));
            }
            graphs.extend(node.attribute.iter().flat_map(|attribute| attribute.g.iter().chain(&attribute.graphs)));
        }
    }
    if unknown.is_empty() {
        return Ok(());
    }
    let list: Vec<String> = unknown.into_iter().take(LISTED).collect();
    let list = list.join(", ");
    let message = format!(
        "The model uses operators that this provider does not compute: {list}; export it without them, for instance by \
         doing that step before the model."
    );
    Err(Error::new("unsupported-operator", message).detail("operators", list))
}

/// Each output must be made by something: tract takes that for granted.
fn check_outputs(graph: &GraphProto) -> Result<()> {
    let made: BTreeSet<&str> = graph
        .node
        .iter()
        .flat_map(|node| node.output.iter().map(String::as_str))
        .chain(graph.input.iter().map(|input| input.name.as_str()))
        .chain(graph.initializer.iter().map(|tensor| tensor.name.as_str()))
        .collect();
    match graph.output.iter().find(|output| !made.contains(output.name.as_str())) {
        None => Ok(()),
        Some(output) => {
            let name = one_line(&output.name);
            let message = format!("Nothing in the model makes its output `{name}`; export the model again.");
            Err(Error::new("broken-graph", message).detail("output", name))
        }
    }
}

fn describe(proto: &ModelProto) -> Described {
    let maker = one_line(format!("{} {}", proto.producer_name, proto.producer_version).trim());
    let made = if maker.is_empty() { "An ONNX model.".to_owned() } else { format!("An ONNX model, made by {maker}.") };
    let own = one_line(proto.doc_string.trim());
    let text = if own.is_empty() { made } else { format!("{own} {made}") };
    let version = if proto.model_version > 0 { proto.model_version.to_string() } else { String::new() };
    Described { text, version }
}
