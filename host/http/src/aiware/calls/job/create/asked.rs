//! The jobs that a body asks for: members read and compared with their limits, tasks in order; engines and tables are looked at
//! later.

use std::collections::{BTreeMap, HashMap, HashSet};

use analyte_core::document::Document;
use analyte_core::limits::Limits;
use analyte_jobs::RetryAsked;
use serde_json::value::RawValue;

use super::assemble::{self, Asked, RETRIES, Read};
use super::body::{CreateBody, FolderBody, JobBody, RouteBody, TaskBody};
use super::graph::Route;
use super::payload::Payload;
use crate::aiware::detail::job::{CORE_ID, RECORDING, SOURCE};
use crate::aiware::error::{ErrorId, Refusal};
use crate::aiware::ids::names;
use crate::entry::auth::Caller;
use crate::native::json::Time;
use crate::request::items;
use crate::request::json_body::{self, Member};
use crate::request::strict_json::{self, Text};

/// What one folder may take as JSON: three names, and some room around.
const FOLDER_JSON_BYTES: u64 = 2_048;
/// The most folders of a task.
const FOLDERS: u64 = 1_000;
/// What one address may take as JSON.
const URI_JSON_BYTES: u64 = 4_096;
/// The most addresses of a job or a task.
const URIS: u64 = 100;

/// Reads a body.
pub(super) fn read(body: &[u8], by: &Caller, limits: &Limits) -> Result<Vec<Asked>, Refusal> {
    let CreateBody { jobs } = json_body::read(body)?;
    let jobs = items::read(&jobs, "/jobs", "batch_jobs", limits.batch_jobs)?;
    if jobs.is_empty() {
        return Err(Refusal::at(ErrorId::InvalidInput, "/jobs", "has no job"));
    }
    jobs.iter().enumerate().map(|(place, text)| job(text.get(), &format!("/jobs/{place}"), by, limits)).collect()
}

fn job(text: &str, at: &str, by: &Caller, limits: &Limits) -> Result<Asked, Refusal> {
    let own = |member: &str| format!("{at}/{member}");
    let JobBody {
        tasks,
        routes,
        organisation,
        config,
        status,
        start,
        core_id,
        recording,
        source,
        send_output_to,
        is_template,
        ..
    } = json_body::read_part(text, at)?;
    if let Some(text) = value(organisation, &own("internalOrganizationID"))?
        && !names::is_organisation(&text, by.organisation())
    {
        return Err(Refusal::at(ErrorId::NotFound, &own("internalOrganizationID"), "is no organisation that there is"));
    }
    if value(is_template, &own("isTemplate"))? == Some(true) {
        return Err(Refusal::at(ErrorId::NotImplemented, &own("isTemplate"), "is not offered yet"));
    }
    let notify = addresses(send_output_to, &own("sendOutputToUris"))?;
    fresh(status, &own("jobStatus"))?;
    let mut tags = BTreeMap::new();
    let numbers = [(RECORDING, recording, "coreRecordingID"), (SOURCE, source, "coreSourceID")];
    for (tag, member, name) in numbers {
        if let Some(number) = value(member, &own(name))? {
            tags.insert(tag.to_owned(), number.to_string());
        }
    }
    if let Some(text) = value(core_id, &own("coreID"))?.filter(|text| !text.is_empty()) {
        tags.insert(CORE_ID.to_owned(), text);
    }
    let config = config.map(|member| config_of(&member, &own("jobConfigJSON"), limits)).transpose()?.flatten();
    let texts = match &tasks {
        Some(tasks) => items::read(tasks, &own("tasks"), "tasks", limits.tasks)?,
        None => Vec::new(),
    };
    if texts.is_empty() {
        return Err(Refusal::at(ErrorId::InvalidInput, &own("tasks"), "has no task"));
    }
    let read = texts.iter().enumerate().map(|(place, text)| Read::of(text, format!("{at}/tasks/{place}"), limits));
    let tasks = read.collect::<Result<Vec<_>, _>>()?;
    let routes = routes_of(routes.as_ref(), &own("taskRoutes"), &tasks, limits)?;
    let priority = tasks.iter().filter_map(|task| task.priority).min().unwrap_or_default();
    let retries = tasks.iter().filter_map(|task| task.retries).max();
    let asked = assemble::tasks(tasks, &routes, &own("taskRoutes"))?;
    let run_at = value(start, &own("startDateTime"))?.map(|Time(at)| at);
    let retry = RetryAsked { max_attempts: retries.map(|retries| retries + 1), backoff_ms: None };
    Ok(Asked { tasks: asked, priority, retry, run_at, config, tags, notify, by: by.principal().label.to_string() })
}

impl Read {
    pub(super) fn of(text: &RawValue, at: String, limits: &Limits) -> Result<Self, Refusal> {
        let own = |member: &str| format!("{at}/{member}");
        let TaskBody {
            engine,
            correlation,
            folders,
            payload,
            task_payload,
            priority,
            max_retries,
            status,
            send_output_to,
            ..
        } = json_body::read_part(text.get(), &at)?;
        let at_task = own("sendOutputToUris");
        if !addresses(send_output_to, &at_task)?.is_empty() {
            let message = "is not offered for one task: a job notifies when it has ended, so say it of the job";
            return Err(Refusal::at(ErrorId::NotImplemented, &at_task, message));
        }
        fresh(status, &own("taskStatus"))?;
        let payloads = [(payload, "payloadJSON"), (task_payload, "taskPayloadJSON")];
        let mut texts = Vec::new();
        for (member, name) in payloads {
            if let Some(text) = member.map(|member| long_text(&member, &own(name))).transpose()? {
                texts.extend(Some((text, name)).filter(|(text, _)| !text.trim().is_empty()));
            }
        }
        let payload = match (texts.pop(), texts.pop()) {
            (None, _) => Payload::default(),
            (Some((text, name)), None) => Payload::read(text, &own(name), limits)?,
            (Some((_, name)), Some(_)) => {
                return Err(Refusal::at(
                    ErrorId::InvalidInput,
                    &own(name),
                    "stands beside `payloadJSON`; say one of them",
                ));
            }
        };
        let retries = value(max_retries, &own("maxRetries"))?;
        if let Some(retries) = retries.filter(|retries| *retries > RETRIES) {
            let message = format!("must be from 0 to {RETRIES}, and is {retries}");
            return Err(Refusal::at(ErrorId::InvalidInput, &own("maxRetries"), message));
        }
        let folders = match folders {
            Some(member) => member.items(&own("ioFolders"), ("folders", FOLDERS), FOLDER_JSON_BYTES)?,
            None => Vec::new(),
        };
        let (inputs, outputs) = folders_of(folders, &own("ioFolders"))?;
        let correlation = value(correlation, &own("correlationTaskId"))?.filter(|text| !text.is_empty());
        let engine = engine.value(&own("engineId"))?;
        let priority = value(priority, &own("priority"))?;
        let payload_at = own("payloadJSON");
        Ok(Self { at, payload_at, engine, name: correlation, payload, priority, retries, inputs, outputs })
    }
}

/// The names of a task's input and output folders.
fn folders_of(folders: Vec<FolderBody<'_>>, at: &str) -> Result<(HashSet<String>, HashSet<String>), Refusal> {
    let (mut inputs, mut outputs) = (HashSet::new(), HashSet::new());
    for (place, FolderBody { correlation, kind, mode, .. }) in folders.into_iter().enumerate() {
        let wrong = |member: &str, message: &str| {
            Refusal::at(ErrorId::InvalidInput, &format!("{at}/{place}/{member}"), message)
        };
        if mode.is_some_and(|mode| !["stream", "chunk"].iter().any(|known| known.eq_ignore_ascii_case(&mode))) {
            return Err(wrong("mode", "must be `stream` or `chunk`"));
        }
        let names = match kind.to_ascii_lowercase().as_str() {
            "input" => &mut inputs,
            "output" => &mut outputs,
            _ => return Err(wrong("type", "must be `input` or `output`")),
        };
        if let Some(name) = correlation.filter(|name| !name.is_empty())
            && !names.insert(name)
        {
            return Err(wrong("correlationID", "names a folder that the task has already"));
        }
    }
    Ok((inputs, outputs))
}

/// The routes between tasks. Where none is given, each task comes after the one that stands before it in the list.
fn routes_of(
    member: Option<&Member<'_, Vec<()>>>,
    at: &str,
    tasks: &[Read],
    limits: &Limits,
) -> Result<Vec<Route>, Refusal> {
    let mut places = HashMap::new();
    for (place, task) in tasks.iter().enumerate() {
        if let Some(name) = &task.name
            && places.insert(name.as_str(), place).is_some()
        {
            let at = format!("{}/correlationTaskId", task.at);
            return Err(Refusal::at(ErrorId::InvalidInput, &at, "names a task that the job has already"));
        }
    }
    // Every task may take from every other, but no client draws more than some routes for each.
    let most = limits.tasks.saturating_mul(16);
    let texts = match member {
        Some(member) => items::read(member, at, "tasks", most)?,
        None => Vec::new(),
    };
    if texts.is_empty() {
        return Ok((1..tasks.len()).map(|child| Route { place: 0, parent: child - 1, child }).collect());
    }
    let mut routes = Vec::with_capacity(texts.len());
    for (place, text) in texts.iter().enumerate() {
        let at = format!("{at}/{place}");
        let RouteBody { parent, output, child, input, endpoint, .. } = json_body::read_part(text.get(), &at)?;
        let refuse =
            |member: &str, message: &str| Err(Refusal::at(ErrorId::InvalidInput, &format!("{at}/{member}"), message));
        if endpoint.is_some_and(|endpoint| !endpoint.is_empty()) {
            let message = "has no meaning here: a task's input comes with its payload or from its parents";
            return Err(Refusal::at(ErrorId::NotImplemented, &format!("{at}/endpoint"), message));
        }
        let Some(child) = places.get(child.as_str()).copied() else {
            return refuse("taskChildId", "is the `correlationTaskId` of no task of the job");
        };
        let given = |name: Option<String>| name.filter(|name| !name.is_empty());
        if given(input).is_some_and(|name| tasks.get(child).is_none_or(|task| !task.inputs.contains(&name))) {
            return refuse("taskChildInputId", "is no input folder of the child");
        }
        let Some(parent) = given(parent) else {
            if given(output).is_some() {
                return refuse("taskParentOutputId", "stands without `taskParentId`");
            }
            continue;
        };
        let Some(parent) = places.get(parent.as_str()).copied() else {
            return refuse("taskParentId", "is the `correlationTaskId` of no task of the job");
        };
        if given(output).is_some_and(|name| tasks.get(parent).is_none_or(|task| !task.outputs.contains(&name))) {
            return refuse("taskParentOutputId", "is no output folder of the parent");
        }
        routes.push(Route { place, parent, child });
    }
    Ok(routes)
}

/// A member that is a word or a number.
fn value<'a, T: serde::Deserialize<'a>>(member: Option<Member<'a, T>>, at: &str) -> Result<Option<T>, Refusal> {
    Ok(member.map(|member| member.value(at)).transpose()?)
}

/// A member that is a text of any length up to that of the body.
fn long_text(member: &Member<'_, String>, at: &str) -> Result<String, Refusal> {
    let Text(text) = serde_json::from_str(member.text())
        .map_err(|_| Refusal::at(ErrorId::Malformed, at, "must be a text that holds JSON"))?;
    Ok(text.into_owned())
}

/// The client's own data, kept to the letter.
fn config_of(member: &Member<'_, String>, at: &str, limits: &Limits) -> Result<Option<Document>, Refusal> {
    // Each byte of the text may be escaped.
    let most = limits.custom_data_bytes;
    member.within(at, "custom_data_bytes", most.saturating_mul(6).saturating_add(2))?;
    let text = long_text(member, at)?;
    if text.trim().is_empty() {
        return Ok(None);
    }
    if text.len() as u64 > most {
        let message = format!("has {} bytes; {most} are allowed (limit custom_data_bytes)", text.len());
        return Err(Refusal::at(ErrorId::TooLarge, at, message));
    }
    let raw = RawValue::from_string(text).map_err(|_| Refusal::at(ErrorId::Malformed, at, "holds no JSON"))?;
    strict_json::check_depth(&raw, at, limits.json_depth)?;
    Ok(Some(Document::from(raw)))
}

/// A job and a task begin by waiting, whatever their client calls that.
fn fresh(member: Option<Member<'_, String>>, at: &str) -> Result<(), Refusal> {
    let word = value(member, at)?.unwrap_or_default();
    if ["", "pending", "queued"].iter().any(|known| known.eq_ignore_ascii_case(&word)) {
        return Ok(());
    }
    Err(Refusal::at(ErrorId::InvalidInput, at, "must be `pending` or `queued`: what is new waits"))
}

/// Addresses that are to be notified. Whether they may be, and how many there may be, the job manager says.
fn addresses(member: Option<Member<'_, Vec<String>>>, at: &str) -> Result<Vec<String>, Refusal> {
    let Some(member) = member else { return Ok(Vec::new()) };
    Ok(member.items(at, ("addresses", URIS), URI_JSON_BYTES)?)
}
