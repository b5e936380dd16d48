//! Reads a table from CSV: a header row of unique names, then rows of as many values.
//!
//! An empty cell is a missing value. Cells of declared fields are read as the shape says; the type of any other column
//! follows from all its cells that are not empty: numbers → NUMBER, `true` and `false` → BOOLEAN, else STRING.
//! `NaN`, `inf` and `-inf` are numbers. Problems name the line as well as the row.

use csv::{ByteRecord, ReaderBuilder};

use crate::base_type::BaseType;
use crate::limits::Limits;
use crate::shape::Shape;
use crate::table::json::text;
use crate::table::problem::{Problem, ReadError, clip};
use crate::table::read::Read;
use crate::table::read::cell::{Cell, Refused, location, push, refuse};
use crate::table::read::column_builder::ColumnBuilder;
use crate::table::read::table_budget::TableBudget;
use crate::table::read::table_builder::{Slot, Stop, TableBuilder};

pub(crate) fn read(bytes: &[u8], shape: &Shape, limits: &Limits) -> Result<Read, ReadError> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        ReadError::malformed(format!("not UTF-8 text: a wrong byte follows byte {}", error.valid_up_to()))
    })?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut builder = TableBuilder::new(shape, limits, TableBudget::for_sent(bytes.len(), limits));
    match read_rows(text, &mut builder) {
        Ok(rows) => builder.finish(rows),
        Err(Stop) => Err(builder.take_error().unwrap_or_else(|| ReadError::malformed("the CSV cannot be read"))),
    }
}

fn read_rows(text: &str, builder: &mut TableBuilder<'_>) -> Result<usize, Stop> {
    let mut reader = ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
    let mut record = ByteRecord::new();
    let mut next = |record: &mut ByteRecord, builder: &mut TableBuilder<'_>| {
        reader.read_byte_record(record).map_err(|error| builder.stop(ReadError::malformed(format!("not CSV: {error}"))))
    };
    if !next(&mut record, builder)? {
        return Err(builder.stop(ReadError::invalid("CSV begins with a header row of column names, and there is none")));
    }
    let slots = header(&record, builder)?;
    let mut begins = begin(&record);
    let mut undecided: Vec<Undecided> = slots.iter().map(|slot| Undecided::new(builder, *slot)).collect();
    let mut row = 0;
    while next(&mut record, builder)? {
        let line = line(text, record.position());
        begins = begin(&record);
        if record.len() != slots.len() {
            let message = format!("line {line} has {} values, and the header has {} names", record.len(), slots.len());
            builder.problem(Problem { field: None, row: Some(row as u64 + 1), message })?;
            record.truncate(slots.len());
        }
        for ((slot, cell), undecided) in slots.iter().zip(record.iter()).zip(&mut undecided) {
            let Slot::Column(at) = *slot else { continue };
            let Some(column) = builder.columns.get_mut(at) else { continue };
            // The whole text is UTF-8, and cells end at ASCII characters.
            let cell = std::str::from_utf8(cell).unwrap_or_default();
            if let Some(cells) = &mut undecided.0 {
                cells.push(cell);
                continue;
            }
            column.pad_to(row);
            if let Err(refused) = push_text(column, cell) {
                refused_at(builder, *slot, row, Some(line), refused)?;
            }
        }
        row += 1;
        builder.check_rows(row)?;
    }
    // An open quote takes everything after it, so only the last record can have one: of a file that was cut short.
    let last = text.get(begins..).unwrap_or_default();
    if ends_within_quotes(last) {
        let line = text.get(..begins).unwrap_or_default().matches('\n').count() + 1;
        let message = format!("a quoted value of the record that begins on line {line} is not closed");
        return Err(builder.stop(ReadError::invalid(message)));
    }
    for (slot, undecided) in slots.into_iter().zip(undecided) {
        if let (Slot::Column(at), Some(cells)) = (slot, undecided.0) {
            cells.settle(builder, slot, at)?;
        }
    }
    Ok(row)
}

/// Where a record begins in the text, in bytes.
fn begin(record: &ByteRecord) -> usize {
    record.position().and_then(|at| usize::try_from(at.byte()).ok()).unwrap_or(0)
}

/// Whether a text ends inside a quoted value: one that begins with a quotation mark, in which two stand for one.
fn ends_within_quotes(text: &str) -> bool {
    let (mut quoted, mut at_start) = (false, true);
    let mut bytes = text.bytes().peekable();
    while let Some(byte) = bytes.next() {
        if quoted {
            quoted = byte != b'"' || bytes.next_if_eq(&b'"').is_some();
        } else if byte == b'"' && at_start {
            quoted = true;
        }
        at_start = !quoted && matches!(byte, b',' | b'\n' | b'\r');
    }
    quoted
}

/// The line on which a record begins. The reader stands before the line feed of the record before, and before empty lines.
fn line(text: &str, position: Option<&csv::Position>) -> u64 {
    let Some(position) = position else { return 0 };
    let rest = usize::try_from(position.byte()).ok().and_then(|at| text.as_bytes().get(at..)).unwrap_or_default();
    let between = rest.iter().take_while(|byte| matches!(byte, b'\r' | b'\n'));
    position.line() + between.filter(|byte| **byte == b'\n').count() as u64
}

fn refused_at(
    builder: &mut TableBuilder<'_>,
    slot: Slot,
    row: usize,
    line: Option<u64>,
    refused: Refused,
) -> Result<(), Stop> {
    let refused = match (refused, line) {
        (Refused::Unsuitable(message), Some(line)) => Refused::Unsuitable(format!("{message}, on line {line}")),
        (refused, _) => refused,
    };
    builder.refused(slot, row, refused)
}

fn header(record: &ByteRecord, builder: &mut TableBuilder<'_>) -> Result<Vec<Slot>, Stop> {
    let mut slots = Vec::new();
    let mut seen = std::collections::HashSet::new();
    for (at, name) in record.iter().enumerate() {
        let name = std::str::from_utf8(name).unwrap_or_default();
        if name.is_empty() {
            return Err(
                builder.stop(ReadError::invalid(format!("column {} has no name in the header, line 1", at + 1)))
            );
        }
        if !seen.insert(name) {
            return Err(builder.stop(ReadError::field(name, "the name stands twice in the header, line 1")));
        }
        slots.push(builder.slot(name)?);
    }
    Ok(slots)
}

/// Cells of a column that no shape declares and whose values have not decided its type yet; `None` for any other
/// column.
struct Undecided(Option<Cells>);

impl Undecided {
    fn new(builder: &TableBuilder<'_>, slot: Slot) -> Self {
        let Slot::Column(at) = slot else { return Self(None) };
        let undecided = builder.columns.get(at).is_some_and(ColumnBuilder::is_undecided);
        Self(undecided.then(Cells::default))
    }
}

#[derive(Default)]
struct Cells {
    text: String,
    /// Where each cell ends.
    ends: Vec<usize>,
}

impl Cells {
    fn push(&mut self, cell: &str) {
        self.text.push_str(cell);
        self.ends.push(self.text.len());
    }

    fn iter(&self) -> impl Iterator<Item = &str> {
        self.ends.iter().scan(0, |start, end| {
            let cell = self.text.get(*start..*end);
            *start = *end;
            cell
        })
    }

    /// Decides what the column holds and fills it.
    fn settle(self, builder: &mut TableBuilder<'_>, slot: Slot, at: usize) -> Result<(), Stop> {
        let given = || self.iter().filter(|cell| !cell.is_empty());
        let base_type = if given().next().is_none() {
            BaseType::String
        } else if given().all(|cell| number(cell).is_some()) {
            BaseType::Number
        } else if given().all(|cell| boolean(cell).is_some()) {
            BaseType::Boolean
        } else {
            BaseType::String
        };
        let Some(column) = builder.columns.get_mut(at) else { return Ok(()) };
        column.decide(base_type);
        for (row, cell) in self.iter().enumerate() {
            let Some(column) = builder.columns.get_mut(at) else { return Ok(()) };
            if let Err(refused) = push_text(column, cell) {
                refused_at(builder, slot, row, None, refused)?;
            }
        }
        Ok(())
    }
}

fn number(cell: &str) -> Option<f64> {
    cell.trim().parse().ok()
}

fn boolean(cell: &str) -> Option<bool> {
    let cell = cell.trim();
    if cell.eq_ignore_ascii_case("true") {
        Some(true)
    } else if cell.eq_ignore_ascii_case("false") {
        Some(false)
    } else {
        None
    }
}

fn push_text(column: &mut ColumnBuilder, text: &str) -> Result<(), Refused> {
    if text.is_empty() {
        column.push_missing();
        return Ok(());
    }
    let other = Cell::Text(text);
    let whole = || text.trim().parse().map(Cell::Signed);
    let cell = match column.field().base_type {
        BaseType::Number => number(text).map_or(other, Cell::Float),
        BaseType::Integer | BaseType::Long | BaseType::Timespan => match whole() {
            Ok(cell) => cell,
            Err(_) => number(text).filter(|number| number.is_finite()).map_or(other, Cell::Float),
        },
        BaseType::Datetime => whole().unwrap_or(Cell::Text(text.trim())),
        BaseType::Boolean => boolean(text).map_or(other, Cell::Bool),
        BaseType::Location => match location(text) {
            Some(object) => return push(column, Cell::Json(&object)),
            None => return push_json(column, text),
        },
        base_type if base_type.is_json_text() => return push_json(column, text),
        _ => other,
    };
    push(column, cell)
}

fn push_json(column: &mut ColumnBuilder, text: &str) -> Result<(), Refused> {
    // Depth is checked with the limit's usual value: a cell is no document of its own.
    match text::check(text, Limits::default().json_depth) {
        Ok(()) if text.trim() == "null" => column.push_missing(),
        Ok(()) => return push(column, Cell::Json(text.trim())),
        Err(message) => return refuse(column, format!("{message}: {:?}", clip(text, 40))),
    }
    Ok(())
}
