//! Names and identifiers, one type each, so that two of them cannot be swapped.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Longest name in bytes.
pub const NAME_BYTES: usize = 128;

/// A text that is not a name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{given}` is not a valid {what}: use a letter or a digit, then up to 127 letters, digits, dots, hyphens and underscores"
)]
pub struct BadName {
    what: &'static str,
    given: String,
}

fn check(what: &'static str, text: &str) -> Result<(), BadName> {
    let mut bytes = text.bytes();
    let first = bytes.next().is_some_and(|b| b.is_ascii_alphanumeric());
    if first && text.len() <= NAME_BYTES && bytes.all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b)) {
        return Ok(());
    }
    Err(BadName { what, given: text.chars().take(80).collect() })
}

macro_rules! name {
    ($(#[$doc:meta])* $type:ident, $what:literal) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $type(Arc<str>);

        impl $type {
            /// Takes `[A-Za-z0-9][A-Za-z0-9._-]{0,127}`.
            pub fn new(text: &str) -> Result<Self, BadName> {
                check($what, text)?;
                Ok(Self(text.into()))
            }
            /// The name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
        impl fmt::Debug for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&self.0, f)
            }
        }
        impl FromStr for $type {
            type Err = BadName;
            fn from_str(text: &str) -> Result<Self, BadName> {
                Self::new(text)
            }
        }
        impl TryFrom<String> for $type {
            type Error = BadName;
            fn try_from(text: String) -> Result<Self, BadName> {
                Self::new(&text)
            }
        }
        impl From<$type> for String {
            fn from(name: $type) -> String {
                name.0.as_ref().to_owned()
            }
        }
    };
}

name!(
    /// The name an installed provider goes by.
    ProviderName, "provider name");
name!(
    /// The name of a model, unique within its provider.
    ModelName, "model name");
name!(
    /// The name of a task, unique within its job.
    TaskName, "task name");
name!(
    /// The name of a result file, unique within its task.
    FileName, "file name");
name!(
    /// A tenant: owns tokens, jobs and quotas, and sees nothing of another.
    Organisation, "organisation name");

name!(
    /// A stateful session, as a job names it; says nothing of the secret that its client holds.
    SessionId, "session id");

/// Which provider: its name, and whose it is. Names of one organisation's providers mean nothing to another.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ProviderKey {
    /// Whose; `None`: of all organisations.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organisation: Option<Organisation>,
    /// What it goes by.
    pub name: ProviderName,
}

impl ProviderKey {
    /// A provider of all organisations.
    pub fn shared(name: ProviderName) -> Self {
        Self { organisation: None, name }
    }

    /// A provider of one organisation.
    pub fn of(organisation: Organisation, name: ProviderName) -> Self {
        Self { organisation: Some(organisation), name }
    }
}

/// `NAME`, or `ORGANISATION/NAME`.
impl fmt::Display for ProviderKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.organisation {
            Some(organisation) => write!(f, "{organisation}/{}", self.name),
            None => self.name.fmt(f),
        }
    }
}

/// Reads what [`ProviderKey`] shows.
impl FromStr for ProviderKey {
    type Err = BadName;
    fn from_str(text: &str) -> Result<Self, BadName> {
        match text.split_once('/') {
            Some((organisation, name)) => Ok(Self::of(Organisation::new(organisation)?, ProviderName::new(name)?)),
            None => Ok(Self::shared(ProviderName::new(text)?)),
        }
    }
}

impl Organisation {
    /// The organisation that is always there.
    pub fn default_one() -> Self {
        Self("default".into())
    }
}

impl TaskName {
    /// The name of the task of a job that has just one.
    pub fn only() -> Self {
        Self("main".into())
    }
}

macro_rules! id {
    ($(#[$doc:meta])* $type:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $type(pub Uuid);

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.as_hyphenated().fmt(f)
            }
        }
        impl fmt::Debug for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }
        impl FromStr for $type {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, uuid::Error> {
                Uuid::parse_str(text).map(Self)
            }
        }
    };
}

id!(
    /// A job's id: a UUID of version 7, so that ids sort by creation time.
    JobId);
id!(
    /// A schedule's id: a UUID of version 7, so that ids sort by creation time.
    ScheduleId);

/// Which run of a task, counted from 1; 0 = not started yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Attempt(pub u32);

/// The right to run one attempt; never given out twice by a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Lease(pub u64);

/// One task of one job of one organisation.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TaskKey {
    /// Whose job.
    pub organisation: Organisation,
    /// Which job.
    pub job: JobId,
    /// Which task of it.
    pub task: TaskName,
}

/// What every write of a run carries; refused when it is not the current one.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct RunKey {
    /// Which task.
    pub key: TaskKey,
    /// Which run of it.
    pub attempt: Attempt,
    /// Under which lease.
    pub lease: Lease,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_take_the_documented_pattern_only() {
        for good in ["a", "A1", "linear-regression", "9.x_y", &"n".repeat(128)] {
            assert!(ModelName::new(good).is_ok(), "{good}");
        }
        for bad in ["", ".", "-a", "_a", "a b", "a/b", "ä", "a\n", &"n".repeat(129), "..", "a\0"] {
            assert!(ModelName::new(bad).is_err(), "{bad}");
        }
    }
}
