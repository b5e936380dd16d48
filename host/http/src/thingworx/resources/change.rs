//! Changes of what is installed: which provider is meant, and that they end once they have begun.

use analyte_core::names::{ProviderKey, ProviderName};
use analyte_jobs::JobsError;

use crate::native::providers::put::broken_off;
use crate::thingworx::call::Call;
use crate::thingworx::error::ServiceError;

/// The provider of this name that the caller sees, if the caller may change it. Nobody but an administrator changes one
/// that belongs to all organisations.
pub(super) fn provider(call: &Call, name: &ProviderName) -> Result<ProviderKey, ServiceError> {
    let found = call.manager().provider(call.organisation(), name)?;
    let owner = found.record.organisation.as_ref();
    Ok(call.manager().provider_to_change(call.caller.principal(), owner, name)?)
}

/// Carries a change through whether or not the client waits for it: half-way is the worst place to stop.
pub(crate) async fn carry<T: Send + 'static>(
    change: impl Future<Output = Result<T, JobsError>> + Send + 'static,
) -> Result<T, ServiceError> {
    Ok(tokio::spawn(change).await.map_err(|error| broken_off(&error))??)
}
