//! What a machine asks the server about itself.

use std::sync::{Arc, LazyLock};

use analyte_jobs::Health;
use axum::extract::State;
use axum::response::Response;
use bytes::Bytes;
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use super::json;
use crate::entry::auth::Caller;
use crate::openapi;
use crate::problem::ProblemBody;
use crate::shared::Shared;

/// Whether the server lives.
#[derive(Serialize, ToSchema)]
pub(crate) struct Alive {
    /// Always `alive`.
    #[schema(example = "alive")]
    status: &'static str,
}

/// Whether the server can work.
#[derive(Serialize, ToSchema)]
pub(crate) struct Ready {
    /// `ready`; `starting` while components are being loaded, or stopping; `failing` while the store does not work.
    #[schema(example = "ready")]
    status: &'static str,
    /// Damaged records that were put aside.
    quarantined_records: u64,
    /// Whether new jobs are refused for want of disk space.
    disk_full: bool,
    /// Why the store cannot be written; absent while it can.
    #[serde(skip_serializing_if = "Option::is_none")]
    failing: Option<String>,
}

/// Whether the server lives: it answers.
#[utoipa::path(get, path = "/healthz", tag = "server", security(()), responses(
    (status = 200, description = "The server lives.", body = Alive),
))]
pub(crate) async fn alive() -> Response {
    json::answer(StatusCode::OK, &Alive { status: "alive" })
}

/// Whether the server can work: components are loaded and the store answers.
#[utoipa::path(get, path = "/readyz", tag = "server", security(()), responses(
    (status = 200, description = "It can.", body = Ready),
    (status = 503, description = "Not now.", body = Ready),
))]
pub(crate) async fn ready(State(shared): State<Arc<Shared>>) -> Response {
    let (status, health) = match shared.manager.health().await {
        Ok(health) if health.failing.is_some() => ("failing", health),
        Ok(health) if shared.manager.ready() => ("ready", health),
        Ok(health) => ("starting", health),
        Err(error) => {
            tracing::warn!(%error, "not ready");
            ("failing", Health { failing: Some(error.message().to_owned()), ..Health::default() })
        }
    };
    let code = if status == "ready" { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let Health { quarantined, disk_full, failing, .. } = health;
    json::answer(code, &Ready { status, quarantined_records: quarantined, disk_full, failing })
}

/// This document.
#[utoipa::path(get, path = "/openapi.json", tag = "server", responses(
    (status = 200, description = "OpenAPI 3.1.", content_type = "application/json"),
    (status = 401, description = "No valid token.", body = ProblemBody),
))]
pub(crate) async fn openapi(_: Caller) -> Response {
    json::bytes(StatusCode::OK, DOCUMENT.clone())
}

static DOCUMENT: LazyLock<Bytes> = LazyLock::new(|| openapi::document().into());

/// Writes the document, which takes some milliseconds, before it is asked for.
pub(crate) fn prepare() {
    LazyLock::force(&DOCUMENT);
}
