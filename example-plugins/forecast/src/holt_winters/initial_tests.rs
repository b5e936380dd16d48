//! What smoothing begins with, over series whose beginning is known.

#![expect(clippy::unwrap_used, reason = "tests")]

use proptest::prelude::*;

use super::super::form::{Additive, Multiplicative};
use super::*;

/// A series with a trend, a season and errors, its season's length, and weights.
fn series() -> impl Strategy<Value = (Vec<f64>, usize, Weights)> {
    let weights = (0.0..=1.0, 0.0..=0.5, 0.0..=1.0).prop_map(|(level, trend, season): (f64, f64, f64)| Weights {
        level,
        trend,
        season: (1.0 - level) * season,
    });
    let season = prop::collection::vec(0.7..1.3, 2..6);
    let errors = prop::collection::vec(0.97..1.03, 60);
    (season, errors, -0.002..0.01, 2.0..10.0, weights).prop_map(|(season, errors, trend, seasons, weights)| {
        let rows = season.len() as f64 * seasons;
        let of_row = season.iter().cycle().zip(&errors).zip(0_i32..).take_while(|(_, row)| f64::from(*row) < rows);
        let values = of_row.map(|((season, error), row)| (0.5 + trend * f64::from(row)) * season * error).collect();
        (values, season.len(), weights)
    })
}

/// Changes of single initial states, and of all at once.
fn changes(length: usize) -> Vec<States> {
    let none = States { level: 0.0, trend: 0.0, seasons: vec![0.0; length] };
    let mut changes = vec![States { level: 1.0, ..none.clone() }, States { trend: 1.0, ..none.clone() }];
    for place in 0..length {
        let mut change = none.clone();
        *change.seasons.get_mut(place).unwrap() = 1.0;
        changes.push(change);
    }
    let signs = (0..length).map(|place| if place % 2 == 0 { 1.0 } else { -1.0 });
    changes.push(States { level: -1.0, trend: 0.5, seasons: signs.collect() });
    changes
}

/// No small change of the states makes the squared errors less.
fn check_least<F: Form>(values: &[f64], length: usize, weights: Weights) -> Result<(), TestCaseError> {
    let started = improve::<F>(values, weights, &guess::<F>(values, length)).unwrap();
    for change in changes(length) {
        for share in [1e-4, -1e-4] {
            let mut states = started.states.clone();
            states.add(share, &change);
            let beside = squared_errors::<F>(values, weights, &states);
            // A step that gains less than this was the last one.
            let rounding = 1e-10 * started.squared_errors;
            prop_assert!(
                beside >= started.squared_errors - rounding,
                "{share} of {change:?}: {beside} is less than {}",
                started.squared_errors
            );
        }
    }
    Ok(())
}

proptest! {
    #[test]
    fn additive_states_are_the_best((values, length, weights) in series()) {
        check_least::<Additive>(&values, length, weights)?;
    }

    #[test]
    fn multiplicative_states_are_the_best((values, length, weights) in series()) {
        check_least::<Multiplicative>(&values, length, weights)?;
    }
}

#[test]
fn a_series_of_the_form_is_fitted_without_errors() {
    let weights = Weights { level: 0.3, trend: 0.2, season: 0.4 };
    let rows = |season: [f64; 3]| season.into_iter().cycle().zip((0..20).map(f64::from));
    let values: Vec<f64> = rows([0.5, -0.2, -0.3]).map(|(season, row)| row * 0.01 + season).collect();
    let flat_states = flat::<Additive>(&values, &guess::<Additive>(&values, 3));
    let started = improve::<Additive>(&values, weights, &flat_states).unwrap();
    assert!(started.squared_errors < 1e-26, "{started:?}");
    assert!((started.states.trend - 0.01).abs() < 1e-12, "{started:?}");
    // Seasons are 0 on average.
    assert!(started.states.mean_season().abs() < 1e-15, "{started:?}");

    let values: Vec<f64> = rows([1.5, 0.8, 0.7]).map(|(season, row)| (0.5 + row * 0.01) * season).collect();
    let flat_states = flat::<Multiplicative>(&values, &guess::<Multiplicative>(&values, 3));
    let started = improve::<Multiplicative>(&values, weights, &flat_states).unwrap();
    assert!(started.squared_errors < 1e-16, "{started:?}");
    assert!((started.states.trend - 0.01).abs() < 1e-8, "{started:?}");
    // And 1 where they are multiplied.
    assert!((started.states.mean_season() - 1.0).abs() < 1e-14, "{started:?}");
}
