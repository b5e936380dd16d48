//! Finds the jobs that fulfil a query, a portion at a time.

use std::collections::VecDeque;
use std::sync::Arc;

use analyte_core::job::Job;
use analyte_core::names::{JobId, Organisation};

use crate::sled::committer::shared::Shared;
use crate::sled::format::job_record::{self, Raw};
use crate::sled::read::index_intersection::{Intersection, Step};
use crate::sled::read::plan::{Draft, Plan};
use crate::{ListQuery, Result, StoreError};

/// Most index entries to look at, and so most records to read, under one hold of the lock.
const PORTION: usize = 256;

/// A search on its way.
pub(crate) struct Search {
    pub(crate) organisation: Organisation,
    pub(crate) query: ListQuery,
    /// Jobs that run, oldest first.
    running: Vec<JobId>,
    draft: Option<Draft>,
    plan: Option<Plan>,
    /// Read, and not decoded yet.
    fetched: VecDeque<(JobId, Result<Option<Raw>>)>,
    /// Index entries that were looked at.
    pub(crate) looked: usize,
    /// Jobs that could not be read.
    pub(crate) damaged: Vec<JobId>,
}

impl Search {
    pub(crate) fn new(shared: &Shared, organisation: Organisation, query: ListQuery) -> Self {
        let running = shared.depths.read().running(&organisation);
        let (fetched, damaged) = (VecDeque::new(), Vec::new());
        Self { organisation, query, running, draft: None, plan: None, fetched, looked: 0, damaged }
    }

    /// Does what needs no tree, and takes its time.
    pub(crate) fn prepare(&mut self) {
        self.draft = Some(Draft::of(&self.organisation, &self.query, &self.running));
    }

    /// Reads up to `jobs` more jobs, or stops before, having looked at a portion of entries; looks at no more than
    /// `most` in all.
    pub(crate) fn fetch(&mut self, tree: &sled::Tree, jobs: usize, most: usize) -> Result<()> {
        if self.plan.is_none() {
            let draft = self.draft.take();
            let draft = draft.unwrap_or_else(|| Draft::of(&self.organisation, &self.query, &self.running));
            self.plan = Some(draft.plan(tree)?);
        }
        let Some(plan) = &mut self.plan else { return Ok(()) };
        let Some(at) = plan.at else { return Ok(()) };
        let mut intersection = Intersection::new(tree, &plan.all, plan.order, at, plan.end);
        let portion = PORTION.min(most.saturating_sub(self.looked));
        for _ in 0..jobs {
            let Step::Job(id) = intersection.next(portion)? else { break };
            let raw = job_record::fetch(tree, &self.organisation, id);
            if matches!(raw, Err(ref error) if !matches!(error, StoreError::Damaged { .. })) {
                return raw.map(drop);
            }
            self.fetched.push_back((id, raw));
        }
        self.looked += intersection.looked;
        plan.at = intersection.at();
        Ok(())
    }

    /// The next job that was fetched and matches.
    pub(crate) fn next(&mut self) -> Result<Option<Arc<Job>>> {
        while let Some((id, raw)) = self.fetched.pop_front() {
            let job = raw.and_then(|raw| raw.map(|raw| raw.decode(&self.organisation, id)).transpose());
            match job {
                Ok(Some(job)) if self.query.matches(&job) => return Ok(Some(Arc::new(job))),
                Ok(_) => {}
                Err(StoreError::Damaged { .. }) => self.damaged.push(id),
                Err(error) => return Err(error),
            }
        }
        Ok(None)
    }

    /// How many jobs were fetched and not asked for by [`Search::next`].
    pub(crate) fn waiting(&self) -> usize {
        self.fetched.len()
    }

    /// Whether nothing can follow what was fetched.
    pub(crate) fn ended(&self) -> bool {
        self.plan.as_ref().is_some_and(|plan| plan.at.is_none())
    }

    /// The place before what was not fetched yet, as a place to go on from.
    pub(crate) fn cursor(&self) -> Option<JobId> {
        let plan = self.plan.as_ref()?;
        Some(plan.order.id(plan.at?.checked_sub(1)?))
    }
}
