//! Documents that surfaces keep for organisations: what jobs point at, and what they are made of.
//!
//! The manager gives each its id, which grows with time, and bounds how many there are and how long they are. What is in them
//! is the surface's own.

use std::sync::Arc;
use std::time::Duration;

use analyte_core::codes::Code;
use analyte_core::document::Document;
use analyte_core::names::Organisation;
use analyte_store::{DocumentKept, DocumentKind, DocumentRecord, DocumentsRoom};

use crate::access::tokens::random_bytes;
use crate::detached::detached;
use crate::error::JobsError;
use crate::manager::Manager;

/// How often another id is tried where one is taken: two were made in one millisecond, and got the same random bits.
const TRIES: u64 = 16;
/// Random bits of an id, below its milliseconds. With them an id is a number that every client can hold until the year 2039.
const RANDOM_BITS: u32 = 12;

impl Manager {
    /// Keeps a new document.
    pub async fn keep_document(
        &self,
        organisation: &Organisation,
        kind: DocumentKind,
        document: Document,
    ) -> Result<Arc<DocumentRecord>, JobsError> {
        self.refuse_while_stopping()?;
        let now = self.now();
        let random = u64::from(u16::from_be_bytes(random_bytes()?)) & ((1 << RANDOM_BITS) - 1);
        let first = (u64::try_from(now.0).unwrap_or_default() << RANDOM_BITS) | random;
        for more in 0..TRIES {
            let record = DocumentRecord {
                organisation: organisation.clone(),
                kind,
                id: first.saturating_add(more),
                document: document.clone(),
                created_at: now,
                changed_at: now,
                revision: 1,
            };
            if let Some(kept) = self.put(record, None).await? {
                return Ok(kept);
            }
        }
        Err(JobsError::busy("many documents are kept at this moment", Duration::from_secs(1)))
    }

    /// Puts another text in place of that of a document, as it was read; `conflict` where it was changed or removed meanwhile.
    pub async fn replace_document(
        &self,
        old: &DocumentRecord,
        document: Document,
    ) -> Result<Arc<DocumentRecord>, JobsError> {
        self.refuse_while_stopping()?;
        let revision = old.revision.saturating_add(1);
        let record = DocumentRecord { document, changed_at: self.now(), revision, ..old.clone() };
        let kept = self.put(record, Some(old.revision)).await?;
        kept.ok_or_else(|| JobsError::conflict("it was changed by another call meanwhile; read it again"))
    }

    /// `None`: the store has another one than was expected.
    async fn put(
        &self,
        record: DocumentRecord,
        replaces: Option<u64>,
    ) -> Result<Option<Arc<DocumentRecord>>, JobsError> {
        let limits = &self.inner.limits;
        let (bytes, most) = (record.bytes(), limits.document_bytes);
        if bytes > most {
            let message = format!("the document has {bytes} bytes; {most} are allowed (limit document_bytes)");
            return Err(JobsError::new(Code::TooLarge, message));
        }
        let room = DocumentsRoom { documents: limits.documents, bytes: limits.documents_bytes };
        let (manager, kept) = (self.clone(), record.clone());
        let answer = detached(async move { Ok(manager.inner.store.put_document(kept, replaces, room).await?) });
        match answer.await? {
            DocumentKept::Kept => Ok(Some(Arc::new(record))),
            DocumentKept::Changed => Ok(None),
            DocumentKept::Full(has) if has.documents >= room.documents && replaces.is_none() => {
                let message = format!(
                    "the organisation has {} documents, and {} are allowed (limit documents)",
                    has.documents, room.documents
                );
                Err(JobsError::conflict(message))
            }
            DocumentKept::Full(has) => {
                let message = format!(
                    "the documents of the organisation have {} bytes, and would have more than the {} that are allowed \
                     (limit documents_bytes)",
                    has.bytes, room.bytes
                );
                Err(JobsError::new(Code::TooLarge, message))
            }
        }
    }

    /// One document; `None`: there is none, or it belongs to another organisation.
    pub async fn document(
        &self,
        organisation: &Organisation,
        kind: DocumentKind,
        id: u64,
    ) -> Result<Option<Arc<DocumentRecord>>, JobsError> {
        Ok(self.inner.store.document(organisation, kind, id).await?)
    }

    /// Documents of one kind, newest first; `before` goes on with what is older than that one.
    pub async fn documents(
        &self,
        organisation: &Organisation,
        kind: DocumentKind,
        before: Option<u64>,
        most: usize,
    ) -> Result<Vec<Arc<DocumentRecord>>, JobsError> {
        Ok(self.inner.store.documents(organisation, kind, before, most).await?)
    }

    /// Removes a document; `false`: there was none.
    pub async fn remove_document(
        &self,
        organisation: &Organisation,
        kind: DocumentKind,
        id: u64,
    ) -> Result<bool, JobsError> {
        self.refuse_while_stopping()?;
        let (manager, organisation) = (self.clone(), organisation.clone());
        detached(async move { Ok(manager.inner.store.remove_document(&organisation, kind, id).await?) }).await
    }
}
