//! Scheduled jobs to be, what is changed of them, and by what lists of them are narrowed.

use async_graphql::{Enum, ID, InputObject};

use super::job::CreateTdoInJob;
use super::template::{CreateJobTemplate, TargetInfo};
use crate::graphql::scalar::date_time::DateTime;
use crate::graphql::scalar::json_data::JsonData;
use crate::graphql::scalar::time_of_day::TimeOfDay;
use crate::graphql::word::order::OrderDirection;
use crate::graphql::word::schedule::{
    DayOfWeek, IntervalUnit, RunMode, ScheduledJobDateTimeField, ScheduledJobOrderField,
};

/// A day of each week.
#[derive(InputObject)]
pub(crate) struct CreateWeeklySchedulePart {
    pub(crate) scheduled_day: Option<DayOfWeek>,
    pub(crate) start_time: Option<TimeOfDay>,
    /// A job that has not begun then does not begin any more.
    pub(crate) stop_time: Option<TimeOfDay>,
}

/// An interval.
#[derive(InputObject)]
pub(crate) struct CreateRecurringSchedulePart {
    pub(crate) repeat_interval_unit: IntervalUnit,
    pub(crate) repeat_interval: i32,
    /// A job that has not begun so long after does not begin any more.
    pub(crate) duration_seconds: Option<i32>,
    /// Needed for days.
    pub(crate) start_time: Option<TimeOfDay>,
}

/// A scheduled job to be. It has one job template: one that is said here, or one that is kept.
#[derive(InputObject)]
pub(crate) struct CreateScheduledJob {
    pub(crate) name: String,
    pub(crate) description: Option<String>,
    #[graphql(default_with = "Some(RunMode::Once)")]
    pub(crate) run_mode: Option<RunMode>,
    #[graphql(default_with = "Some(true)")]
    pub(crate) is_active: Option<bool>,
    /// `true` is for administrators of the product.
    #[graphql(default_with = "Some(false)")]
    pub(crate) is_public: Option<bool>,
    pub(crate) job_templates: Option<Vec<CreateJobTemplate>>,
    pub(crate) job_template_ids: Option<Vec<ID>>,
    pub(crate) job_pipeline_ids: Option<Vec<ID>>,
    pub(crate) weekly_schedule_parts: Option<Vec<CreateWeeklySchedulePart>>,
    pub(crate) recurring_schedule_parts: Option<Vec<CreateRecurringSchedulePart>>,
    pub(crate) start_date_time: Option<DateTime>,
    pub(crate) stop_date_time: Option<DateTime>,
    pub(crate) details: Option<JsonData>,
    pub(crate) details_schema_id: Option<ID>,
    pub(crate) content_templates: Option<Vec<JsonData>>,
    pub(crate) affiliates: Option<Vec<JsonData>>,
    pub(crate) primary_source_id: Option<ID>,
    /// The product passes over it, too: the caller's is meant.
    pub(crate) organization_id: Option<ID>,
    /// The product passes over it, too.
    pub(crate) application_id: Option<ID>,
}

/// What to change of a scheduled job; what is left out stays. Parts and templates replace all that there were.
#[derive(InputObject)]
pub(crate) struct UpdateScheduledJob {
    pub(crate) id: ID,
    pub(crate) name: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) run_mode: Option<RunMode>,
    pub(crate) is_active: Option<bool>,
    /// `true` is for administrators of the product.
    #[graphql(default_with = "Some(false)")]
    pub(crate) is_public: Option<bool>,
    /// Changes nothing: no scheduled job is of an older kind.
    #[graphql(default_with = "Some(false)")]
    pub(crate) migrate_if_legacy: Option<bool>,
    pub(crate) job_templates: Option<Vec<CreateJobTemplate>>,
    pub(crate) job_template_ids: Option<Vec<ID>>,
    pub(crate) job_pipeline_ids: Option<Vec<ID>>,
    pub(crate) weekly_schedule_parts: Option<Vec<CreateWeeklySchedulePart>>,
    pub(crate) recurring_schedule_parts: Option<Vec<CreateRecurringSchedulePart>>,
    pub(crate) start_date_time: Option<DateTime>,
    pub(crate) stop_date_time: Option<DateTime>,
    pub(crate) details: Option<JsonData>,
    pub(crate) details_schema_id: Option<ID>,
    pub(crate) content_templates: Option<Vec<JsonData>>,
    pub(crate) affiliates: Option<Vec<JsonData>>,
    pub(crate) primary_source_id: Option<ID>,
}

/// Which scheduled job to copy.
#[derive(InputObject)]
pub(crate) struct CloneScheduledJob {
    pub(crate) id: ID,
}

/// Which scheduled job to take back to what it was.
#[derive(InputObject)]
pub(crate) struct RevertScheduledJob {
    pub(crate) id: ID,
}

/// Which scheduled job to launch.
#[derive(InputObject)]
pub(crate) struct LaunchScheduledJobs {
    pub(crate) scheduled_job_id: Option<ID>,
    pub(crate) payload: Option<JsonData>,
    pub(crate) target_info: Option<TargetInfo>,
    pub(crate) create_target_info: Option<CreateTdoInJob>,
}

/// An order of scheduled jobs.
#[derive(InputObject)]
pub(crate) struct ScheduledJobSortField {
    pub(crate) field: ScheduledJobOrderField,
    #[graphql(default_with = "Some(OrderDirection::Desc)")]
    pub(crate) direction: Option<OrderDirection>,
}

/// A span in which a time of a scheduled job lies; both ends belong to it.
#[derive(InputObject)]
pub(crate) struct ScheduledJobDateTimeFilter {
    pub(crate) field: ScheduledJobDateTimeField,
    pub(crate) from_date_time: Option<DateTime>,
    pub(crate) to_date_time: Option<DateTime>,
    /// Whether one that has no such time is meant as well.
    pub(crate) include_empty: Option<bool>,
}

/// Which time of a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(rename_items = "camelCase")]
pub(crate) enum ScheduledJobPartTimeField {
    StartTime,
    EndTime,
}

/// A span in which a time of a part lies; both ends belong to it.
#[derive(InputObject)]
pub(crate) struct ScheduledJobPartTimeFilter {
    pub(crate) field: ScheduledJobPartTimeField,
    pub(crate) from_time: Option<TimeOfDay>,
    pub(crate) to_time: Option<TimeOfDay>,
}
