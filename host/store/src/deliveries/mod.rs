//! Deliveries of notifications: what is due, and what became of it.
//!
//! A notification comes into being in the step that changes its job ([`Outbox::note`]), whichever call that is. It goes with
//! its job.

pub(crate) mod pending;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use analyte_core::job::Job;
use analyte_core::names::{JobId, Organisation};
use analyte_core::timestamp::Timestamp;
use analyte_core::webhook::{Attempted, Delivery, Destination, NoticeId, Outbox};
use async_trait::async_trait;

use crate::error::Result;

/// Notifications of jobs.
#[async_trait]
pub trait Deliveries: Send + Sync + 'static {
    /// Deliveries that are due, all of them durable, as many as there is room for. Organisations take turns, and so do the
    /// destinations of one; of one destination the one that is due first comes first. The time of a call grows with what is
    /// due and may be sent, not with what waits.
    async fn due(&self, room: SendRoom, now: Timestamp) -> Result<Due>;

    /// Remembers tries; one answer each, in order: whether the notification still waited. Where it did not, nothing changes.
    async fn tried(&self, tries: Vec<Tried>) -> Result<Vec<bool>>;

    /// The outbox of a job, empty where it has no webhooks; `None`: there is no such job.
    async fn outbox(&self, organisation: &Organisation, id: JobId) -> Result<Option<Outbox>>;

    /// How many deliveries of an organisation wait.
    async fn pending(&self, organisation: &Organisation) -> Result<u64>;
}

/// One notification of a job of an organisation.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NoticeKey {
    /// Which job.
    pub job: JobId,
    /// Which of its notifications.
    pub id: NoticeId,
}

/// Deliveries that are being sent, by organisation and destination.
pub type Sending = BTreeMap<Organisation, BTreeMap<Destination, BTreeSet<NoticeKey>>>;

/// What there is room for.
#[derive(Debug, Clone, Default)]
pub struct SendRoom {
    /// What is being sent: it is not given out again, and counts.
    pub sending: Arc<Sending>,
    /// Most tries at once.
    pub most: usize,
    /// The same of one organisation.
    pub most_of_one: usize,
    /// The same to one destination of one organisation.
    pub most_to_one: usize,
    /// A delivery that is due later than in this many milliseconds is due now: it was noted or put off while the clock was wrong.
    pub horizon_ms: u64,
    /// Whose turn it was last; `None`: no organisation had one yet.
    pub after: Option<Organisation>,
}

/// A delivery that is due.
#[derive(Debug, Clone, PartialEq)]
pub struct DueDelivery {
    /// Its job, as it is now.
    pub job: Arc<Job>,
    /// Where it goes.
    pub destination: Destination,
    /// What is to be said.
    pub delivery: Delivery,
}

/// Deliveries that are due.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Due {
    /// In the order of the turns.
    pub deliveries: Vec<DueDelivery>,
    /// When the next one is due that is not due yet; `None`: there is none. Those for which there was no room are due already.
    pub next: Option<Timestamp>,
}

/// A try of a delivery.
#[derive(Debug, Clone)]
pub struct Tried {
    /// Whose job.
    pub organisation: Organisation,
    /// Which.
    pub job: JobId,
    /// The try.
    pub attempted: Attempted,
}
