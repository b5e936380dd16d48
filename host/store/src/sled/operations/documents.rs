//! Keeps documents of organisations.
//!
//! What an organisation has of them is summed up in memory and decided on in the step that keeps one, so that two callers who
//! write at once cannot both have the last of the room.

use analyte_core::names::Organisation;

use crate::sled::format::document_record::read;
use crate::sled::format::envelope::{self, Find};
use crate::sled::format::keys;
use crate::sled::state::State;
use crate::{DocumentKept, DocumentKind, DocumentRecord, DocumentsRoom, Result, StoreError};

/// Keeps a document, if it may be and there is room for it.
pub(crate) fn put_document(
    state: &mut State,
    record: &DocumentRecord,
    replaces: Option<u64>,
    most: DocumentsRoom,
) -> Result<DocumentKept> {
    let organisation = &record.organisation;
    let key = keys::document(organisation, record.kind, record.id);
    let old = look(state, &key)?;
    if old.as_ref().map(|old| old.revision) != replaces {
        return Ok(DocumentKept::Changed);
    }
    let has = state.documents.get(organisation).copied().unwrap_or_default();
    let rest = old.map_or(has, |old| has.without(old.bytes()));
    let then = rest.with(record.bytes());
    if then.exceeds(most) {
        return Ok(DocumentKept::Full(has));
    }
    state.records.put(key, &envelope::json(record)?)?;
    state.documents.insert(organisation.clone(), then);
    state.touched_documents.push(organisation.clone());
    Ok(DocumentKept::Kept)
}

/// Says whether there was one.
pub(crate) fn remove_document(
    state: &mut State,
    organisation: &Organisation,
    kind: DocumentKind,
    id: u64,
) -> Result<bool> {
    let key = keys::document(organisation, kind, id);
    let Some(old) = look(state, &key)? else { return Ok(false) };
    state.records.take_away(key)?;
    let rest = state.documents.get(organisation).copied().unwrap_or_default().without(old.bytes());
    if rest == DocumentsRoom::default() {
        state.documents.remove(organisation);
    } else {
        state.documents.insert(organisation.clone(), rest);
    }
    state.touched_documents.push(organisation.clone());
    Ok(true)
}

/// The document that is there now. One that cannot be read is put aside.
fn look(state: &mut State, key: &[u8]) -> Result<Option<DocumentRecord>> {
    let Some(head) = state.records.find(key)? else { return Ok(None) };
    match read(&state.records, key, head) {
        Ok(record) => Ok(Some(record)),
        Err(StoreError::Damaged { what }) => state.quarantine(key, &what).map(|()| None),
        Err(error) => Err(error),
    }
}
