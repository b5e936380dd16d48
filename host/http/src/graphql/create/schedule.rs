//! Scheduled jobs, made and changed as clients ask.

use analyte_core::schedule::{Day, Part, TimeOfDay, Unit};
use analyte_jobs::Submission;

use super::{object, template};
use crate::aiware::calls::job::create::with_tables;
use crate::aiware::schedules::asked::{Changes, NewScheduledJob};
use crate::aiware::schedules::mode;
use crate::aiware::templates::launch::{self, Launch};
use crate::graphql::context::Asked;
use crate::graphql::fault::Fault;
use crate::graphql::input::schedule::{
    CreateRecurringSchedulePart, CreateScheduledJob, CreateWeeklySchedulePart, UpdateScheduledJob,
};
use crate::graphql::input::template::CreateJobTemplate;
use crate::graphql::load::templates;
use crate::graphql::scalar::json_data::JsonData;
use crate::graphql::word::schedule::{DayOfWeek, IntervalUnit, RunMode};
use crate::native::table::compute;

/// The run mode of a word.
pub(crate) fn mode_of(word: RunMode) -> mode::RunMode {
    match word {
        RunMode::Continuous => mode::RunMode::Continuous,
        RunMode::Recurring => mode::RunMode::Recurring,
        RunMode::Once => mode::RunMode::Once,
        RunMode::Now => mode::RunMode::Now,
    }
}

fn day_of(word: DayOfWeek) -> Day {
    match word {
        DayOfWeek::Sunday => Day::Sunday,
        DayOfWeek::Monday => Day::Monday,
        DayOfWeek::Tuesday => Day::Tuesday,
        DayOfWeek::Wednesday => Day::Wednesday,
        DayOfWeek::Thursday => Day::Thursday,
        DayOfWeek::Friday => Day::Friday,
        DayOfWeek::Saturday => Day::Saturday,
    }
}

fn unit_of(word: IntervalUnit) -> Unit {
    match word {
        IntervalUnit::Months => Unit::Months,
        IntervalUnit::Weeks => Unit::Weeks,
        IntervalUnit::Days => Unit::Days,
        IntervalUnit::Hours => Unit::Hours,
        IntervalUnit::Minutes => Unit::Minutes,
        IntervalUnit::Seconds => Unit::Seconds,
    }
}

/// All parts; `None`: none are said.
fn parts(
    weekly: Option<Vec<CreateWeeklySchedulePart>>,
    recurring: Option<Vec<CreateRecurringSchedulePart>>,
) -> Result<Option<Vec<Part>>, Fault> {
    if weekly.is_none() && recurring.is_none() {
        return Ok(None);
    }
    let mut parts = Vec::new();
    for (place, part) in weekly.into_iter().flatten().enumerate() {
        let CreateWeeklySchedulePart { scheduled_day, start_time, stop_time } = part;
        let missing = |member: &str| Fault::at(&format!("/input/weeklyScheduleParts/{place}/{member}"), "is missing");
        let day = day_of(scheduled_day.ok_or_else(|| missing("scheduledDay"))?);
        let at: TimeOfDay = start_time.ok_or_else(|| missing("startTime"))?.0;
        parts.push(Part::Weekly { day, at, until: stop_time.map(|time| time.0) });
    }
    for (place, part) in recurring.into_iter().flatten().enumerate() {
        let CreateRecurringSchedulePart { repeat_interval_unit, repeat_interval, duration_seconds, start_time } = part;
        let wrong = |member: &str, message: &str| {
            Fault::at(&format!("/input/recurringScheduleParts/{place}/{member}"), message)
        };
        let count = u32::try_from(repeat_interval).ok().filter(|count| *count > 0);
        let count = count.ok_or_else(|| wrong("repeatInterval", "must be a number from 1 on"))?;
        let negative = |_| wrong("durationSeconds", "must not be negative");
        let for_seconds = duration_seconds.map(u32::try_from).transpose().map_err(negative)?;
        if repeat_interval_unit == IntervalUnit::Days && start_time.is_none() {
            return Err(wrong("startTime", "is missing: an interval of days needs it"));
        }
        let at = start_time.map(|time| time.0);
        parts.push(Part::Every { count, unit: unit_of(repeat_interval_unit), at, for_seconds });
    }
    Ok(Some(parts))
}

/// The one job template of a scheduled job; `None`: none is said.
async fn template_of(
    asked: &Asked<'_>,
    new: Option<Vec<CreateJobTemplate>>,
    kept: Option<Vec<async_graphql::ID>>,
) -> Result<Option<Submission>, Fault> {
    let (new, kept) = (new.unwrap_or_default(), kept.unwrap_or_default());
    if new.len() + kept.len() > 1 {
        let message = "a scheduled job has one job template here; make one scheduled job for each";
        return Err(Fault::at("/input/jobTemplates", message));
    }
    let (body, id) = if let Some(id) = kept.first() {
        let template = templates::one(asked, id).await?;
        let id = template.id();
        (template.body, Some(id))
    } else if let Some(new) = new.into_iter().next() {
        (template::job(asked, new, "/input/jobTemplates/0").await?, None)
    } else {
        return Ok(None);
    };
    let by = asked.caller.principal().label.to_string();
    let limits = asked.shared.limits.clone();
    let read = move || launch::asked(&body, id, &Launch { payload: None, target: None, by }, &limits);
    let job = compute(asked.shared, asked.organisation(), read).await??;
    Ok(with_tables(asked.shared, asked.caller, vec![job]).await?.into_iter().next())
}

/// Refuses what has no meaning for a scheduled job.
fn refuse(given: [(&str, bool); 5]) -> Result<(), Fault> {
    match given.into_iter().find(|(_, given)| *given) {
        Some((member, _)) => Err(Fault::no_meaning(&format!("`/input/{member}`"))),
        None => Ok(()),
    }
}

fn some<T>(list: Option<&Vec<T>>) -> bool {
    list.is_some_and(|list| !list.is_empty())
}

/// A scheduled job to be.
pub(crate) async fn new(asked: &Asked<'_>, input: CreateScheduledJob) -> Result<NewScheduledJob, Fault> {
    refuse([
        ("jobPipelineIds", some(input.job_pipeline_ids.as_ref())),
        ("detailsSchemaId", input.details_schema_id.is_some()),
        ("contentTemplates", some(input.content_templates.as_ref())),
        ("affiliates", some(input.affiliates.as_ref())),
        ("primarySourceId", input.primary_source_id.is_some()),
    ])?;
    let template = template_of(asked, input.job_templates, input.job_template_ids).await?;
    let template = template.ok_or_else(|| Fault::at("/input/jobTemplates", "has no job template"))?;
    let limits = &asked.shared.limits;
    Ok(NewScheduledJob {
        name: input.name,
        description: input.description,
        mode: mode_of(input.run_mode.unwrap_or(RunMode::Once)),
        parts: parts(input.weekly_schedule_parts, input.recurring_schedule_parts)?.unwrap_or_default(),
        start: input.start_date_time.map(|time| time.0),
        stop: input.stop_date_time.map(|time| time.0),
        active: input.is_active.unwrap_or(true),
        details: object::document(input.details.as_ref(), "/input/details", limits)?,
        template,
        by: asked.caller.principal().label.to_string(),
    })
}

/// Changes of a scheduled job.
pub(crate) async fn changes(asked: &Asked<'_>, input: UpdateScheduledJob) -> Result<Changes, Fault> {
    refuse([
        ("jobPipelineIds", some(input.job_pipeline_ids.as_ref())),
        ("detailsSchemaId", input.details_schema_id.is_some()),
        ("contentTemplates", some(input.content_templates.as_ref())),
        ("affiliates", some(input.affiliates.as_ref())),
        ("primarySourceId", input.primary_source_id.is_some()),
    ])?;
    let details = input.details.as_ref();
    let document = object::document(details, "/input/details", &asked.shared.limits)?;
    Ok(Changes {
        name: input.name,
        description: input.description.map(Some),
        mode: input.run_mode.map(mode_of),
        parts: parts(input.weekly_schedule_parts, input.recurring_schedule_parts)?,
        start: input.start_date_time.map(|time| Some(time.0)),
        stop: input.stop_date_time.map(|time| Some(time.0)),
        active: input.is_active,
        details: details.map(|_: &JsonData| document),
        template: template_of(asked, input.job_templates, input.job_template_ids).await?,
    })
}
