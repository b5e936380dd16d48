//! Small tables that the server makes itself: a list of jobs, one result, no result.
//!
//! Values come one by one, so this is for hundreds of rows; what providers compute stays in columns.

use arrow_array::new_empty_array;

use super::coerce::{push_lenient, push_structured};
use crate::base_type::BaseType;
use crate::limits::Limits;
use crate::shape::{Field, Shape};
use crate::table::Table;
use crate::table::json::Dialect;
use crate::table::json::read::Manner;
use crate::table::json::text;
use crate::table::read::cell::{Cell as Given, Refused};
use crate::table::read::column_builder::ColumnBuilder;

/// One value.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// There is none.
    Unset,
    /// Text; bytes are base64.
    Text(String),
    /// JSON text, for JSON, INFOTABLE, TAGS, LOCATION, QUERY and VARIANT.
    Json(String),
    /// A whole number; for DATETIME and TIMESPAN milliseconds.
    Int(i64),
    /// A number.
    Number(f64),
    /// True or false.
    Bool(bool),
}

impl Cell {
    /// Text where it is some, [`Cell::Unset`] where not.
    pub fn text(text: Option<impl Into<String>>) -> Self {
        text.map_or(Self::Unset, |text| Self::Text(text.into()))
    }
    /// A time or another whole number where it is there.
    pub fn int(number: Option<impl Into<i64>>) -> Self {
        number.map_or(Self::Unset, |number| Self::Int(number.into()))
    }

    /// The text, if that is what it is.
    pub fn as_text(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }
    /// The JSON text, if that is what it is.
    pub fn as_json(&self) -> Option<&str> {
        if let Self::Json(text) = self { Some(text) } else { None }
    }
    /// The whole number, if that is what it is.
    pub fn as_int(&self) -> Option<i64> {
        if let Self::Int(number) = self { Some(*number) } else { None }
    }
    /// The number, whole or not.
    pub fn as_number(&self) -> Option<f64> {
        match self {
            Self::Int(number) => Some(*number as f64),
            Self::Number(number) => Some(*number),
            _ => None,
        }
    }
    /// The boolean, if that is what it is.
    pub fn as_bool(&self) -> Option<bool> {
        if let Self::Bool(value) = self { Some(*value) } else { None }
    }

    /// The value as JSON text; a number that is not finite is `null`.
    pub fn to_json(&self) -> String {
        match self {
            Self::Unset => "null".to_owned(),
            Self::Text(text) => serde_json::Value::from(text.as_str()).to_string(),
            Self::Json(text) => text.clone(),
            Self::Int(number) => number.to_string(),
            Self::Number(number) => serde_json::Value::from(*number).to_string(),
            Self::Bool(value) => value.to_string(),
        }
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}
impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}
impl From<i64> for Cell {
    fn from(number: i64) -> Self {
        Self::Int(number)
    }
}
impl From<f64> for Cell {
    fn from(number: f64) -> Self {
        Self::Number(number)
    }
}
impl From<bool> for Cell {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

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
    push_structured(column, json, &mut Manner { dialect: Dialect::ThingWorx, depth, limits: &limits, room })
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
