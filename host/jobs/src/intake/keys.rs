//! Which idempotency keys are in use at this moment.

use std::collections::HashSet;
use std::sync::Arc;

use analyte_core::codes::Code;
use analyte_core::names::Organisation;
use parking_lot::Mutex;

use crate::error::JobsError;

/// Keys whose submissions are being handled.
#[derive(Default)]
pub(crate) struct Keys {
    held: Mutex<HashSet<(Organisation, String)>>,
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
    pub(super) fn take(self: &Arc<Self>, organisation: &Organisation, key: &str) -> Option<KeyTurn> {
        let key = (organisation.clone(), key.to_owned());
        self.held.lock().insert(key.clone()).then(|| KeyTurn { keys: self.clone(), key })
    }
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
