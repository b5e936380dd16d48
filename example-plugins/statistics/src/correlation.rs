//! `correlation`: of each pair of numeric columns.

use analyte_sdk::prelude::*;

use crate::moments::moments;
use crate::numbers::complete;
use crate::p_value;

/// The correlation of one pair.
#[derive(Row, Debug, Clone, PartialEq)]
pub struct Pair {
    /// The column that comes first in the table.
    pub left: String,
    /// The column that comes later.
    pub right: String,
    /// From −1 to 1; none where a column is constant.
    pub coefficient: Option<f64>,
    /// Two-sided, by the t approximation with n − 2 degrees of freedom; none where there is no coefficient.
    pub p_value: Option<f64>,
}

/// What to compute.
#[parameters]
#[derive(Debug)]
pub struct Options {
    /// `pearson`: of the values, linear. `spearman`: of their ranks, monotonic; equal values share their average rank.
    #[parameter(default = Method::Pearson)]
    pub method: Method,
}

/// Which coefficient.
#[parameters]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Product-moment correlation.
    Pearson,
    /// Rank correlation.
    Spearman,
}

/// The model.
#[derive(Debug)]
pub struct Correlation;

impl Model for Correlation {
    const NAME: &str = "correlation";
    const DESCRIPTION: &str = "Correlates each pair of numeric columns, in the order of the table, with two-sided p-values \
        by the t approximation. Rows that lack a value in any numeric column are left out of all pairs, with a warning; at \
        least three must remain.";
    type Input = ();
    type Output = Pair;
    type Parameters = Options;

    fn describe(info: ModelInfo) -> ModelInfo {
        let pair = |coefficient: f64, p_value: f64| Pair {
            left: "height".to_owned(),
            right: "weight".to_owned(),
            coefficient: Some(coefficient),
            p_value: Some(p_value),
        };
        let table = |name: &str| {
            Example::new(name)
                .with("height", [1.0, 2.0, 3.0, 4.0, 5.0])
                .with("weight", [Some(2.0), Some(1.0), Some(4.0), Some(3.0), Some(7.0)])
                .tolerance(1e-10)
        };
        info.takes_numeric_columns()
            // Σ(x−x̄)(y−ȳ) = 12, Σ(x−x̄)² = 10, Σ(y−ȳ)² = 21.2.
            .example(table("pearson").expect([pair(12.0 / 212.0_f64.sqrt(), 0.086_138_631_313_959_45)]))
            // Ranks 2 1 4 3 5: 1 − 6·4/(5·24) = 0.8.
            .example(
                table("spearman")
                    .parameters(json!({ "method": "spearman" }))
                    .expect([pair(0.8, 0.104_088_038_661_827_86)]),
            )
    }

    fn run(request: Request<Self>) -> Result<Outcome<Pair>> {
        let columns = request.table.numeric_columns()?;
        if columns.len() < 2 {
            let message =
                format!("A correlation needs at least 2 numeric columns, and the table has {}.", columns.len());
            return Err(Error::new("too-few-columns", message).detail("columns", columns.len()));
        }
        let names: Vec<&str> = columns.iter().map(Column::name).collect();
        let complete = complete(&columns)?;
        let rows = complete.rows;
        if rows < 3 {
            let message = format!("A correlation needs at least 3 rows without missing values, and there are {rows}.");
            return Err(Error::new("too-few-rows", message).detail("rows", rows).detail("needed", 3));
        }
        let standard: Vec<Option<Vec<f64>>> = complete
            .columns
            .into_iter()
            .map(|values| match request.parameters.method {
                Method::Pearson => standardise(values),
                Method::Spearman => standardise(ranks(&values)),
            })
            .collect();

        let (mut left, mut right, mut coefficients, mut p_values) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for (index, (name, values)) in names.iter().zip(&standard).enumerate() {
            for (other_name, others) in names.iter().zip(&standard).skip(index + 1) {
                let coefficient = values.as_ref().zip(others.as_ref()).map(|(x, y)| dot(x, y).clamp(-1.0, 1.0));
                left.push(*name);
                right.push(*other_name);
                coefficients.push(coefficient);
                p_values.push(coefficient.and_then(|coefficient| p_value(coefficient, rows)));
            }
            job::progress((index + 1) as f64 / names.len() as f64, name);
        }
        let constant = names.iter().zip(&standard).filter(|(_, values)| values.is_none()).map(|(name, _)| {
            format!("Column `{name}` is constant in the rows in use, so it has no correlation with others.")
        });
        Ok(Outcome::from_columns([
            NewColumn::of("left", left),
            NewColumn::of("right", right),
            NewColumn::of("coefficient", coefficients),
            NewColumn::of("p_value", p_values),
        ])
        .warn_all(complete.warning.into_iter().chain(constant)))
    }
}

/// Centred and brought to length 1, so that a correlation is a dot product; `None` for a constant column.
fn standardise(mut values: Vec<f64>) -> Option<Vec<f64>> {
    let (least, most) = values.iter().fold((f64::MAX, f64::MIN), |(least, most), x| (x.min(least), x.max(most)));
    if least >= most {
        return None;
    }
    let spread = moments(&values);
    for value in &mut values {
        // Halves, since the difference of two huge numbers may leave the range.
        *value = (*value / 2.0 - spread.mean / 2.0) / (spread.deviation / 2.0);
    }
    // Division and centring leave a rounding error in the length, which a second pass removes.
    let length = dot(&values, &values).sqrt();
    for value in &mut values {
        *value /= length;
    }
    Some(values)
}

fn dot(left: &[f64], right: &[f64]) -> f64 {
    left.iter().zip(right).map(|(left, right)| left * right).sum()
}

/// Ranks from 1; equal values share the average of their ranks.
fn ranks(values: &[f64]) -> Vec<f64> {
    let mut sorted: Vec<(f64, usize)> = values.iter().copied().zip(0..).collect();
    sorted.sort_unstable_by(|left, right| left.0.total_cmp(&right.0));
    let mut ranks = vec![0.0; values.len()];
    let mut before = 0;
    // They rise, so they are equal where they do not; −0 and 0 are, unlike in the total order.
    for equal in sorted.chunk_by(|left, right| left.0 >= right.0) {
        let rank = before as f64 + (equal.len() + 1) as f64 / 2.0;
        for (_, row) in equal {
            if let Some(place) = ranks.get_mut(*row) {
                *place = rank;
            }
        }
        before += equal.len();
    }
    ranks
}

/// t = r·√((n − 2)/(1 − r²)), two-sided (Kendall and Stuart, "The Advanced Theory of Statistics", volume 2, 26.24).
fn p_value(coefficient: f64, rows: usize) -> Option<f64> {
    let degrees_of_freedom = (rows - 2) as f64;
    let t = coefficient * (degrees_of_freedom / ((1.0 - coefficient) * (1.0 + coefficient))).sqrt();
    p_value::of_t(t, degrees_of_freedom)
}

#[cfg(test)]
#[path = "correlation_tests.rs"]
mod tests;
