//! `GET /edge/v1/openapi.json`

use axum::response::Response;
use http::StatusCode;

use crate::aiware::description;
use crate::native::json;

/// The description of these calls. **Ours**.
#[utoipa::path(get, path = "/edge/v1/openapi.json", operation_id = "openapi", tag = "server",
    responses((status = 200, description = "An OpenAPI document.", body = serde_json::Value)),
    security(()),
)]
pub(super) async fn openapi() -> Response {
    json::bytes(StatusCode::OK, description::document().into_bytes())
}
