//! Schedules: kept, shown, and fired when their time has come.
//!
//! What is due is a pure function in `core`; here is the one task that waits for it ([`timer`]), what makes a job of a
//! template ([`template`]), and what a client may ask for.

pub(crate) mod asked;
mod change;
mod copy;
mod fire;
mod launch;
pub(crate) mod template;
pub(crate) mod timer;
pub(crate) mod timetable;
pub(crate) mod view;
