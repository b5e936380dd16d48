//! Decomposition against published values and over series made by rule.

#![expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "tests")]

use analyte_sdk::testing;
use proptest::prelude::*;

use super::*;

fn decompose(values: &[f64], season_length: u32, seasonal: Seasonality) -> Result<Vec<Parts>> {
    let table = Table::of_rows(values.iter().map(|value| Observation { value: *value }))?;
    let result = testing::run::<SeasonalDecompose>(table, Options { season_length, seasonal })?.into_table()?;
    Ok(result.read()?.collect())
}

/// The trend as it is defined: weights and values around the row.
fn trend(values: &[f64], length: usize, row: usize) -> Option<f64> {
    let half = length / 2;
    let around = values.get(row.checked_sub(half)?..=row + half)?;
    let mut weights = vec![1.0; around.len()];
    if length.is_multiple_of(2) {
        weights[0] = 0.5;
        weights[2 * half] = 0.5;
    }
    Some(around.iter().zip(&weights).map(|(value, weight)| value * weight).sum::<f64>() / length as f64)
}

#[test]
fn its_examples_hold() {
    testing::check_examples::<SeasonalDecompose>().unwrap();
}

#[test]
fn what_does_not_fit_is_refused() {
    let refused = |values: &[f64], length, seasonal| decompose(values, length, seasonal).unwrap_err();
    let wanted = Error::new("too-few-rows", "Two seasons of 4 rows are 8 rows, and there are 7.");
    assert_eq!(refused(&[1.0; 7], 4, Seasonality::Additive), wanted.detail("rows", 7).detail("needed", 8));
    let rule = "a multiplicative season needs numbers above zero, an additive one takes any";
    let wanted = Error::new("not-positive", format!("Column `value` holds -1 in row 3; {rule}."));
    let wanted = wanted.detail("column", "value").detail("row", 3);
    assert_eq!(refused(&[1.0, 1.0, -1.0, 1.0], 2, Seasonality::Multiplicative), wanted);
    assert_eq!(refused(&[1.0, f64::NAN, 1.0, 1.0], 2, Seasonality::Additive).code(), "non-finite");
    assert_eq!(refused(&[1.0; 4], 0, Seasonality::Additive).code(), "invalid-parameters");
}

#[test]
fn rounding_does_not_pile_up_along_the_series() {
    // A huge value passes through the window, and leaves nothing behind.
    let mut values = vec![0.1; 100_000];
    values[10] = 1e15;
    let parts = decompose(&values, 7, Seasonality::Additive).unwrap();
    let trend = parts[99_000].trend.unwrap();
    assert!((trend - 0.1).abs() < 1e-15, "{trend}");
}

fn series() -> impl Strategy<Value = (Vec<f64>, u32)> {
    (2..9_u32).prop_flat_map(|length| {
        let rows = length as usize;
        (prop::collection::vec(0.5..100.0, 2 * rows..7 * rows), Just(length))
    })
}

proptest! {
    #[test]
    fn parts_are_as_defined((values, length) in series(), multiplied in any::<bool>()) {
        let seasonal = if multiplied { Seasonality::Multiplicative } else { Seasonality::Additive };
        let parts = decompose(&values, length, seasonal).unwrap();
        prop_assert_eq!(parts.len(), values.len());
        let length = length as usize;
        for (row, (part, value)) in parts.iter().zip(&values).enumerate() {
            let wanted = trend(&values, length, row);
            prop_assert_eq!((part.trend.is_some(), part.residual.is_some()), (wanted.is_some(), wanted.is_some()));
            prop_assert_eq!(part.seasonal.to_bits(), parts[row % length].seasonal.to_bits());
            if let (Some(trend), Some(wanted), Some(residual)) = (part.trend, wanted, part.residual) {
                prop_assert!((trend - wanted).abs() <= 1e-13 * wanted, "{} {}", trend, wanted);
                let whole = if multiplied { trend * part.seasonal * residual } else { trend + part.seasonal + residual };
                prop_assert!((whole - value).abs() <= 1e-12 * value, "{} {}", whole, value);
            }
        }
        let mean = parts[..length].iter().map(|part| part.seasonal).sum::<f64>() / length as f64;
        prop_assert!((mean - f64::from(u8::from(multiplied))).abs() <= 1e-11, "{}", mean);
    }
}
