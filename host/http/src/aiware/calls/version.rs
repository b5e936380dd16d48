//! `GET /edge/v1/version`

use axum::response::Response;
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use crate::aiware::EDITION;
use crate::native::json;

#[derive(Serialize, ToSchema)]
struct VersionBody {
    /// The edition of the product's description that is followed.
    version: &'static str,
    /// What answers.
    server: &'static str,
}

/// Which edition answers. Needs no token.
#[utoipa::path(get, path = "/edge/v1/version", operation_id = "version", tag = "server",
    responses(
        (status = 200, description = "The edition.", body = VersionBody),
    ),
    security(()),
)]
pub(super) async fn version() -> Response {
    let server = concat!("analyte ", env!("CARGO_PKG_VERSION"));
    json::answer(StatusCode::OK, &VersionBody { version: EDITION, server })
}
