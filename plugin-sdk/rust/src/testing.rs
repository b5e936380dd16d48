//! For an author's own tests, which run natively: runs models, checks their examples, stands in for the host.
//!
//! ```
//! # use analyte_sdk::prelude::*;
//! # #[derive(Row)]
//! # struct Number { value: f64 }
//! # struct Double;
//! # impl Model for Double {
//! #     const NAME: &str = "double";
//! #     type Input = Number;
//! #     type Output = Number;
//! #     type Parameters = ();
//! #     fn describe(info: ModelInfo) -> ModelInfo {
//! #         info.example(Example::new("two").input([Number { value: 1.0 }]).expect([Number { value: 2.0 }]))
//! #     }
//! #     fn run(request: Request<Self>) -> Result<Outcome<Number>> {
//! #         Ok(request.rows()?.map(|row| Number { value: row.value * 2.0 }).collect())
//! #     }
//! # }
//! use analyte_sdk::testing;
//!
//! testing::check_examples::<Double>()?;
//!
//! let table = Table::of_rows([Number { value: 21.0 }])?;
//! let result = testing::run::<Double>(table, ())?.into_table()?;
//! assert_eq!(result.column::<f64>("value")?.values(), [42.0]);
//! # Ok::<(), analyte_sdk::Error>(())
//! ```
//!
//! Each thread has a host of its own: what a test logs, reports and writes is in [`recorded`], and
//! [`set_setting`], [`set_secret`] and [`set_model_file`] say what the host gives.

mod examples;
#[cfg(not(target_family = "wasm"))]
pub(crate) mod host;

pub use examples::check_examples;
#[cfg(not(target_family = "wasm"))]
pub use host::{Recorded, RecordedFile, recorded, set_model_file, set_secret, set_setting};

use crate::model::{Model, Outcome, Request};
use crate::{Result, Table};

/// Runs a model on a table.
pub fn run<M: Model>(table: Table, parameters: M::Parameters) -> Result<Outcome<M::Output>> {
    #[cfg(not(target_family = "wasm"))]
    host::begin_run();
    M::run(Request { table, parameters })
}
