//! Organisations: who owns jobs and tokens. The one named `default` is always there.

mod table;

use std::sync::Arc;

use analyte_core::names::Organisation;
use analyte_store::OrganisationRecord;

pub use table::NewOrganisation;
pub(crate) use table::Organisations;

use crate::error::JobsError;
use crate::manager::Manager;

/// Longest description in bytes.
const DESCRIPTION_BYTES: usize = 4_096;

impl Manager {
    /// Makes an organisation, or changes the one of its name; says which of both (`true`: changed).
    pub async fn put_organisation(&self, new: NewOrganisation) -> Result<(Arc<OrganisationRecord>, bool), JobsError> {
        self.refuse_while_stopping()?;
        if new.description.len() > DESCRIPTION_BYTES {
            return Err(JobsError::invalid(format!("a description takes at most {DESCRIPTION_BYTES} bytes")));
        }
        let _turn = self.inner.making_tokens.lock().await;
        let before = self.inner.organisations.get(&new.name);
        let (count, most) = (self.inner.organisations.by_name.read().len() as u64, self.inner.limits.organisations);
        if before.is_none() && count >= most {
            let message = format!("there are {count} organisations, and {most} are allowed (limit organisations)");
            return Err(JobsError::conflict(message));
        }
        let record = OrganisationRecord {
            name: new.name,
            description: new.description,
            queued_jobs: new.queued_jobs,
            created_at: before.as_ref().map_or_else(|| self.now(), |before| before.created_at),
        };
        self.inner.store.put_organisation(record.clone()).await?;
        let record = Arc::new(record);
        self.inner.organisations.by_name.write().insert(record.name.clone(), record.clone());
        self.share_memory();
        Ok((record, before.is_some()))
    }

    /// All organisations, by name.
    pub fn organisations(&self) -> Vec<Arc<OrganisationRecord>> {
        self.inner.organisations.by_name.read().values().cloned().collect()
    }

    /// One organisation.
    pub fn organisation(&self, name: &Organisation) -> Result<Arc<OrganisationRecord>, JobsError> {
        self.inner.organisations.get(name).ok_or_else(|| JobsError::not_found(format_args!("organisation `{name}`")))
    }

    /// Most queued jobs that an organisation may have.
    pub(crate) fn queue_cap(&self, organisation: &Organisation) -> u64 {
        let own = self.inner.organisations.get(organisation).and_then(|record| record.queued_jobs);
        own.unwrap_or(self.inner.limits.queued_jobs)
    }
}
