//! UUIDs of what has only a name here: organisations, engines and their categories, builds.
//!
//! Each is a UUID of version 5 of the name, so it is the same on every server and after every restart.

use analyte_core::digest::Digest;
use analyte_core::names::{ModelName, Organisation, ProviderName, ScheduleId};
use uuid::Uuid;

/// In which all of them are named.
const NAMESPACE: Uuid = Uuid::from_u128(0x6f0a_2c6e_9d43_4c1b_8e57_3b1d_5a9e_71f4);

fn named(name: &str) -> Uuid {
    Uuid::new_v5(&NAMESPACE, name.as_bytes())
}

/// The id of an organisation.
pub(crate) fn organisation(organisation: &Organisation) -> Uuid {
    named(organisation.as_str())
}

/// The id of the engine that a model is.
pub(crate) fn engine(provider: &ProviderName, model: &ModelName) -> Uuid {
    // No name of an organisation has a slash.
    named(&engine_name(provider, model))
}

/// What an engine is called.
pub(crate) fn engine_name(provider: &ProviderName, model: &ModelName) -> String {
    format!("{provider}/{model}")
}

/// The id of the category that the models of a provider are in.
pub(crate) fn category(provider: &ProviderName) -> Uuid {
    named(&format!("{provider}/"))
}

/// The id of the build that a component is.
pub(crate) fn build(component: &Digest) -> Uuid {
    named(&component.to_string())
}

/// The id of a part of a schedule.
pub(crate) fn schedule_part(schedule: ScheduleId, place: usize) -> Uuid {
    named(&format!("{schedule}/{place}"))
}

/// Whether this text names the organisation: by its id or its name. Nothing is the organisation of the token.
pub(crate) fn is_organisation(text: &str, own: &Organisation) -> bool {
    text.is_empty() || text == own.as_str() || Uuid::try_parse(text).is_ok_and(|id| id == organisation(own))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn ids_never_change() {
        let (provider, model) = (ProviderName::new("statistics").unwrap(), ModelName::new("describe").unwrap());
        assert_eq!(engine(&provider, &model).to_string(), "355d4a2a-c476-53ee-b182-b07e66760f27");
        assert_eq!(organisation(&Organisation::default_one()).to_string(), "cac5af80-4649-5848-a42c-5f55627b0354");
        assert_eq!(category(&provider).to_string(), "31246455-c4ff-56c8-b9e3-4da34eac1be5");
        let own = Organisation::new("lab").unwrap();
        for text in ["", "lab", &organisation(&own).to_string(), &organisation(&own).to_string().to_uppercase()] {
            assert!(is_organisation(text, &own), "{text}");
        }
        for text in ["Lab", "default", &organisation(&Organisation::default_one()).to_string()] {
            assert!(!is_organisation(text, &own), "{text}");
        }
    }
}
