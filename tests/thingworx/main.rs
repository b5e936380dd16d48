//! The surface for clients of ThingWorx Analytics Manager over a real server process: the calling convention, and the
//! services. The traps of `docs/thingworx.md` are tests of their own, named after their number.

#![expect(clippy::expect_used, clippy::indexing_slicing, reason = "tests fail by panicking; JSON values index to null")]

mod api;
mod convention;
mod files;
mod jobs;
mod models;
mod outside_client;
