//! Claims: what is given ahead, and what becomes of a start that never was durable.

use std::collections::HashSet;

use analyte_core::job::Status;
use analyte_core::names::SessionId;
use rustix::io::Errno;

use super::disk::broken_store;
use super::*;
use crate::Room;
use crate::sled::faults::Point;

async fn numbers(store: &SledStore, room: Room, ids: &[JobId]) -> (Vec<usize>, bool) {
    let claims = store.claim("node", room, NOW, NOW).await.unwrap();
    let number = |id: JobId| ids.iter().position(|known| *known == id).unwrap();
    (claims.claimed.iter().map(|claimed| number(claimed.job.id)).collect(), claims.lacks_memory)
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
    let room = |tasks, ahead, memory_bytes| Room {
        ahead,
        quick: Arc::new(HashSet::from([quick])),
        memory_bytes,
        whole_bytes: 1_000,
        ..Room::of(tasks)
    };
    // Ahead goes no further than to what is not quick, to what would not fit, to what belongs to a session, or than asked.
    assert_eq!(numbers(&store, room(1, 9, 200), &ids).await, (vec![0, 1, 2], false));
    assert_eq!(numbers(&store, room(1, 9, 500), &ids).await, (vec![3, 4], false));
    // Whose turn it is lacks memory; whoever would come ahead does not.
    assert_eq!(numbers(&store, room(1, 9, 500), &ids).await, (vec![], true));
    assert_eq!(numbers(&store, room(1, 9, 1_000), &ids).await, (vec![5, 6], false));
    assert_eq!(numbers(&store, room(1, 0, 1_000), &ids).await, (vec![7], false));
    assert_eq!(numbers(&store, room(0, 1, 1_000), &ids).await, (vec![8], false));
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
