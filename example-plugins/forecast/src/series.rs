//! The series in a table, checked.

use analyte_sdk::prelude::*;

/// One row of a series.
#[derive(Row, Debug, Clone, PartialEq)]
pub struct Observation {
    /// The value at this step. Steps are at equal distances, and each has a finite value.
    pub value: f64,
}

/// How a season acts on the level of a series.
#[parameters]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seasonality {
    /// It is added: swings of the same size at every level.
    Additive,
    /// It is multiplied: swings that grow with the level. Only for values above zero.
    Multiplicative,
}

/// The values of a series of at least two seasons.
///
/// Fails with `invalid-parameters` where a season is shorter than 2 rows, `missing-value` and `non-finite`, naming the row,
/// `too-few-rows`, and `not-positive`, naming the row, where the season is multiplicative.
pub(crate) fn read<M: Model<Input = Observation>>(
    request: &Request<M>,
    season_length: u32,
    seasonal: Seasonality,
) -> Result<Vec<f64>> {
    // The host refuses this by the schema; nothing below could do without.
    if season_length < 2 {
        let message = format!("`season_length` is {season_length}, and a season has at least 2 rows.");
        return Err(Error::new("invalid-parameters", message).detail("parameter", "season_length"));
    }
    let values: Vec<f64> = request.rows()?.map(|row| row.value).collect();
    let at = |row: usize, code: &'static str, rule: &str| {
        let (value, row) = (values.get(row).copied().unwrap_or(f64::NAN), row + 1);
        let message = format!("Column `value` holds {value} in row {row}; {rule}.");
        Err(Error::new(code, message).detail("column", "value").detail("row", row))
    };
    if let Some(row) = values.iter().position(|value| !value.is_finite()) {
        return at(row, "non-finite", "only finite numbers can be analysed");
    }
    let (rows, needed) = (values.len(), 2 * season_length as usize);
    if rows < needed {
        let message = format!("Two seasons of {season_length} rows are {needed} rows, and there are {rows}.");
        return Err(Error::new("too-few-rows", message).detail("rows", rows).detail("needed", needed));
    }
    if seasonal == Seasonality::Multiplicative
        && let Some(row) = values.iter().position(|value| *value <= 0.0)
    {
        return at(row, "not-positive", "a multiplicative season needs numbers above zero, an additive one takes any");
    }
    Ok(values)
}
