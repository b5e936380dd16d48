//! `describe`: a summary of each numeric column.

use analyte_sdk::prelude::*;

use crate::moments::moments;
use crate::numbers::present;

/// The summary of one column.
#[derive(Row, Debug, Clone, PartialEq)]
pub struct Summary {
    /// The column that this row is about.
    pub column: String,
    /// How many values there are.
    pub count: i64,
    /// How many values are missing.
    pub missing: i64,
    /// Arithmetic mean.
    pub mean: Option<f64>,
    /// Standard deviation of a sample (n − 1); none for fewer than two values.
    pub std: Option<f64>,
    /// Smallest value.
    pub min: Option<f64>,
    /// First quartile (type 7: linear between neighbours).
    pub q1: Option<f64>,
    /// Median.
    pub median: Option<f64>,
    /// Third quartile (type 7: linear between neighbours).
    pub q3: Option<f64>,
    /// Largest value.
    pub max: Option<f64>,
}

/// The model.
#[derive(Debug)]
pub struct Describe;

impl Model for Describe {
    const NAME: &str = "describe";
    const DESCRIPTION: &str = "Summarises each numeric column: count, missing values, mean, standard deviation (n − 1), \
        minimum, quartiles (type 7) and maximum. Missing values are counted and left out.";
    type Input = ();
    type Output = Summary;
    type Parameters = ();

    fn describe(info: ModelInfo) -> ModelInfo {
        info.takes_numeric_columns().example(
            Example::new("rain of a week")
                .with("millimetres", [0.0, 2.5, 4.0, 0.0, 1.5, 10.0, 3.0])
                .with("hours", [Some(0), Some(1), Some(2), Some(0), None, Some(5), Some(2)])
                .expect([
                    Summary {
                        column: "millimetres".to_owned(),
                        count: 7,
                        missing: 0,
                        mean: Some(3.0),
                        std: Some(11.75_f64.sqrt()),
                        min: Some(0.0),
                        q1: Some(0.75),
                        median: Some(2.5),
                        q3: Some(3.5),
                        max: Some(10.0),
                    },
                    Summary {
                        column: "hours".to_owned(),
                        count: 6,
                        missing: 1,
                        mean: Some(10.0 / 6.0),
                        std: Some((104.0_f64 / 30.0).sqrt()),
                        min: Some(0.0),
                        q1: Some(0.25),
                        median: Some(1.5),
                        q3: Some(2.0),
                        max: Some(5.0),
                    },
                ]),
        )
    }

    fn run(request: Request<Self>) -> Result<Outcome<Summary>> {
        let columns = request.table.numeric_columns()?;
        if columns.is_empty() {
            return Err(Error::new("no-numeric-columns", "The table has no numeric column to describe."));
        }
        columns.iter().map(summarise).collect()
    }
}

fn summarise(column: &Column<'_, f64>) -> Result<Summary> {
    let mut values = present(column)?;
    let count = values.len();
    let spread = (count > 0).then(|| moments(&values));
    Ok(Summary {
        column: column.name().to_owned(),
        count: i64::try_from(count)?,
        missing: i64::try_from(column.missing())?,
        mean: spread.map(|spread| spread.mean),
        std: spread.filter(|_| count > 1).map(|spread| spread.deviation / ((count - 1) as f64).sqrt()),
        min: values.iter().copied().reduce(f64::min),
        max: values.iter().copied().reduce(f64::max),
        q1: quantile(&mut values, 0.25),
        median: quantile(&mut values, 0.5),
        q3: quantile(&mut values, 0.75),
    })
}

/// The quantile of type 7 in Hyndman and Fan, "Sample quantiles in statistical packages", The American Statistician 50
/// (1996): linear between the order statistics around (n − 1)·p. Reorders the values.
fn quantile(values: &mut [f64], p: f64) -> Option<f64> {
    let last = values.len().checked_sub(1)?;
    let place = last as f64 * p;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 ≤ place ≤ last")]
    let index = (place.floor() as usize).min(last);
    let (_, low, above) = values.select_nth_unstable_by(index, f64::total_cmp);
    let low = *low;
    let weight = place - place.floor();
    match above.iter().copied().reduce(f64::min) {
        Some(high) if weight > 0.0 => {
            let step = weight * (high - low);
            // The difference of two huge numbers may leave the range, their weighted mean cannot.
            Some(if step.is_finite() { low + step } else { low * (1.0 - weight) + high * weight })
        }
        _ => Some(low),
    }
}

#[cfg(test)]
#[path = "describe_tests.rs"]
mod tests;
