//! `GET /edge/v1/admin/engines`: the models that an organisation may use.

use std::sync::Arc;

use analyte_jobs::{Model, Provider, Right};
use axum::extract::State;
use axum::response::Response;
use http::{StatusCode, Uri};

use crate::aiware::detail::engine::{EngineDetail, state};
use crate::aiware::envelope::{ListEnvelope, Part};
use crate::aiware::error::Refusal;
use crate::aiware::ids::names;
use crate::aiware::query::Asked;
use crate::entry::auth::Caller;
use crate::native::listing::{Items, Listing, Part as Written};
use crate::native::table::compute;
use crate::shared::Shared;

/// What may be asked for.
const NAMES: [&str; 14] = [
    "offset",
    "limit",
    "orderBy",
    "direction",
    "internalOrganizationID",
    "engineName",
    "engineState",
    "engineType",
    "engineOutputType",
    "engineCategoryID",
    "engineIDs",
    "startTime",
    "endTime",
    "preload",
];

/// An engine.
type Engine = (Arc<Provider>, Arc<Model>);

/// Engines for which all conditions hold, by name.
#[utoipa::path(get, path = "/edge/v1/admin/engines", operation_id = "engines", tag = "engines",
    params(
        ("offset" = Option<u64>, Query, description = "How many stand before the part that is asked for."),
        ("limit" = Option<u64>, Query, description = "Most items to answer, up to 10,000; usually 10."),
        ("orderBy" = Option<String>, Query, description = "`engineName` or `createdDateTime`."),
        ("direction" = Option<String>, Query, description = "`ASC` or `DESC`."),
        ("internalOrganizationID" = Option<String>, Query, description = "The UUID or the name of the organisation."),
        ("engineName" = Option<String>, Query, description = "Only what has this."),
        ("engineState" = Option<String>, Query, description = "Only what has this."),
        ("engineType" = Option<String>, Query, description = "Only what has this."),
        ("engineOutputType" = Option<String>, Query, description = "Only what has this."),
        ("engineCategoryID" = Option<String>, Query, description = "Only what has this."),
        ("engineIDs" = Option<String>, Query, description = "UUIDs, with commas between them."),
        ("startTime" = Option<i64>, Query, description = "Changes nothing."),
        ("endTime" = Option<i64>, Query, description = "Changes nothing."),
        ("preload" = Option<String>, Query, description = "Changes nothing."),
    ),
    responses(
        (status = 200, description = "A part of the list.", body = ListEnvelope<EngineDetail>),
    ),
)]
pub(crate) async fn engines(State(shared): State<Arc<Shared>>, caller: Caller, uri: Uri) -> Result<Response, Refusal> {
    caller.require(Right::JobsRead)?;
    let asked = Asked::of(&uri, &NAMES)?;
    let part = Part::of(&asked, None)?;
    asked.word("orderBy", &[("engineName", ()), ("createdDateTime", ())])?;
    let descending = asked.word("direction", &[("ASC", false), ("DESC", true)])?.unwrap_or_default();
    let (manager, organisation) = (shared.manager.clone(), caller.organisation().clone());
    // Ids are made of the names of all models that there may be, which takes a while.
    let find = move || {
        let mut found: Vec<Engine> = manager.providers(&organisation).iter().flat_map(engines_of).collect();
        found.retain(|(provider, model)| wanted(&asked, &organisation, provider, model));
        found.sort_by(|(_, one), (_, other)| (&one.provider, &one.info.name).cmp(&(&other.provider, &other.info.name)));
        if descending {
            found.reverse();
        }
        found
    };
    let found = compute(&shared, caller.organisation(), find).await?;
    let count = found.len() as u64;
    let offset = usize::try_from(part.offset).unwrap_or(usize::MAX);
    let engines: Vec<Engine> = found.into_iter().skip(offset).take(part.limit).collect();
    let written = |(provider, model): &Engine, part: &mut Written<'_>| {
        serde_json::to_writer(part, &EngineDetail::of(provider, model))
    };
    let listing = Listing::within(&ListEnvelope::<()>::of(Vec::new(), count, part), engines, written);
    Ok(listing.answer(&shared, caller.organisation(), StatusCode::OK, Items::Kept).await?)
}

fn engines_of(provider: &Arc<Provider>) -> Vec<Engine> {
    provider.models.values().map(|model| (provider.clone(), model.clone())).collect()
}

/// Whether all conditions hold for an engine. `preload` and the times say nothing of what is listed.
fn wanted(asked: &Asked, organisation: &analyte_core::names::Organisation, provider: &Provider, model: &Model) -> bool {
    let (provider_name, model_name) = (&provider.record.name, &model.info.name);
    let is = |name: &str, own: &str| asked.text(name).is_none_or(|text| text.eq_ignore_ascii_case(own));
    let contains = |text: &str| {
        names::engine_name(provider_name, model_name).to_ascii_lowercase().contains(&text.to_ascii_lowercase())
    };
    let among = |ids: &str| {
        let id = names::engine(provider_name, model_name).to_string();
        ids.split(',').any(|asked| asked.trim().eq_ignore_ascii_case(&id))
    };
    asked.text("internalOrganizationID").is_none_or(|id| names::is_organisation(id, organisation))
        && asked.text("engineName").is_none_or(contains)
        && is("engineState", state(model))
        && is("engineType", "cognition")
        && is("engineOutputType", "table")
        && (asked.text("engineCategoryID").is_none()
            || is("engineCategoryID", &names::category(provider_name).to_string()))
        && asked.text("engineIDs").is_none_or(among)
}
