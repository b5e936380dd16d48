//! What handlers write: answers in pieces, files, parts of files.

pub(crate) mod etag;
pub(crate) mod file_answer;
pub(crate) mod pieces;
pub(crate) mod range;
