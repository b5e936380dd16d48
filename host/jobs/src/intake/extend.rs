//! Adding tasks to a job of which nothing has begun, and parents to its tasks.
//!
//! What a submission checks is checked here of what is new: the model, the table, the parameters, and whether results fit those
//! who take them. Whether the job has not begun, its names and the number of its tasks are asked in the step that changes it.

use std::sync::Arc;
use std::time::Duration;

use analyte_core::codes::Code;
use analyte_core::job::Job;
use analyte_core::job::transition::{Event, Refusal};
use analyte_core::names::{JobId, Organisation, TaskName};
use analyte_engine::machine::background_drop::BackgroundDrop;
use analyte_store::{Changed, NewContent};
use tokio::sync::OwnedRwLockReadGuard;

use crate::catalogue::installed::Model;
use crate::detached::detached;
use crate::error::{JobsError, Wrong};
use crate::intake::graph::{Flow, check_flows};
use crate::intake::run_limits::LimitsAsked;
use crate::intake::submit::{TRIES, same};
use crate::intake::task::{InputAsked, RESULTS_AT, TaskAsked};
use crate::manager::Manager;

fn invalid(pointer: &str, message: String) -> JobsError {
    let wrong = Wrong { pointer: pointer.to_owned(), message };
    JobsError::invalid(wrong.to_string()).with_wrong(vec![wrong])
}

impl Manager {
    /// Adds a task, as the last one, to a job of which nothing has begun. The tasks that it names are those of the job.
    pub async fn add_task(
        &self,
        organisation: &Organisation,
        id: JobId,
        asked: TaskAsked,
    ) -> Result<Arc<Job>, JobsError> {
        self.refuse_while_stopping()?;
        // However this ends, a large table is not dropped by the thread that answers.
        let _apart =
            asked.input.given().and_then(|table| BackgroundDrop::if_large(table.memory_bytes(), || table.clone()));
        let name = asked.name.clone();
        for _ in 0..TRIES {
            let job = self.job(organisation, id).await?;
            self.check_place(&job, &asked)?;
            let model = self.model_of(organisation, &asked)?;
            model.refuse_disabled()?;
            let parents = asked.results_of().iter().map(|parent| self.info_of(organisation, &job, parent));
            let parents = parents.collect::<Result<Vec<_>, _>>()?;
            let new = Flow {
                place: job.tasks.len(),
                name: &asked.name,
                results_of: asked.results_of(),
                at: asked.names_results_at(),
                model: &model.info,
            };
            check_flow(&job, asked.results_of(), &parents, new)?;
            let of_job = LimitsAsked::of(job.limits);
            let (task, contents) = self.prepare_task(organisation, &model, asked.clone(), of_job).await?;
            // From here to the store's answer nothing that is installed changes.
            let gate = self.inner.gate.clone().read_owned().await;
            if !same(&self.model_of(organisation, &asked)?, &model) {
                continue;
            }
            let event = Event::AddTask { task: Box::new(task), most: self.inner.limits.tasks };
            let contents = contents.into_iter().map(NewContent::Bytes).collect();
            let answer = self.extended(organisation, id, event, contents, Some(gate)).await?;
            return self.extension(answer, id, &name, None);
        }
        Err(JobsError::busy("the model is being replaced again and again", Duration::from_secs(1)))
    }

    /// Lets a task of a job of which nothing has begun wait for another one that stands before it. A task that takes results takes
    /// those of its new parent too, after the others.
    pub async fn add_parent(
        &self,
        organisation: &Organisation,
        id: JobId,
        task: &TaskName,
        parent: &TaskName,
    ) -> Result<Arc<Job>, JobsError> {
        self.refuse_while_stopping()?;
        let job = self.job(organisation, id).await?;
        let child = job.task(task).ok_or_else(|| JobsError::not_found(format_args!("task `{task}` of job `{id}`")))?;
        if child.input.given().is_none() {
            let of = [parent.clone()];
            let parents = [self.info_of(organisation, &job, parent)?];
            let model = self.info_of(organisation, &job, task)?;
            let place = job.tasks.place(task).unwrap_or_default();
            check_flow(
                &job,
                &of,
                &parents,
                Flow { place, name: task, results_of: &of, at: RESULTS_AT, model: &model.info },
            )?;
        }
        let event = Event::AddParent { task: task.clone(), parent: parent.clone() };
        let answer = self.extended(organisation, id, event, Vec::new(), None).await?;
        self.extension(answer, id, task, Some(parent))
    }

    fn model_of(&self, organisation: &Organisation, asked: &TaskAsked) -> Result<Arc<Model>, JobsError> {
        self.inner.catalogue.model(organisation, &asked.provider, &asked.model).map(|(_, model)| model)
    }

    /// The model of a task that the job has.
    fn info_of(&self, organisation: &Organisation, job: &Job, name: &TaskName) -> Result<Arc<Model>, JobsError> {
        let id = job.id;
        let task = job.task(name).ok_or_else(|| JobsError::not_found(format_args!("task `{name}` of job `{id}`")))?;
        self.inner.catalogue.model(organisation, &task.provider, &task.model).map(|(_, model)| model)
    }

    /// Refuses a task whose names cannot be right, before its table is written.
    fn check_place(&self, job: &Job, asked: &TaskAsked) -> Result<(), JobsError> {
        let most = self.inner.limits.tasks;
        if job.tasks.len() as u64 >= most {
            return Err(too_many(most));
        }
        if job.tasks.place(&asked.name).is_some() {
            return Err(invalid("/name", format!("the job has a task `{}` already", asked.name)));
        }
        let unknown = |name: &TaskName| job.tasks.place(name).is_none();
        if let Some(place) = asked.after.iter().position(unknown) {
            let name = asked.after.get(place).map(ToString::to_string).unwrap_or_default();
            return Err(invalid(&format!("/after/{place}"), format!("there is no task `{name}`")));
        }
        match &asked.input {
            InputAsked::ResultsOfAll if asked.after.is_empty() => {
                let message = "is missing: give a table, or name in `after` the tasks whose results it is";
                Err(invalid("/input", message.to_owned()))
            }
            InputAsked::Results { of } if of.is_empty() => {
                Err(invalid(RESULTS_AT, "the input is made of the results of one task at least".to_owned()))
            }
            InputAsked::Given { .. } | InputAsked::Results { .. } | InputAsked::ResultsOfAll => Ok(()),
        }
    }

    /// Changes the job and does what follows, also where the caller goes away meanwhile.
    async fn extended(
        &self,
        organisation: &Organisation,
        id: JobId,
        event: Event,
        contents: Vec<NewContent>,
        gate: Option<OwnedRwLockReadGuard<()>>,
    ) -> Result<Option<Result<Changed, Refusal>>, JobsError> {
        let (manager, organisation) = (self.clone(), organisation.clone());
        detached(async move {
            let answer = manager.inner.store.extend(&organisation, id, event, contents, manager.now()).await?;
            drop(gate);
            if let Some(Ok(changed)) = &answer {
                manager.follow(changed);
                manager.wake_for(&organisation);
            }
            Ok(answer)
        })
        .await
    }

    /// What became of it, in words.
    fn extension(
        &self,
        answer: Option<Result<Changed, Refusal>>,
        id: JobId,
        task: &TaskName,
        parent: Option<&TaskName>,
    ) -> Result<Arc<Job>, JobsError> {
        let parent = parent.map(ToString::to_string).unwrap_or_default();
        match answer {
            Some(Ok(changed)) => Ok(changed.job),
            None => Err(JobsError::not_found(format_args!("job `{id}`"))),
            Some(Err(Refusal::AlreadyFinished)) => {
                Err(JobsError::new(Code::AlreadyFinished, "the job has ended, and its tasks stay as they are"))
            }
            Some(Err(Refusal::TooManyTasks)) => Err(too_many(self.inner.limits.tasks)),
            Some(Err(Refusal::NameTaken)) => Err(invalid("/name", format!("the job has a task `{task}` already"))),
            Some(Err(Refusal::ParentAfterChild)) => {
                let message =
                    format!("task `{parent}` does not stand before task `{task}`; a task waits for those before it");
                Err(JobsError::invalid(message))
            }
            Some(Err(Refusal::AlreadyParent)) => {
                Err(JobsError::invalid(format!("task `{task}` waits for task `{parent}` already")))
            }
            Some(Err(Refusal::UnknownTask)) => Err(JobsError::not_found(format_args!("such a task of job `{id}`"))),
            Some(Err(refusal)) => Err(JobsError::conflict(refusal.to_string())),
        }
    }
}

fn too_many(most: u64) -> JobsError {
    JobsError::invalid(format!("the job has as many tasks as it may have: {most} are allowed (limit tasks)"))
}

/// Checks that the results of these tasks of the job can be the input of a task.
fn check_flow(job: &Job, of: &[TaskName], parents: &[Arc<Model>], child: Flow<'_>) -> Result<(), JobsError> {
    let parents = of.iter().zip(parents).map(|(name, model)| Flow {
        place: job.tasks.place(name).unwrap_or_default(),
        name,
        results_of: &[],
        at: RESULTS_AT,
        model: &model.info,
    });
    check_flows(&parents.chain([child]).collect::<Vec<_>>())
}
