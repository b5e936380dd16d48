//! Calls about job templates.

pub(super) mod launch;
