//! Documents of organisations.

use std::sync::Arc;

use analyte_core::names::Organisation;
use async_trait::async_trait;

use crate::memory::MemoryStore;
use crate::{DocumentKept, DocumentKind, DocumentRecord, Documents, DocumentsRoom, Result};

#[async_trait]
impl Documents for MemoryStore {
    async fn put_document(
        &self,
        record: DocumentRecord,
        replaces: Option<u64>,
        most: DocumentsRoom,
    ) -> Result<DocumentKept> {
        let mut data = self.lock()?;
        let place = (record.organisation.clone(), record.kind, record.id);
        let old = data.documents.get(&place).cloned();
        if old.as_ref().map(|old| old.revision) != replaces {
            return Ok(DocumentKept::Changed);
        }
        let mine = data.documents.values().filter(|one| one.organisation == record.organisation);
        let has = mine.fold(DocumentsRoom::default(), |has, one| has.with(one.bytes()));
        let rest = old.map_or(has, |old| has.without(old.bytes()));
        if rest.with(record.bytes()).exceeds(most) {
            return Ok(DocumentKept::Full(has));
        }
        data.documents.insert(place, Arc::new(record));
        Ok(DocumentKept::Kept)
    }

    async fn documents(
        &self,
        organisation: &Organisation,
        kind: DocumentKind,
        before: Option<u64>,
        most: usize,
    ) -> Result<Vec<Arc<DocumentRecord>>> {
        let data = self.lock()?;
        let of = |id: u64| (organisation.clone(), kind, id);
        let end = before.unwrap_or(u64::MAX);
        let found = data.documents.range(of(0)..of(end)).rev().map(|(_, record)| record.clone());
        Ok(found.take(most).collect())
    }

    async fn document(
        &self,
        organisation: &Organisation,
        kind: DocumentKind,
        id: u64,
    ) -> Result<Option<Arc<DocumentRecord>>> {
        Ok(self.lock()?.documents.get(&(organisation.clone(), kind, id)).cloned())
    }

    async fn remove_document(&self, organisation: &Organisation, kind: DocumentKind, id: u64) -> Result<bool> {
        Ok(self.lock()?.documents.remove(&(organisation.clone(), kind, id)).is_some())
    }
}
