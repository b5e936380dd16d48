//! Files of an organisation: what clients upload before they name it in a call, such as the file of a model.

use std::ops::Range;
use std::sync::Arc;

use analyte_core::codes::Code;
use analyte_core::names::Organisation;
use analyte_store::{ContentWriter, FileKept, FileRecord, FilesRoom, NewContent, Purpose, Staged};
use bytes::Bytes;

use crate::detached::detached;
use crate::error::JobsError;
use crate::manager::Manager;

/// Longest name of a folder or file, in bytes.
const NAME_BYTES: usize = 128;
/// Most names in a path.
const DEPTH: usize = 8;
/// Files are copied in pieces of this size.
const PIECE: u64 = 1024 * 1024;

impl Manager {
    /// Starts to take bytes of a client that a later call will name, piece by piece. `disk-full` below twice of what is
    /// kept free, so that uploads leave room for submissions.
    pub async fn content_writer(&self) -> Result<Box<dyn ContentWriter>, JobsError> {
        self.refuse_while_stopping()?;
        Ok(self.inner.store.content_writer(Purpose::Upload).await?)
    }

    /// Keeps a file, or replaces the one at its path; says which of both (`true`: replaced). `too-large` beyond what an
    /// organisation may keep.
    pub async fn put_file(
        &self,
        organisation: &Organisation,
        repository: &str,
        path: &str,
        media_type: String,
        staged: Staged,
    ) -> Result<bool, JobsError> {
        self.refuse_while_stopping()?;
        check_path(path)?;
        let record = FileRecord {
            organisation: organisation.clone(),
            repository: repository.to_owned(),
            path: path.to_owned(),
            media_type,
            content: staged.content.clone(),
            updated_at: self.now(),
        };
        let limits = &self.inner.limits;
        let room = FilesRoom { files: limits.repository_files, bytes: limits.repository_bytes };
        let manager = self.clone();
        let kept =
            detached(async move { Ok(manager.inner.store.put_file(record, NewContent::Staged(staged), room).await?) })
                .await?;
        match kept {
            FileKept::New => Ok(false),
            FileKept::Replaced => Ok(true),
            FileKept::Full(has) => Err(JobsError::new(
                Code::TooLarge,
                format!(
                    "the organisation keeps {} files of {} bytes; with this one it would have more than {} files (limit \
                     repository_files) or {} bytes (limit repository_bytes); delete some",
                    has.files, has.bytes, room.files, room.bytes
                ),
            )),
        }
    }

    /// Files whose path begins with `prefix`, by path, after the path `after`.
    pub async fn repository_files(
        &self,
        organisation: &Organisation,
        repository: &str,
        prefix: &str,
        after: Option<&str>,
        most: usize,
    ) -> Result<Vec<Arc<FileRecord>>, JobsError> {
        Ok(self.inner.store.files(organisation, repository, prefix, after, most).await?)
    }

    /// One file.
    pub async fn repository_file(
        &self,
        organisation: &Organisation,
        repository: &str,
        path: &str,
    ) -> Result<Arc<FileRecord>, JobsError> {
        let found = match check_path(path) {
            Ok(()) => self.inner.store.file(organisation, repository, path).await?,
            Err(_) => None,
        };
        found.ok_or_else(|| JobsError::not_found(format_args!("file `{}` in `{repository}`", path.escape_debug())))
    }

    /// Part of a file: what of `range` lies within.
    pub async fn repository_bytes(&self, record: &FileRecord, range: Range<u64>) -> Result<Bytes, JobsError> {
        let bytes = self.inner.store.file_range(record, range).await?;
        bytes.ok_or_else(|| JobsError::not_found(format_args!("file `{}` any more", record.path)))
    }

    /// The bytes of a file once more, for a call that takes bytes which belong to nothing yet.
    pub async fn staged_copy(&self, record: &FileRecord) -> Result<Staged, JobsError> {
        let mut writer = self.content_writer().await?;
        let mut at = 0;
        while at < record.content.bytes {
            let end = at.saturating_add(PIECE).min(record.content.bytes);
            let piece = self.repository_bytes(record, at..end).await?;
            writer.write(piece).await?;
            at = end;
        }
        Ok(writer.finish().await?)
    }

    /// Removes a file.
    pub async fn remove_file(
        &self,
        organisation: &Organisation,
        repository: &str,
        path: &str,
    ) -> Result<(), JobsError> {
        self.refuse_while_stopping()?;
        if check_path(path).is_ok() && self.inner.store.remove_file(organisation, repository, path).await? {
            return Ok(());
        }
        Err(JobsError::not_found(format_args!("file `{}` in `{repository}`", path.escape_debug())))
    }
}

/// Whether this is a path: names joined by `/`, each beginning with a letter or a digit, so that none leads upwards.
fn check_path(path: &str) -> Result<(), JobsError> {
    let good = |name: &str| {
        let mut bytes = name.bytes();
        bytes.next().is_some_and(|first| first.is_ascii_alphanumeric())
            && name.len() <= NAME_BYTES
            && bytes.all(|byte| byte.is_ascii_alphanumeric() || b"._- ".contains(&byte))
    };
    if path.split('/').count() <= DEPTH && path.split('/').all(good) {
        return Ok(());
    }
    Err(JobsError::invalid(format!(
        "`{}` is not a path: use up to {DEPTH} names joined by `/`, each a letter or a digit, then up to {} letters, digits, \
         dots, hyphens, underscores and blanks",
        path.chars().take(80).collect::<String>().escape_debug(),
        NAME_BYTES - 1
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_path_leads_out_of_its_repository() {
        let long = "a".repeat(NAME_BYTES);
        for good in ["a", "Turbine/model.onnx", "a/b/c/d/e/f/g/h", "v1.2/My model_3.onnx", long.as_str()] {
            assert!(check_path(good).is_ok(), "{good}");
        }
        let longer = "a".repeat(NAME_BYTES + 1);
        for bad in [
            "",
            "/",
            "/a",
            "a/",
            "a//b",
            ".",
            "..",
            "a/..",
            "../a",
            "a/../b",
            ".hidden",
            "a\\b",
            "a\0",
            "a\n",
            "ä",
            "a/b/c/d/e/f/g/h/i",
            "%2e%2e",
            "a:b",
            longer.as_str(),
        ] {
            assert!(check_path(bad).is_err(), "{bad:?}");
        }
    }
}
