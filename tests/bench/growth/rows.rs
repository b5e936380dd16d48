//! Rows of a table.

use crate::crossed::{HOW, curves, table};
use crate::curve::Chart;
use support::bench::asked::Asked;

/// One column of ever more rows.
pub(crate) fn measure(asked: &Asked) -> Vec<Chart> {
    let most = asked.pick(1_000, 10_000_000);
    let sizes = std::iter::successors(Some(100), |rows| Some(rows * 10)).take_while(|rows| *rows <= most);
    let curves = curves(asked, sizes.map(|rows| (rows, table(rows, 1))));
    let note = format!("Tables of one column. {HOW}");
    vec![Chart { title: "Rows of a table", sizes: "rows", unit: "ms", curves, note }]
}
