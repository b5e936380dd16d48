//! Who calls: by a token, or by what a login gave for one, in `Authorization: Bearer` or in the header `api_key`.
//!
//! Clients that were generated from the product's description send `api_key` only; some send the text `null` where they have
//! no token, which is as good as nothing. Where both headers have a token, they must agree. Only the address of a socket may hold
//! one, as the product's clients send it: no log has the query of an address.

use analyte_core::codes::Code;
use analyte_jobs::{JobsError, Manager, Principal};
use http::HeaderMap;
use http::header::AUTHORIZATION;

use super::error::{ErrorId, Refusal};
use crate::entry::auth::Caller;

/// What a client that shows nothing learns.
const HOW: &str = "this call needs a token, in the header `Authorization: Bearer TOKEN` or `api_key: TOKEN`";

/// Whether anybody may call this address, or its handler asks for the token itself.
pub(super) fn is_open(path: &str) -> bool {
    matches!(path, "/edge/v1/version" | "/edge/v1/openapi.json" | "/edge/v1/admin/users/login" | "/edge/v1/client/ws")
}

/// Finds out who calls.
pub(crate) fn caller(manager: &Manager, headers: &HeaderMap) -> Result<Caller, Refusal> {
    let unauthorized = |detail: &str| Refusal::new(ErrorId::AuthenticationError, detail);
    principal(manager, secret(headers).map_err(unauthorized)?).map(Caller::new)
}

/// Who opens a socket, by the token of its address or of the headers, and with which secret.
pub(super) fn caller_of_socket(
    manager: &Manager,
    headers: &HeaderMap,
    token: Option<&str>,
) -> Result<(Caller, String), Refusal> {
    let unauthorized = |detail: &str| Refusal::new(ErrorId::AuthenticationError, detail);
    let secret = match token.filter(|token| *token != "null") {
        Some(token) => token,
        None => secret(headers).map_err(unauthorized)?,
    };
    principal(manager, secret).map(|principal| (Caller::new(principal), secret.to_owned()))
}

/// Whether what let a caller in still does, without counting a call: a token that is neither revoked nor expired, or a login that
/// is not over. To ask is a use of the login.
pub(super) fn still_holds(manager: &Manager, caller: &Caller, secret: &str) -> bool {
    let token = &caller.principal().token;
    manager.token_valid(token) && (manager.is_secret_of(token, secret) || manager.find_session(secret).is_some())
}

/// Whose token this is, or whose login gave this secret.
pub(crate) fn principal(manager: &Manager, secret: &str) -> Result<Principal, Refusal> {
    let found = match manager.authenticate(secret) {
        Err(error) if error.code() == Code::Unauthorized => of_login(manager, secret).unwrap_or(Err(error)),
        found => found,
    };
    found.map_err(|error| match error.code() {
        Code::Unauthorized => Refusal::new(ErrorId::AuthenticationError, "the token is not valid"),
        Code::Busy => Refusal::from(crate::entry::auth::refused(error)),
        _ => Refusal::from(error),
    })
}

/// Whose login gave this secret; `None`: no login that still holds.
fn of_login(manager: &Manager, secret: &str) -> Option<Result<Principal, JobsError>> {
    let session = manager.find_session(secret)?;
    Some(manager.admit_session(&session).map(|()| session.principal().clone()))
}

/// The secret that the headers hold.
fn secret(headers: &HeaderMap) -> Result<&str, &'static str> {
    let mut found: Option<&str> = None;
    let bearer = headers.get_all(AUTHORIZATION).iter().map(|value| {
        let (scheme, secret) = value.to_str().map_err(|_| HOW)?.trim().split_once(' ').ok_or(HOW)?;
        if scheme.eq_ignore_ascii_case("bearer") { Ok(secret) } else { Err(HOW) }
    });
    let keys = headers.get_all("api_key").iter().map(|value| value.to_str().map_err(|_| HOW));
    for secret in bearer.chain(keys) {
        let secret = secret?.trim();
        if secret.is_empty() || secret == "null" {
            continue;
        }
        if found.is_some_and(|other| other != secret) {
            return Err("the tokens sent with this call disagree");
        }
        found = Some(secret);
    }
    found.ok_or(HOW)
}

#[cfg(test)]
mod tests {
    use http::{HeaderName, HeaderValue};

    use super::*;

    #[test]
    fn one_token_is_taken_from_either_header() {
        let of = |headers: &[(&'static str, &'static str)]| {
            let mut map = HeaderMap::new();
            for (name, value) in headers {
                map.append(HeaderName::from_static(name), HeaderValue::from_static(value));
            }
            secret(&map).map(str::to_owned)
        };
        let some = |secret: &str| Ok(secret.to_owned());
        assert_eq!(of(&[("authorization", "bearer  a ")]), some("a"));
        assert_eq!(of(&[("authorization", "BEARER a"), ("api_key", "a")]), some("a"));
        assert_eq!(of(&[("authorization", "Bearer null"), ("api_key", "a")]), some("a"));
        assert_eq!(of(&[("api_key", "a")]), some("a"));
        for none in [&[][..], &[("authorization", "Bearer null")], &[("api_key", "null")], &[("api_key", "")]] {
            assert_eq!(of(none), Err(HOW), "{none:?}");
        }
        for wrong in [&[("authorization", "Basic a")][..], &[("authorization", "a"), ("api_key", "a")]] {
            assert_eq!(of(wrong), Err(HOW), "{wrong:?}");
        }
        assert!(of(&[("authorization", "Bearer a"), ("api_key", "b")]).is_err_and(|why| why.contains("disagree")));
    }
}
