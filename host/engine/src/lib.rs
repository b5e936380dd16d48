//! The sandbox: a component becomes a running provider.
//!
//! [`Engine::install`] looks at a component's imports and exports, compiles it in a limited child process, asks it what it
//! is and checks every word of the answer. [`Component::run`] runs one model in a fresh instance: metered by fuel, bounded
//! in memory and time, stopped by dropping the future. Nothing that a component returns is believed before it is checked,
//! and every failure becomes one [`analyte_core::failure::Failure`].
//!
//! This is the only crate that names wasmtime.

mod compile;
pub mod component;
mod contract;
mod engine;
pub mod error;
mod host;
mod lift_lower;
pub mod machine;
pub mod request;
pub mod run;
mod runtime;
mod schedule;

pub use compile::compiler;
pub use component::{Component, Description};
pub use engine::{Engine, Options};
pub use runtime::proposals;
