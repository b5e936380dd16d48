//! A store of format 4, where every task had a table of its own and the limits of its job.

use analyte_core::job::Status;
use serde_json::Value;

use super::formats::{has_all_said, unpacked};
use super::*;
use crate::sled::open::migrate::FORMAT;

fn said(directory: &TempDir) -> Value {
    serde_json::from_slice(&std::fs::read(directory.path().join("said.json")).unwrap()).unwrap()
}

fn format(directory: &TempDir) -> u32 {
    let db = database(directory.path());
    u32::from_be_bytes(db.get(keys::FORMAT).unwrap().unwrap()[..].try_into().unwrap())
}

async fn all(store: &SledStore) -> Vec<Arc<analyte_core::job::Job>> {
    let mut jobs = Vec::new();
    for of in [default(), Organisation::new("other").unwrap()] {
        jobs.extend(store.jobs(&of, ListQuery { oldest_first: true, ..everything() }).await.unwrap().jobs);
    }
    jobs
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_taken_over_with_everything_in_it() {
    let directory = unpacked(4);
    assert_eq!(format(&directory), 4);
    for _ in 0..2 {
        // The record of each job is as it was, to the last member.
        has_all_said(&open(directory.path()), &said(&directory)).await;
        assert_eq!(format(&directory), FORMAT);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn its_jobs_run_end_and_go_with_all_that_is_theirs() {
    let directory = unpacked(4);
    let store = open(directory.path());
    assert_eq!(store.recover("node", 5, NOW).await.unwrap(), 1);
    let later = NOW.plus_ms(3_600_000);
    let claimed = store.claim("node", room(99), later, later).await.unwrap().claimed;
    // The one that ran, those that waited, and the second task of a job whose first one had completed.
    let names: Vec<_> = claimed.iter().map(|claimed| claimed.run.key.task.as_str()).collect();
    assert_eq!((names.len(), names.iter().filter(|name| **name == "task-1").count()), (7, 1));
    let results = claimed.iter().map(|claimed| result_of(&claimed.run, bytes_of("result", 10)));
    let finished = store.finish(results.collect(), later).await.unwrap();
    assert!(finished.iter().all(|changed| changed.as_ref().unwrap().job.status == Status::Completed));
    drop(store);
    let store = open(directory.path());
    for job in all(&store).await {
        assert!(job.status.ended());
        for task in &job.tasks {
            for content in [task.input.given(), Some(&task.parameters), task.result.as_ref()].into_iter().flatten() {
                let bytes = store.content(&job.organisation, job.id, content).await.unwrap();
                assert_eq!(content_of(&bytes), *content, "{}", job.id);
            }
        }
        assert_eq!(store.purge(&job.organisation, job.id).await.unwrap(), Some(true));
    }
    // The component.
    blobs_become(directory.path(), 1).await;
    assert_eq!(store.health().await.unwrap().quarantined, 0);
}
