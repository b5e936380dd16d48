//! Outliers of a series: how far each value is from the median of the last values, in their median absolute deviations.
//!
//! Hampel's identifier (Hampel, "The influence curve and its role in robust estimation", Journal of the American
//! Statistical Association 69 (1974); Davies and Gather, "The identification of multiple outliers", the same 88 (1993)) over
//! a trailing window, so that no row depends on later ones. `window` keeps the last values in order.

mod window;

use analyte_sdk::prelude::*;

use crate::window::Window;

/// Makes the median absolute deviation of normally distributed values their standard deviation: 1/Φ⁻¹(3/4).
const NORMAL: f64 = 1.4826;
/// Rows between two reports of progress.
const REPORT: usize = 10_000;

/// One row of the series.
#[derive(Row, Debug, Clone, PartialEq)]
pub struct Observation {
    /// The value; a missing one has no result and is no part of any window.
    pub value: Option<f64>,
}

/// What the model says of one row; nothing until the window is full, and where the value is missing.
#[derive(Row, Debug, Clone, PartialEq)]
pub struct Judged {
    /// Median of the window that ends with this row.
    pub median: Option<f64>,
    /// Median absolute deviation from it, times 1.4826.
    pub mad: Option<f64>,
    /// |value − median| / mad; none where `mad` is 0.
    pub score: Option<f64>,
    /// Whether the score is above the threshold; where `mad` is 0, whether the value is not the median.
    pub outlier: Option<bool>,
}

/// How to judge.
#[parameters]
#[derive(Debug, Clone, PartialEq)]
pub struct Options {
    /// Values in a window, the one in question among them.
    #[parameter(default = 21)]
    #[schemars(range(min = 3, max = 10_000))]
    pub window: u32,
    /// Scores above this are outliers. 3 is usual.
    #[parameter(default = 3.0)]
    #[schemars(range(min = 0.0))]
    pub threshold: f64,
}

/// The model.
#[derive(Debug)]
pub struct RobustOutliers;

impl Model for RobustOutliers {
    const NAME: &str = "robust-outliers";
    const DESCRIPTION: &str = "Finds outliers of a series by Hampel's rule: the score of a value is its distance from the \
        median of the last values (itself among them), divided by their median absolute deviation times 1.4826. Rows before \
        the first full window have no result. A missing value has none either, and the window reaches one row further back. \
        Where more than half of a window is one value, its deviation is 0: there is no score, and each other value is an \
        outlier.";
    type Input = Observation;
    type Output = Judged;
    type Parameters = Options;

    fn describe(info: ModelInfo) -> ModelInfo {
        let observations =
            |values: &[Option<f64>]| values.iter().map(|value| Observation { value: *value }).collect::<Vec<_>>();
        let none = || Judged { median: None, mad: None, score: None, outlier: None };
        let judged = |median: f64, deviation: f64, off: f64, outlier: bool| Judged {
            median: Some(median),
            mad: Some(deviation * NORMAL),
            score: Some(off / (deviation * NORMAL)),
            outlier: Some(outlier),
        };
        info.version("1.0.0")
            .cardinality(Cardinality::NToN)
            .example(
                Example::new("a spike")
                    .input(observations(&[Some(3.0), Some(4.0), Some(2.0), None, Some(19.0), Some(3.5), Some(3.0)]))
                    .parameters(Options { window: 3, threshold: 3.0 })
                    .expect([
                        none(),
                        none(),
                        judged(3.0, 1.0, 1.0, false),
                        none(),
                        judged(4.0, 2.0, 15.0, true),
                        judged(3.5, 1.5, 0.0, false),
                        judged(3.5, 0.5, 0.5, false),
                    ]),
            )
            .example(
                Example::new("a value that stands still")
                    .describe("More than half of each window is one value, so there is no deviation to measure by.")
                    .input(observations(&[Some(20.0), Some(20.0), Some(20.0), Some(21.5), Some(20.0)]))
                    .parameters(Options { window: 3, threshold: 3.0 })
                    .expect([
                        none(),
                        none(),
                        Judged { median: Some(20.0), mad: Some(0.0), score: None, outlier: Some(false) },
                        Judged { median: Some(20.0), mad: Some(0.0), score: None, outlier: Some(true) },
                        Judged { median: Some(20.0), mad: Some(0.0), score: None, outlier: Some(false) },
                    ]),
            )
    }

    fn run(request: Request<Self>) -> Result<Outcome<Judged>> {
        let Options { window, threshold } = request.parameters;
        let rows = request.rows()?;
        let total = rows.len();
        let mut window = Window::new(window as usize);
        rows.enumerate()
            .map(|(row, Observation { value })| {
                if row % REPORT == 0 {
                    job::progress(row as f64 / total as f64, "");
                }
                let nothing = Judged { median: None, mad: None, score: None, outlier: None };
                let Some(value) = value else { return Ok(nothing) };
                if !value.is_finite() {
                    let row = row + 1;
                    let message =
                        format!("Column `value` holds {value} in row {row}; only finite numbers can be analysed.");
                    return Err(Error::new("non-finite", message).detail("column", "value").detail("row", row));
                }
                window.push(value);
                Ok(window.middle().map_or(nothing, |(median, deviation)| judge(value, median, deviation, threshold)))
            })
            .collect()
    }
}

fn judge(value: f64, median: f64, deviation: f64, threshold: f64) -> Judged {
    let mad = deviation * NORMAL;
    let off = (value - median).abs();
    let score = (mad > 0.0).then(|| off / mad);
    let outlier = score.map_or(off > 0.0, |score| score > threshold);
    Judged { median: Some(median), mad: Some(mad), score, outlier: Some(outlier) }
}

analyte_sdk::model!(RobustOutliers);

#[cfg(test)]
mod tests;
