//! `PUT /v1/providers/{provider}/models/{model}`
//!
//! A component has to be in memory to be compiled, and is small. A model file may be large: it goes to the store as it
//! comes, and its provider reads of it what it needs.

use std::sync::Arc;

use analyte_core::names::{ModelName, ProviderName};
use analyte_jobs::{ModelContent, PublishModel};
use axum::extract::{Request, State};
use axum::response::Response;
use http::header::{CONTENT_TYPE, LOCATION};
use http::{HeaderValue, StatusCode};

use super::body::{ModelBody, address, shown};
use crate::entry::auth::Caller;
use crate::native::json::Binary;
use crate::native::path_and_query::Segments;
use crate::native::providers::change::to_change;
use crate::native::providers::put::{broken_off, is_wasm};
use crate::problem::{Problem, ProblemBody};
use crate::request::body;
use crate::request::negotiate::refuse_compressed;
use crate::shared::Shared;

/// Publishes a model, or replaces the published one of this name; jobs that were submitted keep the old one.
///
/// `application/wasm` is a component of the world `model-plugin`; it makes an empty provider if there is none. Any other
/// type is a model file, which the provider inspects before anything changes, and runs.
#[utoipa::path(put, path = "/v1/providers/{provider}/models/{model}", operation_id = "publish_model", tag = "models",
    params(
        ("provider" = String, Path, description = "The provider's name."),
        ("model" = String, Path, description = "The name that the model shall go by."),
        ("organisation" = Option<String>, Query, description = "Whose the provider is, for administrators; usually that of all."),
    ),
    request_body(content(
        (Binary = "application/wasm"),
        (Binary = "application/octet-stream"),
    ), description = "A model component, or a model file."),
    responses(
        (status = 200, description = "Replaced.", body = ModelBody),
        (status = 201, description = "Published.", body = ModelBody, headers(("Location" = String, description = "Its address."))),
        (status = 404, description = "There is no such provider that could inspect a file.", body = ProblemBody),
        (status = 409, description = "A built-in model has this name, or the provider takes no files.", body = ProblemBody),
        (status = 413, description = "Larger than `component_bytes` or `model_file_bytes`.", body = ProblemBody),
        (status = 422, description = "Not a component that keeps the contract, or a file that the provider refuses, with its reason.", body = ProblemBody),
    )
)]
pub(crate) async fn put(
    State(shared): State<Arc<Shared>>,
    caller: Caller,
    Segments((provider, model)): Segments<(ProviderName, ModelName)>,
    request: Request,
) -> Result<Response, Problem> {
    let (parts, content) = request.into_parts();
    let key = to_change(&shared, &caller, &provider, &parts.uri)?;
    refuse_compressed(&parts.headers)?;
    let limits = &shared.limits;
    let staged = if is_wasm(&parts.headers) {
        body::stage(&shared, caller.organisation(), content, "component_bytes", limits.component_bytes).await?
    } else {
        // Rather than that a large file is sent for nothing.
        shared.manager.takes_model_files(&key)?;
        body::stage(&shared, caller.organisation(), content, "model_file_bytes", limits.model_file_bytes).await?
    };
    let given = parts.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let media_type = given.unwrap_or("application/octet-stream").to_owned();
    let location = address(&provider, &model);
    let publish = PublishModel::new(key, model, media_type, ModelContent::Staged(staged));
    let manager = shared.manager.clone();
    // Published whether or not the client waits: half-way is the worst place to stop.
    let published = tokio::spawn(async move { manager.publish_model(publish).await });
    let published = published.await.map_err(|error| broken_off(&error))??;
    let status = if published.replaced { StatusCode::OK } else { StatusCode::CREATED };
    let mut response =
        shown(published.model).answer_holding(shared.manager.computing(caller.organisation()), status, Vec::new())?;
    if let Ok(location) = HeaderValue::from_str(&location) {
        response.headers_mut().insert(LOCATION, location);
    }
    Ok(response)
}
