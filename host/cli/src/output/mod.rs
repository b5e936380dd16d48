//! What the user gets to see: results on stdout, everything else on stderr.

pub(crate) mod grid;
pub(crate) mod in_words;
pub(crate) mod list;
pub(crate) mod logging;
pub(crate) mod progress;
pub(crate) mod report;
pub(crate) mod stdout;
pub(crate) mod table;
