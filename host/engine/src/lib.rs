//! The sandbox: a component becomes a running provider.
//!
//! [`Engine::install`] looks at a component's imports and exports, compiles it in a limited child process, asks it what it
//! is and checks every word of the answer. [`Component::run`] runs one model in a fresh instance: metered by fuel, bounded
//! in memory and time, stopped by dropping the future. Nothing that a component returns is believed before it is checked,
//! and every failure becomes one [`analyte_core::failure::Failure`].
//!
//! This is the only crate that names wasmtime.

pub mod apart;
mod bindings;
pub mod budget;
mod cache;
mod checked;
mod code;
pub mod compile;
mod compiling;
mod component;
mod config;
mod crossing;
mod describe;
mod engine;
pub mod error;
mod give_way;
mod host;
pub mod inspect;
pub mod place;
mod pool;
mod pool_places;
mod prepare;
pub mod proposals;
pub mod run;
mod start;
mod tail;
mod unfit;

pub use component::{Component, Description};
pub use engine::{Engine, Options};
