//! Which outputs there are, and what they are called.
//!
//! A task's table is `result.json`, its files are called as its provider called them; a file of that very name is hidden by the
//! table. The outputs of a job are those of the tasks that no other depends on. Where these are several, the name of the
//! task and a dot stand before each.

use analyte_core::job::{Content, Job, ResultFile, Task};
use analyte_core::names::TaskName;
use analyte_core::table::format::Format;
use analyte_core::timestamp::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::aiware::error::{ErrorId, Refusal};
use crate::aiware::ids::lookup::Found;

/// The name of a table among the outputs.
const TABLE: &str = "result.json";
/// Other names under which the same table is downloaded.
const FORMS: [(&str, Format); 3] =
    [(TABLE, Format::Json), ("result.csv", Format::Csv), ("result.arrow", Format::Arrow)];

/// One output.
pub(crate) struct Output {
    /// What it is called.
    pub(crate) name: String,
    /// Whose it is.
    pub(crate) task: TaskName,
    /// When its task ended.
    pub(crate) at: Timestamp,
    /// What it is.
    pub(crate) what: What,
}

/// A table or a file.
pub(crate) enum What {
    /// A table, in this form.
    Table(Content, Format),
    /// A file.
    File(ResultFile),
}

/// An output as it stands in answers.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OutputBody {
    pub(crate) name: String,
    /// Bytes, as it is kept.
    pub(crate) size: u64,
    /// Seconds since 1970.
    pub(crate) created: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) contents: Option<String>,
    #[serde(rename = "contentsValid", skip_serializing_if = "Option::is_none")]
    pub(crate) contents_valid: Option<bool>,
}

impl Output {
    /// Without its contents.
    pub(crate) fn body(&self) -> OutputBody {
        let content = match &self.what {
            What::Table(content, _) => content,
            What::File(file) => &file.content,
        };
        let (name, created) = (self.name.clone(), self.at.0.div_euclid(1_000));
        OutputBody { name, size: content.bytes, created, contents: None, contents_valid: None }
    }
}

fn of_task_as(task: &Task, prefix: &str) -> Vec<Output> {
    let output = |name: &str, what| Output {
        name: format!("{prefix}{name}"),
        task: task.name.clone(),
        at: task.finished_at.unwrap_or(Timestamp(0)),
        what,
    };
    let table = task.result.iter().map(|content| output(TABLE, What::Table(content.clone(), Format::Json)));
    let hidden =
        |file: &&ResultFile| task.result.is_some() && FORMS.iter().any(|(name, _)| *name == file.name.as_str());
    let files = task.files.iter().filter(|file| !hidden(file));
    table.chain(files.map(|file| output(file.name.as_str(), What::File(file.clone())))).collect()
}

/// What stands before the names of a task's outputs where they are the job's.
fn sinks(job: &Job) -> Vec<(&Task, String)> {
    let sinks: Vec<&Task> = job.sinks().collect();
    let several = sinks.len() > 1;
    let named = |task: &Task| if several { format!("{}.", task.name) } else { String::new() };
    sinks.into_iter().map(|task| (task, named(task))).collect()
}

/// The outputs of a job.
pub(crate) fn of_job(job: &Job) -> Vec<Output> {
    sinks(job).into_iter().flat_map(|(task, prefix)| of_task_as(task, &prefix)).collect()
}

/// The outputs of a task.
pub(crate) fn of_task(found: &Found) -> Result<Vec<Output>, Refusal> {
    Ok(of_task_as(found.task()?, ""))
}

/// The table of a task.
pub(super) fn table(task: &Task) -> Option<Output> {
    of_task_as(task, "").into_iter().find(|output| matches!(output.what, What::Table(..)))
}

/// One output of a job; a table also in another form, by the end of its name.
pub(crate) fn one_of_job(job: &Job, name: &str) -> Result<Output, Refusal> {
    let found = sinks(job).into_iter().find_map(|(task, prefix)| one(task, &prefix, name));
    found.ok_or_else(|| nothing(name))
}

/// One output of a task.
pub(crate) fn one_of_task(found: &Found, name: &str) -> Result<Output, Refusal> {
    one(found.task()?, "", name).ok_or_else(|| nothing(name))
}

fn one(task: &Task, prefix: &str, name: &str) -> Option<Output> {
    let own = name.strip_prefix(prefix)?;
    let mut outputs = of_task_as(task, prefix);
    let form = FORMS.into_iter().find(|(form, _)| *form == own).map(|(_, form)| form);
    if let (Some(form), Some(Output { what: What::Table(content, _), .. })) = (form, outputs.first()) {
        let (what, name) = (What::Table(content.clone(), form), name.to_owned());
        return outputs.into_iter().next().map(|table| Output { name, what, ..table });
    }
    let at = outputs.iter().position(|output| output.name == name)?;
    Some(outputs.swap_remove(at))
}

fn nothing(name: &str) -> Refusal {
    let shown: String = name.chars().take(80).collect();
    Refusal::new(ErrorId::NotFound, format!("there is no output `{shown}`"))
}
