//! Forecasts and decompositions of a series with a season.
//!
//! Shared rules: the rows of the table are the series, in order and at equal distances; each needs a finite value, and there
//! are at least two whole seasons. Multiplicative seasonality takes only values above zero. What does not fit is refused,
//! naming the row.

pub mod decompose;
pub mod holt_winters;
pub mod series;

analyte_sdk::provider! {
    title: "Forecasts",
    description: "Holt-Winters forecasts and classical decomposition of a series with a season.",
    models: [holt_winters::HoltWinters, decompose::SeasonalDecompose]
}
