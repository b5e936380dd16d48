//! What handlers read of a request.

pub(crate) mod accept;
pub(crate) mod body;
pub(crate) mod drain_body;
pub(crate) mod items;
pub(crate) mod json_body;
pub(crate) mod multipart;
pub(crate) mod negotiate;
pub(crate) mod pieces;
pub(crate) mod strict_json;
