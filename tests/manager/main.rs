//! The job manager over a store in memory and the real sandbox: the life of a job, and what may come between. Over the store on disk it is
//! tried in `tests/api` and `tests/chaos`.

#![expect(clippy::expect_used, reason = "tests fail by panicking")]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use analyte_core::codes::Code;
use analyte_core::digest::Digest;
use analyte_core::job::{Status, Waiting};
use analyte_core::limits::Limits;
use analyte_core::names::{JobId, ModelName, Organisation, ProviderKey, ProviderName};
use analyte_core::table::Table;
use analyte_core::table::format::{self, Format};
use analyte_core::timestamp::Timestamp;
use analyte_engine::compiler::Compiler;
use analyte_engine::{Engine, Options as EngineOptions};
use analyte_jobs::{
    Clock, Idempotency, InstallProvider, JobsError, LimitsAsked, ListQuery, Manager, Options, Parameters, Submission,
    SystemClock, WaitingView,
};
use analyte_store::Store;
use analyte_store::memory::MemoryStore;
use analyte_store::sled::{Options as StoreOptions, SledStore};
use bytes::Bytes;
use serde_json::json;

mod execute;
mod files;
mod graphs;
mod model_source;
mod organisations;
mod providers;
mod room;
mod schedule_rules;
mod schedules;
mod sessions;
mod split;
mod stopping;
mod tokens;
mod warm;
mod webhooks;
use support::PATIENCE;
use support::plugins::plugin;

fn limits() -> Limits {
    Limits { concurrent_tasks: 1, free_disk_bytes: 0, ..Limits::default() }
}

fn organisation() -> Organisation {
    Organisation::default_one()
}

fn provider() -> ProviderName {
    ProviderName::new("hostile").expect("a name")
}

/// The provider is for all organisations.
fn key() -> ProviderKey {
    ProviderKey::shared(provider())
}

fn model(name: &str) -> ModelName {
    ModelName::new(name).expect("a name")
}

/// A manager over what this store has, as a process that begins anew, changed as the test likes.
async fn started(store: &MemoryStore, limits: Limits, change: impl FnOnce(&mut Options)) -> Manager {
    over(Arc::new(store.reopen()), limits, change).await
}

/// A manager over a store on disk, whose calls take their time.
async fn on_disk(folder: &Path, limits: Limits) -> Manager {
    let mut store = StoreOptions::new(folder.join("store"));
    store.free_disk_bytes = 0;
    over(Arc::new(SledStore::open(store).expect("a store")), limits, |_| ()).await
}

/// A manager over this store, changed as the test likes.
async fn over(store: Arc<dyn Store>, limits: Limits, change: impl FnOnce(&mut Options)) -> Manager {
    let engine = Engine::new(EngineOptions {
        limits: Arc::new(limits),
        compiler: Compiler::InProcess,
        // One for all tests, and for the next run of them.
        cache_dir: Some(support::temporary().join("jobs-code")),
        threads: 2,
    });
    let mut options = Options::new(store, engine.expect("an engine"));
    change(&mut options);
    let manager = Manager::start(options).await.expect("a manager");
    until("it is ready", || manager.ready()).await;
    manager
}

/// The machine's clock, set forward as a test likes.
#[derive(Debug, Clone, Default)]
struct Ahead(Arc<AtomicI64>);

impl Ahead {
    fn by(&self, ahead: Duration) {
        let ms = i64::try_from(ahead.as_millis()).expect("not so far");
        self.0.fetch_add(ms, Ordering::Relaxed);
    }
}

impl Clock for Ahead {
    fn now(&self) -> Timestamp {
        Timestamp(SystemClock.now().0 + self.0.load(Ordering::Relaxed))
    }
}

/// A manager with the hostile provider installed.
async fn with_provider(limits: Limits, change: impl FnOnce(&mut Options)) -> (Manager, MemoryStore) {
    let store = MemoryStore::new();
    let manager = started(&store, limits, change).await;
    install(&manager, component()).await.expect("installed");
    (manager, store)
}

async fn install(manager: &Manager, component: Bytes) -> Result<bool, JobsError> {
    let install = InstallProvider { key: key(), component: component.into() };
    manager.install_provider(install).await.map(|installed| installed.replaced)
}

fn component() -> Bytes {
    fs::read(plugin("hostile")).expect("the component").into()
}

/// The same provider with another digest: its marker holds a mode that it does not know.
fn other_component() -> Bytes {
    let mut bytes = component().to_vec();
    let marker = b"ANALYTE-HOSTILE-MODE:honest";
    let at = bytes.windows(marker.len()).position(|window| window == marker).expect("the marker");
    bytes.get_mut(at + marker.len()..at + marker.len() + 2).expect("its dots").copy_from_slice(b"-2");
    bytes.into()
}

async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < deadline, "waited {PATIENCE:?} until {what}");
        tokio::task::yield_now().await;
    }
}

/// A table of one column of numbers, read for a model as a surface does.
fn numbers(manager: &Manager, name: &str, rows: &str) -> Table {
    let model = manager.model(&organisation(), &provider(), &model(name)).expect("the model");
    let body = Bytes::from(format!("{{\"columns\":{{\"value\":{rows}}}}}"));
    format::read(Format::Json, body, &model.info.input, manager.limits()).expect("a table").table
}

fn submission(manager: &Manager, name: &str) -> Submission {
    Submission::new(provider(), model(name), numbers(manager, name, "[1.5,null,-2.5]"))
}

fn slow(manager: &Manager, milliseconds: u32) -> Submission {
    let parameters = json!({ "milliseconds": milliseconds });
    let parameters = Parameters::Object(parameters.as_object().cloned().unwrap_or_default());
    with_parameters(submission(manager, "slow"), &parameters)
}

/// The submission of one task, with these parameters.
fn with_parameters(mut submission: Submission, parameters: &Parameters) -> Submission {
    for task in &mut submission.tasks {
        task.parameters.clone_from(parameters);
    }
    submission
}

async fn submitted(manager: &Manager, submission: Submission) -> JobId {
    manager.submit(&organisation(), submission).await.expect("submitted").job.job.id
}

async fn status(manager: &Manager, id: JobId) -> Status {
    manager.get(&organisation(), id).await.expect("the job").job.status
}

async fn reaches(manager: &Manager, id: JobId, wanted: Status) {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let now = status(manager, id).await;
        if now == wanted {
            return;
        }
        assert!(!now.ended() && Instant::now() < deadline, "the job is {now}, and should become {wanted}");
        tokio::task::yield_now().await;
    }
}

/// Waits until the guest of this `slow` job runs, which its progress tells.
async fn tells_progress(manager: &Manager, id: JobId) {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let view = manager.get(&organisation(), id).await.expect("the job");
        if view.job.status == Status::Running && view.progress.is_some_and(|progress| progress.fraction < 1.0) {
            return;
        }
        assert!(!view.job.status.ended() && Instant::now() < deadline, "no progress was seen");
        tokio::task::yield_now().await;
    }
}

async fn ended(manager: &Manager, id: JobId) -> Arc<analyte_core::job::Job> {
    let view = manager.wait(&organisation(), id, PATIENCE).await.expect("the job");
    assert!(view.job.status.ended(), "{:?}", view.job.status);
    view.job
}

fn code<T>(answer: Result<T, JobsError>) -> Option<Code> {
    answer.err().map(|error| error.code())
}

fn everything() -> ListQuery {
    ListQuery {
        status: None,
        provider: None,
        model: None,
        tag: None,
        created_after: None,
        created_before: None,
        filter: None,
        oldest_first: false,
        after: None,
        limit: 50,
        scan: 10_000,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_runs_and_its_table_comes_back() {
    let (manager, _store) = with_provider(limits(), |_| ()).await;
    let tags = BTreeMap::from([("site".to_owned(), "north".to_owned())]);
    let id = submitted(&manager, Submission { tags: tags.clone(), ..submission(&manager, "noop") }).await;
    let job = ended(&manager, id).await;
    assert_eq!((job.status, job.error()), (Status::Completed, None));
    let task = job.tasks.first().expect("a task");
    assert_eq!((task.digest, task.attempt.0), (Digest::of(&component()), 1));
    assert!(task.usage.fuel > 0 && task.usage.peak_memory_bytes > 0);
    let result = manager.result_table(&organisation(), id, None).await.expect("a table");
    let csv = format::write(Format::Csv, &result.table).expect("csv");
    assert_eq!(String::from_utf8_lossy(&csv), "value\r\n1.5\r\n\"\"\r\n-2.5\r\n");
    let stored = manager.result_bytes(&organisation(), id, None).await.expect("bytes");
    assert_eq!(stored.digest, Digest::of(&stored.bytes));
    assert_eq!(manager.errors(&organisation(), id, None).await.expect("errors"), []);
    let tagged = ListQuery { tag: Some(("site".to_owned(), "north".to_owned())), ..everything() };
    let page = manager.list(&organisation(), tagged).await.expect("a page");
    assert_eq!(page.jobs.iter().map(|view| view.job.id).collect::<Vec<_>>(), [id]);
    // To others it does not exist.
    let stranger = Organisation::new("stranger").expect("a name");
    assert_eq!(code(manager.get(&stranger, id).await), Some(Code::NotFound));
    assert_eq!(code(manager.cancel(&stranger, id).await), Some(Code::NotFound));
    assert_eq!(code(manager.result_bytes(&stranger, id, None).await), Some(Code::NotFound));
    assert_eq!(code(manager.logs(&stranger, id, None).await), Some(Code::NotFound));
    assert_eq!(manager.list(&stranger, everything()).await.expect("a page").jobs, []);
    manager.stop(Duration::ZERO).await.expect("stopped");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_run_is_refused_before_it_is_a_job() {
    let (manager, _store) = with_provider(limits(), |_| ()).await;
    let refusal = |submission: Submission| {
        let manager = manager.clone();
        async move {
            manager.submit(&organisation(), submission).await.map(|_| ()).map_err(|error| error.message().to_owned())
        }
    };
    let plain = submission(&manager, "noop");
    let elsewhere = ProviderName::new("elsewhere").expect("a name");
    let elsewhere = Submission::new(elsewhere, model("noop"), numbers(&manager, "noop", "[1]"));
    assert_eq!(refusal(elsewhere).await, Err("there is no provider `elsewhere`".into()));
    let unknown = Submission::new(provider(), model("unknown"), numbers(&manager, "noop", "[1]"));
    assert_eq!(refusal(unknown).await, Err("there is no model `unknown` of provider `hostile`".into()));
    let unwanted = json!({ "factor": 1 }).as_object().cloned().unwrap_or_default();
    let unwanted = with_parameters(plain.clone(), &Parameters::Object(unwanted));
    assert_eq!(refusal(unwanted).await, Err("parameters/factor: the model takes no parameters".into()));
    let greedy = LimitsAsked { fuel: Some(u64::MAX), ..LimitsAsked::default() };
    assert!(
        refusal(Submission { limits: greedy, ..plain }).await.is_err_and(|message| message.contains("/limits/fuel"))
    );
    assert_eq!(manager.list(&organisation(), everything()).await.expect("a page").jobs, []);
    manager.stop(Duration::ZERO).await.expect("stopped");
}

#[tokio::test(flavor = "multi_thread")]
async fn queued_and_running_jobs_are_cancelled_and_the_guest_stops() {
    let (manager, _store) = with_provider(limits(), |_| ()).await;
    let running = submitted(&manager, submission(&manager, "spin")).await;
    reaches(&manager, running, Status::Running).await;
    let queued = submitted(&manager, submission(&manager, "noop")).await;
    let detail = "the organisation runs 1 tasks, as many as it may at once (limit concurrent_tasks)".to_owned();
    let waiting = WaitingView { reason: Waiting::Quota, detail: Some(detail), position: Some(0) };
    loop {
        // As soon as the dispatcher has looked.
        let view = manager.get(&organisation(), queued).await.expect("the job");
        if view.waiting.as_ref() == Some(&waiting) {
            break;
        }
        assert!(view.waiting.is_some_and(|waiting| waiting.reason == Waiting::Capacity));
        tokio::task::yield_now().await;
    }
    assert_eq!(code(manager.result_bytes(&organisation(), queued, None).await), Some(Code::NotFinished));

    let answer = manager.cancel(&organisation(), queued).await.expect("cancelled");
    assert_eq!(answer.job.status, Status::Cancelled);
    assert_eq!(status(&manager, running).await, Status::Running);
    let before = Instant::now();
    assert_eq!(manager.cancel(&organisation(), running).await.expect("cancelled").job.status, Status::Cancelled);
    until("the slot is free", || manager.running().0 == 0).await;
    assert!(before.elapsed() < Duration::from_secs(10), "it took {:?}", before.elapsed());
    // Twice is harmless, and it stays as it is.
    assert_eq!(manager.cancel(&organisation(), running).await.expect("again").job.status, Status::Cancelled);
    assert_eq!(code(manager.result_bytes(&organisation(), running, None).await), Some(Code::NoResult));

    let done = submitted(&manager, submission(&manager, "noop")).await;
    ended(&manager, done).await;
    assert_eq!(code(manager.cancel(&organisation(), done).await), Some(Code::AlreadyFinished));
    manager.stop(Duration::ZERO).await.expect("stopped");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_fails_says_why() {
    let (manager, _store) = with_provider(limits(), |_| ()).await;
    let id = submitted(&manager, submission(&manager, "panic")).await;
    let job = ended(&manager, id).await;
    assert_eq!(job.status, Status::Failed);
    let errors = manager.errors(&organisation(), id, None).await.expect("errors");
    let [error] = errors.as_slice() else { return assert_eq!(errors.len(), 1) };
    assert_eq!((error.task.as_str(), error.attempt.0, error.failure.code), ("main", 1, Code::Trap));
    assert!(error.failure.stderr.contains("this model panics on purpose"), "{:?}", error.failure);
    assert_eq!(code(manager.result_bytes(&organisation(), id, None).await), Some(Code::NoResult));
    let small = LimitsAsked { fuel: Some(50_000_000), ..LimitsAsked::default() };
    let id = submitted(&manager, Submission { limits: small, ..submission(&manager, "spin") }).await;
    let job = ended(&manager, id).await;
    assert_eq!(job.error().map(|failure| failure.code), Some(Code::OutOfFuel));
    manager.stop(Duration::ZERO).await.expect("stopped");
}

#[tokio::test(flavor = "multi_thread")]
async fn progress_and_log_are_seen_while_it_runs_and_kept_afterwards() {
    let (manager, _store) = with_provider(limits(), |_| ()).await;
    let id = submitted(&manager, slow(&manager, 1_500)).await;
    tells_progress(&manager, id).await;
    ended(&manager, id).await;
    let progress = manager.get(&organisation(), id).await.expect("the job").progress.expect("progress");
    assert_eq!((progress.fraction.to_string(), progress.message.as_str()), ("1".into(), "done"));

    let id = submitted(&manager, submission(&manager, "log-flood")).await;
    ended(&manager, id).await;
    let log = manager.logs(&organisation(), id, None).await.expect("a log");
    assert!(log.complete);
    let lines: Vec<serde_json::Value> = log
        .lines
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty())
        .map(|line| serde_json::from_slice(line).expect("JSON"))
        .collect();
    assert_eq!(lines.first().and_then(|line| line.get("level")), Some(&json!("info")));
    let last = lines.last().and_then(|line| line.get("message")?.as_str()).unwrap_or_default();
    assert!(last.contains("further lines were not kept"), "{last}");
    manager.stop(Duration::ZERO).await.expect("stopped");
}

#[tokio::test(flavor = "multi_thread")]
async fn result_files_are_kept_and_read_in_parts() {
    let (manager, _store) = with_provider(Limits { result_files: 3, ..limits() }, |_| ()).await;
    let id = submitted(&manager, submission(&manager, "many-files")).await;
    assert_eq!(ended(&manager, id).await.status, Status::Completed);
    let files = manager.files(&organisation(), id, None).await.expect("files");
    let names: Vec<_> = files.iter().map(|(_, file)| file.name.as_str()).collect();
    assert_eq!(names, ["file-0", "file-1", "file-2"]);
    let name = "file-1".parse().expect("a name");
    let file = manager.file(&organisation(), id, None, &name).await.expect("the file");
    assert_eq!((file.media_type.as_str(), file.content.bytes), ("text/plain", 7));
    for (range, expected) in [(0..7, "content"), (3..5, "te"), (5..100, "nt"), (7..9, "")] {
        let bytes = manager.file_bytes(&organisation(), id, &file, range).await.expect("bytes");
        assert_eq!(String::from_utf8_lossy(&bytes), expected);
    }
    let other = "other".parse().expect("a name");
    assert_eq!(code(manager.file(&organisation(), id, None, &other).await), Some(Code::NotFound));
    manager.stop(Duration::ZERO).await.expect("stopped");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_puts_running_jobs_back_and_a_start_takes_them_up() {
    let (manager, store) = with_provider(limits(), |_| ()).await;
    let running = submitted(&manager, slow(&manager, 1_500)).await;
    let queued = submitted(&manager, submission(&manager, "noop")).await;
    tells_progress(&manager, running).await;
    manager.stop(Duration::ZERO).await.expect("stopped");
    assert_eq!(code(manager.submit(&organisation(), submission(&manager, "noop")).await), Some(Code::Busy));
    drop(manager);
    let manager = started(&store, limits(), |_| ()).await;
    let job = ended(&manager, running).await;
    let task = job.tasks.first().expect("a task");
    assert_eq!((job.status, task.attempt.0, task.failures, task.crashes), (Status::Completed, 2, 0, 0));
    assert_eq!(ended(&manager, queued).await.status, Status::Completed);
    // Given time, what runs ends by itself.
    let last = submitted(&manager, slow(&manager, 1_500)).await;
    tells_progress(&manager, last).await;
    manager.stop(PATIENCE).await.expect("stopped");
    drop(manager);
    let manager = started(&store, limits(), |_| ()).await;
    let job = manager.get(&organisation(), last).await.expect("the job").job;
    assert_eq!((job.status, job.tasks.first().map(|task| task.attempt.0)), (Status::Completed, Some(1)));
    manager.stop(Duration::ZERO).await.expect("stopped");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_submission_is_one_job_and_a_full_queue_takes_no_more() {
    let (manager, _store) = with_provider(Limits { queued_jobs: 2, ..limits() }, |_| ()).await;
    let running = submitted(&manager, submission(&manager, "spin")).await;
    reaches(&manager, running, Status::Running).await;
    let keyed = |body: &[u8]| {
        let idempotency = Some(Idempotency { key: "once".to_owned(), request: Digest::of(body) });
        Submission { idempotency, ..submission(&manager, "noop") }
    };
    let first = manager.submit(&organisation(), keyed(b"body")).await.expect("submitted");
    let again = manager.submit(&organisation(), keyed(b"body")).await.expect("replayed");
    assert_eq!((first.replayed, again.replayed, first.job.job.id), (false, true, again.job.job.id));
    assert_eq!(code(manager.submit(&organisation(), keyed(b"other")).await), Some(Code::IdempotencyMismatch));
    let unknown = Submission::new(provider(), model("unknown"), numbers(&manager, "noop", "[1]"));
    let three = vec![submission(&manager, "noop"), unknown, submission(&manager, "noop")];
    let answers = manager.submit_all(&organisation(), three).await;
    assert_eq!(answers.last().and_then(|last| last.as_ref().err()).map(JobsError::over_quota), Some(true));
    let codes: Vec<_> = answers.into_iter().map(code).collect();
    assert_eq!(codes, [None, Some(Code::NotFound), Some(Code::Busy)]);
    manager.stop(Duration::ZERO).await.expect("stopped");
}
