//! One damaged record never stops the rest: it is put aside, counted once, and stays so.

use analyte_core::job::event::{EventId, Happened, Telling, Told};
use analyte_core::model::{Cardinality, ModelInfo};
use analyte_core::names::{RunKey, TaskKey};
use analyte_core::shape::Shape;

use super::*;
use crate::sled::keys::{Class, Owner};
use crate::{Idempotency, ModelKind, ModelRecord};

/// What lies in the store that is damaged.
struct Kept {
    /// Ended.
    ended: JobId,
    /// Queued, submitted under a key.
    queued: JobId,
    /// Runs, and told something.
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
    let what = Telling::Log { level: "info".to_owned(), message: "told".to_owned() };
    assert_eq!(store.tell(vec![(run, vec![Told { at: NOW, what }])]).await.unwrap(), [true]);
    let queued = submit(store, keyed()).await;
    let large = submit(store, job(4, LARGE)).await;
    let bytes = Bytes::from_static(b"another component");
    store.put_provider(provider(Some(&bytes), 10), Some(NewContent::Bytes(bytes.clone()))).await.unwrap();
    let model = ModelRecord {
        provider: ProviderName::new("statistics").unwrap(),
        name: ModelName::new("published").unwrap(),
        kind: ModelKind::File,
        digest: Digest::of(&bytes),
        bytes: bytes.len() as u64,
        media_type: "application/octet-stream".to_owned(),
        info: model_info(),
        created_at: NOW,
        updated_at: NOW,
    };
    store.put_model(model, NewContent::Bytes(bytes)).await.unwrap();
    let token = TokenRecord {
        id: "t1".to_owned(),
        organisation: default(),
        label: "for tests".to_owned(),
        hash: Digest::of(b"secret"),
        rights: vec![Right::Admin],
        created_at: NOW,
        expires_at: None,
        revoked_at: None,
    };
    store.put_token(token).await.unwrap();
    Kept { ended, queued, running, large }
}

fn model_info() -> ModelInfo {
    let shape = Shape::closed(Vec::new());
    ModelInfo {
        name: ModelName::new("published").unwrap(),
        description: String::new(),
        version: String::new(),
        input: shape.clone(),
        output: shape,
        cardinality: Cardinality::Any,
        independent_rows: false,
        parameters_schema: None,
        column_parameters: Vec::new(),
        capabilities: Vec::new(),
        examples: Vec::new(),
    }
}

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
        let input = store.content(&default(), id, &job.tasks[0].input).await;
        let whole = input.is_ok_and(|bytes| Digest::of(&bytes) == job.tasks[0].input.digest);
        seen.push(format!("{name} {} {whole}", job.status));
        let events = store.events(&default(), id, EventId(0), 99).await.unwrap().unwrap().events;
        let told = events.iter().filter(|event| matches!(event.what, Happened::Told { .. })).count();
        if name == "running" {
            seen.push(format!("told {told}"));
        }
    }
    let counts = store.counts(&default()).await.unwrap();
    seen.push(format!("counts {} {} {}", counts.queued, counts.running, counts.completed));
    seen.push(format!("known {}", store.known(&default(), "once").await.unwrap().is_some()));
    seen.push(format!("providers {}", store.providers().await.unwrap().len()));
    seen.push(format!("models {}", store.models().await.unwrap().len()));
    seen.push(format!("tokens {}", store.tokens().await.unwrap().len()));
    let component = store.component(Digest::of(b"another component")).await.unwrap();
    seen.push(format!("component {}", component.is_some()));
    seen.push(format!("changes {}", store.changes_after(0, 99).await.unwrap().len()));
    seen
}

const WHOLE: [&str; 12] = [
    "ended completed true",
    "queued queued true",
    "running running true",
    "told 1",
    "large queued true",
    "counts 2 1 1",
    "known true",
    "providers 1",
    "models 1",
    "tokens 1",
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

#[tokio::test(flavor = "multi_thread")]
async fn one_damaged_record_of_any_kind_is_put_aside_and_the_rest_goes_on() {
    use Damage::{Appear, Cut, Flip};
    let of = default();
    let statistics = ProviderName::new("statistics").unwrap();
    let published = ModelName::new("published").unwrap();
    let large = Digest::of(&bytes_of("input 4.0", LARGE));
    let first = |kept: &Kept, store: &::sled::Db, letter: u8| {
        let _ = kept;
        store.scan_prefix([letter]).next().unwrap().unwrap().0.to_vec()
    };
    let key = |make: fn(&Organisation, JobId) -> Vec<u8>, pick: fn(&Kept) -> JobId| -> Key<'_> {
        let of = &of;
        Box::new(move |kept, _| make(of, pick(kept)))
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
            key(keys::job, |kept| kept.ended),
            &[("ended completed true", "ended is gone"), ("counts 2 1 1", "counts 2 1 0")],
        ),
        (
            "a job that waits",
            Flip,
            key(keys::job, |kept| kept.queued),
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
            key(keys::starts, |kept| kept.running),
            &[("running running true", "running queued true"), ("counts 2 1 1", "counts 3 0 1")],
        ),
        ("a provider", Flip, bare(keys::provider(&statistics)), &[("providers 1", "providers 0")]),
        ("a model", Cut, bare(keys::model(&statistics, &published)), &[("models 1", "models 0")]),
        ("a token", Flip, bare(keys::token("t1")), &[("tokens 1", "tokens 0")]),
        ("a block of the journal", Flip, Box::new(|kept, db| first(kept, db, b'e')), &[("changes 7", "changes 6")]),
        ("what was told", Flip, Box::new(|kept, db| first(kept, db, b'v')), &[("told 1", "told 0")]),
        ("an index entry", Cut, state(Class::Completed, |kept| kept.ended), &[]),
        ("an index entry of no job", Appear, bare(keys::with_id(keys::states(&of, Class::Live), nobody)), &[]),
        ("an index entry that is none", Appear, bare(b"s\xff\xff".to_vec()), &[]),
        ("an idempotency key", Flip, bare(keys::idempotency(&of, "once")), &[("known true", "known false")]),
        ("a reference", Flip, Box::new(|kept, _| keys::reference(large, &Owner::Job(&of, kept.large))), &[]),
        (
            "a component's reference",
            Cut,
            bare(keys::reference(Digest::of(b"another component"), &Owner::Component(&statistics))),
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
        let db = ::sled::open(directory.path().join("store")).unwrap();
        let damaged = key(&kept, &db);
        let mut value = db.get(&damaged).unwrap().map(|value| value.to_vec()).unwrap_or_default();
        let middle = value.len() / 2;
        match damage {
            Flip => value[middle] ^= 1,
            Cut => value.truncate(middle),
            Appear => assert!(value.is_empty()),
        }
        db.insert(&damaged, value.clone()).unwrap();
        db.flush().unwrap();
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
        let db = ::sled::open(directory.path().join("store")).unwrap();
        let aside = crate::sled::envelope::read_here(&*db, &keys::quarantine(&damaged)).unwrap().unwrap();
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
    let db = ::sled::open(directory.path().join("store")).unwrap();
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
    let db = ::sled::open(directory.path().join("store")).unwrap();
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
    let what = Telling::Log { level: "info".to_owned(), message: "later".to_owned() };
    assert_eq!(store.tell(vec![(run, vec![Told { at: NOW, what }])]).await.unwrap(), [true]);
    let after = store.events(&default(), kept.running, before.last().unwrap().id, 99).await.unwrap().unwrap().events;
    assert_eq!(after.len(), 1, "{before:?} {after:?}");
    submit(&store, job(50, 10)).await;
    let positions: Vec<_> = store.changes_after(position, 99).await.unwrap().iter().map(|one| one.position).collect();
    assert_eq!(positions, [position + 1]);
}
