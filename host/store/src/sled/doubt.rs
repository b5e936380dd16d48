//! What can be read while nothing can be written.
//!
//! When a batch fails, sled has its changes in memory, and nobody knows whether the disk has them. Until the store can be
//! opened anew, readers go on with what is in memory, as long as it has nothing to do with that batch: everything else in
//! there is durable.

use std::collections::BTreeSet;

use analyte_core::names::{JobId, Organisation};

use super::records::Shelf;
use super::work::{Place, Work};

/// What somebody is about to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Scope {
    /// One job and what belongs to it.
    Job(Organisation, JobId),
    /// Anything of one organisation.
    Organisation(Organisation),
    /// Files of one organisation.
    Files(Organisation),
    /// What providers and models are made of.
    Catalogue,
    /// Anything.
    All,
}

/// What the failed batch may have changed.
#[derive(Debug, Default)]
pub(super) struct Doubt {
    jobs: BTreeSet<Place>,
    files: BTreeSet<Organisation>,
    catalogue: bool,
    /// Whether it changed anything.
    any: bool,
}

impl Doubt {
    /// Of the batch at hand, which was handed to sled, or perhaps was.
    pub(super) fn of(work: &Work) -> Self {
        let jobs = work.journal.batch().map(|change| (change.organisation.clone(), change.job));
        Self {
            jobs: jobs.chain(work.touched.iter().cloned()).collect(),
            files: work.touched_files.iter().cloned().collect(),
            catalogue: work.catalogue_changed,
            any: true,
        }
    }

    fn touches(&self, scope: &Scope) -> bool {
        match scope {
            Scope::Job(organisation, id) => self.jobs.contains(&(organisation.clone(), *id)),
            Scope::Organisation(organisation) => self.jobs.iter().any(|(of, _)| of == organisation),
            Scope::Files(organisation) => self.files.contains(organisation),
            Scope::Catalogue => self.catalogue,
            Scope::All => self.any,
        }
    }
}

impl Shelf {
    /// The tree for whoever reads just this, and after which batch it is; `None`: that cannot be read now.
    pub(super) fn visible(&self, scope: &Scope) -> Option<(&sled::Tree, u64)> {
        let tree = self.tree.as_ref()?;
        match &self.doubt {
            None => Some((tree, self.applied)),
            Some(doubt) if doubt.touches(scope) => None,
            // Durable long since.
            Some(_) => Some((tree, 0)),
        }
    }
}
