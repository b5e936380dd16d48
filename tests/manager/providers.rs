//! Providers and models: installed, replaced, published and removed while jobs use them.

use std::collections::BTreeMap;
use std::fs;
use std::sync::Arc;
use std::time::Duration;

use analyte_core::codes::Code;
use analyte_core::digest::Digest;
use analyte_core::job::Status;
use analyte_core::names::{ProviderKey, ProviderName};
use analyte_core::table::format::{self, Format};
use analyte_jobs::{Grants, ModelContent, Origin, Parameters, ProviderState, PublishModel, Submission};
use bytes::Bytes;

use super::{
    code, component, ended, install, key, limits, model, on_disk, organisation, other_component, provider, reaches,
    started, submission, submitted, until, with_parameters, with_provider,
};
use support::plugins::plugin;

#[tokio::test(flavor = "multi_thread")]
async fn a_removal_goes_on_when_its_caller_has_gone() {
    let folder = tempfile::tempdir().expect("a folder");
    let manager = on_disk(folder.path(), limits()).await;
    install(&manager, component()).await.expect("installed");
    let running = submitted(&manager, submission(&manager, "spin")).await;
    reaches(&manager, running, Status::Running).await;
    let queued = submitted(&manager, submission(&manager, "noop")).await;
    {
        let key = key();
        let mut removal = std::pin::pin!(manager.remove_provider(&key, true));
        // Begun, and dropped at its first wait.
        assert!(polled_once(removal.as_mut()).is_none());
    }
    assert_eq!(ended(&manager, running).await.status, Status::Cancelled);
    assert_eq!(ended(&manager, queued).await.status, Status::Failed);
    assert_eq!(code(manager.provider(&organisation(), &provider())), Some(Code::NotFound));
    manager.stop(Duration::ZERO).await.expect("stopped");
}

/// What a future answers at once.
fn polled_once<T>(future: std::pin::Pin<&mut impl Future<Output = T>>) -> Option<T> {
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    match future.poll(&mut context) {
        std::task::Poll::Ready(answer) => Some(answer),
        std::task::Poll::Pending => None,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn jobs_keep_the_component_that_they_were_submitted_to() {
    let (manager, store) = with_provider(limits(), |_| ()).await;
    let spinning = submitted(&manager, submission(&manager, "spin")).await;
    reaches(&manager, spinning, Status::Running).await;
    let (old, new) = (Digest::of(&component()), Digest::of(&other_component()));
    let before = submitted(&manager, submission(&manager, "noop")).await;
    assert!(install(&manager, other_component()).await.expect("replaced"));
    let after = submitted(&manager, submission(&manager, "noop")).await;
    // Also after a restart, when nothing of the old one is in memory.
    manager.stop(Duration::ZERO).await.expect("stopped");
    drop(manager);
    let manager = started(&store, limits(), |_| ()).await;
    reaches(&manager, spinning, Status::Running).await;
    manager.cancel(&organisation(), spinning).await.expect("cancelled");
    for (id, digest) in [(before, old), (after, new)] {
        let job = ended(&manager, id).await;
        assert_eq!((job.status, job.tasks.first().map(|task| task.digest)), (Status::Completed, Some(digest)));
    }
    let shown = manager.provider(&organisation(), &provider()).expect("the provider");
    assert_eq!(shown.record.digest, Some(new));
    assert_eq!(manager.provider_state(&shown), ProviderState::Ready);
    manager.stop(Duration::ZERO).await.expect("stopped");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_with_unfinished_jobs_is_removed_only_by_force() {
    let (manager, _store) = with_provider(limits(), |_| ()).await;
    let running = submitted(&manager, submission(&manager, "spin")).await;
    reaches(&manager, running, Status::Running).await;
    let queued = submitted(&manager, submission(&manager, "noop")).await;
    assert_eq!(code(manager.remove_provider(&key(), false).await), Some(Code::Conflict));
    assert_eq!(manager.providers(&organisation()).len(), 1);
    manager.remove_provider(&key(), true).await.expect("removed");
    let (running, queued) = (ended(&manager, running).await, ended(&manager, queued).await);
    let end = |job: &analyte_core::job::Job| (job.status, job.error().map(|failure| failure.code));
    assert_eq!(end(&running), (Status::Cancelled, Some(Code::Cancelled)));
    assert_eq!(end(&queued), (Status::Failed, Some(Code::ProviderUnavailable)));
    assert_eq!(queued.error().map(|failure| failure.message.as_str()), Some("provider `hostile` was removed"));
    assert_eq!(code(manager.provider(&organisation(), &provider())), Some(Code::NotFound));
    assert_eq!(code(manager.remove_provider(&key(), true).await), Some(Code::NotFound));
    until("the slot is free", || manager.running().0 == 0).await;
    manager.stop(Duration::ZERO).await.expect("stopped");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forced_removal_ends_more_jobs_than_it_looks_at_at_a_time() {
    let (manager, _store) = with_provider(limits(), |_| ()).await;
    let running = submitted(&manager, submission(&manager, "spin")).await;
    reaches(&manager, running, Status::Running).await;
    // A multiple of a portion and some more; the slot is free as soon as the first one is stopped.
    let mut queued = Vec::new();
    for _ in 0..600 {
        queued.push(submitted(&manager, submission(&manager, "noop")).await);
    }
    manager.remove_provider(&key(), true).await.expect("removed");
    let end = |job: &analyte_core::job::Job| (job.status, job.error().map(|failure| failure.code));
    let stopped = (Status::Cancelled, Some(Code::Cancelled));
    let failed = (Status::Failed, Some(Code::ProviderUnavailable));
    assert_eq!(end(&manager.get(&organisation(), running).await.expect("the job").job), stopped);
    let mut later = 0;
    for id in queued {
        // Ended by now: nothing is left to wait for. One that started between two portions fails by itself or is stopped.
        let ended = end(&manager.get(&organisation(), id).await.expect("the job").job);
        assert!(ended == failed || ended == stopped, "{ended:?}");
        later += usize::from(ended == stopped);
    }
    assert!(later < 10, "{later} were started only to be stopped");
    manager.stop(Duration::ZERO).await.expect("stopped");
}

#[tokio::test(flavor = "multi_thread")]
async fn installations_of_one_name_do_not_mix() {
    let (manager, store) = with_provider(limits(), |_| ()).await;
    let (first, second) = tokio::join!(install(&manager, component()), install(&manager, other_component()));
    assert!(first.expect("installed") && second.expect("installed"));
    let shown = manager.provider(&organisation(), &provider()).expect("the provider").record.clone();
    let digests: Vec<_> = shown.digest.into_iter().collect();
    assert!([vec![Digest::of(&component())], vec![Digest::of(&other_component())]].contains(&digests));
    // What is shown is what is stored.
    manager.stop(Duration::ZERO).await.expect("stopped");
    drop(manager);
    let manager = started(&store, limits(), |_| ()).await;
    assert_eq!(manager.provider(&organisation(), &provider()).expect("the provider").record, shown);
    manager.stop(Duration::ZERO).await.expect("stopped");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_component_is_published_under_a_provider() {
    let (manager, _store) = with_provider(limits(), |_| ()).await;
    let scale = Bytes::from(fs::read(plugin("scale")).expect("the component"));
    let publish = |provider: &str, name: &str, bytes: &Bytes| {
        let key = provider.parse::<ProviderKey>().expect("a name");
        PublishModel::new(key, model(name), "application/wasm".to_owned(), ModelContent::Bytes(bytes.clone()))
    };
    let refused = install(&manager, scale.clone()).await.expect_err("it is of the model world");
    assert_eq!(refused.code(), Code::InvalidComponent);
    assert!(refused.message().contains("PUT /v1/providers/hostile/models/MODEL"), "{refused}");
    let refused = manager.publish_model(publish("own", "noop", &component())).await.expect_err("it is a provider");
    assert!(refused.message().contains("PUT /v1/providers/own`"), "{refused}");
    assert_eq!(code(manager.publish_model(publish("hostile", "noop", &scale)).await), Some(Code::Conflict));

    assert!(!manager.publish_model(publish("own", "double", &scale)).await.expect("published").replaced);
    assert!(manager.publish_model(publish("own", "double", &scale)).await.expect("published").replaced);
    let own = ProviderName::new("own").expect("a name");
    let double = manager.model(&organisation(), &own, &model("double")).expect("the model");
    assert_eq!(
        (double.info.name.as_str(), double.origin),
        ("double", Origin::Published(analyte_jobs::ModelKind::Component))
    );
    let body = Bytes::from_static(b"[{\"value\":1.5},{}]");
    let input = format::read(Format::Json, body, &double.info.input, manager.limits()).expect("a table").table;
    let pairs = Parameters::Pairs(vec![("factor".to_owned(), "4".to_owned())]);
    let submission = with_parameters(Submission::new(own.clone(), model("double"), input), &pairs);
    let id = submitted(&manager, submission).await;
    assert_eq!(ended(&manager, id).await.error(), None);
    let result = manager.result_table(&organisation(), id, None).await.expect("a table");
    assert_eq!(
        String::from_utf8_lossy(&format::write(Format::Csv, &result.table).expect("csv")),
        "value\r\n6.0\r\n\"\"\r\n"
    );

    manager.remove_model(&ProviderKey::shared(own.clone()), &model("double"), false).await.expect("removed");
    assert_eq!(code(manager.model(&organisation(), &own, &model("double"))), Some(Code::NotFound));
    let built_in = manager.remove_model(&key(), &model("noop"), true).await;
    assert_eq!(code(built_in), Some(Code::Conflict));
    manager.stop(Duration::ZERO).await.expect("stopped");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_file_is_looked_at_by_its_provider() {
    let (manager, _store) = with_provider(limits(), |_| ()).await;
    let publish = |provider: &str| {
        let key = provider.parse::<ProviderKey>().expect("a name");
        let weights = ModelContent::Bytes(Bytes::from_static(b"weights"));
        PublishModel::new(key, model("from-file"), "application/x-weights".to_owned(), weights)
    };
    assert_eq!(code(manager.publish_model(publish("nobody")).await), Some(Code::NotFound));
    let published = manager.publish_model(publish("hostile")).await.expect("published").model;
    // This provider's `inspect-model` repeats the name and the media type that the host gave it.
    assert_eq!(
        (published.info.name.as_str(), published.info.description.as_str()),
        ("from-file", "application/x-weights")
    );
    assert_eq!((published.digest, published.file), (Some(Digest::of(&component())), Some(Digest::of(b"weights"))));
    manager.remove_model(&key(), &model("from-file"), false).await.expect("removed");
    manager.stop(Duration::ZERO).await.expect("stopped");
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_was_asked_for_and_granted_reaches_a_run() {
    let grants = Grants {
        settings: BTreeMap::from([("greeting".to_owned(), "hello".to_owned()), ("other".to_owned(), "x".to_owned())]),
        secrets: BTreeMap::new(),
    };
    let (manager, _store) = with_provider(limits(), |options| {
        options.grants.insert(key(), Arc::new(grants));
    })
    .await;
    let id = submitted(&manager, submission(&manager, "read-settings")).await;
    let job = ended(&manager, id).await;
    assert_eq!(job.tasks.first().map(|task| task.grants.clone()), Some(vec!["settings:greeting".to_owned()]));
    let result = manager.result_table(&organisation(), id, None).await.expect("a table");
    let csv = format::write(Format::Csv, &result.table).expect("csv");
    assert_eq!(String::from_utf8_lossy(&csv), "what,saw\r\nsettings:greeting,hello\r\nsecrets:token,none\r\n");
    manager.stop(Duration::ZERO).await.expect("stopped");
}
