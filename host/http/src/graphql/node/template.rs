//! Job templates, their task templates, and pipelines.

use std::sync::Arc;

use analyte_core::timestamp::Timestamp;
use analyte_jobs::DocumentRecord;
use serde::{Deserialize, Serialize};

use crate::aiware::templates::body::TemplateBody;
use crate::aiware::templates::kept::Template;

/// A job template.
#[derive(Clone)]
pub(crate) struct JobTemplate {
    /// Its id; that of a scheduled job's own template is made of the scheduled job's.
    pub(crate) id: String,
    pub(crate) created: Timestamp,
    pub(crate) changed: Timestamp,
    pub(crate) body: Arc<TemplateBody>,
}

impl From<Template> for JobTemplate {
    fn from(template: Template) -> Self {
        Self {
            id: template.id(),
            created: template.record.created_at,
            changed: template.record.changed_at,
            body: Arc::new(template.body),
        }
    }
}

/// A task template.
#[derive(Clone)]
pub(crate) struct TaskTemplate {
    pub(crate) of: JobTemplate,
    /// Its place in its job template's list.
    pub(crate) place: usize,
}

/// Templates in an order.
pub(crate) struct JobPipeline {
    pub(crate) record: Arc<DocumentRecord>,
    pub(crate) body: PipelineBody,
}

/// What is kept of a pipeline; its templates name it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct PipelineBody {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) description: Option<String>,
}
