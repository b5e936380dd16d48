//! A table cut into parts by rows, and parts joined again.
//!
//! Cutting shares the memory of the whole. Joining copies, one column after the other, and lets the parts of each go before
//! the next: beside the parts it takes the memory of one column at most.

use std::sync::Arc;

use arrow_array::{Array, ArrayRef};
use arrow_select::concat::concat;

use crate::table::{Table, check};

/// Why parts do not make a table.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotJoined {
    /// Not all of them have the same fields.
    #[error("the parts differ in their fields")]
    Fields,
    /// A column is longer than its kind can tell: the bytes of a text column end at 2 GiB.
    #[error("column `{name}` cannot be joined: {why}")]
    Column {
        /// Which column.
        name: Arc<str>,
        /// What Arrow says.
        why: String,
    },
}

impl Table {
    /// The rows from `from` on, `rows` of them or as many as there are.
    #[must_use]
    pub fn slice(&self, from: usize, rows: usize) -> Self {
        let from = from.min(self.rows);
        let rows = rows.min(self.rows - from);
        let columns = self.columns.iter().map(|column| column.slice(from, rows)).collect();
        Self { fields: self.fields.clone(), columns, rows }
    }

    /// The rows of tables with the same fields, one after the other; of none, a table without fields and rows.
    pub fn concat(parts: Vec<Self>) -> Result<Self, NotJoined> {
        let Some(fields) = parts.first().map(|first| first.fields.clone()) else { return Ok(Self::default()) };
        if parts.iter().any(|part| part.fields != fields) {
            return Err(NotJoined::Fields);
        }
        let rows = parts.iter().map(|part| part.rows).sum();
        let mut left: Vec<_> = parts.into_iter().map(|part| part.columns.into_iter()).collect();
        let mut columns = Vec::with_capacity(fields.len());
        for field in fields.iter() {
            let pieces: Vec<ArrayRef> = left.iter_mut().filter_map(Iterator::next).collect();
            let pieces: Vec<&dyn Array> = pieces.iter().map(AsRef::as_ref).collect();
            let column = concat(&pieces);
            columns
                .push(column.map_err(|error| NotJoined::Column { name: field.name.clone(), why: error.to_string() })?);
        }
        Ok(Self { fields, columns, rows })
    }

    /// Bytes that all values take as they cross into a component or out of it. Other than in [`Table::memory_bytes`], of
    /// memory that is shared with other tables only the part of this one counts.
    pub fn buffer_bytes(&self) -> u64 {
        let of = |column: &ArrayRef| {
            let check::Buffers { validity, offsets, data } = check::buffers(column.as_ref());
            let optional = |buffer: Option<arrow_buffer::Buffer>| buffer.map_or(0, |buffer| buffer.len());
            (optional(validity) + optional(offsets) + data.len()) as u64
        };
        self.columns.iter().map(of).sum()
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use arrow_array::{BinaryArray, BooleanArray, Float64Array, StringArray};
    use arrow_buffer::{Buffer, OffsetBuffer};

    use super::*;
    use crate::base_type::BaseType;
    use crate::shape::Field;

    fn table(names: [&str; 3], rows: i32) -> Table {
        let fields = [BaseType::Boolean, BaseType::Number, BaseType::String];
        let fields: Vec<Field> =
            names.iter().zip(fields).map(|(name, base_type)| Field::new(name, base_type)).collect();
        let some = |row: &i32| row % 3 > 0;
        let columns: Vec<ArrayRef> = vec![
            Arc::new((0..rows).map(|row| some(&row).then_some(row % 2 == 0)).collect::<BooleanArray>()),
            Arc::new((0..rows).map(|row| some(&row).then_some(f64::from(row))).collect::<Float64Array>()),
            Arc::new((0..rows).map(|row| some(&row).then(|| row.to_string())).collect::<StringArray>()),
        ];
        Table::new(fields.into(), columns, usize::try_from(rows).unwrap()).unwrap()
    }

    #[test]
    fn a_part_that_begins_at_a_multiple_of_eight_is_handed_over_without_a_copy() {
        let whole = table(["a", "b", "c"], 40);
        let part = whole.slice(16, 16);
        for (whole, part) in whole.columns().iter().zip(part.columns()) {
            let (whole, part) = (check::buffers(whole.as_ref()), check::buffers(part.as_ref()));
            let within = |whole: &Buffer, part: &Buffer| whole.as_ptr_range().contains(&part.as_ptr());
            assert!(within(&whole.validity.unwrap(), &part.validity.unwrap()));
            assert!(within(&whole.data, &part.data));
        }
        assert!(part.buffer_bytes() < whole.buffer_bytes() / 2);
        assert_eq!(part.memory_bytes(), whole.memory_bytes());
    }

    #[test]
    fn a_part_ends_with_its_table() {
        let whole = table(["a", "b", "c"], 10);
        assert_eq!(whole.slice(0, usize::MAX), whole);
        assert_eq!((whole.slice(7, 5).rows(), whole.slice(12, 5).rows()), (3, 0));
    }

    #[test]
    fn what_does_not_belong_together_is_not_joined() {
        let (one, other) = (table(["a", "b", "c"], 3), table(["a", "b", "d"], 3));
        assert_eq!(Table::concat(vec![one.clone(), other]), Err(NotJoined::Fields));
        assert_eq!(Table::concat(Vec::new()), Ok(Table::default()));
        assert_eq!(Table::concat(vec![one.clone()]), Ok(one));
    }

    #[test]
    fn more_bytes_than_a_column_holds_are_refused() {
        let part = |bytes: i32| {
            // The system hands out zeroed pages only when they are touched, so this buffer takes no memory.
            let zeros = Buffer::from_vec(vec![0_u8; usize::try_from(bytes).unwrap()]);
            let column = BinaryArray::new(OffsetBuffer::new(vec![0, bytes].into()), zeros, None);
            Table::new(vec![Field::new("picture", BaseType::Blob)].into(), vec![Arc::new(column)], 1).unwrap()
        };
        let refused = Table::concat(vec![part(1), part(i32::MAX)]).unwrap_err().to_string();
        assert!(refused.starts_with("column `picture` cannot be joined: "), "{refused}");
    }
}
