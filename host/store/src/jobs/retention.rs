//! Which jobs are old.

use std::collections::BTreeMap;

use analyte_core::job::{Job, Status, Task};
use analyte_core::names::{Organisation, ProviderKey, ProviderName};
use analyte_core::timestamp::Timestamp;

/// Which ended jobs are old.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Age {
    /// Of organisations that are not named.
    pub usual: Before,
    /// Of these.
    pub organisations: BTreeMap<Organisation, Before>,
    /// Of jobs that run on one of these providers; the later of both times counts, so that a provider can shorten what is
    /// kept and never prolong it. Of a job of several tasks, the provider whose jobs are kept longest decides.
    pub providers: BTreeMap<ProviderKey, Timestamp>,
}

/// Jobs that ended before these times are old, by state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Before {
    /// Completed ones.
    pub completed: Timestamp,
    /// Failed ones.
    pub failed: Timestamp,
    /// Cancelled ones.
    pub cancelled: Timestamp,
}

impl Age {
    pub(crate) fn of(&self, organisation: &Organisation) -> Before {
        self.organisations.get(organisation).copied().unwrap_or(self.usual)
    }

    /// The providers by which a job of this organisation may be old that is not so anyway.
    pub(crate) fn providers(&self, organisation: &Organisation) -> Vec<(ProviderName, Timestamp)> {
        let Before { completed, failed, cancelled } = self.of(organisation);
        let usual = completed.min(failed).min(cancelled);
        let counts = |key: &ProviderKey| match &key.organisation {
            Some(of) => of == organisation,
            // What it says of its own provider of that name comes first.
            None => !self.providers.contains_key(&ProviderKey::of(organisation.clone(), key.name.clone())),
        };
        let further = self.providers.iter().filter(|(key, before)| **before > usual && counts(key));
        further.map(|(key, before)| (key.name.clone(), *before)).collect()
    }

    /// Whether a job ended so long ago that it is old.
    pub(crate) fn is_old(&self, job: &Job) -> bool {
        let Before { completed, failed, cancelled } = self.of(&job.organisation);
        let usual = match job.status {
            Status::Queued | Status::Running => return false,
            Status::Completed => completed,
            Status::Failed => failed,
            Status::Cancelled => cancelled,
        };
        let of_task = |task: &Task| {
            let own = self.providers.get(&ProviderKey::of(job.organisation.clone(), task.provider.clone()));
            let further = own.or_else(|| self.providers.get(&ProviderKey::shared(task.provider.clone())));
            further.map_or(usual, |further| usual.max(*further))
        };
        // Of several tasks, the one whose jobs are kept longest decides.
        let before = job.tasks.iter().map(of_task).min().unwrap_or(usual);
        job.finished_at.is_some_and(|ended| ended < before)
    }
}
