//! The folders on this machine that Analyte keeps its own things in.

pub(crate) mod cache_dir;
pub(crate) mod data_dir;
