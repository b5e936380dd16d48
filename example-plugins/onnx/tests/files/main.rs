//! Model files from publishing to answers, natively: the component itself is tested with the server.

#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod answers;
mod built;
mod operators;
mod refusals;
mod shapes;
