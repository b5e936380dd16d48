//! Linear regression by the normal equations, fitted again and again to a moving window of rows.

use crate::seeded::Seeded;

/// Columns of the regression.
const COLUMNS: usize = 16;
/// Rows that there are, and that one fit takes.
const ROWS: usize = 20_000;
const WINDOW: usize = 5_000;
/// Rows from one window to the next.
const STEP: usize = 97;

/// Fits to `size` windows; gives a checksum of all coefficients.
pub fn run(size: u32) -> u64 {
    let mut seeded = Seeded(2);
    let rows = seeded.fractions(ROWS * COLUMNS);
    let response = seeded.fractions(ROWS);
    let mut sum = 0_u64;
    for window in 0..usize::try_from(size).unwrap_or(usize::MAX) {
        let first = window * STEP % (ROWS - WINDOW);
        let rows = rows.get(first * COLUMNS..(first + WINDOW) * COLUMNS).unwrap_or_default();
        let response = response.get(first..first + WINDOW).unwrap_or_default();
        for coefficient in fit(COLUMNS, rows, response) {
            sum = sum.rotate_left(1) ^ coefficient.to_bits();
        }
    }
    sum
}

/// The coefficients of a least-squares fit: XᵀX b = Xᵀy, solved by Cholesky's method.
pub fn fit(columns: usize, rows: &[f64], response: &[f64]) -> Vec<f64> {
    let mut squares = vec![0.0; columns * columns];
    let mut products = vec![0.0; columns];
    for (row, y) in rows.chunks_exact(columns).zip(response) {
        for ((x, sums), product) in row.iter().zip(squares.chunks_exact_mut(columns)).zip(&mut products) {
            *product += x * y;
            for (sum, other) in sums.iter_mut().zip(row) {
                *sum += x * other;
            }
        }
    }
    solve(columns, squares, products)
}

/// Solves a symmetric, positive definite system.
fn solve(size: usize, matrix: Vec<f64>, mut right: Vec<f64>) -> Vec<f64> {
    let mut lower: Vec<Vec<f64>> = Vec::with_capacity(size);
    for (at, row) in matrix.chunks_exact(size.max(1)).enumerate() {
        let mut line: Vec<f64> = Vec::with_capacity(at + 1);
        for (value, earlier) in row.iter().zip(&lower) {
            let pivot = earlier.last().copied().unwrap_or(1.0);
            line.push((value - dot(&line, earlier)) / pivot);
        }
        let diagonal = row.get(at).copied().unwrap_or_default() - dot(&line, &line);
        line.push(diagonal.sqrt());
        lower.push(line);
    }
    drop(matrix);
    for (at, line) in lower.iter().enumerate() {
        let (known, rest) = right.split_at_mut(at);
        if let (Some(value), Some(pivot)) = (rest.first_mut(), line.last()) {
            *value = (*value - dot(line, known)) / pivot;
        }
    }
    for (at, line) in lower.iter().enumerate().rev() {
        let (before, rest) = right.split_at_mut(at);
        if let (Some(value), Some(pivot)) = (rest.first_mut(), line.last()) {
            *value /= pivot;
            for (other, factor) in before.iter_mut().zip(line) {
                *other -= *value * factor;
            }
        }
    }
    right
}

fn dot(left: &[f64], right: &[f64]) -> f64 {
    left.iter().zip(right).map(|(left, right)| left * right).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exact_relation_is_found() {
        let rows = [1.0, 0.0, 2.0, 1.0, 1.0, -1.0, 0.5, 3.0, 1.0, 1.0, 4.0, 0.25];
        let truth = [3.0, -2.0, 0.5];
        let response: Vec<f64> = rows.chunks_exact(3).map(|row| dot(row, &truth)).collect();
        for (got, wanted) in fit(3, &rows, &response).iter().zip(truth) {
            assert!((got - wanted).abs() < 1e-9, "{got} for {wanted}");
        }
    }
}
