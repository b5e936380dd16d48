//! `ai.onnx.ml.LabelEncoder`: each value is replaced by another, as a list of pairs says.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;

use tract_onnx::model::ParsingContext;
use tract_onnx::pb::NodeProto;
use tract_onnx::tract_hir::internal::*;

use crate::tensors::blank;

/// Names of elements by what the attributes call them.
const WHOLE: &str = "int64s";
const FLOATS: &str = "floats";
const TEXTS: &str = "strings";

/// One side of the pairs.
#[derive(Debug, Clone)]
enum Values {
    Whole(Vec<i64>),
    Floats(Vec<f32>),
    Texts(Vec<String>),
}

#[derive(Debug)]
struct Pairs {
    /// Where in `values` the value of a key lies.
    places: Places,
    values: Values,
    /// For what is no key; one value.
    default: Values,
}

#[derive(Debug)]
enum Places {
    Whole(HashMap<i64, usize>),
    /// By their bits, so that NaN is a key like any other.
    Floats(HashMap<u32, usize>),
    Texts(HashMap<String, usize>),
}

/// The operator. Two are equal if they are the same pairs in memory, which is all that tract needs.
#[derive(Debug, Clone)]
struct LabelEncoder(Arc<Pairs>);

impl PartialEq for LabelEncoder {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for LabelEncoder {}

pub(super) fn read(_: &ParsingContext, node: &NodeProto) -> TractResult<(Box<dyn InferenceOp>, Vec<String>)> {
    let keys = values(node, "keys")?.context("LabelEncoder without keys")?;
    let values = values(node, "values")?.context("LabelEncoder without values")?;
    ensure!(keys.len() == values.len(), "LabelEncoder has {} keys for {} values", keys.len(), values.len());
    let default = match &values {
        Values::Whole(_) => Values::Whole(vec![node.get_attr_opt("default_int64")?.unwrap_or(-1)]),
        Values::Floats(_) => Values::Floats(vec![node.get_attr_opt("default_float")?.unwrap_or(-0.0)]),
        Values::Texts(_) => {
            Values::Texts(vec![node.get_attr_opt("default_string")?.unwrap_or_else(|| "_Unused".to_owned())])
        }
    };
    let places = match keys {
        Values::Whole(keys) => Places::Whole(places(keys)),
        Values::Floats(keys) => Places::Floats(places(keys.into_iter().map(key))),
        Values::Texts(keys) => Places::Texts(places(keys)),
    };
    Ok((expand(LabelEncoder(Arc::new(Pairs { places, values, default }))), Vec::new()))
}

fn values(node: &NodeProto, side: &str) -> TractResult<Option<Values>> {
    if let Some(whole) = node.get_attr_opt_vec(&format!("{side}_{WHOLE}"))? {
        return Ok(Some(Values::Whole(whole)));
    }
    if let Some(floats) = node.get_attr_opt_vec(&format!("{side}_{FLOATS}"))? {
        return Ok(Some(Values::Floats(floats)));
    }
    Ok(node.get_attr_opt_vec(&format!("{side}_{TEXTS}"))?.map(Values::Texts))
}

/// Of several equal keys the last one counts, as in onnxruntime.
fn places<K: Hash + Eq>(keys: impl IntoIterator<Item = K>) -> HashMap<K, usize> {
    keys.into_iter().enumerate().map(|(place, key)| (key, place)).collect()
}

/// Zeros of both signs are one key, and so are all NaNs.
fn key(float: f32) -> u32 {
    if float.is_nan() { f32::NAN.to_bits() } else { (float + 0.0).to_bits() }
}

impl Values {
    fn len(&self) -> usize {
        match self {
            Self::Whole(values) => values.len(),
            Self::Floats(values) => values.len(),
            Self::Texts(values) => values.len(),
        }
    }

    fn datum(&self) -> DatumType {
        match self {
            Self::Whole(_) => i64::datum_type(),
            Self::Floats(_) => f32::datum_type(),
            Self::Texts(_) => String::datum_type(),
        }
    }
}

impl Places {
    fn datum(&self) -> DatumType {
        match self {
            Self::Whole(_) => i64::datum_type(),
            Self::Floats(_) => f32::datum_type(),
            Self::Texts(_) => String::datum_type(),
        }
    }

    /// Of each element, where its value lies.
    fn find(&self, input: &Tensor) -> TractResult<Vec<Option<usize>>> {
        let view = input.try_as_plain_ram()?;
        Ok(match self {
            Self::Whole(places) => view.as_slice::<i64>()?.iter().map(|key| places.get(key).copied()).collect(),
            Self::Floats(places) => {
                view.as_slice::<f32>()?.iter().map(|float| places.get(&key(*float)).copied()).collect()
            }
            Self::Texts(places) => view.as_slice::<String>()?.iter().map(|key| places.get(key).copied()).collect(),
        })
    }
}

impl Op for LabelEncoder {
    fn name(&self) -> StaticName {
        "LabelEncoder".into()
    }
    op_as_typed_op!();
}

impl EvalOp for LabelEncoder {
    op_out_of_plan!();

    fn eval(&self, _: &EvalContext, inputs: TVec<TValue>) -> TractResult<TVec<TValue>> {
        fn put<T: Datum>(output: &mut Tensor, found: &[Option<usize>], values: &[T], default: &[T]) -> TractResult<()> {
            let mut output = output.try_as_plain_ram_mut()?;
            for (place, found) in output.as_slice_mut::<T>()?.iter_mut().zip(found) {
                let value = found.and_then(|found| values.get(found)).or_else(|| default.first());
                *place = value.cloned().context("a label without a value")?;
            }
            Ok(())
        }
        let input = args_1!(inputs);
        let Pairs { places, values, default } = self.0.as_ref();
        // Sizes are formulas in tract, and may be looked up like any whole number.
        let input = input.cast_to_dt(places.datum())?;
        let found = places.find(&input)?;
        let mut output = blank(values.datum(), input.shape())?;
        match (values, default) {
            (Values::Whole(values), Values::Whole(default)) => put(&mut output, &found, values, default)?,
            (Values::Floats(values), Values::Floats(default)) => put(&mut output, &found, values, default)?,
            (Values::Texts(values), Values::Texts(default)) => put(&mut output, &found, values, default)?,
            _ => bail!("a default of another type"),
        }
        Ok(tvec!(output.into_tvalue()))
    }
}

impl TypedOp for LabelEncoder {
    fn output_facts(&self, inputs: &[&TypedFact]) -> TractResult<TVec<TypedFact>> {
        let input = inputs.first().context("LabelEncoder takes one tensor")?;
        Ok(tvec!(self.0.values.datum().fact(input.shape.clone())))
    }
    as_op!();
}

impl Expansion for LabelEncoder {
    fn name(&self) -> StaticName {
        "LabelEncoder".into()
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
        s.equals(&output.datum_type, self.0.values.datum())?;
        s.equals(&input.shape, &output.shape)
    }

    fn wire(&self, prefix: &str, model: &mut TypedModel, inputs: &[OutletId]) -> TractResult<TVec<OutletId>> {
        model.wire_node(prefix, self.clone(), inputs)
    }
}
