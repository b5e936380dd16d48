//! Idempotency keys: what was submitted before is found before anything else is looked at.
//!
//! A repetition is answered with the job that there is, even where its model was removed meanwhile. While the first
//! submission under a key is being handled, another one is refused rather than left to wait: its client may ask again.

use std::time::Duration;

use analyte_core::names::Organisation;
use analyte_store::Idempotency;

use crate::error::JobsError;
use crate::intake::keys::{KeyTurn, mismatch};
use crate::intake::submission::check_key;
use crate::manager::Manager;
use crate::view::read::JobView;

/// What is known of a key.
pub enum Begun {
    /// The same was submitted before; this is the job now.
    Replay(JobView),
    /// Nothing. To be held until the submission is answered.
    New(KeyTurn),
}

impl Manager {
    /// Begins a submission under an idempotency key. Refused with `idempotency-mismatch` where the key was used with
    /// another request, with `conflict` while a submission under it is being handled.
    pub async fn begin(&self, organisation: &Organisation, idempotency: &Idempotency) -> Result<Begun, JobsError> {
        check_key(&idempotency.key)?;
        // First, so that of two at once one finds the other here or its job in the store.
        let turn = self.inner.keys.take(organisation, &idempotency.key);
        match self.inner.store.known(organisation, &idempotency.key).await? {
            None => turn.map(Begun::New).ok_or_else(in_flight),
            Some(known) if known.request == idempotency.request => Ok(Begun::Replay(self.view(known.job).await?)),
            Some(_) => Err(mismatch()),
        }
    }
}

/// Another submission under the key is being handled.
fn in_flight() -> JobsError {
    let message =
        "a submission with this idempotency key is being handled at this moment; ask again when it is answered";
    JobsError::conflict(message).worth_trying_after(Duration::from_secs(1))
}
