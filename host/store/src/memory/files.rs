//! Files of organisations: a record and its bytes under each path.

use std::ops::Range;
use std::sync::Arc;

use analyte_core::names::Organisation;
use async_trait::async_trait;
use bytes::Bytes;

use crate::memory::MemoryStore;
use crate::memory::contents::{take, within};
use crate::{FileKept, FileRecord, Files, FilesRoom, NewContent, Result, StoreError};

#[async_trait]
impl Files for MemoryStore {
    async fn put_file(&self, record: FileRecord, bytes: NewContent, most: FilesRoom) -> Result<FileKept> {
        let (content, bytes) = take(bytes)?;
        if record.content != content {
            return Err(StoreError::Damaged { what: format!("the content {}", record.content.digest) });
        }
        let mut data = self.lock()?;
        let place = (record.organisation.clone(), record.repository.clone(), record.path.clone());
        let (mut has, mut then) = (FilesRoom { files: 0, bytes: 0 }, FilesRoom { files: 1, bytes: content.bytes });
        for (at, (file, _)) in data.files.iter().filter(|(at, _)| at.0 == place.0) {
            has = FilesRoom { files: has.files + 1, bytes: has.bytes + file.content.bytes };
            if *at != place {
                then = FilesRoom { files: then.files + 1, bytes: then.bytes + file.content.bytes };
            }
        }
        if then.files > most.files || then.bytes > most.bytes {
            return Ok(FileKept::Full(has));
        }
        let old = data.files.insert(place, (Arc::new(record), bytes));
        Ok(if old.is_some() { FileKept::Replaced } else { FileKept::New })
    }

    async fn files(
        &self,
        organisation: &Organisation,
        repository: &str,
        prefix: &str,
        after: Option<&str>,
        most: usize,
    ) -> Result<Vec<Arc<FileRecord>>> {
        let data = self.lock()?;
        let wanted = data.files.iter().filter(|((of, within, path), _)| {
            of == organisation
                && within == repository
                && path.starts_with(prefix)
                && after.is_none_or(|after| path.as_str() > after)
        });
        Ok(wanted.take(most).map(|(_, (record, _))| Arc::clone(record)).collect())
    }

    async fn file(&self, organisation: &Organisation, repository: &str, path: &str) -> Result<Option<Arc<FileRecord>>> {
        let data = self.lock()?;
        let place = (organisation.clone(), repository.to_owned(), path.to_owned());
        Ok(data.files.get(&place).map(|(record, _)| Arc::clone(record)))
    }

    async fn file_range(&self, record: &FileRecord, range: Range<u64>) -> Result<Option<Bytes>> {
        let data = self.lock()?;
        let place = (record.organisation.clone(), record.repository.clone(), record.path.clone());
        let kept = data.files.get(&place).filter(|(kept, _)| kept.content == record.content);
        Ok(kept.map(|(_, bytes)| within(bytes, &range)))
    }

    async fn remove_file(&self, organisation: &Organisation, repository: &str, path: &str) -> Result<bool> {
        let place = (organisation.clone(), repository.to_owned(), path.to_owned());
        Ok(self.lock()?.files.remove(&place).is_some())
    }
}
