//! Level, trend and a season, and their way through a series.

use super::form::{Form, State, Weights};

/// Level and trend before a row, and a season from that row on.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct States {
    pub(crate) level: f64,
    pub(crate) trend: f64,
    pub(crate) seasons: Vec<f64>,
}

impl States {
    pub(crate) fn mean_season(&self) -> f64 {
        self.seasons.iter().sum::<f64>() / self.seasons.len() as f64
    }

    /// Adds so much of each of those.
    pub(crate) fn add(&mut self, share: f64, change: &Self) {
        self.level += share * change.level;
        self.trend += share * change.trend;
        for (season, change) in self.seasons.iter_mut().zip(&change.seasons) {
            *season += share * change;
        }
    }

    /// The sum of the products.
    pub(crate) fn dot(&self, other: &Self) -> f64 {
        let seasons = self.seasons.iter().zip(&other.seasons).map(|(season, other)| season * other).sum::<f64>();
        self.level * other.level + self.trend * other.trend + seasons
    }
}

/// Goes through a series from its initial states, telling of each row the state it is predicted from and its error. Gives the
/// states after the last row, whose seasons are still those of the rows' places; `None` where the form breaks down on the way.
pub(crate) fn smooth<F: Form>(
    values: &[f64],
    weights: Weights,
    initial: &States,
    mut each: impl FnMut(State, f64),
) -> Option<States> {
    let mut states = initial.clone();
    let (mut level, mut trend) = (states.level, states.trend);
    for cycle in values.chunks(states.seasons.len()) {
        for (value, season) in cycle.iter().zip(&mut states.seasons) {
            let state = State { level, trend, season: *season };
            if !F::sound(state) {
                return None;
            }
            let error = value - F::predict(state);
            each(state, error);
            State { level, trend, season: *season } = F::correct(weights, state, error);
        }
    }
    Some(States { level, trend, seasons: states.seasons })
}

/// The sum of the squared errors; infinite where the form breaks down.
pub(crate) fn squared_errors<F: Form>(values: &[f64], weights: Weights, initial: &States) -> f64 {
    let mut sum = 0.0;
    match smooth::<F>(values, weights, initial, |_, error| sum += error * error) {
        Some(_) if sum.is_finite() => sum,
        _ => f64::INFINITY,
    }
}

/// What comes after a series of this number of rows that ended in these states.
pub(crate) fn forecast<F: Form>(last: &States, rows: usize, horizon: u32) -> impl Iterator<Item = f64> {
    let place = rows % last.seasons.len().max(1);
    let seasons = last.seasons.iter().cycle().skip(place);
    (1..=horizon).zip(seasons).map(|(step, season)| {
        F::predict(State { level: last.level, trend: f64::from(step) * last.trend, season: *season })
    })
}
