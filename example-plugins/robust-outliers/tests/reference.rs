//! Two real series against pandas, see `reference/make.py`.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::path::Path;

use analyte_sdk::prelude::*;
use analyte_sdk::testing;
use robust_outliers::{Judged, Observation, Options, RobustOutliers};

/// |got − expected| ≤ this × max(1, |expected|).
const TOLERANCE: f64 = 1e-10;

/// The rows of a CSV, without its header.
fn rows(file: &str) -> Vec<Vec<String>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    let mut reader = csv::Reader::from_path(path).unwrap();
    reader.records().map(|row| row.unwrap().iter().map(str::to_owned).collect()).collect()
}

fn check(name: &str, options: Options, missing: impl Fn(usize) -> bool) {
    let values = rows(&format!("../data/{name}.csv"));
    let values = values.iter().enumerate().map(|(row, cells)| {
        let value = (!missing(row + 1)).then(|| cells.get(1).unwrap().parse().unwrap());
        Observation { value }
    });
    let result = testing::run::<RobustOutliers>(Table::of_rows(values).unwrap(), options).unwrap();
    let got: Vec<Judged> = result.into_table().unwrap().read().unwrap().collect();
    let expected = rows(&format!("reference/{name}.csv"));
    assert_eq!(got.len(), expected.len());
    for (row, (got, expected)) in got.iter().zip(&expected).enumerate() {
        let mut expected = expected.iter();
        for got in [got.median, got.mad, got.score] {
            let expected = Some(expected.next().unwrap()).filter(|cell| !cell.is_empty());
            let expected: Option<f64> = expected.map(|cell| cell.parse().unwrap());
            let near = match (got, expected) {
                (Some(got), Some(expected)) => (got - expected).abs() <= TOLERANCE * expected.abs().max(1.0),
                (got, expected) => got == expected,
            };
            assert!(near, "{name}, row {}: got {got:?}, and pandas {expected:?}", row + 1);
        }
        let outlier = got.outlier.map(|outlier| outlier.to_string()).unwrap_or_default();
        assert_eq!(outlier, *expected.next().unwrap(), "{name}, row {}", row + 1);
    }
}

#[test]
fn carbon_dioxide_agrees_with_pandas() {
    check("co2", Options { window: 12, threshold: 1.5 }, |_| false);
}

#[test]
fn sunspots_with_missing_values_agree_with_pandas() {
    check("sunspots", Options { window: 61, threshold: 3.0 }, |row| row.is_multiple_of(97));
}
