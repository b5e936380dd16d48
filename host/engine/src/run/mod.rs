//! Running one model: [`request`] says what goes in and comes out.

mod call;
pub(crate) mod diagnose;
pub(crate) mod instance;
pub mod request;
