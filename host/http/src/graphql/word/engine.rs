//! Words for engines.

use async_graphql::Enum;

/// The state of an engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(rename_items = "snake_case")]
pub(crate) enum EngineState {
    Active,
    Disabled,
    Pending,
    Deleted,
    Draft,
    Ready,
}

/// The kinds of engines by which lists are narrowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(rename_items = "PascalCase")]
pub(crate) enum EngineTypeFilter {
    Cognition,
    Ingestion,
    Aggregator,
}

/// What an engine may reach while it runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(rename_items = "PascalCase")]
pub(crate) enum DeploymentModel {
    FullyNetworkIsolated,
    MostlyNetworkIsolated,
    NonNetworkIsolated,
    HumanReview,
}

/// When an engine may be started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(rename_items = "PascalCase")]
pub(crate) enum EngineScheduleType {
    Now,
    OnDemand,
    Recurring,
    Continuous,
}

/// The state of a build of an engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(rename_items = "camelCase")]
pub(crate) enum BuildStatus {
    Fetching,
    Uploaded,
    Available,
    Invalid,
    Pending,
    Approved,
    Disapproved,
    Deploying,
    Deployed,
    DeployFailed,
    Paused,
    Deleted,
}
