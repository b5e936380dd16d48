//! Which model a call means: `modelId` as the model's creation answered it, or `providerName` and `modelName`.

use std::sync::Arc;

use analyte_core::codes::Code;
use analyte_core::names::{ModelName, ProviderName};
use analyte_jobs::Model;

use crate::thingworx::call::{Call, names};
use crate::thingworx::error::ServiceError;

/// Its names, whether or not there is such a model.
pub(super) fn names(call: &Call) -> Result<(ProviderName, ModelName), ServiceError> {
    match call.text("modelId")?.filter(|id| !id.is_empty()) {
        Some(id) => parts(&id).ok_or_else(|| {
            let id: String = id.chars().take(80).collect();
            ServiceError::coded(Code::NotFound, format!("there is no model `{id}`"))
        }),
        None => Ok((names::name(call, "providerName", "provider")?, names::name(call, "modelName", "model")?)),
    }
}

/// The model, as far as the caller may see it.
pub(super) fn model(call: &Call) -> Result<Arc<Model>, ServiceError> {
    let (provider, model) = names(call)?;
    Ok(call.manager().model(call.organisation(), &provider, &model)?)
}

fn parts(id: &str) -> Option<(ProviderName, ModelName)> {
    let (provider, model) = id.split_once('/')?;
    Some((provider.parse().ok()?, model.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_two_names() {
        let of = |id: &str| parts(id).map(|(provider, model)| (provider.to_string(), model.to_string()));
        assert_eq!(of("p/m.v1"), Some(("p".to_owned(), "m.v1".to_owned())));
        for other in ["", "/", "p", "p/", "/m", "p/m/n", "p/..", "p /m"] {
            assert_eq!(of(other), None, "{other}");
        }
    }
}
