//! When a run is split, and what others notice of it.

use std::time::Duration;

use analyte_core::job::Status;
use analyte_core::limits::Limits;
use analyte_jobs::{Execution, NewToken, Right, Submission};
use serde_json::json;

use super::super::{ended, model, organisation, reaches, started, status, until};
use super::{Split, name, output, seen, splitting, unsplit, values};

#[tokio::test(flavor = "multi_thread")]
async fn a_run_is_split_into_as_many_parts_as_there_is_room_for() {
    let (split, whole) = (Split::new(splitting()).await, Split::new(unsplit()).await);
    for (rows, parts) in
        [(0, vec![]), (15, vec!["15"]), (16, vec!["8"]), (40, vec!["8", "16"]), (1_001, vec!["336", "329"])]
    {
        let (got, expected) = (split.execute(rows, json!({})).await, whole.execute(rows, json!({})).await);
        assert_eq!(values(output(&got)), values(output(&expected)), "{rows} rows");
        assert_eq!(
            (seen(output(&got)), seen(output(&expected)).len()),
            (parts.iter().map(ToString::to_string).collect(), parts.len().min(1))
        );
        assert_eq!(got.usage.fuel > expected.usage.fuel, parts.len() > 1 || rows == 16, "{rows} rows");
    }
    assert_eq!((split.counted(), whole.counted()), ([3, 8, 0], [0, 0, 0]));
    // A stored job likewise.
    let id = split.submit(48, json!({})).await;
    let job = ended(&split.manager, id).await;
    assert_eq!(seen(&split.table(&job).await), ["16"]);
    assert_eq!(split.counted(), [4, 11, 0]);
    assert_eq!(split.manager.running(), (0, 4));
    split.no_memory_is_held().await;
    // Rows that are not said to be independent are left together.
    split.install("hostile").await;
    let echo = Execution {
        provider: name("hostile"),
        model: model("echo"),
        input: split.input("hostile", "echo", 48),
        ..split.execution(0, &json!({}))
    };
    assert!(split.executed(echo).await.outcome.is_ok());
    assert_eq!(split.counted(), [4, 11, 0]);
    split.stop().await;
    whole.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_free_is_not_used() {
    // One place is another run's, so one is left for a further part.
    let split = Split::new(Limits { concurrent_tasks: 3, ..splitting() }).await;
    let spinning = split.submit(8, json!({ "deed": "spin" })).await;
    reaches(&split.manager, spinning, Status::Running).await;
    assert_eq!(seen(output(&split.execute(48, json!({})).await)), ["24"]);
    // As many cores as parts are the most: with one more run in progress none is idle.
    let other = split.submit(8, json!({ "deed": "spin" })).await;
    reaches(&split.manager, other, Status::Running).await;
    assert_eq!(seen(output(&split.execute(48, json!({})).await)), ["48"]);
    for id in [spinning, other] {
        split.manager.cancel(&organisation(), id).await.expect("cancelled");
    }
    split.stop().await;

    // Memory for three: the run's own, one part's, and what is left for others.
    let limits =
        Limits { memory_bytes: 32 << 20, output_bytes: 16 << 20, memory_budget_bytes: 144 << 20, ..splitting() };
    let split = Split::new(limits).await;
    assert_eq!(seen(output(&split.execute(48, json!({})).await)), ["24"]);
    split.no_memory_is_held().await;
    split.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_part_that_ends_gives_its_place_and_memory_back_at_once() {
    let split = Split::new(splitting()).await;
    // Only the first of three parts works on.
    let id = split.submit(48, json!({ "deed": "spin", "at": 0 })).await;
    until("it is split", || split.counted() == [1, 3, 0]).await;
    until("two parts have ended", || split.manager.running().0 == 1).await;
    let one = split.manager.measure().await.memory_reserved;
    assert_eq!(one, split.manager.limits().memory_bytes + split.manager.limits().output_bytes);
    assert_eq!(status(&split.manager, id).await, Status::Running);
    split.manager.cancel(&organisation(), id).await.expect("cancelled");
    until("its place is free", || split.manager.running().0 == 0).await;
    split.no_memory_is_held().await;
    split.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancel_stops_all_parts() {
    let split = Split::new(splitting()).await;
    let id = split.submit(48, json!({ "deed": "spin" })).await;
    until("it is split", || split.counted() == [1, 3, 0]).await;
    split.manager.cancel(&organisation(), id).await.expect("cancelled");
    until("all places are free", || split.manager.running().0 == 0).await;
    split.no_memory_is_held().await;
    // So does a caller that goes away while it waits for a run.
    let spinning = tokio::spawn({
        let (manager, execution) = (split.manager.clone(), split.execution(48, &json!({ "deed": "spin" })));
        async move { manager.execute(&organisation(), execution).await.map(|_| ()) }
    });
    until("it is split", || split.counted() == [2, 6, 0]).await;
    spinning.abort();
    until("all places are free", || split.manager.running().0 == 0).await;
    split.no_memory_is_held().await;
    split.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_waits_for_a_part() {
    let split = Split::new(Limits { concurrent_tasks: 2, ..splitting() }).await;
    let spinning = split.submit(48, json!({ "deed": "spin" })).await;
    until("both places are taken", || split.counted() == [1, 2, 0]).await;
    assert_eq!(split.manager.running(), (2, 2));
    // A queued job, then a call: each runs beside both parts.
    let id = split.submit(48, json!({})).await;
    let job = ended(&split.manager, id).await;
    assert_eq!(seen(&split.table(&job).await), ["48"]);
    assert_eq!(seen(output(&split.execute(48, json!({})).await)), ["48"]);
    assert_eq!((status(&split.manager, spinning).await, split.counted()), (Status::Running, [1, 2, 0]));
    // The part that gave up its place runs on.
    let limits = split.manager.limits();
    let held = split.manager.measure().await.memory_reserved;
    assert_eq!(held, 2 * (limits.memory_bytes + limits.output_bytes));
    split.manager.cancel(&organisation(), spinning).await.expect("cancelled");
    until("all places are free", || split.manager.running().0 == 0).await;
    split.no_memory_is_held().await;
    split.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_of_one_organisation_are_split_within_its_share_and_wait_for_no_part() {
    // Of three places one is left to other organisations.
    let split = Split::new(Limits { concurrent_tasks: 3, ..splitting() }).await;
    let spinning = tokio::spawn({
        let (manager, execution) = (split.manager.clone(), split.execution(48, &json!({ "deed": "spin" })));
        async move { manager.execute(&organisation(), execution).await.map(|_| ()) }
    });
    until("it is split", || split.counted() == [1, 2, 0]).await;
    assert_eq!(split.manager.running().0, 2);
    assert_eq!(seen(output(&split.execute(48, json!({})).await)), ["48"]);
    assert_eq!(split.manager.running().0, 1, "the part gave up its place");
    spinning.abort();
    until("all places are free", || split.manager.running().0 == 0).await;
    split.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_of_a_stateful_session_stays_whole() {
    let split = Split::new(splitting()).await;
    let manager = &split.manager;
    let new = NewToken {
        organisation: organisation(),
        label: "a test".to_owned(),
        rights: vec![Right::JobsRead, Right::JobsWrite],
        expires_at: None,
        requests_per_second: None,
    };
    let (_, secret) = manager.create_token(new).await.expect("a token");
    let principal = manager.authenticate(secret.reveal()).expect("known");
    let (session, _) = manager.open_session(&principal).expect("a session");
    for (stateful, rows) in [(true, "48"), (false, "16")] {
        if stateful {
            manager.start_stateful(&session);
        } else {
            manager.end_stateful(&session);
        }
        let submission = Submission { session: Some(session.id().clone()), ..split.submission(48, &json!({})) };
        let id = manager.submit(&organisation(), submission).await.expect("submitted").job.job.id;
        let job = ended(manager, id).await;
        assert_eq!(seen(&split.table(&job).await), [rows], "stateful: {stateful}");
    }
    split.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_puts_a_split_job_back_like_any_other() {
    let split = Split::new(splitting()).await;
    let id = split.submit(48, json!({ "deed": "spin" })).await;
    until("it is split", || split.counted() == [1, 3, 0]).await;
    split.manager.stop(Duration::ZERO).await.expect("stopped");
    assert_eq!(split.manager.running().0, 0);
    split.no_memory_is_held().await;
    let Split { manager, store, .. } = split;
    drop(manager);
    let manager = started(&store, unsplit(), |_| ()).await;
    reaches(&manager, id, Status::Running).await;
    let job = manager.cancel(&organisation(), id).await.expect("cancelled").job;
    assert_eq!(job.tasks.first().map(|task| (task.attempt.0, task.failures, task.crashes)), Some((2, 0, 0)));
    manager.stop(Duration::ZERO).await.expect("stopped");
}
