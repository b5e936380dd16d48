//! `GET /edge/v1/version`

use axum::response::Response;
use http::StatusCode;
use serde::Serialize;

use crate::aiware::EDITION;
use crate::native::json;

#[derive(Serialize)]
struct VersionBody {
    /// The edition of the product's description that is followed.
    version: &'static str,
    /// What answers.
    server: &'static str,
}

/// Which edition answers. Needs no token.
pub(super) async fn version() -> Response {
    let server = concat!("analyte ", env!("CARGO_PKG_VERSION"));
    json::answer(StatusCode::OK, &VersionBody { version: EDITION, server })
}
