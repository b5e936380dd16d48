//! Classical statistics of any table with numeric columns.
//!
//! Shared rules: INTEGER and LONG columns count as numbers (whole numbers beyond 2⁵³ are rounded); a value that is not
//! finite is refused, naming its column and row; missing values are counted by `describe`, and elsewhere a row that lacks
//! one of the values in use is left out, with a warning that says how many were.

pub mod correlation;
pub mod describe;
pub mod regression;

mod moments;
mod numbers;
mod p_value;

analyte_sdk::provider! {
    title: "Statistics",
    description: "Summaries, correlations and linear regression of any table with numeric columns.",
    models: [
        describe::Describe,
        correlation::Correlation,
        regression::terms::LinearRegression,
        regression::summary::RegressionSummary,
    ]
}
