//! The repository itself: its layers and lists, and its documents.

mod architecture;
mod docs;
