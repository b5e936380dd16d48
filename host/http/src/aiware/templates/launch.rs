//! From a job template to jobs.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use analyte_core::limits::Limits;
use analyte_core::names::JobId;
use analyte_jobs::{NotTogether, RetryAsked};
use serde_json::value::RawValue;

use super::body::{TaskBody, TemplateBody};
use crate::aiware::calls::job::create::assemble::{self, Asked, Read};
use crate::aiware::calls::job::create::folders::{self, Joined};
use crate::aiware::calls::job::create::graph::Route;
use crate::aiware::calls::job::create::payload::Payload;
use crate::aiware::calls::job::create::with_tables;
use crate::aiware::detail::job::{CLUSTER, RECORDING, TEMPLATE};
use crate::aiware::error::{ErrorId, Refusal};
use crate::entry::auth::Caller;
use crate::shared::Shared;

/// Where the tasks of a template stand, for what is said of them.
const TASKS_AT: &str = "/taskTemplates";

/// What a launch adds to its template.
#[derive(Debug, Clone, Default)]
pub(crate) struct Launch {
    /// An object whose members go into the payload of each task that takes from no other, in place of those of the same name.
    pub(crate) payload: Option<String>,
    /// What the job points at.
    pub(crate) target: Option<String>,
    /// Label of the token that asks for it.
    pub(crate) by: String,
}

/// Members of objects, each as the text of its value.
type Members = BTreeMap<String, Box<RawValue>>;

fn members(text: &str, at: &str) -> Result<Members, Refusal> {
    serde_json::from_str(text).map_err(|error| {
        let message: String = format!("holds no JSON object: {error}").chars().take(400).collect();
        Refusal::at(ErrorId::InvalidInput, at, message)
    })
}

/// The job that a template stands for; `id`: the template's, where it is one that is kept.
pub(crate) fn asked(
    body: &TemplateBody,
    id: Option<String>,
    launch: &Launch,
    limits: &Limits,
) -> Result<Asked, Refusal> {
    if body.tasks.is_empty() {
        return Err(Refusal::at(ErrorId::InvalidInput, TASKS_AT, "has no task template"));
    }
    if body.tasks.len() as u64 > limits.tasks {
        let message = format!("has {} items; {} are allowed (limit tasks)", body.tasks.len(), limits.tasks);
        return Err(Refusal::at(ErrorId::InvalidInput, TASKS_AT, message));
    }
    let read = body.tasks.iter().enumerate().map(|(place, task)| read(task, place));
    let mut tasks = read.collect::<Result<Vec<_>, _>>()?;
    let routes = routes(body, &tasks, limits)?;
    let more = launch.payload.as_deref().map(|text| members(text, "/payload")).transpose()?;
    for (place, (read, task)) in tasks.iter_mut().zip(&body.tasks).enumerate() {
        let own = task.payload.as_ref().map(|payload| payload.text().to_owned());
        let takes = routes.iter().any(|route| route.child == place);
        let text = match &more {
            Some(more) if !takes => {
                let own = own.as_deref().map(|own| members(own, &read.payload_at)).transpose()?;
                let mut all = own.unwrap_or_default();
                all.extend(more.iter().map(|(name, value)| (name.clone(), value.clone())));
                serde_json::to_string(&all)
                    .map_err(|error| Refusal::at(ErrorId::InvalidInput, "/payload", error.to_string()))?
            }
            _ => own.unwrap_or_default(),
        };
        read.payload = Payload::read(text, &read.payload_at, limits)?;
    }
    let priority = body.tasks.iter().filter_map(|task| task.priority).min().unwrap_or_default();
    let retries = body.tasks.iter().filter_map(|task| task.retries).max();
    let kept = [(TEMPLATE, id), (CLUSTER, body.cluster.clone()), (RECORDING, launch.target.clone())];
    let tags = kept.into_iter().filter_map(|(tag, value)| Some((tag.to_owned(), value?))).collect();
    Ok(Asked {
        tasks: assemble::tasks(tasks, &routes, "/routes")?,
        priority,
        retry: RetryAsked { max_attempts: retries.map(|retries| retries + 1), backoff_ms: None },
        run_at: None,
        config: body.config.clone(),
        tags,
        notify: Vec::new(),
        by: launch.by.clone(),
    })
}

fn read(task: &TaskBody, place: usize) -> Result<Read, Refusal> {
    let at = format!("{TASKS_AT}/{place}");
    let (mut inputs, mut outputs) = (HashSet::new(), HashSet::new());
    for folder in &task.folders {
        let names = if folder.output { &mut outputs } else { &mut inputs };
        if !names.insert(folder.name.clone()) {
            let message = "has a folder twice";
            return Err(Refusal::at(ErrorId::InvalidInput, &format!("{at}/ioFolders"), message));
        }
    }
    Ok(Read {
        payload_at: format!("{at}/payload"),
        at,
        engine: task.engine.clone(),
        name: None,
        payload: Payload::default(),
        priority: task.priority,
        retries: task.retries,
        inputs,
        outputs,
    })
}

/// Which tasks take from which: by routes, or by parents, or each from the one before it.
fn routes(body: &TemplateBody, tasks: &[Read], limits: &Limits) -> Result<Vec<Route>, Refusal> {
    let has_parents = body.tasks.iter().any(|task| task.parent.is_some());
    if body.routes.is_empty() && has_parents {
        let mut found = Vec::new();
        for (child, task) in body.tasks.iter().enumerate() {
            let Some(number) = task.parent else { continue };
            let parent = body.tasks.iter().position(|other| other.number == number).ok_or_else(|| {
                let at = format!("{TASKS_AT}/{child}/parentTaskId");
                Refusal::at(ErrorId::InvalidInput, &at, "is no task template of the job template")
            })?;
            found.push(Route { place: found.len(), parent, child });
        }
        return Ok(found);
    }
    let joined = body.routes.iter().map(|route| Joined { parent: route.parent.clone(), child: route.child.clone() });
    folders::routes(joined.collect(), tasks, "/routes", limits)
}

/// Makes these jobs, all of them or none; their ids.
pub(crate) async fn launch(shared: &Arc<Shared>, caller: &Caller, jobs: Vec<Asked>) -> Result<Vec<JobId>, Refusal> {
    let submissions = with_tables(shared, caller, jobs).await?;
    let together = shared.manager.submit_together(caller.organisation(), submissions).await;
    together.map_err(|NotTogether { error, .. }| Refusal::from(error))
}
