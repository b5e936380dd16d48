//! What may differ from the disk after a failed batch, and so cannot be read until the store is opened anew.
//!
//! When a batch fails, sled has its changes in memory, and the store cannot know whether the disk has them. Until the
//! store can be opened anew, readers go on with what is in memory, as long as it has nothing to do with that batch:
//! everything else in there is durable.

use std::collections::BTreeSet;

use analyte_core::names::{JobId, Organisation};

use crate::sled::format::keys::Place;

/// What a reader is about to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Scope {
    /// One job and what belongs to it.
    Job(Organisation, JobId),
    /// Anything of one organisation.
    Organisation(Organisation),
    /// Files of one organisation.
    Files(Organisation),
    /// Documents of one organisation.
    Documents(Organisation),
    /// Schedules of one organisation.
    Schedules(Organisation),
    /// What providers and models are made of.
    Catalogue,
    /// Anything.
    All,
}

/// What the failed batch may have changed.
#[derive(Debug, Default)]
pub(crate) struct Unconfirmed {
    jobs: BTreeSet<Place>,
    files: BTreeSet<Organisation>,
    documents: BTreeSet<Organisation>,
    schedules: BTreeSet<Organisation>,
    catalogue: bool,
    /// Whether it changed anything.
    any: bool,
}

impl Unconfirmed {
    /// Of a batch that was handed to sled, or perhaps was.
    pub(crate) fn new(
        jobs: impl Iterator<Item = Place>,
        files: impl Iterator<Item = Organisation>,
        documents: impl Iterator<Item = Organisation>,
        schedules: impl Iterator<Item = Organisation>,
        catalogue: bool,
    ) -> Self {
        let (jobs, files) = (jobs.collect(), files.collect());
        let (documents, schedules) = (documents.collect(), schedules.collect());
        Self { jobs, files, documents, schedules, catalogue, any: true }
    }

    pub(crate) fn touches(&self, scope: &Scope) -> bool {
        match scope {
            Scope::Job(organisation, id) => self.jobs.contains(&(organisation.clone(), *id)),
            Scope::Organisation(organisation) => self.jobs.iter().any(|(of, _)| of == organisation),
            Scope::Files(organisation) => self.files.contains(organisation),
            Scope::Documents(organisation) => self.documents.contains(organisation),
            Scope::Schedules(organisation) => self.schedules.contains(organisation),
            Scope::Catalogue => self.catalogue,
            Scope::All => self.any,
        }
    }
}
