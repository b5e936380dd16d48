//! Disks that are full, read-only or broken: nothing acknowledged is lost, what was refused is absent or whole, and work
//! goes on when the disk does.

use std::collections::HashSet;

use analyte_core::job::Status;
use rustix::io::Errno;

use super::*;
use crate::sled::disk::faults::{Faults, Point};
use crate::{ContentWriter, FileKept, FilesRoom, Finished, Outcome, Purpose};

const FLOOR: u64 = 256 << 20;
const BALLAST: u64 = 1 << 20;

pub(super) fn broken_store(directory: &TempDir) -> (SledStore, Faults) {
    let mut options = Options::new(directory.path());
    options.free_disk_bytes = FLOOR;
    options.ballast_bytes = BALLAST;
    let faults = options.faults.clone();
    faults.say_free(2 * FLOOR);
    (SledStore::open(options).unwrap(), faults)
}

fn ballast(directory: &TempDir) -> Option<u64> {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata(directory.path().join("ballast")).ok().map(|file| file.blocks() * 512)
}

async fn failing(store: &SledStore) -> Option<String> {
    store.health().await.unwrap().failing
}

async fn claim(store: &SledStore) -> analyte_core::names::RunKey {
    store.claim("node", room(1), NOW, NOW).await.unwrap().claimed.remove(0).run
}

/// Every job that was acknowledged is there, with its bytes; one that was refused is whole if it is there.
async fn whole(store: &SledStore, acknowledged: &[JobId], refused: &[JobId]) {
    for id in acknowledged.iter().chain(refused) {
        match store.job(&default(), *id).await.unwrap() {
            Some(job) => {
                let input = job.tasks[0].input.given().unwrap();
                assert_eq!(Digest::of(&store.content(&default(), *id, input).await.unwrap()), input.digest);
            }
            None => assert!(refused.contains(id), "{id} was acknowledged, and is not there"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_fails_wherever_nothing_acknowledged_is_lost() {
    for errno in [Errno::IO, Errno::ROFS, Errno::NOSPC, Errno::DQUOT] {
        for point in Point::ALL {
            let directory = TempDir::new().unwrap();
            let (store, faults) = broken_store(&directory);
            let (mut acknowledged, mut refused) = (Vec::new(), Vec::new());
            acknowledged.push(submit(&store, job(1, LARGE)).await);
            let run = claim(&store).await;
            for round in 0..4_u64 {
                // One that opens the store anew meets the next fault.
                faults.next(Point::Sync, usize::from(matches!(point, Point::Open | Point::Probe)), errno);
                faults.next(point, 1, errno);
                for number in 0..3 {
                    let new = job(10 + round * 10 + number, if number == 0 { LARGE } else { 10 });
                    let id = new.job.id;
                    let full = matches!(errno, Errno::NOSPC | Errno::DQUOT);
                    let (kind, known) = match store.submit(vec![new], NOW).await {
                        Ok(_) => ("acknowledged", true),
                        Err(StoreError::DiskFull { .. }) => ("full", full),
                        Err(StoreError::Io { source, .. }) => {
                            ("failed", !full && source.kind() == std::io::Error::from(errno).kind())
                        }
                        Err(_) => ("something else", false),
                    };
                    assert!(known, "{point:?} {errno:?}: {kind}");
                    if kind == "acknowledged" { &mut acknowledged } else { &mut refused }.push(id);
                }
            }
            assert!(!refused.is_empty(), "{point:?} {errno:?}");
            assert_eq!(failing(&store).await, None, "{point:?} {errno:?}");
            whole(&store, &acknowledged, &refused).await;
            // What ran goes on: its lease survived.
            assert!(store.finish(vec![result_of(&run, bytes_of("result", LARGE))], NOW).await.unwrap()[0].is_some());
            drop(store);
            whole(&open(directory.path()), &acknowledged, &refused).await;
        }
    }
}

/// More is written at a time than is handed to sled at once, and any part of that fails.
#[test]
fn of_submissions_that_come_at_once_each_is_kept_whole_or_refused() {
    const CALLS: u64 = 12;
    for fails in 0..6 {
        let directory = TempDir::new().unwrap();
        let (store, faults) = broken_store(&directory);
        let store = Arc::new(store);
        let jobs = |call: u64| (0..300).map(move |number| job(call * 1_000 + number, 10));
        let acknowledged: Vec<bool> = run_on_runtime(async {
            let submit = |call| {
                let (store, jobs) = (Arc::clone(&store), jobs(call).collect());
                async move { store.submit(jobs, NOW).await.is_ok() }
            };
            let first = submit(0).await;
            // The first `fails` times that something is handed to sled, it takes it.
            faults.next_after(Point::Apply, fails, Errno::IO);
            let calls: Vec<_> = (1..CALLS).map(|call| tokio::spawn(submit(call))).collect();
            let mut acknowledged = vec![first];
            for call in calls {
                acknowledged.push(call.await.unwrap());
            }
            acknowledged
        });
        drop(store);
        let store = open(directory.path());
        run_on_runtime(async {
            for (call, acknowledged) in (0..).zip(acknowledged) {
                let mut there = 0;
                for new in jobs(call) {
                    let Some(job) = store.job(&default(), new.job.id).await.unwrap() else { continue };
                    assert!(store.content(&default(), job.id, job.tasks[0].input.given().unwrap()).await.is_ok());
                    there += 1;
                }
                assert!(there == 300 || (there == 0 && !acknowledged), "{call} after {fails}: {there}, {acknowledged}");
            }
        });
    }
}

/// A round holds a claim and more than is handed to sled at once, and any part of that fails.
#[test]
fn what_runs_after_a_failure_is_what_a_claim_has_given_out() {
    for fails in 0..6 {
        let directory = TempDir::new().unwrap();
        let (store, faults) = broken_store(&directory);
        let store = Arc::new(store);
        let jobs = |call: u64| (0..300).map(move |number| job(call * 1_000 + number, 10)).collect::<Vec<_>>();
        run_on_runtime(async {
            store.submit(jobs(0), NOW).await.unwrap();
            faults.next_after(Point::Apply, fails, Errno::IO);
            let call = |number: u64| {
                let store = Arc::clone(&store);
                async move {
                    match number % 3 {
                        0 => store.claim("node", room(20), NOW, NOW.plus_ms(60_000)).await.map(|claims| claims.claimed),
                        _ => store.submit(jobs(number), NOW).await.map(|_| Vec::new()),
                    }
                }
            };
            let calls: Vec<_> = (1..12).map(|number| tokio::spawn(call(number))).collect();
            let mut given = HashSet::new();
            for call in calls {
                given.extend(call.await.unwrap().into_iter().flatten().map(|claimed| claimed.job.id));
            }
            // Opens the store anew, if it failed at all.
            while store.submit(vec![job(99_000, 10)], NOW).await.is_err() {}
            let running = ListQuery { status: Some(Status::Running), limit: 1_000, ..everything() };
            for job in store.jobs(&default(), running).await.unwrap().jobs {
                assert!(given.contains(&job.id), "{} runs, and no caller was given it, after {fails}", job.id);
            }
        });
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn while_nothing_can_be_written_what_is_durable_is_read_and_work_goes_on_by_itself() {
    let directory = TempDir::new().unwrap();
    let (store, faults) = broken_store(&directory);
    let other = Organisation::new("other").unwrap();
    let kept = submit(&store, job(1, LARGE)).await;
    let elsewhere = submit(&store, new_job("other", 2, NOW, 10).unwrap()).await;
    let before = store.job(&default(), kept).await.unwrap().unwrap();
    assert_eq!(failing(&store).await, None);
    faults.stand(&Point::ALL, Errno::ROFS);
    let doubtful = job(3, 10);
    let doubtful_id = doubtful.job.id;
    for _ in 0..3 {
        let refused = store.submit(vec![doubtful.clone()], NOW).await;
        assert!(matches!(refused, Err(StoreError::Io { .. })), "{refused:?}");
        assert_eq!(store.job(&default(), kept).await.unwrap().unwrap(), before);
        let input = before.tasks[0].input.given().unwrap();
        assert_eq!(Digest::of(&store.content(&default(), kept, input).await.unwrap()), input.digest);
        assert!(store.job(&other, elsewhere).await.unwrap().is_some());
        assert!(store.counts(&default()).await.is_ok() && store.providers().await.is_ok());
        let why = failing(&store).await.unwrap();
        assert!(why.contains("Read-only file system"), "{why}");
    }
    faults.mend();
    faults.say_free(2 * FLOOR);
    assert_eq!(failing(&store).await, None);
    assert_eq!(store.job(&default(), doubtful_id).await.unwrap(), None);
    submit(&store, doubtful).await;
    assert!(store.job(&default(), doubtful_id).await.unwrap().is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_in_doubt_is_not_read() {
    let directory = TempDir::new().unwrap();
    let (store, faults) = broken_store(&directory);
    let other = Organisation::new("other").unwrap();
    let kept = submit(&store, job(1, 10)).await;
    let run = claim(&store).await;
    let elsewhere = submit(&store, new_job("other", 2, NOW, 10).unwrap()).await;
    faults.next(Point::Sync, 1, Errno::IO);
    faults.stand(&[Point::Probe], Errno::IO);
    let failed = store.finish(vec![result_of(&run, bytes_of("result", 10))], NOW).await;
    assert!(matches!(failed, Err(StoreError::Io { .. })), "{failed:?}");
    // Completed or still running: the store cannot know, so no caller gets an answer that says so.
    let asked = store.job(&default(), kept).await;
    assert!(matches!(asked, Err(StoreError::Io { .. })), "{asked:?}");
    assert!(store.changes_after(0, 10).await.is_err());
    assert!(store.jobs(&default(), everything()).await.is_err());
    let listed = store.jobs(&other, everything()).await.unwrap().jobs;
    assert_eq!(listed.iter().map(|job| job.id).collect::<Vec<_>>(), [elsewhere]);
    assert_eq!(store.job(&default(), job(9, 1).job.id).await.unwrap(), None);
    faults.mend();
    assert!(store.job(&default(), kept).await.unwrap().is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_whose_writing_failed_is_in_doubt_then_old_or_new_and_others_are_read_meanwhile() {
    for point in [Point::Apply, Point::Sync, Point::Blob] {
        let directory = TempDir::new().unwrap();
        let (store, faults) = broken_store(&directory);
        let most = FilesRoom { files: 2, bytes: 3 * LARGE as u64 };
        let (old, new) = (bytes_of("old", LARGE), bytes_of("new", LARGE));
        let put = async |of: &str, path: &str, bytes: &Bytes| {
            store.put_file(file(of, path, bytes), NewContent::Bytes(bytes.clone()), most).await
        };
        for of in ["default", "other"] {
            assert_eq!(put(of, "a", &old).await.unwrap(), FileKept::New);
        }
        faults.next(point, 1, Errno::IO);
        faults.stand(&[Point::Probe], Errno::IO);
        let failed = put("default", "a", &new).await;
        assert!(matches!(failed, Err(StoreError::Io { .. })), "{point:?} {failed:?}");
        // Once sled has it, nobody knows what the disk has.
        let doubtful = store.file(&default(), "system", "a").await;
        assert_eq!(doubtful.is_err(), point == Point::Sync, "{point:?} {doubtful:?}");
        let theirs = store.file_range(&file("other", "a", &old), 0..9).await.unwrap();
        assert_eq!(theirs, Some(old.slice(..9)), "{point:?}");
        faults.mend();
        faults.say_free(2 * FLOOR);
        let kept = store.file(&default(), "system", "a").await.unwrap().unwrap();
        let whole = store.file_range(&kept, 0..u64::MAX).await.unwrap().unwrap();
        assert_eq!(content_of(&whole), kept.content, "{point:?}");
        assert!(whole == old || (point == Point::Sync && whole == new), "{point:?}");
        // And it is counted as what it is.
        let has = FilesRoom { files: 1, bytes: LARGE as u64 };
        assert_eq!(put("default", "b", &bytes_of("b", 2 * LARGE + 1)).await.unwrap(), FileKept::Full(has), "{point:?}");
        assert_eq!(put("default", "b", &bytes_of("b", 2 * LARGE)).await.unwrap(), FileKept::New, "{point:?}");
        blobs_become(directory.path(), if whole == old { 2 } else { 3 }).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_takes_the_ballast_and_completions_go_on() {
    let directory = TempDir::new().unwrap();
    let (store, faults) = broken_store(&directory);
    assert!(ballast(&directory).is_some_and(|bytes| bytes >= BALLAST));
    submit(&store, job(1, 10)).await;
    submit(&store, job(2, 10)).await;
    let (one, two) = (claim(&store).await, claim(&store).await);
    faults.say_free(0);
    faults.next(Point::Sync, 1, Errno::NOSPC);
    let failed = store.finish(vec![result_of(&one, bytes_of("result", 10))], NOW).await;
    assert!(matches!(&failed, Err(StoreError::Io { source, .. }) if source.kind() == std::io::ErrorKind::StorageFull));
    assert_eq!(ballast(&directory), None);
    let again = store.finish(vec![result_of(&one, bytes_of("result", 10))], NOW).await.unwrap();
    let counts = store.counts(&default()).await.unwrap();
    // It may have been kept the first time, too; then the run is no longer current.
    assert!(counts.completed == 1 || again[0].is_some(), "{counts:?} {again:?}");
    assert!(store.finish(vec![result_of(&two, bytes_of("result", 10))], NOW).await.unwrap()[0].is_some());
    assert!(matches!(store.submit(vec![job(3, 10)], NOW).await, Err(StoreError::DiskFull { free_bytes: 0, .. })));
    let health = store.health().await.unwrap();
    assert_eq!((health.disk_full, health.failing), (true, None));
    assert_eq!(ballast(&directory), None);
    // There is room for what is kept free, and not for the ballast beside it.
    faults.say_free(FLOOR + BALLAST - 1);
    assert!(!store.health().await.unwrap().disk_full);
    assert_eq!(ballast(&directory), None);
    faults.say_free(FLOOR + BALLAST);
    store.health().await.unwrap();
    assert!(ballast(&directory).is_some_and(|bytes| bytes >= BALLAST));
    submit(&store, job(3, 10)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_result_that_finds_the_disk_full_takes_the_ballast_at_once() {
    let directory = TempDir::new().unwrap();
    let (store, faults) = broken_store(&directory);
    submit(&store, job(1, 10)).await;
    let run = claim(&store).await;
    faults.next(Point::Blob, 1, Errno::NOSPC);
    assert!(store.finish(vec![result_of(&run, bytes_of("result", LARGE))], NOW).await.unwrap()[0].is_some());
    assert_eq!(ballast(&directory), None);
    // A new job does not.
    faults.say_free(2 * FLOOR);
    store.health().await.unwrap();
    faults.next(Point::Blob, 1, Errno::NOSPC);
    let refused = store.submit(vec![job(2, LARGE)], NOW).await;
    assert!(matches!(refused, Err(StoreError::DiskFull { .. })), "{refused:?}");
    assert!(ballast(&directory).is_some());
}

/// Something that can be compared.
fn in_words(answer: Result<(), StoreError>) -> Result<(), String> {
    answer.map_err(|error| error.to_string())
}

#[tokio::test(flavor = "multi_thread")]
async fn uploads_leave_room_for_submissions_and_results_use_half_of_what_is_kept_free() {
    const MIB: usize = 1 << 20;
    let directory = TempDir::new().unwrap();
    let (store, faults) = broken_store(&directory);
    let begin = async |purpose, free| {
        faults.say_free(free);
        store.content_writer(purpose).await
    };
    let goes_on = async |writer: &mut Box<dyn ContentWriter>, free| {
        faults.say_free(free);
        in_words(writer.write(bytes_of("a piece", MIB + 1)).await)
    };
    for (purpose, floor) in [(Purpose::Upload, 2 * FLOOR), (Purpose::Outcome, FLOOR / 2)] {
        let full = Err(StoreError::DiskFull { free_bytes: floor - 1, floor_bytes: floor }.to_string());
        let refused = begin(purpose, floor - 1).await.map(drop);
        assert_eq!(in_words(refused), full, "{purpose:?}");
        let mut writer = begin(purpose, floor).await.unwrap();
        assert_eq!(goes_on(&mut writer, floor).await, Ok(()), "{purpose:?}");
        assert_eq!(goes_on(&mut writer, floor).await, Ok(()), "{purpose:?}");
        // Others used it up meanwhile.
        assert_eq!(goes_on(&mut writer, floor - 1).await, full, "{purpose:?}");
        drop(writer);
        let mut writer = begin(purpose, floor).await.unwrap();
        assert_eq!(goes_on(&mut writer, floor).await, Ok(()), "{purpose:?}");
        writer.write(bytes_of("the rest", 10)).await.unwrap();
        faults.say_free(floor - 1);
        let refused = writer.finish().await.map(drop);
        assert_eq!(in_words(refused), full, "{purpose:?}");
    }
    // Where an upload is refused, a submission and what was uploaded before still are not.
    let bytes = bytes_of("uploaded", 3 * MIB);
    let mut writer = begin(Purpose::Upload, 2 * FLOOR).await.unwrap();
    writer.write(bytes.clone()).await.unwrap();
    let staged = writer.finish().await.unwrap();
    faults.say_free(FLOOR);
    let most = FilesRoom { files: 1, bytes: u64::MAX };
    let kept = store.put_file(file("default", "a", &bytes), NewContent::Staged(staged), most).await.unwrap();
    assert_eq!(kept, FileKept::New);
    submit(&store, job(1, LARGE)).await;
    let run = claim(&store).await;
    faults.say_free(FLOOR - 1);
    assert!(matches!(store.submit(vec![job(2, 10)], NOW).await, Err(StoreError::DiskFull { .. })));
    let mut writer = store.content_writer(Purpose::Outcome).await.unwrap();
    let result = bytes_of("result", 3 * MIB);
    writer.write(result.clone()).await.unwrap();
    let staged = writer.finish().await.unwrap();
    let outcome = Outcome::Completed { result: NewContent::Staged(staged), files: Vec::new() };
    let finished = Finished { outcome, ..result_of(&run, result) };
    assert!(store.finish(vec![finished], NOW).await.unwrap()[0].is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn openings_that_fail_neither_lose_the_lock_nor_leave_files_open() {
    let directory = TempDir::new().unwrap();
    let (store, faults) = broken_store(&directory);
    let kept = submit(&store, job(1, 10)).await;
    let path = directory.path().canonicalize().unwrap();
    let open_files = || {
        let files = std::fs::read_dir("/proc/self/fd").unwrap();
        files
            .filter_map(|file| std::fs::read_link(file.unwrap().path()).ok())
            .filter(|to| to.starts_with(&path))
            .count()
    };
    let usual = open_files();
    faults.next(Point::Sync, 1, Errno::IO);
    faults.stand(&[Point::Open], Errno::IO);
    for number in 0..20 {
        assert!(store.submit(vec![job(2 + number, 10)], NOW).await.is_err());
        assert!(matches!(SledStore::open(Options::new(directory.path())), Err(StoreError::Locked { .. })));
    }
    assert!(open_files() < usual);
    assert!(store.job(&default(), kept).await.is_err());
    faults.mend();
    assert!(store.job(&default(), kept).await.unwrap().is_some());
    for number in 0..20 {
        faults.next(Point::Sync, 1, Errno::IO);
        assert!(store.submit(vec![job(100 + number, 10)], NOW).await.is_err());
        submit(&store, job(200 + number, 10)).await;
    }
    assert_eq!(open_files(), usual);
    // And it closes in the middle of trouble.
    faults.stand(&Point::ALL, Errno::IO);
    assert!(store.submit(vec![job(300, 10)], NOW).await.is_err());
    store.close().await.unwrap();
    assert!(open(directory.path()).job(&default(), kept).await.unwrap().is_some());
}
