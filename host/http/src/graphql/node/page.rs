//! Parts of lists. `count` is how many there are in the part, not in all.

#![expect(dead_code, reason = "the library makes a method for each field, used or not")]

use async_graphql::{Interface, SimpleObject};

use super::engine::{Build, Engine, EngineCategory};
use super::job::Job;
use super::object::DataObject;
use super::schedule::ScheduledJob;
use super::task::Task;
use super::template::{JobPipeline, JobTemplate, TaskTemplate};
use crate::aiware::envelope::MOST;
use crate::graphql::fault::Fault;

/// How many items a part has where no number is asked for.
pub(crate) const USUAL: i32 = 30;

/// Which part of a list is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Paging {
    offset: i32,
    limit: i32,
}

impl Paging {
    /// As `offset` and `limit` say; `None`: as usual.
    pub(crate) fn of(offset: Option<i32>, limit: Option<i32>) -> Result<Self, Fault> {
        let (offset, limit) = (offset.unwrap_or(0), limit.unwrap_or(USUAL));
        if offset < 0 {
            return Err(Fault::invalid(format!("`offset` must not be negative, and is {offset}")));
        }
        if usize::try_from(limit).is_ok_and(|limit| limit <= MOST) {
            return Ok(Self { offset, limit });
        }
        Err(Fault::invalid(format!("`limit` must be from 0 to {MOST}, and is {limit}")))
    }

    /// How many items stand before the part.
    pub(crate) fn before(self) -> usize {
        usize::try_from(self.offset).unwrap_or_default()
    }

    /// The most items in it.
    pub(crate) fn most(self) -> usize {
        usize::try_from(self.limit).unwrap_or_default()
    }

    /// How many items are looked for until the part is whole.
    pub(crate) fn until(self) -> usize {
        self.before().saturating_add(self.most())
    }

    /// The part of a whole list.
    pub(crate) fn part<T>(self, all: impl IntoIterator<Item = T>) -> Vec<T> {
        all.into_iter().skip(self.before()).take(self.most()).collect()
    }
}

/// A list may hold nothing instead of an item.
macro_rules! lists {
    ($( $(#[$about:meta])* $list:ident $name:literal of $item:ident; )*) => { $(
        $(#[$about])*
        #[derive(SimpleObject)]
        #[graphql(name = $name)]
        pub(crate) struct $list {
            pub(crate) records: Option<Vec<Option<$item>>>,
            pub(crate) offset: i32,
            pub(crate) limit: i32,
            /// How many there are in this part.
            pub(crate) count: Option<i32>,
        }

        impl $list {
            /// This part.
            pub(crate) fn of(items: impl IntoIterator<Item = $item>, paging: Paging) -> Self {
                let records: Vec<_> = items.into_iter().map(Some).collect();
                let count = i32::try_from(records.len()).ok();
                Self { records: Some(records), offset: paging.offset, limit: paging.limit, count }
            }
        }
    )* };
}

/// Every item of a list is there, and so is the number of them.
macro_rules! whole_lists {
    ($( $(#[$about:meta])* $list:ident $name:literal of $item:ident; )*) => { $(
        $(#[$about])*
        #[derive(SimpleObject)]
        #[graphql(name = $name)]
        pub(crate) struct $list {
            pub(crate) records: Vec<$item>,
            pub(crate) offset: i32,
            pub(crate) limit: i32,
            /// How many there are in this part.
            pub(crate) count: i32,
        }

        impl $list {
            /// This part.
            pub(crate) fn of(items: impl IntoIterator<Item = $item>, paging: Paging) -> Self {
                let records: Vec<_> = items.into_iter().collect();
                let count = i32::try_from(records.len()).unwrap_or(i32::MAX);
                Self { records, offset: paging.offset, limit: paging.limit, count }
            }
        }
    )* };
}

lists! {
    /// Jobs.
    JobList "JobList" of Job;
    /// Tasks.
    TaskList "TaskList" of Task;
    /// Objects that jobs point at.
    DataObjectList "TemporalDataObjectList" of DataObject;
}

whole_lists! {
    /// Engines.
    EngineList "EngineList" of Engine;
    /// Categories of engines.
    EngineCategoryList "EngineCategoryList" of EngineCategory;
    /// Builds of an engine.
    BuildList "BuildList" of Build;
    /// Scheduled jobs.
    ScheduledJobList "ScheduledJobList" of ScheduledJob;
    /// Job templates.
    JobTemplateList "JobTemplateList" of JobTemplate;
    /// Task templates.
    TaskTemplateList "TaskTemplateList" of TaskTemplate;
    /// Pipelines.
    JobPipelineList "JobPipelineList" of JobPipeline;
}

/// A part of a list whose number of items may be left open.
#[expect(clippy::duplicated_attributes, reason = "two fields have the same type")]
#[derive(Interface)]
#[graphql(
    field(name = "offset", ty = "&i32"),
    field(name = "limit", ty = "&i32"),
    field(name = "count", ty = "&Option<i32>")
)]
pub(crate) enum Page {
    /// Of jobs.
    Jobs(JobList),
    /// Of tasks.
    Tasks(TaskList),
    /// Of objects that jobs point at.
    Objects(DataObjectList),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_has_thirty_items_unless_another_number_is_asked_for() {
        let of =
            |offset, limit| Paging::of(offset, limit).map(|paging| paging.part(0..100)).map_err(|fault| fault.message);
        assert_eq!(of(None, None), Ok((0..30).collect::<Vec<_>>()));
        assert_eq!(of(Some(99), Some(10_000)), Ok(vec![99]));
        assert_eq!(of(Some(100), Some(0)), Ok(vec![]));
        assert_eq!(of(Some(-1), None), Err("`offset` must not be negative, and is -1".to_owned()));
        for limit in [-1, 10_001] {
            assert_eq!(of(None, Some(limit)), Err(format!("`limit` must be from 0 to 10000, and is {limit}")));
        }
    }
}
