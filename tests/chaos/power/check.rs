//! Opens what a disk may hold, and says what of it is not as the server had answered its clients.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use analyte_core::digest::Digest;
use analyte_core::document::Document;
use analyte_core::job::{Content, Job, Status};
use analyte_core::names::{JobId, Organisation};
use analyte_store::sled::{Options, SledStore};
use analyte_store::{Access, Contents, Jobs, ListQuery, Right, Upkeep};

use super::load::{Known, Noted};
use support::ok;

/// All jobs as they are in the store of the server that was not cut off.
pub(crate) type Reference = HashMap<JobId, Arc<Job>>;

fn open(data_dir: &Path) -> Result<SledStore, String> {
    let mut options = Options::new(data_dir);
    options.free_disk_bytes = 0;
    SledStore::open(options).map_err(|error| format!("the store does not open: {error:?}"))
}

fn runtime() -> tokio::runtime::Runtime {
    ok(tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build(), "a runtime")
}

async fn all(store: &SledStore) -> Result<Reference, String> {
    let mut found = Reference::new();
    let mut query = ListQuery { limit: 1_000, scan: 10_000, ..ListQuery::default() };
    loop {
        let page = store.jobs(&Organisation::default_one(), query.clone()).await;
        let page = page.map_err(|error| format!("the jobs cannot be listed: {error:?}"))?;
        found.extend(page.jobs.into_iter().map(|job| (job.id, job)));
        match page.next {
            Some(next) => query.after = Some(next),
            None => return Ok(found),
        }
    }
}

/// All jobs of a data directory.
pub(crate) fn reference(data_dir: &Path) -> Reference {
    runtime().block_on(async {
        let store = ok(open(data_dir), "the store");
        let all = ok(all(&store).await, "its jobs");
        ok(store.close().await, "closing the store");
        all
    })
}

/// What is wrong; nothing, if all is well.
pub(crate) fn complaints(data_dir: &Path, noted: &[Noted], reference: &Reference) -> Vec<String> {
    runtime().block_on(async {
        let store = match open(data_dir) {
            Ok(store) => store,
            Err(why) => return vec![why],
        };
        let wrong = match all(&store).await {
            Ok(jobs) => Check { store: &store, jobs, reference, wrong: Vec::new() }.run(noted).await,
            Err(why) => vec![why],
        };
        ok(store.close().await, "closing the store");
        wrong
    })
}

struct Check<'a> {
    store: &'a SledStore,
    jobs: Reference,
    reference: &'a Reference,
    wrong: Vec<String>,
}

impl Check<'_> {
    async fn run(mut self, noted: &[Noted]) -> Vec<String> {
        let mut by_key: HashMap<String, JobId> = HashMap::new();
        for job in self.jobs.values().cloned().collect::<Vec<_>>() {
            self.contents(&job).await;
            if let Some(key) = job.tags.get("key")
                && let Some(other) = by_key.insert(key.clone(), job.id)
            {
                self.wrong.push(format!("{key} has two jobs, {other} and {}", job.id));
            }
        }
        for (_, known) in noted {
            self.check(known).await;
        }
        match self.store.health().await {
            Ok(health) if health.quarantined == 0 => {}
            Ok(health) => self.wrong.push(format!("{} records were put aside", health.quarantined)),
            Err(error) => self.wrong.push(format!("the store is not well: {error:?}")),
        }
        self.wrong
    }

    /// Whatever a job names is there, whether it was acknowledged or not.
    async fn contents(&mut self, job: &Job) {
        for task in &job.tasks {
            let mut named: Vec<(&str, &Content)> = vec![("parameters", &task.parameters)];
            named.extend(task.input.given().map(|input| ("input", input)));
            named.extend(task.result.iter().map(|result| ("result", result)));
            named.extend(task.log.iter().map(|log| ("log", log)));
            for (what, content) in named {
                match self.store.content(&job.organisation, job.id, content).await {
                    Ok(bytes) if Digest::of(&bytes) == content.digest => {}
                    Ok(_) => self.wrong.push(format!("the {what} of {} has other bytes", job.id)),
                    Err(error) => self.wrong.push(format!("the {what} of {} cannot be read: {error:?}", job.id)),
                }
            }
        }
    }

    async fn check(&mut self, known: &Known) {
        match known {
            Known::Token { hash } => {
                let tokens = self.store.tokens().await.unwrap_or_default();
                if !tokens.iter().any(|token| token.hash == *hash && token.rights == [Right::Admin]) {
                    self.wrong.push("the administrator's token is missing".to_owned());
                }
            }
            Known::Submitted { id, number, key } => {
                let Some((found, kept)) = self.job(id) else { return };
                let same = found.created_at == kept.created_at
                    && found.custom_data.as_ref().map(Document::text) == Some(&number.to_string())
                    && found.tags.get("key") == key.as_ref()
                    && found
                        .tasks
                        .iter()
                        .map(|task| (&task.input, &task.parameters))
                        .eq(kept.tasks.iter().map(|task| (&task.input, &task.parameters)));
                if !same {
                    self.wrong.push(format!("{id} is not as it was submitted: {found:?}"));
                }
            }
            Known::Completed { id, result } => {
                let Some((found, kept)) = self.job(id) else { return };
                let digests: Vec<_> =
                    found.tasks.iter().filter_map(|task| Some(task.result.as_ref()?.digest)).collect();
                if found != kept || digests != [*result] {
                    self.wrong.push(format!("{id} had completed, and now is {found:?}"));
                }
            }
            Known::Cancelled { id } => {
                let Some((found, kept)) = self.job(id) else { return };
                if found != kept || found.status != Status::Cancelled {
                    self.wrong.push(format!("{id} was cancelled, and now is {found:?}"));
                }
            }
        }
    }

    /// A job as it is here, and as it was at last.
    fn job(&mut self, id: &str) -> Option<(Arc<Job>, Arc<Job>)> {
        let id: JobId = ok(id.parse(), "a job's id");
        let found = self.jobs.get(&id).cloned();
        if found.is_none() {
            self.wrong.push(format!("{id} is missing"));
        }
        found.zip(self.reference.get(&id).cloned())
    }
}
