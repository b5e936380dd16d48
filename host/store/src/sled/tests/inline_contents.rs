//! Small contents lie within their job's record, wherever that goes.

use analyte_core::document::Document;
use analyte_core::job::{Content, Job};

use super::*;
use crate::sled::format::keys::Class;

fn contents(job: &Job) -> impl Iterator<Item = &Content> {
    let task = &job.tasks[0];
    [task.input.given(), Some(&task.parameters), task.result.as_ref()].into_iter().flatten()
}

/// How many of a job's contents are as they were given, and how many are damaged.
async fn whole_and_damaged(store: &SledStore, id: JobId) -> (usize, usize) {
    let job = store.job(&default(), id).await.unwrap().unwrap();
    let (mut whole, mut damaged) = (0, 0);
    for content in contents(&job) {
        match store.content(&default(), id, content).await {
            Ok(bytes) => whole += usize::from(content_of(&bytes) == *content),
            Err(error) => damaged += usize::from(matches!(error, StoreError::Damaged { .. })),
        }
    }
    (whole, damaged)
}

async fn finish_next(store: &SledStore, result: Bytes) -> JobId {
    let run = store.claim("node", room(1), NOW, NOW).await.unwrap().claimed.remove(0).run;
    store.finish(vec![result_of(&run, result)], NOW).await.unwrap()[0].as_ref().unwrap();
    run.key.job
}

/// How many entries there are of each kind that a job may have.
fn entries(directory: &TempDir) -> Vec<(&'static str, usize)> {
    let db = database(directory.path());
    let all = ["a", "j", "s", "p", "c", "x", "b"].map(|letter| (letter, db.scan_prefix(letter).count()));
    all.into_iter().filter(|(_, count)| *count > 0).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_waits_is_two_entries_and_one_that_ended_three() {
    let directory = TempDir::new().unwrap();
    let store = open(directory.path());
    let id = submit(&store, job(1, 10)).await;
    drop(store);
    assert_eq!(entries(&directory), [("a", 1), ("p", 1)]);
    let store = open(directory.path());
    assert_eq!(whole_and_damaged(&store, id).await, (2, 0));
    assert_eq!(finish_next(&store, bytes_of("result", 500)).await, id);
    drop(store);
    assert_eq!(entries(&directory), [("j", 1), ("s", 1), ("p", 1)]);
    let store = open(directory.path());
    assert_eq!(whole_and_damaged(&store, id).await, (3, 0));
    assert_eq!(store.purge(&default(), id).await.unwrap(), Some(true));
    drop(store);
    assert_eq!(entries(&directory), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_longer_fits_into_a_record_that_grew_is_kept_beside_it() {
    let directory = TempDir::new().unwrap();
    let store = open(directory.path());
    let mut new = job(1, 700);
    new.job.custom_data = Document::of(&"x".repeat(2_000).into()).ok();
    let id = submit(&store, new).await;
    drop(store);
    assert_eq!(entries(&directory), [("a", 1), ("p", 1)]);
    let store = open(directory.path());
    finish_next(&store, bytes_of("result", 700)).await;
    assert_eq!(whole_and_damaged(&store, id).await, (3, 0));
    drop(store);
    assert_eq!(entries(&directory), [("j", 1), ("s", 1), ("p", 1), ("c", 1)]);
    let store = open(directory.path());
    assert_eq!(whole_and_damaged(&store, id).await, (3, 0));
    assert_eq!(store.purge(&default(), id).await.unwrap(), Some(true));
    drop(store);
    assert_eq!(entries(&directory), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_is_damaged_harms_nothing_else() {
    let directory = TempDir::new().unwrap();
    let store = open(directory.path());
    let ended = submit(&store, job(1, 10)).await;
    finish_next(&store, bytes_of("result", 10)).await;
    let queued = submit(&store, job(2, 10)).await;
    drop(store);
    let db = database(directory.path());
    for (id, class) in [(queued, Class::Live), (ended, Class::Completed)] {
        let key = keys::job(&default(), class, id);
        let mut value = db.get(&key).unwrap().unwrap().to_vec();
        *value.last_mut().unwrap() ^= 1;
        db.insert(key, value).unwrap();
    }
    db.flush().unwrap();
    drop(db);
    let store = open(directory.path());
    assert_eq!(whole_and_damaged(&store, ended).await, (2, 1));
    assert_eq!(whole_and_damaged(&store, queued).await, (1, 1));
    // It goes on, what was whole stays so, and what was damaged is never taken for whole.
    assert_eq!(finish_next(&store, bytes_of("result", 10)).await, queued);
    assert_eq!(whole_and_damaged(&store, queued).await, (2, 1));
    assert_eq!(store.purge(&default(), ended).await.unwrap(), Some(true));
    assert_eq!(store.health().await.unwrap().quarantined, 0);
}
