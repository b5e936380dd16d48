//! Scheduled jobs. The product makes and changes them over AI Data only.

pub(crate) mod delete;
pub(crate) mod detail;
pub(crate) mod list;
