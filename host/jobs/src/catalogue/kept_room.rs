//! How much of what is [kept](Kept) of providers and models an organisation may have: on disk their components and model
//! files, in memory what they say of themselves.
//!
//! A component that was replaced or removed stays on disk while unfinished jobs pin it, and counts for the organisation whose
//! jobs they are. What all organisations' providers say together is bounded, too, and shared by the rule of [`Shares`].

use analyte_core::codes::Code;
use analyte_core::names::{Organisation, ProviderKey};
use analyte_core::shares::{Shares, Use};

use crate::catalogue::installed::Catalogue;
use crate::catalogue::kept::Kept;
use crate::error::JobsError;
use crate::manager::Manager;

impl Catalogue {
    /// What the providers and published models of an organisation, or of all, take together.
    fn kept_by(&self, owner: Option<&Organisation>) -> Kept {
        let providers = self.snapshot();
        let own = providers.iter().filter(|(key, _)| key.organisation.as_ref() == owner);
        own.map(|(_, provider)| provider.kept()).fold(Kept::default(), Kept::plus)
    }

    /// Who holds how much of the `whole` bytes that all providers and models may say of themselves.
    fn described(&self, whole: u64, percent: u64) -> Shares {
        let mut shares = Shares::new(whole, 0, percent);
        for (key, provider) in self.snapshot().iter() {
            shares.take(&key.organisation, provider.kept().described, Use::Transfer);
        }
        shares
    }
}

impl Manager {
    /// Refuses what an organisation's own components, model files and what they say may not take together; `old` goes when
    /// `new` comes.
    pub(crate) async fn refuse_kept(&self, key: &ProviderKey, old: Kept, new: Kept) -> Result<(), JobsError> {
        let has = self.inner.catalogue.kept_by(key.organisation.as_ref());
        let limits = &self.inner.limits;
        let too_large = |message: String| Err(JobsError::new(Code::TooLarge, message));
        if let Some(organisation) = &key.organisation {
            let pinned = self.inner.store.pinned_bytes(organisation).await?;
            let published = has.published.saturating_sub(old.published).saturating_add(pinned);
            if published.saturating_add(new.published) > limits.published_bytes {
                let (of_jobs, what) = match pinned {
                    0 => (String::new(), "remove some"),
                    _ => (
                        format!(" ({pinned} of them are kept for unfinished jobs)"),
                        "remove some, or end the jobs that need them",
                    ),
                };
                return too_large(format!(
                    "the organisation's components, their compiled code and model files take {published} bytes{of_jobs}, and \
                     with {} more they would take more than {} (limit published_bytes); {what}",
                    new.published, limits.published_bytes
                ));
            }
        }
        let described = has.described.saturating_sub(old.described);
        if described.saturating_add(new.described) > limits.catalogue_bytes {
            return too_large(format!(
                "what the providers and models say of themselves takes {described} bytes, and with {} more it would take more \
                 than {} (limit catalogue_bytes); remove some",
                new.described, limits.catalogue_bytes
            ));
        }
        let mut shares = self.inner.catalogue.described(limits.catalogues_bytes, self.percent_of_one());
        shares.give_back(&key.organisation, old.described, Use::Transfer);
        // What says no more than before is let in, whatever others hold meanwhile.
        if new.described > old.described && shares.admits_more(&key.organisation, new.described).is_err() {
            return too_large(format!(
                "what the providers and models say of themselves takes {described} bytes, and with {} more it would take more \
                 than the organisation's share of {} for all organisations (limit catalogues_bytes); remove some",
                new.described, limits.catalogues_bytes
            ));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use std::sync::Arc;

    use analyte_core::names::ProviderName;
    use analyte_core::timestamp::Timestamp;
    use analyte_engine::request::Grants;
    use analyte_store::ProviderRecord;

    use super::*;
    use crate::catalogue::installed::Provider;

    #[test]
    fn what_providers_say_is_shared_by_organisations() {
        let catalogue = Catalogue::default();
        let (lab, plant) = (Organisation::new("lab").unwrap(), Organisation::new("plant").unwrap());
        for (of, name, described_bytes) in
            [(Some(&lab), "a", 30), (Some(&lab), "b", 20), (Some(&plant), "a", 10), (None, "c", 5)]
        {
            let key = ProviderKey { organisation: of.cloned(), name: ProviderName::new(name).unwrap() };
            let record = ProviderRecord { described_bytes, ..Provider::empty(key, Timestamp(0)) };
            let provider = Provider::assemble(Arc::new(record), Vec::new(), Arc::new(Grants::default())).unwrap();
            catalogue.put(Arc::new(provider));
        }
        assert_eq!(catalogue.kept_by(Some(&lab)), Kept { published: 0, described: 50 });
        let shares = catalogue.described(115, 50);
        assert_eq!((shares.taken(), shares.held(&Some(lab.clone())), shares.held(&None)), (65, 50, 5));
        // The one that holds as much as is free gets no more; others do.
        assert!(shares.admits_more(&Some(lab), 1).is_err());
        assert!(shares.admits_more(&Some(plant), 20).is_ok());
    }
}
