//! Job templates and task templates, made of what is asked for.

use analyte_core::limits::Limits;
use analyte_jobs::Parameters;

use super::{object, tasks};
use crate::aiware::calls::job::create::payload::Payload;
use crate::aiware::templates::body::{FolderBody, RouteBody, TaskBody, TemplateBody};
use crate::graphql::context::Asked;
use crate::graphql::fault::Fault;
use crate::graphql::input::task::{CreateExecutionPreferences, CreateIoFolder, CreateRoute};
use crate::graphql::input::template::{CreateJobTemplate, CreateTaskTemplate, UpdateTaskTemplate};
use crate::graphql::load::{engines, templates};
use crate::graphql::scalar::json_data::JsonData;
use crate::graphql::word::task::{IoFolderMode, IoFolderType};
use analyte_core::document::Document;

/// A new job template; its engines exist, and its payloads are JSON.
pub(crate) async fn job(asked: &Asked<'_>, input: CreateJobTemplate, at: &str) -> Result<TemplateBody, Fault> {
    let CreateJobTemplate {
        task_templates,
        job_pipeline_id,
        job_pipeline_stage,
        skip_decider,
        job_config,
        application_id,
        cluster_id,
        routes,
    } = input;
    if application_id.is_some() {
        return Err(Fault::no_meaning(&format!("`{at}/applicationId`")));
    }
    let pipeline = match job_pipeline_id {
        Some(id) => Some(templates::pipeline(asked, &id).await?.record.id.to_string()),
        None => None,
    };
    let limits = &asked.shared.limits;
    let mut body = TemplateBody {
        config: object::document(job_config.as_ref(), &format!("{at}/jobConfig"), limits)?,
        cluster: cluster_id.map(|id| id.0),
        pipeline,
        stage: job_pipeline_stage,
        skip_decider,
        routes: routes_of(routes, at)?,
        ..TemplateBody::default()
    };
    for (place, task) in task_templates.unwrap_or_default().into_iter().enumerate() {
        let at = format!("{at}/taskTemplates/{place}");
        if task.job_template_id.is_some() || task.parent_task_id.is_some() {
            let message = "names a template, and stands within one that has no id yet";
            return Err(Fault::at(&at, message));
        }
        add(asked, &mut body, task, &at).await?;
    }
    Ok(body)
}

fn routes_of(routes: Option<Vec<CreateRoute>>, at: &str) -> Result<Vec<RouteBody>, Fault> {
    let joined = tasks::joined(routes, &format!("{at}/routes"))?;
    Ok(joined.into_iter().map(|route| RouteBody { parent: route.parent, child: route.child }).collect())
}

/// Adds a task template to a job template; its number.
pub(crate) async fn add(
    asked: &Asked<'_>,
    body: &mut TemplateBody,
    input: CreateTaskTemplate,
    at: &str,
) -> Result<u32, Fault> {
    let CreateTaskTemplate {
        engine_id,
        engine_config_id,
        execution_location_id,
        job_template_id: _,
        payload,
        payload_string,
        parent_task_id,
        io_folders,
        execution_preferences,
    } = input;
    for (member, given) in [("engineConfigId", engine_config_id), ("executionLocationId", execution_location_id)] {
        if given.is_some() {
            return Err(Fault::no_meaning(&format!("`{at}/{member}`")));
        }
    }
    let limits = &asked.shared.limits;
    if body.tasks.len() as u64 >= limits.tasks {
        let message = format!("would be one of more than {} (limit tasks)", limits.tasks);
        return Err(Fault::at(at, message));
    }
    let engine = engine_id.ok_or_else(|| Fault::at(&format!("{at}/engineId"), "is missing"))?;
    engines::one(asked, &engine).await?;
    let payload = payload_of(payload, payload_string, at, limits)?;
    let (priority, retries) = preferences(execution_preferences.as_ref(), at)?;
    let parent = parent_of(body, parent_task_id.as_deref().map(String::as_str), at)?;
    let folders = folders(io_folders);
    let task = |number| TaskBody { number, engine: engine.0, payload, folders, priority, retries, parent };
    Ok(body.add(task))
}

/// Changes a task template within its job template.
pub(crate) async fn change(
    asked: &Asked<'_>,
    body: &mut TemplateBody,
    place: usize,
    input: UpdateTaskTemplate,
) -> Result<(), Fault> {
    let at = "/input";
    let UpdateTaskTemplate {
        id: _,
        engine_id,
        payload,
        payload_string,
        parent_task_id,
        io_folders,
        execution_preferences,
    } = input;
    if let Some(engine) = &engine_id {
        engines::one(asked, engine).await?;
    }
    let payload = payload_of(payload, payload_string, at, &asked.shared.limits)?;
    let parent = parent_of(body, parent_task_id.as_deref().map(String::as_str), at)?;
    let chosen = execution_preferences.as_ref().map(|asked| preferences(Some(asked), at)).transpose()?;
    let Some(task) = body.tasks.get_mut(place) else { return Ok(()) };
    if parent == Some(task.number) {
        return Err(Fault::at("/input/parentTaskId", "is the task template itself"));
    }
    if let Some(engine) = engine_id {
        task.engine = engine.0;
    }
    task.payload = payload.or(task.payload.take());
    task.parent = parent.or(task.parent);
    if io_folders.is_some() {
        task.folders = folders(io_folders);
    }
    if let Some((priority, retries)) = chosen {
        (task.priority, task.retries) = (priority, retries);
    }
    Ok(())
}

/// The number of the task template that an id names, which must be one of this job template.
fn parent_of(body: &TemplateBody, id: Option<&str>, at: &str) -> Result<Option<u32>, Fault> {
    let Some(id) = id else { return Ok(None) };
    let number = id.rsplit_once('-').and_then(|(_, number)| number.parse().ok());
    let found = number.filter(|number| body.tasks.iter().any(|task| task.number == *number));
    let wrong = || Fault::at(&format!("{at}/parentTaskId"), "is no task template of the job template");
    found.map(Some).ok_or_else(wrong)
}

fn payload_of(
    payload: Option<JsonData>,
    text: Option<String>,
    at: &str,
    limits: &Limits,
) -> Result<Option<Document>, Fault> {
    let (text, at) = tasks::payload_text(payload, text, at)?;
    if text.trim().is_empty() {
        return Ok(None);
    }
    // It is read as it will be, so that one that cannot be used is refused now.
    let Payload { table: _, parameters } = Payload::read(text.clone(), &at, limits)?;
    if matches!(parameters, Parameters::None) {
        return Ok(None);
    }
    Document::new(text).map(Some).map_err(|error| Fault::at(&at, format!("is no JSON: {error}")))
}

fn preferences(asked: Option<&CreateExecutionPreferences>, at: &str) -> Result<(Option<i32>, Option<u32>), Fault> {
    let Some(&CreateExecutionPreferences { priority, max_retries, .. }) = asked else { return Ok((None, None)) };
    let at = format!("{at}/executionPreferences/maxRetries");
    Ok((priority, Some(tasks::number_of_retries(max_retries.unwrap_or(1), &at)?)))
}

fn folders(folders: Option<Vec<CreateIoFolder>>) -> Vec<FolderBody> {
    let folder = |folder: CreateIoFolder| FolderBody {
        name: folder.reference_id.0,
        output: folder.kind == IoFolderType::Output,
        chunk: folder.mode != Some(IoFolderMode::Stream),
    };
    folders.unwrap_or_default().into_iter().map(folder).collect()
}
