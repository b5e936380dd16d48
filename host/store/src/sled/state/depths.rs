//! How many jobs wait and run, by organisation and provider, and which jobs run. A job is counted once under each provider
//! that one of its tasks runs on.
//!
//! The committer keeps [`Depths`] up to date and hands what changed to [`Shown`] when it is durable. A live job whose
//! record turns out to be damaged stays counted until the store opens again: what could be read of it no longer can.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use analyte_core::job::{Job, Status};
use analyte_core::names::{JobId, Organisation, ProviderName};
use analyte_core::timestamp::Timestamp;

use crate::Depth;

type ByProvider<T> = HashMap<Organisation, HashMap<ProviderName, T>>;

#[derive(Debug, Default)]
struct Live {
    queued: u64,
    running: u64,
    /// How many of the queued ones are due when.
    due: BTreeMap<Timestamp, u64>,
}

/// Since when a queued job could start.
fn due(job: &Job) -> Timestamp {
    job.run_at.map_or(job.created_at, |at| at.max(job.created_at))
}

/// The committer's side.
#[derive(Debug, Default)]
pub(crate) struct Depths {
    all: ByProvider<Live>,
    /// Differ from what readers have.
    changed: HashMap<Organisation, HashSet<ProviderName>>,
    /// Jobs that began to run, and that no longer do, in order.
    running: Vec<(Organisation, JobId, bool)>,
}

/// What changed since the last time.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    depths: Vec<Depth>,
    running: Vec<(Organisation, JobId, bool)>,
}

impl Changes {
    pub(crate) fn is_empty(&self) -> bool {
        self.depths.is_empty() && self.running.is_empty()
    }
}

impl Depths {
    /// The job is there, as it is.
    pub(crate) fn count_in(&mut self, job: &Job) {
        if job.status.ended() {
            return;
        }
        let queued = job.status == Status::Queued;
        for provider in job.providers() {
            let live = self.live(&job.organisation, provider);
            if queued {
                live.queued += 1;
                *live.due.entry(due(job)).or_default() += 1;
            } else {
                live.running += 1;
            }
        }
        if !queued {
            self.running.push((job.organisation.clone(), job.id, true));
        }
    }

    /// It is no longer there, or no longer so.
    pub(crate) fn count_out(&mut self, job: &Job) {
        if job.status.ended() {
            return;
        }
        let queued = job.status == Status::Queued;
        for provider in job.providers() {
            let live = self.live(&job.organisation, provider);
            if queued {
                live.queued = live.queued.saturating_sub(1);
                if let Some(count) = live.due.get_mut(&due(job)) {
                    *count -= 1;
                    if *count == 0 {
                        live.due.remove(&due(job));
                    }
                }
            } else {
                live.running = live.running.saturating_sub(1);
            }
        }
        if !queued {
            self.running.push((job.organisation.clone(), job.id, false));
        }
    }

    /// Where live jobs of this provider are counted; notes that this changes.
    fn live(&mut self, organisation: &Organisation, provider: &ProviderName) -> &mut Live {
        match self.changed.get_mut(organisation) {
            Some(changed) if changed.contains(provider) => {}
            Some(changed) => {
                changed.insert(provider.clone());
            }
            None => {
                self.changed.insert(organisation.clone(), HashSet::from([provider.clone()]));
            }
        }
        self.all.entry(organisation.clone()).or_default().entry(provider.clone()).or_default()
    }

    /// What changed since this was asked last.
    pub(crate) fn take_changes(&mut self) -> Changes {
        let mut depths = Vec::new();
        for (organisation, providers) in self.changed.drain() {
            let Some(all) = self.all.get_mut(&organisation) else { continue };
            for provider in providers {
                let live = all.get(&provider);
                let (queued, running) = live.map_or((0, 0), |live| (live.queued, live.running));
                let oldest = live.and_then(|live| live.due.first_key_value()).map(|(at, _)| *at);
                if queued + running == 0 {
                    all.remove(&provider);
                }
                depths.push(Depth { organisation: organisation.clone(), provider, queued, running, oldest });
            }
            if all.is_empty() {
                self.all.remove(&organisation);
            }
        }
        Changes { depths, running: std::mem::take(&mut self.running) }
    }
}

/// The readers' side: as of the last durable batch.
#[derive(Debug, Default)]
pub(crate) struct Shown {
    depths: BTreeMap<(Organisation, ProviderName), Depth>,
    running: HashMap<Organisation, BTreeSet<JobId>>,
}

impl Shown {
    pub(crate) fn take(&mut self, changes: Changes) {
        for depth in changes.depths {
            let key = (depth.organisation.clone(), depth.provider.clone());
            if depth.queued + depth.running == 0 {
                self.depths.remove(&key);
            } else {
                self.depths.insert(key, depth);
            }
        }
        for (organisation, id, runs) in changes.running {
            if runs {
                self.running.entry(organisation).or_default().insert(id);
            } else if let Some(running) = self.running.get_mut(&organisation) {
                running.remove(&id);
                if running.is_empty() {
                    self.running.remove(&organisation);
                }
            }
        }
    }

    /// By organisation and provider; those that have nothing are left out.
    pub(crate) fn depths(&self) -> Vec<Depth> {
        self.depths.values().cloned().collect()
    }

    /// Jobs that have started and not ended, oldest first.
    pub(crate) fn running(&self, organisation: &Organisation) -> Vec<JobId> {
        self.running.get(organisation).into_iter().flatten().copied().collect()
    }
}
