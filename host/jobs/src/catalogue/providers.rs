//! Providers: install, list, show, remove.
//!
//! A component is compiled, described and checked before anything changes; what was installed before goes on to work
//! until then, and jobs that pin it keep it until they end. Changes of one provider happen one after the other, so two
//! installations under one name never mix. A removal that is forced ends the unfinished jobs first come first served; if
//! the process dies half-way, what is left fails with `provider-unavailable` when its turn comes.

use std::collections::BTreeSet;
use std::sync::Arc;

use analyte_core::codes::Code;
use analyte_core::failure::Failure;
use analyte_core::job::transition::Event;
use analyte_core::job::{Job, Status, Task};
use analyte_core::model::ModelInfo;
use analyte_core::names::{ModelName, Organisation, ProviderKey, ProviderName};
use analyte_engine::component::inspect::Kind;
use analyte_store::{ModelRecord, NewContent, ProviderRecord, Removed, Right};
use bytes::Bytes;

use crate::access::tokens::Principal;
use crate::catalogue::installed::{Provider, ProviderState};
use crate::catalogue::kept::Kept;
use crate::catalogue::publish::ModelContent;
use crate::detached::detached;
use crate::error::JobsError;
use crate::manager::Manager;

/// From this size on, bytes are written before the step that keeps them.
const AHEAD: usize = 64 * 1024;
/// Unfinished jobs of a removed provider are ended in portions of this many.
const PORTION: usize = 256;

/// Longest description that is given to a provider or model by hand, in bytes.
pub(crate) const DESCRIPTION_BYTES: usize = 4_096;

/// A provider to be installed.
#[derive(Debug, Clone)]
pub struct InstallProvider {
    /// What it shall go by, and whose it is.
    pub key: ProviderKey,
    /// The component: bytes, or written before through [`Manager::content_writer`].
    pub component: ModelContent,
}

/// A provider to be made without a component of its own.
#[derive(Debug, Clone)]
pub struct NewProvider {
    /// What it shall go by, and whose it is.
    pub key: ProviderKey,
    /// For people.
    pub description: String,
    /// How long ended jobs on it are kept at most; `None`: as long as any.
    pub keep_jobs_hours: Option<u32>,
    /// The provider whose component it shares, as that is now; `None`: it has none, and takes model components only.
    pub component_of: Option<ProviderName>,
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
        let InstallProvider { key, component: given } = install;
        self.refuse_while_stopping()?;
        let size = given.size();
        self.refuse_large("component", size, "component_bytes", self.inner.limits.component_bytes)?;
        let _turn = self.inner.changing.turn(&key).await;
        let before = self.inner.catalogue.get(&key);
        if before.is_none() {
            self.refuse_new(&key)?;
        }
        let old = before.as_ref().map_or_else(Kept::default, |before| Kept::of_provider(&before.record));
        self.refuse_kept(&key, old, Kept { published: size, described: 0 }).await?;
        let share = self.inner.preparing.take(key.organisation.as_ref()).await;
        let content = self.new_content(&given).await?;
        // An operator who installs it again wants it to run again.
        self.inner.engine.readmit(&given.digest());
        let (component, description) = {
            let (bytes, _room) = self.whole(key.organisation.as_ref(), &content).await?;
            // Before the costly part: which world it is of.
            if self.inspected(key.organisation.as_ref(), &bytes).await? == Kind::Model {
                return Err(model_component(&key.name));
            }
            self.inner.engine.install_for(key.organisation.as_ref(), bytes).await?
        };
        drop(share);
        // Everybody's submissions wait for the gate, so what takes long comes before it.
        let content = match content {
            NewContent::Bytes(bytes) => self.written_ahead(bytes).await?,
            staged @ NewContent::Staged(_) => staged,
        };
        let now = self.now();
        let record = ProviderRecord {
            name: key.name.clone(),
            organisation: key.organisation.clone(),
            digest: Some(component.digest()),
            bytes: size,
            compiled_bytes: component.code_bytes(),
            described_bytes: description.written_bytes,
            info: description.provider,
            disabled: still_disabled(before.as_deref(), &description.models),
            models: description.models.into_iter().map(Arc::new).collect(),
            keep_jobs_hours: before.as_ref().and_then(|before| before.record.keep_jobs_hours),
            created_at: before.as_ref().map_or(now, |before| before.record.created_at),
            updated_at: now,
        };
        let published = before.iter().flat_map(|before| before.published().cloned()).collect();
        let provider = Arc::new(self.assembled(Arc::new(record.clone()), published).await?);
        let replaced = {
            let _gate = self.inner.gate.write().await;
            if before.is_none() {
                // Another caller may have taken the name meanwhile.
                self.refuse_new(&key)?;
            }
            self.refuse_kept(&key, old, Kept::of_provider(&record)).await?;
            let replaced = self.inner.store.put_provider(record, Some(content)).await?;
            self.inner.engine.keep_code(component.digest());
            self.inner.components.put(component);
            self.inner.catalogue.put(provider.clone());
            replaced
        };
        let old = before.and_then(|before| before.record.digest);
        if let Some(old) = old.filter(|old| provider.record.digest != Some(*old)) {
            self.replaced(&key, None, old);
        }
        tracing::info!(provider = %key, digest = provider.record.digest.map(|digest| digest.to_string()), models = provider.models.len(), replaced, "provider installed");
        Ok(Installed { provider, replaced })
    }

    /// Makes a provider without a component of its own; `conflict` where there is one of its name. `by` is the organisation
    /// that must be able to see the provider whose component is shared.
    pub async fn create_provider(&self, by: &Organisation, new: NewProvider) -> Result<Arc<Provider>, JobsError> {
        self.refuse_while_stopping()?;
        let NewProvider { key, description, keep_jobs_hours, component_of } = new;
        if description.len() > DESCRIPTION_BYTES {
            return Err(JobsError::invalid(format!("a description takes at most {DESCRIPTION_BYTES} bytes")));
        }
        let _turn = self.inner.changing.turn(&key).await;
        if self.inner.catalogue.get(&key).is_some() {
            return Err(JobsError::conflict(format!("there is a provider `{}` already", key.name)));
        }
        // From here to the store's answer nothing that is installed changes, so the component shared stays.
        let _gate = self.inner.gate.write().await;
        self.refuse_new(&key)?;
        let mut record = Provider::empty(key.clone(), self.now());
        if let Some(of) = component_of {
            let shared = self.inner.catalogue.provider(by, &of)?;
            if shared.record.digest.is_none() {
                return Err(JobsError::conflict(format!("provider `{of}` has no component that could be shared")));
            }
            record.digest = shared.record.digest;
            record.bytes = shared.record.bytes;
            record.compiled_bytes = shared.record.compiled_bytes;
            record.described_bytes = shared.record.described_bytes;
            record.info = shared.record.info.clone();
            record.models.clone_from(&shared.record.models);
        }
        if !description.is_empty() {
            record.info.description = description;
        }
        record.keep_jobs_hours = keep_jobs_hours;
        record.described_bytes = record.described_bytes.saturating_add(record.info.description.len() as u64);
        self.refuse_kept(&key, Kept::default(), Kept::of_provider(&record)).await?;
        let provider = Arc::new(self.assembled(Arc::new(record.clone()), Vec::new()).await?);
        self.inner.store.put_provider(record, None).await?;
        self.inner.catalogue.put(provider.clone());
        tracing::info!(provider = %key, "provider created");
        Ok(provider)
    }

    /// Which provider a caller means that wants to change one: its own organisation's or, for an administrator, that of
    /// `organisation`, else the one of all. It need not be there.
    ///
    /// `forbidden` where a caller that is no administrator names another organisation or a provider of all.
    pub fn provider_to_change(
        &self,
        by: &Principal,
        organisation: Option<&Organisation>,
        name: &ProviderName,
    ) -> Result<ProviderKey, JobsError> {
        if by.may(Right::Admin) {
            if let Some(organisation) = organisation {
                self.organisation(organisation)?;
            }
            return Ok(ProviderKey { organisation: organisation.cloned(), name: name.clone() });
        }
        if organisation.is_some_and(|other| *other != by.organisation) {
            let message = "only an administrator's token changes what belongs to another organisation";
            return Err(JobsError::new(Code::Forbidden, message));
        }
        if self.inner.catalogue.get(&ProviderKey::shared(name.clone())).is_some() {
            let message =
                format!("provider `{name}` belongs to all organisations; only an administrator's token changes it");
            return Err(JobsError::new(Code::Forbidden, message));
        }
        Ok(ProviderKey::of(by.organisation.clone(), name.clone()))
    }

    /// Refuses a name that would stand for two providers in one organisation, or more providers than limit `providers`.
    pub(crate) fn refuse_new(&self, key: &ProviderKey) -> Result<(), JobsError> {
        if let Some(other) = self.inner.catalogue.clashing(key) {
            // Only an administrator makes what belongs to all, and may know whose the other one is.
            let whose = match &other.organisation {
                Some(owner) => format!("of organisation `{owner}`; remove it with `?organisation={owner}`"),
                None => "of all organisations".to_owned(),
            };
            return Err(JobsError::conflict(format!("the name `{}` is taken by a provider {whose}", key.name)));
        }
        let (count, most) = (self.inner.catalogue.count(key.organisation.as_ref()) as u64, self.inner.limits.providers);
        if count < most {
            return Ok(());
        }
        Err(JobsError::conflict(format!("there are {count} providers, and {most} are allowed (limit providers)")))
    }

    /// A provider of what is stored, put together beside the calls that are answered where it has much to say.
    pub(crate) async fn assembled(
        &self,
        record: Arc<ProviderRecord>,
        published: Vec<Arc<ModelRecord>>,
    ) -> Result<Provider, JobsError> {
        let said = published.iter().map(|model| model.described_bytes).sum::<u64>() + record.described_bytes;
        let grants = self.grants(&record.key());
        let (key, size) = (record.key(), usize::try_from(said).unwrap_or(usize::MAX));
        self.off_thread(key.organisation.as_ref(), size, || Provider::assemble(record, published, grants)).await
    }

    /// Bytes that a later call will keep: written before, where they are many.
    pub(crate) async fn written_ahead(&self, bytes: Bytes) -> Result<NewContent, JobsError> {
        if bytes.len() < AHEAD {
            return Ok(NewContent::Bytes(bytes));
        }
        let mut writer = self.content_writer().await?;
        writer.write(bytes).await?;
        Ok(NewContent::Staged(writer.finish().await?))
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
    pub async fn remove_provider(&self, key: &ProviderKey, force: bool) -> Result<(), JobsError> {
        let (manager, key) = (self.clone(), key.clone());
        detached(async move { manager.take_provider(&key, force).await }).await
    }

    async fn take_provider(&self, key: &ProviderKey, force: bool) -> Result<(), JobsError> {
        self.refuse_while_stopping()?;
        let name = &key.name;
        let _turn = self.inner.changing.turn(key).await;
        let before = self.installed(key)?;
        {
            // Nobody submits meanwhile, so what the store says about unfinished jobs stays true.
            let _gate = self.inner.gate.write().await;
            match self.inner.store.remove_provider(key, force).await? {
                Removed::Gone | Removed::NotFound => drop(self.inner.catalogue.remove(key)),
                Removed::InUse { jobs } => return Err(in_use(format_args!("provider `{name}`"), jobs)),
            }
        }
        tracing::info!(provider = %key, force, "provider removed");
        let ended = self.end_jobs_of(key, |_| true, &format!("provider `{name}` was removed")).await;
        before.components().for_each(|digest| self.removed(digest));
        self.name_removed(key, None);
        ended
    }

    /// This provider, whether or not the caller may see it; `not-found` where it is not installed.
    pub(crate) fn installed(&self, key: &ProviderKey) -> Result<Arc<Provider>, JobsError> {
        let found = self.inner.catalogue.get(key);
        found.ok_or_else(|| JobsError::not_found(format_args!("provider `{}`", key.name)))
    }

    /// Ends the unfinished jobs of a provider with at least one unfinished task that `concerned` picks: where all such
    /// tasks are queued they fail, else the job is cancelled. Nothing is claimed while a portion of them is ended, so that
    /// what is queued there is not started only to be stopped; between portions others' tasks start. One of these jobs that
    /// starts then is cancelled where it is met as running, which takes a further pass where it was looked at before:
    /// passes follow until one finds none to end. What was removed is no longer in the catalogue by now, so none is added.
    pub(crate) async fn end_jobs_of(
        &self,
        key: &ProviderKey,
        concerned: impl Fn(&Task) -> bool,
        why: &str,
    ) -> Result<(), JobsError> {
        while self.end_what_is_found(key, &concerned, why).await? {}
        Ok(())
    }

    /// One pass over them all; says whether there was one to end.
    async fn end_what_is_found(
        &self,
        key: &ProviderKey,
        concerned: impl Fn(&Task) -> bool,
        why: &str,
    ) -> Result<bool, JobsError> {
        let mut found = false;
        let mut after = None;
        loop {
            let _nothing_starts = self.inner.claiming.lock().await;
            let jobs = self.inner.store.unfinished(key, after, PORTION).await?;
            // Together they share the store's commits.
            let ends = jobs.iter().map(|job| (job, ending(job, &key.name, &concerned, why)));
            let ends: Vec<_> = ends.filter(|(_, events)| !events.is_empty()).collect();
            found |= !ends.is_empty();
            futures::future::try_join_all(ends.into_iter().map(|(job, events)| self.end_job(job, events))).await?;
            match jobs.last() {
                Some(last) if jobs.len() == PORTION => after = Some((last.organisation.clone(), last.id)),
                _ => return Ok(found),
            }
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

/// Models that were switched off stay so when their provider is replaced.
fn still_disabled(before: Option<&Provider>, built_in: &[ModelInfo]) -> BTreeSet<ModelName> {
    let Some(before) = before else { return BTreeSet::new() };
    let there = |name: &&ModelName| {
        built_in.iter().any(|info| info.name == **name) || before.published().any(|model| model.name == **name)
    };
    before.record.disabled.iter().filter(there).cloned().collect()
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
