//! Notifications: what a submission may ask for, how they are sent, and what became of them.
//!
//! The store notes a notification in the step that changes its job. [`send`] takes what is due and sends it, as often as the
//! limits say; a receiver that is slow holds up its own line only.

pub(crate) mod asked;
mod attempt;
pub(crate) mod check;
mod room;
pub(crate) mod send;
pub(crate) mod view;
