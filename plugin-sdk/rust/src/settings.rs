//! Settings and secrets that the operator granted to this provider.
//!
//! One must have been asked for, see [`Capability::setting`](crate::Capability::setting). One that was not, or was not
//! granted, is `None`; if the run then fails, its code is `capability-denied`.

use crate::host;

/// A setting.
pub fn get(name: &str) -> Option<String> {
    host::setting(name)
}

/// A secret. Never write it to a log, a message or a result.
pub fn secret(name: &str) -> Option<String> {
    host::secret(name)
}
