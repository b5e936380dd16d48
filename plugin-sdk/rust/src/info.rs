//! What a component says of itself.

use serde::Serialize;

use crate::cell::WriteCell;
use crate::column::NewColumn;
use crate::parameters::Parameters;
use crate::raw::analysis::{Capability, Cardinality, Example, ModelInfo};
use crate::raw::tables::{DataShape, Field, Rest, Table as RawTable};
use crate::row::Row;
use crate::table::assemble;

impl ModelInfo {
    /// A model of this name with closed shapes that have no fields yet, without parameters; its cardinality is `any`.
    pub fn new(name: impl Into<String>) -> Self {
        let empty = || DataShape { fields: Vec::new(), rest: Rest::None, extra: Vec::new() };
        Self {
            name: name.into(),
            description: String::new(),
            version: String::new(),
            input: empty(),
            output: empty(),
            cardinality: Cardinality::Any,
            independent_rows: false,
            parameters_schema: String::new(),
            column_parameters: Vec::new(),
            capabilities: Vec::new(),
            examples: Vec::new(),
            extra: Vec::new(),
        }
    }

    /// For people: what it computes, by which method, and what it does with missing values.
    #[must_use]
    pub fn describe(mut self, description: impl Into<String>) -> Self {
        self.description = description.into();
        self
    }

    /// The author's own version of it.
    #[must_use]
    pub fn version(mut self, version: impl Into<String>) -> Self {
        self.version = version.into();
        self
    }

    /// The fields of the input. A [`Model`](crate::Model)'s are known by its row struct.
    #[must_use]
    pub fn input_fields(mut self, fields: impl IntoIterator<Item = Field>) -> Self {
        self.input.fields = fields.into_iter().collect();
        self
    }

    /// The fields of the result. A [`Model`](crate::Model)'s are known by its row struct.
    #[must_use]
    pub fn output_fields(mut self, fields: impl IntoIterator<Item = Field>) -> Self {
        self.output.fields = fields.into_iter().collect();
        self
    }

    /// Takes the schema and the column parameters from a struct. A [`Model`](crate::Model)'s are known.
    #[must_use]
    pub fn parameters<P: Parameters>(mut self) -> Self {
        self.parameters_schema = P::schema();
        self.column_parameters = P::COLUMNS.iter().map(|&name| name.to_owned()).collect();
        self
    }

    /// Opens the input: beyond the declared columns it takes any of types NUMBER, INTEGER and LONG.
    #[must_use]
    pub fn takes_numeric_columns(mut self) -> Self {
        self.input.rest = Rest::Numeric;
        self
    }

    /// Opens the input: beyond the declared columns it takes any others.
    #[must_use]
    pub fn takes_any_columns(mut self) -> Self {
        self.input.rest = Rest::Any;
        self
    }

    /// Opens the result: the model adds columns of types NUMBER, INTEGER and LONG, see
    /// [`Outcome::add_column`](crate::Outcome::add_column).
    #[must_use]
    pub fn adds_numeric_columns(mut self) -> Self {
        self.output.rest = Rest::Numeric;
        self
    }

    /// Opens the result: the model adds columns of any type, see [`Outcome::add_column`](crate::Outcome::add_column).
    #[must_use]
    pub fn adds_any_columns(mut self) -> Self {
        self.output.rest = Rest::Any;
        self
    }

    /// How many rows it takes and gives.
    #[must_use]
    pub fn cardinality(mut self, cardinality: Cardinality) -> Self {
        self.cardinality = cardinality;
        self
    }

    /// Each row of the result depends on its own input row alone, so that the host may split a large table. Implies as
    /// many rows out as in.
    ///
    /// The host believes it. A large run then goes to several instances at once, each of which sees a part of the rows, in
    /// their order, and knows nothing of the others; the results are joined. So declare it only where nothing is taken
    /// across rows: no mean or rank of a column, no row number, no value of the row before, nothing drawn at random by the
    /// place of a row. Warnings and added columns should be the same for every part, and progress is that of the part. Where
    /// a part fails, warns or adds otherwise than the others, or makes a result file, the whole is run again in one instance,
    /// so errors may name rows; a model for which that is the rule gains nothing by this.
    #[must_use]
    pub fn independent_rows(mut self) -> Self {
        self.independent_rows = true;
        self.cardinality = Cardinality::NToN;
        self
    }

    /// Asks for something outside the sandbox. Only in a model that is a component of its own; a provider asks for all
    /// of its models together, see [`provider!`](crate::provider).
    #[must_use]
    pub fn needs(mut self, capability: Capability) -> Self {
        self.capabilities.push(capability);
        self
    }

    /// Adds a worked example.
    #[must_use]
    pub fn example(mut self, example: Example) -> Self {
        self.examples.push(example);
        self
    }
}

impl Capability {
    /// A setting that the operator gives.
    pub fn setting(name: &str, reason: impl Into<String>) -> Self {
        Self { name: format!("settings:{name}"), reason: reason.into(), extra: Vec::new() }
    }

    /// A secret that the operator gives.
    pub fn secret(name: &str, reason: impl Into<String>) -> Self {
        Self { name: format!("secrets:{name}"), reason: reason.into(), extra: Vec::new() }
    }

    /// Outgoing HTTP to a host, `name` or `name:port`.
    pub fn http(host: &str, reason: impl Into<String>) -> Self {
        Self { name: format!("http:{host}"), reason: reason.into(), extra: Vec::new() }
    }
}

/// ```
/// use analyte_sdk::prelude::*;
///
/// #[derive(Row)]
/// struct Reading { celsius: f64 }
/// #[derive(Row)]
/// struct Converted { fahrenheit: f64 }
///
/// let example = Example::new("water boils")
///     .input([Reading { celsius: 100.0 }])
///     .expect([Converted { fahrenheit: 212.0 }])
///     .tolerance(1e-12);
/// let open = Example::new("any columns")
///     .input_columns([NewColumn::of("x", [1.0, 2.0]), NewColumn::of("y", [Some(1.0), None])])
///     .parameters(json!({ "scale": 2 }));
/// ```
impl Example {
    /// Without input, parameters or result yet; numbers must be equal to 12 digits.
    pub fn new(name: impl Into<String>) -> Self {
        let empty = || RawTable { row_count: 0, columns: Vec::new() };
        Self {
            name: name.into(),
            description: String::new(),
            input: empty(),
            parameters: "{}".to_owned(),
            expected: empty(),
            tolerance: 1e-12,
            extra: Vec::new(),
        }
    }

    /// For people: what it shows, and where the figures are from.
    #[must_use]
    pub fn describe(mut self, description: impl Into<String>) -> Self {
        self.description = description.into();
        self
    }

    /// What goes in.
    #[must_use]
    pub fn input<R: Row>(mut self, rows: impl IntoIterator<Item = R>) -> Self {
        let (columns, count) = R::write_all(rows);
        self.input = example_table(columns, Some(count));
        self
    }

    /// What goes in, as columns.
    #[must_use]
    pub fn input_columns(mut self, columns: impl IntoIterator<Item = NewColumn>) -> Self {
        self.input = example_table(columns, None);
        self
    }

    /// Adds a column to what goes in.
    #[must_use]
    pub fn with<C: WriteCell>(mut self, name: impl Into<String>, cells: impl IntoIterator<Item = C>) -> Self {
        let more = example_table([NewColumn::of(name, cells)], None);
        if self.input.columns.is_empty() {
            self.input.row_count = more.row_count;
        }
        self.input.columns.extend(more.columns);
        self
    }

    /// The parameters: a struct of parameters or `json!({…})`.
    #[must_use]
    pub fn parameters(mut self, parameters: impl Serialize) -> Self {
        self.parameters = serde_json::to_string(&parameters).unwrap_or_default();
        self
    }

    /// What comes out.
    #[must_use]
    pub fn expect<R: Row>(mut self, rows: impl IntoIterator<Item = R>) -> Self {
        let (columns, count) = R::write_all(rows);
        self.expected = example_table(columns, Some(count));
        self
    }

    /// What comes out, as columns.
    #[must_use]
    pub fn expect_columns(mut self, columns: impl IntoIterator<Item = NewColumn>) -> Self {
        self.expected = example_table(columns, None);
        self
    }

    /// The largest difference between two numbers: |got − expected| ≤ tolerance × max(1, |expected|).
    #[must_use]
    pub fn tolerance(mut self, tolerance: f64) -> Self {
        self.tolerance = tolerance;
        self
    }
}

/// Columns that do not fit together make a table without columns, which no model takes: checking the component says so.
fn example_table(columns: impl IntoIterator<Item = NewColumn>, rows: Option<usize>) -> RawTable {
    assemble(columns, rows).map_or(RawTable { row_count: 0, columns: Vec::new() }, |(table, _)| table)
}
