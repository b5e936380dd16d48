//! Claims: what is given ahead, and what becomes of a start that never was durable.

use std::collections::{BTreeMap, HashSet};

use analyte_core::job::Status;
use analyte_core::names::SessionId;
use analyte_core::shares::{Shares, Use};
use rustix::io::Errno;

use super::disk::broken_store;
use super::*;
use crate::sled::disk::faults::Point;
use crate::{HeldUp, Room};

/// What was claimed, and why the next one was not.
async fn numbers(store: &SledStore, room: Room, ids: &[JobId]) -> (Vec<usize>, Option<HeldUp>) {
    let claims = store.claim("node", room, NOW, NOW).await.unwrap();
    let number = |id: JobId| ids.iter().position(|known| *known == id).unwrap();
    assert!(!claims.more);
    (claims.claimed.iter().map(|claimed| number(claimed.job.id)).collect(), claims.held_up.get(&default()).copied())
}

/// Memory of which so much is free.
fn memory(whole: u64, free: u64) -> Shares {
    let mut shares = Shares::new(whole, 0, 100);
    shares.take(&None, whole - free, Use::Transfer);
    shares
}

#[tokio::test(flavor = "multi_thread")]
async fn tasks_are_claimed_ahead_where_their_components_are_quick_and_they_would_fit() {
    let directory = TempDir::new().unwrap();
    let store = open(directory.path());
    let (quick, slow) = (Digest::of(b"quick"), Digest::of(b"slow"));
    let mut ids = Vec::new();
    for (number, digest, memory_bytes, session) in [
        (0, slow, 100, None),
        (1, quick, 100, None),
        (2, quick, 100, None),
        (3, slow, 100, None),
        (4, quick, 100, None),
        (5, quick, 900, None),
        (6, quick, 100, None),
        (7, quick, 100, Some("session")),
        (8, quick, 100, None),
    ] {
        let mut new = job(number, 10);
        new.job.tasks[0].digest = digest;
        new.job.limits.memory_bytes = memory_bytes;
        new.job.session = session.map(|session| SessionId::new(session).unwrap());
        ids.push(submit(&store, new).await);
    }
    let room = |most_of_one, ahead, free| Room {
        most_of_one,
        ahead,
        quick: Arc::new(HashSet::from([(Organisation::default_one(), quick)])),
        memory: memory(1_000, free),
        ..Room::of(100)
    };
    let tasks = Some(HeldUp::Tasks);
    // Ahead goes no further than to what is not quick, to what would not fit, to what belongs to a session, or than asked.
    assert_eq!(numbers(&store, room(1, 9, 200), &ids).await, (vec![0, 1, 2], tasks));
    assert_eq!(numbers(&store, room(1, 9, 500), &ids).await, (vec![3, 4], tasks));
    // The one whose turn it is lacks memory; those that would come ahead do not.
    assert_eq!(numbers(&store, room(1, 9, 500), &ids).await, (vec![], Some(HeldUp::Memory { bytes: 900 })));
    assert_eq!(numbers(&store, room(1, 9, 1_000), &ids).await, (vec![5, 6], tasks));
    assert_eq!(numbers(&store, room(1, 0, 1_000), &ids).await, (vec![7], tasks));
    // Nothing is claimed ahead where nothing begins.
    assert_eq!(numbers(&store, room(0, 1, 1_000), &ids).await, (vec![], tasks));
    assert_eq!(numbers(&store, room(9, 0, 1_000), &ids).await, (vec![8], None));
}

/// Submits jobs of these organisations and memory limits, in this order.
async fn of_several(store: &SledStore, jobs: &[(&str, u64)]) {
    for (number, (organisation, memory_bytes)) in (0..).zip(jobs) {
        let mut new = new_job(organisation, number, NOW, 10).unwrap();
        new.job.limits.memory_bytes = *memory_bytes;
        assert_eq!(store.submit(vec![new], NOW).await.unwrap(), [Submitted::New]);
    }
}

fn organisation(name: &str) -> Organisation {
    Organisation::new(name).unwrap()
}

async fn whose(store: &SledStore, room: Room) -> (Vec<String>, Vec<(String, HeldUp)>, bool) {
    let claims = store.claim("node", room, NOW, NOW).await.unwrap();
    let of = claims.claimed.iter().map(|claimed| claimed.run.key.organisation.to_string()).collect();
    let held_up = claims.held_up.into_iter().map(|(of, why)| (of.to_string(), why)).collect();
    (of, held_up, claims.more)
}

fn held(held_up: &[(&str, HeldUp)]) -> Vec<(String, HeldUp)> {
    held_up.iter().map(|(of, why)| ((*of).to_owned(), *why)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_organisation_that_has_all_it_may_is_passed_over() {
    let directory = TempDir::new().unwrap();
    let store = open(directory.path());
    of_several(&store, &[("a", 1), ("a", 1), ("a", 1), ("a", 1), ("b", 1), ("c", 1), ("c", 1)]).await;
    let running = |running: &[(&str, usize)]| {
        running.iter().map(|(of, count)| (organisation(of), *count)).collect::<BTreeMap<_, _>>()
    };
    // The one that has the fewest comes first.
    let room = Room { most_of_one: 3, running: running(&[("a", 2), ("b", 1)]), ..Room::of(3) };
    assert_eq!(whose(&store, room).await, (vec!["c".to_owned(), "b".to_owned(), "c".to_owned()], held(&[]), true));
    let room = Room { most_of_one: 3, running: running(&[("a", 1), ("b", 2), ("c", 2)]), ..Room::of(9) };
    let tasks = held(&[("a", HeldUp::Tasks)]);
    assert_eq!(whose(&store, room).await, (vec!["a".to_owned(), "a".to_owned()], tasks, false));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_lacks_memory_keeps_its_turn_within_its_organisation_and_others_go_on() {
    let directory = TempDir::new().unwrap();
    let store = open(directory.path());
    of_several(&store, &[("a", 400), ("a", 10), ("b", 600), ("c", 90), ("c", 90), ("d", 40)]).await;
    let room = |held: &[(&str, u64)]| {
        let mut memory = Shares::new(1_000, 50, 50);
        for (of, bytes) in held {
            memory.take(&Some(organisation(of)), *bytes, Use::Run);
        }
        Room { extra_bytes: 10, memory, ..Room::of(9) }
    };
    // `a` waits for what `e` has, and `b` for what it has itself. Meanwhile no further run of `c` takes what was promised to
    // `a`, but `d` has none and is let in.
    let expected = [
        ("a", HeldUp::Memory { bytes: 410 }),
        ("b", HeldUp::Share { bytes: 610 }),
        ("c", HeldUp::Memory { bytes: 100 }),
    ];
    let claimed = whose(&store, room(&[("b", 100), ("c", 100), ("e", 450)])).await;
    assert_eq!(claimed, (vec!["d".to_owned()], held(&expected), false));
    // More is free now: the large one begins, and the next large one is waited for.
    let expected = [
        ("a", HeldUp::Memory { bytes: 20 }),
        ("b", HeldUp::Memory { bytes: 610 }),
        ("c", HeldUp::Memory { bytes: 100 }),
    ];
    assert_eq!(whose(&store, room(&[("c", 100)])).await, (vec!["a".to_owned()], held(&expected), false));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_that_is_lost_leaves_its_task_to_be_run_once() {
    for point in [Point::Sync, Point::Apply] {
        let directory = TempDir::new().unwrap();
        let (store, faults) = broken_store(&directory);
        let id = submit(&store, job(1, 10)).await;
        // The claim itself meets the fault, or what comes after it and makes it durable.
        faults.next(Point::Sync, 1, Errno::IO);
        let mut runs = Vec::new();
        if let Ok(claims) = store.claim("node", room(1), NOW, NOW).await {
            runs.extend(claims.claimed.into_iter().map(|claimed| claimed.run));
        }
        faults.next(point, 1, Errno::IO);
        let mut accepted = 0;
        let deadline = std::time::Instant::now() + Duration::from_secs(10);
        let ended = loop {
            assert!(std::time::Instant::now() < deadline, "nothing was kept");
            for run in &runs {
                let finished = store.finish(vec![result_of(run, bytes_of("result", 10))], NOW).await;
                accepted += finished.map_or(0, |changed| changed.iter().flatten().count());
            }
            // Also where the store said that it could not keep it.
            if let Ok(Some(job)) = store.job(&default(), id).await
                && job.status.ended()
            {
                break job;
            }
            if let Ok(claims) = store.claim("node", room(1), NOW, NOW).await {
                runs.extend(claims.claimed.into_iter().map(|claimed| claimed.run));
            }
        };
        assert!(accepted <= 1);
        assert_eq!((ended.status, ended.tasks[0].result.is_some()), (Status::Completed, true));
        for run in &runs {
            assert!(store.finish(vec![result_of(run, bytes_of("other", 10))], NOW).await.unwrap()[0].is_none());
        }
        let leases: HashSet<_> = runs.iter().map(|run| run.lease).collect();
        assert_eq!(leases.len(), runs.len());
    }
}
