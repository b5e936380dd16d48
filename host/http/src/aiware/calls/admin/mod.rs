//! Calls about engines, logins and tokens.

pub(super) mod auth;
pub(super) mod create_token;
pub(super) mod engine_detail;
pub(super) mod engines;
pub(super) mod login;
