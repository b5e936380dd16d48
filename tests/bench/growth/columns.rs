//! Columns of a table.

use crate::crossed::{HOW, curves, table};
use crate::curve::Chart;
use support::bench::asked::Asked;

const ROWS: usize = 1_000;

/// Ever more columns of as many rows.
pub(crate) fn measure(asked: &Asked) -> Vec<Chart> {
    let sizes = asked.pick([1, 10].as_slice(), [1, 3, 10, 30, 100, 300, 1_000].as_slice());
    let curves = curves(asked, sizes.iter().map(|columns| (*columns, table(ROWS, *columns))));
    let note = format!("Tables of {ROWS} rows. {HOW}");
    vec![Chart { title: "Columns of a table of 1,000 rows", sizes: "columns", unit: "ms", curves, note }]
}
