//! Providers: install, list, show, remove.
//!
//! A component is compiled, described and checked before anything changes; what was installed before goes on to work
//! until then, and jobs that pin it keep it until they end. Changes of one provider happen one after the other, so two
//! installations under one name never mix. A removal that is forced ends the unfinished jobs first come first served; if
//! the process dies half-way, what is left fails with `provider-unavailable` when its turn comes.

use std::collections::HashSet;
use std::sync::Arc;

use analyte_core::codes::Code;
use analyte_core::failure::Failure;
use analyte_core::job::transition::Event;
use analyte_core::job::{Job, Status, Task};
use analyte_core::names::{Organisation, ProviderName};
use analyte_engine::inspect::{Kind, inspect};
use analyte_store::{NewContent, ProviderRecord, Removed};
use bytes::Bytes;

use crate::catalogue::{Provider, ProviderState};
use crate::error::JobsError;
use crate::manager::Manager;
use crate::to_the_end::to_the_end;

/// Unfinished jobs of a removed provider are ended in portions of this many.
const PORTION: usize = 256;

/// A provider to be installed.
#[derive(Debug, Clone)]
pub struct InstallProvider {
    /// What it shall go by.
    pub name: ProviderName,
    /// Whose it is; `None`: all organisations may use it.
    pub organisation: Option<Organisation>,
    /// The component.
    pub component: Bytes,
}

/// What became of an installation.
#[derive(Debug, Clone)]
pub struct Installed {
    /// As it is now.
    pub provider: Arc<Provider>,
    /// Whether there was one of this name before.
    pub replaced: bool,
}

impl Manager {
    /// Installs a provider, or replaces the one of its name.
    ///
    /// Refused with `invalid-component` where the component breaks the contract or is of the model world, with `conflict`
    /// where a published model has the name of a built-in one or where the name belongs to another organisation.
    pub async fn install_provider(&self, install: InstallProvider) -> Result<Installed, JobsError> {
        let InstallProvider { name, organisation, component: bytes } = install;
        self.refuse_while_stopping()?;
        self.refuse_large("component", bytes.len() as u64, "component_bytes", self.inner.limits.component_bytes)?;
        // Before the costly part: which world it is of.
        if inspect(&bytes)?.kind == Kind::Model {
            return Err(model_component(&name));
        }
        let _turn = self.inner.changing.turn(&name).await;
        let before = self.inner.catalogue.get(&name);
        if let Some(before) = &before {
            refuse_foreign(before, organisation.as_ref())?;
        }
        let (component, description) = self.inner.engine.install(bytes.clone()).await?;
        if description.kind == Kind::Model {
            return Err(model_component(&name));
        }
        let now = self.now();
        let record = ProviderRecord {
            name: name.clone(),
            organisation,
            digest: Some(component.digest()),
            bytes: bytes.len() as u64,
            info: description.provider,
            models: description.models,
            created_at: before.as_ref().map_or(now, |before| before.record.created_at),
            updated_at: now,
        };
        let published = before.iter().flat_map(|before| before.published().cloned()).collect();
        let provider = Provider::assemble(Arc::new(record.clone()), published, self.grants(&name), &self.inner.limits)?;
        let provider = Arc::new(provider);
        let replaced = {
            let _gate = self.inner.gate.write().await;
            let replaced = self.inner.store.put_provider(record, Some(NewContent::Bytes(bytes))).await?;
            self.inner.components.put(component);
            self.inner.catalogue.put(provider.clone());
            replaced
        };
        tracing::info!(provider = %name, digest = provider.record.digest.map(|digest| digest.to_string()), models = provider.models.len(), replaced, "provider installed");
        Ok(Installed { provider, replaced })
    }

    /// All providers that this organisation may use, by name.
    pub fn providers(&self, organisation: &Organisation) -> Vec<Arc<Provider>> {
        let all = self.inner.catalogue.snapshot();
        all.values().filter(|provider| provider.visible_to(organisation)).cloned().collect()
    }

    /// One provider.
    pub fn provider(&self, organisation: &Organisation, name: &ProviderName) -> Result<Arc<Provider>, JobsError> {
        self.inner.catalogue.provider(organisation, name)
    }

    /// Whether a provider can work.
    pub fn provider_state(&self, provider: &Provider) -> ProviderState {
        let mut state = ProviderState::Ready;
        for digest in provider.components() {
            match self.inner.components.state(&digest) {
                ProviderState::Ready => {}
                ProviderState::Loading => state = ProviderState::Loading,
                unavailable @ ProviderState::Unavailable(_) => return unavailable,
            }
        }
        state
    }

    /// Removes a provider with its published models.
    ///
    /// `conflict` while it has unfinished jobs; with `force` these end: queued ones fail with `provider-unavailable`,
    /// running ones are cancelled. Goes on to its end also where the caller goes away meanwhile.
    pub async fn remove_provider(
        &self,
        organisation: &Organisation,
        name: &ProviderName,
        force: bool,
    ) -> Result<(), JobsError> {
        let (manager, organisation, name) = (self.clone(), organisation.clone(), name.clone());
        to_the_end(async move { manager.take_provider(&organisation, &name, force).await }).await
    }

    async fn take_provider(
        &self,
        organisation: &Organisation,
        name: &ProviderName,
        force: bool,
    ) -> Result<(), JobsError> {
        self.refuse_while_stopping()?;
        let _turn = self.inner.changing.turn(name).await;
        self.inner.catalogue.provider(organisation, name)?;
        {
            // Nobody submits meanwhile, so what the store says about unfinished jobs stays true.
            let _gate = self.inner.gate.write().await;
            match self.inner.store.remove_provider(name, force).await? {
                Removed::Gone | Removed::NotFound => drop(self.inner.catalogue.remove(name)),
                Removed::InUse { jobs } => return Err(in_use(format_args!("provider `{name}`"), jobs)),
            }
        }
        tracing::info!(provider = %name, force, "provider removed");
        self.end_jobs_of(name, |_| true, &format!("provider `{name}` was removed")).await
    }

    /// Ends the unfinished jobs of a provider with at least one unfinished task that `concerned` picks: where all such
    /// tasks are queued they fail, else the job is cancelled. Nothing is claimed meanwhile, so that what is queued is not
    /// started only to be stopped.
    pub(crate) async fn end_jobs_of(
        &self,
        name: &ProviderName,
        concerned: impl Fn(&Task) -> bool,
        why: &str,
    ) -> Result<(), JobsError> {
        let _nothing_starts = self.inner.claiming.lock().await;
        let mut seen = HashSet::new();
        loop {
            let jobs = self.inner.store.unfinished(name, PORTION + seen.len()).await?;
            let new: Vec<_> = jobs.into_iter().filter(|job| seen.insert((job.organisation.clone(), job.id))).collect();
            if new.is_empty() {
                return Ok(());
            }
            // Together they share the store's commits.
            let ends = new.iter().map(|job| self.end_job(job, ending(job, name, &concerned, why)));
            futures::future::try_join_all(ends).await?;
        }
    }

    async fn end_job(&self, job: &Job, events: Vec<Event>) -> Result<(), JobsError> {
        for event in events {
            // It may have ended by itself since it was looked at.
            if let Some(Err(refusal)) = self.change(&job.organisation, job.id, event).await? {
                tracing::debug!(job = %job.id, %refusal, "nothing left to end");
            }
        }
        Ok(())
    }
}

/// What must happen to a job that needs what was removed.
fn ending(job: &Job, provider: &ProviderName, concerned: impl Fn(&Task) -> bool, why: &str) -> Vec<Event> {
    let needs = |task: &&Task| task.provider == *provider && !task.status.ended() && concerned(task);
    if job.tasks.iter().filter(needs).any(|task| task.status == Status::Running) {
        return vec![Event::Cancel { reason: why.to_owned() }];
    }
    let failure = Failure::new(Code::ProviderUnavailable, why);
    let abandon = |task: &Task| Event::Abandon { task: task.name.clone(), failure: failure.clone() };
    job.tasks.iter().filter(needs).map(abandon).collect()
}

/// The same name cannot stand for providers of two organisations.
pub(crate) fn refuse_foreign(before: &Provider, organisation: Option<&Organisation>) -> Result<(), JobsError> {
    let owner = before.record.organisation.as_ref();
    if owner.is_some() && owner != organisation {
        return Err(JobsError::conflict(format!("the name `{}` is taken", before.record.name)));
    }
    Ok(())
}

pub(crate) fn in_use(what: impl std::fmt::Display, jobs: u64) -> JobsError {
    JobsError::conflict(format!("{what} has unfinished jobs ({jobs} at least); force its removal to end them"))
        .detail("unfinished_jobs", jobs.to_string())
}

fn model_component(name: &ProviderName) -> JobsError {
    JobsError::new(
        Code::InvalidComponent,
        format!(
            "this component is a single model (world model-plugin), not a provider: publish it with \
             `PUT /v1/providers/{name}/models/MODEL`, or `analyte model publish`"
        ),
    )
}
