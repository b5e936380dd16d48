//! Holt-Winters against published values and over series made by rule.

#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

use analyte_sdk::testing::{self, recorded};
use proptest::prelude::*;

use super::*;

fn options(season_length: u32, horizon: u32, seasonal: Seasonality) -> Options {
    Options { season_length, horizon, seasonal }
}

/// Runs the model; what an earlier run recorded is forgotten.
fn forecasts(values: &[f64], options: Options) -> Result<Vec<f64>> {
    recorded();
    let table = Table::of_rows(values.iter().map(|value| Observation { value: *value }))?;
    let result = testing::run::<HoltWinters>(table, options)?.into_table()?;
    assert!(result.column::<i32>("step")?.values().iter().copied().eq(1..=i32::try_from(result.rows())?));
    Ok(result.column::<f64>("forecast")?.values().to_vec())
}

#[track_caller]
fn refused(values: &[f64], options: Options) -> Error {
    forecasts(values, options).unwrap_err()
}

/// The numbers of the file `fitted.csv` of the last run: row, value, fitted.
fn fitted() -> Vec<[f64; 3]> {
    let file = recorded().files.remove("fitted.csv").unwrap();
    assert_eq!(file.media_type, "text/csv");
    let mut reader = csv::Reader::from_reader(file.bytes.as_slice());
    assert_eq!(reader.headers().unwrap().iter().collect::<Vec<_>>(), ["row", "value", "fitted"]);
    let number = |cell: &str| cell.parse::<f64>().unwrap();
    reader.records().map(|row| row.unwrap().iter().map(number).collect::<Vec<_>>().try_into().unwrap()).collect()
}

/// A rising series with a season of four and errors that repeat after seven rows.
fn quarters(rows: usize) -> Vec<f64> {
    let value = |row: usize| {
        let season = [3.0, -1.0, -4.0, 2.0].iter().cycle().nth(row).unwrap();
        let error = [0.3, -0.5, 0.1, 0.4, -0.2, 0.2, -0.3].iter().cycle().nth(row).unwrap();
        20.0 + 0.5 * row as f64 + season + error
    };
    (0..rows).map(value).collect()
}

#[test]
fn its_examples_hold() -> Result<()> {
    testing::check_examples::<HoltWinters>()
}

#[test]
fn a_constant_series_stays_what_it_is() {
    for seasonal in [Seasonality::Additive, Seasonality::Multiplicative] {
        assert_eq!(forecasts(&[7.3; 24], options(12, 3, seasonal)).unwrap(), [7.3; 3], "{seasonal:?}");
        let rows: Vec<[f64; 3]> = (1..=24).map(|row| [f64::from(row), 7.3, 7.3]).collect();
        assert_eq!(fitted(), rows);
    }
    assert_eq!(forecasts(&[0.0; 8], options(4, 2, Seasonality::Additive)).unwrap(), [0.0; 2]);
}

#[test]
fn the_fitted_series_and_the_log_tell_of_the_same_fit() {
    let values = quarters(40);
    forecasts(&values, options(4, 1, Seasonality::Additive)).unwrap();
    let recorded = recorded();
    let [(_, line)] = &recorded.log[..] else { panic!("{:?}", recorded.log) };
    let rows = std::str::from_utf8(&recorded.files.get("fitted.csv").unwrap().bytes).unwrap();
    let squared = |row: &str| {
        let cells: Vec<f64> = row.split(',').skip(1).map(|cell| cell.parse().unwrap()).collect();
        cells.into_iter().reduce(|value, fitted| (value - fitted).powi(2)).unwrap()
    };
    let sum: f64 = rows.lines().skip(1).map(squared).sum();
    assert!(line.starts_with(&format!("sum of squared errors {sum:?}; alpha ")), "{sum}: {line}");
    assert!(line.contains(", beta* ") && line.contains(", gamma "), "{line}");
    // What the made-up errors themselves are: 0.68 in seven rows.
    assert!((0.9..1.1).contains(&(sum / (40.0 * 0.68 / 7.0))), "{sum}");
}

#[test]
fn what_does_not_fit_is_refused() {
    let additive = |length| options(length, 3, Seasonality::Additive);
    let wanted = Error::new("invalid-parameters", "`season_length` is 1, and a season has at least 2 rows.");
    assert_eq!(refused(&quarters(8), additive(1)), wanted.detail("parameter", "season_length"));

    let wanted = Error::new("too-few-rows", "Two seasons of 4 rows are 8 rows, and there are 7.");
    assert_eq!(refused(&quarters(7), additive(4)), wanted.detail("rows", 7).detail("needed", 8));
    assert_eq!(refused(&[], additive(4)).code(), "too-few-rows");
    assert!(forecasts(&quarters(8), additive(4)).is_ok());

    let wanted = Error::new("non-finite", "Column `value` holds inf in row 2; only finite numbers can be analysed.");
    assert_eq!(
        refused(&[1.0, f64::INFINITY, f64::NAN], additive(2)),
        wanted.detail("column", "value").detail("row", 2)
    );

    for value in [0.0, -3.5] {
        let mut values = quarters(9);
        *values.last_mut().unwrap() = value;
        let rule = "a multiplicative season needs numbers above zero, an additive one takes any";
        let wanted = Error::new("not-positive", format!("Column `value` holds {value} in row 9; {rule}."));
        let error = refused(&values, options(4, 3, Seasonality::Multiplicative));
        assert_eq!(error, wanted.detail("column", "value").detail("row", 9));
        assert!(forecasts(&values, additive(4)).is_ok());
    }

    let missing = Table::new([NewColumn::of("value", [Some(1.0), Some(2.0), None, Some(3.0)])]).unwrap();
    let error = testing::run::<HoltWinters>(missing, additive(2)).unwrap_err();
    let wanted = Error::new("missing-value", "Column `value` needs a value in every row, and has none in row 3.");
    assert_eq!(error, wanted.detail("column", "value").detail("row", 3));
}

#[test]
fn a_series_in_leaps_of_many_sizes_gives_finite_forecasts() {
    // From 10⁻³⁰⁰ to 10³⁰⁰, and a series that falls to zero.
    let leaps: Vec<f64> = (0..60).map(|row| 10.0_f64.powi((row * 37) % 601 - 300)).collect();
    let falling: Vec<f64> = (0..40).map(|row| 40.0 - f64::from(row)).collect();
    for values in [leaps, falling] {
        for seasonal in [Seasonality::Additive, Seasonality::Multiplicative] {
            match forecasts(&values, options(6, 12, seasonal)) {
                Ok(forecasts) => assert!(forecasts.iter().all(|forecast| forecast.is_finite()), "{forecasts:?}"),
                Err(error) => assert_eq!(error.code(), "no-fit"),
            }
        }
    }
}

#[test]
fn progress_rises_to_at_most_one() {
    forecasts(&quarters(24), options(4, 1, Seasonality::Multiplicative)).unwrap();
    let fractions: Vec<f64> = recorded().progress.into_iter().map(|(fraction, _)| fraction).collect();
    assert!(
        fractions.len() > 50 && fractions.is_sorted() && fractions.last().is_some_and(|last| *last <= 1.0),
        "{fractions:?}"
    );
}

fn series() -> impl Strategy<Value = (Vec<f64>, u32)> {
    (2..6_u32).prop_flat_map(|length| {
        let rows = length as usize;
        (prop::collection::vec(1.0..3.0, 2 * rows..6 * rows), Just(length))
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    /// The same series twice gives the same digits.
    #[test]
    fn there_is_no_chance_in_it((values, length) in series(), multiplied in any::<bool>()) {
        let seasonal = if multiplied { Seasonality::Multiplicative } else { Seasonality::Additive };
        let once = forecasts(&values, options(length, 5, seasonal)).unwrap();
        prop_assert_eq!(once, forecasts(&values, options(length, 5, seasonal)).unwrap());
    }

    /// In another unit, a power of two times the first, forecasts follow to the last digit.
    #[test]
    fn units_do_not_matter((values, length) in series(), multiplied in any::<bool>()) {
        let seasonal = if multiplied { Seasonality::Multiplicative } else { Seasonality::Additive };
        let scaled: Vec<f64> = values.iter().map(|value| value * 1024.0).collect();
        let once: Vec<f64> = forecasts(&values, options(length, 5, seasonal)).unwrap().iter().map(|x| x * 1024.0).collect();
        prop_assert_eq!(once, forecasts(&scaled, options(length, 5, seasonal)).unwrap());
    }

    /// No weights that one might choose by hand do better. Errors of the flat forecast are the least that can be asked.
    #[test]
    fn it_is_no_worse_than_weights_by_hand((values, length) in series(), weights in (0.0..=1.0, 0.0..=1.0, 0.0..=1.0)) {
        let (level, trend, season): (f64, f64, f64) = weights;
        let by_hand = form::Weights { level, trend, season: (1.0 - level) * season };
        let guess = initial::guess::<Additive>(&values, length as usize);
        let by_hand = initial::improve::<Additive>(&values, by_hand, &guess).unwrap().squared_errors;
        forecasts(&values, options(length, 1, Seasonality::Additive)).unwrap();
        let best: f64 = fitted().iter().map(|[_, value, fitted]| (value - fitted).powi(2)).sum();
        // A hollow may be missed; on the series of the tests none is missed by more.
        prop_assert!(best <= by_hand * 1.01 + 1e-20, "{best} {by_hand}");
    }
}
