//! From the id of a scheduled job, in either form, to the schedule; and all of an organisation.
//!
//! A number is looked up in memory, where the job manager has those of all schedules. A schedule of another organisation, one
//! that is gone and a text that is no id get the same answer.

use analyte_core::codes::Code;
use analyte_core::names::{Organisation, ScheduleId};
use analyte_jobs::Manager;
use uuid::Uuid;

use super::scheduled_job::ScheduledJob;
use crate::aiware::error::{ErrorId, Refusal};
use crate::request::json_body::Member;
use crate::request::strict_json::Text;

/// Longest part of an id, in characters, that an answer repeats.
const SHOWN: usize = 80;
/// Schedules that are read together: each may have a template of many tasks.
const PORTION: usize = 16;

/// The schedule that an id names.
pub(crate) fn id(manager: &Manager, organisation: &Organisation, text: &str) -> Result<ScheduleId, Refusal> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let found = if digits {
        text.parse().ok().and_then(|number| manager.schedule_numbered(organisation, number).ok())
    } else {
        Uuid::try_parse(text).ok().map(ScheduleId)
    };
    found.ok_or_else(|| nothing(text))
}

/// The scheduled job that an id names.
pub(crate) async fn one(manager: &Manager, organisation: &Organisation, text: &str) -> Result<ScheduledJob, Refusal> {
    let id = id(manager, organisation, text)?;
    match manager.schedule(organisation, id).await {
        Ok(view) => ScheduledJob::of(manager, view).await,
        Err(error) if error.code() == Code::NotFound => Err(nothing(text)),
        Err(error) => Err(error.into()),
    }
}

/// Shows every scheduled job of an organisation to `see`, newest first. A few are in memory at a time.
pub(crate) async fn each(
    manager: &Manager,
    organisation: &Organisation,
    mut see: impl FnMut(ScheduledJob),
) -> Result<(), Refusal> {
    let mut after = None;
    loop {
        let portion = manager.schedules(organisation, after, PORTION).await?;
        for view in portion.items {
            see(ScheduledJob::of(manager, view).await?);
        }
        let Some(next) = portion.next else { return Ok(()) };
        after = Some(next);
    }
}

/// The id that a member of a body is: a text, or a number.
pub(crate) fn id_in(member: &Member<'_>, at: &str) -> Result<String, Refusal> {
    let text = member.text();
    if !text.is_empty() && text.len() <= SHOWN && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(text.to_owned());
    }
    let wrong = |_| Refusal::at(ErrorId::Malformed, at, "must be the id of a scheduled job: a text or a whole number");
    serde_json::from_str::<Text<'_>>(text).map(|Text(text)| text.into_owned()).map_err(wrong)
}

/// There is no such scheduled job.
pub(crate) fn nothing(text: &str) -> Refusal {
    let shown: String = text.chars().take(SHOWN).collect();
    Refusal::new(ErrorId::NotFound, format!("there is no scheduled job `{shown}`"))
}
