//! What calls that change providers or their models have in common: the right, and whose provider it is.

use analyte_core::names::{Organisation, ProviderKey, ProviderName};
use analyte_jobs::Right;
use http::Uri;

use crate::entry::auth::Caller;
use crate::native::path_and_query::{flag, known_pairs, named, parsed};
use crate::problem::Problem;
use crate::shared::Shared;

/// The provider that is changed: that of the organisation which the query names.
pub(crate) fn to_change(
    shared: &Shared,
    caller: &Caller,
    name: &ProviderName,
    uri: &Uri,
) -> Result<ProviderKey, Problem> {
    caller.require(Right::ProvidersWrite)?;
    key(shared, caller, name, named(uri, "organisation")?.as_ref())
}

/// The provider that is removed or of which something is, and whether its unfinished jobs end with that.
pub(crate) fn to_remove(
    shared: &Shared,
    caller: &Caller,
    name: &ProviderName,
    uri: &Uri,
) -> Result<(ProviderKey, bool), Problem> {
    caller.require(Right::ProvidersWrite)?;
    let [force, organisation] = known_pairs(uri, ["force", "organisation"])?;
    let force = flag("force", force.as_deref())?;
    let organisation = parsed("organisation", organisation.as_deref())?;
    Ok((key(shared, caller, name, organisation.as_ref())?, force))
}

fn key(
    shared: &Shared,
    caller: &Caller,
    name: &ProviderName,
    organisation: Option<&Organisation>,
) -> Result<ProviderKey, Problem> {
    Ok(shared.manager.provider_to_change(caller.principal(), organisation, name)?)
}
