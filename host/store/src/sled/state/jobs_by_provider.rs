//! The live jobs of each organisation, by the providers and models of their tasks: what uses what is installed.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Bound;

use analyte_core::job::Job;
use analyte_core::names::{JobId, ModelName, Organisation, ProviderKey, ProviderName};

use crate::sled::format::keys::Place;

/// The live jobs, by provider and organisation.
#[derive(Debug, Default)]
pub(crate) struct JobsByProvider(HashMap<ProviderName, BTreeMap<Organisation, Jobs>>);

/// Live jobs of one organisation that use one provider.
#[derive(Debug, Default)]
struct Jobs {
    ids: BTreeSet<JobId>,
    /// How many of them use each model of it.
    models: HashMap<ModelName, u64>,
}

/// What a job uses, each once.
fn used(job: &Job) -> BTreeMap<&ProviderName, BTreeSet<&ModelName>> {
    let mut used = BTreeMap::<_, BTreeSet<_>>::new();
    for task in &job.tasks {
        used.entry(&task.provider).or_default().insert(&task.model);
    }
    used
}

impl JobsByProvider {
    /// Counts a job that lives now.
    pub(crate) fn join(&mut self, job: &Job) {
        for (provider, models) in used(job) {
            let users = match self.0.get_mut(provider) {
                Some(users) => users,
                None => self.0.entry(provider.clone()).or_default(),
            };
            let jobs = match users.get_mut(&job.organisation) {
                Some(jobs) => jobs,
                None => users.entry(job.organisation.clone()).or_default(),
            };
            if !jobs.ids.insert(job.id) {
                continue;
            }
            for model in models {
                match jobs.models.get_mut(model) {
                    Some(count) => *count += 1,
                    None => drop(jobs.models.insert(model.clone(), 1)),
                }
            }
        }
    }

    /// Counts it no more.
    pub(crate) fn leave(&mut self, job: &Job) {
        for (provider, models) in used(job) {
            let Some(users) = self.0.get_mut(provider) else { continue };
            if let Some(jobs) = users.get_mut(&job.organisation)
                && jobs.ids.remove(&job.id)
            {
                for model in models {
                    if let Some(count) = jobs.models.get_mut(model) {
                        *count = count.saturating_sub(1);
                        if *count == 0 {
                            jobs.models.remove(model);
                        }
                    }
                }
                if jobs.ids.is_empty() {
                    users.remove(&job.organisation);
                }
            }
            if users.is_empty() {
                self.0.remove(provider);
            }
        }
    }

    /// Those of a provider's organisation, or of all where it is shared.
    fn of(&self, provider: &ProviderKey) -> impl Iterator<Item = &Jobs> {
        let users = self.0.get(&provider.name);
        let own = provider.organisation.as_ref().map(|organisation| users.and_then(|users| users.get(organisation)));
        let all = users.filter(|_| own.is_none());
        own.flatten().into_iter().chain(all.into_iter().flat_map(BTreeMap::values))
    }

    /// How many live jobs use this provider.
    pub(crate) fn count(&self, provider: &ProviderKey) -> u64 {
        self.of(provider).map(|jobs| jobs.ids.len() as u64).sum()
    }

    /// How many live jobs use this model.
    pub(crate) fn count_of_model(&self, provider: &ProviderKey, model: &ModelName) -> u64 {
        self.of(provider).filter_map(|jobs| jobs.models.get(model)).sum()
    }

    /// Live jobs that use this provider, by organisation, and oldest first in each: up to `most` of those after this
    /// one. It need not be there any more. Looks at no others.
    pub(crate) fn after(&self, provider: &ProviderKey, after: Option<&Place>, most: usize) -> Vec<Place> {
        let from = after.map_or(Bound::Unbounded, |(organisation, _)| Bound::Included(organisation));
        let Some(users) = self.0.get(&provider.name) else { return Vec::new() };
        let organisations: Box<dyn Iterator<Item = (&Organisation, &Jobs)>> = match &provider.organisation {
            Some(own) => Box::new(users.get_key_value(own).into_iter()),
            None => Box::new(users.range::<Organisation, _>((from, Bound::Unbounded))),
        };
        let places = organisations.flat_map(|(organisation, jobs)| {
            let last = after.filter(|(of, _)| of == organisation);
            let from = last.map_or(Bound::Unbounded, |(_, id)| Bound::Excluded(*id));
            jobs.ids.range((from, Bound::Unbounded)).map(|id| (organisation.clone(), *id))
        });
        places.take(most).collect()
    }
}
