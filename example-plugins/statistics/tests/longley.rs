//! `describe` and `correlation` of the Longley data against numpy and scipy, see `data/README.md`.

#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

use analyte_sdk::prelude::*;
use analyte_sdk::testing;
use statistics::correlation::{Correlation, Method, Options, Pair};
use statistics::describe::{Describe, Summary};

fn longley() -> Table {
    let mut lines = include_str!("../../data/longley.csv").lines();
    let names: Vec<&str> = lines.next().unwrap().split(',').collect();
    let rows: Vec<Vec<f64>> = lines.map(|line| line.split(',').map(|cell| cell.parse().unwrap()).collect()).collect();
    let column = |(place, name): (usize, &&str)| {
        NewColumn::of(*name, rows.iter().map(|row| *row.get(place).unwrap()).collect::<Vec<f64>>())
    };
    Table::new(names.iter().enumerate().map(column)).unwrap()
}

#[track_caller]
fn assert_close(got: f64, wanted: f64, what: &str) {
    assert!((got - wanted).abs() <= 1e-12 * wanted.abs(), "{what}: got {got}, wanted {wanted}");
}

#[test]
fn describe_agrees_with_numpy() {
    let got = testing::run::<Describe>(longley(), ()).unwrap().into_table().unwrap();
    let mut got = got.read::<Summary>().unwrap();
    for line in include_str!("data/describe_longley.csv").lines().skip(1) {
        let [name, figures @ ..] = &line.split(',').collect::<Vec<_>>()[..] else { panic!("{line}") };
        let [count, mean, std, min, q1, median, q3, max] =
            figures.iter().map(|x| x.parse().unwrap()).collect::<Vec<f64>>()[..]
        else {
            panic!("{line}")
        };
        let row = got.next().unwrap();
        assert_eq!((row.column.as_str(), row.count as f64, row.missing), (*name, count, 0));
        assert_close(row.mean.unwrap(), mean, "mean");
        assert_close(row.std.unwrap(), std, "std");
        let order = [row.min, row.q1, row.median, row.q3, row.max].map(Option::unwrap);
        for (got, wanted) in order.into_iter().zip([min, q1, median, q3, max]) {
            assert_close(got, wanted, line);
        }
    }
    assert_eq!(got.next(), None);
}

#[test]
fn correlation_agrees_with_scipy() {
    for (method, name) in [(Method::Pearson, "pearson"), (Method::Spearman, "spearman")] {
        let got = testing::run::<Correlation>(longley(), Options { method }).unwrap().into_table().unwrap();
        let mut got = got.read::<Pair>().unwrap();
        for line in include_str!("data/correlation_longley.csv").lines().filter(|line| line.starts_with(name)) {
            let [_, left, right, coefficient, p_value] = line.split(',').collect::<Vec<_>>()[..] else {
                panic!("{line}")
            };
            let row = got.next().unwrap();
            assert_eq!((row.left.as_str(), row.right.as_str()), (left, right));
            assert_close(row.coefficient.unwrap(), coefficient.parse().unwrap(), line);
            // A p-value of a coefficient near 1 magnifies the coefficient's own last digit.
            let (got, wanted): (f64, f64) = (row.p_value.unwrap(), p_value.parse().unwrap());
            assert!((got - wanted).abs() <= 1e-9 * wanted, "{line}: got {got}");
        }
        assert_eq!(got.next(), None);
    }
}
