//! Medians of moving windows against sorting each window.

#![expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "tests")]

use proptest::prelude::*;

use super::*;

/// The definition: sort, take the middle, take deviations, sort, take the middle.
fn naive(values: &[f64]) -> (f64, f64) {
    let median = |values: &[f64]| {
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        let half = sorted.len() / 2;
        if sorted.len().is_multiple_of(2) { sorted[half - 1].midpoint(sorted[half]) } else { sorted[half] }
    };
    let middle = median(values);
    let deviations: Vec<f64> = values.iter().map(|value| (value - middle).abs()).collect();
    (middle, median(&deviations))
}

fn check(values: &[f64], length: usize) {
    let mut window = Window::new(length);
    for (row, value) in values.iter().enumerate() {
        window.push(*value);
        let wanted = (row + 1 >= length).then(|| naive(&values[row + 1 - length..=row]));
        assert_eq!(window.middle(), wanted, "row {row} of {values:?} in windows of {length}");
    }
}

proptest! {
    /// Values that often meet each other.
    #[test]
    fn few_different_values(values in prop::collection::vec(-4..4_i8, 0..60), length in 1..12_usize) {
        check(&values.into_iter().map(f64::from).collect::<Vec<_>>(), length);
    }

    #[test]
    fn many_different_values(values in prop::collection::vec(-1e9..1e9, 0..80), length in 1..40_usize) {
        check(&values, length);
    }

    #[test]
    fn rising_and_falling_values(rising in 1..50_i16, falling in 0..50_i16, length in 1..30_usize) {
        let values = (0..rising).chain((0..falling).map(|step| rising - 2 * step));
        check(&values.map(f64::from).collect::<Vec<_>>(), length);
    }
}

#[test]
fn zeros_of_both_signs_are_one_value() {
    check(&[0.0, -0.0, 1.0, 0.0, -0.0, -0.0, 0.0], 3);
}

#[test]
fn a_window_as_large_as_allowed() {
    // A sequence that jumps about and repeats late.
    let values: Vec<f64> = (0..10_400_u64).map(|row| (row * 7_919 % 10_007) as f64).collect();
    let mut window = Window::new(10_000);
    for value in &values {
        window.push(*value);
    }
    assert_eq!(window.middle().unwrap(), naive(&values[400..]));
}
