//! `GET /edge/v1/admin/engine/{engine}/detail`

use std::sync::Arc;

use analyte_jobs::Right;
use axum::extract::State;
use axum::response::Response;
use http::StatusCode;

use crate::aiware::detail::engine::EngineDetail;
use crate::aiware::envelope::ResultEnvelope;
use crate::aiware::error::{ErrorId, Refusal};
use crate::aiware::ids::engines;
use crate::aiware::path::Segments;
use crate::entry::auth::Caller;
use crate::native::json;
use crate::native::table::compute;
use crate::shared::Shared;

/// One engine.
pub(crate) async fn detail(
    State(shared): State<Arc<Shared>>,
    caller: Caller,
    Segments(id): Segments<String>,
) -> Result<Response, Refusal> {
    caller.require(Right::JobsRead)?;
    let organisation = caller.organisation();
    let (manager, of, asked) = (shared.manager.clone(), organisation.clone(), id.clone());
    let found = compute(&shared, organisation, move || engines::one(&manager, &of, &asked)).await?;
    let nothing = || {
        let shown: String = id.chars().take(80).collect();
        Refusal::new(ErrorId::NotFound, format!("there is no engine `{shown}`"))
    };
    let (provider, model) = found.ok_or_else(nothing)?;
    let provider = shared.manager.provider(organisation, &provider).map_err(|_| nothing())?;
    let model = provider.models.get(&model).ok_or_else(nothing)?;
    let body = ResultEnvelope { result: EngineDetail::of(&provider, model), success: true, error: None };
    Ok(json::answer(StatusCode::OK, &body))
}
