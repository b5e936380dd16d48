//! The weights that fit a series best.
//!
//! Once the initial states are the best ones, the sum of squared errors is a function of three weights alone (variable
//! projection: Golub and Pereyra, "The differentiation of pseudo-inverses and nonlinear least squares problems whose
//! variables separate", SIAM Journal on Numerical Analysis 10 (1973)). It often has several hollows. So a grid is looked at
//! first, and from its promising places a minimiser within bounds goes down: BOBYQA (Powell, "The BOBYQA algorithm for bound
//! constrained optimization without derivatives", report DAMTP 2009/NA06). The best of all that was tried is taken.
//!
//! The coordinates are α, √β* and √(γ/(1 − α)), each from 0 to 1: a box, in which small β* and γ, the usual ones, have room.
//!
//! There is neither chance nor a clock in it. At most [`most_trials`] sets of weights are tried (200 to 400 are usual), each in
//! a bounded number of runs through the series and solutions of `normal`.

use analyte_sdk::{Error, Result};
use bobyqa::{Bobyqa, Config};

use super::form::{Form, Weights};
use super::initial::{Started, flat, guess, improve};
use super::states::States;

/// The grid: α, √β*, √(γ/(1 − α)). Tried on 316 fits of made-up and real series, it led within 0.05 % of what a grid four times
/// as fine and 40 descents found, on all of them; descents from the hollows of a coarser grid alone missed it on 26.
const GRID: [&[f64]; 3] = [&[0.0, 0.1, 0.3, 0.6, 0.9], &[0.0, 0.1, 0.3, 0.6, 1.0], &[0.0, 0.3, 0.6, 0.9]];
/// Most descents.
const DESCENTS: usize = 8;
/// Most trials of one descent.
const TRIALS: usize = 120;
/// First and last radius of a descent.
const RADIUS: (f64, f64) = (0.08, 1e-6);

/// A fitted series.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Best {
    pub(crate) weights: Weights,
    pub(crate) started: Started,
}

/// The most sets of weights that are tried.
pub(crate) const fn most_trials() -> usize {
    let [levels, trends, seasons] = GRID;
    levels.len() * trends.len() * seasons.len() + DESCENTS * TRIALS
}

/// Fits. `progress` gets the number of trials so far. Fails with `no-fit` where the values lie so far apart that no
/// weights of the grid get through the series.
pub(crate) fn search<F: Form>(values: &[f64], season_length: usize, progress: impl FnMut(usize)) -> Result<Best> {
    let guess = guess::<F>(values, season_length);
    let flat = flat::<F>(values, &guess);
    let mut trials = Trials { values, guess, flat, best: None, count: 0, progress };
    let mut places: Vec<Place> = grid().collect();
    for place in &mut places {
        place.squared_errors = trials.of::<F>(&place.weights);
    }
    places.sort_by(|left, right| left.squared_errors.total_cmp(&right.squared_errors));
    for place in places.iter().filter(|place| place.is_promising(&places)).take(DESCENTS) {
        if trials.perfect() {
            break;
        }
        trials.descend::<F>(place.weights)?;
    }
    trials.best.ok_or_else(|| {
        let message =
            "The values lie so far apart that the method does not get through them; scale or clean the series.";
        Error::new("no-fit", message)
    })
}

/// A place of the grid.
struct Place {
    /// Its coordinates, counted.
    level: usize,
    trend: usize,
    season: usize,
    /// Its coordinates.
    weights: [f64; 3],
    squared_errors: f64,
}

/// The places of the grid. Without α there is nothing for β* to do, so there is just one of that.
fn grid() -> impl Iterator<Item = Place> {
    let [levels, trends, seasons] = GRID.map(|values| values.iter().copied().enumerate());
    levels
        .flat_map(move |level| trends.clone().map(move |trend| (level, trend)))
        .filter(|((_, level), (trend, _))| *level > 0.0 || *trend == 0)
        .flat_map(move |(level, trend)| seasons.clone().map(move |season| (level, trend, season)))
        .map(|(level, trend, season)| Place {
            level: level.0,
            trend: trend.0,
            season: season.0,
            weights: [level.1, trend.1, season.1],
            squared_errors: f64::INFINITY,
        })
}

impl Place {
    /// None beside it is lower; or it is the lowest of its β*, along which there are often two hollows.
    fn is_promising(&self, places: &[Self]) -> bool {
        let steps = |other: &Self| {
            let apart = |here: usize, there: usize| here.abs_diff(there);
            apart(self.level, other.level) + apart(self.trend, other.trend) + apart(self.season, other.season)
        };
        let lower = |other: &&Self| other.squared_errors < self.squared_errors;
        let lower_beside = places.iter().filter(lower).any(|other| steps(other) == 1);
        let lower_of_trend = places.iter().filter(lower).any(|other| other.trend == self.trend);
        self.squared_errors.is_finite() && !(lower_beside && lower_of_trend)
    }
}

/// What has been tried.
struct Trials<'a, P> {
    values: &'a [f64],
    guess: States,
    flat: States,
    best: Option<Best>,
    count: usize,
    progress: P,
}

impl<P: FnMut(usize)> Trials<'_, P> {
    /// The squared errors at a place of the box; infinite where the form breaks down.
    fn of<F: Form>(&mut self, place: &[f64]) -> f64 {
        self.count += 1;
        (self.progress)(self.count);
        let [level, trend, season] = place else { return f64::INFINITY };
        let weights = Weights { level: *level, trend: trend * trend, season: (1.0 - level) * season * season };
        // The best states of the best weights so far are near.
        let started = {
            let near = self.best.as_ref().map(|best| &best.started.states);
            let mut guesses = near.into_iter().chain([&self.guess, &self.flat]);
            guesses.find_map(|guess| improve::<F>(self.values, weights, guess))
        };
        let Some(started) = started else { return f64::INFINITY };
        let squared_errors = started.squared_errors;
        if self.best.as_ref().is_none_or(|best| squared_errors < best.started.squared_errors) {
            self.best = Some(Best { weights, started });
        }
        squared_errors
    }

    /// Nothing is left but rounding; the values are about 1.
    fn perfect(&self) -> bool {
        let rounding = (f64::EPSILON * 8.0).powi(2) * self.values.len() as f64;
        self.best.as_ref().is_some_and(|best| best.started.squared_errors <= rounding)
    }

    fn descend<F: Form>(&mut self, mut place: [f64; 3]) -> Result<()> {
        let unit = self.best.as_ref().map_or(1.0, |best| best.started.squared_errors);
        let mut config = Config::new(3);
        (config.rho_begin, config.rho_end) = RADIUS;
        config.max_fun = TRIALS;
        let mut solver = Bobyqa::new(3, config).map_err(|status| Error::new("no-fit", status.to_string()))?;
        solver.minimize(|place| self.of::<F>(place) / unit, &mut place, &[0.0; 3], &[1.0; 3]);
        Ok(())
    }
}
