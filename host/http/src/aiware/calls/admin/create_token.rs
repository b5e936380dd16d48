//! `POST /edge/v1/admin/tokens/create`

use std::sync::Arc;

use analyte_core::timestamp::Timestamp;
use analyte_jobs::{NewToken, Right};
use axum::extract::{Request, State};
use axum::response::Response;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::aiware::body::{SMALL, received};
use crate::aiware::envelope::ResultEnvelope;
use crate::aiware::error::{ErrorId, Refusal};
use crate::aiware::ids::names;
use crate::entry::auth::Caller;
use crate::native::json::{self, Time};
use crate::request::json_body;
use crate::shared::Shared;

/// What a token is called where nothing is said.
const USUAL_LABEL: &str = "made over /edge/v1";
/// The end of the year 9999, in seconds since 1970: later times cannot be written as answers write them.
const LAST_SECOND: i64 = 253_402_300_799;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CreateToken)]
struct CreateBody {
    token: NewTokenBody,
}

/// A token to be. Members of the product that would allow more, or bound in other units, are refused by name.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewToken)]
struct NewTokenBody {
    /// `api`, the only kind that is made here.
    #[serde(rename = "type")]
    kind: Option<String>,
    /// In seconds since 1970; 0: never.
    expiration: Option<i64>,
    /// The caller's own organisation, or nothing.
    #[serde(rename = "organizationIDs")]
    organisations: Option<Vec<String>>,
    #[serde(rename = "accessAllOrganization")]
    access_all: Option<bool>,
    /// Rights of this server; left out: to read and to write jobs.
    #[serde(rename = "roleIDs")]
    roles: Option<Vec<String>>,
    /// What the token is called; the user of a login.
    #[serde(rename = "userID")]
    user: Option<String>,
}

/// A token as it stands in answers.
#[derive(Serialize, ToSchema)]
#[schema(as = TokenDetail)]
struct TokenDetail<'a> {
    #[serde(rename = "tokenID")]
    id: &'a str,
    /// The secret, shown this once.
    token: &'a str,
    #[serde(rename = "type")]
    kind: &'static str,
    #[schema(value_type = Option<String>, format = DateTime)]
    expiration: Option<Time>,
    #[serde(rename = "organizationIDs")]
    #[schema(value_type = Vec<String>)]
    organisations: [Uuid; 1],
    #[serde(rename = "roleIDs")]
    roles: Vec<&'static str>,
    #[serde(rename = "userID")]
    user: &'a str,
    #[serde(rename = "createdDateTime")]
    #[schema(value_type = String, format = DateTime)]
    created: Time,
}

/// Makes a token. Its secret is in the answer, and nowhere else ever after.
#[utoipa::path(post, path = "/edge/v1/admin/tokens/create", operation_id = "create_token", tag = "access",
    request_body(content = CreateBody, content_type = "application/json"),
    responses(
        (status = 200, description = "The token; its secret is shown this once.", body = ResultEnvelope<TokenDetail>),
    ),
)]
pub(crate) async fn create(
    State(shared): State<Arc<Shared>>,
    caller: Caller,
    request: Request,
) -> Result<Response, Refusal> {
    let received = received(&shared, &caller, Some(Right::Admin), request, SMALL).await?;
    let CreateBody { token } = json_body::read(&received.bytes)?;
    let (record, secret) = shared.manager.create_token(asked(token, &caller)?).await?;
    let result = TokenDetail {
        id: &record.id,
        token: secret.reveal(),
        kind: "api",
        expiration: record.expires_at.map(Time),
        organisations: [names::organisation(&record.organisation)],
        roles: record.rights.iter().map(|right| right.as_str()).collect(),
        user: &record.label,
        created: Time(record.created_at),
    };
    Ok(json::answer(StatusCode::OK, &ResultEnvelope { result, success: true, error: None }))
}

fn asked(body: NewTokenBody, caller: &Caller) -> Result<NewToken, Refusal> {
    let NewTokenBody { kind, expiration, organisations, access_all, roles, user } = body;
    let refuse = |id, member: &str, message: &str| Err(Refusal::at(id, &format!("/token/{member}"), message));
    if kind.is_some_and(|kind| !kind.eq_ignore_ascii_case("api")) {
        return refuse(ErrorId::NotImplemented, "type", "must be `api`: other kinds have no meaning here");
    }
    if access_all == Some(true) {
        return refuse(
            ErrorId::NotImplemented,
            "accessAllOrganization",
            "has no meaning here: a token is of one organisation",
        );
    }
    let own = caller.organisation();
    if organisations.into_iter().flatten().any(|id| !names::is_organisation(&id, own)) {
        return refuse(ErrorId::NotFound, "organizationIDs", "names an organisation that is not the caller's");
    }
    let rights = match roles.filter(|roles| !roles.is_empty()) {
        None => vec![Right::JobsRead, Right::JobsWrite],
        Some(words) => {
            let mut rights: Vec<Right> = words.iter().filter_map(|word| Right::parse(word)).collect();
            if rights.len() != words.len() {
                return refuse(ErrorId::InvalidInput, "roleIDs", "has a word that is no right of this server");
            }
            rights.dedup();
            rights
        }
    };
    let expires_at = match expiration {
        None | Some(0) => None,
        Some(seconds) if (0..=LAST_SECOND).contains(&seconds) => Some(Timestamp(seconds.saturating_mul(1_000))),
        Some(_) => {
            let message = "must be 0, or seconds since 1970 in a year that four digits can say";
            return refuse(ErrorId::InvalidInput, "expiration", message);
        }
    };
    Ok(NewToken {
        organisation: own.clone(),
        label: user.filter(|user| !user.is_empty()).unwrap_or_else(|| USUAL_LABEL.to_owned()),
        rights,
        expires_at,
        requests_per_second: None,
    })
}
