//! Job templates as they are kept.

use std::sync::Arc;

use analyte_core::document::Document;
use analyte_core::names::Organisation;
use analyte_jobs::{DocumentKind, DocumentRecord, Manager};

use super::body::TemplateBody;
use crate::aiware::error::{ErrorId, Refusal};

const KIND: DocumentKind = DocumentKind::JobTemplate;

/// A job template.
#[derive(Debug, Clone)]
pub(crate) struct Template {
    pub(crate) record: Arc<DocumentRecord>,
    pub(crate) body: TemplateBody,
}

impl Template {
    /// Its id.
    pub(crate) fn id(&self) -> String {
        self.record.id.to_string()
    }

    /// Of this record.
    pub(crate) fn of(record: Arc<DocumentRecord>) -> Result<Self, Refusal> {
        let body = serde_json::from_str(record.document.text()).map_err(|error| {
            tracing::error!(%error, id = record.id, "a job template cannot be read");
            Refusal::new(ErrorId::InternalError, "the template cannot be read")
        })?;
        Ok(Self { record, body })
    }
}

fn nothing(id: &str) -> Refusal {
    let shown: String = id.chars().take(80).collect();
    Refusal::new(ErrorId::NotFound, format!("there is no job template `{shown}`"))
}

fn written(body: &TemplateBody) -> Result<Document, Refusal> {
    let text = serde_json::to_string(body).and_then(Document::new);
    text.map_err(|error| Refusal::new(ErrorId::InvalidInput, format!("the template cannot be kept: {error}")))
}

/// The job template that an id names.
pub(crate) async fn one(manager: &Manager, organisation: &Organisation, id: &str) -> Result<Template, Refusal> {
    let found = match id.parse() {
        Ok(number) => manager.document(organisation, KIND, number).await?,
        Err(_) => None,
    };
    Template::of(found.ok_or_else(|| nothing(id))?)
}

/// Part of the job templates, newest first, those that are older than `before`.
pub(crate) async fn portion(
    manager: &Manager,
    organisation: &Organisation,
    before: Option<u64>,
    most: usize,
) -> Result<Vec<Template>, Refusal> {
    let found = manager.documents(organisation, KIND, before, most).await?;
    found.into_iter().map(Template::of).collect()
}

/// Keeps a new one.
pub(crate) async fn keep(
    manager: &Manager,
    organisation: &Organisation,
    body: &TemplateBody,
) -> Result<Template, Refusal> {
    Template::of(manager.keep_document(organisation, KIND, written(body)?).await?)
}

/// Puts another body in place of that of one.
pub(crate) async fn replace(manager: &Manager, old: &Template, body: &TemplateBody) -> Result<Template, Refusal> {
    Template::of(manager.replace_document(&old.record, written(body)?).await?)
}

/// Removes one. Jobs that were made of it stay.
pub(crate) async fn remove(manager: &Manager, template: &Template) -> Result<(), Refusal> {
    let DocumentRecord { organisation, id, .. } = &*template.record;
    if manager.remove_document(organisation, KIND, *id).await? { Ok(()) } else { Err(nothing(&template.id())) }
}
