//! A submission as clients write it, turned into what the job manager takes. The tables among its members go straight
//! into columns; the others are compared with their limits before anything walks through them.
//!
//! A job of one task is its provider, its model, its input and its parameters; one of several is a list of tasks, each with
//! a name and the names of those that it waits for.

use std::borrow::Cow;
use std::collections::BTreeMap;

use analyte_core::digest::Digest;
use analyte_core::document::Document;
use analyte_core::limits::Limits;
use analyte_core::table::Table;
use analyte_core::table::format::{Format, Read};
use analyte_core::timestamp::Timestamp;
use analyte_jobs::{Idempotency, InputAsked, LimitsAsked, Parameters, RetryAsked, Submission, TaskAsked};
use bytes::Bytes;

use super::body::{LimitsBody, ResultsOfBody, RetryBody, SubmissionBody, TaskSubmissionBody};
use crate::entry::auth::Caller;
use crate::native::json::Time;
use crate::native::table;
use crate::problem::{FieldError, Problem};
use crate::request::items;
use crate::request::json_body::{self, Member};
use crate::request::strict_json;
use crate::shared::Shared;

/// What one tag may take as JSON: key and value of 128 bytes each, every byte of them escaped, and some room around.
const TAG_JSON_BYTES: u64 = 2_048;
/// What the name of one task may take as JSON: 128 characters, each of them escaped, and some room around.
const TASK_NAME_JSON_BYTES: u64 = 1_024;

/// What makes a repetition of these bytes harmless. The same request is the same bytes: clients that repeat themselves do
/// just that.
pub(crate) fn idempotency(key: String, bytes: &[u8]) -> Idempotency {
    Idempotency { key, request: Digest::of(bytes) }
}

/// Reads a submission.
pub(crate) async fn read(
    shared: &Shared,
    caller: &Caller,
    body: &Bytes,
    idempotency: Option<Idempotency>,
) -> Result<Submission, Problem> {
    let (body, limits) = (body.clone(), shared.limits.clone());
    let (size, asked) = (body.len(), move || Asked::of(&body, idempotency, &limits));
    let mut asked = table::compute_sized(shared, caller.organisation(), size, asked).await??;
    let mut room = Room::of(&shared.limits);
    for asked in &mut asked.tasks {
        let model = shared.manager.model(caller.organisation(), &asked.task.provider, &asked.task.model);
        let info = model.map_err(|error| asked.without_model(error.into()))?.info.clone();
        let Some(text) = asked.table.take() else { continue };
        let (limits, at) = (room.limits(), asked.at("/input"));
        let read = table::read_for((shared, caller), limits, &info, Format::Json, text, &at).await;
        asked.give(read.map_err(|error| asked.fault(error))?, &mut room);
    }
    Ok(asked.submission(caller))
}

/// Reads a submission whose table is sent by itself, in this format.
pub(crate) async fn read_beside(
    shared: &Shared,
    caller: &Caller,
    sent: (SentBeside, Bytes, Format),
    idempotency: Option<Idempotency>,
) -> Result<Submission, Problem> {
    let (SentBeside { members, parameters }, table, format) = sent;
    let limits = shared.limits.clone();
    let (size, asked) = (members.len(), move || Asked::beside_table(&members, idempotency, &limits));
    let mut asked = table::compute_sized(shared, caller.organisation(), size, asked).await??;
    let mut room = Room::of(&shared.limits);
    for asked in &mut asked.tasks {
        let model = shared.manager.model(caller.organisation(), &asked.task.provider, &asked.task.model)?;
        let read = table::read_for((shared, caller), room.limits(), &model.info, format, table.clone(), "").await?;
        asked.give(read, &mut room);
        if !parameters.is_empty() {
            asked.task.parameters = Parameters::Pairs(parameters.clone());
        }
    }
    Ok(asked.submission(caller))
}

/// What is sent beside a table.
pub(crate) struct SentBeside {
    /// A submission without its table, as JSON.
    pub(crate) members: Bytes,
    /// Parameters that stand in the query; empty where there are none, or where they are among the members.
    pub(crate) parameters: Vec<(String, String)>,
}

/// The tables of one call together take no more memory than a single one may.
pub(crate) struct Room<'l> {
    limits: Cow<'l, Limits>,
}

impl<'l> Room<'l> {
    /// All that the limits allow.
    pub(crate) fn of(limits: &'l Limits) -> Self {
        Self { limits: Cow::Borrowed(limits) }
    }

    /// The limits for the next table.
    pub(crate) fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Leaves less for the next table.
    pub(crate) fn take(&mut self, table: &Table) {
        let left = self.limits.table_bytes.saturating_sub(table.memory_bytes() as u64);
        self.limits.to_mut().table_bytes = left;
    }
}

/// A submission whose tables have not been read yet.
pub(crate) struct Asked {
    /// None only where the client gave an empty list of tasks.
    pub(crate) tasks: Vec<AskedTask>,
    custom_data: Option<Document>,
    priority: i32,
    run_at: Option<Timestamp>,
    limits: LimitsAsked,
    retry: RetryAsked,
    tags: BTreeMap<String, String>,
    idempotency: Option<Idempotency>,
}

/// A task of it.
pub(crate) struct AskedTask {
    /// What is asked for; an empty table is its input as long as `table` has not been read.
    pub(crate) task: TaskAsked,
    /// The text of its table, a part of the body; `None`: it takes the results of other tasks, or was read.
    pub(crate) table: Option<Bytes>,
    /// Its place in the list of tasks; `None`: the submission itself is the task.
    place: Option<usize>,
}

impl AskedTask {
    /// Where a member of it stands in the submission, as a JSON pointer.
    pub(crate) fn at(&self, member: &str) -> String {
        self.place.map_or_else(|| member.to_owned(), |place| format!("/tasks/{place}{member}"))
    }

    /// The same problem, which names the task where there is a list of them.
    pub(crate) fn fault(&self, problem: Problem) -> Problem {
        if self.place.is_some() { problem.of_task(&self.task.name) } else { problem }
    }

    /// Why there is no such model.
    pub(crate) fn without_model(&self, problem: Problem) -> Problem {
        if self.place.is_none() {
            return problem;
        }
        let fault = FieldError::at(self.at("/model"), problem.detail());
        self.fault(problem.errors(vec![fault]))
    }

    /// Its table was read.
    pub(crate) fn give(&mut self, read: Read, room: &mut Room<'_>) {
        let Read { table, warnings } = read;
        room.take(&table);
        self.task.input = InputAsked::Given { table, warnings };
    }

    /// The task at this place of the list.
    fn listed(body: &Bytes, text: &str, place: usize, host_limits: &Limits) -> Result<Self, Problem> {
        let pointer = format!("/tasks/{place}");
        let at = |member: &str| format!("{pointer}{member}");
        let TaskSubmissionBody { name, provider, model, input, parameters, limits, after } =
            json_body::read_part(text, &pointer)?;
        let names = ("tasks", host_limits.tasks);
        let mut table = None;
        let input = match input {
            None => InputAsked::ResultsOfAll,
            Some(input) if json_body::begins_with(input.text(), "results_of") => {
                let ResultsOfBody { results_of: of } = input.items(&at("/input"), names, TASK_NAME_JSON_BYTES)?;
                InputAsked::Results { of }
            }
            Some(input) => {
                table = Some(body.slice_ref(input.text().as_bytes()));
                InputAsked::from(Table::default())
            }
        };
        let after = after.map(|member| member.items(&at("/after"), names, TASK_NAME_JSON_BYTES)).transpose()?;
        let task = TaskAsked {
            name: name.value(&at("/name"))?,
            provider: provider.value(&at("/provider"))?,
            model: model.value(&at("/model"))?,
            input,
            parameters: parameters_of(parameters, &at("/parameters"), host_limits)?,
            limits: limits_of(limits, &at("/limits"))?,
            after: after.unwrap_or_default(),
        };
        Ok(Self { task, table, place: Some(place) })
    }
}

impl Asked {
    /// With the tables that were read, and who submits it.
    pub(crate) fn submission(self, by: &Caller) -> Submission {
        let Self { tasks, custom_data, priority, run_at, limits, retry, tags, idempotency } = self;
        Submission {
            tasks: tasks.into_iter().map(|asked| asked.task).collect(),
            custom_data,
            priority,
            run_at,
            limits,
            retry,
            tags,
            idempotency,
            retry_of: None,
            created_by: Some(by.principal().label.to_string()),
            session: None,
        }
    }

    /// Reads all members but the tables. Each is compared with its limit before anything walks through it.
    pub(crate) fn of(body: &Bytes, idempotency: Option<Idempotency>, host_limits: &Limits) -> Result<Self, Problem> {
        Self::of_body(body, idempotency, host_limits, false)
    }

    /// The same of a job of one task whose table is sent beside this.
    pub(crate) fn beside_table(
        members: &Bytes,
        idempotency: Option<Idempotency>,
        host_limits: &Limits,
    ) -> Result<Self, Problem> {
        Self::of_body(members, idempotency, host_limits, true)
    }

    fn of_body(
        body: &Bytes,
        idempotency: Option<Idempotency>,
        host_limits: &Limits,
        table_beside: bool,
    ) -> Result<Self, Problem> {
        let SubmissionBody {
            provider,
            model,
            input,
            parameters,
            tasks,
            custom_data,
            priority,
            run_at,
            limits,
            retry,
            tags,
        } = json_body::read(body)?;
        let tasks = if let Some(tasks) = tasks {
            if table_beside {
                let message = "cannot be there: a table that is sent by itself is the input of a job of one task";
                return Err(strict_json::malformed("/tasks".to_owned(), message));
            }
            let own = [
                ("/provider", provider.is_some()),
                ("/model", model.is_some()),
                ("/input", input.is_some()),
                ("/parameters", parameters.is_some()),
            ];
            if let Some((pointer, _)) = own.into_iter().find(|(_, given)| *given) {
                let message = "stands beside `tasks`, each of which has its own";
                return Err(strict_json::malformed(pointer.to_owned(), message));
            }
            let texts = items::read(&tasks, "/tasks", "tasks", host_limits.tasks)?.into_iter().enumerate();
            texts
                .map(|(place, text)| AskedTask::listed(body, text.get(), place, host_limits))
                .collect::<Result<_, _>>()?
        } else {
            let provider = needed(provider, "/provider")?.value("/provider")?;
            let model = needed(model, "/model")?.value("/model")?;
            let table = match (input, table_beside) {
                (None, true) => None,
                (Some(_), true) => {
                    let message = "cannot be there: the table is sent by itself";
                    return Err(strict_json::malformed("/input".to_owned(), message));
                }
                (input, false) => Some(body.slice_ref(needed(input, "/input")?.text().as_bytes())),
            };
            let parameters = parameters_of(parameters, "/parameters", host_limits)?;
            let task = TaskAsked { parameters, ..TaskAsked::new(provider, model, Table::default()) };
            vec![AskedTask { task, table, place: None }]
        };
        Ok(Self {
            tasks,
            custom_data: custom_data_of(custom_data, host_limits)?,
            priority: priority.map_or(Ok(0), |member| member.value("/priority"))?,
            run_at: run_at.map(|member| member.value("/run_at")).transpose()?.map(|Time(at)| at),
            limits: limits_of(limits, "/limits")?,
            retry: retry_of(retry)?,
            tags: tags
                .map(|member| member.items("/tags", ("tags", host_limits.tags), TAG_JSON_BYTES))
                .transpose()?
                .unwrap_or_default()
                .0,
            idempotency,
        })
    }
}

/// A member that a submission of one task must have.
fn needed<'a, T>(member: Option<Member<'a, T>>, pointer: &str) -> Result<Member<'a, T>, Problem> {
    member.ok_or_else(|| strict_json::malformed(pointer.to_owned(), "is missing"))
}

/// Parameters, as text for the manager to check against the model's schema.
pub(crate) fn parameters_of(member: Option<Member<'_>>, at: &str, limits: &Limits) -> Result<Parameters, Problem> {
    let Some(member) = member else { return Ok(Parameters::None) };
    let raw = member.within(at, "parameters_bytes", limits.parameters_bytes)?;
    strict_json::check_depth(raw, at, limits.json_depth)?;
    if !raw.get().starts_with('{') {
        return Err(strict_json::malformed(at.to_owned(), "must be an object"));
    }
    strict_json::check_members(raw, at)?;
    Ok(Parameters::Json(raw.to_owned()))
}

/// Limits that are asked for.
pub(crate) fn limits_of(member: Option<Member<'_, LimitsBody>>, at: &str) -> Result<LimitsAsked, Problem> {
    let read = member.map(|member| member.object(at)).transpose()?;
    let LimitsBody { fuel, memory_bytes, timeout_ms } = read.unwrap_or_default();
    Ok(LimitsAsked { fuel, memory_bytes, timeout_ms })
}

fn retry_of(member: Option<Member<'_, RetryBody>>) -> Result<RetryAsked, Problem> {
    let read = member.map(|member| member.object("/retry")).transpose()?;
    let RetryBody { max_attempts, backoff_ms } = read.unwrap_or_default();
    Ok(RetryAsked { max_attempts, backoff_ms })
}

fn custom_data_of(member: Option<Member<'_>>, limits: &Limits) -> Result<Option<Document>, Problem> {
    let Some(member) = member else { return Ok(None) };
    let raw = member.within("/custom_data", "custom_data_bytes", limits.custom_data_bytes)?;
    // Written into answers as it is, so it must not be deeper than what readers of answers take.
    strict_json::check_depth(raw, "/custom_data", limits.json_depth)?;
    Ok(Some(Document::from(raw.to_owned())))
}
