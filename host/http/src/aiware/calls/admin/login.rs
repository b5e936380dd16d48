//! `POST /edge/v1/admin/users/login`: a token's label is the user, the token is the password.
//!
//! The answer is the secret of a session: it allows what the token allows, ends with it, and ends by itself after
//! `session_ms`, or when it was not used for `session_idle_ms`. Nothing of it is kept.

use std::sync::Arc;

use analyte_core::codes::Code;
use axum::extract::{Request, State};
use axum::response::Response;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::aiware::body::{SMALL, accept_type};
use crate::aiware::error::{ErrorId, Refusal};
use crate::aiware::ids::names;
use crate::native::json;
use crate::request::{body, json_body};
use crate::shared::Shared;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct LoginBody {
    #[serde(alias = "userName")]
    username: String,
    password: String,
}

#[derive(Serialize, ToSchema)]
struct LoggedInBody<'a> {
    token: &'a str,
    result: UserBody<'a>,
    success: bool,
    #[schema(value_type = Option<crate::aiware::error::ErrorBody>)]
    error: Option<()>,
}

/// Who has logged in.
#[derive(Serialize, ToSchema)]
struct UserBody<'a> {
    #[serde(rename = "userID")]
    id: &'a str,
    #[serde(rename = "userName")]
    name: &'a str,
    #[serde(rename = "userState")]
    state: &'static str,
    #[serde(rename = "internalOrganizationID")]
    #[schema(value_type = String, format = "uuid")]
    organisation: Uuid,
    #[serde(rename = "organizationName")]
    organisation_name: &'a str,
}

/// Logs in.
#[utoipa::path(post, path = "/edge/v1/admin/users/login", operation_id = "login", tag = "access",
    request_body(content = LoginBody, content_type = "application/json"),
    responses(
        (status = 200, description = "What to use in place of a token.", body = LoggedInBody),
    ),
    security(()),
)]
pub(crate) async fn login(State(shared): State<Arc<Shared>>, request: Request) -> Result<Response, Refusal> {
    let (parts, content) = request.into_parts();
    accept_type(&parts.headers)?;
    // The caller is not known yet; a body this small takes nothing of any organisation.
    let default = analyte_core::names::Organisation::default_one();
    let received = body::receive(&shared, &default, content, SMALL).await?;
    let LoginBody { username, password } = json_body::read(&received.bytes)?;
    let principal = shared.manager.authenticate_as(&username, &password).map_err(|error| match error.code() {
        Code::Unauthorized => Refusal::new(ErrorId::AuthenticationError, "the user or the password is not right"),
        _ => Refusal::from(crate::entry::auth::refused(error)),
    })?;
    let (_, secret) = shared.manager.open_session(&principal)?;
    let result = UserBody {
        id: &principal.token,
        name: &principal.label,
        state: "active",
        organisation: names::organisation(&principal.organisation),
        organisation_name: principal.organisation.as_str(),
    };
    let body = LoggedInBody { token: secret.reveal(), result, success: true, error: None };
    Ok(json::answer(StatusCode::OK, &body))
}
