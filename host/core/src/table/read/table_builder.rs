//! A table while it is being read, whatever the format: knows which columns are wanted, keeps the limits, collects what
//! is wrong.

use std::collections::HashMap;
use std::sync::Arc;

use crate::base_type::Kind;
use crate::limits::Limits;
use crate::shape::{Field, Rest, Shape};
use crate::table::Table;
use crate::table::problem::{MOST_PROBLEMS, Problem, ReadError, clip};
use crate::table::read::Read;
use crate::table::read::cell::{Refused, TOO_MUCH_TEXT};
use crate::table::read::column_builder::ColumnBuilder;
use crate::table::read::table_budget::TableBudget;

/// Where the values of a given name go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Slot {
    Column(usize),
    /// Not wanted; the place within `dropped`.
    Dropped(usize),
}

/// Reading cannot go on; the builder knows why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stop;

struct Dropped {
    name: Arc<str>,
    rows: usize,
}

pub(crate) struct TableBuilder<'a> {
    shape: &'a Shape,
    pub(crate) limits: &'a Limits,
    budget: TableBudget,
    declared: HashMap<&'a str, &'a Field>,
    slots: HashMap<Arc<str>, Slot>,
    pub(crate) columns: Vec<ColumnBuilder>,
    dropped: Vec<Dropped>,
    /// Bytes that one row takes at least.
    row_bytes: u64,
    problems: Vec<Problem>,
    stopped: Option<ReadError>,
}

impl<'a> TableBuilder<'a> {
    pub(crate) fn new(shape: &'a Shape, limits: &'a Limits, budget: TableBudget) -> Self {
        Self {
            shape,
            limits,
            budget,
            declared: shape.fields.iter().map(|field| (field.name.as_ref(), field)).collect(),
            slots: HashMap::new(),
            columns: Vec::new(),
            dropped: Vec::new(),
            row_bytes: 0,
            problems: Vec::new(),
            stopped: None,
        }
    }

    /// Ends reading for this reason.
    pub(crate) fn stop(&mut self, error: ReadError) -> Stop {
        self.stopped.get_or_insert(error);
        Stop
    }

    /// Notes a problem and goes on, unless there are enough of them.
    pub(crate) fn problem(&mut self, problem: Problem) -> Result<(), Stop> {
        self.problems.push(problem);
        if self.problems.len() < MOST_PROBLEMS { Ok(()) } else { Err(Stop) }
    }

    /// What was wrong so far, if anything.
    pub(crate) fn take_error(&mut self) -> Option<ReadError> {
        if let Some(error) = self.stopped.take() {
            return Some(error);
        }
        (!self.problems.is_empty()).then(|| ReadError::of(std::mem::take(&mut self.problems)))
    }

    /// Makes columns for fields that the document itself declares, in their order.
    pub(crate) fn given(&mut self, fields: &[Field]) -> Result<(), Stop> {
        for field in fields {
            let column = match self.declared.get(field.name.as_ref()) {
                Some(declared) => ColumnBuilder::new((*declared).clone()),
                None if self.shape.rest.admits(field.base_type) => ColumnBuilder::new(field.clone()),
                None => {
                    self.drop_column(&field.name)?;
                    continue;
                }
            };
            self.add(column)?;
        }
        Ok(())
    }

    /// Where values of this name go, which may make a column.
    pub(crate) fn slot(&mut self, name: &str) -> Result<Slot, Stop> {
        if let Some(slot) = self.slots.get(name) {
            return Ok(*slot);
        }
        if name.len() as u64 > self.limits.field_name_bytes {
            let (shown, most) = (clip(name, 40), self.limits.field_name_bytes);
            let message = format!("the name of a field, `{shown}`, is longer than the limit field_name_bytes, {most}");
            return Err(self.stop(ReadError::invalid(message)));
        }
        match self.declared.get(name) {
            Some(declared) => self.add(ColumnBuilder::new((*declared).clone())),
            None if self.shape.rest == Rest::None => self.drop_column(name),
            None => self.add(ColumnBuilder::undecided(name)),
        }
    }

    fn room(&mut self) -> Result<(), Stop> {
        if self.slots.len() as u64 >= self.limits.columns {
            let message = format!("the table has more columns than the limit columns, {}", self.limits.columns);
            return Err(self.stop(ReadError::invalid(message)));
        }
        Ok(())
    }

    fn add(&mut self, column: ColumnBuilder) -> Result<Slot, Stop> {
        self.room()?;
        // An undecided column is counted as the widest of those it may become.
        self.row_bytes += if column.is_undecided() { 8 } else { row_bytes(column.field().kind) };
        let slot = Slot::Column(self.columns.len());
        self.slots.insert(column.field().name.clone(), slot);
        self.columns.push(column);
        Ok(slot)
    }

    fn drop_column(&mut self, name: &str) -> Result<Slot, Stop> {
        self.room()?;
        let name: Arc<str> = name.into();
        let slot = Slot::Dropped(self.dropped.len());
        self.slots.insert(name.clone(), slot);
        self.dropped.push(Dropped { name, rows: 0 });
        Ok(slot)
    }

    /// The name of a slot.
    #[inline]
    pub(crate) fn name(&self, slot: Slot) -> &str {
        match slot {
            Slot::Column(at) => self.columns.get(at).map_or("", |column| &column.field().name),
            Slot::Dropped(at) => self.dropped.get(at).map_or("", |dropped| &dropped.name),
        }
    }

    /// Begins a value of the row at this place (from 0); refuses a second one under the same name.
    #[inline]
    pub(crate) fn enter(&mut self, slot: Slot, row: usize) -> Result<(), Stop> {
        // A column that begins late is filled up with missing values, which must not be more than may be there.
        if let Slot::Column(at) = slot
            && self.columns.get(at).is_some_and(|column| column.rows() < row)
        {
            self.check_rows(row + 1)?;
        }
        let rows = match slot {
            Slot::Column(at) => self.columns.get_mut(at).map(|column| {
                column.pad_to(row);
                column.rows()
            }),
            Slot::Dropped(at) => self.dropped.get_mut(at).map(|dropped| {
                let rows = dropped.rows;
                dropped.rows = row + 1;
                rows
            }),
        };
        if rows.is_some_and(|rows| rows <= row) {
            return Ok(());
        }
        let field = Some(self.name(slot).to_owned());
        let problem = Problem { field, row: Some(row as u64 + 1), message: "the key is given twice".to_owned() };
        let error = ReadError::of(vec![problem]);
        Err(self.stop(error))
    }

    /// Takes note that a value of the row at this place (from 0) was refused.
    pub(crate) fn refused(&mut self, slot: Slot, row: usize, refused: Refused) -> Result<(), Stop> {
        let field = Some(self.name(slot).to_owned());
        match refused {
            Refused::Unsuitable(message) => self.problem(Problem { field, row: Some(row as u64 + 1), message }),
            Refused::TooMuchText => {
                let message = TOO_MUCH_TEXT.to_owned();
                let error = ReadError::of(vec![Problem { field, row: None, message }]);
                Err(self.stop(error))
            }
        }
    }

    /// Checks the limits for a table of `rows` rows.
    #[inline]
    pub(crate) fn check_rows(&mut self, rows: usize) -> Result<(), Stop> {
        let rows = rows as u64;
        if rows <= self.limits.rows && rows.saturating_mul(self.row_bytes) <= self.budget.most {
            return Ok(());
        }
        Err(self.too_large(rows))
    }

    #[cold]
    fn too_large(&mut self, rows: u64) -> Stop {
        let message = if rows > self.limits.rows {
            format!("the table has more rows than the limit rows, {}", self.limits.rows)
        } else {
            self.budget.exceeded()
        };
        self.stop(ReadError::invalid(message))
    }

    /// The table of `rows` rows, or what is wrong with it.
    pub(crate) fn finish(mut self, rows: usize) -> Result<Read, ReadError> {
        // `check_rows` keeps its error, and `take_error` below returns it.
        let _ = self.check_rows(rows);
        if let Some(error) = self.take_error() {
            return Err(error);
        }
        let mut fields = Vec::with_capacity(self.columns.len());
        let mut columns = Vec::with_capacity(self.columns.len());
        for mut column in self.columns {
            column.pad_to(rows);
            let name = column.field().name.clone();
            let broken = |error: arrow_schema::ArrowError| ReadError::field(&name, error.to_string());
            let (field, column) = column.into_parts().map_err(broken)?;
            if self.declared.contains_key(name.as_ref()) || self.shape.rest.admits(field.base_type) {
                fields.push(field);
                columns.push(column);
            } else {
                self.dropped.push(Dropped { name, rows: 0 });
            }
        }
        let warnings = dropped_warnings(self.dropped.iter().map(|dropped| dropped.name.as_ref()), self.limits);
        let table = Table::new(fields.into(), columns, rows).map_err(|error| ReadError::invalid(error.to_string()))?;
        Ok(Read { table, warnings })
    }
}

fn row_bytes(kind: Kind) -> u64 {
    match kind {
        Kind::Bool => 1,
        Kind::Int64 | Kind::Float64 => 8,
        Kind::Int32 | Kind::Float32 | Kind::Utf8 | Kind::Binary => 4,
    }
}

/// One warning for each column that was dropped, the last one counting those for which there is no room.
pub(crate) fn dropped_warnings<'n>(names: impl ExactSizeIterator<Item = &'n str>, limits: &Limits) -> Vec<String> {
    let most = usize::try_from(limits.warnings).unwrap_or(usize::MAX);
    let beyond = names.len().saturating_sub(most);
    let listed = if beyond == 0 { names.len() } else { most.saturating_sub(1) };
    let beyond = names.len() - listed;
    let say = |name: &str| format!("column `{}` is not used by this model and was dropped", clip(name, 256));
    let mut warnings: Vec<String> = names.take(listed).map(say).collect();
    if beyond > 0 && most > 0 {
        warnings.push(format!("{beyond} further columns are not used by this model and were dropped"));
    }
    warnings
}
