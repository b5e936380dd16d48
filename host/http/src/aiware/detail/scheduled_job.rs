//! A scheduled job as it stands in answers.

use analyte_core::document::Document;
use analyte_core::schedule::Schedule;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::job::SOURCE;
use super::job::number;
use crate::aiware::ids::names;
use crate::aiware::schedules::part::SchedulePart;
use crate::aiware::schedules::scheduled_job::ScheduledJob;
use crate::native::json::Time;

/// A scheduled job.
#[derive(Serialize, ToSchema)]
pub(crate) struct ScheduledJobDetail<'a> {
    #[serde(rename = "scheduledJobID")]
    number: u64,
    #[serde(rename = "internalScheduledJobID")]
    #[schema(value_type = String, format = "uuid")]
    id: Uuid,
    #[serde(rename = "scheduledJobName")]
    name: &'a str,
    /// **Ours**: the product has it in AI Data only.
    description: Option<&'a str>,
    #[serde(rename = "isActive")]
    active: bool,
    #[serde(rename = "runMode")]
    mode: &'static str,
    #[serde(rename = "startDateTime")]
    #[schema(value_type = Option<String>, format = DateTime)]
    start: Option<Time>,
    #[serde(rename = "stopDateTime")]
    #[schema(value_type = Option<String>, format = DateTime)]
    stop: Option<Time>,
    #[serde(rename = "scheduleParts")]
    parts: Vec<PartDetail>,
    /// The data that each of its jobs carries, as text.
    #[serde(rename = "jobConfigJSON")]
    config: Option<&'a str>,
    #[serde(rename = "organizationID")]
    #[schema(value_type = Option<serde_json::Value>)]
    organisation_number: Option<()>,
    #[serde(rename = "internalOrganizationID")]
    #[schema(value_type = String, format = "uuid")]
    organisation: Uuid,
    #[serde(rename = "sourceID")]
    source: Option<i64>,
    #[serde(rename = "sourceType")]
    #[schema(value_type = Option<serde_json::Value>)]
    source_type: Option<()>,
    #[schema(value_type = Option<serde_json::Value>)]
    url: Option<()>,
    #[serde(rename = "radioStreamUrl")]
    #[schema(value_type = Option<serde_json::Value>)]
    radio: Option<()>,
    #[serde(rename = "youtubeChannel")]
    #[schema(value_type = Option<serde_json::Value>)]
    channel: Option<()>,
    #[serde(rename = "liveTimezone")]
    #[schema(value_type = Option<serde_json::Value>)]
    time_zone: Option<()>,
    #[serde(rename = "createdDateTime")]
    #[schema(value_type = String, format = DateTime)]
    created: Time,
    #[serde(rename = "modifiedDateTime")]
    #[schema(value_type = String, format = DateTime)]
    modified: Time,
    #[serde(rename = "coreCreatedDateTime")]
    #[schema(value_type = String, format = DateTime)]
    core_created: Time,
    #[serde(rename = "coreID")]
    core_id: String,
}

/// A part of a scheduled job.
#[derive(Serialize, ToSchema)]
struct PartDetail {
    #[serde(rename = "schedulePartsID")]
    #[schema(value_type = String, format = "uuid")]
    id: Uuid,
    #[serde(rename = "internalScheduledJobID")]
    #[schema(value_type = String, format = "uuid")]
    of: Uuid,
    #[serde(rename = "scheduleType")]
    kind: &'static str,
    #[serde(rename = "scheduleDay")]
    day: Option<&'static str>,
    #[serde(rename = "scheduleDayLocal")]
    local_day: Option<&'static str>,
    #[serde(rename = "startTime")]
    start: Option<String>,
    #[serde(rename = "stopTime")]
    stop: Option<String>,
    #[serde(rename = "repeatInterval")]
    count: Option<u32>,
    #[serde(rename = "repeatIntervalUnit")]
    unit: Option<&'static str>,
    #[serde(rename = "durationSeconds")]
    duration: Option<u32>,
    #[serde(rename = "createdDateTime")]
    #[schema(value_type = String, format = DateTime)]
    created: Time,
    #[serde(rename = "modifiedDateTime")]
    #[schema(value_type = String, format = DateTime)]
    modified: Time,
}

impl<'a> ScheduledJobDetail<'a> {
    /// Of this scheduled job.
    pub(crate) fn of(job: &'a ScheduledJob) -> Self {
        let Schedule { id, name, description, start_at, stop_at, active, template, created_at, .. } = &*job.schedule;
        let parts = job.parts().into_iter().enumerate();
        Self {
            number: job.number(),
            id: id.0,
            name,
            description: description.as_deref(),
            active: *active,
            mode: job.mode.word(),
            start: start_at.map(Time),
            stop: stop_at.map(Time),
            parts: parts.map(|(place, part)| PartDetail::of(&job.schedule, place, part)).collect(),
            config: template.custom_data.as_ref().map(Document::text),
            organisation_number: None,
            organisation: names::organisation(&job.schedule.organisation),
            source: number(template, SOURCE),
            source_type: None,
            url: None,
            radio: None,
            channel: None,
            time_zone: None,
            created: Time(*created_at),
            modified: Time(job.modified()),
            core_created: Time(*created_at),
            core_id: job.number().to_string(),
        }
    }
}

impl PartDetail {
    fn of(schedule: &Schedule, place: usize, part: SchedulePart) -> Self {
        let SchedulePart { kind, day, start, stop, unit, count, duration } = part;
        Self {
            id: names::schedule_part(schedule.id, place),
            of: schedule.id.0,
            kind,
            day,
            // There is no time zone but UTC.
            local_day: day,
            start: start.map(|time| time.to_string()),
            stop: stop.map(|time| time.to_string()),
            count,
            unit,
            duration,
            created: Time(schedule.created_at),
            modified: Time(schedule.changed_at.unwrap_or(schedule.created_at)),
        }
    }
}
