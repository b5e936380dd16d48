//! Correlations against published values and properties that hold for every table.

#![expect(clippy::unwrap_used, clippy::float_cmp, reason = "tests")]

use analyte_sdk::testing;
use proptest::prelude::*;

use super::*;

fn correlate(method: Method, columns: impl IntoIterator<Item = NewColumn>) -> Result<(Vec<Pair>, Vec<String>)> {
    let outcome = testing::run::<Correlation>(Table::new(columns)?, Options { method })?;
    let warnings = outcome.warnings().to_vec();
    Ok((outcome.into_table()?.read()?.collect(), warnings))
}

#[test]
fn its_examples_hold() {
    testing::check_examples::<Correlation>().unwrap();
}

#[test]
fn pairs_come_in_the_order_of_the_columns() {
    let column = |name: &str, values: [f64; 4]| NewColumn::of(name, values);
    let (pairs, warnings) = correlate(
        Method::Pearson,
        [column("c", [1.0, 2.0, 3.0, 5.0]), column("a", [2.0, 1.0, 4.0, 3.0]), column("b", [0.0, 1.0, 0.0, 1.0])],
    )
    .unwrap();
    let names: Vec<_> = pairs.iter().map(|pair| (pair.left.as_str(), pair.right.as_str())).collect();
    assert_eq!(names, [("c", "a"), ("c", "b"), ("a", "b")]);
    assert_eq!(warnings, [""; 0]);
}

#[test]
fn equal_values_share_their_average_rank() {
    assert_eq!(ranks(&[10.0, 20.0, 10.0, -0.0, 0.0, 20.0, 20.0]), [3.5, 6.0, 3.5, 1.5, 1.5, 6.0, 6.0]);
}

#[test]
fn a_constant_column_has_no_coefficient_and_a_warning() {
    let (pairs, warnings) =
        correlate(Method::Pearson, [NewColumn::of("x", [1.0, 2.0, 4.0]), NewColumn::of("k", [0.1, 0.1, 0.1])]).unwrap();
    let pair = Pair { left: "x".to_owned(), right: "k".to_owned(), coefficient: None, p_value: None };
    assert_eq!(pairs, [pair]);
    assert_eq!(warnings, ["Column `k` is constant in the rows in use, so it has no correlation with others."]);
}

#[test]
fn rows_with_missing_values_are_left_out_and_counted() {
    let (pairs, warnings) = correlate(
        Method::Pearson,
        [
            NewColumn::of("x", [Some(1.0), None, Some(2.0), Some(3.0), Some(9.0)]),
            NewColumn::of("y", [Some(2.0), Some(7.0), Some(4.0), Some(6.0), None]),
        ],
    )
    .unwrap();
    let coefficient = pairs.first().unwrap().coefficient.unwrap();
    assert!((coefficient - 1.0).abs() < 1e-15, "{coefficient}");
    assert_eq!(warnings, ["2 of 5 rows were left out for a missing value."]);
}

#[test]
fn too_little_is_refused() {
    let one = correlate(Method::Pearson, [NewColumn::of("x", [1.0, 2.0, 3.0])]).unwrap_err();
    assert_eq!(one.code(), "too-few-columns");
    let two = [NewColumn::of("x", [Some(1.0), Some(2.0), None]), NewColumn::of("y", [1.0, 2.0, 3.0])];
    let wanted =
        Error::new("too-few-rows", "A correlation needs at least 3 rows without missing values, and there are 2.");
    assert_eq!(correlate(Method::Spearman, two).unwrap_err(), wanted.detail("rows", 2).detail("needed", 3));
}

proptest! {
    #[test]
    fn a_coefficient_is_symmetric_and_keeps_its_size_when_a_column_is_scaled(
        rows in prop::collection::vec((-1e3..1e3, -1e3..1e3), 3..40),
        factor in prop_oneof![-1e3..-1e-3, 1e-3..1e3],
        shift in -1e3..1e3,
    ) {
        let (x, y): (Vec<f64>, Vec<f64>) = rows.into_iter().unzip();
        let turned: Vec<f64> = x.iter().map(|x| x * factor + shift).collect();
        let of = |left: &[f64], right: &[f64]| {
            let columns = [NewColumn::from_slice::<f64>("a", left), NewColumn::from_slice::<f64>("b", right)];
            correlate(Method::Pearson, columns).unwrap().0.first().unwrap().coefficient.unwrap()
        };
        let plain = of(&x, &y);
        prop_assert!((-1.0..=1.0).contains(&plain));
        prop_assert_eq!(plain, of(&y, &x));
        prop_assert!((plain * f64::signum(factor) - of(&turned, &y)).abs() < 1e-7);
    }

    #[test]
    fn ranks_do_not_change_under_a_rising_function(values in prop::collection::vec(-5.0..5.0, 3..40)) {
        let risen: Vec<f64> = values.iter().map(|value: &f64| value.exp()).collect();
        prop_assume!(values.iter().all(|x| values.iter().all(|y| x == y || x.exp() != y.exp())));
        prop_assert_eq!(ranks(&values), ranks(&risen));
    }
}
