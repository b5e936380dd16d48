//! Write an Analyte provider or model in Rust.
//!
//! A *model* is one named computation: a table and parameters in, a table out. A *provider* is a component that offers
//! models. This is a whole one:
//!
//! ```
//! use analyte_sdk::prelude::*;
//!
//! #[derive(Row)]
//! struct Reading {
//!     /// Air temperature.
//!     #[row(unit = "°C")]
//!     celsius: f64,
//! }
//!
//! #[derive(Row)]
//! struct Converted {
//!     /// Air temperature.
//!     #[row(unit = "°F")]
//!     fahrenheit: f64,
//! }
//!
//! struct ToFahrenheit;
//!
//! impl Model for ToFahrenheit {
//!     const NAME: &str = "to-fahrenheit";
//!     type Input = Reading;
//!     type Output = Converted;
//!     type Parameters = ();
//!
//!     fn run(request: Request<Self>) -> Result<Outcome<Converted>> {
//!         Ok(request.rows()?.map(|row| Converted { fahrenheit: row.celsius * 1.8 + 32.0 }).collect())
//!     }
//! }
//!
//! analyte_sdk::provider! { title: "Temperatures", models: [ToFahrenheit] }
//! # fn main() -> Result<()> {
//! #     let table = Table::of_rows([Reading { celsius: 100.0 }])?;
//! #     let result = analyte_sdk::testing::run::<ToFahrenheit>(table, ())?.into_table()?;
//! #     assert_eq!(result.column::<f64>("fahrenheit")?.values(), [212.0]);
//! #     Ok(())
//! # }
//! ```
//!
//! In `Cargo.toml`, beside this crate: `[lib]` with `crate-type = ["cdylib", "rlib"]`. It is built by
//! `cargo build --target wasm32-wasip2`, and tested natively by `cargo test`, with [`testing`] in place of the host.
//!
//! What else there is:
//!
//! * [`Row`]: structs as shapes: names, units, missing values, other base types.
//! * [`Table::column`], [`Column::values`]: columns as slices, without anything allocated per row; [`NewColumn`] for the
//!   way back.
//! * [`macro@parameters`]: a struct of parameters, whose JSON Schema the host gets; parameters that name columns.
//! * [`ModelInfo`]: open shapes, cardinality, independent rows; [`Example`], which is documentation and test in one.
//! * [`Error`]: a code for programs, a sentence for people, facts.
//! * [`job`] for progress, [`log`], [`settings`], [`ResultFile`], [`ModelFile`] and [`FileModels`].
//! * [`raw`]: the bindings below all this.

pub mod job;
pub mod log;
pub mod raw;
pub mod settings;
pub mod testing;

mod cell;
mod column;
mod error;
mod field;
mod host;
mod info;
mod model;
mod model_file;
mod parameters;
mod provider;
mod result_file;
mod row;
mod table;
mod value;
mod writer;

pub use analyte_sdk_derive::{Row, parameters};
pub use cell::{Cell, WriteCell};
pub use column::{Column, NewColumn};
pub use error::{Error, Result};
pub use model::{Model, Outcome, Request, info_of, run_model};
pub use model_file::ModelFile;
pub use parameters::Parameters;
pub use provider::{FileModels, FileRequest};
pub use raw::analysis::{Capability, Cardinality, Example, ModelInfo};
pub use raw::tables::{BaseType, BufferKind as Kind, Field};
pub use result_file::ResultFile;
pub use row::Row;
pub use schemars;
pub use serde;
pub use serde_json::{self, json};
pub use table::{ColumnType, Rows, Table};
pub use value::{Datetime, Fixed, Json, Timespan, Value};

#[doc(hidden)]
pub use parameters::{parse_as, schema_of};
#[doc(hidden)]
pub use provider::{Entry, NoFiles, inspect as provider_inspect, models as provider_models, run as provider_run};
#[doc(hidden)]
pub use row::{open as open_cells, writer as write_cells};
#[doc(hidden)]
pub use value::suits;
#[doc(hidden)]
pub use writer::Writer;

/// What nearly every plugin uses.
pub mod prelude {
    pub use crate::{
        Capability, Cardinality, Column, Datetime, Error, Example, Json, Model, ModelInfo, NewColumn, Outcome, Request,
        Result, ResultFile, Row, Table, Timespan, job, json, log, parameters, settings,
    };
}

// The derive macros name this crate by its name, here too.
extern crate self as analyte_sdk;
