//! Work that goes on to its end although its caller has gone away.
//!
//! A future is dropped where its caller is: an HTTP client that disconnects ends its handler between any two waits. What
//! has begun to change durable state must not stop half-way there, with a lock given up too early, a dispatcher not woken
//! or a cancelled run not stopped.

use analyte_core::codes::Code;

use crate::error::JobsError;

/// Does the work on a task of its own and waits for it; dropping the wait does not drop the work.
pub(crate) async fn detached<T: Send + 'static>(
    work: impl Future<Output = Result<T, JobsError>> + Send + 'static,
) -> Result<T, JobsError> {
    match tokio::spawn(work).await {
        Ok(answer) => answer,
        Err(error) => Err(JobsError::new(Code::HostError, "the call failed within the server").because(error)),
    }
}
