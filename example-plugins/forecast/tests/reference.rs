//! Two real series against statsmodels, see `reference/make.py`.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::path::Path;

use analyte_sdk::prelude::*;
use analyte_sdk::testing::{self, recorded};
use forecast::decompose::{self, Parts, SeasonalDecompose};
use forecast::holt_winters::{self, HoltWinters};
use forecast::series::Seasonality;

/// The most that the sum of squared errors may be, of what statsmodels leaves.
const SQUARED_ERRORS: f64 = 1.001;
/// The most that a forecast may differ from that of statsmodels, of its size.
const FORECAST: f64 = 0.01;
/// The same of a part in a decomposition, or of 1 where the part is smaller.
const PART: f64 = 1e-10;

/// The rows of a CSV, without its header.
fn rows(file: &str) -> Vec<Vec<String>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    let mut reader = csv::Reader::from_path(path).unwrap();
    reader.records().map(|row| row.unwrap().iter().map(str::to_owned).collect()).collect()
}

fn number(cells: &[String], place: usize) -> f64 {
    cells.get(place).unwrap().parse().unwrap()
}

fn series(name: &str) -> Table {
    let values = rows(&format!("../data/{name}.csv")).iter().map(|cells| number(cells, 1)).collect::<Vec<_>>();
    Table::new([NewColumn::from_slice::<f64>("value", &values)]).unwrap()
}

/// One fit, as `fits.csv` and `forecasts.csv` have it.
fn check_fit(name: &str, season_length: u32, seasonal: Seasonality) {
    let word = format!("{seasonal:?}").to_lowercase();
    let key = [name.to_owned(), season_length.to_string(), word];
    let of_this = |file: &str| rows(file).into_iter().filter(|cells| cells.starts_with(&key)).collect::<Vec<_>>();
    let fit = of_this("reference/fits.csv").pop().unwrap();
    let expected = of_this("reference/forecasts.csv");
    let horizon = u32::try_from(expected.len()).unwrap();

    recorded();
    let options = holt_winters::Options { season_length, horizon, seasonal };
    let result = testing::run::<HoltWinters>(series(name), options).unwrap().into_table().unwrap();
    let file = recorded().files.remove("fitted.csv").unwrap().bytes;
    let mut file = csv::Reader::from_reader(file.as_slice());
    let squared = |row: csv::StringRecord| {
        let cell = |place: usize| row.get(place).unwrap().parse::<f64>().unwrap();
        (cell(1) - cell(2)).powi(2)
    };
    let squared_errors: f64 = file.records().map(|row| squared(row.unwrap())).sum();
    // As it fits by itself, and as far as its optimiser goes when it may.
    for expected in [number(&fit, 3), number(&fit, 4)] {
        assert!(squared_errors <= SQUARED_ERRORS * expected, "{key:?}: {squared_errors}, and statsmodels {expected}");
    }

    for (got, expected) in result.column::<f64>("forecast").unwrap().values().iter().zip(&expected) {
        let (step, expected) = (number(expected, 3), number(expected, 4));
        let near = (got - expected).abs() <= FORECAST * expected.abs();
        assert!(near, "{key:?}, step {step}: {got}, and statsmodels {expected}");
    }
}

fn check_parts(name: &str, season_length: u32, seasonal: Seasonality) {
    let options = decompose::Options { season_length, seasonal };
    let result = testing::run::<SeasonalDecompose>(series(name), options).unwrap().into_table().unwrap();
    let got: Vec<Parts> = result.read().unwrap().collect();
    let word = format!("{seasonal:?}").to_lowercase();
    let expected = rows(&format!("reference/decompositions/{name}-{season_length}-{word}.csv"));
    assert_eq!(got.len(), expected.len());
    for (row, (got, expected)) in got.iter().zip(&expected).enumerate() {
        for (got, expected) in [got.trend, Some(got.seasonal), got.residual].into_iter().zip(expected) {
            let near = match (got, expected.as_str()) {
                (None, "") => true,
                (Some(got), expected) => {
                    let expected: f64 = expected.parse().unwrap();
                    (got - expected).abs() <= PART * expected.abs().max(1.0)
                }
                (None, _) => false,
            };
            assert!(near, "{name}, {season_length}, {word}, row {}: got {got:?}, and statsmodels {expected}", row + 1);
        }
    }
}

#[test]
fn carbon_dioxide_with_an_additive_year() {
    check_fit("co2", 12, Seasonality::Additive);
}

#[test]
fn carbon_dioxide_with_a_multiplicative_year() {
    check_fit("co2", 12, Seasonality::Multiplicative);
}

#[test]
fn sunspots_with_a_year() {
    check_fit("sunspots", 12, Seasonality::Additive);
}

#[test]
fn sunspots_with_a_cycle_of_the_sun() {
    check_fit("sunspots", 132, Seasonality::Additive);
}

#[test]
fn decompositions_agree() {
    check_parts("co2", 12, Seasonality::Additive);
    check_parts("co2", 12, Seasonality::Multiplicative);
    check_parts("co2", 13, Seasonality::Additive);
    check_parts("sunspots", 132, Seasonality::Additive);
}
