//! What is run: claims, heartbeats, ends.

use analyte_core::shares::{Shares, Use};

use super::{
    BTreeMap, BTreeSet, Bytes, Claimed, Code, End, Event, Failure, FileName, Finished, HashMap, JobId, LARGE, Left,
    Model, NODES, NewContent, NewFile, Organisation, Outcome, Progress, ProviderName, Purpose, Released, ResultFile,
    Room, RunKey, SessionId, Status, Store, Usage, bytes_of, run_of, said, same,
};
use crate::{Claims, HeldUp};

/// All the memory of a node, and what a usual run takes of it.
const WHOLE: u64 = 350;
const USUAL: u64 = 110;

impl Model {
    /// Tasks that wait for nothing but their turn: by organisation, in their order.
    pub(super) fn ready(&self) -> BTreeMap<Organisation, BTreeSet<(i32, JobId, usize)>> {
        let mut ready: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
        for job in self.jobs.values() {
            for (place, task) in job.tasks.iter().enumerate() {
                if task.status == Status::Queued && job.waiting(task, self.now).is_none() {
                    ready.entry(job.organisation.clone()).or_default().insert((job.priority, job.id, place));
                }
            }
        }
        ready
    }

    /// Those that may start now: of one session on one provider the first one, while none of them runs.
    fn startable(&self) -> BTreeMap<Organisation, BTreeSet<(i32, JobId, usize)>> {
        let mut busy: BTreeSet<_> = self.rows(Status::Running).collect();
        let mut startable = self.ready();
        for (of, ready) in &mut startable {
            ready.retain(|(_, id, place)| {
                let job = &self.jobs[&(of.clone(), *id)];
                let row = |session| (of.clone(), session, job.tasks[*place].provider.clone());
                // The first of its row is seen first.
                job.session.clone().is_none_or(|session| busy.insert(row(session)))
            });
        }
        startable.retain(|_, ready| !ready.is_empty());
        startable
    }

    /// Of each task in this state its organisation, session and provider, where it has a session.
    fn rows(&self, status: Status) -> impl Iterator<Item = (Organisation, SessionId, ProviderName)> {
        let tasks = self.jobs.values().flat_map(|job| job.tasks.iter().map(move |task| (job, task)));
        let tasks = tasks.filter(move |(_, task)| task.status == status);
        tasks.filter_map(|(job, task)| Some((job.organisation.clone(), job.session.clone()?, task.provider.clone())))
    }

    /// Never two of one session on one provider at a time.
    pub(super) fn one_at_a_time(&self) -> Result<(), String> {
        let running: Vec<_> = self.rows(Status::Running).collect();
        let rows: BTreeSet<_> = running.iter().collect();
        same("tasks that run in sessions", &rows.len(), &running.len())
    }

    /// What a node has room for: some memory is held elsewhere, and in every second claim organisations share it.
    fn room(&self, n: usize, memory: u64) -> Room {
        let whole = WHOLE.max(memory);
        let mut shares = Shares::new(whole, USUAL, if n.is_multiple_of(2) { 50 } else { 100 });
        shares.take(&None, whole - memory, Use::Transfer);
        let mut running = BTreeMap::new();
        for job in self.jobs.values() {
            let count = job.tasks.iter().filter(|task| task.status == Status::Running).count();
            *running.entry(job.organisation.clone()).or_default() += count;
        }
        Room { extra_bytes: 10, memory: shares, most_of_one: 2 + n, running, ..Room::of(n) }
    }

    /// Why a claim gave no more than it did: what it says must be so.
    fn left_out(
        &self,
        room: &Room,
        claims: &Claims,
        ready: &BTreeMap<Organisation, BTreeSet<(i32, JobId, usize)>>,
    ) -> Result<(), String> {
        let mut memory = room.memory.clone();
        let mut running = room.running.clone();
        let mut taken: HashMap<&Organisation, usize> = HashMap::new();
        for Claimed { run, job } in &claims.claimed {
            let limits = job.limits_of(job.task(&run.key.task).unwrap());
            let (of, bytes) = (&run.key.organisation, room.needs(limits.memory_bytes));
            let holder = Some(of.clone());
            same("memory that there is", &memory.admits_run(&holder, bytes), &Ok(()))?;
            memory.take(&holder, bytes, Use::Run);
            *running.entry(of.clone()).or_default() += 1;
            *taken.entry(of).or_default() += 1;
        }
        let count = |of: &Organisation| running.get(of).copied().unwrap_or_default();
        let full = claims.claimed.len() == room.tasks;
        if claims.more {
            same("there is no room for more", &full, &true)?;
        }
        let promising = claims.held_up.values().any(|why| matches!(why, HeldUp::Memory { .. }));
        for (of, ready) in ready {
            let had = taken.get(of).copied().unwrap_or_default();
            same("most of one organisation", &(had == 0 || count(of) <= room.most_of_one), &true)?;
            let Some((_, id, place)) = ready.iter().nth(had) else { continue };
            let job = &self.jobs[&(of.clone(), *id)];
            let bytes = room.needs(job.limits_of(&job.tasks[*place]).memory_bytes);
            let admits = memory.admits_run(&Some(of.clone()), bytes);
            match claims.held_up.get(of) {
                None => same("the rest was not looked at", &claims.more, &true)?,
                Some(HeldUp::Tasks) => same("it runs the most", &(count(of) >= room.most_of_one), &true)?,
                Some(HeldUp::Share { bytes: said }) => {
                    same("it holds its share", &(*said, admits.is_err()), &(bytes, true))?;
                }
                Some(HeldUp::Memory { bytes: said }) => {
                    same("there is no memory", &(*said, admits.is_err() || promising), &(bytes, true))?;
                }
            }
            if claims.held_up.contains_key(of) {
                continue;
            }
            // It waits only because there is no room for more: then no other was let in before its turn.
            if let Some(other) = taken.keys().find(|other| count(other) > count(of) + 1) {
                return Err(format!("{of} waits with {}, and {other} has {}", count(of), count(other)));
            }
        }
        Ok(())
    }

    pub(super) async fn claim(&mut self, store: &dyn Store, node: usize, n: usize, memory: u64) -> Result<(), String> {
        let room = self.room(n, memory);
        let claims = said(store.claim(NODES[node], room.clone(), self.now.plus_ms(60_000), self.now).await)?;
        let ready = self.startable();
        self.left_out(&room, &claims, &ready)?;
        let mut taken: HashMap<Organisation, usize> = HashMap::new();
        for Claimed { run, job } in claims.claimed {
            let place = (run.key.organisation.clone(), run.key.job);
            let task =
                self.jobs.get(&place).and_then(|job| job.tasks.iter().position(|task| task.name == run.key.task));
            let nth = taken.entry(place.0.clone()).or_default();
            let expected =
                ready.get(&place.0).and_then(|ready| ready.iter().nth(*nth)).map(|(_, id, task)| (*id, *task));
            same("what was claimed", &task.map(|task| (place.1, task)), &expected)?;
            *nth += 1;
            if self.nodes.insert(run.lease, node).is_some() {
                return Err(format!("lease {:?} was given out twice", run.lease));
            }
            let start = Event::Start { task: run.key.task.clone(), lease: run.lease };
            let Some(Ok((expected, _))) = self.apply(&place, start) else {
                return Err(format!("{run:?} cannot start"));
            };
            same("claimed job", &*job, &expected)?;
            let attempt = expected.task(&run.key.task).map(|task| task.attempt);
            same("attempt", &Some(run.attempt), &attempt)?;
            self.runs.push(run);
        }
        self.one_at_a_time()?;
        let due = self.jobs.values().flat_map(|job| {
            let waits = |task: &&analyte_core::job::Task| {
                task.status == Status::Queued && job.parents_completed(task) && job.not_before(task) > Some(self.now)
            };
            job.tasks.iter().filter(waits).filter_map(|task| job.not_before(task))
        });
        // With no room left, those whose time came meanwhile may still be among the waiting.
        if n > 0 { same("next due", &claims.next_due, &due.min()) } else { Ok(()) }
    }

    pub(super) async fn heartbeat(&mut self, store: &dyn Store, node: usize) -> Result<(), String> {
        let mine: Vec<_> = self.runs.iter().filter(|run| self.nodes.get(&run.lease) == Some(&node)).cloned().collect();
        let answer = said(store.heartbeat(NODES[node], mine.clone(), self.now.plus_ms(60_000), self.now).await)?;
        let current = self.current();
        let mut got = answer.lost;
        got.extend(answer.cancel_requested);
        got.sort_by_key(|run| run.lease);
        let mut expected: Vec<_> = mine.into_iter().filter(|run| !current.contains(run)).collect();
        expected.sort_by_key(|run| run.lease);
        same("runs to stop", &got, &expected)
    }

    pub(super) async fn finish(
        &mut self,
        store: &dyn Store,
        run: RunKey,
        end: End,
        large: bool,
        files: usize,
    ) -> Result<(), String> {
        let size = if large { LARGE } else { 100 };
        let name = |what: &str| format!("{what} of lease {}", run.lease.0);
        let usage = Usage { fuel: run.lease.0, peak_memory_bytes: 4 };
        let progress = Some(Progress { fraction: 0.5, message: "half".to_owned() });
        let log = bytes_of(&name("log"), 200);
        let left = Left {
            usage,
            progress: progress.clone(),
            log: Some(self.keep(&log)),
            warnings: vec!["a column was dropped".to_owned()],
        };
        let (outcome, event) = match end {
            End::Completed => {
                let result = bytes_of(&name("result"), size);
                let mut given = Vec::new();
                let mut kept = Vec::new();
                for number in 0..files {
                    // The same bytes in every job: a blob with many owners.
                    let bytes = bytes_of("file", size + number);
                    let content = self.keep(&bytes);
                    let name = FileName::new(&format!("file-{number}")).map_err(|error| error.to_string())?;
                    let media_type = "text/plain".to_owned();
                    kept.push(ResultFile { name: name.clone(), media_type: media_type.clone(), content });
                    let content = if number == 0 {
                        let mut writer = said(store.content_writer(Purpose::Outcome).await)?;
                        for piece in bytes.chunks(1_000) {
                            said(writer.write(Bytes::copy_from_slice(piece)).await)?;
                        }
                        NewContent::Staged(said(writer.finish().await)?)
                    } else {
                        NewContent::Bytes(bytes)
                    };
                    given.push(NewFile { name, media_type, content });
                }
                let event = Event::Finish { run: run_of(&run), result: self.keep(&result), files: kept, left };
                (Outcome::Completed { result: NewContent::Bytes(result), files: given }, event)
            }
            End::Failed | End::Retried => {
                let code = if matches!(end, End::Failed) { Code::Trap } else { Code::HostError };
                let failure = Failure::new(code, "it failed");
                let event = Event::Fail { run: run_of(&run), failure: failure.clone(), jitter: 0.5, left };
                (Outcome::Failed { failure, jitter: 0.5 }, event)
            }
        };
        let log = Some(NewContent::Bytes(log));
        let warnings = vec!["a column was dropped".to_owned()];
        let run_events = self.run_events_with(&[30]);
        self.note_run_events(&run, run_events.clone());
        let finished = Finished { run: run.clone(), outcome, usage, progress, log, run_events, warnings };
        let answers = said(store.finish(vec![finished], self.now).await)?;
        let place = (run.key.organisation.clone(), run.key.job);
        let expected = self.apply(&place, event).and_then(Result::ok).map(|(job, _)| job);
        let got: Vec<_> = answers.into_iter().map(|changed| changed.map(|changed| (*changed.job).clone())).collect();
        same("finish", &got, &vec![expected])
    }

    pub(super) async fn recover(&mut self, store: &dyn Store, node: usize) -> Result<(), String> {
        let got = said(store.recover(NODES[node], 2, self.now).await)?;
        let mut released = 0;
        for run in self.current() {
            let place = (run.key.organisation.clone(), run.key.job);
            // A store may know that others are gone too; what it says of each run is what counts.
            let job = said(store.job(&place.0, place.1).await)?.ok_or("a job is gone")?;
            let still = job.task(&run.key.task).is_some_and(|task| task.lease == Some(run.lease));
            if still && self.nodes.get(&run.lease) != Some(&node) {
                continue;
            }
            let why = Released::NodeLost { most: 2 };
            let Some(Ok(_)) = self.apply(&place, Event::Release { run: run_of(&run), why }) else {
                // One task's end ended the whole job.
                continue;
            };
            released += 1;
        }
        same("recover", &got, &released)?;
        self.check(store).await
    }
}
