//! What is old goes, by organisation and state, with its bytes.

use std::collections::BTreeMap;

use analyte_core::job::Status;
use analyte_core::job::transition::Event;

use super::*;
use crate::{Age, Before};

const HOUR: i64 = 3_600_000;

fn at(hours: i64) -> Timestamp {
    Timestamp(NOW.0 + hours * HOUR)
}

fn before(all: Timestamp) -> Before {
    Before { completed: all, failed: all, cancelled: all }
}

fn age(usual: Before) -> Age {
    Age { usual, organisations: BTreeMap::new(), providers: BTreeMap::new() }
}

async fn completed(store: &SledStore, organisation: &str, number: u64, ended: Timestamp) -> JobId {
    let new = new_job(organisation, number, NOW, 10).unwrap();
    let id = submit(store, new).await;
    let run = store.claim("node", room(1), NOW, NOW).await.unwrap().claimed.remove(0).run;
    assert_eq!(run.key.job, id);
    let result = bytes_of(&format!("result {number}"), LARGE);
    store.finish(vec![result_of(&run, result)], ended).await.unwrap()[0].as_ref().unwrap();
    id
}

async fn cancelled(store: &SledStore, number: u64, ended: Timestamp) -> JobId {
    let id = submit(store, job(number, 10)).await;
    let event = Event::Cancel { reason: "no longer needed".to_owned() };
    store.apply(&default(), id, event, ended).await.unwrap().unwrap().unwrap();
    id
}

#[tokio::test(flavor = "multi_thread")]
async fn each_organisation_and_state_has_its_own_time_and_the_bytes_go_with_the_job() {
    let directory = TempDir::new().unwrap();
    let store = open(directory.path());
    let other = Organisation::new("other").unwrap();
    let old = completed(&store, "default", 1, at(1)).await;
    let young = completed(&store, "default", 2, at(5)).await;
    let elsewhere = completed(&store, "other", 3, at(1)).await;
    let stopped = cancelled(&store, 4, at(1)).await;
    let live = submit(&store, job(5, 10)).await;
    blobs_become(directory.path(), 3).await;
    let usual = Before { completed: at(3), failed: at(3), cancelled: at(1) };
    let ages = Age { usual, organisations: BTreeMap::from([(other.clone(), before(at(0)))]), ..age(usual) };
    assert_eq!(store.retire(ages, 100).await.unwrap(), 1);
    blobs_become(directory.path(), 2).await;
    let mut there = Vec::new();
    for (of, id) in [(default(), old), (default(), young), (other, elsewhere), (default(), stopped), (default(), live)]
    {
        there.push(store.job(&of, id).await.unwrap().is_some());
    }
    assert_eq!(there, [false, true, true, true, true]);
    assert_eq!(store.retire(age(before(at(99))), 2).await.unwrap(), 2);
    assert_eq!(store.retire(age(before(at(99))), 2).await.unwrap(), 1);
    assert_eq!(store.retire(age(before(at(99))), 2).await.unwrap(), 0);
    blobs_become(directory.path(), 0).await;
    assert_eq!(store.counts(&default()).await.unwrap(), Counts { queued: 1, ..Counts::default() });
    assert_eq!(store.job(&default(), live).await.unwrap().unwrap().status, Status::Queued);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_old_jobs_go_in_portions_while_others_are_served() {
    let directory = TempDir::new().unwrap();
    let store = open(directory.path());
    let jobs: Vec<_> = (1..=300).map(|number| job(number, 10)).collect();
    let ids: Vec<_> = jobs.iter().map(|new| new.job.id).collect();
    store.submit(jobs, NOW).await.unwrap();
    for id in &ids {
        let event = Event::Cancel { reason: "no longer needed".to_owned() };
        store.apply(&default(), *id, event, at(1)).await.unwrap().unwrap().unwrap();
    }
    let ages = age(before(at(2)));
    let (retired, submitted) = tokio::join!(store.retire(ages, 250), submit(&store, job(999, 10)));
    assert_eq!(retired.unwrap(), 250);
    let counts = Counts { queued: 1, cancelled: 50, ..Counts::default() };
    assert_eq!(store.counts(&default()).await.unwrap(), counts);
    assert!(store.job(&default(), submitted).await.unwrap().is_some());
    // The oldest went first.
    assert!(store.job(&default(), ids[249]).await.unwrap().is_none());
    assert!(store.job(&default(), ids[250]).await.unwrap().is_some());
}

/// A completed job of an organisation on a provider.
async fn completed_on(store: &SledStore, organisation: &str, provider: &str, number: u64, ended: Timestamp) -> JobId {
    let mut new = new_job(organisation, number, NOW, 10).unwrap();
    new.job.tasks[0].provider = ProviderName::new(provider).unwrap();
    let id = submit(store, new).await;
    let run = store.claim("node", room(1), NOW, NOW).await.unwrap().claimed.remove(0).run;
    store.finish(vec![result_of(&run, bytes_of(&format!("result {number}"), 10))], ended).await.unwrap()[0]
        .as_ref()
        .unwrap();
    id
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_shortens_what_is_kept_of_it_and_prolongs_nothing() {
    let directory = TempDir::new().unwrap();
    let store = open(directory.path());
    let other = Organisation::new("other").unwrap();
    let mut jobs = Vec::new();
    let mut number = 0;
    for of in ["default", "other"] {
        // Names that begin alike, one that stands after the others, one that has no time.
        for provider in ["stat", "statistics", "zoo", "usual"] {
            for hours in [1, 5, 9] {
                number += 1;
                let id = completed_on(&store, of, provider, number, at(hours)).await;
                jobs.push((format!("{of} {provider} {hours}"), Organisation::new(of).unwrap(), id));
            }
        }
    }
    let mut waits = job(90, 10);
    waits.job.tasks[0].provider = ProviderName::new("stat").unwrap();
    let waits = submit(&store, waits).await;
    let name = |name: &str| ProviderName::new(name).unwrap();
    let providers = BTreeMap::from([
        (shared("stat"), at(7)),
        // Earlier than what is usual: no further reason.
        (shared("statistics"), at(0)),
        (shared("zoo"), at(99)),
        // Their own comes before the shared one of that name, also where it is less.
        (ProviderKey::of(other.clone(), name("zoo")), at(6)),
        (ProviderKey::of(Organisation::new("third").unwrap(), name("usual")), at(99)),
    ]);
    let ages = Age { providers, ..age(before(at(3))) };
    let mut gone = Vec::new();
    // In portions, as the caller asks for few at a time.
    loop {
        let retired = store.retire(ages.clone(), 2).await.unwrap();
        gone.push(retired);
        if retired == 0 {
            break;
        }
    }
    let mut left = Vec::new();
    for (what, of, id) in &jobs {
        if store.job(of, *id).await.unwrap().is_some() {
            left.push(what.as_str());
        }
    }
    let expected = [
        "default stat 9",
        "default statistics 5",
        "default statistics 9",
        "default usual 5",
        "default usual 9",
        "other stat 9",
        "other statistics 5",
        "other statistics 9",
        "other zoo 9",
        "other usual 5",
        "other usual 9",
    ];
    assert_eq!(left, expected);
    assert_eq!(gone.iter().sum::<usize>(), jobs.len() - expected.len());
    assert!(store.job(&default(), waits).await.unwrap().is_some());
}
