//! An Arrow column of another type into one of a field's kind, value by value, by the rules of [`super::cell`].

use arrow_array::cast::AsArray as _;
use arrow_array::{Array, ArrayRef, types as t};
use arrow_schema::{DataType, TimeUnit};

use crate::base_type::{BaseType, Kind};
use crate::limits::Limits;
use crate::shape::Field;
use crate::table::json::text;
use crate::table::problem::{MOST_PROBLEMS, Problem, ReadError};
use crate::table::read::cell::{Cell, EXACT, Refused, TOO_MUCH_TEXT, location, push, refuse};
use crate::table::read::column_builder::ColumnBuilder;

/// Converts the chunks of one column, in order. `left` is how much memory the table may still take.
pub(crate) fn convert(
    field: &Field,
    chunks: &[&ArrayRef],
    left: &mut u64,
    problems: &mut Vec<Problem>,
) -> Result<ArrayRef, ReadError> {
    let mut target = Target { builder: ColumnBuilder::new(field.clone()), left, problems };
    let all = chunks.iter().try_for_each(|chunk| target.chunk(chunk.as_ref()));
    match all {
        // Enough problems are known.
        Ok(()) | Err(Refused::Unsuitable(_)) => {}
        Err(Refused::TooMuchText) => {
            return Err(ReadError::field(&field.name, TOO_MUCH_TEXT));
        }
    }
    let (_, column) = target.builder.into_parts().map_err(|error| ReadError::field(&field.name, error.to_string()))?;
    Ok(column)
}

struct Target<'p> {
    builder: ColumnBuilder,
    left: &'p mut u64,
    problems: &'p mut Vec<Problem>,
}

/// Runs one typed view of a chunk through [`Target::each`].
macro_rules! signed {
    ($target:ident, $chunk:ident, $type:ty) => {
        $target.each($chunk.as_primitive::<$type>().iter(), |value| Cell::Signed(i64::from(value)))
    };
}

impl Target<'_> {
    fn chunk(&mut self, chunk: &dyn Array) -> Result<(), Refused> {
        use DataType as D;
        let base_type = self.builder.field().base_type;
        match chunk.data_type() {
            D::Null => {
                self.spend(8 * chunk.len() as u64)?;
                self.builder.pad_to(self.builder.rows() + chunk.len());
                Ok(())
            }
            D::Boolean => self.each(chunk.as_boolean().iter(), Cell::Bool),
            D::Int8 => signed!(self, chunk, t::Int8Type),
            D::Int16 => signed!(self, chunk, t::Int16Type),
            D::Int32 => signed!(self, chunk, t::Int32Type),
            D::Int64 => signed!(self, chunk, t::Int64Type),
            D::UInt8 => signed!(self, chunk, t::UInt8Type),
            D::UInt16 => signed!(self, chunk, t::UInt16Type),
            D::UInt32 => signed!(self, chunk, t::UInt32Type),
            D::UInt64 => self.each(chunk.as_primitive::<t::UInt64Type>().iter(), Cell::Unsigned),
            D::Float32 => self.each(chunk.as_primitive::<t::Float32Type>().iter(), |v| Cell::Float(f64::from(v))),
            D::Float64 => self.each(chunk.as_primitive::<t::Float64Type>().iter(), Cell::Float),
            D::Utf8 => self.texts(chunk.as_string::<i32>().iter()),
            D::LargeUtf8 => self.texts(chunk.as_string::<i64>().iter()),
            D::Utf8View => self.texts(chunk.as_string_view().iter()),
            D::Binary => self.bytes(chunk.as_binary::<i32>().iter()),
            D::LargeBinary => self.bytes(chunk.as_binary::<i64>().iter()),
            D::BinaryView => self.bytes(chunk.as_binary_view().iter()),
            D::Dictionary(_, _) => self.dictionary(chunk),
            D::Date32 | D::Date64 | D::Timestamp(_, _) if base_type == BaseType::Datetime => self.times(chunk),
            D::Duration(_) if base_type == BaseType::Timespan => self.times(chunk),
            other => {
                let message = format!("expected {base_type}, found a column of Arrow type {other}");
                self.refused(Refused::Unsuitable(message), None)
            }
        }
    }

    /// Counts memory that the source does not occupy itself.
    fn spend(&mut self, bytes: u64) -> Result<(), Refused> {
        *self.left = self.left.checked_sub(bytes).ok_or(Refused::TooMuchText)?;
        Ok(())
    }

    fn refused(&mut self, refused: Refused, row: Option<u64>) -> Result<(), Refused> {
        let Refused::Unsuitable(message) = refused else { return Err(refused) };
        let field = Some(self.builder.field().name.to_string());
        self.problems.push(Problem { field, row, message: message.clone() });
        // A column of the wrong type is one problem; of wrong values each is one, until there are `MOST_PROBLEMS`.
        let enough = row.is_none() || self.problems.len() >= MOST_PROBLEMS;
        if enough { Err(Refused::Unsuitable(message)) } else { Ok(()) }
    }

    fn each<T>(
        &mut self,
        values: impl ExactSizeIterator<Item = Option<T>>,
        cell: impl Fn(T) -> Cell<'static>,
    ) -> Result<(), Refused> {
        self.spend(8 * values.len() as u64)?;
        for value in values {
            let cell = value.map_or(Cell::Missing, &cell);
            let result = match cell {
                Cell::Signed(whole) if self.is_inexact(whole.unsigned_abs()) => self.inexact(&whole.to_string()),
                Cell::Unsigned(whole) if self.is_inexact(whole) => self.inexact(&whole.to_string()),
                cell => push(&mut self.builder, cell),
            };
            if let Err(refused) = result {
                self.refused(refused, Some(self.builder.rows() as u64))?;
            }
        }
        Ok(())
    }

    /// Whether a whole number would change on its way into a column of floats.
    fn is_inexact(&self, magnitude: u64) -> bool {
        matches!(self.builder.field().kind, Kind::Float64 | Kind::Float32) && magnitude > EXACT
    }

    fn inexact(&mut self, value: &str) -> Result<(), Refused> {
        refuse(&mut self.builder, format!("{value} cannot be held exactly by a NUMBER"))
    }

    fn texts<'v>(&mut self, values: impl Iterator<Item = Option<&'v str>>) -> Result<(), Refused> {
        for value in values {
            self.spend(8 + value.map_or(0, |text| text.len() as u64))?;
            let result = match value {
                None => push(&mut self.builder, Cell::Missing),
                Some(text) => self.text(text),
            };
            if let Err(refused) = result {
                self.refused(refused, Some(self.builder.rows() as u64))?;
            }
        }
        Ok(())
    }

    fn text(&mut self, text: &str) -> Result<(), Refused> {
        let base_type = self.builder.field().base_type;
        if !base_type.is_json_text() {
            return push(&mut self.builder, Cell::Text(text));
        }
        if let (BaseType::Location, Some(object)) = (base_type, location(text)) {
            return push(&mut self.builder, Cell::Json(&object));
        }
        match text::check(text, Limits::default().json_depth) {
            Ok(()) => push(&mut self.builder, Cell::Json(text.trim())),
            Err(message) => refuse(&mut self.builder, message),
        }
    }

    fn bytes<'v>(&mut self, values: impl Iterator<Item = Option<&'v [u8]>>) -> Result<(), Refused> {
        if self.builder.field().kind != Kind::Binary {
            let message = format!("expected {}, found a column of bytes", self.builder.field().base_type);
            return self.refused(Refused::Unsuitable(message), None);
        }
        for value in values {
            self.spend(8 + value.map_or(0, |bytes| bytes.len() as u64))?;
            match value {
                None => self.builder.push_missing(),
                Some(bytes) => self.builder.push_bytes(|data| data.extend_from_slice(bytes))?,
            }
        }
        Ok(())
    }

    fn dictionary(&mut self, chunk: &dyn Array) -> Result<(), Refused> {
        let dictionary = chunk.as_any_dictionary();
        // The array has no missing key under which `normalized_keys` would look beyond an empty dictionary.
        let keys = if dictionary.values().is_empty() { Vec::new() } else { dictionary.normalized_keys() };
        let values = dictionary.values().as_ref();
        let text = |row: usize| -> Option<&str> {
            let key = *keys.get(row).filter(|_| !chunk.is_null(row))?;
            if key >= values.len() || values.is_null(key) {
                return None;
            }
            match values.data_type() {
                DataType::LargeUtf8 => Some(values.as_string::<i64>().value(key)),
                _ => Some(values.as_string::<i32>().value(key)),
            }
        };
        self.texts((0..chunk.len()).map(text))
    }

    /// Times and lengths of time, in whole milliseconds.
    fn times(&mut self, chunk: &dyn Array) -> Result<(), Refused> {
        use DataType as D;
        use TimeUnit as U;
        let (multiply, divide, days) = match chunk.data_type() {
            D::Date32 => (86_400_000, 1, true),
            D::Timestamp(U::Second, _) | D::Duration(U::Second) => (1_000, 1, false),
            D::Timestamp(U::Microsecond, _) | D::Duration(U::Microsecond) => (1, 1_000, false),
            D::Timestamp(U::Nanosecond, _) | D::Duration(U::Nanosecond) => (1, 1_000_000, false),
            _ => (1, 1, false),
        };
        let data = chunk.to_data();
        let value = |row: usize| -> Option<i64> {
            let row = data.offset() + row;
            if days {
                data.buffers().first()?.typed_data::<i32>().get(row).map(|value| i64::from(*value))
            } else {
                data.buffers().first()?.typed_data::<i64>().get(row).copied()
            }
        };
        self.spend(8 * chunk.len() as u64)?;
        for row in 0..chunk.len() {
            let Some(value) = value(row).filter(|_| !chunk.is_null(row)) else {
                self.builder.push_missing();
                continue;
            };
            let milliseconds = value.checked_mul(multiply).map(|value| value.div_euclid(divide));
            let result = match milliseconds {
                Some(value) => push(&mut self.builder, Cell::Signed(value)),
                None => refuse(&mut self.builder, format!("{value} is beyond the times that milliseconds can tell")),
            };
            if let Err(refused) = result {
                self.refused(refused, Some(self.builder.rows() as u64))?;
            }
        }
        Ok(())
    }
}
