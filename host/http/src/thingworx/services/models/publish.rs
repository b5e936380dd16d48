//! What both ways of creating a model take: a file of the repository of models, a name, and what the publisher says.

use analyte_core::codes::Code;
use analyte_core::model::Cardinality;
use analyte_core::names::{BadName, ModelName, ProviderName};
use analyte_jobs::{ModelContent, ModelOverrides, PublishModel};

use super::row;
use crate::thingworx::call::detached::detached;
use crate::thingworx::call::{Call, custom_data, names};
use crate::thingworx::error::ServiceError;
use crate::thingworx::files::location::{FileLocation, MODELS, PREFIX};
use crate::thingworx::files::media_type::{self, WASM};

/// Publishes the model that a call describes, under these shapes where it gives some, and answers its id.
///
/// The file is copied, so that what happens to it in the repository later changes no model. Nothing is fetched from
/// anywhere: an address that is not one of that repository is refused.
pub(super) async fn publish(call: &Call, mut overrides: ModelOverrides) -> Result<String, ServiceError> {
    let provider: ProviderName = names::name(call, "providerName", "provider")?;
    let key = names::provider_to_change(call, &provider)?;
    let name: ModelName = call.required_text("modelName")?.parse().map_err(|bad: BadName| invalid(bad.to_string()))?;
    let location = model_file(&call.required_text("fileURL")?, &provider)?;
    let stem = stem(&location);
    if stem != name.as_str() {
        return Err(invalid(format!("the model's name must be that of its file without its ending, `{stem}`")));
    }
    overrides.description = call.text("description")?.filter(|text| !text.is_empty());
    overrides.cardinality = cardinality(call.text("inputsToResultsCardinality")?.as_deref())?;
    let custom_data = call.bytes("customData").map(|json| custom_data::read(Some(json), &call.shared.limits));
    let custom_data = custom_data.transpose()?.map(|kept| kept.text().to_owned());
    let (manager, organisation) = (call.manager().clone(), call.organisation().clone());
    let published = detached(async move {
        let record = manager.repository_file(&organisation, MODELS, &location.path).await?;
        let media_type = if media_type::of(&record.path, None) == WASM { WASM } else { record.media_type.as_str() };
        let publish = PublishModel {
            overrides,
            source: Some(location.address()),
            custom_data,
            ..PublishModel::new(key, name, media_type.to_owned(), ModelContent::File(record.clone()))
        };
        manager.publish_model(publish).await
    });
    Ok(row::id(&published.await?.model))
}

/// The location of a model file of this provider.
fn model_file(url: &str, provider: &ProviderName) -> Result<FileLocation, ServiceError> {
    let of_provider = |location: &FileLocation| {
        let file = location.path.strip_prefix(provider.as_str()).and_then(|rest| rest.strip_prefix('/'));
        location.repository == MODELS && file.is_some_and(|file| !file.contains('/'))
    };
    FileLocation::of_url(url).filter(of_provider).ok_or_else(|| {
        invalid(format!("fileURL must be {PREFIX}{MODELS}/{provider}/ and the name of a file; nothing else is fetched"))
    })
}

/// A file's name without its ending.
fn stem(location: &FileLocation) -> &str {
    let name = location.path.rsplit('/').next().unwrap_or_default();
    match name.rsplit_once('.') {
        Some((stem, _)) if !stem.is_empty() => stem,
        _ => name,
    }
}

/// What the words mean; nothing given: as the provider says of the file.
fn cardinality(word: Option<&str>) -> Result<Option<Cardinality>, ServiceError> {
    use Cardinality::{Any, Nx1, NxN, Onex1, OnexN};
    let Some(word) = word.filter(|word| !word.is_empty()) else { return Ok(None) };
    let known = [Any, NxN, Nx1, OnexN, Onex1].into_iter().find(|known| known.as_str().eq_ignore_ascii_case(word));
    known.map(Some).ok_or_else(|| {
        let word: String = word.chars().take(80).collect();
        invalid(format!("inputsToResultsCardinality is Any, NxN, Nx1, 1xN or 1x1, not `{word}`"))
    })
}

/// A refusal of what was given.
pub(super) fn invalid(message: impl Into<String>) -> ServiceError {
    ServiceError::coded(Code::InvalidInput, message)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn only_files_of_the_provider_itself_are_taken() {
        let provider = ProviderName::new("p").unwrap();
        let of = |rest: &str| {
            let url = format!("{PREFIX}{rest}");
            model_file(&url, &provider).map(|location| (stem(&location).to_owned(), location.path)).ok()
        };
        let models = |path: &str| of(&format!("TW.AnalysisServices.ModelRepository/{path}"));
        assert_eq!(models("p/m.v1.onnx"), Some(("m.v1".to_owned(), "p/m.v1.onnx".to_owned())));
        assert_eq!(models("p/m"), Some(("m".to_owned(), "p/m".to_owned())));
        for other in ["m.onnx", "q/m.onnx", "p/q/m.onnx", "p", "p/", "p/../p/m.onnx", "P/m.onnx"] {
            assert_eq!(models(other), None, "{other}");
        }
        assert_eq!(of("TW.AnalysisServices.JobRepository/p/m.onnx"), None);
        assert_eq!(of("Other/p/m.onnx"), None);
    }

    #[test]
    fn cardinalities_are_five_words() {
        for (word, expected) in [
            (None, Some(None)),
            (Some(""), Some(None)),
            (Some("Any"), Some(Some(Cardinality::Any))),
            (Some("any"), Some(Some(Cardinality::Any))),
            (Some("nxn"), Some(Some(Cardinality::NxN))),
            (Some("Nx1"), Some(Some(Cardinality::Nx1))),
            (Some("1xN"), Some(Some(Cardinality::OnexN))),
            (Some("1x1"), Some(Some(Cardinality::Onex1))),
            (Some("2x1"), None),
            (Some("N x N"), None),
        ] {
            assert_eq!(cardinality(word).ok(), expected, "{word:?}");
        }
    }
}
