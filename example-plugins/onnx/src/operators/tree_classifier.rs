//! `ai.onnx.ml.TreeEnsembleClassifier`. tract has one, but it gives the wrong label where there are two classes.
//!
//! Two classes are computed as onnxruntime computes them: from one score, whose sign decides, or, where no weight is
//! negative, whether it is above one half. Forms of two classes that onnxruntime itself answers inconsistently (leaves
//! that vote for both, two base values) are refused.

use std::sync::Arc;

use tract_onnx::model::ParsingContext;
use tract_onnx::pb::NodeProto;
use tract_onnx::tract_core::ops::cast::cast;
use tract_onnx::tract_hir::internal::*;

use super::trees::{Leaves, Trees};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum After {
    Nothing,
    Logistic,
    Softmax,
}

#[derive(Debug)]
struct Forest {
    trees: Trees,
    labels: Vec<i64>,
    /// Empty, or one for each class; for two classes, one.
    base: Vec<f32>,
    after: After,
    /// With two classes: above which score it is the second one.
    threshold: Option<f32>,
}

/// The operator. Two are equal if they are the same forest in memory, which is all that tract needs.
#[derive(Debug, Clone)]
struct Classifier(Arc<Forest>);

impl PartialEq for Classifier {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for Classifier {}

pub(super) fn read(_: &ParsingContext, node: &NodeProto) -> TractResult<(Box<dyn InferenceOp>, Vec<String>)> {
    let labels: Vec<i64> = node.get_attr_vec("classlabels_int64s")?;
    ensure!(labels.len() >= 2, "a classifier with {} classes", labels.len());
    let after = match node.get_attr_opt::<&str>("post_transform")? {
        None | Some("NONE") => After::Nothing,
        Some("LOGISTIC") => After::Logistic,
        Some("SOFTMAX") => After::Softmax,
        Some(other) => bail!("the post-transform {other} of a TreeEnsembleClassifier is not supported"),
    };
    let trees = Trees::read(node, Leaves::Class, labels.len())?;
    let base: Vec<f32> = node.get_attr_opt_vec("base_values")?.unwrap_or_default();
    let (used, positive) = trees.used();
    let threshold = if labels.len() == 2 {
        ensure!(
            used == [0] && base.len() <= 1,
            "a TreeEnsembleClassifier of two classes must give one score (class_ids all 0, at most one base value)"
        );
        Some(if positive { 0.5 } else { 0.0 })
    } else {
        let fits = base.is_empty() || base.len() == labels.len();
        ensure!(fits, "there are {} base values for {} classes", base.len(), labels.len());
        None
    };
    Ok((expand(Classifier(Arc::new(Forest { trees, labels, base, after, threshold }))), Vec::new()))
}

fn logistic(score: f32) -> f32 {
    1.0 / (1.0 + (-score).exp())
}

impl Forest {
    /// Fills in the scores of a row, and says which class it is.
    fn row(&self, row: &[f32], scores: &mut [f32]) -> usize {
        self.trees.sums(row, scores);
        for (score, base) in scores.iter_mut().zip(&self.base) {
            *score = if score.is_nan() { *base } else { *score + *base };
        }
        match (self.threshold, &mut *scores) {
            (Some(threshold), [first, second]) => {
                let score = if first.is_nan() { 0.0 } else { *first };
                (*first, *second) = match self.after {
                    After::Logistic => (logistic(-score), logistic(score)),
                    After::Nothing | After::Softmax if threshold > 0.0 => (1.0 - score, score),
                    After::Nothing | After::Softmax => (-score, score),
                };
                usize::from(score > threshold)
            }
            (_, scores) => {
                let class = greatest(scores);
                scores.iter_mut().filter(|score| score.is_nan()).for_each(|score| *score = 0.0);
                self.transform(scores);
                class
            }
        }
    }

    fn transform(&self, scores: &mut [f32]) {
        match self.after {
            After::Nothing => (),
            After::Logistic => scores.iter_mut().for_each(|score| *score = logistic(*score)),
            After::Softmax => {
                let most = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
                let mut sum = 0.0;
                for score in &mut *scores {
                    *score = (*score - most).exp();
                    sum += *score;
                }
                for score in scores {
                    *score /= sum;
                }
            }
        }
    }
}

/// The first of the greatest scores, among those that there are.
fn greatest(scores: &[f32]) -> usize {
    let mut best = (0, f32::NAN);
    for (class, score) in scores.iter().enumerate() {
        if !score.is_nan() && (best.1.is_nan() || *score > best.1) {
            best = (class, *score);
        }
    }
    best.0
}

impl Op for Classifier {
    fn name(&self) -> StaticName {
        "TreeEnsembleClassifier".into()
    }
    op_as_typed_op!();
}

impl EvalOp for Classifier {
    op_out_of_plan!();

    fn eval(&self, _: &EvalContext, inputs: TVec<TValue>) -> TractResult<TVec<TValue>> {
        let input = args_1!(inputs);
        let forest = self.0.as_ref();
        let (rows, classes) = (input.shape().first().copied().unwrap_or_default(), forest.labels.len());
        let mut labels = Vec::with_capacity(rows);
        let mut scores = Tensor::zero_dt(f32::datum_type(), &[rows, classes])?;
        let mut to = scores.try_as_plain_ram_mut()?;
        let mut to = to.as_slice_mut::<f32>()?.chunks_exact_mut(classes);
        forest.trees.rows(&input, |_, row| {
            let class = to.next().map_or(0, |scores| forest.row(row, scores));
            labels.push(forest.labels.get(class).copied().unwrap_or_default());
        })?;
        Ok(tvec!(tensor1(&labels).into_tvalue(), scores.into_tvalue()))
    }
}

impl TypedOp for Classifier {
    fn output_facts(&self, inputs: &[&TypedFact]) -> TractResult<TVec<TypedFact>> {
        let rows = inputs.first().and_then(|input| input.shape.first()).context("a classifier takes rows")?;
        Ok(tvec!(i64::fact([rows.clone()]), f32::fact([rows.clone(), self.0.labels.len().to_dim()])))
    }
    as_op!();
}

impl Expansion for Classifier {
    fn name(&self) -> StaticName {
        "TreeEnsembleClassifier".into()
    }

    fn nboutputs(&self) -> TractResult<usize> {
        Ok(2)
    }

    fn rules<'r, 'p: 'r, 's: 'r>(
        &'s self,
        s: &mut Solver<'r>,
        inputs: &'p [TensorProxy],
        outputs: &'p [TensorProxy],
    ) -> InferenceResult {
        check_input_arity(inputs, 1)?;
        check_output_arity(outputs, 2)?;
        let ([input], [labels, scores]) = (inputs, outputs) else { return Ok(()) };
        s.equals(&labels.datum_type, i64::datum_type())?;
        s.equals(&scores.datum_type, f32::datum_type())?;
        s.equals(&input.rank, 2)?;
        s.equals(&labels.rank, 1)?;
        s.equals(&scores.rank, 2)?;
        s.equals(&labels.shape[0], &input.shape[0])?;
        s.equals(&scores.shape[0], &input.shape[0])?;
        s.equals(&scores.shape[1], self.0.labels.len().to_dim())
    }

    fn wire(&self, prefix: &str, model: &mut TypedModel, inputs: &[OutletId]) -> TractResult<TVec<OutletId>> {
        let given = inputs.first().context("a classifier takes one tensor")?;
        if model.outlet_fact(*given)?.datum_type == f64::datum_type() {
            bail!("the trees take values of 64 bits; export the model with float32 inputs");
        }
        let wire = model.wire_node(format!("{prefix}.float"), cast(f32::datum_type()), inputs)?;
        model.wire_node(format!("{prefix}.trees"), self.clone(), &wire)
    }
}
