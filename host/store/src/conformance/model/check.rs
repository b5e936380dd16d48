//! What can be seen.

use super::catalogue::{KEYS, provider_key, uses};
use super::{
    BTreeMap, BTreeSet, Counts, Depth, Job, JobId, Known, Model, NODES, Room, Status, Store, StoreError, contents,
    organisation, said, same,
};

impl Model {
    /// Compares everything that can be seen.
    pub(in crate::conformance) async fn check(&self, store: &dyn Store) -> Result<(), String> {
        for number in 0..3 {
            let of = organisation(number);
            let mut counts = Counts::default();
            for job in self.jobs.values().filter(|job| job.organisation == of) {
                match job.status {
                    Status::Queued => counts.queued += 1,
                    Status::Running => counts.running += 1,
                    Status::Completed => counts.completed += 1,
                    Status::Failed => counts.failed += 1,
                    Status::Cancelled => counts.cancelled += 1,
                }
            }
            same("counts", &said(store.counts(&of).await)?, &counts)?;
        }
        for ((of, id), job) in &self.jobs {
            self.check_events(store, &(of.clone(), *id)).await?;
            same("job", &said(store.job(of, *id).await)?.as_deref(), &Some(job))?;
            for content in contents(job) {
                let expected = &self.bytes[&content.digest];
                same("content", &said(store.content(of, *id, &content).await)?, expected)?;
                let middle = content.bytes / 3..content.bytes / 2;
                let part = expected.slice(usize::try_from(middle.start).unwrap()..usize::try_from(middle.end).unwrap());
                same("part of a content", &said(store.content_range(of, *id, &content, middle).await)?, &part)?;
                let other = organisation(usize::from(*of == organisation(0)));
                let foreign = store.content(&other, *id, &content).await;
                same("content from elsewhere", &matches!(foreign, Err(StoreError::Missing(_))), &true)?;
            }
        }
        for ((of, id), content) in &self.dropped {
            let named = self.jobs.get(&(of.clone(), *id)).is_some_and(|job| contents(job).contains(content));
            if !named {
                let left = store.content(of, *id, content).await;
                same("dropped content", &matches!(left, Err(StoreError::Missing(_))), &true)?;
            }
        }
        for key in (0..KEYS).map(provider_key) {
            let uses = |job: &&Job| !job.status.ended() && uses(job, &key);
            let mut live: Vec<_> = self.jobs.values().filter(uses).collect();
            live.sort_by_key(|job| (&job.organisation, job.id));
            for most in [1, 2, usize::MAX] {
                let (mut got, mut after) = (Vec::new(), None);
                loop {
                    let portion = said(store.unfinished(&key, after, most).await)?;
                    let Some(last) = portion.last() else { break };
                    after = Some((last.organisation.clone(), last.id));
                    // Full, but for the last one.
                    same("portion", &portion.len(), &most.min(live.len().saturating_sub(got.len())))?;
                    got.extend(portion);
                }
                same("unfinished", &got.iter().map(|job| &**job).collect(), &live)?;
            }
        }
        self.one_at_a_time()?;
        self.check_catalogue(store).await?;
        self.check_files(store).await?;
        self.check_documents(store).await?;
        self.check_schedules(store).await?;
        self.check_deliveries(store).await?;
        self.known(store).await?;
        self.depths(store).await?;
        self.places(store).await?;
        let mut got = Vec::new();
        let mut position = 0;
        loop {
            let changes = said(store.changes_after(position, 7).await)?;
            let Some(last) = changes.last() else { break };
            if changes.first().is_some_and(|first| first.position <= position) {
                return Err(format!("positions do not rise: {changes:?}"));
            }
            position = last.position;
            got.extend(changes.into_iter().map(|change| ((change.organisation, change.job), change.status, change.at)));
        }
        same("changes", &got, &self.changes)
    }

    async fn known(&self, store: &dyn Store) -> Result<(), String> {
        for (of, key) in (0..3).flat_map(|of| (0..4_u8).map(move |key| (organisation(of), key))) {
            let expected = self.keys.get(&(of.clone(), key)).map(|(request, id)| {
                let job = self.jobs[&(of.clone(), *id)].clone();
                Known { request: *request, job: job.into() }
            });
            same("known", &said(store.known(&of, &format!("key {key}")).await)?, &expected)?;
        }
        Ok(())
    }

    async fn depths(&self, store: &dyn Store) -> Result<(), String> {
        let mut expected: BTreeMap<_, Depth> = BTreeMap::new();
        for job in self.jobs.values().filter(|job| !job.status.ended()) {
            // Under each provider once, however many of its tasks run on it.
            let providers: BTreeSet<_> = job.tasks.iter().map(|task| task.provider.clone()).collect();
            for provider in providers {
                let organisation = job.organisation.clone();
                let depth = expected.entry((organisation.clone(), provider.clone())).or_insert(Depth {
                    organisation,
                    provider,
                    queued: 0,
                    running: 0,
                    oldest: None,
                });
                if job.status == Status::Queued {
                    depth.queued += 1;
                    let due = job.run_at.map_or(job.created_at, |at| at.max(job.created_at));
                    depth.oldest = Some(depth.oldest.map_or(due, |oldest| oldest.min(due)));
                } else {
                    depth.running += 1;
                }
            }
        }
        let mut got = said(store.depths().await)?;
        got.sort_by(|one, other| (&one.organisation, &one.provider).cmp(&(&other.organisation, &other.provider)));
        same("depths", &got, &expected.into_values().collect())
    }

    async fn places(&self, store: &dyn Store) -> Result<(), String> {
        // Nothing is claimed, but what became due joins the queue.
        let room = Room::of(0);
        said(store.claim(NODES[0], room, self.now, self.now).await)?;
        let ready = self.ready();
        for number in 0..3 {
            let of = organisation(number);
            // Those of other organisations have no place here.
            let ids: Vec<_> = self.jobs.keys().map(|(_, id)| *id).collect();
            let line: Vec<JobId> = ready.get(&of).into_iter().flatten().map(|(_, id, _)| *id).collect();
            let place = |id: &JobId| line.iter().position(|other| other == id).map(|place| place as u64);
            same("places", &said(store.queue_positions(&of, &ids).await)?, &ids.iter().map(place).collect())?;
        }
        Ok(())
    }
}
