//! Analyte over HTTP.
//!
//! [`serve`] answers calls on a listener until it is told to stop. The surfaces only translate: what is allowed, kept or
//! run is decided by the job manager below them. Each surface has a folder of its own ([`native`] is the one of
//! `docs/openapi.json`); what they share stands beside this file.
//!
//! Whatever is refused is answered as a problem (RFC 9457) with a stable `code`; see [`problem`].

mod auth;
mod body;
mod etag;
mod gate;
mod host_check;
mod items;
mod members;
mod metrics;
mod native;
mod negotiate;
mod openapi;
mod problem;
mod range;
mod server;
mod trace;

pub use metrics::Metrics;
pub use openapi::document as openapi_document;
pub use server::{Options, serve};
