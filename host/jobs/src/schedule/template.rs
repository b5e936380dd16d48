//! From a schedule's template to a job that can be kept.
//!
//! A template was checked as a submission is when the schedule was made. It is looked at again only where a task would now
//! run on something else.

use std::sync::Arc;

use analyte_core::codes::Code;
use analyte_core::digest::Digest;
use analyte_core::job::{Content, Job, Task};
use analyte_core::names::{JobId, ScheduleId};
use analyte_core::schedule::{FiredBy, Schedule};
use analyte_core::shape::Shape;
use analyte_core::table::format::{Format, read};
use analyte_core::timestamp::Timestamp;

use crate::catalogue::installed::Model;
use crate::error::JobsError;
use crate::intake::graph::{Flow, check_flows};
use crate::intake::prepare::{checked_parameters, component_of, fitted, work};
use crate::intake::run_limits::LimitsAsked;
use crate::intake::task::{Parameters, RESULTS_AT};
use crate::manager::Manager;

/// What a task runs on: a component, and a model file where there is one.
pub(crate) type Pinned = (Digest, Option<Digest>);

/// A job of a template, and what each of its tasks runs on.
pub(crate) struct Made {
    pub(crate) job: Job,
    pins: Vec<Pinned>,
}

impl Manager {
    /// The job that a schedule submits for this fire time, if its template still fits what is installed.
    pub(crate) async fn job_of(&self, schedule: &Schedule, fire_time: Timestamp) -> Result<Made, JobsError> {
        self.room_to_notify(&schedule.organisation, &schedule.template.webhooks).await?;
        let models = self.models_of_template(schedule)?;
        let pins = pins(&models)?;
        let tasks = &schedule.template.tasks;
        let changed = |(task, pin): (&Task, &Pinned)| (task.digest, task.model_file) != *pin;
        if tasks.iter().zip(&pins).any(changed) && !self.inner.timetable.is_known_to_fit(schedule.id, &pins) {
            let flows = tasks.iter().zip(&models).enumerate().map(|(place, (task, model))| Flow {
                place,
                name: &task.name,
                results_of: task.input.results_of(),
                at: RESULTS_AT,
                model: &model.info,
            });
            check_flows(&flows.collect::<Vec<_>>())?;
            for (task, model) in tasks.iter().zip(&models) {
                self.fits_template(schedule, task, model).await?;
            }
            self.inner.timetable.fits(schedule.id, pins.clone());
        }
        let mut job = Job {
            id: JobId(self.new_id()),
            created_at: self.now(),
            schedule: Some(FiredBy { id: schedule.id, number: Some(schedule.number), fire_time }),
            ..schedule.template.clone()
        };
        for ((task, model), (digest, file)) in job.tasks.iter_mut().zip(&models).zip(&pins) {
            (task.digest, task.model_file) = (*digest, *file);
            task.grants.clone_from(&model.grants);
        }
        Ok(Made { job, pins })
    }

    /// Whether the job would be made the same way now. To be asked while nothing that is installed can change.
    pub(crate) fn is_current(&self, schedule: &Schedule, made: &Made) -> bool {
        self.models_of_template(schedule).and_then(|models| pins(&models)).is_ok_and(|pins| pins == made.pins)
    }

    fn models_of_template(&self, schedule: &Schedule) -> Result<Vec<Arc<Model>>, JobsError> {
        let current = |task: &Task| {
            let (_, model) = self.inner.catalogue.model(&schedule.organisation, &task.provider, &task.model)?;
            model.refuse_disabled()?;
            Ok(model)
        };
        schedule.template.tasks.iter().map(current).collect()
    }

    /// Whether a model takes what a task of the template is given.
    async fn fits_template(&self, schedule: &Schedule, task: &Task, model: &Arc<Model>) -> Result<(), JobsError> {
        let Schedule { id, organisation, .. } = schedule;
        let given = task.input.given();
        let bytes = given.map_or(0, |content| content.bytes);
        // As the stored stream, and as the table read from it.
        let _room = self.reserve_memory(organisation, bytes.saturating_mul(2))?;
        let damaged =
            |error| JobsError::new(Code::HostError, "the schedule's stored input cannot be read").because(error);
        let input = match given {
            Some(content) => {
                let (bytes, limits) = (self.template_content(schedule, content).await?, self.inner.limits.clone());
                // The stream carries its own fields; they were checked before it was kept.
                let read = move || read(Format::Arrow, bytes, &Shape::any(), &limits);
                let size = usize::try_from(content.bytes).unwrap_or(usize::MAX);
                Some(self.off_thread(organisation, size, read).await.map_err(damaged)?.table)
            }
            None => None,
        };
        let parameters = self.template_content(schedule, &task.parameters).await?;
        let parameters = serde_json::from_slice(&parameters).map(Parameters::Json).map_err(|error| {
            tracing::error!(schedule = %id, %error, "the parameters of a schedule are damaged");
            JobsError::new(Code::HostError, "the schedule's stored parameters are damaged")
        })?;
        let (limits, budget) = (self.inner.limits.clone(), self.inner.engine.budget().largest_run());
        let schema = self.schema(model).await?;
        let size = work(usize::try_from(bytes).unwrap_or(usize::MAX), &parameters, &schema);
        let model = model.clone();
        let fits = move || match &input {
            Some(input) => {
                let asked = LimitsAsked::default();
                fitted((&model, &schema), input, Vec::new(), parameters, asked, &limits, budget).map(|_| ())
            }
            None => checked_parameters((&model, &schema), parameters, None, &limits).map(|_| ()),
        };
        self.off_thread(organisation, size, fits).await
    }

    async fn template_content(&self, schedule: &Schedule, content: &Content) -> Result<bytes::Bytes, JobsError> {
        let of: (_, ScheduleId) = (&schedule.organisation, schedule.id);
        Ok(self.inner.store.schedule_content(of.0, of.1, content).await?)
    }
}

fn pins(models: &[Arc<Model>]) -> Result<Vec<Pinned>, JobsError> {
    models.iter().map(|model| Ok((component_of(model)?, model.file))).collect()
}
