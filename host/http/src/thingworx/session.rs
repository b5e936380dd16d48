//! Sessions that clients of ThingWorx open, with the cookie that they keep.

use analyte_core::codes::Code;
use analyte_jobs::{Principal, Session};
use http::HeaderValue;

use super::cookie;
use crate::problem::Problem;
use crate::shared::Shared;

/// Opens a session, and says what the client has to keep of it.
pub(super) fn open(shared: &Shared, principal: &Principal) -> Result<(Session, HeaderValue), Problem> {
    let (session, secret) = shared.manager.open_session(principal)?;
    let secure = shared.tls || shared.thingworx.secure_cookies;
    let cookie = cookie::set(&secret, secure)
        .ok_or_else(|| Problem::new(Code::HostError, "the session's cookie cannot be written"))?;
    Ok((session, cookie))
}
