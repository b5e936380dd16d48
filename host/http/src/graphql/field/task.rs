//! The fields of a task.

use analyte_core::job;
use analyte_jobs::LogView;
use async_graphql::{Context, ID, Object};
use serde_json::json;

use super::job::{input_folder, output_folder};
use crate::aiware::detail::job::{RECORDING, TEMPLATE};
use crate::aiware::ids::{lookup, names, task_id};
use crate::aiware::status;
use crate::graphql::context::Asked;
use crate::graphql::fault::{Fault, Name};
use crate::graphql::load::{engines, jobs, objects};
use crate::graphql::node::engine::{Build, Engine};
use crate::graphql::node::job::Job;
use crate::graphql::node::object::DataObject;
use crate::graphql::node::task::{ExecutionPreferences, IoFolder, Task, TaskLog};
use crate::graphql::scalar::date_time::DateTime;
use crate::graphql::scalar::json_data::JsonData;
use crate::graphql::word::task::{IoFolderMode, IoFolderType, TaskFailureReason, TaskStatus};

impl Task {
    fn own(&self) -> Result<&job::Task, Fault> {
        let gone = || Fault::new(Name::InternalError, "the job has no such task");
        self.job.tasks.get(self.place).ok_or_else(gone)
    }

    fn at(&self, place: usize) -> Self {
        Self { job: self.job.clone(), place }
    }

    fn core_id(&self, place: usize) -> String {
        task_id::core(self.job.id, place)
    }

    fn target(&self) -> Option<ID> {
        self.job.tags.get(RECORDING).map(ID::from)
    }

    async fn parameters(&self, context: &Context<'_>) -> Result<JsonData, Fault> {
        let (asked, own) = (Asked::reading(context)?, self.own()?);
        asked.budget.hold(own.parameters.bytes.saturating_mul(2))?;
        let bytes = asked.manager().parameters(&self.job, own).await?;
        JsonData::of_text(&String::from_utf8_lossy(&bytes))
    }

    /// What it gave, without the contents.
    fn given(&self) -> Result<Option<serde_json::Value>, Fault> {
        let own = self.own()?;
        if own.status != job::Status::Completed {
            return Ok(None);
        }
        let table = own.result.iter().map(|content| json!({"name": "result.json", "size": content.bytes}));
        let files = own.files.iter().map(|file| json!({"name": file.name.as_str(), "size": file.content.bytes}));
        Ok(Some(json!({"outputs": table.chain(files).collect::<Vec<_>>(), "warnings": own.warnings})))
    }
}

/// A task: one engine applied once inside a job.
#[Object(name = "Task")]
impl Task {
    async fn id(&self) -> ID {
        self.core_id(self.place).into()
    }

    /// Its id in the form of the REST interface.
    #[graphql(name = "internalTaskId")]
    async fn internal_id(&self) -> ID {
        task_id::internal(self.job.id, self.place).to_string().into()
    }

    async fn job_id(&self) -> Option<ID> {
        Some(lookup::core(&self.job).into())
    }

    async fn job(&self) -> Option<Job> {
        Some(Job(self.job.clone()))
    }

    async fn name(&self) -> Result<Option<String>, Fault> {
        Ok(Some(self.own()?.name.to_string()))
    }

    async fn description(&self) -> Option<String> {
        None
    }

    async fn status(&self) -> Result<Option<TaskStatus>, Fault> {
        Ok(TaskStatus::of(status::of_task(self.own()?)))
    }

    async fn target_id(&self) -> Option<ID> {
        self.target()
    }

    /// What its job points at; null where that was removed.
    #[graphql(name = "target")]
    async fn target_object(&self, context: &Context<'_>) -> Result<Option<DataObject>, Fault> {
        let Some(id) = self.target() else { return Ok(None) };
        jobs::there(objects::one(&Asked::reading(context)?, &id).await)
    }

    async fn engine_id(&self) -> Result<Option<ID>, Fault> {
        let own = self.own()?;
        Ok(Some(names::engine(&own.provider, &own.model).to_string().into()))
    }

    async fn engine(&self, context: &Context<'_>) -> Result<Option<Engine>, Fault> {
        let (asked, own) = (Asked::reading(context)?, self.own()?);
        Ok(engines::named(&asked, &own.provider, &own.model))
    }

    async fn build_id(&self) -> Result<Option<ID>, Fault> {
        Ok(Some(names::build(&self.own()?.digest).to_string().into()))
    }

    async fn build(&self, context: &Context<'_>) -> Result<Option<Build>, Fault> {
        let (asked, own) = (Asked::reading(context)?, self.own()?);
        let engine = engines::named(&asked, &own.provider, &own.model);
        Ok(engine.filter(|engine| engine.model.digest == Some(own.digest)).map(Build))
    }

    async fn source_asset_id(&self) -> Option<ID> {
        None
    }

    async fn template_id(&self) -> Option<ID> {
        self.job.tags.get(TEMPLATE).map(ID::from)
    }

    async fn parent_task_id(&self) -> Option<ID> {
        self.job.tasks.parents(self.place).first().map(|parent| self.core_id(*parent).into())
    }

    async fn parent_task(&self) -> Option<Task> {
        self.job.tasks.parents(self.place).first().map(|parent| self.at(*parent))
    }

    async fn child_task_ids(&self) -> Option<Vec<ID>> {
        Some(self.job.tasks.children(self.place).iter().map(|child| self.core_id(*child).into()).collect())
    }

    async fn child_tasks(&self) -> Option<Vec<Task>> {
        Some(self.job.tasks.children(self.place).iter().map(|child| self.at(*child)).collect())
    }

    async fn execution_location_id(&self) -> Option<ID> {
        None
    }

    async fn engine_configuration_id(&self) -> Option<ID> {
        None
    }

    async fn application_id(&self) -> Option<String> {
        None
    }

    async fn created_by(&self) -> Option<&str> {
        self.job.created_by.as_deref()
    }

    async fn modified_by(&self) -> Option<&str> {
        self.job.created_by.as_deref()
    }

    async fn created_date_time(&self) -> Option<DateTime> {
        Some(DateTime(self.job.created_at))
    }

    async fn modified_date_time(&self) -> Result<Option<DateTime>, Fault> {
        let own = self.own()?;
        Ok(Some(DateTime(own.finished_at.max(own.started_at).unwrap_or(self.job.created_at))))
    }

    async fn queued_date_time(&self) -> Option<DateTime> {
        Some(DateTime(self.job.created_at))
    }

    async fn started_date_time(&self) -> Result<Option<DateTime>, Fault> {
        Ok(self.own()?.started_at.map(DateTime))
    }

    async fn completed_date_time(&self) -> Result<Option<DateTime>, Fault> {
        Ok(self.own()?.finished_at.map(DateTime))
    }

    /// Its place among the job's tasks.
    async fn order(&self) -> Option<i32> {
        i32::try_from(self.place).ok()
    }

    async fn media_file_name(&self) -> Option<String> {
        None
    }

    async fn media_length_sec(&self) -> Option<i32> {
        None
    }

    async fn media_storage_bytes(&self) -> Option<i32> {
        None
    }

    async fn is_clone(&self) -> Option<bool> {
        Some(false)
    }

    async fn test_task(&self) -> Option<bool> {
        Some(false)
    }

    async fn failure_reason(&self) -> Result<Option<TaskFailureReason>, Fault> {
        Ok(TaskFailureReason::of(self.own()?))
    }

    async fn failure_message(&self) -> Result<Option<String>, Fault> {
        Ok(self.own()?.error.as_ref().map(|failure| failure.message.clone()))
    }

    /// Its parameters, without its table.
    async fn payload(&self, context: &Context<'_>) -> Result<Option<JsonData>, Fault> {
        self.parameters(context).await.map(Some)
    }

    async fn payload_string(&self, context: &Context<'_>) -> Result<Option<String>, Fault> {
        self.parameters(context).await?.text()
    }

    async fn runtime_payload(&self) -> Option<JsonData> {
        None
    }

    /// The same as `payload`.
    async fn task_payload(&self, context: &Context<'_>) -> Result<Option<JsonData>, Fault> {
        self.parameters(context).await.map(Some)
    }

    /// Which outputs there are, and warnings. The rows of its table are in `engineResults`.
    async fn output(&self) -> Result<Option<JsonData>, Fault> {
        Ok(self.given()?.map(JsonData::of))
    }

    async fn output_string(&self) -> Result<Option<String>, Fault> {
        Ok(self.given()?.map(|given| given.to_string()))
    }

    /// The same as `output`.
    async fn task_output(&self) -> Result<Option<JsonData>, Fault> {
        Ok(self.given()?.map(JsonData::of))
    }

    async fn standby_task(&self) -> Option<Task> {
        None
    }

    async fn standby_for_task(&self) -> Option<Task> {
        None
    }

    async fn log(&self) -> Option<TaskLog> {
        Some(TaskLog(self.clone()))
    }

    async fn io_folders(&self) -> Option<Vec<IoFolder>> {
        let id = self.core_id(self.place);
        let folder = |reference_id, kind| IoFolder { reference_id, kind, mode: IoFolderMode::Chunk };
        let takes = !self.job.tasks.parents(self.place).is_empty();
        let input = takes.then(|| folder(input_folder(&id), IoFolderType::Input));
        Some(input.into_iter().chain([folder(output_folder(&id), IoFolderType::Output)]).collect())
    }

    async fn execution_preferences(&self) -> Option<ExecutionPreferences> {
        Some(ExecutionPreferences {
            priority: self.job.priority,
            max_retries: i32::try_from(self.job.retry.max_attempts.saturating_sub(1)).unwrap_or(i32::MAX),
            max_engines: 1,
            parallel_processing: false,
            parent_complete_before_starting: true,
            due_date_time: None,
        })
    }

    /// None: results are read, not sent.
    async fn notification_uris(&self) -> Option<Vec<String>> {
        Some(Vec::new())
    }
}

impl TaskLog {
    async fn read(&self, context: &Context<'_>) -> Result<LogView, Fault> {
        let (asked, own) = (Asked::reading(context)?, self.0.own()?);
        asked.budget.hold(own.log.as_ref().map_or(0, |log| log.bytes.saturating_mul(4)))?;
        Ok(asked.manager().logs(asked.organisation(), self.0.job.id, Some(&own.name)).await?)
    }
}

/// What a task has logged.
#[Object(name = "TaskLog")]
impl TaskLog {
    /// Where it can be downloaded as an archive.
    async fn uri(&self) -> Option<String> {
        Some(format!("/edge/v1/proc/task/{}/logs", self.0.core_id(self.0.place)))
    }

    /// Its lines, each a JSON object.
    async fn text(&self, context: &Context<'_>) -> Result<Option<String>, Fault> {
        Ok(Some(String::from_utf8_lossy(&self.read(context).await?.lines).into_owned()))
    }

    /// A list of its lines.
    async fn jsondata(&self, context: &Context<'_>) -> Result<Option<JsonData>, Fault> {
        let lines = self.read(context).await?.lines;
        let lines = serde_json::Deserializer::from_slice(&lines).into_iter::<serde_json::Value>();
        let lines = lines.collect::<Result<Vec<_>, _>>();
        let lines = lines.map_err(|_| Fault::new(Name::InternalError, "the log cannot be read"))?;
        Ok(Some(JsonData::of(lines.into())))
    }
}
