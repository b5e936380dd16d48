//! Making, changing, launching, copying and removing scheduled jobs.

use analyte_core::codes::Code;
use analyte_core::names::Organisation;
use analyte_core::schedule::{Overlap, Schedule};
use analyte_jobs::{JobView, Manager, ScheduleAsked};

use super::asked::{Changes, NewScheduledJob};
use super::find;
use super::mode::{Rule, RunMode};
use super::scheduled_job::ScheduledJob;
use crate::aiware::error::Refusal;

/// How often a change is made again because a client changed the schedule at the same time.
const TRIES: usize = 4;

/// Makes a scheduled job. Its template is checked as a job is.
pub(crate) async fn create(
    manager: &Manager,
    organisation: &Organisation,
    new: NewScheduledJob,
) -> Result<ScheduledJob, Refusal> {
    let NewScheduledJob { name, description, mode, parts, start, stop, active, details, template, by } = new;
    let Rule { when, set_aside, catch_up } = Rule::of(mode, Some(parts), (None, None), manager.limits())?;
    let asked = ScheduleAsked {
        name,
        description,
        custom_data: details,
        when,
        set_aside,
        anew: false,
        start_at: start,
        stop_at: stop,
        active,
        overlap: Overlap::Skip,
        catch_up,
        template: Some(template),
        created_by: Some(by),
    };
    let view = manager.create_schedule(organisation, asked).await?;
    ScheduledJob::of(manager, view).await
}

/// Changes a scheduled job. Where its mode is said, it begins anew; a job of `now` that has ended has the mode `once` from then
/// on, unless another one is said.
pub(crate) async fn update(
    manager: &Manager,
    organisation: &Organisation,
    id: &str,
    changes: Changes,
) -> Result<ScheduledJob, Refusal> {
    let mut tries = 0;
    loop {
        let old = find::one(manager, organisation, id).await?;
        let revision = old.schedule.revision;
        let asked = changed(manager, &old, changes.clone())?;
        match manager.replace_schedule(organisation, old.schedule.id, asked, Some(revision)).await {
            Ok(view) => return ScheduledJob::of(manager, view).await,
            Err(error) if error.code() == Code::Conflict && tries < TRIES => tries += 1,
            Err(error) if error.code() == Code::NotFound && changes.template.is_none() => {
                return Err(find::nothing(id));
            }
            Err(error) => return Err(error.into()),
        }
    }
}

/// The schedule that it is to be.
fn changed(manager: &Manager, old: &ScheduledJob, changes: Changes) -> Result<ScheduleAsked, Refusal> {
    let Changes { name, description, mode, parts, start, stop, active, details, template } = changes;
    let Schedule { when, set_aside, overlap, catch_up, .. } = &*old.schedule;
    let stays = mode.is_none_or(|mode| mode == old.mode) && parts.is_none() && old.mode == RunMode::of(when, false);
    let rule = if stays {
        Rule { when: when.clone(), set_aside: set_aside.clone(), catch_up: *catch_up }
    } else {
        Rule::of(mode.unwrap_or(old.mode), parts, (Some(when), set_aside.as_ref()), manager.limits())?
    };
    Ok(ScheduleAsked {
        name: name.unwrap_or_else(|| old.schedule.name.clone()),
        description: description.unwrap_or_else(|| old.schedule.description.clone()),
        custom_data: details.unwrap_or_else(|| old.schedule.custom_data.clone()),
        when: rule.when,
        set_aside: rule.set_aside,
        anew: mode == Some(RunMode::Now),
        start_at: start.unwrap_or(old.schedule.start_at),
        stop_at: stop.unwrap_or(old.schedule.stop_at),
        active: active.unwrap_or(old.schedule.active),
        overlap: *overlap,
        catch_up: rule.catch_up,
        template,
        created_by: None,
    })
}

/// Submits a job of it now, whatever its mode, and whether it is active or not.
pub(crate) async fn launch(manager: &Manager, organisation: &Organisation, id: &str) -> Result<JobView, Refusal> {
    let schedule = find::id(manager, organisation, id)?;
    match manager.launch_schedule(organisation, schedule).await {
        Ok(job) => Ok(job),
        Err(error) if error.code() == Code::NotFound => {
            // Either there is no such schedule, or no such model any more.
            find::one(manager, organisation, id).await?;
            Err(error.into())
        }
        Err(error) => Err(error.into()),
    }
}

/// Makes a scheduled job like another one.
pub(crate) async fn copy(
    manager: &Manager,
    organisation: &Organisation,
    id: &str,
    by: String,
) -> Result<ScheduledJob, Refusal> {
    let old = find::one(manager, organisation, id).await?;
    let view = manager.copy_schedule(organisation, old.schedule.id, Some(by)).await?;
    ScheduledJob::of(manager, view).await
}

/// Lets it run no more by itself.
pub(crate) async fn deactivate(
    manager: &Manager,
    organisation: &Organisation,
    id: &str,
) -> Result<ScheduledJob, Refusal> {
    update(manager, organisation, id, Changes { active: Some(false), ..Changes::default() }).await
}

/// Removes it. Its jobs stay.
pub(crate) async fn remove(manager: &Manager, organisation: &Organisation, id: &str) -> Result<(), Refusal> {
    let schedule = find::id(manager, organisation, id)?;
    match manager.remove_schedule(organisation, schedule).await {
        Ok(()) => Ok(()),
        Err(error) if error.code() == Code::NotFound => Err(find::nothing(id)),
        Err(error) => Err(error.into()),
    }
}
