//! From a connection to a handler: what every request passes first.

pub(crate) mod auth;
pub(crate) mod cors;
mod gate;
mod host_check;
pub(crate) mod server;
mod stalls;
pub(crate) mod takeover;
pub(crate) mod tls;
mod trace;
