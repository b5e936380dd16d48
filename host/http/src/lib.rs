//! Analyte over HTTP.
//!
//! [`serve`] answers calls on a listener until it is stopped. The surfaces only translate: what is allowed, kept or
//! run is decided by the job manager below them. Each surface has a folder of its own ([`native`] is the one of
//! `docs/reference/openapi.json`, [`thingworx`] answers clients of ThingWorx Analytics Manager, [`aiware`] those of aiWARE's AI
//! Processing, [`graphql`] those of its AI Data); what they share stands beside this file.
//!
//! Whatever is refused is answered as a problem (RFC 9457) with a stable `code`; see [`problem`].

mod aiware;
mod answer;
mod entry;
mod graphql;
mod metrics;
mod native;
mod openapi;
mod problem;
mod request;
mod shared;
mod thingworx;

pub use entry::cors::{BadOrigin, Origin};
pub use entry::server::{Options, serve};
pub use entry::tls::{BadTls, Tls};
pub use metrics::Metrics;
pub use openapi::document as openapi_document;
pub use thingworx::{DefaultAccept, ThingworxOptions};
