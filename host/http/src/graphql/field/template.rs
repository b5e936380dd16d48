//! The fields of job templates, task templates and pipelines.

use async_graphql::{Context, ID, Object};

use crate::aiware::ids::names;
use crate::aiware::templates::body::TaskBody;
use crate::graphql::context::Asked;
use crate::graphql::fault::{Fault, Name};
use crate::graphql::load::{engines, jobs, templates};
use crate::graphql::node::account::Organization;
use crate::graphql::node::engine::Engine;
use crate::graphql::node::page::{JobTemplateList, Paging, TaskTemplateList};
use crate::graphql::node::task::{ExecutionPreferences, IoFolder, Route};
use crate::graphql::node::template::{JobPipeline, JobTemplate, TaskTemplate};
use crate::graphql::scalar::date_time::DateTime;
use crate::graphql::scalar::json_data::JsonData;
use crate::graphql::word::task::{IoFolderMode, IoFolderType};

impl JobTemplate {
    fn all_tasks(&self) -> impl Iterator<Item = TaskTemplate> {
        (0..self.body.tasks.len()).map(|place| TaskTemplate { of: self.clone(), place })
    }
}

/// A job to be, which is launched as often as clients like.
#[Object(name = "JobTemplate")]
impl JobTemplate {
    async fn id(&self) -> ID {
        self.id.as_str().into()
    }

    async fn created_date_time(&self) -> Option<DateTime> {
        Some(DateTime(self.created))
    }

    async fn modified_date_time(&self) -> Option<DateTime> {
        Some(DateTime(self.changed))
    }

    async fn task_templates(
        &self,
        context: &Context<'_>,
        engine_type: Option<String>,
        engine_id: Option<ID>,
        #[graphql(default_with = "Some(0)")] offset: Option<i32>,
        #[graphql(default_with = "Some(30)")] limit: Option<i32>,
    ) -> Result<TaskTemplateList, Fault> {
        let paging = Paging::of(offset, limit)?;
        let engine = match &engine_id {
            Some(id) => {
                jobs::there(engines::one(&Asked::reading(context)?, id).await)?.map(|engine| engine.full_name())
            }
            None => None,
        };
        let fits = |task: &TaskTemplate| {
            let own = task.own().map(|own| own.engine.as_str()).unwrap_or_default();
            let named = |id: &ID| id.as_str() == own || engine.as_deref() == Some(own);
            engine_id.as_ref().is_none_or(named)
                && engine_type.as_ref().is_none_or(|kind| kind.eq_ignore_ascii_case("cognition"))
        };
        Ok(TaskTemplateList::of(paging.part(self.all_tasks().filter(fits)), paging))
    }

    async fn job_pipeline_id(&self) -> Option<ID> {
        self.body.pipeline.as_ref().map(ID::from)
    }

    async fn job_pipeline(&self, context: &Context<'_>) -> Result<Option<JobPipeline>, Fault> {
        let Some(id) = &self.body.pipeline else { return Ok(None) };
        jobs::there(templates::pipeline(&Asked::reading(context)?, id).await)
    }

    async fn job_pipeline_stage(&self) -> Option<i32> {
        self.body.stage
    }

    async fn cluster_id(&self) -> Option<ID> {
        self.body.cluster.as_ref().map(ID::from)
    }

    async fn skip_decider(&self) -> Option<bool> {
        self.body.skip_decider
    }

    async fn job_config(&self) -> Result<Option<JsonData>, Fault> {
        self.body.config.as_ref().map(|config| JsonData::of_text(config.text())).transpose()
    }

    async fn routes(&self) -> Option<Vec<Route>> {
        let route = |route: &crate::aiware::templates::body::RouteBody| Route {
            parent_io_folder_reference_id: route.parent.as_ref().map(ID::from),
            child_io_folder_reference_id: route.child.as_ref().map(ID::from),
            endpoint: None,
            options: None,
        };
        Some(self.body.routes.iter().map(route).collect())
    }
}

impl TaskTemplate {
    fn own(&self) -> Result<&TaskBody, Fault> {
        let gone = || Fault::new(Name::InternalError, "the job template has no such task template");
        self.of.body.tasks.get(self.place).ok_or_else(gone)
    }

    fn id_of(&self, number: u32) -> ID {
        format!("{}-{number}", self.of.id).into()
    }

    fn children(&self) -> impl Iterator<Item = TaskTemplate> {
        let own = self.own().map(|own| own.number).ok();
        self.of.all_tasks().filter(move |task| own.is_some() && task.own().is_ok_and(|task| task.parent == own))
    }
}

/// A task to be, a part of a job template.
#[Object(name = "TaskTemplate")]
impl TaskTemplate {
    async fn id(&self) -> Result<ID, Fault> {
        Ok(self.id_of(self.own()?.number))
    }

    async fn engine_id(&self) -> Result<Option<ID>, Fault> {
        Ok(Some(self.own()?.engine.as_str().into()))
    }

    async fn engine(&self, context: &Context<'_>) -> Result<Option<Engine>, Fault> {
        let asked = Asked::reading(context)?;
        jobs::there(engines::one(&asked, &self.own()?.engine).await)
    }

    async fn engine_config_id(&self) -> Option<ID> {
        None
    }

    async fn execution_location_id(&self) -> Option<ID> {
        None
    }

    async fn job_template_id(&self) -> Option<ID> {
        Some(self.of.id.as_str().into())
    }

    async fn job_template(&self) -> Option<JobTemplate> {
        Some(self.of.clone())
    }

    async fn payload(&self) -> Result<Option<JsonData>, Fault> {
        self.own()?.payload.as_ref().map(|payload| JsonData::of_text(payload.text())).transpose()
    }

    async fn payload_string(&self) -> Result<Option<&str>, Fault> {
        Ok(self.own()?.payload.as_ref().map(analyte_core::document::Document::text))
    }

    async fn parent_task_id(&self) -> Result<Option<ID>, Fault> {
        Ok(self.own()?.parent.map(|parent| self.id_of(parent)))
    }

    async fn parent_task(&self) -> Result<Option<TaskTemplate>, Fault> {
        let Some(parent) = self.own()?.parent else { return Ok(None) };
        Ok(self.of.all_tasks().find(|task| task.own().is_ok_and(|task| task.number == parent)))
    }

    async fn child_task_ids(&self) -> Result<Vec<ID>, Fault> {
        self.children().map(|child| Ok(self.id_of(child.own()?.number))).collect()
    }

    async fn child_tasks(
        &self,
        #[graphql(default_with = "Some(0)")] offset: Option<i32>,
        #[graphql(default_with = "Some(30)")] limit: Option<i32>,
    ) -> Result<TaskTemplateList, Fault> {
        let paging = Paging::of(offset, limit)?;
        Ok(TaskTemplateList::of(paging.part(self.children()), paging))
    }

    async fn io_folders(&self) -> Result<Option<Vec<IoFolder>>, Fault> {
        let folder = |folder: &crate::aiware::templates::body::FolderBody| IoFolder {
            reference_id: folder.name.as_str().into(),
            kind: if folder.output { IoFolderType::Output } else { IoFolderType::Input },
            mode: if folder.chunk { IoFolderMode::Chunk } else { IoFolderMode::Stream },
        };
        Ok(Some(self.own()?.folders.iter().map(folder).collect()))
    }

    async fn execution_preferences(&self) -> Result<Option<ExecutionPreferences>, Fault> {
        let own = self.own()?;
        Ok(Some(ExecutionPreferences {
            priority: own.priority.unwrap_or_default(),
            max_retries: own.retries.and_then(|retries| i32::try_from(retries).ok()).unwrap_or_default(),
            max_engines: 1,
            parallel_processing: false,
            parent_complete_before_starting: true,
            due_date_time: None,
        }))
    }
}

/// Job templates in an order.
#[Object(name = "JobPipeline")]
impl JobPipeline {
    async fn id(&self) -> ID {
        self.record.id.to_string().into()
    }

    async fn name(&self) -> Option<&str> {
        self.body.name.as_deref()
    }

    async fn description(&self) -> Option<&str> {
        self.body.description.as_deref()
    }

    async fn is_public(&self) -> bool {
        false
    }

    async fn organization_id(&self) -> Option<ID> {
        Some(names::organisation(&self.record.organisation).to_string().into())
    }

    async fn organization(&self) -> Option<Organization> {
        Some(Organization(self.record.organisation.clone()))
    }

    /// The job templates that name it, newest first.
    async fn job_templates(
        &self,
        context: &Context<'_>,
        #[graphql(default_with = "Some(0)")] offset: Option<i32>,
        #[graphql(default_with = "Some(30)")] limit: Option<i32>,
    ) -> Result<JobTemplateList, Fault> {
        let (asked, paging) = (Asked::reading(context)?, Paging::of(offset, limit)?);
        let id = self.record.id.to_string();
        let own = |template: &JobTemplate| template.body.pipeline.as_ref() == Some(&id);
        Ok(JobTemplateList::of(templates::list(&asked, paging, own).await?, paging))
    }
}
