//! Runs the worked examples of a model.

use crate::model::{Model, info_of, run_model};
use crate::raw::analysis::Request;
use crate::raw::tables::{BufferKind, Column as RawColumn};
use crate::value::Value;
use crate::{Error, Example, Result, Table};

/// Runs each example of a model and compares, as the host's own check does. Fails with `example-failed`, naming the first
/// example, column and row that differ; with `no-examples` where there are none.
pub fn check_examples<M: Model>() -> Result<()> {
    let info = info_of::<M>();
    if info.examples.is_empty() {
        return Err(Error::new("no-examples", format!("Model `{}` has no examples.", info.name)));
    }
    for example in info.examples {
        check::<M>(&example).map_err(|reason| {
            Error::new("example-failed", format!("Example `{}` of model `{}`: {reason}.", example.name, M::NAME))
        })?;
    }
    Ok(())
}

fn check<M: Model>(example: &Example) -> Result<(), String> {
    if example.input.columns.is_empty() {
        return Err("its input has no columns, or columns of unequal lengths".to_owned());
    }
    let request = Request {
        model: M::NAME.to_owned(),
        input: example.input.clone(),
        parameters: example.parameters.clone(),
        extra: Vec::new(),
    };
    #[cfg(not(target_family = "wasm"))]
    super::host::begin_run();
    let got = run_model::<M>(request).map_err(|error| error.to_string())?.output;
    let expected = &example.expected;
    if got.row_count != expected.row_count {
        return Err(format!("it gives {} rows, and {} are expected", got.row_count, expected.row_count));
    }
    let names = |columns: &[RawColumn]| columns.iter().map(|column| column.name.clone()).collect::<Vec<_>>().join(", ");
    let (got_names, expected_names) = (names(&got.columns), names(&expected.columns));
    if got_names != expected_names {
        return Err(format!("it gives the columns {got_names}, and {expected_names} are expected"));
    }
    let got = Table::try_from(got).map_err(|error| error.to_string())?;
    let expected = Table::try_from(expected.clone()).map_err(|error| error.to_string())?;
    for column in expected.column_types() {
        let (name, tolerance) = (column.name, example.tolerance);
        let difference = match column.kind {
            BufferKind::BooleanBits => first_difference::<bool>(&got, &expected, name, |a, b| a == b),
            BufferKind::Int32 => first_difference::<i32>(&got, &expected, name, |a, b| a == b),
            BufferKind::Int64 => first_difference::<i64>(&got, &expected, name, |a, b| a == b),
            BufferKind::Float32 => {
                first_difference::<f32>(&got, &expected, name, |a, b| close(f64::from(a), f64::from(b), tolerance))
            }
            BufferKind::Float64 => first_difference::<f64>(&got, &expected, name, |a, b| close(a, b, tolerance)),
            BufferKind::Utf8 => first_difference::<String>(&got, &expected, name, |a, b| a == b),
            BufferKind::Binary => first_difference::<Vec<u8>>(&got, &expected, name, |a, b| a == b),
        };
        difference.map_err(|error| error.to_string())?.map_or(Ok(()), Err)?;
    }
    Ok(())
}

fn close(got: f64, expected: f64, tolerance: f64) -> bool {
    let same = got.to_bits() == expected.to_bits() || (got.is_nan() && expected.is_nan());
    same || (got - expected).abs() <= tolerance * expected.abs().max(1.0)
}

fn first_difference<T: Value>(
    got: &Table,
    expected: &Table,
    name: &str,
    same: impl Fn(T::Ref<'_>, T::Ref<'_>) -> bool,
) -> Result<Option<String>>
where
    for<'a> T::Ref<'a>: std::fmt::Debug,
{
    let (got, expected) = (got.column::<T>(name)?, expected.column::<T>(name)?);
    for (row, (got, expected)) in got.iter().zip(expected.iter()).enumerate() {
        let equal = match (got, expected) {
            (Some(got), Some(expected)) => same(got, expected),
            (None, None) => true,
            _ => false,
        };
        if !equal {
            let row = row + 1;
            return Ok(Some(format!("column `{name}`, row {row}: got {got:?}, expected {expected:?}")));
        }
    }
    Ok(None)
}
