//! A model made ready to run: parsed, typed, optimised.

use analyte_sdk::{Error, Result};
use tract_onnx::pb::ModelProto;
use tract_onnx::prelude::*;
use tract_onnx::tract_core::ops::cast::cast;
use tract_onnx::tract_hir::internal::{DimLike as _, TDim};

use crate::element::Element;
use crate::file;
use crate::names::{self, Tensor};
use crate::operators;
use crate::refuse::{one_line, with_cause};
use crate::signature::{self, Batch, Signature, Unnamed};

/// A model that is ready to run.
#[derive(Debug)]
pub struct Plan {
    /// What it takes and gives.
    pub signature: Signature,
    /// How many rows it takes at once.
    pub batch: Batch,
    runnable: Arc<TypedRunnableModel>,
}

impl Plan {
    /// Makes a model ready. Beside what its signature may be refused for, fails with `cannot-prepare`.
    pub fn of(proto: &ModelProto) -> Result<Self> {
        let (inputs, batch) = signature::inputs(proto)?;
        let typed = typed(proto, &inputs, batch).map_err(|cause| unprepared(&cause))?;
        let outputs = outputs(proto, &typed, batch)?;
        let tensors = |unnamed: &[Unnamed]| -> Vec<Tensor> { unnamed.iter().map(|one| one.tensor.clone()).collect() };
        let input_names = names::of_inputs(proto, &tensors(&inputs))?;
        let output_names = names::of_outputs(proto, &tensors(&outputs))?;
        let signature = Signature {
            inputs: signature::named(inputs, input_names),
            outputs: signature::named(outputs, output_names),
        };
        let runnable =
            typed.into_optimized().and_then(IntoRunnable::into_runnable).map_err(|cause| unprepared(&cause))?;
        Ok(Self { signature, batch, runnable })
    }

    /// Runs it on a batch: one tensor for each input, one back for each output.
    pub(crate) fn call(&self, inputs: TVec<TValue>) -> Result<TVec<TValue>> {
        self.runnable
            .run(inputs)
            .map_err(|cause| with_cause("cannot-run", "The model cannot be run on these rows", &cause))
    }
}

fn typed(proto: &ModelProto, inputs: &[Unnamed], batch: Batch) -> TractResult<TypedModel> {
    let mut model = operators::onnx().model_for_proto_model(proto)?;
    let rows = match batch {
        Batch::Any => model.symbols.sym("rows").to_dim(),
        Batch::One => 1.to_dim(),
    };
    for (index, input) in inputs.iter().enumerate() {
        let mut shape = tvec![rows.clone()];
        if !input.flat {
            shape.push(input.tensor.width.to_dim());
        }
        model.set_input_fact(index, InferenceFact::dt_shape(input.element.datum(), shape))?;
    }
    let mut model = model.into_typed()?;
    // tract keeps whole numbers that may be sizes as formulas; what comes out is numbers.
    let outputs = model.output_outlets()?.to_vec();
    let mut whole = Vec::with_capacity(outputs.len());
    for (index, outlet) in outputs.into_iter().enumerate() {
        let formula = model.outlet_fact(outlet)?.datum_type == TDim::datum_type();
        let wire = if formula {
            model.wire_node(format!("whole.{index}"), cast(i64::datum_type()), &[outlet])?
        } else {
            tvec![outlet]
        };
        whole.extend(wire);
    }
    model.select_output_outlets(&whole)?;
    Ok(model)
}

fn unprepared(cause: &TractError) -> Error {
    with_cause("cannot-prepare", "The model cannot be made ready to run", cause)
}

/// The output tensors as they turned out: what the file says of them may be left open.
fn outputs(proto: &ModelProto, model: &TypedModel, batch: Batch) -> Result<Vec<Unnamed>> {
    let mut outputs = Vec::new();
    for (index, output) in file::graph(proto)?.output.iter().enumerate() {
        let name = one_line(&output.name);
        let broken = || Error::new("broken-graph", format!("The output `{name}` has no type.")).detail("output", &name);
        let fact = model.output_fact(index).map_err(|_| broken())?;
        let rows = match batch {
            Batch::Any => model.symbols.sym("rows").to_dim(),
            Batch::One => 1.to_dim(),
        };
        let wrong = || {
            let sizes: Vec<String> = fact.shape.iter().map(ToString::to_string).collect();
            signature::shape(&name, "output", &format!("[{}]", sizes.join(", ")))
        };
        let (first, width, flat) = match fact.shape.dims() {
            [first] => (first, 1, true),
            [first, width] => (first, width.to_usize().map_err(|_| wrong())?, false),
            _ => return Err(wrong()),
        };
        if *first != rows {
            return Err(wrong());
        }
        let element = Element::of_tract(fact.datum_type, &name)?;
        outputs.push(Unnamed { tensor: Tensor { name: output.name.clone(), width }, element, flat });
    }
    Ok(outputs)
}
