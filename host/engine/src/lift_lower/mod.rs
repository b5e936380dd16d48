//! Tables across the boundary: Arrow columns as the contract's buffers, and back.
//!
//! Going in, buffers are borrowed: the only copy is the one into the component's memory. Coming out, bytes are copied once,
//! and become Arrow buffers as they are, after [`analyte_core::table::check`] has looked at every one. Both copies are made
//! piece by piece, with pauses where the component can be stopped.

mod buffer;
mod deferred_answer;
mod request;
mod run_function;
mod table;
mod take;
mod text;
mod transfer;

pub(crate) use buffer::Buffer;
pub(crate) use deferred_answer::deferred_answer;
pub(crate) use request::{Lowered, Request};
pub(crate) use run_function::RunFunction;
pub(crate) use table::{table_of, undeclared};
pub(crate) use take::{Allowed, ResultTooLarge, UncheckedOutcome, take};
pub(crate) use text::TextTooLong;
pub(crate) use transfer::Transfer;
