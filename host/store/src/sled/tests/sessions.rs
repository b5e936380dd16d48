//! Jobs of one session on one provider run one at a time, and hold up nobody else.

use analyte_core::failure::Failure;
use analyte_core::job::transition::{Event, Released};
use analyte_core::names::{RunKey, SessionId};

use super::*;
use crate::sled::format::keys::Class;
use crate::{Finished, Outcome};

fn of_session(number: u64, session: &str) -> NewJob {
    let mut new = job(number, 10);
    new.job.session = Some(SessionId::new(session).unwrap());
    new.job.created_by = Some("a label".to_owned());
    new
}

async fn claim(store: &SledStore, now: Timestamp) -> Vec<RunKey> {
    let claims = store.claim("node", room(99), now, now).await.unwrap();
    claims.claimed.into_iter().map(|claimed| claimed.run).collect()
}

fn jobs(runs: &[RunKey]) -> Vec<JobId> {
    runs.iter().map(|run| run.key.job).collect()
}

async fn finish(store: &SledStore, run: &RunKey) {
    assert!(store.finish(vec![result_of(run, bytes_of("result", 10))], NOW).await.unwrap()[0].is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn one_job_of_a_session_runs_at_a_time_in_order_also_after_a_restart() {
    let directory = TempDir::new().unwrap();
    let store = open(directory.path());
    let mut ids = Vec::new();
    for number in 1..=4 {
        let mut new = of_session(number, "one");
        // The last one goes before the two that wait.
        new.job.priority = if number == 4 { -1 } else { 0 };
        if number < 4 {
            ids.push(submit(&store, new).await);
        } else {
            assert_eq!(jobs(&claim(&store, NOW).await), [ids[0]]);
            ids.push(submit(&store, new).await);
        }
    }
    let alone = submit(&store, job(10, 10)).await;
    let mut elsewhere = of_session(11, "one");
    elsewhere.job.tasks[0].provider = ProviderName::new("another").unwrap();
    let elsewhere = submit(&store, elsewhere).await;
    let other_session = submit(&store, of_session(12, "two")).await;
    let mut other = new_job("other", 13, NOW, 10).unwrap();
    other.job.session = Some(SessionId::new("one").unwrap());
    let other_organisation = other.job.id;
    store.submit(vec![other], NOW).await.unwrap();
    // Those that wait are counted, in their order.
    let places = store.queue_positions(&default(), &[ids[0], ids[1], ids[2], ids[3], alone, elsewhere]).await.unwrap();
    assert_eq!(places, [None, Some(1), Some(2), Some(0), Some(3), Some(4)]);
    drop(store);

    let store = open(directory.path());
    let first = store.job(&default(), ids[0]).await.unwrap().unwrap();
    assert_eq!(
        (first.session.as_ref().map(SessionId::as_str), first.created_by.as_deref()),
        (Some("one"), Some("a label"))
    );
    let mut started = jobs(&claim(&store, NOW).await);
    started.sort();
    assert_eq!(started, [alone, elsewhere, other_session, other_organisation]);
    assert_eq!(claim(&store, NOW).await, []);
    // The process that ran the first one is gone: it runs again, and still before those that were submitted after it.
    assert_eq!(store.recover("node", 9, NOW).await.unwrap(), 5);
    let mut order = Vec::new();
    for _ in 0..4 {
        let mut runs = claim(&store, NOW).await;
        runs.retain(|run| ids.contains(&run.key.job));
        assert_eq!(runs.len(), 1);
        order.extend(jobs(&runs));
        finish(&store, &runs[0]).await;
    }
    assert_eq!(order, [ids[3], ids[0], ids[1], ids[2]]);
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_ends_a_run_lets_the_next_one_of_its_session_start() {
    let directory = TempDir::new().unwrap();
    let store = open(directory.path());
    let mut ids = Vec::new();
    for number in 1..=6 {
        ids.push(submit(&store, of_session(number, "one")).await);
    }
    let run = claim(&store, NOW).await.remove(0);
    let cancel = || Event::Cancel { reason: "no longer needed".to_owned() };
    store.apply(&default(), run.key.job, cancel(), NOW).await.unwrap().unwrap().unwrap();
    // One that waits and goes holds up no other either.
    store.apply(&default(), ids[1], cancel(), NOW).await.unwrap().unwrap().unwrap();
    let run = claim(&store, NOW).await.remove(0);
    assert_eq!(run.key.job, ids[2]);
    assert!(store.release(vec![(run, Released::Drained)], NOW).await.unwrap()[0].is_some());
    let run = claim(&store, NOW).await.remove(0);
    assert_eq!(run.key.job, ids[2]);
    // It will be tried again later: till then the others go on.
    let failure = Failure::new(analyte_core::codes::Code::HostError, "it failed");
    let failed = Finished { outcome: Outcome::Failed { failure, jitter: 0.5 }, ..result_of(&run, Bytes::new()) };
    let changed = store.finish(vec![failed], NOW).await.unwrap().remove(0).unwrap();
    let due = changed.job.tasks[0].not_before.unwrap();
    let run = claim(&store, NOW).await.remove(0);
    assert_eq!(run.key.job, ids[3]);
    assert_eq!(claim(&store, due).await, []);
    finish(&store, &run).await;
    // Its time has come, and it is the oldest.
    let run = claim(&store, due).await.remove(0);
    assert_eq!(run.key.job, ids[2]);
    drop(store);
    let store = open(directory.path());
    assert_eq!(claim(&store, due).await, []);
    finish(&store, &run).await;
    assert_eq!(jobs(&claim(&store, due).await), [ids[4]]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_waits_for_its_time_is_in_nobodys_way() {
    let directory = TempDir::new().unwrap();
    let store = open(directory.path());
    let later = NOW.plus_ms(1_000);
    let mut first = of_session(1, "one");
    first.job.run_at = Some(later);
    let first = submit(&store, first).await;
    let second = submit(&store, of_session(2, "one")).await;
    let third = submit(&store, of_session(3, "one")).await;
    let run = claim(&store, NOW).await.remove(0);
    assert_eq!(run.key.job, second);
    finish(&store, &run).await;
    assert_eq!(jobs(&claim(&store, later).await), [first]);
    assert_eq!(store.queue_positions(&default(), &[third]).await.unwrap(), [Some(0)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_job_whose_record_is_lost_does_not_hold_up_its_session() {
    let directory = TempDir::new().unwrap();
    let store = open(directory.path());
    let lost = submit(&store, of_session(1, "one")).await;
    let next = submit(&store, of_session(2, "one")).await;
    assert_eq!(jobs(&claim(&store, NOW).await), [lost]);
    drop(store);
    let db = database(directory.path());
    for key in [keys::job(&default(), Class::Live, lost), keys::starts(&default(), lost)] {
        let mut value = db.get(&key).unwrap().unwrap().to_vec();
        let middle = value.len() / 2;
        value[middle] ^= 1;
        db.insert(key, value).unwrap();
    }
    db.flush().unwrap();
    drop(db);
    let store = open(directory.path());
    assert_eq!(jobs(&claim(&store, NOW).await), [next]);
}
