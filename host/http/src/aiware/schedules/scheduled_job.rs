//! A scheduled job as calls see it.

use std::sync::Arc;

use analyte_core::codes::Code;
use analyte_core::schedule::{Schedule, When};
use analyte_core::timestamp::Timestamp;
use analyte_jobs::{Manager, ScheduleView};

use super::mode::RunMode;
use super::part::SchedulePart;
use crate::aiware::error::Refusal;

/// A scheduled job.
#[derive(Debug, Clone)]
pub(crate) struct ScheduledJob {
    /// The schedule that it is; its `template` is the one job template.
    pub(crate) schedule: Arc<Schedule>,
    /// When it runs.
    pub(crate) mode: RunMode,
}

impl ScheduledJob {
    /// Of this schedule.
    pub(crate) async fn of(manager: &Manager, view: ScheduleView) -> Result<Self, Refusal> {
        let done = view.schedule.when == When::Once && is_done(manager, &view).await?;
        Ok(Self { mode: RunMode::of(&view.schedule.when, done), schedule: view.schedule })
    }

    /// Its short id.
    pub(crate) fn number(&self) -> u64 {
        self.schedule.number
    }

    /// When it was made or changed last.
    pub(crate) fn modified(&self) -> Timestamp {
        self.schedule.changed_at.unwrap_or(self.schedule.created_at)
    }

    /// Its parts, also where its mode does not use them.
    pub(crate) fn parts(&self) -> Vec<SchedulePart> {
        let own = SchedulePart::all(&self.schedule.when);
        match &self.schedule.set_aside {
            Some(kept) if own.is_empty() => SchedulePart::all(kept),
            _ => own,
        }
    }
}

/// Whether what fires once has fired, and its job has ended.
async fn is_done(manager: &Manager, view: &ScheduleView) -> Result<bool, Refusal> {
    let organisation = &view.schedule.organisation;
    if !manager.next_firings(organisation, view.schedule.id, 1).await?.is_empty() {
        return Ok(false);
    }
    // Its time may have come, and what becomes of it not be kept yet.
    let Some(last) = view.state.last_job else { return Ok(view.state.firings > 0 || !view.schedule.active) };
    match manager.job(organisation, last).await {
        Ok(job) => Ok(job.status.ended()),
        Err(error) if error.code() == Code::NotFound => Ok(true),
        Err(error) => Err(error.into()),
    }
}
