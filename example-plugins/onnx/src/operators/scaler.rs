//! `ai.onnx.ml.Scaler`: (x − offset) · scale for each column, what scikit-learn's scalers become.

use tract_onnx::model::ParsingContext;
use tract_onnx::pb::NodeProto;
use tract_onnx::tract_core::ops::cast::cast;
use tract_onnx::tract_core::ops::math::{mul, sub};
use tract_onnx::tract_hir::internal::*;

#[derive(Debug, Clone)]
struct Scaler {
    offset: Vec<f32>,
    scale: Vec<f32>,
}

pub(super) fn read(_: &ParsingContext, node: &NodeProto) -> TractResult<(Box<dyn InferenceOp>, Vec<String>)> {
    let scaler = Scaler { offset: node.get_attr_vec("offset")?, scale: node.get_attr_vec("scale")? };
    Ok((expand(scaler), Vec::new()))
}

impl Expansion for Scaler {
    fn name(&self) -> StaticName {
        "Scaler".into()
    }

    fn rules<'r, 'p: 'r, 's: 'r>(
        &'s self,
        s: &mut Solver<'r>,
        inputs: &'p [TensorProxy],
        outputs: &'p [TensorProxy],
    ) -> InferenceResult {
        check_input_arity(inputs, 1)?;
        check_output_arity(outputs, 1)?;
        let (Some(input), Some(output)) = (inputs.first(), outputs.first()) else { return Ok(()) };
        s.equals(&output.datum_type, f32::datum_type())?;
        s.equals(&input.rank, 2)?;
        s.equals(&input.shape, &output.shape)
    }

    fn wire(&self, prefix: &str, model: &mut TypedModel, inputs: &[OutletId]) -> TractResult<TVec<OutletId>> {
        let columns = match inputs {
            [input] => model.outlet_fact(*input)?.shape.get(1).cloned(),
            _ => None,
        };
        let columns = columns.context("Scaler takes one tensor of rows and columns")?.to_usize()?;
        let mut wire: TVec<OutletId> = inputs.into();
        wire = model.wire_node(format!("{prefix}.float"), cast(f32::datum_type()), &wire)?;
        for (part, op, values) in [("offset", sub(), &self.offset), ("scale", mul(), &self.scale)] {
            ensure!(
                values.len() == 1 || values.len() == columns,
                "Scaler has {} values for {columns} columns",
                values.len()
            );
            let values = tensor1(values).into_shape(&[1, values.len()])?;
            let values = model.add_const(format!("{prefix}.{part}"), values)?;
            wire.push(values);
            wire = model.wire_node(format!("{prefix}.by_{part}"), op, &wire)?;
        }
        Ok(wire)
    }
}
