//! What runs report: ids, bounds, what survives.

use analyte_core::job::event::{EventId, Happened, JobEvent, Reported, RunEvent};
use analyte_core::job::transition::Event;
use analyte_core::job::{Pin, Status};
use analyte_core::names::RunKey;

use super::*;
use crate::sled::operations::keep_run_events::KEPT_BYTES;

fn line(text: impl Into<String>) -> RunEvent {
    RunEvent { at: NOW, what: Reported::Log { level: "info".to_owned(), message: text.into() } }
}

async fn run(store: &SledStore) -> RunKey {
    store.claim("node", room(1), NOW, NOW).await.unwrap().claimed.remove(0).run
}

async fn keep(store: &SledStore, run: &RunKey, events: Vec<RunEvent>) -> bool {
    store.keep_run_events(vec![(run.clone(), events)]).await.unwrap()[0]
}

async fn kept_of(store: &SledStore, id: JobId) -> Vec<JobEvent> {
    let all = store.events(&default(), id, EventId(0), usize::MAX - 1).await.unwrap().unwrap();
    assert!(all.complete);
    all.events.into_iter().filter(|event| matches!(event.what, Happened::Reported { .. })).collect()
}

fn message(event: &JobEvent) -> &str {
    match &event.what {
        Happened::Reported { what: Reported::Log { message, .. }, .. } => message,
        _ => "not a line",
    }
}

fn rises(events: &[JobEvent]) -> bool {
    events.windows(2).all(|pair| pair[0].id < pair[1].id)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_run_reported_survives_retries_and_restarts_and_no_id_comes_twice() {
    let directory = TempDir::new().unwrap();
    let store = open(directory.path());
    let id = submit(&store, job(1, 10)).await;
    let first = run(&store).await;
    assert!(keep(&store, &first, vec![line("one"), line("two")]).await);
    drop(store);
    // The run goes on after a restart, and its lines with it.
    let store = open(directory.path());
    assert!(keep(&store, &first, vec![line("three")]).await);
    let pins = vec![Pin { digest: Digest::of(b"new"), model_file: None, grants: Vec::new() }];
    store.apply(&default(), id, Event::Retry { pins }, NOW).await.unwrap().unwrap().unwrap();
    assert!(!keep(&store, &first, vec![line("stale")]).await);
    let second = run(&store).await;
    let mut finished = result_of(&second, bytes_of("result", 10));
    finished.run_events = vec![line("four")];
    store.finish(vec![finished], NOW).await.unwrap()[0].as_ref().unwrap();
    let events = kept_of(&store, id).await;
    assert_eq!(events.iter().map(message).collect::<Vec<_>>(), ["one", "two", "three", "four"]);
    assert!(rises(&events));
    drop(store);
    assert_eq!(kept_of(&open(directory.path()), id).await, events);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_line_stands_before_the_end_and_a_watcher_goes_on_where_it_was() {
    let directory = TempDir::new().unwrap();
    let store = open(directory.path());
    let id = submit(&store, job(1, 10)).await;
    let run = run(&store).await;
    let started = store.events(&default(), id, EventId(0), 100).await.unwrap().unwrap();
    assert!(started.complete && !started.ended);
    let mut finished = result_of(&run, bytes_of("result", 10));
    finished.run_events = vec![line("last")];
    store.finish(vec![finished], NOW).await.unwrap()[0].as_ref().unwrap();
    let after = started.events.last().unwrap().id;
    let one = store.events(&default(), id, after, 1).await.unwrap().unwrap();
    assert_eq!((message(&one.events[0]), one.complete, one.ended), ("last", false, true));
    let rest = store.events(&default(), id, one.events[0].id, 5).await.unwrap().unwrap();
    assert!(rest.complete && rest.ended);
    assert!(matches!(&rest.events[..], [JobEvent { what: Happened::Changed { status: Status::Completed, .. }, .. }]));
    let other = Organisation::new("other").unwrap();
    assert_eq!(store.events(&other, id, EventId(0), 5).await.unwrap(), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_oldest_lines_go_when_there_are_too_many() {
    let directory = TempDir::new().unwrap();
    let store = open(directory.path());
    let id = submit(&store, job(1, 10)).await;
    let run = run(&store).await;
    for number in 0..30 {
        assert!(keep(&store, &run, vec![line(format!("{number:02} {}", "x".repeat(60_000)))]).await);
    }
    let kept = kept_of(&store, id).await;
    let bytes: usize = kept.iter().map(|event| message(event).len()).sum();
    assert!(bytes <= KEPT_BYTES && bytes > KEPT_BYTES - 70_000, "{bytes}");
    assert!(message(kept.last().unwrap()).starts_with("29 "));
    assert!(rises(&kept));
    // More than everything that is kept is not kept.
    assert!(keep(&store, &run, vec![line("y".repeat(2 * KEPT_BYTES))]).await);
    assert_eq!(kept_of(&store, id).await, kept);
    // What is known of the blocks after a restart is the same.
    drop(store);
    let store = open(directory.path());
    assert!(keep(&store, &run, vec![line("z".repeat(60_000))]).await);
    let later = kept_of(&store, id).await;
    assert_eq!(later[..later.len() - 1], kept[1..]);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_was_reported_is_left_behind_by_a_purge() {
    let directory = TempDir::new().unwrap();
    let store = Arc::new(open(directory.path()));
    let id = submit(&store, job(1, 10)).await;
    let first = run(&store).await;
    assert!(keep(&store, &first, vec![line("x".repeat(20_000))]).await);
    let mut finished = result_of(&first, bytes_of("result", 10));
    finished.run_events = vec![line("y".repeat(20_000))];
    // Both at once, so that they come into one batch now and then.
    let (one, other) = (Arc::clone(&store), Arc::clone(&store));
    let finish = tokio::spawn(async move { one.finish(vec![finished], NOW).await.unwrap()[0].is_some() });
    let purge = tokio::spawn(async move {
        while other.purge(&default(), id).await.unwrap() != Some(true) {
            tokio::task::yield_now().await;
        }
    });
    assert!(finish.await.unwrap());
    purge.await.unwrap();
    assert_eq!(store.events(&default(), id, EventId(0), 9).await.unwrap(), None);
    drop(store);
    let db = database(directory.path());
    let left = |letter: u8| db.scan_prefix([letter]).map(|entry| entry.unwrap().0.to_vec()).collect::<Vec<_>>();
    assert_eq!((left(b'v'), left(b'x'), left(b'c'), left(b'j')), (vec![], vec![], vec![], vec![]));
}
