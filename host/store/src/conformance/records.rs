//! Records for tests.

use std::collections::BTreeSet;
use std::sync::Arc;

use analyte_core::digest::Digest;
use analyte_core::job::Content;
use analyte_core::model::{Cardinality, ModelInfo, ProviderInfo};
use analyte_core::names::{ModelName, Organisation, ProviderKey};
use analyte_core::shape::Shape;
use analyte_core::timestamp::Timestamp;

use crate::{FileRecord, ModelKind, ModelRecord, ProviderRecord, Right, TokenRecord};

/// A provider whose description has `description` bytes.
pub fn provider_of(
    key: &ProviderKey,
    component: Option<&Content>,
    description: usize,
    at: Timestamp,
) -> ProviderRecord {
    ProviderRecord {
        name: key.name.clone(),
        organisation: key.organisation.clone(),
        digest: component.map(|content| content.digest),
        bytes: component.map_or(0, |content| content.bytes),
        compiled_bytes: 0,
        described_bytes: description as u64,
        info: ProviderInfo { description: "x".repeat(description), ..ProviderInfo::default() },
        models: Vec::new(),
        disabled: BTreeSet::new(),
        keep_jobs_hours: None,
        created_at: at,
        updated_at: at,
    }
}

/// A model file of a provider.
pub fn model_of(key: &ProviderKey, name: &ModelName, file: &Content, at: Timestamp) -> ModelRecord {
    let shape = Shape::closed(Vec::new());
    ModelRecord {
        organisation: key.organisation.clone(),
        provider: key.name.clone(),
        name: name.clone(),
        kind: ModelKind::File,
        digest: file.digest,
        bytes: file.bytes,
        compiled_bytes: 0,
        described_bytes: 0,
        media_type: "application/octet-stream".to_owned(),
        info: Arc::new(ModelInfo {
            name: name.clone(),
            description: String::new(),
            version: String::new(),
            input: shape.clone(),
            output: shape,
            cardinality: Cardinality::Any,
            independent_rows: false,
            parameters_schema: None,
            column_parameters: Vec::new(),
            capabilities: Vec::new(),
            examples: Vec::new(),
        }),
        source: None,
        custom_data: None,
        created_at: at,
        updated_at: at,
    }
}

/// A token with every right.
pub fn token_of(organisation: &Organisation, id: &str, at: Timestamp) -> TokenRecord {
    TokenRecord {
        id: id.to_owned(),
        organisation: organisation.clone(),
        label: "for tests".to_owned(),
        hash: Digest::of(b"secret"),
        rights: vec![Right::Admin],
        created_at: at,
        expires_at: None,
        revoked_at: None,
        last_used_at: None,
        requests_per_second: None,
    }
}

/// A file in the repository `system`.
pub fn file_of(organisation: &Organisation, path: &str, content: Content, at: Timestamp) -> FileRecord {
    FileRecord {
        organisation: organisation.clone(),
        repository: "system".to_owned(),
        path: path.to_owned(),
        media_type: "text/plain".to_owned(),
        content,
        updated_at: at,
    }
}
