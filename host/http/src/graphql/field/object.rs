//! The fields of what jobs point at.

use async_graphql::{Context, ID, Object};

use crate::aiware::ids::names;
use crate::graphql::context::Asked;
use crate::graphql::fault::Fault;
use crate::graphql::input::list::{JobSortField, narrow};
use crate::graphql::load::jobs::{self, Wanted};
use crate::graphql::node::job::Job;
use crate::graphql::node::object::DataObject;
use crate::graphql::node::page::{JobList, Paging, TaskList};
use crate::graphql::scalar::date_time::DateTime;
use crate::graphql::scalar::json_data::JsonData;

impl DataObject {
    fn own_jobs(&self) -> Wanted {
        Wanted { targets: Some(vec![self.record.id.to_string()]), ..Wanted::default() }
    }
}

/// What jobs point at, and to which their results belong.
#[Object(name = "TemporalDataObject")]
impl DataObject {
    async fn id(&self) -> ID {
        self.record.id.to_string().into()
    }

    async fn name(&self) -> Option<&str> {
        self.body.name.as_deref()
    }

    async fn description(&self) -> Option<&str> {
        self.body.description.as_deref()
    }

    async fn status(&self) -> Option<&str> {
        self.body.status.as_deref()
    }

    async fn start_date_time(&self) -> DateTime {
        DateTime(self.body.start)
    }

    async fn stop_date_time(&self) -> DateTime {
        DateTime(self.body.stop)
    }

    async fn created_date_time(&self) -> Option<DateTime> {
        Some(DateTime(self.record.created_at))
    }

    async fn modified_date_time(&self) -> Option<DateTime> {
        Some(DateTime(self.record.changed_at))
    }

    async fn created_by(&self) -> Option<&str> {
        self.body.by.as_deref()
    }

    async fn organization_id(&self) -> Option<ID> {
        Some(names::organisation(&self.record.organisation).to_string().into())
    }

    async fn is_public(&self) -> Option<bool> {
        Some(self.body.is_public)
    }

    async fn details(&self) -> Result<Option<JsonData>, Fault> {
        self.body.details.as_ref().map(|document| JsonData::of_text(document.text())).transpose()
    }

    async fn source_data(&self) -> Result<Option<JsonData>, Fault> {
        self.body.source_data.as_ref().map(|document| JsonData::of_text(document.text())).transpose()
    }

    async fn thumbnail_url(&self) -> Option<&str> {
        self.body.thumbnail_url.as_deref()
    }

    async fn preview_url(&self) -> Option<&str> {
        self.body.preview_url.as_deref()
    }

    async fn source_image_url(&self) -> Option<&str> {
        self.body.source_image_url.as_deref()
    }

    /// The jobs that point at it, newest first.
    async fn jobs(
        &self,
        context: &Context<'_>,
        order_by: Option<Vec<JobSortField>>,
        #[graphql(default_with = "Some(0)")] offset: Option<i32>,
        #[graphql(default_with = "Some(30)")] limit: Option<i32>,
    ) -> Result<Option<JobList>, Fault> {
        let (asked, paging) = (Asked::reading(context)?, Paging::of(offset, limit)?);
        let wanted = narrow(self.own_jobs(), order_by, None)?;
        let jobs = jobs::list(&asked, &wanted, paging).await?;
        Ok(Some(JobList::of(jobs.into_iter().map(Job), paging)))
    }

    /// The tasks of these jobs.
    async fn tasks(
        &self,
        context: &Context<'_>,
        #[graphql(default_with = "Some(0)")] offset: Option<i32>,
        #[graphql(default_with = "Some(30)")] limit: Option<i32>,
    ) -> Result<Option<TaskList>, Fault> {
        let (asked, paging) = (Asked::reading(context)?, Paging::of(offset, limit)?);
        let tasks = jobs::tasks(&asked, &self.own_jobs(), paging, |_, _| true).await?;
        Ok(Some(TaskList::of(tasks, paging)))
    }
}
