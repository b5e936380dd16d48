//! The store on a real disk: damage, crashes, failing syncs, blobs and their owners, many callers at once.

mod catalogue;
mod claims;
mod damage;
mod deliveries;
mod disk;
mod files;
mod format_3;
mod format_4;
mod formats;
mod graphs;
mod growth;
mod inline_contents;
mod lists;
mod locking;
mod retiring;
mod run_events;
mod sessions;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use analyte_core::digest::Digest;
use analyte_core::names::{JobId, ModelName, Organisation, ProviderKey, ProviderName};
use analyte_core::timestamp::Timestamp;
use bytes::Bytes;
use proptest::prelude::*;
use tempfile::TempDir;

use crate::conformance::{
    End, Step, agree, bytes_of, content_of, file_of, job_with, model_of, new_job, provider_of, result_of, room, steps,
    token_of,
};
use crate::sled::format::keys;
use crate::sled::{Options, SledStore};
use crate::{
    Access, Catalogue, Contents, Counts, FileRecord, Files, Jobs, ListQuery, NewContent, NewJob, Purpose, Runs, Store,
    StoreError, Submitted, Upkeep,
};

const NOW: Timestamp = Timestamp(1_770_000_000_000);
const LARGE: usize = 100_000;

fn open(path: &Path) -> SledStore {
    SledStore::open(Options::new(path)).unwrap()
}

/// sled itself, beneath a store that was closed. The lock on its file was seen to be held for a moment longer, presumably by a
/// process that another test had just started: that is waited for.
fn database(path: &Path) -> ::sled::Db {
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        match ::sled::open(path.join("store")) {
            Err(::sled::Error::Io(error))
                if error.to_string().contains("could not acquire lock") && Instant::now() < deadline =>
            {
                std::thread::yield_now();
            }
            opened => return opened.unwrap(),
        }
    }
}

fn default() -> Organisation {
    Organisation::default_one()
}

fn job(number: u64, input_bytes: usize) -> NewJob {
    new_job("default", number, NOW, input_bytes).unwrap()
}

/// All jobs, newest first.
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
        limit: 100,
        scan: 1_000,
    }
}

/// A shared provider.
fn shared(name: &str) -> ProviderKey {
    ProviderKey::shared(ProviderName::new(name).unwrap())
}

/// A file of an organisation.
fn file(of: &str, path: &str, bytes: &Bytes) -> FileRecord {
    file_of(&Organisation::new(of).unwrap(), path, content_of(bytes), NOW)
}

async fn submit(store: &SledStore, job: NewJob) -> JobId {
    let id = job.job.id;
    assert_eq!(store.submit(vec![job], NOW).await.unwrap(), [Submitted::New]);
    id
}

fn files(directory: PathBuf) -> usize {
    let Ok(entries) = std::fs::read_dir(directory) else { return 0 };
    entries.map(Result::unwrap).map(|entry| if entry.path().is_dir() { files(entry.path()) } else { 1 }).sum()
}

/// Blobs are removed after the answer; waits for it.
async fn blobs_become(path: &Path, expected: usize) {
    let deadline = std::time::Instant::now() + Duration::from_secs(10);
    while files(path.join("blobs")) != expected {
        assert!(std::time::Instant::now() < deadline, "{} blobs, not {expected}", files(path.join("blobs")));
        tokio::task::yield_now().await;
    }
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
        let to = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &to);
        } else {
            std::fs::copy(entry.path(), to).unwrap();
        }
    }
}

fn run_on_runtime<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap().block_on(future)
}

fn agrees(steps: Vec<Step>) -> Result<(), String> {
    let directory = TempDir::new().unwrap();
    run_on_runtime(agree(steps, async || Arc::new(open(directory.path())) as Arc<dyn Store>))?;
    // sled would keep what is too long for its pages in files that it does not sync.
    assert_eq!(files(directory.path().join("store").join("blobs")), 0);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn does_what_the_plain_model_does(steps in steps(60)) {
        agrees(steps).map_err(TestCaseError::fail)?;
    }
}

/// Found by the property: the time of a task that was due already was answered as the next one.
#[test]
fn a_task_that_is_due_is_not_announced() {
    let submit = Step::Submit {
        organisation: 0,
        shape: 3,
        provider: 0,
        memory: 100,
        priority: 0,
        later: 1,
        large: false,
        key: None,
        tag: 0,
        cap: u64::MAX,
        session: None,
    };
    let claim = Step::Claim { node: 0, n: 1, memory: u64::MAX };
    let finish = Step::Finish { pick: 0, end: End::Completed, large: false, files: 0 };
    agrees(vec![submit, Step::Tick { ms: 1 }, claim.clone(), finish, claim]).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_answered_is_in_the_files() {
    let directory = TempDir::new().unwrap();
    let store = open(directory.path());
    let mut ids = Vec::new();
    for (number, size) in [(1, 10), (2, LARGE), (3, 40_000)] {
        ids.push(submit(&store, job(number, size)).await);
    }
    let claims = store.claim("node", room(2), NOW, NOW).await.unwrap();
    store.finish(vec![result_of(&claims.claimed[0].run, bytes_of("result", 10))], NOW).await.unwrap();
    // What a killed process leaves: the files as they are now, with nothing closed.
    let left = TempDir::new().unwrap();
    copy(directory.path(), left.path());
    let mut before = Vec::new();
    for id in &ids {
        before.push(store.job(&default(), *id).await.unwrap().unwrap());
    }
    let after = open(left.path());
    for (id, before) in ids.iter().zip(before) {
        let job = after.job(&default(), *id).await.unwrap().unwrap();
        assert_eq!(job, before);
        let input = job.tasks[0].input.given().unwrap();
        assert_eq!(Digest::of(&after.content(&default(), *id, input).await.unwrap()), input.digest);
    }
    assert_eq!(after.recover("node", 5, NOW).await.unwrap(), 1);
    let again = after.claim("node", room(9), NOW, NOW).await.unwrap().claimed;
    assert_eq!(again.len(), 2);
    assert!(again.iter().all(|new| claims.claimed.iter().all(|old| old.run.lease < new.run.lease)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_opening_is_refused_and_learns_who_has_it() {
    let directory = TempDir::new().unwrap();
    let store = open(directory.path());
    let refused = SledStore::open(Options::new(directory.path())).unwrap_err().to_string();
    let path = directory.path().display();
    assert_eq!(refused, format!("the data directory {path} is in use by process {}", std::process::id()));
    store.close().await.unwrap();
    assert!(matches!(store.submit(vec![job(1, 1)], NOW).await, Err(StoreError::Closed)));
    assert!(matches!(store.job(&default(), job(1, 1).job.id).await, Err(StoreError::Closed)));
    assert!(matches!(store.counts(&default()).await, Err(StoreError::Closed)));
    assert!(matches!(store.providers().await, Err(StoreError::Closed)));
    open(directory.path());
}

#[cfg(unix)]
#[test]
fn the_data_directory_is_for_its_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let parent = TempDir::new().unwrap();
    let path = parent.path().join("deep").join("data");
    let _store = open(&path);
    for directory in [path.clone(), path.join("store"), path.join("blobs")] {
        assert_eq!(std::fs::metadata(directory).unwrap().permissions().mode() & 0o777, 0o700);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_blob_goes_with_its_last_owner_and_an_orphan_when_the_store_opens() {
    let directory = TempDir::new().unwrap();
    let store = open(directory.path());
    let mut ids = Vec::new();
    for number in [2, 4] {
        let id = submit(&store, job(number, 10)).await;
        let run = store.claim("node", room(1), NOW, NOW).await.unwrap().claimed.remove(0).run;
        store.finish(vec![result_of(&run, bytes_of("the same result", LARGE))], NOW).await.unwrap();
        ids.push(id);
    }
    blobs_become(directory.path(), 1).await;
    let content = store.job(&default(), ids[1]).await.unwrap().unwrap().tasks[0].result.clone().unwrap();
    assert_eq!(store.purge(&default(), ids[0]).await.unwrap(), Some(true));
    assert_eq!(store.content(&default(), ids[1], &content).await.unwrap(), bytes_of("the same result", LARGE));

    // Written, and never named.
    let mut writer = store.content_writer(Purpose::Upload).await.unwrap();
    writer.write(bytes_of("never named", LARGE)).await.unwrap();
    let staged = writer.finish().await.unwrap();
    blobs_become(directory.path(), 2).await;
    drop(staged);
    blobs_become(directory.path(), 1).await;
    // Begun, and never finished.
    let mut writer = store.content_writer(Purpose::Upload).await.unwrap();
    writer.write(bytes_of("never finished", LARGE)).await.unwrap();
    drop(writer);
    blobs_become(directory.path(), 1).await;

    assert_eq!(store.purge(&default(), ids[1]).await.unwrap(), Some(true));
    blobs_become(directory.path(), 0).await;
    drop(store);
    let shelf = directory.path().join("blobs").join("ab");
    std::fs::create_dir_all(&shelf).unwrap();
    std::fs::write(shelf.join(format!("ab{}", "0".repeat(62))), b"left by a crash").unwrap();
    std::fs::create_dir_all(directory.path().join("blobs").join("staging")).unwrap();
    std::fs::write(directory.path().join("blobs").join("staging").join("7#1"), b"left by a crash").unwrap();
    open(directory.path());
    assert_eq!(files(directory.path().join("blobs")), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_blob_of_the_wrong_length_is_damaged() {
    let directory = TempDir::new().unwrap();
    let store = open(directory.path());
    let id = submit(&store, job(1, LARGE)).await;
    let input = store.job(&default(), id).await.unwrap().unwrap().tasks[0].input.given().unwrap().clone();
    let hex = input.digest.hex();
    let path = directory.path().join("blobs").join(&hex[..2]).join(&hex);
    std::fs::write(&path, b"short").unwrap();
    assert!(matches!(store.content(&default(), id, &input).await, Err(StoreError::Damaged { .. })));
    assert!(matches!(store.content_range(&default(), id, &input, 0..3).await, Err(StoreError::Damaged { .. })));
    std::fs::remove_file(&path).unwrap();
    assert!(matches!(store.content(&default(), id, &input).await, Err(StoreError::Missing(_))));
}

#[tokio::test(flavor = "multi_thread")]
async fn contents_of_many_jobs_come_in_order_and_one_that_is_not_there_is_none() {
    let directory = TempDir::new().unwrap();
    let store = open(directory.path());
    let (mut wanted, mut expected) = (Vec::new(), Vec::new());
    for number in 1..=300 {
        // More than are looked up at a time, some of them blobs.
        let length = if number % 100 == 0 { LARGE } else { 10 };
        let id = submit(&store, job(number, length)).await;
        let bytes = bytes_of(&format!("input {number}.0"), length);
        wanted.push((id, content_of(&bytes)));
        expected.push(Some(bytes));
    }
    wanted.push((wanted[0].0, content_of(&Bytes::from_static(b"of nobody"))));
    wanted.push((wanted[0].0, wanted[1].1.clone()));
    expected.extend([None, None]);
    assert_eq!(store.contents(&default(), wanted.clone()).await.unwrap(), expected);
    let none = vec![None; wanted.len()];
    assert_eq!(store.contents(&Organisation::new("other").unwrap(), wanted).await.unwrap(), none);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_refuses_what_is_new_and_lets_completions_through() {
    let directory = TempDir::new().unwrap();
    let store = open(directory.path());
    submit(&store, job(1, 10)).await;
    drop(store);
    let mut options = Options::new(directory.path());
    options.free_disk_bytes = u64::MAX;
    let store = SledStore::open(options).unwrap();
    assert!(matches!(store.submit(vec![job(2, 10)], NOW).await, Err(StoreError::DiskFull { .. })));
    assert!(matches!(store.content_writer(Purpose::Upload).await.err(), Some(StoreError::DiskFull { .. })));
    assert!(store.health().await.unwrap().disk_full);
    let run = store.claim("node", room(1), NOW, NOW).await.unwrap().claimed.remove(0).run;
    let finished = store.finish(vec![result_of(&run, bytes_of("result", LARGE))], NOW).await.unwrap();
    assert!(finished[0].is_some());
}

#[test]
fn many_callers_at_once_are_all_answered() {
    let directory = TempDir::new().unwrap();
    run_on_runtime(async {
        let store = Arc::new(open(directory.path()));
        let mut callers = tokio::task::JoinSet::new();
        for caller in 0..64_u64 {
            let store = Arc::clone(&store);
            callers.spawn(async move {
                for round in 0..10 {
                    let id = submit(&store, job(caller * 100 + round, 20_000)).await;
                    assert!(store.job(&default(), id).await.unwrap().is_some());
                    for claimed in store.claim("node", room(2), NOW, NOW).await.unwrap().claimed {
                        let finished = result_of(&claimed.run, bytes_of("result", 30_000));
                        assert!(store.finish(vec![finished], NOW).await.unwrap()[0].is_some());
                    }
                }
            });
        }
        let all = async {
            while let Some(caller) = callers.join_next().await {
                caller.unwrap();
            }
        };
        tokio::time::timeout(Duration::from_mins(2), all).await.unwrap();
        assert_eq!(store.counts(&default()).await.unwrap(), Counts { completed: 640, ..Counts::default() });
    });
    assert_eq!(files(directory.path().join("store").join("blobs")), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_of_any_size_is_kept() {
    let directory = TempDir::new().unwrap();
    let store = open(directory.path());
    let mut large = job(1, 10);
    for number in 0..64 {
        large.job.tags.insert(format!("{number:0128}"), "v".repeat(128));
    }
    let expected = large.job.clone();
    let id = submit(&store, large).await;
    drop(store);
    let store = open(directory.path());
    assert_eq!(*store.job(&default(), id).await.unwrap().unwrap(), expected);
    let model = ModelName::new("correlation").unwrap();
    assert_eq!(expected.tasks[0].model, model);
}
