//! Words for scheduled jobs.

use async_graphql::Enum;

/// How a scheduled job is started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(rename_items = "PascalCase")]
pub(crate) enum RunMode {
    Continuous,
    Recurring,
    Once,
    Now,
}

/// What a part of a schedule is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(rename_items = "PascalCase")]
pub(crate) enum ScheduleType {
    Weekly,
    Interval,
}

/// What an interval is counted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(rename_items = "PascalCase")]
pub(crate) enum IntervalUnit {
    Months,
    Weeks,
    Days,
    Hours,
    Minutes,
    Seconds,
}

/// A day of the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(rename_items = "PascalCase")]
pub(crate) enum DayOfWeek {
    Sunday,
    Monday,
    Tuesday,
    Wednesday,
    Thursday,
    Friday,
    Saturday,
}

/// What a caller may do with a scheduled job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(rename_items = "snake_case")]
pub(crate) enum ScheduledJobPermission {
    Editor,
    Viewer,
    Owner,
}

/// By what scheduled jobs are put in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(rename_items = "camelCase")]
pub(crate) enum ScheduledJobOrderField {
    Id,
    CreatedDateTime,
    ModifiedDateTime,
    StartDateTime,
    StopDateTime,
    Name,
    RunMode,
    IsActive,
}

/// By which of its times a scheduled job is chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(rename_items = "camelCase")]
pub(crate) enum ScheduledJobDateTimeField {
    StartDateTime,
    StopDateTime,
    DateCreated,
    DateModified,
}
