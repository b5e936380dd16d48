//! An organisation as administrators see it.

use analyte_core::names::Organisation;
use analyte_core::timestamp::Timestamp;
use analyte_jobs::OrganisationRecord;
use serde::Serialize;
use utoipa::ToSchema;

use crate::native::json::Time;

/// A tenant: it owns tokens and jobs, and sees nothing of another.
#[derive(Serialize, ToSchema)]
#[schema(as = Organisation)]
pub(crate) struct OrganisationBody<'a> {
    /// What it goes by.
    #[schema(value_type = String, example = "lab")]
    name: &'a Organisation,
    /// For people.
    description: &'a str,
    /// Most jobs that may be queued; `null`: as the server is configured.
    queued_jobs: Option<u64>,
    /// When it was made; `null` for `default`, which is always there.
    #[schema(value_type = Option<String>, format = DateTime)]
    created_at: Option<Time>,
}

/// All organisations.
#[derive(ToSchema)]
#[schema(as = Organisations)]
#[expect(dead_code, reason = "documents a list that is written item by item")]
pub(crate) struct OrganisationsBody<'a> {
    /// By name.
    organisations: Vec<OrganisationBody<'a>>,
}

impl<'a> OrganisationBody<'a> {
    pub(crate) fn of(record: &'a OrganisationRecord) -> Self {
        Self {
            name: &record.name,
            description: &record.description,
            queued_jobs: record.queued_jobs,
            created_at: Some(record.created_at).filter(|at| *at > Timestamp(0)).map(Time),
        }
    }
}
