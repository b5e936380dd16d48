//! Job templates, task templates and pipelines.

use async_graphql::{Context, ID, Object};

use crate::graphql::context::Asked;
use crate::graphql::fault::Fault;
use crate::graphql::load::jobs::there;
use crate::graphql::load::{engines, templates};
use crate::graphql::node::page::{JobPipelineList, JobTemplateList, Paging};
use crate::graphql::node::template::{JobPipeline, JobTemplate, TaskTemplate};

/// Of [`Query`](super::Query).
#[derive(Default)]
pub(crate) struct TemplateQueries;

#[Object]
impl TemplateQueries {
    /// One job template.
    async fn job_template(&self, context: &Context<'_>, id: ID) -> Result<JobTemplate, Fault> {
        let asked = Asked::reading(context)?;
        Ok(templates::one(&asked, &id).await?.into())
    }

    /// Job templates for which all conditions hold, newest first.
    #[expect(clippy::too_many_arguments, reason = "clients name them")]
    async fn job_templates(
        &self,
        context: &Context<'_>,
        job_pipeline_id: Option<ID>,
        scheduled_job_id: Option<ID>,
        engine_id: Option<ID>,
        engine_type: Option<String>,
        #[graphql(default_with = "Some(0)")] offset: Option<i32>,
        #[graphql(default_with = "Some(30)")] limit: Option<i32>,
    ) -> Result<JobTemplateList, Fault> {
        let (asked, paging) = (Asked::reading(context)?, Paging::of(offset, limit)?);
        if scheduled_job_id.is_some() {
            return Err(Fault::no_meaning("`scheduledJobId` (ask the scheduled job for its template)"));
        }
        let engine = match &engine_id {
            Some(id) => there(engines::one(&asked, id).await)?.map(|engine| engine.full_name()),
            None => None,
        };
        let fits = |template: &JobTemplate| {
            let runs = |id: &ID| {
                let is = |own: &String| own == id.as_str() || engine.as_ref() == Some(own);
                template.body.tasks.iter().any(|task| is(&task.engine))
            };
            job_pipeline_id.as_ref().is_none_or(|id| template.body.pipeline.as_deref() == Some(id.as_str()))
                && engine_id.as_ref().is_none_or(runs)
                && engine_type.as_ref().is_none_or(|kind| kind.eq_ignore_ascii_case("cognition"))
        };
        Ok(JobTemplateList::of(templates::list(&asked, paging, fits).await?, paging))
    }

    /// One task template.
    async fn task_template(&self, context: &Context<'_>, id: ID) -> Result<TaskTemplate, Fault> {
        let asked = Asked::reading(context)?;
        let (template, place) = templates::task(&asked, &id).await?;
        Ok(templates::task_of(template, place))
    }

    /// One pipeline.
    async fn job_pipeline(&self, context: &Context<'_>, id: ID) -> Result<JobPipeline, Fault> {
        let asked = Asked::reading(context)?;
        templates::pipeline(&asked, &id).await
    }

    /// Pipelines, newest first.
    async fn job_pipelines(
        &self,
        context: &Context<'_>,
        id: Option<ID>,
        #[graphql(default_with = "Some(0)")] offset: Option<i32>,
        #[graphql(default_with = "Some(30)")] limit: Option<i32>,
    ) -> Result<JobPipelineList, Fault> {
        let (asked, paging) = (Asked::reading(context)?, Paging::of(offset, limit)?);
        let found = match id {
            Some(id) => paging.part(there(templates::pipeline(&asked, &id).await)?),
            None => templates::pipelines(&asked, paging).await?,
        };
        Ok(JobPipelineList::of(found, paging))
    }
}
