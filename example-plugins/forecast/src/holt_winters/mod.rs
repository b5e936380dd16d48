//! `holt-winters`: exponential smoothing with trend and season, and what it forecasts.
//!
//! * `form`: the additive and the multiplicative form of the method
//! * `states`: a run through a series from given initial states
//! * `chain`, `normal`, `initial`: the best initial states under given weights
//! * `search`: the best weights
//! * `fitted_file`: the fitted series as a file

mod chain;
mod fitted_file;
mod form;
mod initial;
mod normal;
mod search;
mod states;

use analyte_sdk::prelude::*;

use self::form::{Additive, Form, Multiplicative};
use self::search::{most_trials, search};
use self::states::{forecast, smooth};
use crate::series::{self, Observation, Seasonality};

/// How to forecast.
#[parameters]
#[derive(Debug, Clone, PartialEq)]
pub struct Options {
    /// Rows of a season: 12 for months of a year, 7 for days of a week.
    #[schemars(range(min = 2, max = 366))]
    pub season_length: u32,
    /// Rows to forecast.
    #[schemars(range(min = 1, max = 10_000))]
    pub horizon: u32,
    /// Whether the season is added to the level or multiplied with it.
    #[parameter(default = Seasonality::Additive)]
    pub seasonal: Seasonality,
}

/// One row that is to come.
#[derive(Row, Debug, Clone, PartialEq)]
pub struct Step {
    /// How many rows after the end of the series, from 1.
    pub step: i32,
    /// What is expected there, in the unit of the series.
    pub forecast: f64,
}

/// The model.
#[derive(Debug)]
pub struct HoltWinters;

impl Model for HoltWinters {
    const NAME: &str = "holt-winters";
    const DESCRIPTION: &str = "Forecasts a series by exponential smoothing with additive trend and additive or \
        multiplicative season (Holt and Winters). Smoothing parameters and initial states are those with the least sum of \
        squared errors of one-step forecasts. The result file fitted.csv holds these, row by row. Every row needs a \
        value, at least two seasons are needed, and a multiplicative season needs values above zero.";
    type Input = Observation;
    type Output = Step;
    type Parameters = Options;

    fn describe(info: ModelInfo) -> ModelInfo {
        let observations =
            |values: &[f64]| values.iter().map(|value| Observation { value: *value }).collect::<Vec<_>>();
        let steps = |forecasts: &[f64]| {
            (1..).zip(forecasts).map(|(step, forecast)| Step { step, forecast: *forecast }).collect::<Vec<_>>()
        };
        info.example(
            Example::new("quarters that rise")
                .describe("A series without noise, 2 more each row and a season of +3, −1, −4, +2, goes on as it is.")
                .input(observations(&[13.0, 11.0, 10.0, 18.0, 21.0, 19.0, 18.0, 26.0, 29.0, 27.0, 26.0, 34.0]))
                .parameters(Options { season_length: 4, horizon: 5, seasonal: Seasonality::Additive })
                .expect(steps(&[37.0, 35.0, 34.0, 42.0, 45.0]))
                .tolerance(1e-9),
        )
        .example(
            Example::new("swings that grow")
                .describe("A level of 10, 12, 14 … times a season of 1.5 and 0.5.")
                .input(observations(&[15.0, 6.0, 21.0, 8.0, 27.0, 10.0, 33.0, 12.0]))
                .parameters(Options { season_length: 2, horizon: 3, seasonal: Seasonality::Multiplicative })
                .expect(steps(&[39.0, 14.0, 45.0]))
                .tolerance(1e-6),
        )
    }

    fn run(request: Request<Self>) -> Result<Outcome<Step>> {
        let Options { season_length, horizon, seasonal } = request.parameters;
        let values = series::read(&request, season_length, seasonal)?;
        match seasonal {
            Seasonality::Additive => run::<Additive>(&values, season_length, horizon),
            Seasonality::Multiplicative => run::<Multiplicative>(&values, season_length, horizon),
        }
    }
}

fn run<F: Form>(values: &[f64], season_length: u32, horizon: u32) -> Result<Outcome<Step>> {
    let (shift, scale) = F::measure(values);
    let scaled: Vec<f64> = values.iter().map(|value| value / scale - shift).collect();
    let best = search::<F>(&scaled, season_length as usize, |count| {
        job::progress(count as f64 / most_trials() as f64, "fitting");
    })?;

    let mut fitted = Vec::with_capacity(values.len());
    let states = &best.started.states;
    let last = smooth::<F>(&scaled, best.weights, states, |state, _| fitted.push((F::predict(state) + shift) * scale));
    let last = last.ok_or_else(|| Error::new("no-fit", "The method does not get through the series."))?;
    fitted_file::write(values, &fitted)?;

    let sum = values.iter().zip(&fitted).map(|(value, fitted)| (value - fitted).powi(2)).sum::<f64>();
    let weights = best.weights;
    log::info(format!(
        "sum of squared errors {sum:?}; alpha {:?}, beta* {:?}, gamma {:?}",
        weights.level, weights.trend, weights.season
    ));
    let forecasts = forecast::<F>(&last, values.len(), horizon).map(|value| (value + shift) * scale);
    Ok((1..).zip(forecasts).map(|(step, forecast)| Step { step, forecast }).collect())
}

#[cfg(test)]
mod tests;
