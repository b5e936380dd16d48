//! The initial states that fit a series best under given weights.

use super::chain::Chain;
use super::form::{Form, Weights};
use super::normal::Decomposed;
use super::states::{States, squared_errors};

/// Most steps of Gauss and Newton; two to four are usual. On a series that has nothing of the form they may be used up before
/// nothing is gained any more; a later trial goes on from there.
const STEPS: usize = 12;
/// Most halvings of a step that went too far.
const HALVINGS: usize = 8;
/// A step that promises less, of what is there, is not made.
const ENOUGH: f64 = 1e-10;
/// After a step that gains more than this part of the one before, the next one gets equations of its own.
const SLOW: f64 = 0.5;

/// Initial states, and what they leave.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Started {
    pub(crate) states: States,
    pub(crate) squared_errors: f64,
}

/// Improves initial states until nothing is gained, by the method of Gauss and Newton. A step is halved until it helps, and
/// takes the decomposed equations of the step before as long as that goes fast, since they are what costs. The errors of an
/// additive series are linear in the states: its first step leaves nothing but rounding to gain.
///
/// `None` where not even the first guess gets through the series.
pub(crate) fn improve<F: Form>(values: &[f64], weights: Weights, guess: &States) -> Option<Started> {
    let mut best = Started { states: guess.clone(), squared_errors: squared_errors::<F>(values, weights, guess) };
    if best.squared_errors.is_infinite() {
        return None;
    }
    let mut kept: Option<Decomposed> = None;
    let mut gained_before = f64::INFINITY;
    for _ in 0..STEPS {
        let chain = Chain::of::<F>(values, weights, &best.states)?;
        let fresh = kept.is_none();
        let Some(decomposed) = kept.take().or_else(|| Decomposed::of(&chain, &F::idle(&best.states))) else { break };
        let slopes = chain.back(&chain.errors);
        let Some(change) = decomposed.solve(&slopes) else { break };
        // What the step promises to gain.
        if slopes.dot(&change) <= ENOUGH * best.squared_errors {
            break;
        }
        let Some(mut next) = step::<F>(values, weights, &best, &change) else {
            if fresh {
                break;
            }
            continue;
        };
        F::balance(&mut next.states);
        let gained = best.squared_errors - next.squared_errors;
        best = next;
        kept = Some(decomposed).filter(|_| gained <= SLOW * gained_before);
        gained_before = gained;
    }
    Some(best)
}

/// The largest of 1, ½, ¼ … of the change that gains something.
fn step<F: Form>(values: &[f64], weights: Weights, from: &Started, change: &States) -> Option<Started> {
    let shares = std::iter::successors(Some(1.0), |share| Some(share / 2.0)).take(HALVINGS + 1);
    shares
        .map(|share| {
            let mut states = from.states.clone();
            states.add(share, change);
            let squared_errors = squared_errors::<F>(values, weights, &states);
            Started { states, squared_errors }
        })
        .find(|next| next.squared_errors < from.squared_errors)
}

/// A first guess: the line through the means of the whole seasons, and how each place of the season differs from the mean of
/// its own season, on average.
pub(crate) fn guess<F: Form>(values: &[f64], season_length: usize) -> States {
    let means: Vec<f64> = values.chunks_exact(season_length).map(|season| mean(season.iter().copied())).collect();
    let last = means.len().saturating_sub(1);
    let (first_mean, last_mean) = (means.first().copied().unwrap_or(0.0), means.last().copied().unwrap_or(0.0));
    let trend = (last_mean - first_mean) / (last.max(1) * season_length) as f64;
    // A season's mean stands in its middle, and the level before its first row.
    let level = first_mean - trend * (season_length + 1) as f64 / 2.0;
    let place = |place: usize| {
        let seasons = values.chunks_exact(season_length).zip(&means);
        mean(seasons.map(|(season, mean)| F::against(season.get(place).copied().unwrap_or(*mean), *mean)))
    };
    States { level, trend, seasons: (0..season_length).map(place).collect() }
}

/// The guess without a trend: with positive values and weights that leave the trend alone it gets through in any form.
pub(crate) fn flat<F: Form>(values: &[f64], guess: &States) -> States {
    States { level: mean(values.iter().copied()), trend: 0.0, seasons: guess.seasons.clone() }
}

fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let (sum, count) = values.fold((0.0, 0.0), |(sum, count), value| (sum + value, count + 1.0));
    sum / count
}

#[cfg(test)]
#[path = "initial_tests.rs"]
mod tests;
