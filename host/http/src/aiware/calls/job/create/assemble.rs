//! From tasks that were read, each by itself, and the routes between them to a job to be: parents before children, each with
//! where its table comes from. It holds for the REST calls and for GraphQL alike.

use std::collections::{BTreeMap, HashSet};

use analyte_core::document::Document;
use analyte_core::names::{ModelName, ProviderName, TaskName};
use analyte_core::table::Table;
use analyte_core::timestamp::Timestamp;
use analyte_jobs::{InputAsked, RetryAsked, Submission, TaskAsked, WebhookAsked};
use bytes::Bytes;

use super::graph::{self, Circle, Route};
use super::payload::Payload;
use crate::aiware::error::{ErrorId, Refusal};

/// The most retries that may be asked for: the job manager tries a task a hundred times at most.
pub(crate) const RETRIES: u32 = 99;

/// A job to be, whose engines and tables were not looked at.
pub(crate) struct Asked {
    /// Parents before children.
    pub(crate) tasks: Vec<AskedTask>,
    pub(crate) priority: i32,
    pub(crate) retry: RetryAsked,
    pub(crate) run_at: Option<Timestamp>,
    pub(crate) config: Option<Document>,
    pub(crate) tags: BTreeMap<String, String>,
    /// Addresses that are notified when the job ends, as the client wrote them.
    pub(crate) notify: Vec<String>,
    /// Label of the token that asks.
    pub(crate) by: String,
}

/// A task of it.
pub(crate) struct AskedTask {
    /// What is asked for; its model is not known, and an empty table is its input as long as `table` has not been read.
    pub(crate) task: TaskAsked,
    /// The engine, as the client names it.
    pub(crate) engine: String,
    /// The text of its table; `None`: it takes the results of other tasks, or was read.
    pub(crate) table: Option<Bytes>,
    /// Where it stands in the request, as a JSON pointer.
    pub(crate) at: String,
    /// Where its payload stands.
    pub(crate) payload_at: String,
}

/// A task as it was read.
pub(crate) struct Read {
    /// Where it stands in the request, as a JSON pointer.
    pub(crate) at: String,
    /// Where its payload stands.
    pub(crate) payload_at: String,
    /// The engine, as the client names it.
    pub(crate) engine: String,
    /// What the client calls the task; `None`: nothing.
    pub(crate) name: Option<String>,
    pub(crate) payload: Payload,
    pub(crate) priority: Option<i32>,
    pub(crate) retries: Option<u32>,
    /// The names of its input folders.
    pub(crate) inputs: HashSet<String>,
    /// The names of its output folders.
    pub(crate) outputs: HashSet<String>,
}

impl Asked {
    /// With the tables that were read.
    pub(crate) fn submission(self) -> Submission {
        let Self { tasks, priority, retry, run_at, config, tags, notify, by } = self;
        // The product signs nothing, so that its clients have no secret to check with.
        let webhook = |url| WebhookAsked { url, events: None, secret: None };
        Submission {
            custom_data: config,
            priority,
            run_at,
            retry,
            tags,
            webhooks: notify.into_iter().map(webhook).collect(),
            created_by: Some(by),
            ..Submission::of(tasks.into_iter().map(|asked| asked.task).collect())
        }
    }
}

/// Puts tasks in order and says where their tables come from; `routes_at` is where the routes stand in the request.
pub(crate) fn tasks(mut tasks: Vec<Read>, routes: &[Route], routes_at: &str) -> Result<Vec<AskedTask>, Refusal> {
    let order = graph::sorted(tasks.len(), routes).map_err(|Circle { route }| {
        let place = format!("{routes_at}/{route}");
        Refusal::at(ErrorId::InvalidInput, &place, "is part of a circle: a task would wait for itself")
    })?;
    let parents = graph::parents(tasks.len(), routes);
    let named = task_names(&tasks);
    let name = |place: usize| named.get(place).cloned().unwrap_or_else(TaskName::only);
    let mut asked = Vec::with_capacity(tasks.len());
    for place in order {
        let Some(read) = tasks.get_mut(place) else { continue };
        let after: Vec<TaskName> = parents.get(place).into_iter().flatten().map(|parent| name(*parent)).collect();
        let Payload { table, parameters } = std::mem::take(&mut read.payload);
        let input = match &table {
            Some(_) => InputAsked::from(Table::default()),
            None if after.is_empty() => {
                let message = "has no member `input`, and the task has no parents whose results it could take";
                return Err(Refusal::at(ErrorId::InvalidInput, &read.payload_at, message));
            }
            None => InputAsked::ResultsOfAll,
        };
        // The engine's model is looked for when all of the request is read.
        let (provider, model) = not_known_yet()?;
        let task = TaskAsked { parameters, after, ..TaskAsked::named(name(place), provider, model, input) };
        asked.push(AskedTask {
            task,
            engine: std::mem::take(&mut read.engine),
            table,
            at: std::mem::take(&mut read.at),
            payload_at: std::mem::take(&mut read.payload_at),
        });
    }
    Ok(asked)
}

/// A name that stands for a model that has not been looked for.
pub(super) fn not_known_yet() -> Result<(ProviderName, ModelName), Refusal> {
    let bad = |error: analyte_core::names::BadName| Refusal::new(ErrorId::InternalError, error.to_string());
    Ok((ProviderName::new("unknown").map_err(bad)?, ModelName::new("unknown").map_err(bad)?))
}

/// What tasks are called natively: as their clients call them, where that is a name, else by their number.
fn task_names(tasks: &[Read]) -> Vec<TaskName> {
    let own = |task: &Read| task.name.as_deref().and_then(|name| TaskName::new(name).ok());
    let taken: HashSet<TaskName> = tasks.iter().filter_map(own).collect();
    let name = |(place, task): (usize, &Read)| {
        own(task).or_else(|| numbered(place, |name| taken.contains(name))).unwrap_or_else(TaskName::only)
    };
    tasks.iter().enumerate().map(name).collect()
}

/// A name made of a task's place that is not taken.
pub(super) fn numbered(place: usize, taken: impl Fn(&TaskName) -> bool) -> Option<TaskName> {
    let names = (0..).map(|times| format!("task-{}{}", place + 1, "-".repeat(times)));
    names.filter_map(|name| TaskName::new(&name).ok()).find(|name| !taken(name))
}
