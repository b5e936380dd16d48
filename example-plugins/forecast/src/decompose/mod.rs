//! `seasonal-decompose`: a series as trend, season and what is left.
//!
//! The classical decomposition by moving averages (Hyndman and Athanasopoulos, "Forecasting: principles and practice", 3rd
//! edition, 3.4), with the same definitions as `seasonal_decompose` of statsmodels.

mod moving_average;

use analyte_sdk::prelude::*;

use self::moving_average::centred;
use crate::series::{self, Observation, Seasonality};

/// How to decompose.
#[parameters]
#[derive(Debug, Clone, PartialEq)]
pub struct Options {
    /// Rows of a season: 12 for months of a year, 7 for days of a week.
    #[schemars(range(min = 2, max = 100_000))]
    pub season_length: u32,
    /// Whether trend, season and residual add up to the value or multiply to it.
    #[parameter(default = Seasonality::Additive)]
    pub seasonal: Seasonality,
}

/// The parts of one value.
#[derive(Row, Debug, Clone, PartialEq)]
pub struct Parts {
    /// The mean of the season around this row; none in the first and last half season.
    pub trend: Option<f64>,
    /// The same for each row at this place of the season; 0 on average where it is added, 1 where it is multiplied.
    pub seasonal: f64,
    /// What trend and season leave; none where there is no trend.
    pub residual: Option<f64>,
}

/// The model.
#[derive(Debug)]
pub struct SeasonalDecompose;

impl Model for SeasonalDecompose {
    const NAME: &str = "seasonal-decompose";
    const DESCRIPTION: &str = "Splits a series into trend, season and residual by moving averages: the trend is a centred \
        average over one season (half weights at its ends where its length is even; none in the first and last half \
        season), the season the mean of what the trend leaves at each of its places, 0 or 1 on average. Every row needs a \
        value, at least two seasons are needed, and a multiplicative season needs values above zero.";
    type Input = Observation;
    type Output = Parts;
    type Parameters = Options;

    fn describe(info: ModelInfo) -> ModelInfo {
        let observations =
            |values: &[f64]| values.iter().map(|value| Observation { value: *value }).collect::<Vec<_>>();
        let parts = |trend: Option<f64>, seasonal: f64, residual: Option<f64>| Parts { trend, seasonal, residual };
        info.cardinality(Cardinality::NToN)
            .example(
                Example::new("three a week")
                    .describe("Trends are means of three. They leave −1, 2.5 on average and −2, and the season is that less −1/6.")
                    .input(observations(&[4.0, 9.0, 5.0, 7.0, 12.0, 11.0]))
                    .parameters(Options { season_length: 3, seasonal: Seasonality::Additive })
                    .expect([
                        parts(None, -5.0 / 6.0, None),
                        parts(Some(6.0), 8.0 / 3.0, Some(1.0 / 3.0)),
                        parts(Some(7.0), -11.0 / 6.0, Some(-1.0 / 6.0)),
                        parts(Some(8.0), -5.0 / 6.0, Some(-1.0 / 6.0)),
                        parts(Some(10.0), 8.0 / 3.0, Some(-2.0 / 3.0)),
                        parts(None, -11.0 / 6.0, None),
                    ]),
            )
            .example(
                Example::new("high and low")
                    .describe("The trend takes half of the values at both ends: (15/2 + 6 + 15/2) / 2 = (6/2 + 15 + 6/2) / 2 = 10.5.")
                    .input(observations(&[15.0, 6.0, 15.0, 6.0, 15.0]))
                    .parameters(Options { season_length: 2, seasonal: Seasonality::Multiplicative })
                    .expect([
                        parts(None, 10.0 / 7.0, None),
                        parts(Some(10.5), 4.0 / 7.0, Some(1.0)),
                        parts(Some(10.5), 10.0 / 7.0, Some(1.0)),
                        parts(Some(10.5), 4.0 / 7.0, Some(1.0)),
                        parts(None, 10.0 / 7.0, None),
                    ]),
            )
    }

    fn run(request: Request<Self>) -> Result<Outcome<Parts>> {
        let Options { season_length, seasonal } = request.parameters;
        let values = series::read(&request, season_length, seasonal)?;
        let trend = centred(&values, season_length as usize);
        let off = |value: f64, part: f64| match seasonal {
            Seasonality::Additive => value - part,
            Seasonality::Multiplicative => value / part,
        };
        let detrended: Vec<Option<f64>> =
            values.iter().zip(&trend).map(|(value, trend)| trend.map(|trend| off(*value, trend))).collect();
        let season = season(&detrended, season_length as usize, off);
        let rows = trend.iter().zip(detrended).zip(season.iter().cycle());
        Ok(rows
            .map(|((trend, detrended), seasonal)| Parts {
                trend: *trend,
                seasonal: *seasonal,
                residual: detrended.map(|detrended| off(detrended, *seasonal)),
            })
            .collect())
    }
}

/// The mean at each place of the season, less (or by) their own mean. Two seasons of values leave one value at each place
/// at least.
fn season(detrended: &[Option<f64>], length: usize, off: impl Fn(f64, f64) -> f64) -> Vec<f64> {
    let at = |place: usize| mean(detrended.iter().skip(place).step_by(length).filter_map(|value| *value));
    let means: Vec<f64> = (0..length).map(at).collect();
    let middle = mean(means.iter().copied());
    means.into_iter().map(|mean| off(mean, middle)).collect()
}

fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let (sum, count) = values.fold((0.0, 0.0), |(sum, count), value| (sum + value, count + 1.0));
    sum / count
}

#[cfg(test)]
mod tests;
