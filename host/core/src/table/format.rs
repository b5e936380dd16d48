//! The formats of a table, by media type: one way in, one way out.

use bytes::Bytes;

use crate::limits::Limits;
use crate::shape::Shape;
use crate::table::Table;
use crate::table::json::Dialect;
use crate::table::pieces::{Out, Pieces, whole};
use crate::table::problem::ReadError;
pub use crate::table::problem::WriteError;
pub use crate::table::read::Read;
use crate::table::{arrow, csv, json};

/// How a table is written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// `{"dataShape":…,"rows":[{…},…]}`. Reading takes every JSON form.
    Json,
    /// `{"dataShape":…,"columns":{"name":[…],…}}`. Reading takes every JSON form.
    JsonColumns,
    /// RFC 4180 with a header row.
    Csv,
    /// An Arrow IPC stream.
    Arrow,
}

impl Format {
    /// Every format, the usual one first.
    pub const ALL: [Self; 4] = [Self::Json, Self::JsonColumns, Self::Csv, Self::Arrow];

    /// The media type, with its parameter where there is one.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::JsonColumns => "application/json; layout=columns",
            Self::Csv => "text/csv",
            Self::Arrow => "application/vnd.apache.arrow.stream",
        }
    }

    /// The format of a media type as HTTP writes it; parameters other than `layout=columns` do not matter.
    pub fn of_media_type(text: &str) -> Option<Self> {
        let mut parts = text.split(';').map(str::trim);
        let essence = parts.next().unwrap_or_default();
        let is = |name: &str| essence.eq_ignore_ascii_case(name);
        if is("application/json") {
            let columns = parts.any(|part| part.replace('"', "").eq_ignore_ascii_case("layout=columns"));
            Some(if columns { Self::JsonColumns } else { Self::Json })
        } else if is("text/csv") {
            Some(Self::Csv)
        } else if is("application/vnd.apache.arrow.stream") {
            Some(Self::Arrow)
        } else {
            None
        }
    }
}

/// Reads a table that is meant for this shape.
///
/// Values of declared fields are read as the shape declares them; others are dropped with a warning or, where the shape
/// is open, typed by the document's own shape or by their values. Whether all that is declared is there, [`fit`] says.
/// What the table takes in memory is bounded by `table_bytes` and by what was sent.
///
/// [`fit`]: crate::table::fit::fit
pub fn read(format: Format, bytes: Bytes, shape: &Shape, limits: &Limits) -> Result<Read, ReadError> {
    match format {
        Format::Json | Format::JsonColumns => json::read::read(&bytes, shape, limits),
        Format::Csv => csv::read::read(&bytes, shape, limits),
        Format::Arrow => arrow::read::read(bytes, shape, limits),
    }
}

/// Writes a table within the usual `answer_bytes`. The same table always gives the same bytes.
///
/// Non-finite numbers become `null` in JSON, `NaN`, `inf` and `-inf` in CSV, and stay as they are in Arrow. Arrow is not
/// bounded here: it is what tables are kept in, and no larger than the table in memory, which has limits of its own.
pub fn write(format: Format, table: &Table) -> Result<Vec<u8>, WriteError> {
    let most = if format == Format::Arrow { u64::MAX } else { Limits::default().answer_bytes };
    write_within(format, table, most)
}

/// Writes a table as [`write`] does, in at most `most` bytes.
///
/// A larger one is [`WriteError::TooLarge`], which the writer finds while it writes.
pub fn write_within(format: Format, table: &Table, most: u64) -> Result<Vec<u8>, WriteError> {
    whole(most, async |out| write_into(format, table, out).await)
}

/// The table as it is written piece by piece: the same bytes, but for an Arrow stream, which then has several batches.
///
/// What cannot be written at all is refused before the first piece that holds anything.
pub fn pieces(format: Format, table: Table) -> Pieces {
    Pieces::new(async move |mut out: Out| write_into(format, &table, &mut out).await.map(|()| out))
}

async fn write_into(format: Format, table: &Table, out: &mut Out) -> Result<(), WriteError> {
    match format {
        Format::Json => json::write::rows(table, Dialect::Client, out).await,
        Format::JsonColumns => json::write::columns(table, out).await,
        Format::Csv => csv::write::write(table, out).await,
        Format::Arrow => arrow::write::write(table, out).await,
    }
}
