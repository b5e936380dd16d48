//! Durable state behind one trait: jobs, providers, models, tokens and the bytes that belong to them.
//!
//! What [`Store`] promises: an answered call is durable; every change of a job is one atomic step through
//! [`analyte_core::job::transition::apply`]; a write of a run that is no longer current is answered as stale and
//! changes nothing; what belongs to one organisation is never answered to another. A store reads no clock (callers pass
//! `now`) and knows nothing of components or HTTP.
//!
//! The trait has nine parts, each beside its types. [`sled::SledStore`] keeps them on the disk of a single node;
//! [`memory::MemoryStore`] keeps them in memory only, for tests. The feature `conformance` makes the tests public that
//! every store must pass, so that a store of another crate can run them.

mod access;
mod catalogue;
#[cfg(any(test, feature = "conformance"))]
#[expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests fail by panicking")]
pub mod conformance;
mod contents;
mod deliveries;
mod documents;
mod error;
mod files;
mod jobs;
pub mod memory;
mod metrics;
mod runs;
mod schedules;
pub mod sled;
mod upkeep;

pub use access::{Access, OrganisationRecord, Right, TokenRecord};
pub use catalogue::{Catalogue, ModelKind, ModelRecord, ProviderRecord, Removed};
pub use contents::{ContentWriter, Contents, NewContent, Purpose, Staged};
pub use deliveries::{Deliveries, Due, DueDelivery, NoticeKey, SendRoom, Sending, Tried};
pub use documents::{DocumentKept, DocumentKind, DocumentRecord, Documents, DocumentsRoom};
pub use error::{Result, StoreError};
pub use files::{FileKept, FileRecord, Files, FilesRoom};
pub use jobs::{
    Age, Before, CancelAnswer, CancelRule, Change, Changed, Counts, Depth, Events, Idempotency, Jobs, Known, ListQuery,
    NewJob, Page, Sorted, Submitted,
};
pub use metrics::Metrics;
pub use runs::{Claimed, Claims, Finished, Heartbeat, HeldUp, NewFile, Outcome, Room, Runs};
pub use schedules::{Fired, FiredJob, KeptSchedule, NewFiring, NewSchedule, ScheduleKept, Schedules};
pub use upkeep::{Health, Upkeep};

/// Durable state. See the crate's page for what every call promises.
pub trait Store:
    Jobs + Runs + Contents + Catalogue + Files + Documents + Access + Schedules + Deliveries + Upkeep
{
}

impl<T: Jobs + Runs + Contents + Catalogue + Files + Documents + Access + Schedules + Deliveries + Upkeep> Store for T {}
