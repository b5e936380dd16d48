//! Least squares, sound on ill-conditioned data.
//!
//! Columns are centred (where there is an intercept) and scaled by powers of two, which is exact, and decomposed by
//! Householder reflections with column pivoting (Golub and Van Loan, "Matrix Computations", 4th edition, 5.4.2). The normal
//! equations are never formed, so the condition number is not squared; centring takes out of it what the columns have in
//! common with the constant. Standard errors are those of Draper and Smith, "Applied Regression Analysis", 3rd edition,
//! chapter 5, with the inverse of XᵀX as R⁻¹R⁻ᵀ.

use analyte_sdk::Error;
use nalgebra::{DMatrix, DVector, Dyn, RowDVector, linalg::ColPivQR};

use crate::moments::{moments, power_of_two_below, sum};

/// The name of the constant term.
pub(crate) const INTERCEPT: &str = "(intercept)";

/// A coefficient.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Term {
    pub(crate) name: String,
    pub(crate) estimate: f64,
    pub(crate) std_error: f64,
}

/// A fitted model.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Fit {
    /// The intercept first, if there is one.
    pub(crate) terms: Vec<Term>,
    pub(crate) observations: usize,
    /// Observations minus terms; at least 1.
    pub(crate) degrees_of_freedom: usize,
    /// Terms but for the intercept.
    pub(crate) predictors: usize,
    pub(crate) intercept: bool,
    pub(crate) residual_std: f64,
    /// Share of the response's sum of squares (about its mean where there is an intercept) that the residuals are; none
    /// where that sum is zero.
    pub(crate) unexplained: Option<f64>,
    /// The residuals are no larger than the rounding of the response.
    pub(crate) perfect: bool,
}

impl Fit {
    /// What makes figures of this fit fail.
    pub(crate) fn warnings(&self) -> impl Iterator<Item = String> + use<> {
        let constant = self
            .unexplained
            .is_none()
            .then_some("The response does not vary, so there is nothing to explain: R² and F are left out.");
        let perfect = self.perfect.then_some(
            "The fit is perfect but for rounding: residuals and standard errors are given as 0, and t, F and their \
             p-values are left out.",
        );
        constant.into_iter().chain(perfect).map(str::to_owned)
    }
}

/// A column, centred and scaled.
struct Scaled {
    values: Vec<f64>,
    /// What was taken off; 0 without an intercept.
    mean: f64,
    /// What was divided by.
    scale: f64,
    /// Length of the scaled column, about 1; 0 where nothing is left.
    length: f64,
    /// How much larger the column was before it was centred: its rounding errors have grown by as much.
    growth: f64,
}

impl Scaled {
    fn of(mut values: Vec<f64>, centre: bool) -> Self {
        let largest = values.iter().fold(0.0_f64, |largest, value| largest.max(value.abs()));
        let constant = values.iter().all(|value| Some(value) == values.first());
        if largest == 0.0 || (centre && constant) {
            let mean = values.first().copied().filter(|_| centre).unwrap_or(0.0);
            values.fill(0.0);
            return Self { values, mean, scale: 1.0, length: 0.0, growth: 1.0 };
        }
        // First to about 1, then to a length of about 1.
        let first_scale = power_of_two_below(largest);
        for value in &mut values {
            *value /= first_scale;
        }
        let raw_length = length(&values);
        let mean = if centre { moments(&values).mean } else { 0.0 };
        for value in &mut values {
            *value -= mean;
        }
        let second_scale = power_of_two_below(length(&values));
        for value in &mut values {
            *value /= second_scale;
        }
        let length = length(&values);
        let growth = (raw_length / second_scale / length).max(1.0);
        Self { values, mean: mean * first_scale, scale: first_scale * second_scale, length, growth }
    }
}

fn length(values: &[f64]) -> f64 {
    values.iter().map(|value| value * value).sum::<f64>().sqrt()
}

/// Fits `response` by the columns, of which there are fewer than rows. Fails with `rank-deficient`, naming the terms that
/// depend on each other.
pub(crate) fn fit(names: Vec<String>, columns: Vec<Vec<f64>>, response: &[f64], intercept: bool) -> Result<Fit, Error> {
    let (rows, predictors) = (response.len(), columns.len());
    let scaled: Vec<Scaled> = columns.into_iter().map(|column| Scaled::of(column, intercept)).collect();
    let response = Scaled::of(response.to_vec(), intercept);

    let matrix =
        DMatrix::from_iterator(rows, predictors, scaled.iter().flat_map(|column| column.values.iter().copied()));
    let decomposed = ColPivQR::new(matrix);
    let triangle = decomposed.r();
    let growth = scaled.iter().fold(1.0_f64, |growth, column| growth.max(column.growth));
    let tolerance = f64::EPSILON * rows.max(predictors) as f64 * growth;
    let rank = triangle.diagonal().iter().take_while(|pivot| pivot.abs() > tolerance).count();
    if rank < predictors {
        return Err(rank_deficient(&names, &scaled, &decomposed, &triangle, rank, intercept));
    }

    // x = R⁻¹ Qᵀ y, in the order of the pivots, then in the order of the columns.
    let mut projected = DVector::from_column_slice(&response.values);
    decomposed.q_tr_mul(&mut projected);
    let top = projected.rows(0, predictors).into_owned();
    let not_solved = || Error::new("rank-deficient", "The columns are linearly dependent.");
    let mut solution = triangle.solve_upper_triangular(&top).ok_or_else(not_solved)?;
    let mut inverse =
        triangle.solve_upper_triangular(&DMatrix::identity(predictors, predictors)).ok_or_else(not_solved)?;
    decomposed.p().inv_permute_rows(&mut solution);
    decomposed.p().inv_permute_rows(&mut inverse);

    let mut residuals = response.values.clone();
    for (column, coefficient) in scaled.iter().zip(solution.iter()) {
        residuals.iter_mut().zip(&column.values).for_each(|(residual, value)| *residual -= coefficient * value);
    }
    let residual_length = length(&residuals);
    // Each value is rounded by up to half a unit in its last place, before it is centred, and so is each sum.
    let magnitude = |column: &Scaled| column.growth * column.length;
    let explained: f64 =
        scaled.iter().zip(solution.iter()).map(|(column, share)| share.abs() * magnitude(column)).sum();
    let perfect = residual_length <= 2.0 * f64::EPSILON * (magnitude(&response) + explained);
    let residual_length = if perfect { 0.0 } else { residual_length };
    let degrees_of_freedom = rows - predictors - usize::from(intercept);
    let scaled_std = residual_length / (degrees_of_freedom as f64).sqrt();

    let mut terms = Vec::with_capacity(predictors + 1);
    if intercept {
        terms.push(constant_term(&scaled, &response, &solution, &inverse, rows, scaled_std));
    }
    for ((name, column), (coefficient, inverse_row)) in
        names.into_iter().zip(&scaled).zip(solution.iter().zip(inverse.row_iter()))
    {
        let per_unit = response.scale / column.scale;
        let (estimate, std_error) = (coefficient * per_unit, scaled_std * inverse_row.norm() * per_unit);
        terms.push(Term { name, estimate, std_error });
    }
    let share = residual_length / response.length;
    Ok(Fit {
        terms,
        observations: rows,
        degrees_of_freedom,
        predictors,
        intercept,
        residual_std: scaled_std * response.scale,
        unexplained: (response.length > 0.0).then_some(share * share),
        perfect,
    })
}

/// The intercept of the centred model: ȳ − Σ bⱼ x̄ⱼ, with variance s²·(1/n + x̄ᵀ(XᵀX)⁻¹x̄).
fn constant_term(
    scaled: &[Scaled],
    response: &Scaled,
    solution: &DVector<f64>,
    inverse: &DMatrix<f64>,
    rows: usize,
    scaled_std: f64,
) -> Term {
    let shifts = DVector::from_iterator(scaled.len(), scaled.iter().map(|column| column.mean / column.scale));
    let products = solution.iter().zip(shifts.iter()).flat_map(|(coefficient, shift)| {
        let product = coefficient * shift;
        // The product's own rounding error, so that a difference of large numbers keeps its digits.
        [-product, -coefficient.mul_add(*shift, -product)]
    });
    let estimate = sum(std::iter::once(response.mean / response.scale).chain(products)) * response.scale;
    let variance = 1.0 / rows as f64 + inverse.tr_mul(&shifts).norm_squared();
    Term { name: INTERCEPT.to_owned(), estimate, std_error: scaled_std * variance.sqrt() * response.scale }
}

/// Names the terms that take part in a linear dependence: where R = [R₁₁ R₁₂; 0 0], the columns of [−R₁₁⁻¹R₁₂; I] say how
/// the columns of the matrix add up to zero.
fn rank_deficient(
    names: &[String],
    scaled: &[Scaled],
    decomposed: &ColPivQR<f64, Dyn, Dyn>,
    triangle: &DMatrix<f64>,
    rank: usize,
    intercept: bool,
) -> Error {
    // A share below this is rounding, not dependence.
    const NONE: f64 = 1e-7;
    let predictors = names.len();
    let mut order = RowDVector::from_iterator(predictors, 0..predictors);
    decomposed.p().permute_columns(&mut order);
    let leading = triangle.view((0, 0), (rank, rank));
    let mut dependent = vec![false; predictors];
    let mut constant = false;
    for tail in rank..predictors {
        let mut shares = vec![0.0; predictors];
        let solved = leading.solve_upper_triangular(&triangle.view((0, tail), (rank, 1)).into_owned());
        let leading_shares = solved.iter().flat_map(|solved| solved.iter().map(|share| -share));
        for (place, share) in order.iter().zip(leading_shares.chain(std::iter::repeat_n(0.0, tail - rank)).chain([1.0]))
        {
            if let Some(mine) = shares.get_mut(*place) {
                *mine = share;
            }
        }
        for (dependent, share) in dependent.iter_mut().zip(&shares) {
            *dependent |= share.abs() > NONE;
        }
        // Adds up to a constant other than zero: with an intercept, that is part of it.
        let means = scaled.iter().zip(&shares).map(|(column, share)| share * column.mean / column.scale);
        let (total, size) = means.fold((0.0_f64, 1.0_f64), |(total, size), mean| (total + mean, size.max(mean.abs())));
        constant |= intercept && total.abs() > NONE * size;
    }
    let taking_part = names.iter().zip(&dependent).filter(|(_, dependent)| **dependent).map(|(name, _)| name.as_str());
    let terms: Vec<&str> = std::iter::once(INTERCEPT).filter(|_| constant).chain(taking_part).collect();
    let listed = terms.iter().map(|term| format!("`{term}`")).collect::<Vec<_>>().join(", ");
    let message = if terms.len() == 1 {
        format!("The term {listed} is zero in every row, so its coefficient is not determined; leave it out.")
    } else {
        format!("The terms {listed} are linearly dependent, so their coefficients are not determined; leave some out.")
    };
    Error::new("rank-deficient", message)
        .detail("terms", terms.join(", "))
        .detail("rank", rank + usize::from(intercept))
        .detail("columns", predictors + usize::from(intercept))
}
