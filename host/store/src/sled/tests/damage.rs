//! One damaged record never stops the rest: it is put aside, counted once, and stays so.

use analyte_core::job::event::{EventId, Happened, Reported, RunEvent};
use analyte_core::names::{RunKey, TaskKey};

use super::*;
use crate::sled::format::keys::Class;
use crate::sled::format::references::{self, Owner};
use crate::{FileKept, FilesRoom, Idempotency, OrganisationRecord};

/// What lies in the store that is damaged.
struct Kept {
    /// Ended.
    ended: JobId,
    /// Queued, submitted under a key.
    queued: JobId,
    /// Runs, and reported something.
    running: JobId,
    /// Queued, with an input that is a blob.
    large: JobId,
}

async fn fill(store: &SledStore) -> Kept {
    let ended = submit(store, job(1, 10)).await;
    let run = store.claim("node", room(1), NOW, NOW).await.unwrap().claimed.remove(0).run;
    store.finish(vec![result_of(&run, bytes_of("result", 10))], NOW).await.unwrap();
    let running = submit(store, job(2, 10)).await;
    let run = store.claim("node", room(1), NOW, NOW).await.unwrap().claimed.remove(0).run;
    let what = Reported::Log { level: "info".to_owned(), message: "reported".to_owned() };
    assert_eq!(store.keep_run_events(vec![(run, vec![RunEvent { at: NOW, what }])]).await.unwrap(), [true]);
    let queued = submit(store, keyed()).await;
    let large = submit(store, job(4, LARGE)).await;
    let bytes = Bytes::from_static(b"another component");
    let content = content_of(&bytes);
    let statistics = shared("statistics");
    let record = provider_of(&statistics, Some(&content), 10, NOW);
    store.put_provider(record, Some(NewContent::Bytes(bytes.clone()))).await.unwrap();
    let model = model_of(&statistics, &ModelName::new("published").unwrap(), &content, NOW);
    store.put_model(model, Some(NewContent::Bytes(bytes))).await.unwrap();
    store.put_token(token_of(&default(), "t1", NOW)).await.unwrap();
    let name = Organisation::new("other").unwrap();
    let other = OrganisationRecord { name, description: String::new(), queued_jobs: None, created_at: NOW };
    store.put_organisation(other).await.unwrap();
    for (path, length) in [("small", 10), ("large", LARGE)] {
        let bytes = bytes_of(path, length);
        let kept = store.put_file(file("default", path, &bytes), NewContent::Bytes(bytes), ROOM).await.unwrap();
        assert_eq!(kept, FileKept::New);
    }
    Kept { ended, queued, running, large }
}

const ROOM: FilesRoom = FilesRoom { files: 2, bytes: u64::MAX };

fn keyed() -> NewJob {
    let mut new = job(3, 10);
    new.idempotency = Some(Idempotency { key: "once".to_owned(), request: Digest::of(b"request") });
    new
}

/// Everything that can be asked, in words; what is damaged finds out here at the latest.
async fn seen(store: &SledStore, kept: &Kept) -> Vec<String> {
    let mut seen = Vec::new();
    for (name, id) in [("ended", kept.ended), ("queued", kept.queued), ("running", kept.running), ("large", kept.large)]
    {
        let Ok(Some(job)) = store.job(&default(), id).await else {
            seen.push(format!("{name} is gone"));
            continue;
        };
        let input = job.tasks[0].input.given().unwrap();
        let whole = store.content(&default(), id, input).await.is_ok_and(|bytes| Digest::of(&bytes) == input.digest);
        seen.push(format!("{name} {} {whole}", job.status));
        let events = store.events(&default(), id, EventId(0), 99).await.unwrap().unwrap().events;
        let reported = events.iter().filter(|event| matches!(event.what, Happened::Reported { .. })).count();
        if name == "running" {
            seen.push(format!("reported {reported}"));
        }
    }
    let counts = store.counts(&default()).await.unwrap();
    seen.push(format!("counts {} {} {}", counts.queued, counts.running, counts.completed));
    seen.push(format!("known {}", store.known(&default(), "once").await.unwrap().is_some()));
    seen.push(format!("providers {}", store.providers().await.unwrap().len()));
    seen.push(format!("models {}", store.models().await.unwrap().len()));
    seen.push(format!("tokens {}", store.tokens().await.unwrap().len()));
    seen.push(format!("organisations {}", store.organisations().await.unwrap().len()));
    let files = store.files(&default(), "system", "", None, 99).await.unwrap();
    for path in ["large", "small"] {
        let found = store.file(&default(), "system", path).await.unwrap();
        assert_eq!(found.is_some(), files.iter().any(|file| file.path == path));
        let Some(file) = found else {
            seen.push(format!("{path} file is gone"));
            continue;
        };
        let bytes = store.file_range(&file, 0..u64::MAX).await;
        let whole = bytes.is_ok_and(|bytes| bytes.is_some_and(|bytes| Digest::of(&bytes) == file.content.digest));
        seen.push(format!("{path} file {whole}"));
    }
    let component = store.component(Digest::of(b"another component")).await.unwrap();
    seen.push(format!("component {}", component.is_some()));
    seen.push(format!("changes {}", store.changes_after(0, 99).await.unwrap().len()));
    seen
}

const WHOLE: [&str; 15] = [
    "ended completed true",
    "queued queued true",
    "running running true",
    "reported 1",
    "large queued true",
    "counts 2 1 1",
    "known true",
    "providers 1",
    "models 1",
    "tokens 1",
    "organisations 1",
    "large file true",
    "small file true",
    "component true",
    "changes 7",
];

/// The key of the record that is damaged.
type Key<'a> = Box<dyn Fn(&Kept, &::sled::Db) -> Vec<u8> + 'a>;
/// What is damaged, how, and what is seen then in place of what was seen before.
type Case<'a> = (&'a str, Damage, Key<'a>, &'a [(&'a str, &'a str)]);

/// How a record is damaged.
#[derive(Debug, Clone, Copy)]
enum Damage {
    /// A bit flips in the middle.
    Flip,
    /// The end is missing.
    Cut,
    /// Something is there that nobody wrote.
    Appear,
}

impl Damage {
    /// Says what the value is then.
    fn inflict(self, db: &::sled::Db, key: &[u8]) -> Vec<u8> {
        let mut value = db.get(key).unwrap().map(|value| value.to_vec()).unwrap_or_default();
        let middle = value.len() / 2;
        match self {
            Self::Flip => value[middle] ^= 1,
            Self::Cut => value.truncate(middle),
            Self::Appear => assert!(value.is_empty()),
        }
        db.insert(key, value.clone()).unwrap();
        db.flush().unwrap();
        value
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_damaged_record_of_any_kind_is_put_aside_and_the_rest_goes_on() {
    use Damage::{Appear, Cut, Flip};
    let of = default();
    let statistics = shared("statistics");
    let published = ModelName::new("published").unwrap();
    let large = Digest::of(&bytes_of("input 4.0", LARGE));
    let large_file = Digest::of(&bytes_of("large", LARGE));
    let first = |kept: &Kept, store: &::sled::Db, letter: u8| {
        let _ = kept;
        store.scan_prefix([letter]).next().unwrap().unwrap().0.to_vec()
    };
    let record = |class: Class, pick: fn(&Kept) -> JobId| -> Key<'_> {
        let of = &of;
        Box::new(move |kept, _| keys::job(of, class, pick(kept)))
    };
    let state = |class: Class, pick: fn(&Kept) -> JobId| -> Key<'_> {
        let of = &of;
        Box::new(move |kept, _| keys::with_id(keys::states(of, class), pick(kept)))
    };
    let bare = |key: Vec<u8>| -> Key<'_> { Box::new(move |_, _| key.clone()) };
    let nobody = JobId(uuid::Uuid::from_u128(7));
    let cases: Vec<Case<'_>> = vec![
        (
            "a job that ended",
            Flip,
            record(Class::Completed, |kept| kept.ended),
            &[("ended completed true", "ended is gone"), ("counts 2 1 1", "counts 2 1 0")],
        ),
        (
            "a job that waits",
            Flip,
            record(Class::Live, |kept| kept.queued),
            &[
                ("queued queued true", "queued is gone"),
                ("counts 2 1 1", "counts 1 1 1"),
                ("known true", "known false"),
            ],
        ),
        // What was written whole is still there; it waits again.
        (
            "starts",
            Flip,
            Box::new(|kept, _| keys::starts(&of, kept.running)),
            &[("running running true", "running queued true"), ("counts 2 1 1", "counts 3 0 1")],
        ),
        ("a provider", Flip, bare(keys::provider(&statistics)), &[("providers 1", "providers 0")]),
        ("a model", Cut, bare(keys::model(&statistics, &published)), &[("models 1", "models 0")]),
        ("a token", Flip, bare(keys::token("t1")), &[("tokens 1", "tokens 0")]),
        (
            "an organisation",
            Flip,
            bare(keys::organisation(&Organisation::new("other").unwrap())),
            &[("organisations 1", "organisations 0")],
        ),
        ("a file", Flip, bare(keys::file(&of, "system", "small")), &[("small file true", "small file is gone")]),
        ("a file of another path", Appear, bare(keys::file(&of, "system", "of no user")), &[]),
        ("a file's reference", Cut, bare(references::reference(large_file, &Owner::File(&of, "system", "large"))), &[]),
        ("a block of the journal", Flip, Box::new(|kept, db| first(kept, db, b'e')), &[("changes 7", "changes 6")]),
        ("what a run reported", Flip, Box::new(|kept, db| first(kept, db, b'v')), &[("reported 1", "reported 0")]),
        ("an index entry", Cut, state(Class::Completed, |kept| kept.ended), &[]),
        ("an index entry of no job", Appear, bare(keys::with_id(keys::states(&of, Class::Failed), nobody)), &[]),
        ("one as format 3 had it", Appear, bare(keys::with_id(keys::old_states(&of, Class::Live), nobody)), &[]),
        ("a record of no job", Appear, bare(keys::job(&of, Class::Live, nobody)), &[]),
        ("a record of a job of no organisation", Appear, bare(b"a\xff\xff".to_vec()), &[]),
        ("an index entry that is none", Appear, bare(b"s\xff\xff".to_vec()), &[]),
        ("an idempotency key", Flip, bare(keys::idempotency(&of, "once")), &[("known true", "known false")]),
        ("a reference", Flip, Box::new(|kept, _| references::reference(large, &Owner::Job(&of, kept.large))), &[]),
        (
            "a component's reference",
            Cut,
            bare(references::reference(Digest::of(b"another component"), &Owner::Component(&statistics))),
            &[],
        ),
    ];
    for (name, damage, key, changes) in cases {
        let directory = TempDir::new().unwrap();
        let store = open(directory.path());
        let kept = fill(&store).await;
        assert_eq!(seen(&store, &kept).await, WHOLE, "{name}");
        assert_eq!(store.health().await.unwrap().quarantined, 0, "{name}");
        drop(store);
        let db = database(directory.path());
        let damaged = key(&kept, &db);
        let value = damage.inflict(&db, &damaged);
        drop(db);
        let mut expected = WHOLE.map(str::to_owned).to_vec();
        for (before, after) in changes {
            let place = expected.iter().position(|line| line == before).unwrap();
            expected[place] = (*after).to_owned();
        }
        for opening in 0..3 {
            let store = open(directory.path());
            // The first look finds it, the second sees what is left.
            seen(&store, &kept).await;
            assert_eq!(seen(&store, &kept).await, expected, "{name}, opening {opening}");
            assert_eq!(store.health().await.unwrap().quarantined, 1, "{name}, opening {opening}");
        }
        let db = database(directory.path());
        let aside = crate::sled::format::envelope::read_here(&*db, &keys::quarantine(&damaged)).unwrap().unwrap();
        assert_eq!(&*aside, value, "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn after_damage_a_key_can_be_used_again_and_a_job_run_again() {
    let directory = TempDir::new().unwrap();
    let store = open(directory.path());
    let kept = fill(&store).await;
    let lease = store.job(&default(), kept.running).await.unwrap().unwrap().tasks[0].lease.unwrap();
    let before = store.events(&default(), kept.running, EventId(0), 99).await.unwrap().unwrap().events;
    drop(store);
    let db = database(directory.path());
    for key in [keys::starts(&default(), kept.running), keys::idempotency(&default(), "once")] {
        let mut value = db.get(&key).unwrap().unwrap().to_vec();
        *value.last_mut().unwrap() ^= 1;
        db.insert(key, value).unwrap();
    }
    db.flush().unwrap();
    drop(db);
    let store = open(directory.path());
    let mut again = keyed();
    again.job.id = job(9, 10).job.id;
    assert_eq!(store.submit(vec![again], NOW).await.unwrap(), [Submitted::New]);
    let claimed = store.claim("node", room(1), NOW, NOW).await.unwrap().claimed.remove(0);
    assert_eq!(claimed.run.key.job, kept.running);
    assert!(claimed.run.lease > lease);
    let after = store.events(&default(), kept.running, before.last().unwrap().id, 99).await.unwrap().unwrap().events;
    assert_eq!(after.len(), 1, "the new start has an id of its own: {after:?}");
    assert_eq!(store.health().await.unwrap().quarantined, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_ids_and_positions_of_what_was_put_aside_are_not_given_again() {
    let directory = TempDir::new().unwrap();
    let store = open(directory.path());
    let kept = fill(&store).await;
    let task = store.job(&default(), kept.running).await.unwrap().unwrap().tasks[0].clone();
    let key = TaskKey { organisation: default(), job: kept.running, task: task.name };
    let run = RunKey { key, attempt: task.attempt, lease: task.lease.unwrap() };
    let before = store.events(&default(), kept.running, EventId(0), 99).await.unwrap().unwrap().events;
    let position = store.changes_after(0, 99).await.unwrap().last().unwrap().position;
    drop(store);
    let db = database(directory.path());
    for letter in [b"v", b"e"] {
        let (key, value) = db.scan_prefix(letter).last().unwrap().unwrap();
        let mut value = value.to_vec();
        *value.last_mut().unwrap() ^= 1;
        db.insert(key, value).unwrap();
    }
    db.flush().unwrap();
    drop(db);
    let store = open(directory.path());
    seen(&store, &kept).await;
    assert_eq!(store.health().await.unwrap().quarantined, 2);
    drop(store);
    let store = open(directory.path());
    let what = Reported::Log { level: "info".to_owned(), message: "later".to_owned() };
    assert_eq!(store.keep_run_events(vec![(run, vec![RunEvent { at: NOW, what }])]).await.unwrap(), [true]);
    let after = store.events(&default(), kept.running, before.last().unwrap().id, 99).await.unwrap().unwrap().events;
    assert_eq!(after.len(), 1, "{before:?} {after:?}");
    submit(&store, job(50, 10)).await;
    let positions: Vec<_> = store.changes_after(position, 99).await.unwrap().iter().map(|one| one.position).collect();
    assert_eq!(positions, [position + 1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_whose_record_is_damaged_can_be_written_again_and_counts_no_more_after_a_restart() {
    let directory = TempDir::new().unwrap();
    let store = open(directory.path());
    fill(&store).await;
    drop(store);
    let db = database(directory.path());
    Damage::Flip.inflict(&db, &keys::file(&default(), "system", "large"));
    drop(db);
    let store = open(directory.path());
    let has = FilesRoom { files: 1, bytes: 10 };
    let bytes = bytes_of("again", 20);
    let put = async |path: &str, most| {
        store.put_file(file("default", path, &bytes), NewContent::Bytes(bytes.clone()), most).await.unwrap()
    };
    assert_eq!(put("large", FilesRoom { files: 1, bytes: 99 }).await, FileKept::Full(has));
    assert_eq!(put("large", ROOM).await, FileKept::New);
    assert_eq!(put("large", ROOM).await, FileKept::Replaced);
    assert_eq!(put("more", ROOM).await, FileKept::Full(FilesRoom { files: 2, bytes: 30 }));
    let file = store.file(&default(), "system", "large").await.unwrap().unwrap();
    assert_eq!(store.file_range(&file, 1..5).await.unwrap(), Some(bytes.slice(1..5)));
    assert_eq!(store.health().await.unwrap().quarantined, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_bytes_of_a_file_that_are_damaged_are_not_given_out() {
    let directory = TempDir::new().unwrap();
    let store = open(directory.path());
    fill(&store).await;
    drop(store);
    let small = file("default", "small", &bytes_of("small", 10));
    let db = database(directory.path());
    Damage::Flip.inflict(&db, &keys::file_bytes(&default(), "system", "small", small.content.digest));
    drop(db);
    let large = file("default", "large", &bytes_of("large", LARGE));
    let hex = large.content.digest.hex();
    let blob = directory.path().join("blobs").join(&hex[..2]).join(&hex);
    let store = open(directory.path());
    assert!(matches!(store.file_range(&small, 0..3).await, Err(StoreError::Damaged { .. })));
    std::fs::write(&blob, b"short").unwrap();
    assert!(matches!(store.file_range(&large, 0..3).await, Err(StoreError::Damaged { .. })));
    std::fs::remove_file(&blob).unwrap();
    // It is still named, so this is no removal.
    assert!(matches!(store.file_range(&large, 0..3).await, Err(StoreError::Missing(_))));
}
