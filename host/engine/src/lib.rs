//! The sandbox: a component becomes a running provider.
//!
//! [`Engine::install`] looks at a component's imports and exports, compiles it in a limited child process, asks it what it
//! is and checks every word of the answer. [`Component::run`] runs one model in a fresh instance: metered by fuel, bounded
//! in memory and time, stopped by dropping the future. Nothing that a component returns is believed before it is checked,
//! and every failure becomes one [`analyte_core::failure::Failure`].
//!
//! Each folder knows those below it only:
//!
//! * `engine.rs` makes components ready to run
//! * [`run`]: every call into a component
//! * [`component`]: a compiled component, what it says of itself, and the platform that it runs on
//! * `host`: what a component may call, and what the host knows of an instance
//! * `lift_lower`: tables and texts from and into a component's memory
//! * [`request`]: what a run takes, and what it gives
//! * `schedule`: when a guest computes, and on which thread
//! * `compile`: from a component's bytes to compiled code
//! * `runtime`: wasmtime as it is set up here
//! * `contract`: the contract's version, names and types
//! * [`machine`]: the machine that the server is put on, and who may have how much of its memory
//!
//! This is the only crate that names wasmtime.

mod compile;
pub mod component;
mod contract;
mod cut;
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
