//! Who calls: the token in `Authorization: Bearer …`. Tokens are neither logged nor taken from anywhere else, so that
//! they do not end up in addresses. (The ThingWorx surface has its own ways, all of them headers: see its `admit`.)

use std::sync::Arc;

use analyte_core::codes::Code;
use analyte_core::names::Organisation;
use analyte_jobs::{JobsError, Manager, Principal, Right};
use axum::extract::FromRequestParts;
use http::header::AUTHORIZATION;
use http::request::Parts;
use http::{HeaderMap, StatusCode};

use crate::problem::Problem;
use crate::shared::Shared;

/// The caller, as the gate found it.
#[derive(Debug, Clone)]
pub(crate) struct Caller(Principal);

impl Caller {
    /// The caller that the gate found to be this principal.
    pub(crate) fn new(principal: Principal) -> Self {
        Self(principal)
    }
    /// Whose token it is, and what it allows.
    pub(crate) fn principal(&self) -> &Principal {
        &self.0
    }
    /// Refuses a caller whose token does not allow this.
    pub(crate) fn require(&self, right: Right) -> Result<(), Problem> {
        self.0.require(right).map_err(Problem::from)
    }
    /// Whose data the caller may see.
    pub(crate) fn organisation(&self) -> &Organisation {
        &self.0.organisation
    }
    /// Whose data the call is about: its own organisation's, unless an administrator names another.
    pub(crate) fn speaking_for<'a>(&'a self, asked: Option<&'a Organisation>) -> Result<&'a Organisation, Problem> {
        match asked {
            Some(asked) if asked != self.organisation() => {
                self.require(Right::Admin)?;
                Ok(asked)
            }
            _ => Ok(self.organisation()),
        }
    }
}

impl FromRequestParts<Arc<Shared>> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &Arc<Shared>) -> Result<Self, Problem> {
        // Only an open address has no caller, and none of those asks for one.
        parts.extensions.remove::<Self>().ok_or_else(|| Problem::unauthorized("this call needs a token"))
    }
}

/// Finds out who calls.
pub(crate) fn authenticate(manager: &Manager, headers: &HeaderMap) -> Result<Caller, Problem> {
    let secret = bearer(headers).map_err(Problem::unauthorized)?;
    manager.authenticate(secret).map(Caller).map_err(refused)
}

/// Why a token does not let its caller in: it is not valid, or makes more calls than it may.
pub(crate) fn refused(error: JobsError) -> Problem {
    match error.code() {
        Code::Busy => Problem::from(error).status(StatusCode::TOO_MANY_REQUESTS),
        _ => Problem::unauthorized("the token is not valid"),
    }
}

/// The secret of the only `Authorization: Bearer …` header.
pub(crate) fn bearer(headers: &HeaderMap) -> Result<&str, &'static str> {
    const HOW: &str = "this call needs the header `Authorization: Bearer TOKEN`";
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let value = values.next().ok_or(HOW)?;
    if values.next().is_some() {
        return Err("there are several Authorization headers");
    }
    let (scheme, secret) = value.to_str().map_err(|_| HOW)?.split_once(' ').ok_or(HOW)?;
    let secret = secret.trim();
    if scheme.eq_ignore_ascii_case("bearer") && !secret.is_empty() { Ok(secret) } else { Err(HOW) }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn only_one_bearer_token_is_taken() {
        let of = |values: &[&'static str]| {
            let headers: HeaderMap = values.iter().map(|value| (AUTHORIZATION, HeaderValue::from_static(value))).fold(
                HeaderMap::new(),
                |mut headers, (name, value)| {
                    headers.append(name, value);
                    headers
                },
            );
            bearer(&headers).map(str::to_owned).ok()
        };
        assert_eq!(of(&["Bearer abc"]).as_deref(), Some("abc"));
        assert_eq!(of(&["bearer  abc "]).as_deref(), Some("abc"));
        for bad in ["", "abc", "Bearer", "Bearer ", "Basic abc", "Bearerabc"] {
            assert_eq!(of(&[bad]), None, "{bad}");
        }
        assert_eq!(of(&[]), None);
        assert_eq!(of(&["Bearer a", "Bearer a"]), None);
    }
}
