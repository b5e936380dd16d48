//! Scheduled jobs.

use async_graphql::SimpleObject;

use crate::aiware::schedules;
use crate::graphql::scalar::time_of_day::TimeOfDay;
use crate::graphql::word::schedule::{DayOfWeek, IntervalUnit, ScheduleType};

/// A scheduled job.
#[derive(Clone)]
pub(crate) struct ScheduledJob(pub(crate) schedules::scheduled_job::ScheduledJob);

/// When a recurring job runs.
#[derive(SimpleObject)]
pub(crate) struct SchedulePart {
    pub(crate) schedule_type: ScheduleType,
    pub(crate) scheduled_day: Option<DayOfWeek>,
    /// The same: there is no time zone but UTC.
    pub(crate) scheduled_day_local: Option<DayOfWeek>,
    pub(crate) start_time: Option<TimeOfDay>,
    pub(crate) stop_time: Option<TimeOfDay>,
    pub(crate) repeat_interval_unit: Option<IntervalUnit>,
    pub(crate) repeat_interval: Option<i32>,
    pub(crate) duration_seconds: Option<i32>,
}
