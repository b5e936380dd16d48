//! Running one model: [`request`] says what goes in and comes out, [`ends`] what may end it early, [`session`] keeps an
//! instance between runs.

pub(crate) mod call;
pub(crate) mod diagnose;
pub mod ends;
mod hook;
pub(crate) mod housed;
pub(crate) mod instance;
pub(crate) mod quick;
pub mod request;
pub mod session;
pub(crate) mod step;
pub mod telling;
pub(crate) mod turns;
pub(crate) mod watch;
mod woken;
