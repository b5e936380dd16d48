//! Documents of organisations: kept by the committer, read beside it.

use std::sync::Arc;

use analyte_core::names::Organisation;
use async_trait::async_trait;

use crate::sled::format::keys;
use crate::sled::operations::documents;
use crate::sled::read;
use crate::sled::state::unconfirmed::Scope;
use crate::sled::store::SledStore;
use crate::{DocumentKept, DocumentKind, DocumentRecord, Documents, DocumentsRoom, Result};

#[async_trait]
impl Documents for SledStore {
    async fn put_document(
        &self,
        record: DocumentRecord,
        replaces: Option<u64>,
        most: DocumentsRoom,
    ) -> Result<DocumentKept> {
        self.disk.admit(self.disk.floor_bytes)?;
        let put = move |state: &mut _| documents::put_document(state, &record, replaces, most);
        self.committer.commit(put).await.map_err(|error| self.disk.refuse(error))
    }

    async fn documents(
        &self,
        organisation: &Organisation,
        kind: DocumentKind,
        before: Option<u64>,
        most: usize,
    ) -> Result<Vec<Arc<DocumentRecord>>> {
        let from = keys::document(organisation, kind, 0);
        let mut to = Some(keys::document(organisation, kind, before.unwrap_or(u64::MAX)));
        let (mut found, mut damaged) = (Vec::new(), Vec::new());
        while let (Some(end), true) = (to, found.len() < most) {
            let (from, left) = (from.clone(), most - found.len());
            let look = move |tree: &sled::Tree| read::documents::portion(tree, &from, &end, left);
            let portion = self.reader.read(Scope::Documents(organisation.clone()), look).await?;
            found.extend(portion.documents);
            damaged.extend(portion.damaged);
            to = portion.next;
        }
        self.put_records_aside(damaged).await?;
        Ok(found)
    }

    async fn document(
        &self,
        organisation: &Organisation,
        kind: DocumentKind,
        id: u64,
    ) -> Result<Option<Arc<DocumentRecord>>> {
        let key = keys::document(organisation, kind, id);
        let look = move |tree: &sled::Tree| read::documents::find(tree, key.clone());
        match self.reader.read(Scope::Documents(organisation.clone()), look).await? {
            Ok(found) => Ok(found),
            Err(damaged) => self.put_records_aside(vec![damaged]).await.map(|()| None),
        }
    }

    async fn remove_document(&self, organisation: &Organisation, kind: DocumentKind, id: u64) -> Result<bool> {
        let organisation = organisation.clone();
        self.committer.commit(move |state| documents::remove_document(state, &organisation, kind, id)).await
    }
}
