//! The two forms of the method: how a row is predicted from what came before, and how it corrects that.
//!
//! Holt, "Forecasting seasonals and trends by exponentially weighted averages", Office of Naval Research memorandum 52
//! (1957); Winters, "Forecasting sales by exponentially weighted moving averages", Management Science 6 (1960). In the
//! notation of Hyndman and Athanasopoulos, "Forecasting: principles and practice", 3rd edition, 8.3, with β = αβ*, and
//! written as corrections by the error e of a row: with the base u = l + b of level and trend,
//!
//! | | additive | multiplicative |
//! | --- | --- | --- |
//! | prediction | u + s | u·s |
//! | level | u + αe | u + αe/s |
//! | trend | b + αβ*e | b + αβ*e/s |
//! | season | s + γe | s + γe/u |

use super::states::States;

/// How much of an error each part takes over, from 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Weights {
    /// α
    pub(crate) level: f64,
    /// β*
    pub(crate) trend: f64,
    /// γ, at most 1 − α.
    pub(crate) season: f64,
}

/// The numbers that one row is predicted from, and that it corrects.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct State {
    pub(crate) level: f64,
    pub(crate) trend: f64,
    /// Of this row's place in the season.
    pub(crate) season: f64,
}

impl State {
    /// Level and trend of the next row.
    pub(crate) fn base(self) -> f64 {
        self.level + self.trend
    }
}

/// How much a small change of the state matters at one row.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Slopes {
    /// Of the prediction, by the base.
    pub(crate) base: f64,
    /// Of the prediction, by the season.
    pub(crate) season: f64,
    /// Where the base changes by u and the season by s, level and trend after the row change by −α and −αβ* times
    /// u + `season_in_level`·s, beside what they pass on themselves.
    pub(crate) season_in_level: f64,
    /// And the season by −γ times `base_in_season`·u + s.
    pub(crate) base_in_season: f64,
}

/// What happens at one row.
pub(crate) trait Form {
    /// What brings a series to a handy size without changing what the method does: value / scale − shift, as (shift, scale).
    fn measure(values: &[f64]) -> (f64, f64);
    /// Whether a row can be predicted from this.
    fn sound(state: State) -> bool;
    /// The row's value, from what came before it.
    fn predict(state: State) -> f64;
    /// The season of a value in a series of this level.
    fn against(value: f64, level: f64) -> f64;
    /// The state after the row, which was off by `error` = value − prediction.
    fn correct(weights: Weights, state: State, error: f64) -> State;
    /// What small changes of the state do at a row that was off by `error`.
    fn slopes(state: State, error: f64) -> Slopes;
    /// A change of the initial states (for small ones, to first order) that changes no prediction.
    fn idle(states: &States) -> States;
    /// The same predictions with seasons that are neutral on average.
    fn balance(states: &mut States);
}

/// The season is added.
#[derive(Debug)]
pub(crate) struct Additive;

impl Form for Additive {
    /// From −1 to 1; a constant series is 0 exactly.
    fn measure(values: &[f64]) -> (f64, f64) {
        let (least, most) = range(values);
        let middle = least.midpoint(most);
        let scale = if least < most { (most / 2.0 - least / 2.0).max(f64::MIN_POSITIVE) } else { 1.0 };
        (middle / scale, scale)
    }

    fn sound(state: State) -> bool {
        (state.base() + state.season).is_finite()
    }

    fn predict(state: State) -> f64 {
        state.base() + state.season
    }

    fn against(value: f64, level: f64) -> f64 {
        value - level
    }

    fn correct(weights: Weights, state: State, error: f64) -> State {
        State {
            level: state.base() + weights.level * error,
            trend: state.trend + weights.level * weights.trend * error,
            season: state.season + weights.season * error,
        }
    }

    fn slopes(_: State, _: f64) -> Slopes {
        Slopes { base: 1.0, season: 1.0, season_in_level: 1.0, base_in_season: 1.0 }
    }

    fn idle(states: &States) -> States {
        States { level: -1.0, trend: 0.0, seasons: vec![1.0; states.seasons.len()] }
    }

    fn balance(states: &mut States) {
        let mean = states.mean_season();
        states.level += mean;
        for season in &mut states.seasons {
            *season -= mean;
        }
    }
}

/// The season is multiplied.
#[derive(Debug)]
pub(crate) struct Multiplicative;

impl Form for Multiplicative {
    /// From 0 to 1.
    fn measure(values: &[f64]) -> (f64, f64) {
        (0.0, range(values).1)
    }

    /// Nothing is divided by zero, and predictions of positive values are positive.
    fn sound(state: State) -> bool {
        let positive = f64::MIN_POSITIVE..f64::INFINITY;
        positive.contains(&state.base()) && positive.contains(&state.season)
    }

    fn predict(state: State) -> f64 {
        state.base() * state.season
    }

    fn against(value: f64, level: f64) -> f64 {
        value / level
    }

    fn correct(weights: Weights, state: State, error: f64) -> State {
        let share = error / state.season;
        State {
            level: state.base() + weights.level * share,
            trend: state.trend + weights.level * weights.trend * share,
            season: state.season + weights.season * error / state.base(),
        }
    }

    fn slopes(state: State, error: f64) -> Slopes {
        // e/s = y/s − u and e/u = y/u − s, where the row's value y is given.
        let (base, season) = (state.base(), state.season);
        let value = base * season + error;
        Slopes {
            base: season,
            season: base,
            season_in_level: value / (season * season),
            base_in_season: value / (base * base),
        }
    }

    fn idle(states: &States) -> States {
        let seasons = states.seasons.iter().map(|season| -season).collect();
        States { level: states.level, trend: states.trend, seasons }
    }

    fn balance(states: &mut States) {
        let mean = states.mean_season();
        states.level *= mean;
        states.trend *= mean;
        for season in &mut states.seasons {
            *season /= mean;
        }
    }
}

/// The least and the largest of some finite values.
fn range(values: &[f64]) -> (f64, f64) {
    values.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(least, most), value| (value.min(least), value.max(most)))
}
