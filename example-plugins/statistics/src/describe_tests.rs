//! Descriptions against published values and properties that hold for every column.

#![expect(clippy::unwrap_used, reason = "tests")]

use analyte_sdk::testing;
use proptest::prelude::*;

use super::*;

fn describe(columns: impl IntoIterator<Item = NewColumn>) -> Result<Vec<Summary>> {
    let result = testing::run::<Describe>(Table::new(columns)?, ())?.into_table()?;
    Ok(result.read()?.collect())
}

#[test]
fn its_examples_hold() {
    testing::check_examples::<Describe>().unwrap();
}

#[test]
fn every_kind_of_number_is_described_and_nothing_else_is() {
    let rows = describe([
        NewColumn::of("name", ["a", "b"]),
        NewColumn::of("small", [1.0_f32, 2.0]),
        NewColumn::of("whole", [1_i32, 2]),
        NewColumn::of("long", [Some(1_i64), Some(2)]),
        NewColumn::of("when", [Datetime(1), Datetime(2)]),
    ])
    .unwrap();
    let names: Vec<_> = rows.iter().map(|row| (row.column.as_str(), row.mean)).collect();
    assert_eq!(names, [("small", Some(1.5)), ("whole", Some(1.5)), ("long", Some(1.5))]);
}

#[test]
fn one_value_has_no_deviation_and_none_has_nothing() {
    let rows = describe([NewColumn::of("one", [Some(4.0), None]), NewColumn::of("none", [None::<f64>, None])]).unwrap();
    let one = Summary {
        column: "one".to_owned(),
        count: 1,
        missing: 1,
        mean: Some(4.0),
        std: None,
        min: Some(4.0),
        q1: Some(4.0),
        median: Some(4.0),
        q3: Some(4.0),
        max: Some(4.0),
    };
    let none = Summary {
        column: "none".to_owned(),
        count: 0,
        missing: 2,
        mean: None,
        std: None,
        min: None,
        q1: None,
        median: None,
        q3: None,
        max: None,
    };
    assert_eq!(rows, [one, none]);
}

#[test]
fn what_is_not_finite_is_refused_by_column_and_row() {
    let error = describe([NewColumn::of("x", [Some(1.0), None, Some(f64::INFINITY)])]).unwrap_err();
    let wanted = Error::new("non-finite", "Column `x` holds inf in row 3; only finite numbers can be analysed.");
    assert_eq!(error, wanted.detail("column", "x").detail("row", 3));
}

#[test]
fn a_table_without_numbers_is_refused() {
    assert_eq!(describe([NewColumn::of("x", ["a"])]).unwrap_err().code(), "no-numeric-columns");
}

#[test]
fn huge_and_tiny_values_stay_within_range() {
    let rows = describe([
        NewColumn::of("huge", [f64::MAX, -f64::MAX, f64::MAX, -f64::MAX]),
        NewColumn::of("tiny", [4e-320, 4e-320, 4e-320, 4e-320]),
        NewColumn::of("far", [1e15 + 1.0, 1e15 + 2.0, 1e15 + 3.0, 1e15 + 4.0]),
    ])
    .unwrap();
    let figures: Vec<_> = rows.iter().map(|row| (row.mean.unwrap(), row.median.unwrap())).collect();
    assert_eq!(figures, [(0.0, 0.0), (4e-320, 4e-320), (1e15 + 2.5, 1e15 + 2.5)]);
    assert_eq!(rows.get(1).unwrap().std, Some(0.0));
    let far = rows.get(2).unwrap().std.unwrap();
    assert!((far - (5.0_f64 / 3.0).sqrt()).abs() < 1e-15, "{far}");
    // √(4/3) times the largest number is beyond the range.
    assert_eq!(rows.first().unwrap().std, Some(f64::INFINITY));
}

fn values() -> impl Strategy<Value = Vec<Option<f64>>> {
    prop::collection::vec(prop::option::of(-1e6..1e6), 0..60)
}

proptest! {
    #[test]
    fn the_order_of_rows_does_not_matter(values in values(), seed in any::<prop::sample::Index>()) {
        let mut turned = values.clone();
        turned.rotate_left(if values.is_empty() { 0 } else { seed.index(values.len()) });
        turned.reverse();
        let (rows, turned) = (describe([NewColumn::of("x", values)]).unwrap(), describe([NewColumn::of("x", turned)]).unwrap());
        let (row, turned) = (rows.first().unwrap(), turned.first().unwrap());
        // Sums differ in their last digit with their order; what picks values may not.
        let picked = |row: &Summary| (row.count, row.missing, row.min, row.q1, row.median, row.q3, row.max);
        prop_assert_eq!(picked(row), picked(turned));
        for (left, right) in [(row.mean, turned.mean), (row.std, turned.std)] {
            prop_assert_eq!(left.is_some(), right.is_some());
            let difference = left.zip(right).map_or(0.0, |(left, right)| (left - right).abs());
            prop_assert!(difference <= 1e-9, "{:?} {:?}", left, right);
        }
    }

    #[test]
    fn figures_lie_where_they_must(values in values()) {
        let rows = describe([NewColumn::of("x", values.clone())]).unwrap();
        let row = rows.first().unwrap();
        prop_assert_eq!(usize::try_from(row.count + row.missing).unwrap(), values.len());
        if let [Some(min), Some(q1), Some(median), Some(q3), Some(max), Some(mean)] =
            [row.min, row.q1, row.median, row.q3, row.max, row.mean]
        {
            prop_assert!(min <= q1 && q1 <= median && median <= q3 && q3 <= max);
            prop_assert!(min - 1e-9 <= mean && mean <= max + 1e-9);
        }
    }
}
