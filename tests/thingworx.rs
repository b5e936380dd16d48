//! The surface for clients of ThingWorx Analytics Manager over a real server process: the calling convention, and the
//! services. The traps of `docs/thingworx.md` are tests of their own, named after their number.

#![expect(clippy::expect_used, clippy::indexing_slicing, reason = "tests fail by panicking; JSON values index to null")]

mod support;

#[path = "thingworx/api.rs"]
mod api;
#[path = "thingworx/convention/mod.rs"]
mod convention;
#[path = "thingworx/files.rs"]
mod files;
#[path = "thingworx/jobs/mod.rs"]
mod jobs;
#[path = "thingworx/models.rs"]
mod models;
