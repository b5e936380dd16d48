//! `POST /v1/tokens`

use std::sync::Arc;

use analyte_core::names::Organisation;
use analyte_core::timestamp::Timestamp;
use analyte_jobs::{Clock as _, NewToken, Right, SystemClock};
use axum::extract::{Request, State};
use axum::response::Response;
use http::header::{CACHE_CONTROL, LOCATION};
use http::{HeaderValue, StatusCode};

use super::body::{MadeBody, NewTokenBody, RightWord, TokenBody};
use crate::entry::auth::Caller;
use crate::native::json::{self, Time};
use crate::problem::{Problem, ProblemBody};
use crate::request::body;
use crate::request::json_body;
use crate::request::negotiate::require_json;
use crate::request::strict_json;
use crate::shared::Shared;

/// Longest body of this call.
const MOST_BYTES: u64 = 16 * 1024;

/// Makes a token. Its secret is in the answer, and nowhere else ever after. Needs `admin`.
#[utoipa::path(post, path = "/v1/tokens", operation_id = "create_token", tag = "tokens",
    request_body(content = NewTokenBody, content_type = "application/json"),
    responses(
        (status = 201, description = "Made.", body = MadeBody, headers(("Location" = String, description = "Its address."))),
        (status = 404, description = "There is no such organisation.", body = ProblemBody),
        (status = 409, description = "The organisation has as many tokens as it may have.", body = ProblemBody),
        (status = 422, description = "The label, the rights or the times make no sense.", body = ProblemBody),
    )
)]
pub(crate) async fn create(
    State(shared): State<Arc<Shared>>,
    caller: Caller,
    request: Request,
) -> Result<Response, Problem> {
    caller.require(Right::Admin)?;
    let (parts, content) = request.into_parts();
    require_json(&parts.headers)?;
    let received = body::receive(&shared, caller.organisation(), content, MOST_BYTES).await?;
    let new = asked(&received.bytes, caller.organisation(), SystemClock.now())?;
    let (record, secret) = shared.manager.create_token(new).await?;
    let body = MadeBody { token: TokenBody::of(&record), secret: secret.reveal() };
    let mut response = json::answer(StatusCode::CREATED, &body);
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Ok(location) = HeaderValue::from_str(&format!("/v1/tokens/{}", record.id)) {
        headers.insert(LOCATION, location);
    }
    Ok(response)
}

fn asked(body: &[u8], own: &Organisation, now: Timestamp) -> Result<NewToken, Problem> {
    let NewTokenBody { label, rights, organisation, expires_at, expires_in_s, requests_per_second } =
        json_body::read(body)?;
    let expires_in = expires_in_s.map(|seconds| now.plus_ms(seconds.saturating_mul(1_000)));
    if expires_at.is_some() && expires_in.is_some() {
        return Err(strict_json::malformed("/expires_in_s".to_owned(), "stands beside `expires_at`; say one of them"));
    }
    let mut distinct = Vec::new();
    for RightWord(right) in rights {
        if !distinct.contains(&right) {
            distinct.push(right);
        }
    }
    Ok(NewToken {
        organisation: organisation.unwrap_or_else(|| own.clone()),
        label,
        rights: distinct,
        expires_at: expires_at.map(|Time(at)| at).or(expires_in),
        requests_per_second,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &str) -> Result<NewToken, String> {
        let own = Organisation::default_one();
        asked(body.as_bytes(), &own, Timestamp(1_000)).map_err(|problem| problem.detail().to_owned())
    }

    #[test]
    fn a_token_is_asked_for_whole_or_in_its_least_form() {
        let least = NewToken {
            organisation: Organisation::default_one(),
            label: "a".to_owned(),
            rights: vec![Right::JobsRead],
            expires_at: None,
            requests_per_second: None,
        };
        assert_eq!(read(r#"{"label":"a","rights":["jobs:read","jobs:read"],"organisation":null}"#), Ok(least.clone()));
        assert_eq!(
            read(r#"{"label":"a","rights":["jobs:read"],"expires_in_s":2,"requests_per_second":5}"#),
            Ok(NewToken { expires_at: Some(Timestamp(3_000)), requests_per_second: Some(5), ..least.clone() })
        );
        assert_eq!(
            read(r#"{"label":"a","rights":["jobs:read"],"expires_at":"1970-01-01T00:00:09Z"}"#),
            Ok(NewToken { expires_at: Some(Timestamp(9_000)), ..least.clone() })
        );
        let endless = format!(r#"{{"label":"a","rights":["jobs:read"],"expires_in_s":{}}}"#, u64::MAX);
        assert_eq!(read(&endless), Ok(NewToken { expires_at: Some(Timestamp(i64::MAX)), ..least }));
    }

    #[test]
    fn slips_are_named_with_their_place() {
        let refused = |body: &str| read(body).err().unwrap_or_default();
        assert_eq!(refused(r#"{"rights":[]}"#), "`/label` is missing");
        assert_eq!(refused(r#"{"label":"a"}"#), "`/rights` is missing");
        assert_eq!(
            refused(r#"{"label":"a","rights":["jobs:read","jobs"]}"#),
            "`/rights/1`: is no right; these are: `admin`, `jobs:read`, `jobs:write`, `providers:write`"
        );
        assert_eq!(
            refused(r#"{"label":"a","rights":[],"expires_at":"2030-01-01T00:00:00Z","expires_in_s":1}"#),
            "`/expires_in_s` stands beside `expires_at`; say one of them"
        );
        assert!(refused(r#"{"label":"a","rights":[],"expires":1}"#).starts_with("`/expires` is not known here"));
        assert!(
            refused(r#"{"label":"a","rights":[],"organisation":"a b"}"#)
                .starts_with("`/organisation`: `a b` is not a valid organisation name")
        );
        assert_eq!(
            refused(r#"{"label":"a","rights":[],"expires_at":"tomorrow"}"#),
            "`/expires_at`: a time is written as RFC 3339, for instance 2026-01-31T08:00:00Z"
        );
    }
}
