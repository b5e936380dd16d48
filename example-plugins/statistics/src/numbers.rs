//! The numeric columns of a table, checked.

use analyte_sdk::prelude::*;

/// The values that are there, in order. Fails with `non-finite`, naming column and row.
pub(crate) fn present(column: &Column<'_, f64>) -> Result<Vec<f64>> {
    check_finite(column)?;
    if column.missing() == 0 {
        return Ok(column.values().to_vec());
    }
    Ok(column.iter().flatten().collect())
}

/// Rows without missing values.
#[derive(Debug)]
pub(crate) struct Complete {
    /// The columns, all of one length.
    pub(crate) columns: Vec<Vec<f64>>,
    /// How many rows are left.
    pub(crate) rows: usize,
    /// What was left out, for the client.
    pub(crate) warning: Option<String>,
}

/// Leaves out each row that lacks a value in one of the columns (listwise deletion). Fails with `non-finite`.
pub(crate) fn complete(columns: &[Column<'_, f64>]) -> Result<Complete> {
    for column in columns {
        check_finite(column)?;
    }
    let total = columns.first().map_or(0, Column::len);
    let lacking: Vec<&Column<'_, f64>> = columns.iter().filter(|column| column.missing() > 0).collect();
    let kept: Vec<bool> = (0..total).map(|row| lacking.iter().all(|column| column.is_valid(row))).collect();
    let rows = kept.iter().filter(|kept| **kept).count();
    let columns = columns
        .iter()
        .map(|column| column.values().iter().zip(&kept).filter(|(_, kept)| **kept).map(|(value, _)| *value).collect())
        .collect();
    let warning = (rows < total).then(|| {
        let (left_out, verb) = (total - rows, if total - rows == 1 { "was" } else { "were" });
        format!("{left_out} of {total} rows {verb} left out for a missing value.")
    });
    Ok(Complete { columns, rows, warning })
}

fn check_finite(column: &Column<'_, f64>) -> Result<()> {
    if column.values().iter().all(|value| value.is_finite()) {
        return Ok(());
    }
    // Under a missing value lies any number, so look closer.
    match column.iter().position(|value| value.is_some_and(|value| !value.is_finite())) {
        None => Ok(()),
        Some(row) => {
            let (name, row) = (column.name(), row + 1);
            let value = column.get(row - 1).unwrap_or(f64::NAN);
            let message = format!("Column `{name}` holds {value} in row {row}; only finite numbers can be analysed.");
            Err(Error::new("non-finite", message).detail("column", name).detail("row", row))
        }
    }
}
