//! Small tables that the server makes itself: a list of jobs, one result, no result.
//!
//! Values come one by one, so this is for hundreds of rows; what providers compute stays in columns.

use arrow_array::new_empty_array;

use super::cell::Cell;
use super::coerce::{push_lenient, push_structured};
use crate::base_type::BaseType;
use crate::limits::Limits;
use crate::shape::{Field, Shape};
use crate::table::Table;
use crate::table::json::Dialect;
use crate::table::json::cell_context::CellContext;
use crate::table::json::read::nested;
use crate::table::json::text;
use crate::table::read::cell::{Cell as Given, Refused};
use crate::table::read::column_builder::ColumnBuilder;

/// A table that grows row by row.
pub struct Rows {
    columns: Vec<ColumnBuilder>,
    count: usize,
    /// The first thing that was wrong.
    wrong: Option<String>,
}

impl Rows {
    /// No rows yet, under these fields.
    pub fn new(fields: Vec<Field>) -> Self {
        Self { columns: fields.into_iter().map(ColumnBuilder::new).collect(), count: 0, wrong: None }
    }

    /// Adds a row, a value for each field in their order, by the rules of this module's reading. Where a value does not
    /// suit its field, [`Rows::table`] returns the error.
    pub fn push(&mut self, cells: Vec<Cell>) {
        self.count += 1;
        if cells.len() != self.columns.len() {
            let message = format!("row {} has {} values for {} fields", self.count, cells.len(), self.columns.len());
            self.wrong.get_or_insert(message);
        }
        for (column, cell) in self.columns.iter_mut().zip(cells) {
            if let Err(refused) = append(column, &cell) {
                let message = match refused {
                    Refused::Unsuitable(message) => message,
                    Refused::TooMuchText => "too much text".to_owned(),
                };
                let name = &column.field().name;
                self.wrong.get_or_insert_with(|| format!("field `{name}`, row {}: {message}", self.count));
            }
        }
        for column in &mut self.columns {
            column.pad_to(self.count);
        }
    }

    /// The table, or the first thing that was wrong with a row.
    pub fn table(self) -> Result<Table, String> {
        if let Some(wrong) = self.wrong {
            return Err(wrong);
        }
        let parts = self.columns.into_iter().map(ColumnBuilder::into_parts);
        let parts: Vec<_> = parts.collect::<Result<_, _>>().map_err(|error| error.to_string())?;
        let (fields, columns): (Vec<_>, Vec<_>) = parts.into_iter().unzip();
        Table::new(fields.into(), columns, self.count).map_err(|error| error.to_string())
    }
}

fn append(column: &mut ColumnBuilder, cell: &Cell) -> Result<(), Refused> {
    let structured = column.field().base_type.is_json_text();
    match cell {
        Cell::Unset => {
            column.push_missing();
            Ok(())
        }
        cell if structured => append_json(column, &cell.to_json()),
        Cell::Text(text) | Cell::Json(text) => push_lenient(column, Given::Text(text)),
        Cell::Int(number) => push_lenient(column, Given::Signed(*number)),
        Cell::Number(number) => push_lenient(column, Given::Float(*number)),
        Cell::Bool(value) => push_lenient(column, Given::Bool(*value)),
    }
}

fn append_json(column: &mut ColumnBuilder, json: &str) -> Result<(), Refused> {
    let limits = Limits::default();
    let json = json.trim();
    text::check(json, limits.json_depth).map_err(Refused::Unsuitable)?;
    if json == "null" {
        column.push_missing();
        return Ok(());
    }
    let (depth, room) = (limits.json_depth, limits.table_bytes);
    let mut context = CellContext { dialect: Dialect::ThingWorx, depth, limits: &limits, room, nested };
    push_structured(column, json, &mut context)
}

/// The shape's fields and no rows.
pub fn empty(shape: &Shape) -> Table {
    let columns = shape.fields.iter().map(|field| new_empty_array(&field.kind.arrow())).collect();
    // Columns made of the fields themselves always fit under them.
    Table::new(shape.fields.clone(), columns, 0).unwrap_or_default()
}

/// What a service that answers one value answers: one field `result` and one row, or none where the value is unset.
///
/// A value that is nothing of this base type is a slip of the server's own, and leaves the result unset.
pub fn scalar(base_type: BaseType, cell: Cell) -> Table {
    let field = Field::new("result", base_type);
    let nothing = || empty(&Shape::closed(vec![field.clone()]));
    if cell == Cell::Unset {
        return nothing();
    }
    let mut rows = Rows::new(vec![field.clone()]);
    rows.push(vec![cell]);
    rows.table().unwrap_or_else(|_| nothing())
}
