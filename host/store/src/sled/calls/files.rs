//! Files of organisations: bytes are written before the committer's turn, records are read beside it.

use std::ops::Range;
use std::sync::Arc;

use analyte_core::names::Organisation;
use async_trait::async_trait;
use bytes::Bytes;

use crate::sled::format::keys;
use crate::sled::operations::files;
use crate::sled::read;
use crate::sled::state::unconfirmed::Scope;
use crate::sled::store::SledStore;
use crate::{FileKept, FileRecord, Files, FilesRoom, NewContent, Result};

#[async_trait]
impl Files for SledStore {
    async fn put_file(&self, record: FileRecord, bytes: NewContent, most: FilesRoom) -> Result<FileKept> {
        self.disk.admit(self.disk.floor_bytes)?;
        let staged = self.blobs.stage(bytes).await.map_err(|error| self.disk.refuse(error))?;
        files::check(&record, &staged)?;
        let put = self.committer.commit(move |state| files::put_file(state, &record, &staged, most)).await;
        put.map_err(|error| self.disk.refuse(error))
    }

    async fn files(
        &self,
        organisation: &Organisation,
        repository: &str,
        prefix: &str,
        after: Option<&str>,
        most: usize,
    ) -> Result<Vec<Arc<FileRecord>>> {
        let (files, damaged) = read::files::list(
            &self.reader,
            organisation,
            &keys::file(organisation, repository, prefix),
            after.map(|after| keys::file(organisation, repository, after)),
            most,
        )
        .await?;
        self.put_records_aside(damaged).await?;
        Ok(files)
    }

    async fn file(&self, organisation: &Organisation, repository: &str, path: &str) -> Result<Option<Arc<FileRecord>>> {
        let key = keys::file(organisation, repository, path);
        let read = move |tree: &sled::Tree| read::files::find(tree, key.clone());
        match self.reader.read(Scope::Files(organisation.clone()), read).await? {
            Ok(found) => Ok(found),
            Err(damaged) => self.put_records_aside(vec![damaged]).await.map(|()| None),
        }
    }

    async fn file_range(&self, record: &FileRecord, range: Range<u64>) -> Result<Option<Bytes>> {
        read::files::range(&self.reader, &self.blobs, record, &range).await
    }

    async fn remove_file(&self, organisation: &Organisation, repository: &str, path: &str) -> Result<bool> {
        let (organisation, repository, path) = (organisation.clone(), repository.to_owned(), path.to_owned());
        self.committer.commit(move |state| files::remove_file(state, &organisation, &repository, &path)).await
    }
}
