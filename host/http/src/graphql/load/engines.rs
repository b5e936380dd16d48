//! Engines: the models that an organisation may use.

use std::sync::Arc;

use analyte_core::names::{ModelName, ProviderName};
use analyte_jobs::Provider;

use crate::aiware::ids::engines;
use crate::graphql::context::Asked;
use crate::graphql::fault::Fault;
use crate::graphql::node::engine::Engine;
use crate::native::table::compute_sized;

/// What it takes to look at one engine, in bytes of a table that could be read meanwhile.
const ENGINE_BYTES: usize = 64;

/// The engine that an id or a name means.
pub(crate) async fn one(asked: &Asked<'_>, id: &str) -> Result<Engine, Fault> {
    let found = engines::one(asked.shared, asked.organisation(), id).await?;
    let found = found.and_then(|(provider, model)| named(asked, &provider, &model));
    found.ok_or_else(|| Fault::not_found("Engine", id))
}

/// The engine that is this model; `None`: it is not installed any more.
pub(crate) fn named(asked: &Asked<'_>, provider: &ProviderName, model: &ModelName) -> Option<Engine> {
    let provider = asked.manager().provider(asked.organisation(), provider).ok()?;
    let model = provider.models.get(model)?.clone();
    Some(Engine { provider, model })
}

/// All engines for which a condition holds, by name.
pub(crate) async fn all(
    asked: &Asked<'_>,
    fits: impl Fn(&Engine) -> bool + Send + 'static,
) -> Result<Vec<Engine>, Fault> {
    let providers = asked.manager().providers(asked.organisation());
    let count: usize = providers.iter().map(|provider| provider.models.len()).sum();
    let of = |provider: &Arc<Provider>| -> Vec<Engine> {
        provider.models.values().map(|model| Engine { provider: provider.clone(), model: model.clone() }).collect()
    };
    let find = move || {
        let mut found: Vec<Engine> = providers.iter().flat_map(of).filter(|engine| fits(engine)).collect();
        let name = |engine: &Engine| (engine.provider.record.name.clone(), engine.model.info.name.clone());
        found.sort_by_cached_key(name);
        found
    };
    Ok(compute_sized(asked.shared, asked.organisation(), count.saturating_mul(ENGINE_BYTES), find).await?)
}
