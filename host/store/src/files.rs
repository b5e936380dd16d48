//! Files of organisations, beside jobs and models: what clients upload before they name it in a call.

use std::sync::Arc;

use analyte_core::job::Content;
use analyte_core::names::Organisation;
use analyte_core::timestamp::Timestamp;
use async_trait::async_trait;
use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::contents::NewContent;
use crate::error::Result;

/// Files of organisations, by repository and path.
#[async_trait]
pub trait Files: Send + Sync + 'static {
    /// Keeps a file of an organisation, or replaces the one of its path, unless the organisation then had more than
    /// `most` of them.
    async fn put_file(&self, record: FileRecord, bytes: NewContent, most: FilesRoom) -> Result<FileKept>;

    /// Its files in one repository, by path: those whose path begins with `prefix`, after the path `after`.
    async fn files(
        &self,
        organisation: &Organisation,
        repository: &str,
        prefix: &str,
        after: Option<&str>,
        most: usize,
    ) -> Result<Vec<Arc<FileRecord>>>;

    /// One file.
    async fn file(&self, organisation: &Organisation, repository: &str, path: &str) -> Result<Option<Arc<FileRecord>>>;

    /// Part of a file's bytes; a range that goes beyond their end is cut there. `None`: the file is not kept any more.
    async fn file_range(&self, record: &FileRecord, range: std::ops::Range<u64>) -> Result<Option<Bytes>>;

    /// Removes a file; `false`: there was none.
    async fn remove_file(&self, organisation: &Organisation, repository: &str, path: &str) -> Result<bool>;
}

/// A file of an organisation, beside jobs and models: what clients upload before they name it in a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileRecord {
    /// Whose.
    pub organisation: Organisation,
    /// In which repository; a name.
    pub repository: String,
    /// Path within it: names joined by `/`, none of them `.` or `..` or empty.
    pub path: String,
    /// As it was given.
    pub media_type: String,
    /// Its bytes.
    pub content: Content,
    /// When it was written last.
    pub updated_at: Timestamp,
}

/// Most files, and most bytes in all of them together, that an organisation may have in all repositories.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FilesRoom {
    /// How many.
    pub files: u64,
    /// How many bytes.
    pub bytes: u64,
}

/// What became of a file that was to be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileKept {
    /// There was none at its path.
    New,
    /// It replaced one.
    Replaced,
    /// It would be more than the organisation may have; nothing was kept. This is what it has.
    Full(FilesRoom),
}
