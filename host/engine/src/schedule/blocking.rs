//! Work of the engine that takes long without a pause.

use crate::error::Refused;

/// Does such work on a thread that may be busy for a while.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Refused> + Send + 'static,
) -> Result<T, Refused> {
    tokio::task::spawn_blocking(work)
        .await
        .unwrap_or_else(|error| Err(Refused::host("making the component ready broke off").because(error.to_string())))
}
