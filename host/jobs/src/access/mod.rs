//! Who may do what: organisations, and the tokens that belong to them.

pub(crate) mod organisations;
pub(crate) mod tokens;
