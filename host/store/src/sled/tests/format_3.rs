//! A store of format 3, where live jobs lay among the others and every content had an entry of its own.

use analyte_core::job::Status;
use serde_json::Value;

use super::formats::{has_all_said, unpacked};
use super::*;
use crate::sled::format::keys::Class;
use crate::sled::open::migrate::FORMAT;

fn said(directory: &TempDir) -> Value {
    serde_json::from_slice(&std::fs::read(directory.path().join("said.json")).unwrap()).unwrap()
}

fn db(directory: &TempDir) -> ::sled::Db {
    database(directory.path())
}

fn other() -> Organisation {
    Organisation::new("other").unwrap()
}

async fn all(store: &SledStore, of: &Organisation) -> Vec<Arc<analyte_core::job::Job>> {
    store.jobs(of, ListQuery { oldest_first: true, ..everything() }).await.unwrap().jobs
}

/// The live jobs' entries of the index by class, as format 3 had them.
fn old_entries(db: &::sled::Db) -> Vec<Vec<u8>> {
    let keys = db.scan_prefix(b"s").keys().map(|key| key.unwrap().to_vec());
    keys.filter(|key| keys::of_state(key).is_some_and(|(_, class)| class == Class::Live)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_taken_over_with_everything_in_it() {
    let directory = unpacked(3);
    let before = db(&directory);
    assert_eq!(before.get(keys::FORMAT).unwrap().unwrap(), 3_u32.to_be_bytes());
    assert_eq!(old_entries(&before).len(), 8);
    drop(before);
    for _ in 0..2 {
        has_all_said(&open(directory.path()), &said(&directory)).await;
    }
    let after = db(&directory);
    assert_eq!(after.get(keys::FORMAT).unwrap().unwrap(), FORMAT.to_be_bytes());
    assert_eq!((old_entries(&after).len(), after.scan_prefix(b"a").count()), (0, 8));
    assert_eq!(after.scan_prefix(b"j").count(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn its_jobs_run_end_and_go_with_all_that_is_theirs() {
    let directory = unpacked(3);
    let store = open(directory.path());
    assert_eq!(store.counts(&default()).await.unwrap().running, 1);
    assert_eq!(store.recover("node", 5, NOW).await.unwrap(), 1);
    let later = NOW.plus_ms(3_600_000);
    let claimed = store.claim("node", room(99), later, later).await.unwrap().claimed;
    assert_eq!(claimed.len(), 8);
    let results = claimed.iter().map(|claimed| result_of(&claimed.run, bytes_of("result", 10)));
    let finished = store.finish(results.collect(), later).await.unwrap();
    assert!(finished.iter().all(Option::is_some));
    drop(store);
    let store = open(directory.path());
    for of in [default(), other()] {
        for job in all(&store, &of).await {
            assert!(job.status.ended());
            let task = &job.tasks[0];
            for content in [task.input.given(), Some(&task.parameters), task.result.as_ref()].into_iter().flatten() {
                assert_eq!(content_of(&store.content(&of, job.id, content).await.unwrap()), *content, "{}", job.id);
            }
            assert_eq!(store.purge(&of, job.id).await.unwrap(), Some(true));
        }
    }
    // The component and the large file.
    blobs_become(directory.path(), 2).await;
    assert_eq!(store.health().await.unwrap().quarantined, 0);
    drop(store);
    let db = db(&directory);
    // Neither records nor indexes, contents, pieces, starts, what was reported or keys of idempotency are left behind.
    for letter in ["a", "j", "s", "p", "t", "c", "x", "l", "v", "k", "y"] {
        assert_eq!(db.scan_prefix(letter).count(), 0, "{letter}");
    }
}

#[test]
fn a_migration_that_was_cut_short_is_taken_up_again() {
    let directory = unpacked(3);
    let store = db(&directory);
    let entries = old_entries(&store);
    // It is said that it has begun, and a portion is brought over as one batch: some of the jobs are, and the rest is not.
    store.insert(keys::FORMAT, &FORMAT.to_be_bytes()).unwrap();
    store.insert(keys::MIGRATING, &3_u32.to_be_bytes()).unwrap();
    for entry in &entries[..3] {
        let ((of, id), _) = keys::of_state(entry).unwrap();
        let record = store.remove(keys::job(&of, Class::Completed, id)).unwrap().unwrap();
        store.insert(keys::job(&of, Class::Live, id), record).unwrap();
        store.remove(entry).unwrap();
    }
    store.flush().unwrap();
    drop(store);
    let said = said(&directory);
    run_on_runtime(async { has_all_said(&open(directory.path()), &said).await });
    let store = db(&directory);
    assert_eq!((old_entries(&store).len(), store.scan_prefix(b"a").count()), (0, 8));
    assert_eq!(store.get(keys::FORMAT).unwrap().unwrap(), FORMAT.to_be_bytes());
    assert_eq!(store.get(keys::MIGRATING).unwrap(), None);
}

/// Else a version that knows format 3 would take a store for its own in which it does not find all.
#[test]
fn that_a_migration_has_begun_is_said_before_anything_is_moved() {
    let directory = unpacked(3);
    let store = db(&directory);
    let seen = std::cell::RefCell::new(Vec::new());
    let sync = || {
        let number =
            |key: &[u8]| store.get(key).unwrap().map(|number| u32::from_be_bytes(number[..].try_into().unwrap()));
        let moved = store.scan_prefix(b"a").count();
        seen.borrow_mut().push((number(keys::FORMAT), number(keys::MIGRATING), moved));
        Ok(())
    };
    crate::sled::open::migrate::migrate(&store, sync).unwrap();
    assert_eq!(seen.take(), [(Some(FORMAT), Some(3), 0), (Some(FORMAT), Some(3), 8), (Some(FORMAT), None, 8)]);
}

#[test]
fn a_job_that_has_ended_is_not_taken_for_live() {
    let directory = unpacked(3);
    let store = db(&directory);
    let ((of, id), _) = old_entries(&store).iter().find_map(|entry| keys::of_state(entry)).unwrap();
    let ended = store.scan_prefix(b"s").keys().map(|key| key.unwrap().to_vec());
    let ended = ended
        .filter_map(|key| keys::of_state(&key))
        .find(|((other, _), class)| *class == Class::Completed && *other == of);
    let ((_, ended), _) = ended.unwrap();
    // An entry that is wrong.
    store.insert(keys::with_id(keys::old_states(&of, Class::Live), ended), &[]).unwrap();
    store.flush().unwrap();
    drop(store);
    let store = open(directory.path());
    run_on_runtime(async {
        assert_eq!(store.job(&of, ended).await.unwrap().unwrap().status, Status::Completed);
        assert_eq!(store.job(&of, id).await.unwrap().unwrap().id, id);
    });
    drop(store);
    assert_eq!(old_entries(&db(&directory)).len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_is_damaged_is_put_aside_and_the_rest_is_taken_over() {
    let directory = unpacked(3);
    let store = db(&directory);
    let ((of, id), _) = old_entries(&store).iter().find_map(|entry| keys::of_state(entry)).unwrap();
    let key = keys::job(&of, Class::Completed, id);
    let mut value = store.get(&key).unwrap().unwrap().to_vec();
    *value.last_mut().unwrap() ^= 1;
    store.insert(&key, value).unwrap();
    store.flush().unwrap();
    drop(store);
    for _ in 0..2 {
        let store = open(directory.path());
        assert_eq!(all(&store, &default()).await.len(), 10);
        assert_eq!(store.job(&of, id).await.unwrap(), None);
        let counts = store.counts(&default()).await.unwrap();
        assert_eq!(counts.queued + counts.running, 6);
        assert_eq!(store.health().await.unwrap().quarantined, 1);
    }
    let store = db(&directory);
    assert!(store.get(keys::quarantine(&key)).unwrap().is_some());
    assert_eq!(old_entries(&store).len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_by_state_find_its_jobs() {
    let directory = unpacked(3);
    let store = open(directory.path());
    for (status, jobs) in [(Status::Queued, 6), (Status::Running, 1), (Status::Completed, 2), (Status::Cancelled, 1)] {
        let found = store.jobs(&default(), ListQuery { status: Some(status), ..everything() }).await.unwrap().jobs;
        assert_eq!((status, found.len()), (status, jobs));
    }
}
