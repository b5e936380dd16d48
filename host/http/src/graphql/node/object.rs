//! What jobs point at: temporal data objects, kept as documents of their organisation.

use std::sync::Arc;

use analyte_core::document::Document;
use analyte_core::timestamp::Timestamp;
use analyte_jobs::DocumentRecord;
use serde::{Deserialize, Serialize};

/// What jobs point at.
pub(crate) struct DataObject {
    pub(crate) record: Arc<DocumentRecord>,
    pub(crate) body: ObjectBody,
}

/// What is kept of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ObjectBody {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) description: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) status: Option<String>,
    pub(crate) start: Timestamp,
    pub(crate) stop: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) details: Option<Document>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) source_data: Option<Document>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) is_public: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) thumbnail_url: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) preview_url: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) source_image_url: Option<String>,
    /// Label of the token that made it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) by: Option<String>,
}
