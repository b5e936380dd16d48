//! `ai.onnx.ml.TreeEnsembleRegressor`, which tract does not have.

use std::sync::Arc;

use tract_onnx::model::ParsingContext;
use tract_onnx::pb::NodeProto;
use tract_onnx::tract_core::ops::cast::cast;
use tract_onnx::tract_core::ops::math::add;
use tract_onnx::tract_core::ops::nn::sigmoid;
use tract_onnx::tract_hir::internal::*;

use super::trees::{Leaves, Trees};

/// The operator. Two are equal if they are the same trees in memory, which is all that tract needs.
#[derive(Debug, Clone)]
struct TreeEnsemble(Arc<Trees>);

impl PartialEq for TreeEnsemble {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for TreeEnsemble {}

#[derive(Debug, Clone)]
struct Regressor {
    trees: TreeEnsemble,
    base: Option<Vec<f32>>,
    logistic: bool,
}

pub(super) fn read(_: &ParsingContext, node: &NodeProto) -> TractResult<(Box<dyn InferenceOp>, Vec<String>)> {
    let logistic = match node.get_attr_opt::<&str>("post_transform")? {
        None | Some("NONE") => false,
        Some("LOGISTIC") => true,
        Some(other) => bail!("the post-transform {other} of a TreeEnsembleRegressor is not supported"),
    };
    let targets: usize = node.get_attr("n_targets")?;
    let base: Option<Vec<f32>> = node.get_attr_opt_vec("base_values")?;
    if let Some(base) = &base {
        ensure!(base.len() == targets, "there are {} base values for {targets} targets", base.len());
    }
    let trees = TreeEnsemble(Arc::new(Trees::read(node, Leaves::Target, targets)?));
    Ok((expand(Regressor { trees, base, logistic }), Vec::new()))
}

impl Op for TreeEnsemble {
    fn name(&self) -> StaticName {
        "TreeEnsemble".into()
    }
    op_as_typed_op!();
}

impl EvalOp for TreeEnsemble {
    op_out_of_plan!();

    fn eval(&self, _: &EvalContext, inputs: TVec<TValue>) -> TractResult<TVec<TValue>> {
        let input = args_1!(inputs);
        let rows = input.shape().first().copied().unwrap_or_default();
        let mut output = Tensor::zero_dt(f32::datum_type(), &[rows, self.0.targets])?;
        let mut to = output.try_as_plain_ram_mut()?;
        let mut to = to.as_slice_mut::<f32>()?.chunks_exact_mut(self.0.targets);
        self.0.rows(&input, |trees, row| to.next().into_iter().for_each(|out| trees.row(row, out)))?;
        Ok(tvec!(output.into_tvalue()))
    }
}

impl TypedOp for TreeEnsemble {
    fn output_facts(&self, inputs: &[&TypedFact]) -> TractResult<TVec<TypedFact>> {
        let rows = inputs.first().and_then(|input| input.shape.first()).context("a tree ensemble takes rows")?;
        Ok(tvec!(f32::fact([rows.clone(), self.0.targets.to_dim()])))
    }
    as_op!();
}

impl Expansion for Regressor {
    fn name(&self) -> StaticName {
        "TreeEnsembleRegressor".into()
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
        s.equals(&output.rank, 2)?;
        s.equals(&output.shape[0], &input.shape[0])?;
        s.equals(&output.shape[1], self.trees.0.targets.to_dim())
    }

    fn wire(&self, prefix: &str, model: &mut TypedModel, inputs: &[OutletId]) -> TractResult<TVec<OutletId>> {
        let given = inputs.first().context("a tree ensemble takes one tensor")?;
        if model.outlet_fact(*given)?.datum_type == f64::datum_type() {
            bail!("the trees take values of 64 bits; export the model with float32 inputs");
        }
        let mut wire = model.wire_node(format!("{prefix}.float"), cast(f32::datum_type()), inputs)?;
        wire = model.wire_node(format!("{prefix}.trees"), self.trees.clone(), &wire)?;
        if let Some(base) = &self.base {
            let base = tensor1(base).into_shape(&[1, base.len()])?;
            wire.push(model.add_const(format!("{prefix}.base"), base)?);
            wire = model.wire_node(format!("{prefix}.plus_base"), add(), &wire)?;
        }
        if self.logistic {
            wire = model.wire_node(format!("{prefix}.logistic"), sigmoid(), &wire)?;
        }
        Ok(wire)
    }
}
