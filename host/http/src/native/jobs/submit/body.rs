//! The body of a submission: what is read and what is described.

use std::collections::BTreeMap;

use analyte_core::names::{ModelName, ProviderName, TaskName};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::native::json::Time;
use crate::native::models::body::TableBody;
use crate::request::json_body::Member;
use crate::request::strict_json::Strings;

/// A job to be.
#[derive(Deserialize, ToSchema)]
#[schema(as = Submission)]
#[serde(deny_unknown_fields)]
pub(crate) struct SubmissionBody<'a> {
    /// Whose model; needed unless there are `tasks`.
    #[serde(borrow)]
    #[schema(value_type = Option<String>, example = "statistics")]
    pub(crate) provider: Option<Member<'a, ProviderName>>,
    /// Which model; needed unless there are `tasks`.
    #[schema(value_type = Option<String>, example = "linear-regression")]
    pub(crate) model: Option<Member<'a, ModelName>>,
    /// For the model's input shape; needed unless there are `tasks`.
    #[schema(value_type = Option<TableInput>)]
    pub(crate) input: Option<Member<'a>>,
    /// For the model's parameter schema.
    #[schema(value_type = Option<serde_json::Map<String, serde_json::Value>>)]
    pub(crate) parameters: Option<Member<'a>>,
    /// In place of `provider`, `model`, `input` and `parameters`: the tasks of the job, parents before their children.
    #[schema(value_type = Option<Vec<TaskSubmissionBody<'static>>>)]
    pub(crate) tasks: Option<Member<'a, Vec<()>>>,
    /// Your own data, kept as it is.
    #[schema(value_type = Option<serde_json::Value>)]
    pub(crate) custom_data: Option<Member<'a>>,
    /// Lower runs first; usually 0.
    #[schema(value_type = Option<i32>)]
    pub(crate) priority: Option<Member<'a, i32>>,
    /// Not to be started before.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(crate) run_at: Option<Member<'a, Time>>,
    /// What each run may use, where its task does not ask for something else; what is not said is as configured.
    #[schema(value_type = Option<LimitsBody>)]
    pub(crate) limits: Option<Member<'a, LimitsBody>>,
    /// How often each task is tried again by itself.
    #[schema(value_type = Option<RetryBody>)]
    pub(crate) retry: Option<Member<'a, RetryBody>>,
    /// Your own labels.
    #[schema(value_type = Option<BTreeMap<String, String>>)]
    pub(crate) tags: Option<Member<'a, Strings>>,
}

/// A submission as a form.
#[derive(ToSchema)]
#[schema(as = SubmissionForm)]
#[expect(dead_code, reason = "documents the parts of a form")]
pub(crate) struct SubmissionFormBody {
    /// A submission without `input`, as JSON.
    #[schema(value_type = SubmissionBody<'static>)]
    job: (),
    /// The table, of a type that holds one.
    #[schema(value_type = String, format = Binary)]
    input: (),
}

/// One task of a job of several.
#[derive(Deserialize, ToSchema)]
#[schema(as = TaskSubmission)]
#[serde(deny_unknown_fields)]
pub(crate) struct TaskSubmissionBody<'a> {
    /// Unique within the job.
    #[serde(borrow)]
    #[schema(value_type = String, example = "forecast")]
    pub(crate) name: Member<'a, TaskName>,
    /// Whose model.
    #[schema(value_type = String, example = "statistics")]
    pub(crate) provider: Member<'a, ProviderName>,
    /// Which model.
    #[schema(value_type = String, example = "linear-regression")]
    pub(crate) model: Member<'a, ModelName>,
    /// A table, or the results of other tasks. Left out: the results of all tasks in `after`, the rows of one below those of the
    /// other.
    #[schema(value_type = Option<TaskInput>)]
    pub(crate) input: Option<Member<'a, ResultsOfBody>>,
    /// For the model's parameter schema.
    #[schema(value_type = Option<serde_json::Map<String, serde_json::Value>>)]
    pub(crate) parameters: Option<Member<'a>>,
    /// What each of its runs may use; what is not said is as the job's `limits` say.
    #[schema(value_type = Option<LimitsBody>)]
    pub(crate) limits: Option<Member<'a, LimitsBody>>,
    /// Tasks that must complete before it starts; they stand before it in the list.
    #[schema(value_type = Option<Vec<String>>)]
    pub(crate) after: Option<Member<'a, Vec<TaskName>>>,
}

/// What a task of a job of several runs on.
#[derive(ToSchema)]
#[schema(as = TaskInput)]
#[serde(untagged)]
#[expect(dead_code, reason = "documents what is read of `input`")]
pub(crate) enum TaskInput {
    /// A table in any of its forms.
    Table(TableInput),
    /// The results of other tasks.
    Results(ResultsOfBody),
}

/// The results of other tasks as an input.
#[derive(Deserialize, ToSchema)]
#[schema(as = ResultsOf)]
#[serde(deny_unknown_fields)]
pub(crate) struct ResultsOfBody {
    /// Which tasks, in the order of their rows; they need not be named in `after` as well.
    #[schema(value_type = Vec<String>)]
    pub(crate) results_of: Vec<TaskName>,
}

/// Limits that are asked for.
#[derive(Default, Deserialize, ToSchema)]
#[schema(as = Limits)]
#[serde(deny_unknown_fields)]
pub(crate) struct LimitsBody {
    /// Fuel units.
    pub(crate) fuel: Option<u64>,
    /// Bytes.
    pub(crate) memory_bytes: Option<u64>,
    /// Milliseconds of wall time.
    pub(crate) timeout_ms: Option<u64>,
}

/// How often a job is tried again by itself, and when.
#[derive(Default, Deserialize, ToSchema)]
#[schema(as = Retry)]
#[serde(deny_unknown_fields)]
pub(crate) struct RetryBody {
    /// Tries in all; usually 3.
    pub(crate) max_attempts: Option<u32>,
    /// Wait before the second, in milliseconds; doubles with each further one.
    pub(crate) backoff_ms: Option<u64>,
}

/// A table in any of the four forms.
#[derive(ToSchema)]
#[schema(as = TableInput)]
#[serde(untagged)]
#[expect(dead_code, reason = "documents what analyte_core::table reads")]
pub(crate) enum TableInput {
    /// With or without a data shape.
    Rows(TableBody),
    /// Row objects.
    Bare(Vec<serde_json::Map<String, serde_json::Value>>),
    /// Whole columns.
    Columns(ColumnsBody),
}

/// A table as columns.
#[derive(ToSchema)]
#[schema(as = Columns)]
#[expect(dead_code, reason = "documents what analyte_core::table reads")]
pub(crate) struct ColumnsBody {
    /// Arrays of one length by column name.
    columns: BTreeMap<String, Vec<serde_json::Value>>,
}
