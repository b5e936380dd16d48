//! Providers, models, organisations and tokens: who keeps which bytes, and for whom.

use analyte_core::job::Pin;
use analyte_core::job::transition::Event;

use super::*;
use crate::{OrganisationRecord, ProviderRecord, Removed};

fn provider(component: Option<&Bytes>, description: usize) -> ProviderRecord {
    provider_of(&shared("statistics"), component.map(content_of).as_ref(), description, NOW)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replaced_component_stays_while_unfinished_jobs_pin_it() {
    let directory = TempDir::new().unwrap();
    let store = open(directory.path());
    // Jobs for tests pin just these bytes.
    let (old, new) = (Bytes::from_static(b"component"), Bytes::from_static(b"another component"));
    let (pinned, current) = (Digest::of(&old), Digest::of(&new));
    // A record of megabytes lies in a blob, too.
    let record = provider(Some(&old), 3_000_000);
    assert!(!store.put_provider(record.clone(), Some(NewContent::Bytes(old.clone()))).await.unwrap());
    blobs_become(directory.path(), 2).await;
    submit(&store, job(1, 10)).await;
    drop(store);

    let store = open(directory.path());
    assert_eq!(*store.providers().await.unwrap()[0], record);
    assert_eq!(store.component(pinned).await.unwrap(), Some(old.clone()));
    assert!(store.put_provider(provider(Some(&new), 10), Some(NewContent::Bytes(new.clone()))).await.unwrap());
    blobs_become(directory.path(), 2).await;
    assert_eq!(store.component(pinned).await.unwrap(), Some(old.clone()));
    let (own, other) = (Organisation::default_one(), Organisation::new("other").unwrap());
    let kept =
        async |store: &SledStore| [store.pinned_bytes(&own).await.unwrap(), store.pinned_bytes(&other).await.unwrap()];
    assert_eq!(kept(&store).await, [9, 0]);
    let name = shared("statistics");
    assert_eq!(store.remove_provider(&name, false).await.unwrap(), Removed::InUse { jobs: 1 });
    assert_eq!(store.remove_provider(&name, true).await.unwrap(), Removed::Gone);
    assert_eq!(store.remove_provider(&name, true).await.unwrap(), Removed::NotFound);
    assert_eq!(store.component(current).await.unwrap(), None);
    drop(store);

    let store = open(directory.path());
    assert!(store.providers().await.unwrap().is_empty());
    assert_eq!(store.component(pinned).await.unwrap(), Some(old));
    assert_eq!(kept(&store).await, [9, 0]);
    let run = store.claim("node", room(1), NOW, NOW).await.unwrap().claimed.remove(0).run;
    store.finish(vec![result_of(&run, bytes_of("result", 10))], NOW).await.unwrap();
    assert_eq!(store.component(pinned).await.unwrap(), None);
    assert_eq!(kept(&store).await, [0, 0]);
    blobs_become(directory.path(), 0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_job_that_is_run_again_in_place_lets_go_of_what_it_ran_on() {
    for tasks in [&[&[][..]][..], &[&[], &[0]]] {
        let directory = TempDir::new().unwrap();
        let store = open(directory.path());
        let (old, new) = (Bytes::from_static(b"component"), Bytes::from_static(b"another component"));
        let (pinned, current) = (Digest::of(&old), Digest::of(&new));
        store.put_provider(provider(Some(&old), 10), Some(NewContent::Bytes(old.clone()))).await.unwrap();
        let (job, contents) = job_with("default", 1, NOW, tasks, 10).unwrap();
        let contents = contents.into_iter().map(NewContent::Bytes).collect();
        let id = submit(&store, NewJob { job, contents, idempotency: None, queue_cap: 9 }).await;
        assert_eq!(store.claim("node", room(1), NOW, NOW).await.unwrap().claimed.len(), 1);
        store.put_provider(provider(Some(&new), 10), Some(NewContent::Bytes(new.clone()))).await.unwrap();
        assert_eq!(store.component(pinned).await.unwrap(), Some(old));
        let pin = Pin { digest: current, model_file: None, grants: Vec::new() };
        let event = Event::Retry { pins: vec![pin; tasks.len()] };
        store.apply(&default(), id, event, NOW).await.unwrap().unwrap().unwrap();
        assert_eq!(store.component(pinned).await.unwrap(), None);
        // It pins the other one now.
        assert_eq!(store.remove_provider(&shared("statistics"), true).await.unwrap(), Removed::Gone);
        assert_eq!(store.component(current).await.unwrap(), Some(new));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_without_the_bytes_it_names_is_refused() {
    let directory = TempDir::new().unwrap();
    let store = open(directory.path());
    let bytes = Bytes::from_static(b"component");
    let refused = store.put_provider(provider(Some(&bytes), 0), None).await;
    assert!(matches!(refused, Err(StoreError::Missing(_))), "{refused:?}");
    let other = NewContent::Bytes(Bytes::from_static(b"other bytes"));
    let refused = store.put_provider(provider(Some(&bytes), 0), Some(other)).await;
    assert!(matches!(refused, Err(StoreError::Damaged { .. })), "{refused:?}");
    assert!(store.providers().await.unwrap().is_empty());
    let (job, _) = job_with("default", 1, NOW, &[&[]], 10).unwrap();
    let bare = NewJob { job, contents: Vec::new(), idempotency: None, queue_cap: 9 };
    assert!(matches!(store.submit(vec![bare], NOW).await, Err(StoreError::Missing(_))));
}

#[tokio::test(flavor = "multi_thread")]
async fn bytes_that_two_keep_stay_until_both_let_go_of_them() {
    let directory = TempDir::new().unwrap();
    let store = open(directory.path());
    let bytes = Bytes::from_static(b"one component for all");
    let digest = Digest::of(&bytes);
    let name = ProviderName::new("statistics").unwrap();
    let own = ProviderKey::of(Organisation::new("other").unwrap(), name.clone());
    let published = ModelName::new("published").unwrap();
    let content = content_of(&bytes);
    store.put_provider(provider(Some(&bytes), 0), Some(NewContent::Bytes(bytes.clone()))).await.unwrap();
    // The same length is part of the name of bytes that are there already.
    let wrong = ProviderRecord { bytes: 1, ..provider_of(&own, Some(&content), 0, NOW) };
    assert!(matches!(store.put_provider(wrong, None).await, Err(StoreError::Missing(_))));
    assert!(!store.put_provider(provider_of(&own, Some(&content), 0, NOW), None).await.unwrap());
    assert!(!store.put_model(model_of(&own, &published, &content, NOW), None).await.unwrap());
    blobs_become(directory.path(), 1).await;
    assert_eq!(store.remove_provider(&shared("statistics"), false).await.unwrap(), Removed::Gone);
    drop(store);
    let store = open(directory.path());
    assert_eq!(store.component_range(digest, 4..13).await.unwrap().as_deref(), Some(&b"component"[..]));
    // An update of a record needs no bytes, of a provider or of a model.
    let later = NOW.plus_ms(1);
    assert!(store.put_provider(provider_of(&own, Some(&content), 9, later), None).await.unwrap());
    assert!(store.put_model(model_of(&own, &published, &content, later), None).await.unwrap());
    assert_eq!(store.models().await.unwrap()[0].updated_at, later);
    assert_eq!(store.remove_model(&own, &published, false).await.unwrap(), Removed::Gone);
    assert_eq!(store.component(digest).await.unwrap(), Some(bytes));
    assert_eq!(store.remove_provider(&own, false).await.unwrap(), Removed::Gone);
    assert_eq!(store.component_range(digest, 0..9).await.unwrap(), None);
    assert!(matches!(
        store.put_provider(provider_of(&own, Some(&content), 0, NOW), None).await,
        Err(StoreError::Missing(_))
    ));
    blobs_become(directory.path(), 0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn organisations_do_not_meet_in_providers_of_one_name() {
    let directory = TempDir::new().unwrap();
    let store = open(directory.path());
    let name = ProviderName::new("statistics").unwrap();
    let [one, two] = ["default", "other"].map(|of| ProviderKey::of(Organisation::new(of).unwrap(), name.clone()));
    for key in [&one, &two] {
        assert!(!store.put_provider(provider_of(key, None, 0, NOW), None).await.unwrap());
    }
    let mine = submit(&store, job(1, 10)).await;
    let theirs = submit(&store, new_job("other", 2, NOW, 10).unwrap()).await;
    let mut unfinished = Vec::new();
    for key in [&one, &two, &shared("statistics"), &shared("Statistics")] {
        let jobs = store.unfinished(key, None, 9).await.unwrap();
        unfinished.push(jobs.iter().map(|job| job.id).collect::<Vec<_>>());
    }
    assert_eq!(unfinished, [vec![mine], vec![theirs], vec![mine, theirs], vec![]]);
    assert_eq!(store.remove_provider(&one, false).await.unwrap(), Removed::InUse { jobs: 1 });
    assert_eq!(store.remove_provider(&one, true).await.unwrap(), Removed::Gone);
    assert_eq!(store.remove_provider(&shared("statistics"), true).await.unwrap(), Removed::NotFound);
    drop(store);
    let left = open(directory.path()).providers().await.unwrap();
    assert_eq!(left.iter().map(|record| record.key()).collect::<Vec<_>>(), [two]);
}

#[tokio::test(flavor = "multi_thread")]
async fn unfinished_jobs_come_in_portions_that_go_on_whatever_ended_meanwhile() {
    let directory = TempDir::new().unwrap();
    let store = open(directory.path());
    let mut ids = Vec::new();
    for (of, numbers) in [("default", 1..=5), ("other", 6..=8)] {
        for number in numbers {
            ids.push(submit(&store, new_job(of, number, NOW, 10).unwrap()).await);
        }
    }
    let of = |place: usize| if place < 5 { default() } else { Organisation::new("other").unwrap() };
    let portion = async |key: &ProviderKey, after: Option<usize>, most| {
        let after = after.map(|place| (of(place), ids[place]));
        let jobs = store.unfinished(key, after, most).await.unwrap();
        jobs.iter().map(|job| ids.iter().position(|id| *id == job.id).unwrap()).collect::<Vec<_>>()
    };
    let all = shared("statistics");
    let [mine, theirs] = [0, 5].map(|place| ProviderKey::of(of(place), all.name.clone()));
    assert_eq!(portion(&all, None, 3).await, [0, 1, 2]);
    assert_eq!(portion(&all, Some(2), 3).await, [3, 4, 5]);
    assert_eq!(portion(&all, Some(5), 3).await, [6, 7]);
    assert_eq!(portion(&all, Some(7), 3).await, [0; 0]);
    assert_eq!(portion(&mine, Some(3), 3).await, [4]);
    assert_eq!(portion(&theirs, Some(6), usize::MAX).await, [7]);
    assert_eq!(portion(&all, None, 0).await, [0; 0]);
    // The one to go on after, and the next one, ended: one at each end of an organisation's.
    for place in [2, 3, 4, 5] {
        let cancel = Event::Cancel { reason: "a test".to_owned() };
        store.apply(&of(place), ids[place], cancel, NOW).await.unwrap().unwrap().unwrap();
    }
    assert_eq!(portion(&all, Some(2), 1).await, [6]);
    assert_eq!(portion(&all, Some(4), 9).await, [6, 7]);
    assert_eq!(portion(&mine, None, 9).await, [0, 1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_is_in_use_while_there_is_an_unfinished_job_on_it() {
    let directory = TempDir::new().unwrap();
    let store = open(directory.path());
    let key = ProviderKey::of(default(), ProviderName::new("statistics").unwrap());
    let bytes = Bytes::from_static(b"component");
    let [describe, correlation] = ["describe", "correlation"].map(|name| ModelName::new(name).unwrap());
    for model in [&describe, &correlation] {
        let record = model_of(&key, model, &content_of(&bytes), NOW);
        store.put_model(record, Some(NewContent::Bytes(bytes.clone()))).await.unwrap();
    }
    // Odd ones are on `correlation`; two of its tasks are one job, and other organisations have providers of their own.
    let (twice, contents) = job_with("default", 1, NOW, &[&[], &[0]], 10).unwrap();
    let contents = contents.into_iter().map(NewContent::Bytes).collect();
    let one = submit(&store, NewJob { job: twice, contents, idempotency: None, queue_cap: 9 }).await;
    let two = submit(&store, job(3, 10)).await;
    submit(&store, new_job("other", 2, NOW, 10).unwrap()).await;
    drop(store);
    // Known again after a restart.
    let store = open(directory.path());
    assert_eq!(store.remove_model(&key, &describe, false).await.unwrap(), Removed::Gone);
    for (id, left) in [(one, 2), (two, 1)] {
        assert_eq!(store.remove_model(&key, &correlation, false).await.unwrap(), Removed::InUse { jobs: left });
        let cancel = || Event::Cancel { reason: "a test".to_owned() };
        for _ in 0..2 {
            // Once more changes nothing.
            store.apply(&default(), id, cancel(), NOW).await.unwrap().unwrap().unwrap();
        }
    }
    assert_eq!(store.remove_model(&key, &correlation, false).await.unwrap(), Removed::Gone);
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_are_kept_and_replaced() {
    let directory = TempDir::new().unwrap();
    let store = open(directory.path());
    let mut token = token_of(&default(), "t1", NOW);
    store.put_token(token.clone()).await.unwrap();
    token.revoked_at = Some(NOW);
    store.put_token(token.clone()).await.unwrap();
    drop(store);
    let tokens = open(directory.path()).tokens().await.unwrap();
    assert_eq!(tokens.iter().map(|token| (**token).clone()).collect::<Vec<_>>(), [token]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_use_of_a_token_never_moves_back_and_makes_no_token() {
    let directory = TempDir::new().unwrap();
    let store = open(directory.path());
    let mut token = token_of(&default(), "t1", NOW);
    store.put_token(token.clone()).await.unwrap();
    let (later, latest) = (NOW.plus_ms(1), NOW.plus_ms(2));
    let used = |at| vec![("t1".to_owned(), at), ("gone".to_owned(), at)];
    store.tokens_used(used(latest)).await.unwrap();
    store.tokens_used(used(later)).await.unwrap();
    drop(store);
    let tokens = open(directory.path()).tokens().await.unwrap();
    token.last_used_at = Some(latest);
    assert_eq!(tokens.iter().map(|token| (**token).clone()).collect::<Vec<_>>(), [token]);
}

#[tokio::test(flavor = "multi_thread")]
async fn organisations_are_kept_and_replaced() {
    let directory = TempDir::new().unwrap();
    let store = open(directory.path());
    let name = Organisation::new("other").unwrap();
    let mut record = OrganisationRecord { name, description: "new".to_owned(), queued_jobs: None, created_at: NOW };
    assert!(!store.put_organisation(record.clone()).await.unwrap());
    record.queued_jobs = Some(7);
    assert!(store.put_organisation(record.clone()).await.unwrap());
    drop(store);
    let organisations = open(directory.path()).organisations().await.unwrap();
    assert_eq!(organisations.iter().map(|one| (**one).clone()).collect::<Vec<_>>(), [record]);
}
