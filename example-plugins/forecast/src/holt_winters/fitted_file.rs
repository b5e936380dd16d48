//! The fitted series as a result file.

use std::io::Write as _;

use analyte_sdk::prelude::*;

/// The file's name.
pub(crate) const NAME: &str = "fitted.csv";

/// Writes `row,value,fitted`: rows from 1, each value, and what was forecast for it from the rows before. Numbers are in the
/// shortest form that reads back as the same.
pub(crate) fn write(values: &[f64], fitted: &[f64]) -> Result<()> {
    let mut file = ResultFile::create(NAME, "text/csv")?;
    writeln!(file, "row,value,fitted")?;
    for (row, (value, fitted)) in values.iter().zip(fitted).enumerate() {
        writeln!(file, "{},{value:?},{fitted:?}", row + 1)?;
    }
    file.finish()
}
