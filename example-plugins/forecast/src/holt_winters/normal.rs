//! The normal equations of the initial states, solved: by which change of theirs the squared errors of a run become least.
//!
//! The matrix is Σ wwᵀ over all rows, with each row's slopes w carried back to the beginning. It need not be built from the
//! m + 2 slopes of every row: going from the last row to the first as in [`chain`](super::chain), N ← DᵀND + wwᵀ changes
//! three rows and columns of N, since D has to do with three states only. (An information filter, run backwards.) That takes
//! time in n·m instead of n·m², and the decomposition m³/3.

use nalgebra::{Cholesky, DMatrix, DVector, Dyn};

use super::chain::Chain;
use super::form::Slopes;
use super::states::States;

/// Added to the diagonal, whose elements are 1: what rounding may take from it.
const ROUNDING: f64 = 1e-13;

/// A matrix of normal equations, decomposed by Cholesky.
#[derive(Debug, Clone)]
pub(crate) struct Decomposed {
    factor: Cholesky<f64, Dyn>,
    /// What each unknown was measured in, so that the diagonal was 1.
    units: DVector<f64>,
}

impl Decomposed {
    /// The equations of this run; `None` where they cannot be decomposed.
    ///
    /// There is a direction, `idle`, in which nothing changes (what the level gains, the seasons lose). The matrix is zero
    /// along it; its square is added, which keeps solutions out of that direction and alters nothing else.
    pub(crate) fn of(chain: &Chain, idle: &States) -> Option<Self> {
        let mut matrix = Matrix::of(chain)?.whole();
        let units = matrix.diagonal().map(|value| if value > 0.0 { value.sqrt().recip() } else { 1.0 });
        for (mut column, unit) in matrix.column_iter_mut().zip(units.iter()) {
            column.component_mul_assign(&units);
            column *= *unit;
        }
        let idle = vector(idle).component_div(&units);
        matrix.ger(idle.norm_squared().recip(), &idle, &idle, 1.0);
        matrix.set_diagonal(&matrix.diagonal().add_scalar(ROUNDING));
        Some(Self { factor: Cholesky::new(matrix)?, units })
    }

    /// The solution for this right side, which is of the same length.
    pub(crate) fn solve(&self, right: &States) -> Option<States> {
        let mut solution = vector(right).component_mul(&self.units);
        self.factor.solve_mut(&mut solution);
        solution.component_mul_assign(&self.units);
        let [seasons @ .., level, trend] = solution.as_slice() else { return None };
        Some(States { level: *level, trend: *trend, seasons: seasons.to_vec() })
    }
}

/// Seasons first, then level and trend.
fn vector(states: &States) -> DVector<f64> {
    let ends = [states.level, states.trend];
    DVector::from_iterator(states.seasons.len() + 2, states.seasons.iter().copied().chain(ends))
}

/// The matrix while it is being built, in parts.
struct Matrix {
    /// Level by season, trend by season.
    level: Vec<f64>,
    trend: Vec<f64>,
    /// Season by season: columns, one after the other.
    seasons: Vec<f64>,
    /// Level by level, level by trend, trend by trend.
    corner: [f64; 3],
    /// A column, to be written into its row.
    column: Vec<f64>,
}

impl Matrix {
    fn of(chain: &Chain) -> Option<Self> {
        let length = chain.season_length;
        let mut matrix = Self {
            level: vec![0.0; length],
            trend: vec![0.0; length],
            seasons: vec![0.0; length * length],
            corner: [0.0; 3],
            column: vec![0.0; length],
        };
        for cycle in chain.slopes.chunks(length).rev() {
            for (place, slopes) in cycle.iter().enumerate().rev() {
                matrix.precede(place, |after| slopes.carry_back(chain.weights, after), *slopes)?;
            }
        }
        Some(matrix)
    }

    /// Makes this the matrix from one row earlier on, which is at this place of the season. `None`: no such place.
    fn precede(&mut self, place: usize, back: impl Fn([f64; 3]) -> [f64; 3], slopes: Slopes) -> Option<()> {
        let length = self.level.len();
        let column = self.seasons.get_mut(place * length..(place + 1) * length)?;
        // The three states among themselves, before the loop below changes them: Dᵀ(ND), column by column, then row by row.
        let [level_level, level_trend, trend_trend] = self.corner;
        let (level_season, trend_season, season_season) =
            (*self.level.get(place)?, *self.trend.get(place)?, *column.get(place)?);
        let by_level = back([level_level, level_trend, level_season]);
        let by_trend = back([level_trend, trend_trend, trend_season]);
        let by_season = back([level_season, trend_season, season_season]);
        let across = |index: fn([f64; 3]) -> f64| back([index(by_level), index(by_trend), index(by_season)]);
        let [level_level, ..] = across(|[level, ..]| level);
        let [level_trend, trend_trend, _] = across(|[_, trend, _]| trend);
        let [level_season, trend_season, season_season] = across(|[.., season]| season);

        for ((level, trend), season) in self.level.iter_mut().zip(&mut self.trend).zip(column.iter_mut()) {
            [*level, *trend, *season] = back([*level, *trend, *season]);
        }

        let Slopes { base, season, .. } = slopes;
        self.corner = [level_level + base * base, level_trend + base * base, trend_trend + base * base];
        *self.level.get_mut(place)? = level_season + base * season;
        *self.trend.get_mut(place)? = trend_season + base * season;
        *column.get_mut(place)? = season_season + season * season;
        // The season's column is also its row.
        self.column.copy_from_slice(column);
        for (other, value) in self.seasons.chunks_exact_mut(length).zip(&self.column) {
            *other.get_mut(place)? = *value;
        }
        Some(())
    }

    fn whole(self) -> DMatrix<f64> {
        let length = self.level.len();
        let mut matrix = DMatrix::<f64>::zeros(length + 2, length + 2);
        matrix.view_mut((0, 0), (length, length)).copy_from_slice(&self.seasons);
        for (edge, values) in [(length, self.level), (length + 1, self.trend)] {
            let values = DVector::from_vec(values);
            matrix.view_mut((0, edge), (length, 1)).copy_from(&values);
            matrix.view_mut((edge, 0), (1, length)).copy_from(&values.transpose());
        }
        let [level_level, level_trend, trend_trend] = self.corner;
        matrix.view_mut((length, length), (2, 2)).copy_from_slice(&[
            level_level,
            level_trend,
            level_trend,
            trend_trend,
        ]);
        matrix
    }
}
