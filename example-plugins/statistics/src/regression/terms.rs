//! `linear-regression`: a row per term.

use analyte_sdk::prelude::*;

use super::options::{Options, regress};
use crate::p_value;

/// A coefficient of the fitted model.
#[derive(Row, Debug, Clone, PartialEq)]
pub struct Term {
    /// `(intercept)`, which comes first, or the predictor's column.
    pub term: String,
    /// The coefficient.
    pub estimate: f64,
    /// Its standard error.
    pub std_error: f64,
    /// Estimate by standard error; none where the fit is perfect.
    pub t_value: Option<f64>,
    /// Two-sided, with n minus the number of terms degrees of freedom; none where the fit is perfect.
    pub p_value: Option<f64>,
}

/// The model.
#[derive(Debug)]
pub struct LinearRegression;

impl Model for LinearRegression {
    const NAME: &str = "linear-regression";
    const DESCRIPTION: &str = "Ordinary least squares by a pivoted QR decomposition: a row per term with estimate, standard \
        error, t and p. Rows that lack a value in a column in use are left out, with a warning. Too few rows and linearly \
        dependent terms are errors.";
    type Input = ();
    type Output = Term;
    type Parameters = Options;

    fn describe(info: ModelInfo) -> ModelInfo {
        let term = |term: &str, estimate, std_error, t_value, p_value| Term {
            term: term.to_owned(),
            estimate,
            std_error,
            t_value: Some(t_value),
            p_value: Some(p_value),
        };
        info.takes_numeric_columns().example(
            Example::new("through the origin")
                .describe("NIST StRD, NoInt2; t and p computed from its values to 60 digits.")
                .with("y", [3.0, 4.0, 4.0])
                .with("x", [4.0, 5.0, 6.0])
                .parameters(json!({ "response": "y", "intercept": false }))
                .tolerance(1e-11)
                .expect([term(
                    "x",
                    0.727_272_727_272_727_3,
                    0.042_082_731_807_843_25,
                    17.281_975_195_754_294,
                    0.003_331_491_769_036_172,
                )]),
        )
    }

    fn run(request: Request<Self>) -> Result<Outcome<Term>> {
        let fitted = regress(&request.table, &request.parameters)?;
        let (fit, warnings) = (fitted.fit, fitted.warnings);
        let (perfect, degrees_of_freedom) = (fit.perfect, fit.degrees_of_freedom as f64);
        let outcome: Outcome<Term> = fit
            .terms
            .into_iter()
            .map(|term| {
                let t_value = (!perfect).then(|| term.estimate / term.std_error).filter(|t| !t.is_nan());
                Term {
                    term: term.name,
                    estimate: term.estimate,
                    std_error: term.std_error,
                    t_value,
                    p_value: t_value.and_then(|t| p_value::of_t(t, degrees_of_freedom)),
                }
            })
            .collect();
        Ok(outcome.warn_all(warnings))
    }
}
