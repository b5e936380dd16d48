//! What a model takes and gives: its tensors, and the columns that they become.

use analyte_sdk::{Error, Field, Result};
use tract_onnx::pb::{ModelProto, TypeProto, tensor_shape_proto::dimension::Value as Dimension, type_proto};

use crate::element::Element;
use crate::file::graph;
use crate::names::{MOST_FIELDS, Tensor};
use crate::refuse::one_line;

/// A tensor of rows, as columns of one element type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Port {
    /// What its elements are.
    pub element: Element,
    /// Names of its columns.
    pub columns: Vec<String>,
    /// Whether it has rows only (`[N]`), so that its one column has no axis of its own.
    pub flat: bool,
}

/// The tensors of a model, in the order of its graph.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    /// What goes in.
    pub inputs: Vec<Port>,
    /// What comes out.
    pub outputs: Vec<Port>,
}

impl Signature {
    /// The fields of the input. A float may be missing, which the model is shown as NaN if the caller says so.
    pub fn input_fields(&self) -> Vec<Field> {
        let mut fields = fields(&self.inputs);
        for (field, element) in fields.iter_mut().zip(elements(&self.inputs)) {
            field.nullable = element.is_float();
        }
        fields
    }

    /// The fields of the result.
    pub fn output_fields(&self) -> Vec<Field> {
        fields(&self.outputs)
    }

    /// Whether an input may be missing.
    pub fn takes_floats(&self) -> bool {
        self.inputs.iter().any(|port| port.element.is_float())
    }
}

fn fields(ports: &[Port]) -> Vec<Field> {
    ports.iter().flat_map(|port| port.columns.iter().map(|name| port.element.field(name))).collect()
}

fn elements(ports: &[Port]) -> impl Iterator<Item = Element> + '_ {
    ports.iter().flat_map(|port| port.columns.iter().map(|_| port.element))
}

/// A tensor whose columns have no names yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unnamed {
    pub(crate) tensor: Tensor,
    pub(crate) element: Element,
    pub(crate) flat: bool,
}

/// How many rows a model takes at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Batch {
    /// As many as there are.
    Any,
    /// Always one: the file says so.
    One,
}

/// The input tensors that the file declares. Fails with `unsupported-shape`, `unsupported-type` or `fixed-batch`.
pub(crate) fn inputs(proto: &ModelProto) -> Result<(Vec<Unnamed>, Batch)> {
    let graph = graph(proto)?;
    let given = |name: &str| graph.initializer.iter().any(|tensor| tensor.name == name);
    let mut tensors = Vec::new();
    let mut batches = Vec::new();
    for input in graph.input.iter().filter(|input| !given(&input.name)) {
        let name = one_line(&input.name);
        let Some(TypeProto { value: Some(type_proto::Value::TensorType(kind)), .. }) = &input.r#type else { continue };
        let dimensions: Vec<Option<i64>> = kind.shape.iter().flat_map(|shape| &shape.dim).map(fixed).collect();
        let (rows, width, flat) = match *dimensions.as_slice() {
            [rows] => (rows, 1, true),
            [rows, Some(width)] => (rows, bounded(width, &name)?, false),
            _ => return Err(shape(&name, "input", &shown(&dimensions))),
        };
        batches.push(batch(rows, &name)?);
        let element = Element::of_onnx(kind.elem_type, &name)?;
        tensors.push(Unnamed { tensor: Tensor { name: input.name.clone(), width }, element, flat });
    }
    let batch = batches.first().copied().ok_or_else(|| {
        Error::new("unsupported-shape", "The model takes no input, so that there is nothing to run it on.")
    })?;
    if batches.iter().any(|other| *other != batch) {
        let message = "Some inputs of the model take any number of rows and others just one; export it with one dynamic \
                       batch dimension for all.";
        return Err(Error::new("fixed-batch", message));
    }
    Ok((tensors, batch))
}

/// A dimension that is a number in the file.
fn fixed(dimension: &tract_onnx::pb::tensor_shape_proto::Dimension) -> Option<i64> {
    match dimension.value {
        // Some exporters write an open dimension as −1 or 0.
        Some(Dimension::DimValue(value)) => Some(value).filter(|value| *value > 0),
        _ => None,
    }
}

fn batch(rows: Option<i64>, name: &str) -> Result<Batch> {
    match rows {
        None => Ok(Batch::Any),
        Some(1) => Ok(Batch::One),
        Some(rows) => {
            let message = format!(
                "Input `{name}` takes exactly {rows} rows at once; export the model with a dynamic batch dimension (in \
                 PyTorch: `dynamic_axes={{\"{name}\": {{0: \"batch\"}}}}`)."
            );
            Err(Error::new("fixed-batch", message).detail("input", name).detail("rows", rows))
        }
    }
}

fn bounded(width: i64, name: &str) -> Result<usize> {
    usize::try_from(width).ok().filter(|width| *width <= MOST_FIELDS).ok_or_else(|| {
        let message = format!("`{name}` has {width} columns, and at most {MOST_FIELDS} are taken.");
        Error::new("too-many-fields", message).detail("fields", width).detail("limit", MOST_FIELDS)
    })
}

/// A shape that is no table.
pub(crate) fn shape(name: &str, side: &str, shape: &str) -> Error {
    let message = format!(
        "The {side} `{name}` has the shape {shape}, and a table needs [rows] or [rows, columns]; reshape it inside the \
         model, so that each row is one case."
    );
    Error::new("unsupported-shape", message).detail(side.to_owned(), name).detail("shape", shape)
}

fn shown(dimensions: &[Option<i64>]) -> String {
    let dimensions: Vec<String> =
        dimensions.iter().map(|size| size.map_or_else(|| "?".to_owned(), |size| size.to_string())).collect();
    format!("[{}]", dimensions.join(", "))
}

/// Gives each column its name.
pub(crate) fn named(tensors: Vec<Unnamed>, names: Vec<String>) -> Vec<Port> {
    let mut names = names.into_iter();
    let mut port = |unnamed: Unnamed| Port {
        element: unnamed.element,
        columns: names.by_ref().take(unnamed.tensor.width).collect(),
        flat: unnamed.flat,
    };
    tensors.into_iter().map(&mut port).collect()
}
