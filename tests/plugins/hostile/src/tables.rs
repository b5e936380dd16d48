//! Results: two right ones, and one for each way of being wrong.

use analyte_sdk::raw::analysis::{Outcome, Request};
use analyte_sdk::raw::tables::{BaseType, BufferKind, Column, Field, Table};
use analyte_sdk::{Error, Result};

fn outcome(row_count: u64, columns: Vec<Column>) -> Outcome {
    Outcome { output: Table { row_count, columns }, added: Vec::new(), warnings: Vec::new(), extra: Vec::new() }
}

/// What a model observed, as rows of two texts.
pub(crate) fn report<S: AsRef<str>>(rows: &[(&str, S)]) -> Result<Outcome> {
    let text = |name: &str, texts: &mut dyn Iterator<Item = &str>| -> Result<Column> {
        let (mut offsets, mut data) = (0_i32.to_le_bytes().to_vec(), Vec::new());
        for text in texts {
            data.extend_from_slice(text.as_bytes());
            offsets.extend_from_slice(&i32::try_from(data.len())?.to_le_bytes());
        }
        Ok(Column {
            name: name.to_owned(),
            base_type: BaseType::String,
            kind: BufferKind::Utf8,
            validity: None,
            offsets: Some(offsets),
            data,
        })
    };
    let what = text("what", &mut rows.iter().map(|(what, _)| *what))?;
    let saw = text("saw", &mut rows.iter().map(|(_, saw)| saw.as_ref()))?;
    Ok(outcome(rows.len() as u64, vec![what, saw]))
}

/// One column `value` of as many ones as the input has rows, and more.
fn ones(request: &Request, more: u64) -> Column {
    let rows = usize::try_from(request.input.row_count + more).unwrap_or(0);
    Column {
        name: "value".to_owned(),
        base_type: BaseType::Number,
        kind: BufferKind::Float64,
        validity: None,
        offsets: None,
        data: 1.0_f64.to_le_bytes().repeat(rows),
    }
}

/// The input, unchanged.
pub(crate) fn noop(request: Request) -> Result<Outcome> {
    let mut columns = request.input.columns;
    columns.truncate(1);
    if columns.is_empty() {
        return Err(Error::new("no-column", "The input has no column."));
    }
    Ok(outcome(request.input.row_count, columns))
}

/// Every column, as it is.
pub(crate) fn echo(request: Request) -> Outcome {
    let added = request.input.columns.iter().map(|column| Field {
        name: column.name.clone(),
        base_type: column.base_type,
        kind: column.kind,
        nullable: true,
        description: String::new(),
        extra: Vec::new(),
    });
    let added = added.collect();
    Outcome { added, ..outcome(request.input.row_count, request.input.columns) }
}

/// Fewer bytes than rows × width.
pub(crate) fn bad_length(request: &Request) -> Outcome {
    let rows = request.input.row_count.max(1);
    let mut column = ones(request, rows - request.input.row_count);
    column.data.pop();
    outcome(rows, vec![column])
}

fn text(request: &Request, offsets: [i32; 3], data: &[u8]) -> Outcome {
    let offsets = offsets.iter().flat_map(|offset| offset.to_le_bytes()).collect();
    let column = Column {
        name: "text".to_owned(),
        base_type: BaseType::String,
        kind: BufferKind::Utf8,
        offsets: Some(offsets),
        data: data.to_vec(),
        ..ones(request, 0)
    };
    outcome(2, vec![column])
}

/// Offsets that fall, and lie outside the data.
pub(crate) fn bad_offsets(request: &Request) -> Outcome {
    text(request, [0, 1_000_000, 3], b"abc")
}

/// Bytes that are not UTF-8.
pub(crate) fn bad_utf8(request: &Request) -> Outcome {
    text(request, [0, 1, 3], &[b'a', 0xc3, 0x28])
}

/// A bitmap shorter than the rows.
pub(crate) fn bad_bitmap(request: &Request) -> Outcome {
    let rows = request.input.row_count.max(9);
    let mut column = ones(request, rows - request.input.row_count);
    column.validity = Some(vec![0xff]);
    outcome(rows, vec![column])
}

/// `int64` where the shape says `float64`.
pub(crate) fn wrong_kind(request: &Request) -> Outcome {
    let column = Column { base_type: BaseType::Long, kind: BufferKind::Int64, ..ones(request, 0) };
    outcome(request.input.row_count, vec![column])
}

/// One declared field is not there.
pub(crate) fn missing_field(request: &Request) -> Outcome {
    outcome(request.input.row_count, vec![ones(request, 0)])
}

/// One field that is neither declared nor announced.
pub(crate) fn extra_field(request: &Request) -> Outcome {
    let extra = Column { name: "extra".to_owned(), ..ones(request, 0) };
    outcome(request.input.row_count, vec![ones(request, 0), extra])
}

/// The declared field twice.
pub(crate) fn duplicate_field(request: &Request) -> Outcome {
    outcome(request.input.row_count, vec![ones(request, 0), ones(request, 0)])
}

/// A missing value where none may be.
pub(crate) fn null_in_required(request: &Request) -> Outcome {
    let rows = request.input.row_count.max(1);
    let mut column = ones(request, rows - request.input.row_count);
    column.validity = Some(vec![0; usize::try_from(rows.div_ceil(8)).unwrap_or(0)]);
    outcome(rows, vec![column])
}

/// One row too many.
pub(crate) fn wrong_rows(request: &Request) -> Outcome {
    outcome(request.input.row_count + 1, vec![ones(request, 1)])
}

/// 320 MB of numbers.
pub(crate) fn huge_output() -> Outcome {
    let rows = 40_000_000;
    let column = Column {
        name: "value".to_owned(),
        base_type: BaseType::Number,
        kind: BufferKind::Float64,
        validity: None,
        offsets: None,
        data: vec![0; rows * 8],
    };
    outcome(rows as u64, vec![column])
}

/// More rows than there can be.
pub(crate) fn huge_claim(request: &Request) -> Outcome {
    outcome(u64::MAX, vec![ones(request, 0)])
}
