//! Before a model is accepted it runs once: on three rows together, and on each alone.
//!
//! That it runs at all is better known when it is published than with the first job. And the host is promised that each
//! row of the result depends on its own input row alone: a model that mixes the rows of a batch is found out here.

use std::ops::Range;

use analyte_sdk::{Error, Result};
use tract_onnx::prelude::{IntoTValue as _, TValue, TVec, Tensor};

use crate::element::Element;
use crate::plan::Plan;
use crate::run::check;
use crate::signature::{Batch, Port};
use crate::tensors::{empty, fill, slice};

/// Rows of the trial.
const ROWS: usize = 3;
/// Sums may be taken in another order for more rows.
const TOLERANCE: f64 = 1e-4;

/// Runs the model on made-up rows. Fails with `cannot-run` or `rows-not-independent`.
pub fn run(plan: &Plan) -> Result<()> {
    let alone: Vec<_> = (0..ROWS).map(|row| call(plan, row..row + 1)).collect::<Result<_>>()?;
    if plan.batch == Batch::One {
        return Ok(());
    }
    let together = call(plan, 0..ROWS)?;
    for (index, port) in plan.signature.outputs.iter().enumerate() {
        let all = together.get(index).map(|tensor| values(tensor, port)).transpose()?;
        let each = alone.iter().filter_map(|outputs| outputs.get(index)).map(|tensor| values(tensor, port));
        let each: Vec<Value> = each.collect::<Result<Vec<_>>>()?.into_iter().flatten().collect();
        let all = all.unwrap_or_default();
        if each.len() != all.len() || !each.iter().zip(&all).all(|(one, other)| one.is_near(other)) {
            let message = "A row's result depends on the other rows of its batch, and rows must stand for themselves; \
                           export the model for inference, without steps across the batch.";
            return Err(Error::new("rows-not-independent", message));
        }
    }
    Ok(())
}

fn call(plan: &Plan, rows: Range<usize>) -> Result<TVec<TValue>> {
    let made_up = |port: &Port| Ok(made_up(port, rows.clone())?.into_tvalue());
    let outputs = plan.call(plan.signature.inputs.iter().map(made_up).collect::<Result<_>>()?)?;
    check(plan, &outputs, rows.len())?;
    Ok(outputs)
}

/// Values that differ from row to row, small enough to be an index or a category as well.
fn made_up(port: &Port, rows: Range<usize>) -> Result<Tensor> {
    let mut tensor = empty(port, rows.len())?;
    let columns: Vec<usize> = (0..port.columns.len()).collect();
    let whole = |column: &usize, row: usize| i16::try_from((column + row) % 2).unwrap_or_default();
    let float =
        |column: &usize, row: usize| f32::from(i16::try_from((column * 7 + row * 5) % 11).unwrap_or_default()) / 8.0;
    let rows = || rows.clone();
    match port.element {
        Element::F32 => fill(&mut tensor, &columns, |column| rows().map(|row| float(column, row))),
        Element::F64 => fill(&mut tensor, &columns, |column| rows().map(|row| f64::from(float(column, row)))),
        Element::I32 => fill(&mut tensor, &columns, |column| rows().map(|row| i32::from(whole(column, row)))),
        Element::I64 => fill(&mut tensor, &columns, |column| rows().map(|row| i64::from(whole(column, row)))),
        Element::Bool => fill(&mut tensor, &columns, |column| rows().map(|row| whole(column, row) == 1)),
        Element::Text => fill(&mut tensor, &columns, |column| rows().map(|row| whole(column, row).to_string())),
    }?;
    Ok(tensor)
}

#[derive(Debug)]
enum Value {
    Number(f64),
    Whole(i64),
    Text(String),
}

impl Value {
    fn is_near(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Number(one), Self::Number(other)) => {
                // Infinities of one sign are equal, and have no difference.
                (one.is_nan() && other.is_nan())
                    || one.total_cmp(other).is_eq()
                    || (one - other).abs() <= TOLERANCE * one.abs().max(1.0)
            }
            (Self::Whole(one), Self::Whole(other)) => one == other,
            (Self::Text(one), Self::Text(other)) => one == other,
            _ => false,
        }
    }
}

fn values(tensor: &Tensor, port: &Port) -> Result<Vec<Value>> {
    Ok(match port.element {
        Element::F32 => slice::<f32>(tensor)?.iter().map(|x| Value::Number(f64::from(*x))).collect(),
        Element::F64 => slice::<f64>(tensor)?.iter().map(|x| Value::Number(*x)).collect(),
        Element::I32 => slice::<i32>(tensor)?.iter().map(|x| Value::Whole(i64::from(*x))).collect(),
        Element::I64 => slice::<i64>(tensor)?.iter().map(|x| Value::Whole(*x)).collect(),
        Element::Bool => slice::<bool>(tensor)?.iter().map(|x| Value::Whole(i64::from(*x))).collect(),
        Element::Text => slice::<String>(tensor)?.iter().map(|x| Value::Text(x.clone())).collect(),
    })
}
