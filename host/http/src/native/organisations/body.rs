//! An organisation as administrators see it.

use analyte_core::names::Organisation;
use analyte_core::timestamp::Timestamp;
use analyte_jobs::OrganisationRecord;
use serde::{Deserialize, Serialize};
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

/// What an organisation is to be.
#[derive(Default, Deserialize, ToSchema)]
#[schema(as = NewOrganisation)]
#[serde(deny_unknown_fields)]
pub(super) struct NewOrganisationBody {
    /// For people; at most 4,096 bytes.
    pub(super) description: Option<String>,
    /// Most jobs that may be queued; `null` or absent: as the server is configured (`queued_jobs`).
    pub(super) queued_jobs: Option<u64>,
}

/// All organisations.
#[derive(Default, Serialize, ToSchema)]
#[schema(as = Organisations)]
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
