//! Stores of older versions are taken over; those of newer ones are left alone.

use std::process::Command;

use analyte_core::job::Status;
use analyte_core::job::event::EventId;
use serde_json::Value;

use super::*;
use crate::sled::open::migrate::FORMAT;
use crate::{ModelRecord, ProviderRecord, Removed, TokenRecord};

/// When the fixture's jobs that wait for a time of that day are due.
const LATER: Timestamp = Timestamp(1_795_376_400_000);

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures").join(name)
}

/// What a version of this format left when it was killed.
pub(super) fn unpacked(format: u32) -> TempDir {
    let directory = TempDir::new().unwrap();
    let packed = fixture(&format!("store-{format}.tar.gz"));
    let tar = Command::new("tar").arg("-xzf").arg(packed).arg("-C").arg(directory.path()).status();
    assert!(tar.unwrap().success());
    directory
}

fn text<'a>(job: &'a Value, field: &str) -> &'a str {
    job[field].as_str().unwrap()
}

async fn all(store: &SledStore) -> Vec<Arc<analyte_core::job::Job>> {
    store.jobs(&default(), everything()).await.unwrap().jobs
}

/// Everything that the version said of its jobs is so, and their bytes are there.
async fn has_all(store: &SledStore, except_due: bool) {
    let said: Value = serde_json::from_slice(&std::fs::read(fixture("store-1.json")).unwrap()).unwrap();
    let said = said["jobs"].as_array().unwrap();
    let jobs = all(store).await;
    assert_eq!(jobs.len(), 6);
    for (job, said) in jobs.iter().zip(said) {
        let id = text(said, "id");
        assert_eq!(job.id.0.to_string(), id);
        let task = &job.tasks[0];
        let tags: std::collections::BTreeMap<String, String> = serde_json::from_value(said["tags"].clone()).unwrap();
        assert_eq!(job.tags, tags, "{id}");
        if !(except_due && tags["kind"] == "due") {
            assert_eq!(job.status.as_str(), text(said, "status"), "{id}");
            assert_eq!(u64::from(task.attempt.0), said["attempt"].as_u64().unwrap(), "{id}");
        }
        assert_eq!(task.digest.to_string(), text(said, "digest"), "{id}");
        assert_eq!(task.usage.fuel, said["fuel_used"].as_u64().unwrap(), "{id}");
        assert_eq!(task.error.as_ref().map(|failure| failure.message.as_str()), said["error"]["message"].as_str());
        let contents = [task.input.given(), Some(&task.parameters), task.result.as_ref(), task.log.as_ref()];
        for content in contents.into_iter().flatten() {
            let bytes = store.content(&default(), job.id, content).await.unwrap();
            assert_eq!((Digest::of(&bytes), bytes.len() as u64), (content.digest, content.bytes), "{id}");
        }
        let component = store.component(task.digest).await.unwrap().unwrap();
        assert_eq!(Digest::of(&component), task.digest);
        let events = store.events(&default(), job.id, EventId(0), 100).await.unwrap().unwrap();
        assert!(!events.events.is_empty() && events.complete, "{id}");
    }
    let known = store.known(&default(), "once").await.unwrap().unwrap();
    assert!(jobs.contains(&known.job));
    assert_eq!(store.known(&default(), "never").await.unwrap(), None);
    assert_eq!(store.health().await.unwrap().quarantined, 0);
    assert!(!store.providers().await.unwrap().is_empty() && !store.tokens().await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_of_format_1_is_taken_over_with_everything_in_it() {
    let directory = unpacked(1);
    let store = open(directory.path());
    has_all(&store, false).await;
    drop(store);
    let store = open(directory.path());
    has_all(&store, false).await;
    let claimed = store.claim("node", room(9), LATER, LATER).await.unwrap().claimed;
    let kinds: Vec<_> = claimed.iter().map(|claimed| claimed.job.tags["kind"].as_str()).collect();
    assert_eq!(kinds, ["due"]);
    drop(store);
    let store = open(directory.path());
    has_all(&store, true).await;
    let due = store.job(&default(), claimed[0].run.key.job).await.unwrap().unwrap();
    assert_eq!(due.status, Status::Running);
    let finished = store.finish(vec![result_of(&claimed[0].run, bytes_of("result", 10))], LATER).await.unwrap();
    assert_eq!(finished[0].as_ref().unwrap().job.status, Status::Completed);
    // What it takes away, it takes away whole.
    for job in all(&store).await.iter().filter(|job| job.status.ended()) {
        assert_eq!(store.purge(&default(), job.id).await.unwrap(), Some(true));
    }
    blobs_become(directory.path(), 1).await;
}

fn records<T: serde::de::DeserializeOwned>(said: &Value, kind: &str) -> Vec<T> {
    serde_json::from_value(said[kind].clone()).unwrap()
}

/// Everything that the version of format 2 or 3 said, as it said it (`said.json` beside its files), is so.
pub(super) async fn has_all_said(store: &SledStore, said: &Value) {
    let mut jobs = Vec::new();
    for of in [default(), Organisation::new("other").unwrap()] {
        jobs.extend(store.jobs(&of, ListQuery { oldest_first: true, ..everything() }).await.unwrap().jobs);
    }
    let found: Vec<_> = jobs.iter().map(|job| serde_json::to_value(&**job).unwrap()).collect();
    assert_eq!(Value::from(found), said["jobs"]);
    let mut events = Vec::new();
    for job in &jobs {
        let of = &job.organisation;
        let task = &job.tasks[0];
        let given = [task.input.given(), Some(&task.parameters), task.result.as_ref(), task.log.as_ref()];
        for content in given.into_iter().flatten().chain(task.files.iter().map(|file| &file.content)) {
            let bytes = store.content(of, job.id, content).await.unwrap();
            assert_eq!(content_of(&bytes), *content, "{}", job.id);
        }
        for digest in [Some(task.digest), task.model_file].into_iter().flatten() {
            assert_eq!(Digest::of(&store.component(digest).await.unwrap().unwrap()), digest);
        }
        events.push(store.events(of, job.id, EventId(0), 99).await.unwrap().unwrap().events.len());
    }
    assert_eq!(events, records::<usize>(said, "events"));
    assert_eq!(store.changes_after(0, 99).await.unwrap().len(), records_count(said));
    let providers: Vec<_> = store.providers().await.unwrap().iter().map(|one| (**one).clone()).collect();
    assert_eq!(providers, records::<ProviderRecord>(said, "providers"));
    let models: Vec<_> = store.models().await.unwrap().iter().map(|one| (**one).clone()).collect();
    assert_eq!(models, records::<ModelRecord>(said, "models"));
    let tokens: Vec<_> = store.tokens().await.unwrap().iter().map(|one| (**one).clone()).collect();
    assert_eq!(tokens, records::<TokenRecord>(said, "tokens"));
    assert!(store.known(&default(), "once").await.unwrap().is_some());
    assert_eq!(store.health().await.unwrap().quarantined, 0);
}

fn records_count(said: &Value) -> usize {
    usize::try_from(said["changes"].as_u64().unwrap()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_of_format_2_is_taken_over_with_everything_in_it() {
    let directory = unpacked(2);
    let said = std::fs::read(directory.path().join("said.json")).unwrap();
    let said: Value = serde_json::from_slice(&said).unwrap();
    for _ in 0..2 {
        has_all_said(&open(directory.path()), &said).await;
    }
    let db = database(directory.path());
    assert_eq!(db.get(keys::FORMAT).unwrap().unwrap(), FORMAT.to_be_bytes());
    drop(db);
    let store = open(directory.path());
    // Its providers are those of all organisations, and their bytes go as they should.
    let scale = shared("scale");
    assert_eq!(store.unfinished(&scale, None, 99).await.unwrap().len(), 5);
    assert_eq!(store.remove_provider(&scale, false).await.unwrap(), Removed::InUse { jobs: 5 });
    assert_eq!(store.remove_provider(&shared("other"), false).await.unwrap(), Removed::Gone);
}

#[test]
fn a_migration_that_was_cut_short_is_taken_up_again() {
    let directory = unpacked(1);
    let idempotency = |db: &::sled::Db| db.scan_prefix(b"k").map(|entry| entry.unwrap()).collect::<Vec<_>>();
    let db = database(directory.path());
    assert_eq!(db.get(keys::FORMAT).unwrap().unwrap(), 1_u32.to_be_bytes());
    // Some of its records are written already, and the format is not.
    let before = idempotency(&db);
    assert_eq!(before.len(), 1);
    let references: Vec<_> = db.scan_prefix(b"b").map(|entry| entry.unwrap()).collect();
    let (key, value) = &references[0];
    db.insert(key, crate::sled::format::envelope::short(value)).unwrap();
    db.flush().unwrap();
    drop(db);
    run_on_runtime(has_all(&open(directory.path()), false));
    let db = database(directory.path());
    assert_eq!(db.get(keys::FORMAT).unwrap().unwrap(), FORMAT.to_be_bytes());
    let after: Vec<_> = db.scan_prefix(b"b").map(|entry| entry.unwrap()).collect();
    let written =
        |(key, value): &(::sled::IVec, ::sled::IVec)| (key.clone(), crate::sled::format::envelope::short(value).into());
    assert_eq!(after, references.iter().map(written).collect::<Vec<_>>());
    assert_eq!(idempotency(&db), before.iter().map(written).collect::<Vec<_>>());
}

#[test]
fn a_store_of_a_newer_version_is_refused_and_left_as_it_is() {
    let directory = TempDir::new().unwrap();
    drop(open(directory.path()));
    let write = |writer: Option<&str>| {
        let db = database(directory.path());
        db.insert(keys::FORMAT, &99_u32.to_be_bytes()).unwrap();
        match writer {
            Some(writer) => db.insert(keys::WRITER, writer).unwrap(),
            None => db.remove(keys::WRITER).unwrap(),
        };
        db.flush().unwrap();
    };
    let expected = |writer: &str| {
        format!(
            "the data directory was written by a newer version of Analyte ({writer}, in format 99); this one is {}, which \
             reads formats up to {FORMAT}: start that version, or a later one, or choose another data directory",
            env!("CARGO_PKG_VERSION")
        )
    };
    for (writer, named) in [(Some("7.1.0"), "7.1.0"), (None, "its number is not recorded")] {
        write(writer);
        for _ in 0..2 {
            let refused = SledStore::open(Options::new(directory.path())).unwrap_err();
            assert!(matches!(refused, StoreError::NewerFormat { found: 99, known: FORMAT, .. }), "{refused}");
            assert_eq!(refused.to_string(), expected(named));
        }
    }
}
