//! Models: what an author writes.

use std::marker::PhantomData;

use crate::column::NewColumn;
use crate::parameters::Parameters;
use crate::raw::analysis;
use crate::row::Row;
use crate::table::{Rows, Table, assemble};
use crate::{Error, ModelInfo, Result};

/// One named computation: table in, table out. A provider is a list of models.
///
/// See the [crate's front page](crate) for a whole one.
pub trait Model: Sized {
    /// `[A-Za-z0-9][A-Za-z0-9._-]{0,127}`, unique within its provider.
    const NAME: &'static str;
    /// For people: what it computes, by which method, and what it does with missing values.
    const DESCRIPTION: &'static str = "";
    /// The declared columns of the input; `()` where it declares none.
    type Input: Row;
    /// The declared columns of the result; `()` where it declares none.
    type Output: Row;
    /// What it takes beside the table; `()` for nothing.
    type Parameters: Parameters;

    /// Says more: open shapes, cardinality, examples. `info` already holds name, description, fields and parameters.
    fn describe(info: ModelInfo) -> ModelInfo {
        info
    }

    /// Runs it on one table.
    fn run(request: Request<Self>) -> Result<Outcome<Self::Output>>;
}

/// All that the host learns about a model.
pub fn info_of<M: Model>() -> ModelInfo {
    M::describe(
        ModelInfo::new(M::NAME)
            .describe(M::DESCRIPTION)
            .input_fields(M::Input::fields())
            .output_fields(M::Output::fields())
            .parameters::<M::Parameters>(),
    )
}

/// One run of a model.
#[derive(Debug)]
pub struct Request<M: Model> {
    /// The input, checked by the host against the model's shape: its declared columns, then the others.
    pub table: Table,
    /// Checked by the host against their schema.
    pub parameters: M::Parameters,
}

impl<M: Model> Request<M> {
    /// The rows of the input as structs. Fails only where the host did not keep the contract.
    pub fn rows(&self) -> Result<Rows<'_, M::Input>> {
        self.table.read()
    }
}

/// What a run gives: rows or columns, columns that an open result adds, warnings.
///
/// Rows are collected into it, from structs or from results of them:
///
/// ```
/// use analyte_sdk::prelude::*;
///
/// #[derive(Row)]
/// struct Root { root: f64 }
///
/// let outcome: Outcome<Root> = [1.0, 4.0].map(|x: f64| Root { root: x.sqrt() }).into_iter().collect();
/// let outcome = outcome.warn("Roots are positive ones.").add_column(NewColumn::of("square", [1.0, 4.0]));
/// ```
#[derive(Debug)]
pub struct Outcome<R: Row = ()> {
    columns: Vec<NewColumn>,
    rows: Option<usize>,
    added: Vec<NewColumn>,
    warnings: Vec<String>,
    row: PhantomData<R>,
}

impl<R: Row> Outcome<R> {
    /// The declared columns, made one by one: the fast way, without a struct per row. They must be those of `R`.
    pub fn from_columns(columns: impl IntoIterator<Item = NewColumn>) -> Self {
        let columns = columns.into_iter().collect();
        Self { columns, rows: None, added: Vec::new(), warnings: Vec::new(), row: PhantomData }
    }

    /// Adds a column that an open result shape does not declare.
    #[must_use]
    pub fn add_column(mut self, column: NewColumn) -> Self {
        self.added.push(column);
        self
    }

    /// Tells the client what it should know about this result.
    #[must_use]
    pub fn warn(mut self, warning: impl Into<String>) -> Self {
        self.warnings.push(warning.into());
        self
    }

    /// Tells the client several such things.
    #[must_use]
    pub fn warn_all(mut self, warnings: impl IntoIterator<Item = String>) -> Self {
        self.warnings.extend(warnings);
        self
    }

    /// The warnings so far.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// The result as a table, the added columns last. Fails where the columns do not fit together.
    pub fn into_table(self) -> Result<Table> {
        let (table, _) = assemble(self.columns.into_iter().chain(self.added), self.rows)?;
        Table::try_from(table)
    }

    /// As the contract has it; `declared`: the fields that the columns must be, where they are known.
    pub(crate) fn into_raw(self, declared: Option<&[crate::Field]>) -> Result<analysis::Outcome> {
        let count = self.columns.len();
        let (output, mut fields) = assemble(self.columns.into_iter().chain(self.added), self.rows)?;
        let added = fields.split_off(count);
        if let Some(declared) = declared {
            let same = |(got, wanted): (&crate::Field, &crate::Field)| {
                got.name == wanted.name && got.kind == wanted.kind && got.base_type == wanted.base_type
            };
            if declared.len() != count || !fields.iter().zip(declared).all(same) {
                let names = |fields: &[crate::Field]| {
                    fields.iter().map(|f| format!("{} {:?}", f.name, f.base_type)).collect::<Vec<_>>().join(", ")
                };
                let (got, wanted) = (names(&fields), names(declared));
                let message = format!("The model made the columns ({got}) and declares ({wanted}).");
                return Err(Error::new("wrong-columns", message));
            }
        }
        Ok(analysis::Outcome { output, added, warnings: self.warnings, extra: Vec::new() })
    }
}

impl<R: Row> FromIterator<R> for Outcome<R> {
    fn from_iter<I: IntoIterator<Item = R>>(rows: I) -> Self {
        let (columns, count) = R::write_all(rows);
        Self { columns, rows: Some(count), added: Vec::new(), warnings: Vec::new(), row: PhantomData }
    }
}

impl<R: Row> From<Vec<R>> for Outcome<R> {
    fn from(rows: Vec<R>) -> Self {
        rows.into_iter().collect()
    }
}

/// Runs a model as a component does: reads the request, runs, checks what came out. Native tests may call it too.
pub fn run_model<M: Model>(request: analysis::Request) -> Result<analysis::Outcome> {
    let parameters = M::Parameters::parse(&request.parameters)?;
    let table = Table::try_from(request.input)?;
    M::run(Request { table, parameters })?.into_raw(Some(&M::Output::fields()))
}
