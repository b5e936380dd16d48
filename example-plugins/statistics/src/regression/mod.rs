//! Linear regression by least squares: two models with the same parameters, one for the terms and one for the whole.
//!
//! * `options`: the parameters, and the columns they choose
//! * `fit`: least squares, which knows of no table
//! * `terms`, `summary`: the models

mod fit;
mod options;
pub mod summary;
pub mod terms;

pub use options::Options;

#[cfg(test)]
mod tests;
