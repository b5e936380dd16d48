//! Where the server has its things.

use analyte_core::names::{JobId, ModelName, Organisation, ProviderName, ScheduleId};

/// Of a job.
pub(crate) fn job(id: JobId) -> String {
    format!("/v1/jobs/{id}")
}

/// Of a schedule.
pub(crate) fn schedule(id: ScheduleId) -> String {
    format!("/v1/schedules/{id}")
}

/// Of a provider.
pub(crate) fn provider(name: &ProviderName) -> String {
    format!("/v1/providers/{name}")
}

/// Of a model.
pub(crate) fn model(provider: &ProviderName, model: &ModelName) -> String {
    format!("/v1/providers/{provider}/models/{model}")
}

/// Of an organisation.
pub(crate) fn organisation(name: &Organisation) -> String {
    format!("/v1/organisations/{name}")
}

/// Of a token. An id that holds other characters than ids do must not lead anywhere else.
pub(crate) fn token(id: &str) -> String {
    let plain: String = id.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' }).collect();
    format!("/v1/tokens/{plain}")
}
