//! How jobs end before their time or go after it, and how a manager stops.

mod abort_task;
mod cancel;
pub(crate) mod cancel_matching;
mod cancel_waiting;
pub(crate) mod phase;
pub(crate) mod retention;
pub(crate) mod retire;
mod stop;
