//! Documents of organisations.

use analyte_core::document::Document;

use super::{Model, Organisation, Step, Store, organisation, said, same};
use crate::{DocumentKept, DocumentKind, DocumentRecord, DocumentsRoom};

/// Where a document is kept.
pub(super) type Place = (Organisation, DocumentKind, u64);

fn place(of: usize, kind: usize, id: u64) -> Place {
    (organisation(of), DocumentKind::ALL[kind % 2], id)
}

impl Model {
    fn has_documents(&self, of: &Organisation) -> DocumentsRoom {
        let mine = self.documents.values().filter(|one| one.organisation == *of);
        mine.fold(DocumentsRoom::default(), |has, one| has.with(one.bytes()))
    }

    pub(super) async fn document(&mut self, store: &dyn Store, step: Step) -> Result<(), String> {
        match step {
            Step::PutDocument { organisation: of, kind, id, bytes, revision, most } => {
                let place = place(of, kind, id);
                let old = self.documents.get(&place).cloned();
                // As it is, or as it was or will be.
                let replaces = if revision < 3 { old.as_ref().map(|old| old.revision) } else { Some(revision - 2) };
                let record = DocumentRecord {
                    organisation: place.0.clone(),
                    kind: place.1,
                    id,
                    document: Document::new(format!("\"{}\"", "x".repeat(bytes))).map_err(|error| error.to_string())?,
                    created_at: old.as_ref().map_or(self.now, |old| old.created_at),
                    changed_at: self.now,
                    revision: old.as_ref().map_or(1, |old| old.revision + 1),
                };
                let most = DocumentsRoom { documents: most.0, bytes: most.1 };
                let has = self.has_documents(&place.0);
                let rest = old.as_ref().map_or(has, |old| has.without(old.bytes()));
                let expected = if old.as_ref().map(|old| old.revision) != replaces {
                    DocumentKept::Changed
                } else if rest.with(record.bytes()).exceeds(most) {
                    DocumentKept::Full(has)
                } else {
                    self.documents.insert(place, record.clone());
                    DocumentKept::Kept
                };
                same("put_document", &said(store.put_document(record, replaces, most).await)?, &expected)
            }
            Step::RemoveDocument { organisation: of, kind, id } => {
                let place = place(of, kind, id);
                let there = self.documents.remove(&place).is_some();
                same("remove_document", &said(store.remove_document(&place.0, place.1, place.2).await)?, &there)
            }
            _ => Ok(()),
        }
    }

    pub(super) async fn check_documents(&self, store: &dyn Store) -> Result<(), String> {
        for (of, kind) in (0..3).flat_map(|of| [0, 1].map(|kind| (of, kind))) {
            let (of, kind, _) = place(of, kind, 0);
            let here = |one: &&DocumentRecord| one.organisation == of && one.kind == kind;
            let mut expected: Vec<DocumentRecord> = self.documents.values().filter(here).cloned().collect();
            expected.reverse();
            let mut got: Vec<DocumentRecord> = Vec::new();
            loop {
                let before = got.last().map(|one| one.id);
                let more = said(store.documents(&of, kind, before, 2).await)?;
                if more.is_empty() {
                    break;
                }
                got.extend(more.iter().map(|one| DocumentRecord::clone(one)));
            }
            same("documents", &got, &expected)?;
            for id in 0..4 {
                let expected = self.documents.get(&(of.clone(), kind, id));
                same("document", &said(store.document(&of, kind, id).await)?.as_deref(), &expected)?;
            }
        }
        Ok(())
    }
}
