//! Regression against certified values (NIST) and what it refuses.

#![expect(clippy::unwrap_used, reason = "tests")]

use analyte_sdk::prelude::*;
use analyte_sdk::testing;
use proptest::prelude::*;

use super::Options;
use super::summary::RegressionSummary;
use super::terms::{LinearRegression, Term};

fn options(predictors: Option<&[&str]>, intercept: bool) -> Options {
    let predictors = predictors.map(|names| names.iter().map(|&name| name.to_owned()).collect());
    Options { response: "y".to_owned(), predictors, intercept }
}

fn regress(columns: impl IntoIterator<Item = NewColumn>, options: Options) -> Result<(Vec<Term>, Vec<String>)> {
    let outcome = testing::run::<LinearRegression>(Table::new(columns)?, options)?;
    let warnings = outcome.warnings().to_vec();
    Ok((outcome.into_table()?.read()?.collect(), warnings))
}

#[test]
fn the_examples_hold() {
    testing::check_examples::<LinearRegression>().unwrap();
    testing::check_examples::<RegressionSummary>().unwrap();
}

#[test]
fn named_predictors_come_in_their_order_and_other_columns_do_not_matter() {
    let columns = || {
        [
            NewColumn::of("a", [1.0, 2.0, 3.0, 4.0, 5.0]),
            NewColumn::of("name", ["p", "q", "r", "s", "t"]),
            NewColumn::of("y", [3.1, 2.9, 7.2, 6.8, 11.1]),
            NewColumn::of("b", [Some(1), Some(0), Some(1), Some(0), Some(1)]),
            NewColumn::of("unused", [f64::NAN; 5]),
        ]
    };
    let (terms, _) = regress(columns(), options(Some(&["b", "a"]), true)).unwrap();
    let names: Vec<_> = terms.iter().map(|term| term.term.as_str()).collect();
    assert_eq!(names, ["(intercept)", "b", "a"]);
    assert_eq!(regress(columns(), options(None, true)).unwrap_err().code(), "non-finite");
}

#[test]
fn dependent_terms_are_named() {
    let x = [1.0, 2.0, 3.0, 4.0, 5.0, 6.5];
    let z = [0.3, 1.7, 0.2, 9.1, 4.4, 2.2];
    let base = |third: Vec<f64>| {
        [
            NewColumn::of("y", [1.0, 3.0, 2.0, 5.0, 4.0, 6.0]),
            NewColumn::of("x", x),
            NewColumn::of("free", [0.1, 5.0, 2.2, 0.7, 0.9, 3.3]),
            NewColumn::of("z", z),
            NewColumn::of("w", third),
        ]
    };
    let terms = |third: Vec<f64>, intercept| {
        let error = regress(base(third), options(None, intercept)).unwrap_err();
        assert_eq!(error.code(), "rank-deficient");
        error.details().first().unwrap().1.clone()
    };
    let mixed = |share: f64, constant: f64| x.iter().zip(&z).map(|(x, z)| x + share * z + constant).collect();
    assert_eq!(terms(mixed(-0.7, 0.0), true), "x, z, w");
    assert_eq!(terms(mixed(-0.7, 0.0), false), "x, z, w");
    assert_eq!(terms(mixed(0.0, 1000.0), true), "(intercept), x, w");
    assert_eq!(terms(vec![4.5; 6], true), "(intercept), w");
    assert_eq!(terms(vec![0.0; 6], false), "w");
    assert!(regress(base(vec![4.5; 6]), options(None, false)).is_ok());
}

#[test]
fn too_few_rows_are_refused_after_missing_ones_are_left_out() {
    let columns = [
        NewColumn::of("y", [Some(1.0), Some(2.0), Some(4.0), None]),
        NewColumn::of("x", [Some(1.0), Some(2.0), None, Some(4.0)]),
    ];
    let wanted = Error::new("too-few-rows", "2 terms need at least 3 rows without missing values, and there are 2.");
    assert_eq!(regress(columns, options(None, true)).unwrap_err(), wanted.detail("rows", 2).detail("needed", 3));
}

#[test]
fn rows_with_missing_values_are_left_out_and_counted() {
    let columns = [
        NewColumn::of("y", [Some(1.0), Some(3.0), Some(4.0), None, Some(6.0)]),
        NewColumn::of("x", [1.0, 2.0, 3.0, 4.0, 5.0]),
    ];
    let without = [NewColumn::of("y", [1.0, 3.0, 4.0, 6.0]), NewColumn::of("x", [1.0, 2.0, 3.0, 5.0])];
    let (terms, warnings) = regress(columns, options(None, true)).unwrap();
    assert_eq!(terms, regress(without, options(None, true)).unwrap().0);
    assert_eq!(warnings, ["1 of 5 rows was left out for a missing value."]);
}

#[test]
fn predictors_that_make_no_sense_are_refused() {
    let columns = || [NewColumn::of("y", [1.0, 2.0, 4.0]), NewColumn::of("x", [1.0, 2.0, 3.0])];
    let code =
        |predictors: Option<&[&str]>| regress(columns(), options(predictors, true)).unwrap_err().code().to_owned();
    assert_eq!(code(Some(&[])), "no-predictors");
    assert_eq!(code(Some(&["y"])), "wrong-predictors");
    assert_eq!(code(Some(&["x", "x"])), "wrong-predictors");
    assert_eq!(code(Some(&["nowhere"])), "no-such-column");
}

#[test]
fn a_constant_response_is_reported() {
    let columns = [NewColumn::of("y", [2.5, 2.5, 2.5, 2.5]), NewColumn::of("x", [1.0, 2.0, 3.0, 5.0])];
    let (terms, warnings) = regress(columns, options(None, true)).unwrap();
    let estimates: Vec<_> = terms.iter().map(|term| (term.estimate, term.std_error, term.t_value)).collect();
    assert_eq!(estimates, [(2.5, 0.0, None), (0.0, 0.0, None)]);
    assert_eq!(warnings.len(), 2);
}

proptest! {
    /// The residuals of a least-squares fit are orthogonal to the constant and to each predictor.
    #[test]
    fn residuals_are_orthogonal_to_the_predictors(
        rows in prop::collection::vec((-1e3..1e3, -1e3..1e3, 1e6..1.001e6), 6..40),
    ) {
        let y: Vec<f64> = rows.iter().map(|row| row.0).collect();
        let (x, z): (Vec<f64>, Vec<f64>) = rows.iter().map(|row| (row.1, row.2)).unzip();
        let columns = [
            NewColumn::from_slice::<f64>("y", &y),
            NewColumn::from_slice::<f64>("x", &x),
            NewColumn::from_slice::<f64>("z", &z),
        ];
        let (terms, _) = regress(columns, options(None, true)).unwrap();
        let estimates: Vec<f64> = terms.iter().map(|term| term.estimate).collect();
        let [constant, by_x, by_z] = estimates[..] else { return Err(TestCaseError::fail("three terms")) };
        let residuals: Vec<f64> =
            rows.iter().map(|(y, x, z)| y - constant - by_x * x - by_z * z).collect();
        let size: f64 = y.iter().map(|y| y.abs()).sum();
        let along = |values: &[f64]| -> f64 { values.iter().zip(&residuals).map(|(value, residual)| value * residual).sum() };
        prop_assert!(residuals.iter().sum::<f64>().abs() <= 1e-6 * size);
        prop_assert!(along(&x).abs() <= 1e-6 * size * 1e3);
        prop_assert!(along(&z).abs() <= 1e-6 * size * 1e6);
    }
}
