//! Analyte over HTTP.
//!
//! [`serve`] answers calls on a listener until it is told to stop. The surfaces only translate: what is allowed, kept or
//! run is decided by the job manager below them. Each surface has a folder of its own ([`native`] is the one of
//! `docs/reference/openapi.json`, [`thingworx`] answers clients of ThingWorx Analytics Manager); what they share stands beside this
//! file.
//!
//! Whatever is refused is answered as a problem (RFC 9457) with a stable `code`; see [`problem`].

mod auth;
mod body;
mod cors;
mod etag;
mod file_answer;
mod gate;
mod host_check;
mod items;
mod leftover;
mod members;
mod metrics;
mod native;
mod negotiate;
mod openapi;
mod pieces;
mod problem;
mod range;
mod server;
mod stalls;
mod thingworx;
mod tls;
mod trace;

pub use cors::{BadOrigin, Origin};
pub use metrics::Metrics;
pub use openapi::document as openapi_document;
pub use server::{Options, serve};
pub use thingworx::{DefaultAccept, ThingworxOptions};
pub use tls::{BadTls, Tls};
