//! What is asked for: submissions, retries, cancels, removals.

use analyte_core::job::{RunLimits, Task};

use super::catalogue::provider_key;
use super::{
    Age, BTreeMap, Before, CancelAnswer, CancelRule, Digest, Event, Idempotency, Job, JobId, LARGE, Model, NewContent,
    NewJob, PROVIDERS, ProviderKey, ProviderName, SHAPES, SessionId, Status, Step, Store, Submitted, Timestamp,
    job_with, organisation, said, same,
};

impl Model {
    pub(super) async fn submit(&mut self, store: &dyn Store, step: Step) -> Result<(), String> {
        let Step::Submit { organisation: of, shape, provider, memory, priority, later, large, key, tag, cap, session } =
            step
        else {
            return Ok(());
        };
        let of = organisation(of);
        self.submitted += 1;
        let size = if large { LARGE } else { 100 };
        let (mut job, contents) =
            job_with(of.as_str(), self.submitted, self.now, SHAPES[shape % 4], size).ok_or("a job that is none")?;
        job.limits.memory_bytes = memory;
        for (place, task) in job.tasks.iter_mut().enumerate() {
            task.provider = ProviderName::new(PROVIDERS[(provider + place) % 3]).unwrap();
            if place == 1 {
                task.limits = Some(RunLimits { memory_bytes: 300, ..job.limits });
            }
        }
        job.priority = priority;
        job.session = session.map(|number| SessionId::new(&format!("session-{number}")).unwrap());
        job.created_by = Some(format!("token {tag}"));
        job.run_at = (later > 0).then(|| self.now.plus_ms(later));
        job.tags.insert("tag".to_owned(), tag.to_string());
        for bytes in &contents {
            self.keep(bytes);
        }
        let place = (of.clone(), job.id);
        let request = Digest::of(format!("{shape} {large}").as_bytes());
        let before = key.and_then(|key| self.keys.get(&(of.clone(), key)));
        let queued =
            self.jobs.values().filter(|job| job.organisation == of && job.status == Status::Queued).count() as u64;
        let expected = match before {
            Some((digest, id)) if *digest == request => {
                Submitted::Replayed(self.jobs[&(of.clone(), *id)].clone().into())
            }
            Some(_) => Submitted::Mismatch,
            None if queued >= cap => Submitted::QueueFull { queued },
            None => Submitted::New,
        };
        let new = NewJob {
            job: job.clone(),
            contents: contents.into_iter().map(NewContent::Bytes).collect(),
            idempotency: key.map(|key| Idempotency { key: format!("key {key}"), request }),
            queue_cap: cap,
        };
        same("submit", &said(store.submit(vec![new], self.now).await)?, &vec![expected.clone()])?;
        if expected == Submitted::New {
            if let Some(key) = key {
                self.keys.insert((of, key), (request, job.id));
            }
            self.changes.push((place.clone(), Status::Queued, self.now));
            self.jobs.insert(place.clone(), job);
            self.note(&place, None);
        }
        Ok(())
    }

    pub(super) async fn submit_together(&mut self, store: &dyn Store, jobs: usize, cap: u64) -> Result<(), String> {
        let of = organisation(0);
        let queued =
            self.jobs.values().filter(|job| job.organisation == of && job.status == Status::Queued).count() as u64;
        let room = queued + jobs as u64 <= cap;
        let expected = if room { Submitted::New } else { Submitted::QueueFull { queued } };
        let mut new = Vec::new();
        for _ in 0..jobs {
            self.submitted += 1;
            let (job, contents) =
                job_with(of.as_str(), self.submitted, self.now, SHAPES[0], 100).ok_or("a job that is none")?;
            for bytes in &contents {
                self.keep(bytes);
            }
            let contents = contents.into_iter().map(NewContent::Bytes).collect();
            new.push(NewJob { job, contents, idempotency: None, queue_cap: cap });
        }
        let submitted: Vec<Job> = new.iter().map(|new| new.job.clone()).collect();
        let got = said(store.submit_together(new, self.now).await)?;
        same("submit together", &got, &vec![expected.clone(); jobs])?;
        for job in submitted.into_iter().filter(|_| expected == Submitted::New) {
            let place = (of.clone(), job.id);
            self.changes.push((place.clone(), Status::Queued, self.now));
            self.jobs.insert(place.clone(), job);
            self.note(&place, None);
        }
        Ok(())
    }

    pub(super) async fn request(&mut self, store: &dyn Store, pick: usize, event: Event) -> Result<(), String> {
        let Some(place) = self.pick(pick) else { return Ok(()) };
        let got = said(store.apply(&place.0, place.1, event.clone(), self.now).await)?;
        let got = got.map(|answer| answer.map(|changed| (*changed.job).clone()));
        let expected = self.apply(&place, event).map(|answer| answer.map(|(job, _)| job));
        same("apply", &got, &expected)?;
        // Another organisation has no such job.
        let other = organisation(usize::from(place.0 == organisation(0)));
        let cancel = Event::Cancel { reason: "not theirs".to_owned() };
        let foreign = said(store.apply(&other, place.1, cancel, self.now).await)?;
        same("apply from elsewhere", &foreign.is_none(), &true)
    }

    pub(super) async fn cancel_if(
        &mut self,
        store: &dyn Store,
        picks: Vec<usize>,
        only_queued: bool,
        all_or_nothing: bool,
    ) -> Result<(), String> {
        let of = organisation(0);
        let mine: Vec<_> =
            self.jobs.keys().filter(|(organisation, _)| *organisation == of).map(|(_, id)| *id).collect();
        let unknown = crate::conformance::jobs::id(self.now, u64::MAX >> 8);
        let choose =
            |pick: &usize| if pick.is_multiple_of(8) || mine.is_empty() { unknown } else { mine[*pick % mine.len()] };
        let jobs: Vec<_> = picks.iter().map(choose).collect();
        let reason = "by rule".to_owned();
        let rule = CancelRule { jobs: jobs.clone(), only_queued, all_or_nothing, reason: reason.clone() };
        let got = said(store.cancel_if(&of, rule, self.now).await)?;
        let can = |id: &JobId| match self.jobs.get(&(of.clone(), *id)) {
            None => Some("not found"),
            Some(job) if only_queued && job.tasks.iter().any(|task| task.status != Status::Queued) => Some("refused"),
            Some(job) => match job.status {
                Status::Completed | Status::Failed => Some("refused"),
                Status::Queued | Status::Running | Status::Cancelled => None,
            },
        };
        // All are looked at before one is changed: a job may be named twice.
        let obstacles: Vec<_> = jobs.iter().map(can).collect();
        let held_back = all_or_nothing && obstacles.iter().any(Option::is_some);
        let mut expected = Vec::new();
        for (id, obstacle) in jobs.into_iter().zip(obstacles) {
            let word = match obstacle {
                Some(word) => word,
                None if held_back => "untouched",
                None => {
                    self.apply(&(of.clone(), id), Event::Cancel { reason: reason.clone() });
                    "cancelled"
                }
            };
            expected.push((id, word));
        }
        let word = |answer: &CancelAnswer| match answer {
            CancelAnswer::Cancelled(_) => "cancelled",
            CancelAnswer::Untouched => "untouched",
            CancelAnswer::Refused(_) => "refused",
            CancelAnswer::NotFound => "not found",
        };
        same("cancel_if", &got.iter().map(|(id, answer)| (*id, word(answer))).collect(), &expected)?;
        self.check(store).await
    }

    pub(super) async fn retire(
        &mut self,
        store: &dyn Store,
        age: u64,
        most: usize,
        providers: &[(usize, u64)],
    ) -> Result<(), String> {
        let ago = |ms: u64| Timestamp(self.now.0 - i64::try_from(ms).unwrap_or(0));
        let before = ago(age);
        let all = Before { completed: before, failed: before, cancelled: before };
        let providers: BTreeMap<_, _> = providers.iter().map(|(key, age)| (provider_key(*key), ago(*age))).collect();
        let age = Age { usual: all, organisations: BTreeMap::new(), providers: providers.clone() };
        let is_old = |job: &Job| {
            let before_of = |task: &Task| {
                let own = providers.get(&ProviderKey::of(job.organisation.clone(), task.provider.clone()));
                let further = own.or_else(|| providers.get(&ProviderKey::shared(task.provider.clone())));
                further.map_or(before, |further| before.max(*further))
            };
            let before = job.tasks.iter().map(before_of).min().unwrap_or(before);
            job.status.ended() && job.finished_at.is_some_and(|at| at < before)
        };
        let old: Vec<_> = self.jobs.iter().filter(|(_, job)| is_old(job)).map(|(place, _)| place.clone()).collect();
        same("retire", &said(store.retire(age, most).await)?, &old.len().min(most))?;
        let mut gone = 0;
        for place in old {
            if said(store.job(&place.0, place.1).await)?.is_none() {
                self.forget(&place);
                gone += 1;
            }
        }
        same("retire", &(gone <= most), &true)?;
        self.check(store).await
    }
}
