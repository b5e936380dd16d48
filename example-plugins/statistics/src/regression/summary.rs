//! `regression-summary`: how well the whole model fits.

use analyte_sdk::prelude::*;

use super::options::{Options, regress};
use crate::p_value;

/// The whole of a fitted model.
#[derive(Row, Debug, Clone, PartialEq)]
pub struct Summary {
    /// Rows in use.
    pub observations: i64,
    /// Share of the response's variation that is explained: about its mean, or about zero without an intercept. None where
    /// the response does not vary.
    pub r_squared: Option<f64>,
    /// The same, adjusted for the number of terms.
    pub adjusted_r_squared: Option<f64>,
    /// Standard deviation of the residuals.
    pub residual_std: f64,
    /// Explained by unexplained variation, each by its degrees of freedom; none where the fit is perfect.
    pub f_value: Option<f64>,
    /// How likely an F at least as large is by chance.
    pub f_p_value: Option<f64>,
}

/// The model.
#[derive(Debug)]
pub struct RegressionSummary;

impl Model for RegressionSummary {
    const NAME: &str = "regression-summary";
    const DESCRIPTION: &str = "How well the model of `linear-regression` with the same parameters fits: R², adjusted R², \
        residual standard deviation, F and its p-value, in one row.";
    type Input = ();
    type Output = Summary;
    type Parameters = Options;

    fn describe(info: ModelInfo) -> ModelInfo {
        info.takes_numeric_columns().cardinality(Cardinality::NToOne).example(
            Example::new("through the origin")
                .describe("NIST StRD, NoInt2; adjusted R² and p computed from its values to 60 digits.")
                .with("y", [3.0, 4.0, 4.0])
                .with("x", [4.0, 5.0, 6.0])
                .parameters(json!({ "response": "y", "intercept": false }))
                .tolerance(1e-11)
                .expect([Summary {
                    observations: 3,
                    r_squared: Some(0.993_348_115_299_334_8),
                    adjusted_r_squared: Some(0.990_022_172_949_002_2),
                    residual_std: 0.369_274_472_937_998_2,
                    f_value: Some(298.666_666_666_666_7),
                    f_p_value: Some(0.003_331_491_769_036_172),
                }]),
        )
    }

    fn run(request: Request<Self>) -> Result<Outcome<Summary>> {
        let fitted = regress(&request.table, &request.parameters)?;
        let (fit, warnings) = (fitted.fit, fitted.warnings);
        let (rest, predictors) = (fit.degrees_of_freedom as f64, fit.predictors as f64);
        let total = (fit.observations - usize::from(fit.intercept)) as f64;
        let f_value = fit
            .unexplained
            .filter(|_| !fit.perfect)
            .map(|unexplained| (1.0 - unexplained).max(0.0) / predictors / (unexplained / rest));
        let summary = Summary {
            observations: i64::try_from(fit.observations)?,
            r_squared: fit.unexplained.map(|unexplained| 1.0 - unexplained),
            adjusted_r_squared: fit.unexplained.map(|unexplained| 1.0 - unexplained * total / rest),
            residual_std: fit.residual_std,
            f_value,
            f_p_value: f_value.and_then(|f| p_value::of_f(f, predictors, rest)),
        };
        Ok(Outcome::from(vec![summary]).warn_all(warnings))
    }
}
