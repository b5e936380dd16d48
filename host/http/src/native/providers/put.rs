//! `PUT /v1/providers/{provider}`

use std::sync::Arc;

use analyte_core::codes::Code;
use analyte_core::names::ProviderName;
use analyte_jobs::{InstallProvider, ModelContent};
use axum::extract::{Request, State};
use axum::response::Response;
use http::header::{CONTENT_TYPE, LOCATION};
use http::{HeaderMap, HeaderValue, StatusCode};

use super::body::{ProviderBody, Shown, address, written};
use super::change::to_change;
use crate::entry::auth::Caller;
use crate::native::json::Binary;
use crate::native::listing::Listing;
use crate::native::path_and_query::Segments;
use crate::problem::{Problem, ProblemBody};
use crate::request::body;
use crate::shared::Shared;

/// The media type of a component.
pub(crate) const WASM: &str = "application/wasm";

/// Installs a provider, or replaces the one of this name; running jobs keep the old one.
///
/// The component is compiled and asked what it is before anything changes. An administrator installs for all
/// organisations, or for the one that is named; any other token installs for its own.
#[utoipa::path(put, path = "/v1/providers/{provider}", operation_id = "install_provider", tag = "providers",
    params(
        ("provider" = String, Path, description = "The name it shall go by."),
        ("organisation" = Option<String>, Query, description = "Whose it shall be, for administrators; usually that of all."),
    ),
    request_body(content = Binary, content_type = "application/wasm", description = "A component of the world `provider-plugin`."),
    responses(
        (status = 200, description = "Replaced.", body = ProviderBody),
        (status = 201, description = "Installed.", body = ProviderBody, headers(("Location" = String, description = "Its address."))),
        (status = 409, description = "The name is taken.", body = ProblemBody),
        (status = 413, description = "Larger than `component_bytes`.", body = ProblemBody),
        (status = 415, description = "Not `application/wasm`.", body = ProblemBody),
        (status = 422, description = "Not a component that keeps the contract.", body = ProblemBody),
    )
)]
pub(crate) async fn put(
    State(shared): State<Arc<Shared>>,
    caller: Caller,
    Segments(name): Segments<ProviderName>,
    request: Request,
) -> Result<Response, Problem> {
    let (parts, content) = request.into_parts();
    let key = to_change(&shared, &caller, &name, &parts.uri)?;
    if !is_wasm(&parts.headers) {
        return Err(Problem::new(Code::UnsupportedMediaType, format!("a provider is a component, of type {WASM}")));
    }
    let staged =
        body::stage(&shared, caller.organisation(), content, "component_bytes", shared.limits.component_bytes).await?;
    let install = InstallProvider { key, component: ModelContent::Staged(staged) };
    let manager = shared.manager.clone();
    // Installed whether or not the client waits: half-way is the worst place to stop.
    let installed = tokio::spawn(async move { manager.install_provider(install).await });
    let installed = installed.await.map_err(|error| broken_off(&error))??;
    let status = if installed.replaced { StatusCode::OK } else { StatusCode::CREATED };
    let shown = Shown::of(&shared.manager, installed.provider);
    let mut response = Listing::one(shown, written).answer_holding(
        shared.manager.computing(caller.organisation()),
        status,
        Vec::new(),
    )?;
    if let Ok(location) = HeaderValue::from_str(&address(&name)) {
        response.headers_mut().insert(LOCATION, location);
    }
    Ok(response)
}

/// Whether the body says that it is a component.
pub(crate) fn is_wasm(headers: &HeaderMap) -> bool {
    let given = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    given.split(';').next().is_some_and(|essence| essence.trim().eq_ignore_ascii_case(WASM))
}

/// The work was ended by a panic or by the end of the server.
pub(crate) fn broken_off(error: &tokio::task::JoinError) -> Problem {
    tracing::error!(%error, "work broke off");
    Problem::new(Code::HostError, "the server failed to answer this call; its log says more")
}
