//! Regression against the values that NIST certifies in its Statistical Reference Datasets, see `../data/README.md`, and
//! against t, F and p computed from the same data to 60 digits with mpmath 1.4.1 (`data/computed.csv`).

#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::collections::BTreeMap;

use analyte_sdk::prelude::*;
use analyte_sdk::testing;
use statistics::regression::Options;
use statistics::regression::summary::{RegressionSummary, Summary};
use statistics::regression::terms::{LinearRegression, Term};

/// Significant digits that must agree.
const DIGITS: f64 = 9.0;

/// Values by quantity and term.
type Values = BTreeMap<(String, String), f64>;

fn values(of: &str, csv: &str) -> Values {
    let mut values = Values::new();
    for line in csv.lines().skip(1) {
        let [data_set, quantity, term, value] = line.split(',').collect::<Vec<_>>()[..] else { panic!("{line}") };
        if data_set == of {
            values.insert((quantity.to_owned(), term.to_owned()), value.parse().unwrap());
        }
    }
    values
}

fn table(csv: &str) -> Table {
    let mut lines = csv.lines();
    let names: Vec<&str> = lines.next().unwrap().split(',').collect();
    let rows: Vec<Vec<f64>> = lines.map(|line| line.split(',').map(|cell| cell.parse().unwrap()).collect()).collect();
    let column = |(place, name): (usize, &&str)| {
        NewColumn::of(*name, rows.iter().map(|row| *row.get(place).unwrap()).collect::<Vec<f64>>())
    };
    Table::new(names.iter().enumerate().map(column)).unwrap()
}

/// Compares all that a data set certifies.
fn check(data_set: &str, csv: &str, response: &str, intercept: bool) {
    let mut wanted = values(data_set, include_str!("../../data/certified.csv"));
    wanted.extend(values(data_set, include_str!("data/computed.csv")));
    let options = || Options { response: response.to_owned(), predictors: None, intercept };
    let terms = testing::run::<LinearRegression>(table(csv), options()).unwrap().into_table().unwrap();
    let summary = testing::run::<RegressionSummary>(table(csv), options()).unwrap().into_table().unwrap();

    let mut got = Values::new();
    for row in terms.read::<Term>().unwrap() {
        for (quantity, value) in [
            ("estimate", row.estimate),
            ("std_error", row.std_error),
            ("t_value", row.t_value.unwrap()),
            ("p_value", row.p_value.unwrap()),
        ] {
            got.insert((quantity.to_owned(), row.term.clone()), value);
        }
    }
    let row = summary.read::<Summary>().unwrap().next().unwrap();
    let degrees_of_freedom = row.observations as f64 - terms.rows() as f64;
    for (quantity, value) in [
        ("residual_std", row.residual_std),
        ("r_squared", row.r_squared.unwrap()),
        ("adjusted_r_squared", row.adjusted_r_squared.unwrap()),
        ("f_value", row.f_value.unwrap()),
        ("f_p_value", row.f_p_value.unwrap()),
        ("degrees_of_freedom", degrees_of_freedom),
    ] {
        got.insert((quantity.to_owned(), String::new()), value);
    }

    assert_eq!(got.keys().collect::<Vec<_>>(), wanted.keys().collect::<Vec<_>>(), "{data_set}");
    for (key, wanted) in &wanted {
        let got = *got.get(key).unwrap();
        // McCullough's log relative error: the significant digits that agree.
        let digits = -((got - wanted) / wanted).abs().log10();
        assert!(digits >= DIGITS, "{data_set}, {key:?}: got {got}, wanted {wanted}: {digits:.1} digits agree");
    }
}

#[test]
fn longley_is_met() {
    check("longley", include_str!("../../data/longley.csv"), "employment", true);
}

#[test]
fn norris_is_met() {
    check("norris", include_str!("../../data/norris.csv"), "y", true);
}

#[test]
fn noint1_is_met() {
    check("noint1", include_str!("../../data/noint1.csv"), "y", false);
}

#[test]
fn wampler3_is_met() {
    check("wampler3", include_str!("../../data/wampler3.csv"), "y", true);
}

#[test]
fn wampler1_is_a_perfect_fit_and_said_to_be_one() {
    let powers = |x: i64| -> i64 { (0..=5).map(|power| x.pow(power)).sum() };
    let mut columns = vec![NewColumn::of("y", (0..21).map(powers))];
    columns.extend((1..=5).map(|power| NewColumn::of(format!("x{power}"), (0..21_i64).map(move |x| x.pow(power)))));
    let table = Table::new(columns).unwrap();
    let options = || Options { response: "y".to_owned(), predictors: None, intercept: true };
    let outcome = testing::run::<LinearRegression>(table.clone(), options()).unwrap();
    assert!(matches!(outcome.warnings(), [warning] if warning.starts_with("The fit is perfect")), "{outcome:?}");
    for row in outcome.into_table().unwrap().read::<Term>().unwrap() {
        assert!((row.estimate - 1.0).abs() < 1e-8, "{row:?}");
        assert_eq!((row.std_error, row.t_value, row.p_value), (0.0, None, None), "{row:?}");
    }
    let summary = testing::run::<RegressionSummary>(table, options()).unwrap().into_table().unwrap();
    let wanted = Summary {
        observations: 21,
        r_squared: Some(1.0),
        adjusted_r_squared: Some(1.0),
        residual_std: 0.0,
        f_value: None,
        f_p_value: None,
    };
    assert_eq!(summary.read::<Summary>().unwrap().collect::<Vec<_>>(), [wanted]);
}
