//! The file of a model, and what it is read from.

use std::fmt::Debug;
use std::sync::Arc;

use analyte_core::digest::Digest;
use async_trait::async_trait;
use bytes::Bytes;

/// The file of a file-backed model.
#[derive(Debug, Clone)]
pub struct ModelFile {
    /// The model's name.
    pub name: String,
    /// As it was published.
    pub media_type: String,
    /// `sha256:…`
    pub digest: String,
    /// Bytes.
    pub size: u64,
    /// What it is read from.
    pub source: Arc<dyn ModelSource>,
}

impl ModelFile {
    /// A file that is in memory already.
    pub fn in_memory(name: impl Into<String>, media_type: impl Into<String>, bytes: Bytes) -> Self {
        Self {
            name: name.into(),
            media_type: media_type.into(),
            digest: Digest::of(&bytes).to_string(),
            size: bytes.len() as u64,
            source: Arc::new(InMemory(bytes)),
        }
    }
}

/// What a model file is read from, piece by piece.
#[async_trait]
pub trait ModelSource: Send + Sync + Debug + 'static {
    /// Exactly this number of bytes from there on: never asked beyond the file's size, never for nothing, and never for more than
    /// one call may carry (`transfer_bytes`). An error, or any other number
    /// of bytes, fails the run with `host-error`. Dropped where the run is stopped meanwhile.
    async fn read(&self, offset: u64, length: usize) -> Result<Bytes, String>;
}

/// A whole file in memory.
#[derive(Clone)]
pub struct InMemory(pub Bytes);

#[async_trait]
impl ModelSource for InMemory {
    async fn read(&self, offset: u64, length: usize) -> Result<Bytes, String> {
        let from = usize::try_from(offset).unwrap_or(usize::MAX).min(self.0.len());
        let to = from.saturating_add(length).min(self.0.len());
        Ok(self.0.slice(from..to))
    }
}

/// Its size: the content is long, and logs must not show it.
impl Debug for InMemory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "InMemory({} bytes)", self.0.len())
    }
}
