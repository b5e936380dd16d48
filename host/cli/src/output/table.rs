//! Result tables: in the format asked for, exactly as the server gives them; on a terminal aligned unless asked otherwise.

use analyte_core::table::Table;
use analyte_core::table::format::{Format, write};
use anyhow::{Context as _, Result};
use clap::ValueEnum;

use super::grid::{Column, lay_out};
use super::report::{Report, grouped};
use super::stdout;

/// The most rows that a table for a person shows; programs get all of them.
const SHOWN: usize = 1_000;
/// The most digits of a number that a table for a person shows; programs get all of them.
const DIGITS: usize = 10;

/// How a result table is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum TableFormat {
    /// Aligned columns, for people: the usual one on a terminal.
    Table,
    /// `{"dataShape":…,"rows":[…]}`: the usual one elsewhere.
    Json,
    /// `{"dataShape":…,"columns":{…}}`
    JsonColumns,
    /// RFC 4180 with a header row.
    Csv,
    /// An Arrow IPC stream.
    Arrow,
}

impl TableFormat {
    /// The one asked for, else the usual one where the output goes.
    pub(crate) fn or_usual(asked: Option<Self>) -> Self {
        asked.unwrap_or(if stdout::to_person() { Self::Table } else { Self::Json })
    }

    /// The format that carries it: a table for people is laid out from CSV.
    pub(crate) fn carrier(self) -> Format {
        match self {
            Self::Table | Self::Csv => Format::Csv,
            Self::Json => Format::Json,
            Self::JsonColumns => Format::JsonColumns,
            Self::Arrow => Format::Arrow,
        }
    }

    /// Writes to stdout what came in its [`TableFormat::carrier`].
    pub(crate) fn show(self, carried: &[u8]) -> Result<()> {
        match self {
            Self::Table => stdout::text(&aligned(carried)?),
            Self::Arrow => stdout::bytes(carried),
            Self::Json | Self::JsonColumns | Self::Csv => stdout::document(carried),
        }
    }

    /// Writes a table to stdout.
    pub(crate) fn show_table(self, table: &Table) -> Result<()> {
        let bytes = write(self.carrier(), table)
            .map_err(|error| Report::new(format!("invalid-result: the result cannot be written: {error}")))?;
        self.show(&bytes)
    }
}

/// Lays out CSV.
pub(crate) fn aligned(csv: &[u8]) -> Result<String> {
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(csv);
    let unreadable = "the table cannot be read back";
    let mut columns: Vec<Column> = reader.headers().context(unreadable)?.iter().map(Column::numbers).collect();
    let mut rows = Vec::new();
    let mut more = 0_u64;
    for record in reader.records() {
        let record = record.context(unreadable)?;
        if rows.len() == SHOWN {
            more += 1;
            continue;
        }
        for (column, cell) in columns.iter_mut().zip(&record) {
            column.right &= cell.is_empty() || cell.parse::<f64>().is_ok();
        }
        rows.push(record);
    }
    let cells = rows.iter().map(|record| {
        record
            .iter()
            .zip(&columns)
            .map(|(cell, column)| if column.right { number(cell) } else { cell.to_owned() })
            .collect()
    });
    let mut text = lay_out(&columns, cells);
    if more > 0 {
        text.extend(["… and ", &grouped(more), " more rows; --format csv gives all of them\n"]);
    }
    Ok(text)
}

/// A number as people read it.
fn number(text: &str) -> String {
    let whole = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    let Some(number) = text.parse::<f64>().ok().filter(|number| number.is_finite() && !whole) else {
        return text.to_owned();
    };
    // As `{:e}` counts the digits; what is far from 1 stays so, the rest is written out.
    let rounded = format!("{number:.*e}", DIGITS - 1);
    let Some((mantissa, exponent)) = rounded.split_once('e') else { return rounded };
    let trimmed = mantissa.trim_end_matches('0').trim_end_matches('.');
    match exponent.parse::<i32>() {
        Ok(exponent @ -4..=14) => {
            let rounded: f64 = rounded.parse().unwrap_or(number);
            let behind_point = trimmed.split_once('.').map_or(0, |(_, digits)| digits.len());
            let places = i32::try_from(behind_point).unwrap_or(0) - exponent;
            format!("{rounded:.*}", usize::try_from(places).unwrap_or(0))
        }
        _ => format!("{trimmed}e{exponent}"),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn numbers_keep_ten_digits() {
        let cases = [
            ("1", "1"),
            ("-3482258.63459582", "-3482258.635"),
            ("0.1", "0.1"),
            ("-0.00010000", "-0.0001"),
            ("0.00001234567890123", "1.23456789e-5"),
            ("1.0", "1"),
            ("123456789012345678", "123456789012345678"),
            ("1e300", "1e300"),
            ("15.0618722713733", "15.06187227"),
            ("999999.99999999", "1000000"),
            ("890420.383607373", "890420.3836"),
            ("NaN", "NaN"),
            ("", ""),
        ];
        for (given, shown) in cases {
            assert_eq!(number(given), shown, "{given}");
        }
    }

    #[test]
    fn a_table_is_laid_out_with_numbers_to_the_right() {
        let csv = b"term,estimate\n(intercept),-1.5\nx,\n\"a,b\",22.25\n";
        assert_eq!(
            aligned(csv).unwrap(),
            "term         estimate\n---------------------\n(intercept)      -1.5\nx\na,b             22.25\n"
        );
    }

    #[test]
    fn a_long_table_is_cut_for_people() {
        let csv: String = std::iter::once("n\n".to_owned()).chain((0..1_500).map(|n| format!("{n}\n"))).collect();
        let text = aligned(csv.as_bytes()).unwrap();
        assert_eq!(text.lines().count(), 1_003);
        assert!(text.ends_with("\n… and 500 more rows; --format csv gives all of them\n"));
    }
}
