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
use crate::shared::Shared;

/// One engine.
#[utoipa::path(get, path = "/edge/v1/admin/engine/{engine}/detail", operation_id = "engine_detail", tag = "engines",
    params(
        ("engine" = String, Path, description = "Its id, or `provider/model`."),
    ),
    responses(
        (status = 200, description = "The engine.", body = ResultEnvelope<EngineDetail>),
    ),
)]
pub(crate) async fn detail(
    State(shared): State<Arc<Shared>>,
    caller: Caller,
    Segments(id): Segments<String>,
) -> Result<Response, Refusal> {
    caller.require(Right::JobsRead)?;
    let organisation = caller.organisation();
    let found = engines::one(&shared, organisation, &id).await?;
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
