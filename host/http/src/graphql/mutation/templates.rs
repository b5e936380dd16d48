//! Making, changing, launching and removing job templates, task templates and pipelines.

use analyte_core::names::JobId;
use async_graphql::{Context, ID, Object};

use crate::aiware::templates::kept::{self, Template};
use crate::aiware::templates::launch::{self, Launch};
use crate::graphql::context::{Asked, now};
use crate::graphql::create::{object, template};
use crate::graphql::fault::{Fault, Name};
use crate::graphql::input::job::CreateTdoInJob;
use crate::graphql::input::template::{
    CreateJobPipeline, CreateJobTemplate, CreateTaskTemplate, LaunchJobTemplates, TargetInfo, UpdateJobPipeline,
    UpdateJobTemplate, UpdateTaskTemplate,
};
use crate::graphql::load::{jobs, objects, templates};
use crate::graphql::node::job::Job;
use crate::graphql::node::object::DataObject;
use crate::graphql::node::removed::DeletePayload;
use crate::graphql::node::template::{JobPipeline, JobTemplate, PipelineBody, TaskTemplate};
use crate::native::table::compute;

/// Of [`Mutation`](super::Mutation).
#[derive(Default)]
pub(crate) struct TemplateMutations;

fn missing() -> Fault {
    Fault::at("/input", "is missing")
}

/// What is public is for administrators of the product.
pub(crate) fn refuse_public(asked: Option<bool>) -> Result<(), Fault> {
    if asked == Some(true) {
        let published = "The authenticated user or token is not authorized to perform the requested action.";
        return Err(Fault::new(Name::NotAllowed, published));
    }
    Ok(())
}

/// What a launch points at.
enum Target {
    Nothing,
    /// An object that there is.
    Known(DataObject),
    /// One that the launch brings along, and that goes with it where it is refused.
    New(DataObject),
}

impl Target {
    async fn of(asked: &Asked<'_>, info: Option<TargetInfo>, new: Option<CreateTdoInJob>) -> Result<Self, Fault> {
        if let Some(TargetInfo { target_id, start_offset_ms, end_offset_ms }) = info {
            if new.is_some() {
                return Err(Fault::at("/input/createTargetInfo", "stands beside `targetInfo`; say one of them"));
            }
            if start_offset_ms.is_some() || end_offset_ms.is_some() {
                return Err(Fault::no_meaning("a part of an object by its time"));
            }
            return Ok(Self::Known(objects::one(asked, &target_id).await?));
        }
        let Some(new) = new else { return Ok(Self::Nothing) };
        let by = asked.caller.principal().label.to_string();
        let body = object::of_job(new, by, now(), &asked.shared.limits)?;
        Ok(Self::New(objects::keep(asked, &body).await?))
    }

    fn id(&self) -> Option<String> {
        match self {
            Self::Nothing => None,
            Self::Known(object) | Self::New(object) => Some(object.record.id.to_string()),
        }
    }
}

/// Makes jobs of these templates, all of them or none.
async fn launched(asked: &Asked<'_>, templates: Vec<Template>, launch: Launch) -> Result<Vec<JobId>, Fault> {
    let limits = asked.shared.limits.clone();
    let read = move || {
        let of = |template: &Template| launch::asked(&template.body, Some(template.id()), &launch, &limits);
        templates.iter().map(of).collect::<Result<Vec<_>, _>>()
    };
    let to_be = compute(asked.shared, asked.organisation(), read).await??;
    Ok(launch::launch(asked.shared, asked.caller, to_be).await?)
}

/// Reads jobs that were made.
async fn made(asked: &Asked<'_>, ids: Vec<JobId>) -> Result<Vec<Option<Job>>, Fault> {
    let mut found = Vec::with_capacity(ids.len());
    for id in ids {
        found.push(Some(Job(jobs::job(asked, &id.to_string()).await?)));
    }
    Ok(found)
}

#[Object]
impl TemplateMutations {
    /// Keeps a job template.
    async fn create_job_template(
        &self,
        context: &Context<'_>,
        input: Option<CreateJobTemplate>,
    ) -> Result<JobTemplate, Fault> {
        let asked = Asked::writing(context)?;
        let body = template::job(&asked, input.ok_or_else(missing)?, "/input").await?;
        Ok(kept::keep(asked.manager(), asked.organisation(), &body).await?.into())
    }

    /// Changes a job template; what is left out stays.
    async fn update_job_template(
        &self,
        context: &Context<'_>,
        input: Option<UpdateJobTemplate>,
    ) -> Result<JobTemplate, Fault> {
        let asked = Asked::writing(context)?;
        let UpdateJobTemplate { id, job_pipeline_stage, skip_decider, job_config } = input.ok_or_else(missing)?;
        let old = templates::one(&asked, &id).await?;
        let mut body = old.body.clone();
        let config = object::document(job_config.as_ref(), "/input/jobConfig", &asked.shared.limits)?;
        body.stage = job_pipeline_stage.or(body.stage);
        body.skip_decider = skip_decider.or(body.skip_decider);
        body.config = config.or(body.config);
        Ok(kept::replace(asked.manager(), &old, &body).await?.into())
    }

    /// Removes a job template with its task templates. Jobs that were made of it stay.
    async fn delete_job_template(&self, context: &Context<'_>, id: ID) -> Result<Option<DeletePayload>, Fault> {
        let asked = Asked::writing(context)?;
        let template = templates::one(&asked, &id).await?;
        kept::remove(asked.manager(), &template).await?;
        Ok(Some(DeletePayload::of(template.id(), "Job template deleted")))
    }

    /// Adds a task template to a job template.
    async fn create_task_template(
        &self,
        context: &Context<'_>,
        input: Option<CreateTaskTemplate>,
    ) -> Result<TaskTemplate, Fault> {
        let asked = Asked::writing(context)?;
        let input = input.ok_or_else(missing)?;
        let id = input.job_template_id.clone();
        let id = id.ok_or_else(|| {
            Fault::at("/input/jobTemplateId", "is missing: a task template is a part of a job template")
        })?;
        let old = templates::one(&asked, &id).await?;
        let mut body = old.body.clone();
        template::add(&asked, &mut body, input, "/input").await?;
        let place = body.tasks.len().saturating_sub(1);
        let new = kept::replace(asked.manager(), &old, &body).await?;
        Ok(templates::task_of(new, place))
    }

    /// Changes a task template; what is left out stays.
    async fn update_task_template(
        &self,
        context: &Context<'_>,
        input: Option<UpdateTaskTemplate>,
    ) -> Result<TaskTemplate, Fault> {
        let asked = Asked::writing(context)?;
        let input = input.ok_or_else(missing)?;
        let (old, place) = templates::task(&asked, &input.id).await?;
        let mut body = old.body.clone();
        template::change(&asked, &mut body, place, input).await?;
        let new = kept::replace(asked.manager(), &old, &body).await?;
        Ok(templates::task_of(new, place))
    }

    /// Removes a task template from its job template. Those whose parent it was have none then.
    async fn delete_task_template(&self, context: &Context<'_>, id: ID) -> Result<Option<DeletePayload>, Fault> {
        let asked = Asked::writing(context)?;
        let (old, place) = templates::task(&asked, &id).await?;
        let mut body = old.body.clone();
        let gone = body.tasks.remove(place);
        for task in body.tasks.iter_mut().filter(|task| task.parent == Some(gone.number)) {
            task.parent = None;
        }
        kept::replace(asked.manager(), &old, &body).await?;
        Ok(Some(DeletePayload::of(id, "Task template deleted")))
    }

    /// Makes a job of each of these job templates, all of them or none.
    async fn launch_job_templates(
        &self,
        context: &Context<'_>,
        input: Option<LaunchJobTemplates>,
    ) -> Result<Option<Vec<Option<Job>>>, Fault> {
        let asked = Asked::writing(context)?;
        let LaunchJobTemplates { ids, scheduled_job_id, payload, target_info, create_target_info } =
            input.ok_or_else(missing)?;
        if scheduled_job_id.is_some() {
            let what = "`/input/scheduledJobId` (launchScheduledJobs makes a job of a scheduled job)";
            return Err(Fault::no_meaning(what));
        }
        let most = asked.shared.limits.batch_jobs;
        if ids.is_empty() || ids.len() as u64 > most {
            return Err(Fault::at("/input/ids", format!("must name 1 to {most} job templates (limit batch_jobs)")));
        }
        let mut found: Vec<Template> = Vec::with_capacity(ids.len());
        for id in &ids {
            found.push(templates::one(&asked, id).await?);
        }
        let payload = payload.as_ref().map(crate::graphql::scalar::json_data::JsonData::text).transpose()?.flatten();
        let target = Target::of(&asked, target_info, create_target_info).await?;
        let launch = Launch { payload, target: target.id(), by: asked.caller.principal().label.to_string() };
        let ids = launched(&asked, found, launch).await;
        if let (Err(_), Target::New(object)) = (&ids, &target) {
            objects::remove(&asked, object).await?;
        }
        let ids = ids?;
        made(&asked, ids).await.map(Some)
    }

    /// Keeps a pipeline. Job templates become parts of it by their `jobPipelineId`.
    async fn create_job_pipeline(
        &self,
        context: &Context<'_>,
        input: Option<CreateJobPipeline>,
    ) -> Result<JobPipeline, Fault> {
        let asked = Asked::writing(context)?;
        let CreateJobPipeline { name, description, is_public } = input.ok_or_else(missing)?;
        refuse_public(is_public)?;
        templates::keep_pipeline(&asked, &PipelineBody { name, description }).await
    }

    /// Changes a pipeline; what is left out stays.
    async fn update_job_pipeline(
        &self,
        context: &Context<'_>,
        input: Option<UpdateJobPipeline>,
    ) -> Result<JobPipeline, Fault> {
        let asked = Asked::writing(context)?;
        let UpdateJobPipeline { id, name, description, is_public } = input.ok_or_else(missing)?;
        refuse_public(is_public)?;
        let old = templates::pipeline(&asked, &id).await?;
        let body = PipelineBody {
            name: name.or_else(|| old.body.name.clone()),
            description: description.or_else(|| old.body.description.clone()),
        };
        templates::replace_pipeline(&asked, &old, &body).await
    }

    /// Removes a pipeline. Its job templates stay.
    async fn delete_job_pipeline(&self, context: &Context<'_>, id: ID) -> Result<Option<DeletePayload>, Fault> {
        let asked = Asked::writing(context)?;
        let pipeline = templates::pipeline(&asked, &id).await?;
        templates::remove_pipeline(&asked, &pipeline).await?;
        Ok(Some(DeletePayload::of(pipeline.record.id.to_string(), "Job pipeline deleted")))
    }
}
