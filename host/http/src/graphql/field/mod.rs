//! How nodes are answered, field by field. What has no meaning here is null.

mod account;
mod engine;
mod job;
mod object;
mod schedule;
mod task;
mod template;
