//! How likely a statistic at least this extreme is by chance.
//!
//! Good to 11 digits up to 1,000 degrees of freedom, to 9 up to 100,000 and to 7 up to 10,000,000; below 10⁻³⁰⁰ it is 0.

use statrs::function::beta::checked_beta_reg;

/// Both tails of Student's t distribution: I_{ν/(ν+t²)}(ν/2, 1/2) (Abramowitz and Stegun, "Handbook of Mathematical
/// Functions", 26.5.27 and 26.7.1). The tail itself is computed, not one minus the rest, so tiny values keep their digits.
pub(crate) fn of_t(t: f64, degrees_of_freedom: f64) -> Option<f64> {
    of_shares(degrees_of_freedom, 1.0, t * t)
}

/// The upper tail of the F distribution: I_{ν₂/(ν₂+ν₁F)}(ν₂/2, ν₁/2) (Abramowitz and Stegun, 26.6.2).
pub(crate) fn of_f(f: f64, numerator: f64, denominator: f64) -> Option<f64> {
    of_shares(denominator, numerator, numerator * f)
}

/// I_{ν/(ν+w)}(ν/2, μ/2) for ν = `rest`, μ = `part`, w = `weight`.
fn of_shares(rest: f64, part: f64, weight: f64) -> Option<f64> {
    if weight.is_nan() {
        return None;
    }
    let p = if weight <= part {
        // A statistic below 1 is a likely one: the other side is the one that could be tiny.
        1.0 - checked_beta_reg(part / 2.0, rest / 2.0, weight / (rest + weight)).ok()?
    } else {
        let share = if weight.is_infinite() { 0.0 } else { rest / (rest + weight) };
        checked_beta_reg(rest / 2.0, part / 2.0, share).ok()?
    };
    p.is_finite().then(|| p.clamp(0.0, 1.0))
}

#[cfg(test)]
#[path = "p_value_tests.rs"]
mod tests;
