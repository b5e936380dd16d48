//! By what lists are narrowed and put in order.

use async_graphql::{ID, InputObject};

use crate::graphql::fault::Fault;
use crate::graphql::load::jobs::{Span, Wanted};
use crate::graphql::scalar::date_time::DateTime;
use crate::graphql::word::engine::EngineState;
use crate::graphql::word::order::{EngineOrderField, JobDateTimeField, JobOrderField, OrderDirection};

/// An order of jobs.
#[derive(InputObject)]
pub(crate) struct JobSortField {
    pub(crate) field: JobOrderField,
    #[graphql(default_with = "Some(OrderDirection::Desc)")]
    pub(crate) direction: Option<OrderDirection>,
}

/// A span in which a time of a job lies; both ends belong to it.
#[derive(InputObject)]
pub(crate) struct JobDateTimeFilter {
    pub(crate) field: JobDateTimeField,
    pub(crate) from_date_time: Option<DateTime>,
    pub(crate) to_date_time: Option<DateTime>,
}

/// An order of engines.
#[derive(InputObject)]
pub(crate) struct EngineSortField {
    pub(crate) field: EngineOrderField,
    #[graphql(default_with = "Some(OrderDirection::Asc)")]
    pub(crate) direction: Option<OrderDirection>,
}

/// Which engines.
#[derive(InputObject)]
pub(crate) struct EngineFilter {
    pub(crate) id: Option<ID>,
    /// A part of the name, in any case.
    pub(crate) name: Option<String>,
    pub(crate) category_id: Option<ID>,
    pub(crate) category: Option<String>,
    pub(crate) state: Option<Vec<EngineState>>,
    pub(crate) is_public: Option<bool>,
}

/// Puts an order and spans of time into what is wanted.
pub(crate) fn narrow(
    mut wanted: Wanted,
    order: Option<Vec<JobSortField>>,
    times: Option<Vec<JobDateTimeFilter>>,
) -> Result<Wanted, Fault> {
    let mut orders = order.into_iter().flatten();
    if let Some(JobSortField { field, direction }) = orders.next() {
        wanted.oldest_first = direction == Some(OrderDirection::Asc);
        wanted.by_modified = field == JobOrderField::ModifiedDateTime;
    }
    if orders.next().is_some() {
        return Err(Fault::invalid("`orderBy` takes one order"));
    }
    for JobDateTimeFilter { field, from_date_time: from, to_date_time: to } in times.into_iter().flatten() {
        let span = Span { from: from.map(|time| time.0), to: to.map(|time| time.0.plus_ms(1)) };
        match field {
            JobDateTimeField::CreatedDateTime => wanted.created = wanted.created.and(span),
            JobDateTimeField::ModifiedDateTime => wanted.modified = wanted.modified.and(span),
        }
    }
    Ok(wanted)
}
