//! Words for the order of lists, and for the times by which they are narrowed.

use async_graphql::Enum;

/// Which way a list goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum, Default)]
#[graphql(rename_items = "snake_case")]
pub(crate) enum OrderDirection {
    Asc,
    #[default]
    Desc,
}

/// By what jobs are put in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(rename_items = "camelCase")]
pub(crate) enum JobOrderField {
    CreatedDateTime,
    ModifiedDateTime,
}

/// By which of its times a job is chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(rename_items = "camelCase")]
pub(crate) enum JobDateTimeField {
    CreatedDateTime,
    ModifiedDateTime,
}

/// By what engines are put in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(rename_items = "camelCase")]
pub(crate) enum EngineOrderField {
    Name,
    Id,
    CreatedDateTime,
    ModifiedDateTime,
}
