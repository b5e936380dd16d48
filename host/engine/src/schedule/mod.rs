//! When a guest computes: in steps that end at pauses, in turns with other guests, and on which thread. Knows organisations and
//! components by name only.

pub(crate) mod blocking;
pub(crate) mod fair_turns;
pub(crate) mod guest_threads;
pub(crate) mod inline_run;
pub(crate) mod step;
mod wake_flag;
pub(crate) mod watchdog;
