//! Tasks to be and the routes between them: folders, which have names in the whole job, say which task takes from which.

use std::collections::HashSet;

use analyte_core::limits::Limits;

use crate::aiware::calls::job::create::assemble::{RETRIES, Read};
use crate::aiware::calls::job::create::folders::Joined;
use crate::aiware::calls::job::create::payload::Payload;
use crate::graphql::fault::{Fault, Name};
use crate::graphql::input::task::{CreateExecutionPreferences, CreateIoFolder, CreateRoute, CreateTask};
use crate::graphql::scalar::json_data::JsonData;
use crate::graphql::word::task::IoFolderType;

/// Where the tasks of an input stand.
pub(super) const TASKS_AT: &str = "/input/tasks";
/// Where its routes stand.
pub(super) const ROUTES_AT: &str = "/input/routes";
/// The most folders of a task.
const FOLDERS: usize = 1_000;

/// Reads the tasks of a job.
pub(super) fn read(tasks: Vec<CreateTask>, retries: Option<u32>, limits: &Limits) -> Result<Vec<Read>, Fault> {
    if tasks.is_empty() {
        return Err(Fault::at(TASKS_AT, "has no task"));
    }
    if tasks.len() as u64 > limits.tasks {
        let message = format!("has {} items; {} are allowed (limit tasks)", tasks.len(), limits.tasks);
        return Err(Fault::at(TASKS_AT, message));
    }
    tasks.into_iter().enumerate().map(|(place, task)| one(task, place, retries, limits)).collect()
}

/// A task with folders of names that only it has; what the names mean is looked at with the routes.
fn one(task: CreateTask, place: usize, retries: Option<u32>, limits: &Limits) -> Result<Read, Fault> {
    let at = format!("{TASKS_AT}/{place}");
    let own = |member: &str| format!("{at}/{member}");
    let CreateTask {
        engine_id,
        task_type,
        payload,
        payload_string,
        build_id,
        is_clone,
        test_task,
        standby_task,
        io_folders,
        execution_preferences,
        notification_uris,
    } = task;
    let refuse = |member: &str, asked: bool| {
        if asked { Err(Fault::no_meaning(&format!("`{}`", own(member)))) } else { Ok(()) }
    };
    refuse("taskType", task_type.is_some() && engine_id.is_none())?;
    refuse("buildId", build_id.is_some())?;
    refuse("isClone", is_clone == Some(true))?;
    refuse("testTask", test_task == Some(true))?;
    refuse("standbyTask", standby_task.is_some())?;
    refuse_uris(notification_uris, &own("notificationUris"))?;
    let engine = engine_id.ok_or_else(|| Fault::at(&own("engineId"), "is missing"))?;
    if task_type.is_some() {
        return Err(Fault::at(&own("taskType"), "stands beside `engineId`; say one of them"));
    }
    let (text, payload_at) = payload_text(payload, payload_string, &at)?;
    let payload = Payload::read(text, &payload_at, limits)?;
    let (mut priority, mut own_retries) = (None, retries);
    if let Some(CreateExecutionPreferences { priority: asked, max_retries, .. }) = execution_preferences {
        priority = asked;
        own_retries = Some(number_of_retries(max_retries.unwrap_or(1), &own("executionPreferences/maxRetries"))?);
    }
    let (mut inputs, mut outputs) = (HashSet::new(), HashSet::new());
    let folders = io_folders.unwrap_or_default();
    if folders.len() > FOLDERS {
        return Err(Fault::at(&own("ioFolders"), format!("has {} items; {FOLDERS} are allowed", folders.len())));
    }
    for (number, CreateIoFolder { reference_id, kind, .. }) in folders.into_iter().enumerate() {
        let names = match kind {
            IoFolderType::Input => &mut inputs,
            IoFolderType::Output => &mut outputs,
        };
        if !names.insert(reference_id.0) {
            let place = format!("{}/{number}/referenceId", own("ioFolders"));
            return Err(Fault::at(&place, "names a folder that the task has already"));
        }
    }
    Ok(Read { at, payload_at, engine: engine.0, name: None, payload, priority, retries: own_retries, inputs, outputs })
}

/// The text of a payload, which may be written as such, and where it stands.
pub(super) fn payload_text(
    payload: Option<JsonData>,
    text: Option<String>,
    at: &str,
) -> Result<(String, String), Fault> {
    match (payload, text) {
        (Some(_), Some(_)) => {
            Err(Fault::at(&format!("{at}/payloadString"), "stands beside `payload`; say one of them"))
        }
        (Some(payload), None) => {
            // Some clients write the text of it.
            let text = match payload.0 {
                async_graphql::Value::String(text) => Some(text),
                _ => payload.text()?,
            };
            Ok((text.unwrap_or_default(), format!("{at}/payload")))
        }
        (None, text) => Ok((text.unwrap_or_default(), format!("{at}/payloadString"))),
    }
}

/// How often a task is tried again.
pub(super) fn number_of_retries(number: i32, at: &str) -> Result<u32, Fault> {
    let wrong = || Fault::at(at, format!("must be from 0 to {RETRIES}, and is {number}"));
    u32::try_from(number).ok().filter(|number| *number <= RETRIES).ok_or_else(wrong)
}

/// A job notifies when it has ended, and none of its tasks does; a client that asks for it should not wait in vain.
fn refuse_uris(uris: Option<Vec<String>>, at: &str) -> Result<(), Fault> {
    if uris.is_none_or(|uris| uris.is_empty()) {
        return Ok(());
    }
    let message = format!("`{at}` is not offered for one task: a job notifies when it has ended, so say it of the job");
    Err(Fault::new(Name::NotImplemented, message))
}

/// The folders that routes join. None of them takes what is sent to an address.
pub(super) fn joined(routes: Option<Vec<CreateRoute>>, at: &str) -> Result<Vec<Joined>, Fault> {
    let one = |(place, route): (usize, CreateRoute)| {
        let CreateRoute { parent_io_folder_reference_id, child_io_folder_reference_id, endpoint, options: _ } = route;
        if endpoint.is_some_and(|endpoint| !endpoint.is_empty()) {
            return Err(Fault::no_meaning(&format!("`{at}/{place}/endpoint`")));
        }
        let id = |id: Option<async_graphql::ID>| id.map(|id| id.0);
        Ok(Joined { parent: id(parent_io_folder_reference_id), child: id(child_io_folder_reference_id) })
    };
    routes.unwrap_or_default().into_iter().enumerate().map(one).collect()
}
