//! How small changes of the initial states reach the predictions of a run.
//!
//! A row is predicted from three states and corrects them, so a change x of the states is handed on from row to row: with D
//! the slopes of one row's correction and w those of its prediction, the prediction changes by wᵀx, and x ← Dx. The slopes
//! of a sum over all predictions by the initial states go the other way, from the last row to the first: g ← Dᵀg + wr, where
//! r is how much the row's prediction counts (the adjoint method). However long the season, that is one run.

use super::form::{Form, Slopes, Weights};
use super::states::{States, smooth};

/// A run through a series.
#[derive(Debug, Clone)]
pub(crate) struct Chain {
    pub(crate) weights: Weights,
    pub(crate) season_length: usize,
    /// Of each row.
    pub(crate) slopes: Vec<Slopes>,
    /// Of each row, value less prediction.
    pub(crate) errors: Vec<f64>,
}

impl Chain {
    /// `None` where the form breaks down on the way.
    pub(crate) fn of<F: Form>(values: &[f64], weights: Weights, initial: &States) -> Option<Self> {
        let mut slopes = Vec::with_capacity(values.len());
        let mut errors = Vec::with_capacity(values.len());
        smooth::<F>(values, weights, initial, |state, error| {
            slopes.push(F::slopes(state, error));
            errors.push(error);
        })?;
        Some(Self { weights, season_length: initial.seasons.len(), slopes, errors })
    }

    /// The slopes, by the initial states, of the sum of all predictions, each counted as often as said here.
    pub(crate) fn back(&self, counts: &[f64]) -> States {
        let mut sum = States { level: 0.0, trend: 0.0, seasons: vec![0.0; self.season_length] };
        let cycles = self.slopes.chunks(self.season_length).zip(counts.chunks(self.season_length));
        for (slopes, counts) in cycles.rev() {
            for ((slopes, count), season) in slopes.iter().zip(counts).zip(&mut sum.seasons).rev() {
                let [level, trend, own] = slopes.carry_back(self.weights, [sum.level, sum.trend, *season]);
                sum.level = level + slopes.base * count;
                sum.trend = trend + slopes.base * count;
                *season = own + slopes.season * count;
            }
        }
        sum
    }
}

impl Slopes {
    /// Dᵀ times slopes by level, trend and season after the row: those by them before it.
    pub(crate) fn carry_back(self, weights: Weights, [level, trend, season]: [f64; 3]) -> [f64; 3] {
        let taken = weights.level * level + weights.level * weights.trend * trend;
        let by_level = level - taken - weights.season * self.base_in_season * season;
        let by_season = (1.0 - weights.season) * season - self.season_in_level * taken;
        [by_level, by_level + trend, by_season]
    }
}
