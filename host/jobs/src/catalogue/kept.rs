//! What providers and models take for as long as they are installed.

use analyte_store::{ModelRecord, ProviderRecord};

/// What is kept of a provider or a model, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Kept {
    /// Components with their compiled code, and model files.
    pub(crate) published: u64,
    /// What they say of themselves.
    pub(crate) described: u64,
}

impl Kept {
    pub(crate) fn of_provider(record: &ProviderRecord) -> Self {
        Self { published: record.bytes.saturating_add(record.compiled_bytes), described: record.described_bytes }
    }

    pub(crate) fn of_model(record: &ModelRecord) -> Self {
        Self { published: record.bytes.saturating_add(record.compiled_bytes), described: record.described_bytes }
    }

    pub(crate) fn plus(self, other: Self) -> Self {
        Self {
            published: self.published.saturating_add(other.published),
            described: self.described.saturating_add(other.described),
        }
    }
}
