//! Idempotency keys: what was submitted before is found before anything else is looked at.
//!
//! A repetition is answered with the job that there is, even where its model was removed meanwhile. While the first
//! submission under a key is being handled, another one is refused rather than left to wait: its client may ask again.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use analyte_core::codes::Code;
use analyte_core::names::Organisation;
use analyte_store::Idempotency;
use parking_lot::Mutex;

use crate::error::JobsError;
use crate::manager::Manager;
use crate::read::JobView;
use crate::submission::check_key;

/// Keys whose submissions are being handled.
#[derive(Default)]
pub(crate) struct Keys {
    held: Mutex<HashSet<(Organisation, String)>>,
}

/// What is known of a key.
pub enum Begun {
    /// The same was submitted before; this is the job now.
    Replay(JobView),
    /// Nothing. To be held until the submission is answered.
    New(KeyTurn),
}

/// The right to submit under a key; over when dropped.
pub struct KeyTurn {
    keys: Arc<Keys>,
    key: (Organisation, String),
}

impl Drop for KeyTurn {
    fn drop(&mut self) {
        self.keys.held.lock().remove(&self.key);
    }
}

impl Keys {
    fn take(self: &Arc<Self>, organisation: &Organisation, key: &str) -> Option<KeyTurn> {
        let key = (organisation.clone(), key.to_owned());
        self.held.lock().insert(key.clone()).then(|| KeyTurn { keys: self.clone(), key })
    }
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

/// Somebody else submits under the key.
fn in_flight() -> JobsError {
    let message =
        "a submission with this idempotency key is being handled at this moment; ask again when it is answered";
    JobsError::conflict(message).worth_trying_after(Duration::from_secs(1))
}

/// The key was used with another request.
pub(crate) fn mismatch() -> JobsError {
    JobsError::new(Code::IdempotencyMismatch, "the idempotency key was used before with another body")
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn a_key_is_held_by_one_submission_of_one_organisation_at_a_time() {
        let keys = Arc::new(Keys::default());
        let (one, other) = (Organisation::default_one(), Organisation::new("other").unwrap());
        let first = keys.take(&one, "k");
        assert!(first.is_some());
        assert!(keys.take(&one, "k").is_none());
        assert!(keys.take(&one, "l").is_some());
        assert!(keys.take(&other, "k").is_some());
        drop(first);
        assert!(keys.take(&one, "k").is_some());
    }
}
