//! What is to be delivered for a job, and what became of it: the one place where that is decided, for every store.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{DELIVERIES, notifies};
use crate::codes::Code;
use crate::job::{Job, Status};
use crate::names::JobId;
use crate::timestamp::Timestamp;

/// Longest message of an error, in bytes, that a notification repeats.
const ERROR_BYTES: usize = 1_024;
/// Longest text, in bytes, that is kept of why a try failed.
const PROBLEM_BYTES: usize = 512;

/// Which notification of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct NoticeId {
    /// The job's revision after the change that it tells of.
    pub revision: u64,
    /// The place of the webhook in the job's list.
    pub webhook: u16,
}

impl NoticeId {
    /// The value of the header `webhook-id`.
    pub fn message_id(self, job: JobId) -> String {
        format!("msg_{}_{}_{}", job.0.as_simple(), self.revision, self.webhook)
    }
}

impl fmt::Display for NoticeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}_{}", self.revision, self.webhook)
    }
}

/// Reads what [`NoticeId`] shows.
impl FromStr for NoticeId {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        let (revision, webhook) = text.split_once('_').ok_or(())?;
        Ok(Self { revision: revision.parse().map_err(|_| ())?, webhook: webhook.parse().map_err(|_| ())? })
    }
}

/// How far a delivery is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Stands {
    /// It is tried at this time, or as soon after as there is room.
    Pending {
        /// When.
        due: Timestamp,
    },
    /// The receiver took it.
    Delivered {
        /// When.
        at: Timestamp,
    },
    /// It is not tried any more.
    Failed {
        /// Since when.
        at: Timestamp,
    },
}

/// One try, as it is remembered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TryMade {
    /// When it began.
    pub at: Timestamp,
    /// Milliseconds that it took.
    pub took_ms: u64,
    /// The status that the receiver answered; `None`: it did not answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<u16>,
    /// What was wrong; `None`: the receiver took it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

/// One notification for one webhook.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    /// Which.
    #[serde(flatten)]
    pub id: NoticeId,
    /// The state that the job came into.
    pub status: Status,
    /// When it did.
    pub at: Timestamp,
    /// Why the job failed or was cancelled, as it was then; a long message is cut.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<(Code, String)>,
    /// How far it is.
    pub stands: Stands,
    /// How often it was tried.
    #[serde(default)]
    pub tries: u32,
    /// The last try; `None`: there was none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<TryMade>,
}

impl Delivery {
    /// When it is tried next; `None`: it has ended.
    pub fn due(&self) -> Option<Timestamp> {
        match self.stands {
            Stands::Pending { due } => Some(due),
            Stands::Delivered { .. } | Stands::Failed { .. } => None,
        }
    }
}

/// What became of one try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answered {
    /// The receiver took it.
    Taken,
    /// It is tried again at this time.
    Again {
        /// When.
        due: Timestamp,
    },
    /// It is not tried again.
    GivenUp,
    /// The receiver wants nothing more for this webhook of the job: it answered 410.
    Gone,
}

/// A try to be remembered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempted {
    /// Of which notification.
    pub id: NoticeId,
    /// How it went.
    pub made: TryMade,
    /// What follows.
    pub answered: Answered,
}

/// A webhook that is notified no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Disabled {
    webhook: u16,
    at: Timestamp,
}

/// All notifications of one job.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Outbox {
    /// Webhooks that are notified no more.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    disabled: Vec<Disabled>,
    /// In the order in which they were to be said.
    deliveries: Vec<Delivery>,
}

impl Outbox {
    /// All that are remembered, oldest first.
    pub fn deliveries(&self) -> &[Delivery] {
        &self.deliveries
    }

    /// This one; `None`: there is none, or it was forgotten.
    pub fn delivery(&self, id: NoticeId) -> Option<&Delivery> {
        self.deliveries.iter().find(|delivery| delivery.id == id)
    }

    /// Those that wait, with the times at which they are tried.
    pub fn pending(&self) -> impl Iterator<Item = (Timestamp, NoticeId)> {
        self.deliveries.iter().filter_map(|delivery| Some((delivery.due()?, delivery.id)))
    }

    /// Since when this webhook is notified no more; `None`: it is.
    pub fn disabled_at(&self, webhook: u16) -> Option<Timestamp> {
        self.disabled.iter().find(|disabled| disabled.webhook == webhook).map(|disabled| disabled.at)
    }

    /// Adds what is to be said of a change of the job; `before` is its state before, `None` where it was just submitted.
    /// Says whether there was anything to add.
    pub fn note(&mut self, job: &Job, before: Option<Status>, now: Timestamp) -> bool {
        if !notifies(job, before) {
            return false;
        }
        let count = self.deliveries.len();
        let error = job.error().map(|failure| (failure.code, cut(&failure.message, ERROR_BYTES)));
        for (webhook, place) in job.webhooks.iter().zip(0_u16..) {
            if !webhook.events.contains(&job.status) || self.disabled_at(place).is_some() {
                continue;
            }
            self.deliveries.push(Delivery {
                id: NoticeId { revision: job.revision, webhook: place },
                status: job.status,
                at: now,
                error: error.clone(),
                stands: Stands::Pending { due: now },
                tries: 0,
                last: None,
            });
        }
        let added = self.deliveries.len() > count;
        self.forget_oldest();
        added
    }

    /// Remembers a try. `false`: the notification does not wait, so that nothing changes.
    pub fn tried(&mut self, attempted: Attempted) -> bool {
        let Attempted { id, mut made, answered } = attempted;
        made.problem = made.problem.map(|problem| cut(&problem, PROBLEM_BYTES));
        let at = made.at.plus_ms(made.took_ms);
        let waits = |delivery: &&mut Delivery| delivery.id == id && delivery.due().is_some();
        let Some(delivery) = self.deliveries.iter_mut().find(waits) else { return false };
        delivery.tries = delivery.tries.saturating_add(1);
        delivery.stands = match answered {
            Answered::Taken => Stands::Delivered { at },
            Answered::Again { due } => Stands::Pending { due },
            Answered::GivenUp | Answered::Gone => Stands::Failed { at },
        };
        delivery.last = Some(made);
        if answered == Answered::Gone {
            self.disabled.push(Disabled { webhook: id.webhook, at });
            let others =
                self.deliveries.iter_mut().filter(|other| other.id.webhook == id.webhook && other.due().is_some());
            for other in others {
                other.stands = Stands::Failed { at };
            }
        }
        self.forget_oldest();
        true
    }

    /// Forgets the oldest that ended, where there are too many.
    fn forget_oldest(&mut self) {
        let mut more = self.deliveries.len().saturating_sub(DELIVERIES);
        self.deliveries.retain(|delivery| {
            let forget = more > 0 && delivery.due().is_none();
            more -= usize::from(forget);
            !forget
        });
    }
}

/// At most this many bytes of a text, cut between two characters.
fn cut(text: &str, most: usize) -> String {
    match text.char_indices().map(|(at, one)| at + one.len_utf8()).take_while(|end| *end <= most).last() {
        Some(end) => text.get(..end).unwrap_or_default().to_owned(),
        None => String::new(),
    }
}
