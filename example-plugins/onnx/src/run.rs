//! One run: columns become tensors, batch by batch, and the answers become columns.

use analyte_sdk::prelude::*;
use tract_onnx::prelude::{TValue, TVec};

use crate::plan::Plan;
use crate::signature::Batch;
use crate::tensors::{Given, Made};

/// Rows that the model is given at once. Of 16 to 4,096, tried on the models of this folder, the fuel of a run at 256 is
/// within 4 % of the least, and what lies between two operators stays small.
pub const BATCH_ROWS: usize = 256;

/// How a run treats its input.
#[parameters]
#[derive(Debug, Clone)]
pub struct Options {
    /// What happens where a number is missing: the run is refused, or the model is given NaN in its place.
    #[parameter(default = Missing::Refuse)]
    pub missing: Missing,
}

/// What happens where a number is missing.
#[parameters]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missing {
    /// The run is refused.
    Refuse,
    /// The model is given NaN.
    Nan,
}

/// Runs the model on all rows of the table. Fails with `missing-value` or `cannot-run`.
pub fn run(plan: &Plan, table: &Table, options: &Options) -> Result<Outcome> {
    let given: Vec<Given<'_>> = plan
        .signature
        .inputs
        .iter()
        .map(|port| Given::open(table, port, options.missing == Missing::Nan))
        .collect::<Result<_>>()?;
    let rows = table.rows();
    let mut made: Vec<Made<'_>> = plan.signature.outputs.iter().map(|port| Made::new(port, rows)).collect();
    let step = match plan.batch {
        Batch::Any => BATCH_ROWS,
        Batch::One => 1,
    };
    let mut reported = 0;
    for from in (0..rows).step_by(step) {
        let batch = from..rows.min(from + step);
        let inputs: TVec<TValue> = given.iter().map(|given| given.tensor(batch.clone())).collect::<Result<_>>()?;
        let outputs = plan.call(inputs)?;
        check(plan, &outputs, batch.len())?;
        for (made, output) in made.iter_mut().zip(&outputs) {
            made.take(output)?;
        }
        // Leaving the component for each row would cost more than many a model.
        if batch.end - reported >= BATCH_ROWS && batch.end < rows {
            reported = batch.end;
            job::progress(batch.end as f64 / rows as f64, "");
        }
    }
    Ok(Outcome::from_columns(made.into_iter().flat_map(Made::columns)))
}

/// What came out must have the size and type that the model was found to have.
pub(crate) fn check(plan: &Plan, outputs: &[TValue], rows: usize) -> Result<()> {
    let ports = &plan.signature.outputs;
    let fits = outputs.len() == ports.len()
        && ports.iter().zip(outputs).all(|(port, output)| {
            output.datum_type() == port.element.datum() && output.len() == rows.saturating_mul(port.columns.len())
        });
    if fits {
        return Ok(());
    }
    let message = "The model gave tensors of other sizes or types than it declares; export it again.";
    Err(Error::new("cannot-run", message).detail("rows", rows))
}
