//! Jobs of several tasks, some of which take the results of others: what may start when, and how long their bytes are kept.

use std::collections::BTreeMap;

use analyte_core::codes::Code;
use analyte_core::failure::Failure;
use analyte_core::job::transition::{Effect, Event};
use analyte_core::job::{Input, Pin, Status};
use analyte_core::names::RunKey;

use super::*;
use crate::{Age, Before, Outcome};

/// Two tasks without parents, one that takes the result of the first, and one that waits for all others.
async fn submitted(store: &SledStore) -> JobId {
    let (job, contents) = job_with("default", 1, NOW, &[&[], &[0], &[], &[0, 1, 2]], LARGE).unwrap();
    let inputs: Vec<_> = job.tasks.iter().map(|task| task.input.given().is_some()).collect();
    assert_eq!(inputs, [true, false, true, false]);
    let contents = contents.into_iter().map(NewContent::Bytes).collect();
    submit(store, NewJob { job, contents, idempotency: None, queue_cap: u64::MAX }).await
}

/// What may start now, started.
async fn claimed(store: &SledStore) -> Vec<RunKey> {
    store.claim("node", room(9), NOW, NOW).await.unwrap().claimed.into_iter().map(|claimed| claimed.run).collect()
}

fn names(runs: &[RunKey]) -> Vec<&str> {
    runs.iter().map(|run| run.key.task.as_str()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_starts_when_its_parents_have_completed_and_reads_what_they_gave() {
    let directory = TempDir::new().unwrap();
    let store = open(directory.path());
    let id = submitted(&store).await;
    let first = claimed(&store).await;
    assert_eq!(names(&first), ["task-0", "task-2"]);
    assert_eq!(claimed(&store).await, []);
    store.finish(vec![result_of(&first[0], bytes_of("first", LARGE))], NOW).await.unwrap();
    // The parent's end is all that it waited for, also where the store is opened in between.
    drop(store);
    let store = open(directory.path());
    let second = claimed(&store).await;
    assert_eq!(names(&second), ["task-1"]);
    let job = store.job(&default(), id).await.unwrap().unwrap();
    let contents = job.input_of(&job.tasks[1]).unwrap();
    assert_eq!(contents, [&content_of(&bytes_of("first", LARGE))]);
    assert_eq!(store.content(&default(), id, contents[0]).await.unwrap(), bytes_of("first", LARGE));
    assert_eq!(job.input_of(&job.tasks[3]), None);

    store.finish(vec![result_of(&second[0], bytes_of("second", LARGE))], NOW).await.unwrap();
    assert_eq!(claimed(&store).await, []);
    store.finish(vec![result_of(&first[1], bytes_of("third", 10))], NOW).await.unwrap();
    let last = claimed(&store).await;
    assert_eq!(names(&last), ["task-3"]);
    let changed = store.finish(vec![result_of(&last[0], bytes_of("last", 10))], NOW).await.unwrap().remove(0).unwrap();
    assert_eq!((changed.job.status, changed.effects), (Status::Completed, vec![Effect::Ended(Status::Completed)]));
    let parents = changed.job.tasks[3].parents.clone();
    assert_eq!(changed.job.tasks[3].input, Input::Results { of: parents });

    // Two inputs and two results of the parents are blobs, kept until the job is old.
    blobs_become(directory.path(), 4).await;
    let before = |at| Before { completed: at, failed: at, cancelled: at };
    let age = |at| Age { usual: before(at), organisations: BTreeMap::new(), providers: BTreeMap::new() };
    assert_eq!(store.retire(age(NOW), 9).await.unwrap(), 0);
    assert_eq!(files(directory.path().join("blobs")), 4);
    assert_eq!(store.retire(age(NOW.plus_ms(1)), 9).await.unwrap(), 1);
    blobs_become(directory.path(), 0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_for_a_task_that_failed_never_starts() {
    let directory = TempDir::new().unwrap();
    let store = open(directory.path());
    let id = submitted(&store).await;
    let first = claimed(&store).await;
    let mut failed = result_of(&first[0], Bytes::new());
    failed.outcome = Outcome::Failed { failure: Failure::new(Code::Trap, "it crashed"), jitter: 0.5 };
    store.finish(vec![failed], NOW).await.unwrap();
    assert_eq!(claimed(&store).await, []);
    let job = store.job(&default(), id).await.unwrap().unwrap();
    let states: Vec<_> = job.tasks.iter().map(|task| task.status).collect();
    assert_eq!(states, [Status::Failed, Status::Cancelled, Status::Running, Status::Cancelled]);
    assert_eq!(job.status, Status::Running);
    store.finish(vec![result_of(&first[1], bytes_of("third", 10))], NOW).await.unwrap();
    let job = store.job(&default(), id).await.unwrap().unwrap();
    assert_eq!((job.status, job.finished_at), (Status::Failed, Some(NOW)));
    assert_eq!(store.counts(&default()).await.unwrap(), Counts { failed: 1, ..Counts::default() });
}

fn steps_in(directory: &TempDir) -> Vec<Vec<u8>> {
    database(directory.path()).scan_prefix(b"n").keys().map(|key| key.unwrap().to_vec()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_is_read_from_its_steps() {
    let directory = TempDir::new().unwrap();
    let store = open(directory.path());
    let id = submitted(&store).await;
    let first = claimed(&store).await;
    store.finish(vec![result_of(&first[0], bytes_of("first", 10))], NOW).await.unwrap();
    claimed(&store).await;
    let before = store.job(&default(), id).await.unwrap().unwrap();
    drop(store);
    assert_eq!(steps_in(&directory).len(), 4);
    let store = open(directory.path());
    assert_eq!(store.job(&default(), id).await.unwrap().unwrap(), before);
    // A small result lies beside the record, which was not written since.
    let result = before.tasks[0].result.as_ref().unwrap();
    assert_eq!(store.content(&default(), id, result).await.unwrap(), bytes_of("first", 10));

    // Now and then it is written whole, so that there are never many steps.
    for _ in 0..40 {
        let job = store.job(&default(), id).await.unwrap().unwrap();
        let pin = |task: &analyte_core::job::Task| Pin { digest: task.digest, model_file: None, grants: Vec::new() };
        let event = Event::Retry { pins: job.tasks.iter().map(pin).collect() };
        store.apply(&default(), id, event, NOW).await.unwrap().unwrap().unwrap();
        claimed(&store).await;
    }
    let before = store.job(&default(), id).await.unwrap().unwrap();
    drop(store);
    assert!(steps_in(&directory).len() <= 16, "{} steps", steps_in(&directory).len());
    let store = open(directory.path());
    assert_eq!(store.job(&default(), id).await.unwrap().unwrap(), before);
    let cancel = Event::Cancel { reason: "no longer needed".to_owned() };
    store.apply(&default(), id, cancel, NOW).await.unwrap().unwrap().unwrap();
    assert_eq!(store.purge(&default(), id).await.unwrap(), Some(true));
    drop(store);
    assert_eq!(steps_in(&directory), Vec::<Vec<u8>>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_step_loses_what_came_after_it() {
    let directory = TempDir::new().unwrap();
    let store = open(directory.path());
    let id = submitted(&store).await;
    let first = claimed(&store).await;
    store.finish(vec![result_of(&first[0], bytes_of("first", 10))], NOW).await.unwrap();
    let before = store.job(&default(), id).await.unwrap().unwrap();
    drop(store);
    // Two starts, and the end of the first.
    let steps = steps_in(&directory);
    assert_eq!(steps.len(), 3);
    let db = database(directory.path());
    let mut value = db.get(&steps[1]).unwrap().unwrap().to_vec();
    *value.last_mut().unwrap() ^= 1;
    db.insert(&*steps[1], value).unwrap();
    db.flush().unwrap();
    drop(db);
    let store = open(directory.path());
    let job = store.job(&default(), id).await.unwrap().unwrap();
    let states: Vec<_> = job.tasks.iter().map(|task| task.status).collect();
    assert_eq!(states, [Status::Running, Status::Queued, Status::Queued, Status::Queued]);
    assert_eq!((job.revision, store.health().await.unwrap().quarantined), (before.revision, 1));
    assert_eq!(store.recover("node", 5, NOW).await.unwrap(), 1);
    let again = claimed(&store).await;
    assert_eq!(names(&again), ["task-0", "task-2"]);
    assert!(again.iter().all(|run| first.iter().all(|lost| run.lease > lost.lease)));
    drop(store);
    assert_eq!(steps_in(&directory).len(), 3);
}
