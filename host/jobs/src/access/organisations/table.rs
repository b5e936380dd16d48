//! All organisations.

use std::collections::BTreeMap;
use std::sync::Arc;

use analyte_core::names::Organisation;
use analyte_core::timestamp::Timestamp;
use analyte_store::OrganisationRecord;
use parking_lot::RwLock;

/// An organisation to be made or changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewOrganisation {
    /// What it goes by.
    pub name: Organisation,
    /// For people.
    pub description: String,
    /// Most queued jobs; `None`: as configured (`queued_jobs`).
    pub queued_jobs: Option<u64>,
}

/// All organisations.
pub(crate) struct Organisations {
    pub(super) by_name: RwLock<BTreeMap<Organisation, Arc<OrganisationRecord>>>,
}

impl Organisations {
    pub(crate) fn new(records: Vec<Arc<OrganisationRecord>>) -> Self {
        let default = OrganisationRecord {
            name: Organisation::default_one(),
            description: String::new(),
            queued_jobs: None,
            created_at: Timestamp(0),
        };
        let mut by_name: BTreeMap<_, _> = [(default.name.clone(), Arc::new(default))].into();
        by_name.extend(records.into_iter().map(|record| (record.name.clone(), record)));
        Self { by_name: RwLock::new(by_name) }
    }

    /// Whether there are more than one.
    pub(crate) fn are_several(&self) -> bool {
        self.by_name.read().len() > 1
    }

    pub(super) fn get(&self, name: &Organisation) -> Option<Arc<OrganisationRecord>> {
        self.by_name.read().get(name).cloned()
    }
}
