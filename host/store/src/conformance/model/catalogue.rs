//! Providers, models, organisations and tokens.

use super::{
    BTreeSet, Bytes, Digest, Job, LARGE, Model, ModelName, ModelRecord, NewContent, Organisation, OrganisationRecord,
    PROVIDERS, ProviderKey, ProviderName, ProviderRecord, START, Step, Store, StoreError, Timestamp, TokenRecord,
    bytes_of, organisation, said, same,
};
use crate::Removed;
use crate::conformance::records::{model_of, provider_of, token_of};

/// How many providers there can be: three names, each shared or of one of three organisations.
pub(super) const KEYS: usize = 12;
const MODELS: [&str; 2] = ["describe", "correlation"];

pub(super) fn provider_key(number: usize) -> ProviderKey {
    let name = ProviderName::new(PROVIDERS[number % 3]).unwrap();
    match number / 3 % 4 {
        0 => ProviderKey::shared(name),
        of => ProviderKey::of(organisation(of - 1), name),
    }
}

/// Whether a job uses a provider, or one of its name.
pub(super) fn uses(job: &Job, key: &ProviderKey) -> bool {
    key.organisation.as_ref().is_none_or(|of| *of == job.organisation)
        && job.tasks.iter().any(|task| task.provider == key.name)
}

/// What components are: jobs pin the first three.
fn components() -> [Bytes; 4] {
    [Bytes::from_static(b"component"), Bytes::from_static(&[0]), Bytes::from_static(&[1]), bytes_of("large", LARGE)]
}

impl Model {
    fn pinned_by_live_jobs(&self, digest: Digest) -> bool {
        let mut live = self.jobs.values().filter(|job| !job.status.ended());
        live.any(|job| job.tasks.iter().any(|task| task.digest == digest || task.model_file == Some(digest)))
    }

    /// Forgets the components that no live job pins any more.
    pub(super) fn let_go_of_pins(&mut self) {
        let mut pinned = std::mem::take(&mut self.pinned);
        pinned.retain(|digest| self.pinned_by_live_jobs(*digest));
        self.pinned = pinned;
    }

    fn let_go(&mut self, digest: Digest) {
        if self.pinned_by_live_jobs(digest) {
            self.pinned.insert(digest);
        }
    }

    fn component_is_kept(&self, digest: Digest) -> bool {
        self.pinned.contains(&digest)
            || self.providers.values().any(|record| record.digest == Some(digest))
            || self.models.values().any(|record| record.digest == digest)
    }

    fn pinned_bytes(&self, of: &Organisation) -> u64 {
        let mut live = BTreeSet::new();
        for job in self.jobs.values().filter(|job| !job.status.ended() && job.organisation == *of) {
            live.extend(job.tasks.iter().flat_map(|task| [Some(task.digest), task.model_file]).flatten());
        }
        let had = |digest: Digest| {
            self.providers.values().any(|record| record.digest == Some(digest))
                || self.models.values().any(|record| record.digest == digest)
        };
        let alone = components().into_iter().filter(|bytes| {
            let digest = Digest::of(bytes);
            self.pinned.contains(&digest) && live.contains(&digest) && !had(digest)
        });
        alone.map(|bytes| bytes.len() as u64).sum()
    }

    fn live_users(&self, uses: impl Fn(&Job) -> bool) -> u64 {
        self.jobs.values().filter(|job| !job.status.ended() && uses(job)).count() as u64
    }

    pub(super) async fn catalogue(&mut self, store: &dyn Store, step: Step) -> Result<(), String> {
        match step {
            Step::PutProvider { provider, component, given, large } => {
                let component = component.map(|number| components()[number].clone());
                self.put_provider(store, &provider_key(provider), component, given, large).await?;
            }
            Step::RemoveProvider { provider, force } => {
                self.remove_provider(store, &provider_key(provider), force).await?;
            }
            Step::PutModel { provider, model, component, given } => {
                let name = ModelName::new(MODELS[usize::from(model)]).unwrap();
                self.put_model(store, &provider_key(provider), name, &components()[component], given).await?;
            }
            Step::RemoveModel { provider, model, force } => {
                let name = ModelName::new(MODELS[usize::from(model)]).unwrap();
                self.remove_model(store, &provider_key(provider), &name, force).await?;
            }
            Step::PutOrganisation { organisation: of, queued_jobs } => {
                let name = organisation(of);
                let description = format!("of {queued_jobs}");
                let queued_jobs = Some(queued_jobs);
                let record = OrganisationRecord { name: name.clone(), description, queued_jobs, created_at: self.now };
                let was = self.organisations.insert(name, record.clone()).is_some();
                same("put_organisation", &said(store.put_organisation(record).await)?, &was)?;
            }
            Step::PutToken { token, used } => {
                let of = organisation(usize::from(token));
                let record = TokenRecord {
                    last_used_at: used.then_some(self.now),
                    requests_per_second: Some(u32::from(token)),
                    ..token_of(&of, &format!("token {token}"), self.now)
                };
                self.tokens.insert(record.id.clone(), record.clone());
                said(store.put_token(record).await)?;
            }
            Step::TokensUsed { used } => {
                let at = |ms: u64| Timestamp(START + i64::try_from(ms).unwrap_or(0));
                let used: Vec<_> = used.into_iter().map(|(id, ms)| (format!("token {id}"), at(ms))).collect();
                for (id, at) in &used {
                    if let Some(token) = self.tokens.get_mut(id) {
                        token.last_used_at = token.last_used_at.max(Some(*at));
                    }
                }
                said(store.tokens_used(used).await)?;
            }
            _ => {}
        }
        self.let_go_of_pins();
        self.check_catalogue(store).await
    }

    async fn put_provider(
        &mut self,
        store: &dyn Store,
        key: &ProviderKey,
        component: Option<Bytes>,
        given: bool,
        large: bool,
    ) -> Result<(), String> {
        let content = component.as_ref().map(|bytes| self.keep(bytes));
        let description = if large { LARGE } else { 10 };
        let record = ProviderRecord {
            disabled: BTreeSet::from([ModelName::new("describe").unwrap()]),
            keep_jobs_hours: large.then_some(7),
            ..provider_of(key, content.as_ref(), description, self.now)
        };
        let missing = !given && record.digest.is_some_and(|digest| !self.component_is_kept(digest));
        let bytes = component.filter(|_| given).map(NewContent::Bytes);
        let got = store.put_provider(record.clone(), bytes).await;
        if missing {
            return same("a component that nobody keeps", &matches!(got, Err(StoreError::Missing(_))), &true);
        }
        let name = (key.name.clone(), key.organisation.clone());
        let old = self.providers.insert(name, record.clone());
        same("put_provider", &said(got)?, &old.is_some())?;
        if let Some(old) = old.and_then(|old| old.digest).filter(|old| Some(*old) != record.digest) {
            self.let_go(old);
        }
        Ok(())
    }

    async fn remove_provider(&mut self, store: &dyn Store, key: &ProviderKey, force: bool) -> Result<(), String> {
        let got = said(store.remove_provider(key, force).await)?;
        let name = (key.name.clone(), key.organisation.clone());
        let jobs = self.live_users(|job| uses(job, key));
        let expected = match self.providers.get(&name) {
            None => Removed::NotFound,
            Some(_) if jobs > 0 && !force => Removed::InUse { jobs },
            Some(_) => Removed::Gone,
        };
        same("remove_provider", &got, &expected)?;
        if expected == Removed::Gone {
            let record = self.providers.remove(&name);
            let (models, others) = std::mem::take(&mut self.models)
                .into_iter()
                .partition(|((of, organisation, _), _)| (of, organisation) == (&name.0, &name.1));
            self.models = others;
            let digests = models.into_values().map(|model: ModelRecord| model.digest);
            for digest in digests.chain(record.and_then(|record| record.digest)).collect::<Vec<_>>() {
                self.let_go(digest);
            }
        }
        Ok(())
    }

    async fn put_model(
        &mut self,
        store: &dyn Store,
        key: &ProviderKey,
        name: ModelName,
        bytes: &Bytes,
        given: bool,
    ) -> Result<(), String> {
        let content = self.keep(bytes);
        let record =
            ModelRecord { source: Some("repository/model".to_owned()), ..model_of(key, &name, &content, self.now) };
        let missing = !given && !self.component_is_kept(content.digest);
        let got = store.put_model(record.clone(), given.then(|| NewContent::Bytes(bytes.clone()))).await;
        if missing {
            return same("a model file that nobody keeps", &matches!(got, Err(StoreError::Missing(_))), &true);
        }
        let old = self.models.insert((key.name.clone(), key.organisation.clone(), name), record);
        same("put_model", &said(got)?, &old.is_some())?;
        if let Some(old) = old.filter(|old| old.digest != content.digest) {
            self.let_go(old.digest);
        }
        Ok(())
    }

    async fn remove_model(
        &mut self,
        store: &dyn Store,
        key: &ProviderKey,
        name: &ModelName,
        force: bool,
    ) -> Result<(), String> {
        let got = said(store.remove_model(key, name, force).await)?;
        let place = (key.name.clone(), key.organisation.clone(), name.clone());
        let jobs = self.live_users(|job| uses(job, key) && job.tasks.iter().any(|task| task.model == *name));
        let expected = match self.models.get(&place) {
            None => Removed::NotFound,
            Some(_) if jobs > 0 && !force => Removed::InUse { jobs },
            Some(_) => Removed::Gone,
        };
        same("remove_model", &got, &expected)?;
        if expected == Removed::Gone
            && let Some(record) = self.models.remove(&place)
        {
            self.let_go(record.digest);
        }
        Ok(())
    }

    pub(super) async fn check_catalogue(&self, store: &dyn Store) -> Result<(), String> {
        let got = said(store.providers().await)?;
        same("providers", &got.iter().map(|one| &**one).collect(), &self.providers.values().collect::<Vec<_>>())?;
        let got = said(store.models().await)?;
        same("models", &got.iter().map(|one| &**one).collect(), &self.models.values().collect::<Vec<_>>())?;
        let got = said(store.organisations().await)?;
        same(
            "organisations",
            &got.iter().map(|one| &**one).collect(),
            &self.organisations.values().collect::<Vec<_>>(),
        )?;
        let got = said(store.tokens().await)?;
        same("tokens", &got.iter().map(|one| &**one).collect(), &self.tokens.values().collect::<Vec<_>>())?;
        for number in 0..3 {
            let of = organisation(number);
            same("pinned bytes", &said(store.pinned_bytes(&of).await)?, &self.pinned_bytes(&of))?;
        }
        for bytes in components() {
            let digest = Digest::of(&bytes);
            let expected = self.component_is_kept(digest).then(|| bytes.clone());
            same("component", &said(store.component(digest).await)?, &expected)?;
            let size = expected.as_ref().map(|bytes| bytes.len() as u64);
            same("size of a component", &said(store.component_size(digest).await)?, &size)?;
            for (range, part) in ranges(&bytes) {
                let expected = expected.as_ref().map(|_| part);
                same("part of a component", &said(store.component_range(digest, range).await)?, &expected)?;
            }
        }
        Ok(())
    }
}

/// Some parts, also beyond the end.
pub(super) fn ranges(bytes: &Bytes) -> Vec<(std::ops::Range<u64>, Bytes)> {
    let length = bytes.len() as u64;
    let ranges = [0..0, 0..length, length / 3..length / 2, length.saturating_sub(1)..length + 7, length + 1..u64::MAX];
    let part = |range: std::ops::Range<u64>| {
        let place = |at: u64| usize::try_from(at.min(length)).unwrap();
        let part = bytes.slice(place(range.start)..place(range.end));
        (range, part)
    };
    ranges.into_iter().map(part).collect()
}
