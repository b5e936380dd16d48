//! Notifications on a real disk: what waits is found again, and one damaged outbox stops nothing.

use analyte_core::webhook::{Answered, Attempted, NoticeId, Outbox, TryMade};

use super::*;
use crate::sled::format::keys::{OUTBOX, UNDELIVERED};
use crate::{Deliveries, Due, SendRoom, Tried};

/// A job with one webhook, which was cancelled.
async fn cancelled(store: &SledStore, number: u64) -> JobId {
    let id = submit(store, job(number, 10)).await;
    let event = analyte_core::job::transition::Event::Cancel { reason: "no longer needed".to_owned() };
    store.apply(&default(), id, event, NOW).await.unwrap().unwrap().unwrap();
    id
}

async fn due(store: &SledStore) -> Due {
    let room = SendRoom { most: 9, most_of_one: 9, most_to_one: 9, horizon_ms: u64::MAX, ..SendRoom::default() };
    store.due(room, NOW).await.unwrap()
}

async fn jobs_due(store: &SledStore) -> Vec<JobId> {
    due(store).await.deliveries.iter().map(|one| one.job.id).collect()
}

fn tried(id: JobId, notice: NoticeId, answered: Answered) -> Tried {
    let made = TryMade { at: NOW, took_ms: 1, answer: Some(200), problem: None };
    Tried { organisation: default(), job: id, attempted: Attempted { id: notice, made, answered } }
}

fn count(directory: &TempDir, letter: u8) -> usize {
    database(directory.path()).scan_prefix([letter]).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_is_found_again_and_what_was_delivered_is_not() {
    let directory = TempDir::new().unwrap();
    let store = open(directory.path());
    // Of another destination each, so that they take turns in this order. The job of number 4 has no webhook.
    let (first, second) = (cancelled(&store, 1).await, cancelled(&store, 5).await);
    cancelled(&store, 4).await;
    let notices: Vec<_> = due(&store).await.deliveries.iter().map(|one| one.delivery.id).collect();
    assert_eq!(jobs_due(&store).await, [first, second]);
    assert_eq!(store.tried(vec![tried(first, notices[0], Answered::Taken)]).await.unwrap(), [true]);
    let later = Answered::Again { due: NOW.plus_ms(5) };
    assert_eq!(store.tried(vec![tried(second, notices[1], later)]).await.unwrap(), [true]);
    drop(store);
    assert_eq!((count(&directory, OUTBOX), count(&directory, UNDELIVERED)), (2, 1));
    let store = open(directory.path());
    assert_eq!(due(&store).await, Due { deliveries: Vec::new(), next: Some(NOW.plus_ms(5)) });
    assert_eq!(store.pending(&default()).await.unwrap(), 1);
    // It goes with its job.
    assert_eq!(store.purge(&default(), second).await.unwrap(), Some(true));
    assert_eq!(due(&store).await, Due::default());
    assert_eq!(store.pending(&default()).await.unwrap(), 0);
    drop(store);
    assert_eq!((count(&directory, OUTBOX), count(&directory, UNDELIVERED)), (1, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_outbox_is_put_aside_and_the_others_are_delivered() {
    let directory = TempDir::new().unwrap();
    let store = open(directory.path());
    let (first, second, third) = (cancelled(&store, 1).await, cancelled(&store, 5).await, cancelled(&store, 9).await);
    drop(store);
    let damage = |id: JobId| {
        let database = database(directory.path());
        let key = keys::outbox(&default(), id);
        let mut value = database.get(&key).unwrap().unwrap().to_vec();
        *value.last_mut().unwrap() ^= 1;
        database.insert(key, value).unwrap();
        database.flush().unwrap();
    };
    // One is found when the store opens, and one when it is read.
    damage(first);
    let store = open(directory.path());
    assert_eq!(jobs_due(&store).await, [second, third]);
    assert_eq!(store.outbox(&default(), first).await.unwrap(), Some(Outbox::default()));
    assert_eq!(store.health().await.unwrap().quarantined, 1);
    drop(store);
    damage(second);
    let store = open(directory.path());
    assert_eq!(jobs_due(&store).await, [third]);
    assert_eq!(store.health().await.unwrap().quarantined, 2);
    // The job itself is as it was.
    assert!(store.job(&default(), first).await.unwrap().is_some());
    assert_eq!(store.purge(&default(), first).await.unwrap(), Some(true));
}
