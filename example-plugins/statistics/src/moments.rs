//! Mean and spread, sound for values of any size.

/// Mean of some numbers, and the root of their summed squared deviations from it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Moments {
    pub(crate) mean: f64,
    /// √Σ(x − mean)²
    pub(crate) deviation: f64,
}

/// The moments of at least one number.
///
/// The two-pass algorithm with the correction of Chan, Golub and LeVeque, "Algorithms for computing the sample variance",
/// The American Statistician 37 (1983), formula 1.7: the sum of deviations, zero but for rounding, corrects the mean.
/// Values are scaled by a power of two (exactly) where squares or sums could leave the range of `f64`.
pub(crate) fn moments(values: &[f64]) -> Moments {
    let largest = values.iter().fold(0.0_f64, |largest, value| largest.max(value.abs()));
    let scale = if largest == 0.0 || (1e-140..1e140).contains(&largest) { 1.0 } else { power_of_two_below(largest) };
    let count = values.len() as f64;
    let rough = sum(values.iter().map(|value| value / scale)) / count;
    let (drift, squares) = values.iter().fold((0.0, 0.0), |(drift, squares), value| {
        let deviation = value / scale - rough;
        (drift + deviation, squares + deviation * deviation)
    });
    let deviation = (squares - drift * drift / count).max(0.0).sqrt();
    Moments { mean: (rough + drift / count) * scale, deviation: deviation * scale }
}

/// The sum with the rounding errors carried along: Neumaier, "Rundungsfehleranalyse einiger Verfahren zur Summation
/// endlicher Summen", Zeitschrift für Angewandte Mathematik und Mechanik 54 (1974).
pub(crate) fn sum(values: impl Iterator<Item = f64>) -> f64 {
    let (sum, carried) = values.fold((0.0_f64, 0.0_f64), |(sum, carried), value| {
        let next = sum + value;
        let lost = if sum.abs() >= value.abs() { (sum - next) + value } else { (value - next) + sum };
        (next, carried + lost)
    });
    sum + carried
}

/// The power of two of this positive number's exponent, kept clear of the subnormal range.
pub(crate) fn power_of_two_below(value: f64) -> f64 {
    f64::from_bits(value.max(f64::MIN_POSITIVE).to_bits() & 0x7ff0_0000_0000_0000)
}
