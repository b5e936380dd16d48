//! Going through an organisation's jobs page by page: what lists, totals and reports are made of.
//!
//! One page is in memory at a time. How many jobs one call may look at is the limit `sort_items`, as for a native list in an
//! order of its own; a call that would have to look at more is refused, and says how to ask for less.

use std::sync::Arc;

use analyte_core::job::{Job, Status};
use analyte_core::names::Organisation;
use analyte_core::timestamp::Timestamp;
use analyte_jobs::{ListQuery, Manager};

use super::error::{ErrorId, Refusal};
use super::query::Asked;

/// Jobs of one page.
const PAGE: usize = 256;

/// Whether to go on to the next job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Next {
    /// Yes.
    GoOn,
    /// What comes after it is not of interest.
    Stop,
}

/// Goes through the jobs for which a query holds, in its order.
pub(crate) async fn each(
    manager: &Manager,
    organisation: &Organisation,
    query: ListQuery,
    mut see: impl FnMut(Arc<Job>) -> Result<Next, Refusal>,
) -> Result<(), Refusal> {
    let mut query = ListQuery { limit: PAGE, ..query };
    let most = manager.limits().sort_items;
    let mut seen = 0_u64;
    loop {
        let page = manager.page(organisation, query.clone()).await?;
        seen = seen.saturating_add(page.jobs.len() as u64);
        for job in page.jobs {
            if see(job)? == Next::Stop {
                return Ok(());
            }
        }
        let Some(next) = page.next else { return Ok(()) };
        if seen >= most {
            let detail = format!(
                "more than {most} jobs would have to be looked at (limit sort_items); narrow the list by a state or by times"
            );
            return Err(Refusal::new(ErrorId::InvalidInput, detail));
        }
        query.after = Some(next);
    }
}

/// The parameters of [`Window`].
pub(crate) const WINDOW: [&str; 6] =
    ["startTime", "endTime", "CreatedBefore", "CreatedAfter", "modifiedBefore", "modifiedAfter"];

/// When jobs were made and changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Window {
    /// Made at this time or later.
    pub(crate) from: Option<Timestamp>,
    /// Made before this time.
    pub(crate) before: Option<Timestamp>,
    /// Changed last before this time.
    modified_before: Option<Timestamp>,
    /// Changed last after this time.
    modified_after: Option<Timestamp>,
}

impl Window {
    /// As the parameters say: `startTime` and `endTime` are part of the window, the ends of the others are not.
    pub(crate) fn of(asked: &Asked) -> Result<Self, Refusal> {
        let [start, end, before, after, modified_before, modified_after] = [
            asked.seconds("startTime")?,
            asked.seconds("endTime")?,
            asked.seconds("CreatedBefore")?,
            asked.seconds("CreatedAfter")?,
            asked.seconds("modifiedBefore")?,
            asked.seconds("modifiedAfter")?,
        ];
        let later = |time: Timestamp| time.plus_ms(1);
        let least = |one: Option<Timestamp>, other: Option<Timestamp>| one.into_iter().chain(other).min();
        Ok(Self {
            from: start.max(after.map(later)),
            before: least(end.map(later), before),
            modified_before,
            modified_after,
        })
    }

    /// Whether it asks for nothing that the store does not count.
    pub(crate) fn is_everything(&self) -> bool {
        *self == Self::default()
    }

    /// Whether the job was changed last when it should have been. The times of its making are the store's to look at.
    pub(crate) fn has(&self, job: &Job) -> bool {
        let at = modified(job);
        self.modified_before.is_none_or(|before| at < before) && self.modified_after.is_none_or(|after| at > after)
    }

    /// The query for it.
    pub(crate) fn query(&self, status: Option<Status>, oldest_first: bool) -> ListQuery {
        ListQuery {
            status,
            created_after: self.from,
            created_before: self.before,
            oldest_first,
            ..ListQuery::default()
        }
    }
}

/// When a job was changed last.
pub(crate) fn modified(job: &Job) -> Timestamp {
    job.history.last().map_or(job.created_at, |moment| moment.at)
}

/// Whether the oldest come first, as `orderBy` and `direction` say.
pub(crate) fn oldest_first(asked: &Asked) -> Result<bool, Refusal> {
    asked.word("orderBy", &[("createdDateTime", ())])?;
    Ok(asked.word("direction", &[("ASC", true), ("DESC", false)])?.unwrap_or_default())
}
