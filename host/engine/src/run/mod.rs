//! Running one model: [`request`] says what goes in and comes out, [`session`] keeps an instance between runs.

mod call;
pub(crate) mod diagnose;
pub(crate) mod instance;
pub(crate) mod quick;
pub mod request;
pub mod session;
