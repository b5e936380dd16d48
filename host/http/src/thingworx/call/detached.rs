//! Changes of what is stored: they end once they have begun.

use analyte_jobs::JobsError;

use crate::native::providers::put::broken_off;
use crate::thingworx::error::ServiceError;

/// Carries a change through whether or not the client waits for it: half-way is the worst place to stop.
pub(crate) async fn detached<T: Send + 'static>(
    change: impl Future<Output = Result<T, JobsError>> + Send + 'static,
) -> Result<T, ServiceError> {
    Ok(tokio::spawn(change).await.map_err(|error| broken_off(&error))??)
}
