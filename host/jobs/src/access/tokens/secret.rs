//! Secrets: what a client shows to prove who it is.

use std::fmt;

use analyte_core::codes::Code;
use analyte_core::digest::Digest;
use subtle::ConstantTimeEq as _;

use crate::error::JobsError;

/// A secret of 256 random bits. Shown once, never kept, never printed by accident.
#[derive(Clone)]
pub struct Secret(String);

impl Secret {
    /// A new one that begins with `prefix`, so that leaked ones can be searched for.
    pub(crate) fn random(prefix: &str) -> Result<Self, JobsError> {
        Ok(Self(format!("{prefix}{}", Digest::from_bytes(random_bytes()?).hex())))
    }

    /// The text that a client shows, for instance in `Authorization: Bearer …`.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// What is kept of it.
    pub(crate) fn hash(&self) -> Hashed {
        Hashed::of(&self.0)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// The SHA-256 of a secret: what is kept, and what secrets are looked up by. Two of them are compared in a time that does
/// not depend on where they differ.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Hashed(pub(crate) Digest);

impl Hashed {
    pub(crate) fn of(secret: &str) -> Self {
        Self(Digest::of(secret.as_bytes()))
    }
}

impl PartialEq for Hashed {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_bytes().ct_eq(other.0.as_bytes()).into()
    }
}
impl Eq for Hashed {}

impl std::hash::Hash for Hashed {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

pub(crate) fn random_bytes<const N: usize>() -> Result<[u8; N], JobsError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes)
        .map_err(|error| JobsError::new(Code::HostError, "the system gives no random numbers").because(error))?;
    Ok(bytes)
}
