//! What a call names: a provider, a model, a job. Everything that is not there, or not for the caller, gets one sentence.

use std::str::FromStr;

use analyte_core::codes::Code;
use analyte_core::names::{ProviderKey, ProviderName};

use super::Call;
use crate::thingworx::error::ServiceError;

/// Of names of a client within messages.
const SHOWN: usize = 80;

/// A parameter that is a name; what is no name at all names nothing that is there. `what`: a provider, a model.
pub(crate) fn name<N: FromStr>(call: &Call, parameter: &str, what: &str) -> Result<N, ServiceError> {
    let given = call.required_text(parameter)?;
    given.parse().map_err(|_| missing(what, &given))
}

/// The provider of this name that the caller sees, if the caller may change it. Nobody but an administrator changes one
/// that belongs to all organisations.
pub(crate) fn provider_to_change(call: &Call, name: &ProviderName) -> Result<ProviderKey, ServiceError> {
    let found = call.manager().provider(call.organisation(), name)?;
    let owner = found.record.organisation.as_ref();
    Ok(call.manager().provider_to_change(call.caller.principal(), owner, name)?)
}

/// The refusal of what is not there.
pub(crate) fn missing(what: &str, given: &str) -> ServiceError {
    let mut chars = given.chars();
    let mut shown: String = chars.by_ref().take(SHOWN).collect();
    if chars.next().is_some() {
        shown.push('…');
    }
    ServiceError::coded(Code::NotFound, format!("there is no {what} `{shown}`"))
}
