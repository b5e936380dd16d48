//! Judges the columns that a component returned before anything believes them, and gives columns as the buffers that a
//! component takes.
//!
//! Every length is checked against the row count, to the byte; Arrow's own full validation then checks UTF-8 and the
//! rest. What lies under a missing value is not looked at, with one exception: the bytes of a text column must be UTF-8
//! as a whole, as Arrow requires, so under missing values too. Bytes move without a copy where they are aligned. The
//! error is one plain sentence about the first thing that is wrong.

use std::collections::{HashMap, HashSet};

use arrow_array::cast::AsArray as _;
use arrow_array::types::{Float32Type, Float64Type, Int32Type, Int64Type};
use arrow_array::{Array, ArrayRef, make_array};
use arrow_buffer::{BooleanBuffer, Buffer, OffsetBuffer};
use arrow_data::ArrayDataBuilder;

use crate::base_type::{BaseType, Kind};
use crate::limits::Limits;
use crate::shape::{Field, Shape};
use crate::table::Table;
use crate::table::json::text;
use crate::table::problem::clip;

/// A column as a component returned it. Nothing in it was checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawColumn {
    /// Its name.
    pub name: String,
    /// What its values mean.
    pub base_type: BaseType,
    /// How they lie in `data`.
    pub kind: Kind,
    /// One bit per row, 1 = there is a value; absent: no value is missing.
    pub validity: Option<Vec<u8>>,
    /// For text and bytes only.
    pub offsets: Option<Vec<u8>>,
    /// The values.
    pub data: Vec<u8>,
}

impl RawColumn {
    fn bytes(&self) -> u64 {
        let optional = |bytes: &Option<Vec<u8>>| bytes.as_ref().map_or(0, Vec::len);
        (self.data.len() + optional(&self.validity) + optional(&self.offsets)) as u64
    }
}

/// Judges a whole table against the output shape. `added` are the fields that the model announced beside the declared
/// ones; an open shape admits only those. Columns are matched by name and put into the order of the shape, the added
/// ones last. The caller checks the cardinality, since it knows how many rows went in.
pub fn table(
    rows: u64,
    columns: Vec<RawColumn>,
    added: Vec<Field>,
    shape: &Shape,
    limits: &Limits,
) -> Result<Table, String> {
    let count = usize::try_from(rows).ok().filter(|_| rows <= limits.rows);
    let count = count.ok_or_else(|| format!("the table has {rows} rows, and the limit rows is {}", limits.rows))?;
    let width = columns.len().max(shape.fields.len().saturating_add(added.len())) as u64;
    if width > limits.columns {
        return Err(format!("the table has {width} columns, and the limit columns is {}", limits.columns));
    }
    let bytes: u64 = columns.iter().map(RawColumn::bytes).sum();
    if bytes > limits.table_bytes {
        return Err(format!("the table takes {bytes} bytes, and the limit table_bytes is {}", limits.table_bytes));
    }
    let fields = fields(shape, added, limits)?;
    let places: HashMap<&str, usize> = fields.iter().enumerate().map(|(at, field)| (field.name.as_ref(), at)).collect();
    let mut given: Vec<Option<RawColumn>> = Vec::new();
    given.resize_with(fields.len(), || None);
    for column in columns {
        let name = clip(&column.name, 100);
        let Some(place) = places.get(column.name.as_str()).and_then(|at| given.get_mut(*at)) else {
            return Err(format!("column `{name}` is neither declared in the output shape nor announced in `added`"));
        };
        if place.replace(column).is_some() {
            return Err(format!("column `{name}` is given twice"));
        }
    }
    let mut arrays = Vec::with_capacity(fields.len());
    for (field, column) in fields.iter().zip(given) {
        let name = clip(&field.name, 100);
        let column = column.ok_or_else(|| format!("column `{name}` is missing"))?;
        arrays.push(judged(column, field, count, limits).map_err(|wrong| format!("column `{name}`: {wrong}"))?);
    }
    Table::new(fields.into(), arrays, count).map_err(|error| error.to_string())
}

/// The declared fields, then the added ones, which are themselves judged.
fn fields(shape: &Shape, added: Vec<Field>, limits: &Limits) -> Result<Vec<Field>, String> {
    let mut fields = shape.fields.to_vec();
    let mut names: HashSet<_> = fields.iter().map(|field| field.name.clone()).collect();
    for field in added {
        let name = clip(&field.name, 100);
        if field.name.len() as u64 > limits.field_name_bytes {
            return Err(format!("the name of added field `{name}` is longer than {} bytes", limits.field_name_bytes));
        }
        if !names.insert(field.name.clone()) {
            return Err(format!("added field `{name}` is declared or added already"));
        }
        if !shape.rest.admits(field.base_type) {
            return Err(format!("the output shape does not admit added field `{name}` of type {}", field.base_type));
        }
        if !field.base_type.kinds().contains(&field.kind) {
            return Err(format!("added field `{name}`: kind {} does not suit type {}", field.kind, field.base_type));
        }
        fields.push(field);
    }
    Ok(fields)
}

fn judged(column: RawColumn, field: &Field, rows: usize, limits: &Limits) -> Result<ArrayRef, String> {
    if column.base_type != field.base_type || column.kind != field.kind {
        return Err(format!(
            "it is {} in {}, and the shape says {} in {}",
            column.base_type, column.kind, field.base_type, field.kind
        ));
    }
    let bits = rows.div_ceil(8);
    if let Some(validity) = &column.validity
        && validity.len() != bits
    {
        return Err(format!("its validity has {} bytes, and {rows} rows take {bits}", validity.len()));
    }
    let mut buffers = Vec::with_capacity(2);
    match (field.kind, column.offsets) {
        (Kind::Utf8 | Kind::Binary, Some(offsets)) => {
            check_offsets(&offsets, rows, column.data.len())?;
            buffers.push(Buffer::from_vec(offsets));
        }
        (Kind::Utf8 | Kind::Binary, None) => return Err(format!("a column of {} has offsets", field.kind)),
        (_, Some(_)) => return Err(format!("a column of {} has no offsets", field.kind)),
        (kind, None) => {
            let wanted = kind.width().map_or(bits, |width| rows.saturating_mul(width));
            if wanted != column.data.len() {
                return Err(format!(
                    "its data has {} bytes, and {rows} rows of {kind} take {wanted}",
                    column.data.len()
                ));
            }
        }
    }
    buffers.push(Buffer::from_vec(column.data));
    let data = ArrayDataBuilder::new(field.kind.arrow())
        .len(rows)
        .buffers(buffers)
        .null_bit_buffer(column.validity.map(Buffer::from_vec))
        .align_buffers(true)
        .build()
        .map_err(|error| clip(&error.to_string(), 300))?;
    let array = make_array(data);
    if !field.nullable
        && let Some(row) = array.nulls().and_then(|nulls| nulls.iter().position(|present| !present))
    {
        return Err(format!("row {}: the value is missing, and the field is not nullable", row + 1));
    }
    if field.base_type.is_json_text() {
        for (row, text) in array.as_string::<i32>().iter().enumerate() {
            if let Some(Err(wrong)) = text.map(|text| text::check_as(field.base_type, text, limits.json_depth)) {
                return Err(format!("row {}: {wrong}", row + 1));
            }
        }
    }
    Ok(array)
}

/// Offsets are as many as there are rows and one, begin at 0, never fall, and end at the end of the data.
fn check_offsets(offsets: &[u8], rows: usize, data: usize) -> Result<(), String> {
    let length = rows.checked_add(1).and_then(|count| count.checked_mul(4));
    if length != Some(offsets.len()) {
        return Err(format!("its offsets have {} bytes, and {rows} rows take 4 × (rows + 1)", offsets.len()));
    }
    let mut before = 0_i32;
    for (at, bytes) in offsets.as_chunks::<4>().0.iter().enumerate() {
        let offset = i32::from_le_bytes(*bytes);
        if at == 0 && offset != 0 {
            return Err(format!("its first offset is {offset}, and it must be 0"));
        }
        if offset < before {
            return Err(format!("offset {at} is {offset}, less than the one before it, {before}"));
        }
        before = offset;
    }
    if usize::try_from(before) != Ok(data) {
        return Err(format!("its last offset is {before}, and its data has {data} bytes"));
    }
    Ok(())
}

/// The buffers of a column, beginning at its first row and no longer than its rows. Shared with the column, unless it is
/// a slice that does not begin on a byte, or text whose first offset is not 0.
#[derive(Debug, Clone)]
pub struct Buffers {
    /// ⌈rows / 8⌉ bytes; absent: no value is missing.
    pub validity: Option<Buffer>,
    /// (rows + 1) × 4 bytes; for text and bytes only.
    pub offsets: Option<Buffer>,
    /// The values.
    pub data: Buffer,
}

/// The buffers of a column of one of the seven kinds; a table holds no other.
pub fn buffers(column: &dyn Array) -> Buffers {
    let validity = column.nulls().filter(|nulls| nulls.null_count() > 0).map(|nulls| bits(nulls.inner()));
    let (offsets, data) = match Kind::of_arrow(column.data_type()) {
        Some(Kind::Bool) => (None, bits(column.as_boolean().values())),
        Some(Kind::Int32) => (None, column.as_primitive::<Int32Type>().values().inner().clone()),
        Some(Kind::Int64) => (None, column.as_primitive::<Int64Type>().values().inner().clone()),
        Some(Kind::Float32) => (None, column.as_primitive::<Float32Type>().values().inner().clone()),
        Some(Kind::Float64) => (None, column.as_primitive::<Float64Type>().values().inner().clone()),
        Some(Kind::Utf8) => {
            let column = column.as_string::<i32>();
            text(column.offsets(), column.values())
        }
        Some(Kind::Binary) => {
            let column = column.as_binary::<i32>();
            text(column.offsets(), column.values())
        }
        None => (None, Buffer::default()),
    };
    Buffers { validity, offsets, data }
}

/// Exactly ⌈n / 8⌉ bytes beginning with the first bit.
fn bits(bits: &BooleanBuffer) -> Buffer {
    bits.sliced().slice_with_length(0, bits.len().div_ceil(8))
}

/// Offsets that begin at 0, and the bytes between the first and the last.
fn text(offsets: &OffsetBuffer<i32>, data: &Buffer) -> (Option<Buffer>, Buffer) {
    let (first, last) = (offsets.first(), offsets.last());
    let place = |offset: i32| usize::try_from(offset).unwrap_or(0);
    let data = data.slice_with_length(place(first), place(last).saturating_sub(place(first)));
    let offsets = if first == 0 {
        offsets.inner().inner().clone()
    } else {
        Buffer::from_vec(offsets.iter().map(|offset| offset - first).collect::<Vec<i32>>())
    };
    (Some(offsets), data)
}
