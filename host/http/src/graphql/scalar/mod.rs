//! Scalars that are not GraphQL's own.

pub(super) mod date_time;
pub(super) mod json_data;
pub(super) mod time_of_day;
