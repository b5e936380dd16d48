//! What jobs point at: found and kept.

use std::sync::Arc;

use analyte_core::document::Document;
use analyte_jobs::{DocumentKind, DocumentRecord};

use crate::graphql::context::Asked;
use crate::graphql::fault::{Fault, Name};
use crate::graphql::node::object::{DataObject, ObjectBody};
use crate::graphql::node::page::Paging;

const KIND: DocumentKind = DocumentKind::DataObject;
/// Documents that are looked at in one go.
const PORTION: usize = 64;

fn read(record: Arc<DocumentRecord>) -> Result<DataObject, Fault> {
    let body = serde_json::from_str(record.document.text()).map_err(|error| {
        tracing::error!(%error, id = record.id, "a data object cannot be read");
        Fault::new(Name::InternalError, "the object cannot be read")
    })?;
    Ok(DataObject { record, body })
}

fn written(body: &ObjectBody) -> Result<Document, Fault> {
    let text = serde_json::to_string(body).and_then(Document::new);
    text.map_err(|error| Fault::invalid(format!("the object cannot be kept: {error}")))
}

/// One object.
pub(crate) async fn one(asked: &Asked<'_>, id: &str) -> Result<DataObject, Fault> {
    let number = id.parse().ok();
    let found = match number {
        Some(number) => asked.manager().document(asked.organisation(), KIND, number).await?,
        None => None,
    };
    read(found.ok_or_else(|| Fault::not_found("TemporalDataObject", id))?)
}

/// The objects of one part of a list, newest first.
pub(crate) async fn list(
    asked: &Asked<'_>,
    paging: Paging,
    fits: impl Fn(&DataObject) -> bool,
) -> Result<Vec<DataObject>, Fault> {
    let (mut found, mut seen, mut before) = (Vec::new(), 0_usize, None);
    while seen < paging.until() && paging.most() > 0 {
        let portion = asked.manager().documents(asked.organisation(), KIND, before, PORTION).await?;
        let Some(last) = portion.last() else { break };
        before = Some(last.id);
        for record in portion {
            asked.budget.look_at()?;
            let object = read(record)?;
            if !fits(&object) {
                continue;
            }
            if seen >= paging.before() && seen < paging.until() {
                asked.budget.hold(object.record.bytes())?;
                found.push(object);
            }
            seen += 1;
        }
    }
    Ok(found)
}

/// Keeps a new object.
pub(crate) async fn keep(asked: &Asked<'_>, body: &ObjectBody) -> Result<DataObject, Fault> {
    read(asked.manager().keep_document(asked.organisation(), KIND, written(body)?).await?)
}

/// Puts another body in place of that of an object.
pub(crate) async fn replace(asked: &Asked<'_>, old: &DataObject, body: &ObjectBody) -> Result<DataObject, Fault> {
    read(asked.manager().replace_document(&old.record, written(body)?).await?)
}

/// Removes an object.
pub(crate) async fn remove(asked: &Asked<'_>, object: &DataObject) -> Result<(), Fault> {
    let id = object.record.id;
    if asked.manager().remove_document(asked.organisation(), KIND, id).await? {
        return Ok(());
    }
    Err(Fault::not_found("TemporalDataObject", &id.to_string()))
}
