//! Who calls: the token in `Authorization: Bearer …`. Tokens are neither logged nor taken from anywhere else, so that
//! they do not end up in addresses.

use std::sync::Arc;

use analyte_core::names::Organisation;
use analyte_jobs::{Manager, Principal, Right};
use axum::extract::FromRequestParts;
use http::HeaderMap;
use http::header::AUTHORIZATION;
use http::request::Parts;

use crate::gate::Shared;
use crate::problem::Problem;

/// The caller, as the gate found it.
#[derive(Debug, Clone)]
pub(crate) struct Caller(Principal);

impl Caller {
    /// Refuses a caller whose token does not allow this.
    pub(crate) fn require(&self, right: Right) -> Result<(), Problem> {
        self.0.require(right).map_err(Problem::from)
    }
    /// Whose data the caller may see.
    pub(crate) fn organisation(&self) -> &Organisation {
        &self.0.organisation
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
    manager.authenticate(secret).map(Caller).map_err(|_| Problem::unauthorized("the token is not valid"))
}

fn bearer(headers: &HeaderMap) -> Result<&str, &'static str> {
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
