//! A product of two square matrices, row by row: a tight loop of multiplications and additions.

use crate::seeded::Seeded;

/// Multiplies two matrices of `size` rows and columns; gives a checksum of the product.
pub fn run(size: u32) -> u64 {
    let size = usize::try_from(size).unwrap_or(usize::MAX).max(1);
    let mut seeded = Seeded(1);
    let (left, right) = (seeded.fractions(size * size), seeded.fractions(size * size));
    let mut product = vec![0.0; size * size];
    multiply(size, &left, &right, &mut product);
    product.iter().fold(0, |sum: u64, value| sum.rotate_left(1) ^ value.to_bits())
}

/// Adds the product of two matrices of `size` columns, stored by rows, to a third.
pub fn multiply(size: usize, left: &[f64], right: &[f64], product: &mut [f64]) {
    for (row, sums) in left.chunks_exact(size).zip(product.chunks_exact_mut(size)) {
        for (factor, line) in row.iter().zip(right.chunks_exact(size)) {
            for (sum, value) in sums.iter_mut().zip(line) {
                *sum += factor * value;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_meet_columns() {
        let mut product = [0.0; 4];
        multiply(2, &[1.0, 2.0, 3.0, 4.0], &[5.0, 6.0, 7.0, 8.0], &mut product);
        assert_eq!(product.map(f64::to_bits), [19.0_f64, 22.0, 43.0, 50.0].map(f64::to_bits));
    }
}
