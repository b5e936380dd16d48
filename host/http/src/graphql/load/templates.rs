//! Job templates, task templates and pipelines.

use std::sync::Arc;

use analyte_core::document::Document;
use analyte_jobs::{DocumentKind, DocumentRecord};

use crate::aiware::templates::kept::{self, Template};
use crate::graphql::context::Asked;
use crate::graphql::fault::{Fault, Name};
use crate::graphql::node::page::Paging;
use crate::graphql::node::template::{JobPipeline, JobTemplate, PipelineBody, TaskTemplate};

const PIPELINE: DocumentKind = DocumentKind::JobPipeline;
/// Documents that are looked at in one go.
const PORTION: usize = 64;

/// One job template, as it is kept.
pub(crate) async fn one(asked: &Asked<'_>, id: &str) -> Result<Template, Fault> {
    let found = kept::one(asked.manager(), asked.organisation(), id).await;
    found.map_err(|refusal| Fault::from(refusal).of("JobTemplate", id))
}

/// The job templates of one part of a list, newest first.
pub(crate) async fn list(
    asked: &Asked<'_>,
    paging: Paging,
    fits: impl Fn(&JobTemplate) -> bool,
) -> Result<Vec<JobTemplate>, Fault> {
    let (mut found, mut seen, mut before) = (Vec::new(), 0_usize, None);
    while seen < paging.until() && paging.most() > 0 {
        let portion = kept::portion(asked.manager(), asked.organisation(), before, PORTION).await?;
        let Some(last) = portion.last() else { break };
        before = Some(last.record.id);
        for template in portion {
            asked.budget.look_at()?;
            let bytes = template.record.bytes();
            let template = JobTemplate::from(template);
            if !fits(&template) {
                continue;
            }
            if seen >= paging.before() && seen < paging.until() {
                asked.budget.hold(bytes)?;
                found.push(template);
            }
            seen += 1;
        }
    }
    Ok(found)
}

/// The job template of a task template, and the number of the task.
fn parts(id: &str) -> Option<(&str, u32)> {
    let (template, number) = id.rsplit_once('-')?;
    Some((template, number.parse().ok()?))
}

/// One task template with its job template, as that is kept, and its place there.
pub(crate) async fn task(asked: &Asked<'_>, id: &str) -> Result<(Template, usize), Fault> {
    let nothing = || Fault::not_found("TaskTemplate", id);
    let (template, number) = parts(id).ok_or_else(nothing)?;
    let template = one(asked, template).await.map_err(|fault| fault.of("TaskTemplate", id))?;
    let place = template.body.tasks.iter().position(|task| task.number == number).ok_or_else(nothing)?;
    Ok((template, place))
}

/// A task template as it is answered.
pub(crate) fn task_of(template: Template, place: usize) -> TaskTemplate {
    TaskTemplate { of: template.into(), place }
}

fn read(record: Arc<DocumentRecord>) -> Result<JobPipeline, Fault> {
    let body: PipelineBody = serde_json::from_str(record.document.text()).map_err(|error| {
        tracing::error!(%error, id = record.id, "a job pipeline cannot be read");
        Fault::new(Name::InternalError, "the pipeline cannot be read")
    })?;
    Ok(JobPipeline { record, body })
}

fn written(body: &PipelineBody) -> Result<Document, Fault> {
    let text = serde_json::to_string(body).and_then(Document::new);
    text.map_err(|error| Fault::invalid(format!("the pipeline cannot be kept: {error}")))
}

/// One pipeline.
pub(crate) async fn pipeline(asked: &Asked<'_>, id: &str) -> Result<JobPipeline, Fault> {
    let found = match id.parse() {
        Ok(number) => asked.manager().document(asked.organisation(), PIPELINE, number).await?,
        Err(_) => None,
    };
    read(found.ok_or_else(|| Fault::not_found("JobPipeline", id))?)
}

/// The pipelines of one part of a list, newest first.
pub(crate) async fn pipelines(asked: &Asked<'_>, paging: Paging) -> Result<Vec<JobPipeline>, Fault> {
    let found = asked.manager().documents(asked.organisation(), PIPELINE, None, paging.until()).await?;
    paging.part(found).into_iter().map(read).collect()
}

/// Keeps a new pipeline.
pub(crate) async fn keep_pipeline(asked: &Asked<'_>, body: &PipelineBody) -> Result<JobPipeline, Fault> {
    read(asked.manager().keep_document(asked.organisation(), PIPELINE, written(body)?).await?)
}

/// Puts another body in place of that of a pipeline.
pub(crate) async fn replace_pipeline(
    asked: &Asked<'_>,
    old: &JobPipeline,
    body: &PipelineBody,
) -> Result<JobPipeline, Fault> {
    read(asked.manager().replace_document(&old.record, written(body)?).await?)
}

/// Removes a pipeline. Its templates stay.
pub(crate) async fn remove_pipeline(asked: &Asked<'_>, pipeline: &JobPipeline) -> Result<(), Fault> {
    let id = pipeline.record.id;
    if asked.manager().remove_document(asked.organisation(), PIPELINE, id).await? {
        return Ok(());
    }
    Err(Fault::not_found("JobPipeline", &id.to_string()))
}
