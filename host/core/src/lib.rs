//! Analyte's vocabulary: what everything else agrees on.
//!
//! This crate does no I/O, spawns nothing and reads no clock. It holds tables and shapes, jobs and the one function that
//! changes them, schedules, webhooks, what components say of themselves, the one list of limits and the one list of error codes.

pub mod base_type;
pub mod codes;
pub mod digest;
pub mod document;
pub mod failure;
pub mod job;
pub mod limits;
pub mod model;
pub mod names;
pub mod parameters;
pub mod query;
pub mod schedule;
pub mod shape;
pub mod shares;
pub mod table;
pub mod timestamp;
pub mod visible;
pub mod webhook;

pub use table::infotable;
