//! Organisations: what each has to itself, and what none can do to another.

use analyte_store::memory::MemoryStore;
use std::time::Duration;

use analyte_core::codes::Code;
use analyte_core::job::Status;
use analyte_core::limits::Limits;
use analyte_core::names::{JobId, Organisation, ProviderKey, ProviderName};
use analyte_core::table::format::{self, Format};
use analyte_jobs::{
    Execution, Grants, InstallProvider, LimitsAsked, Manager, NewOrganisation, NewProvider, NewToken, Parameters,
    Principal, Right, Submission,
};
use bytes::Bytes;

use super::{
    code, component, limits, model, organisation, other_component, reaches, started, submission, with_provider,
};
use support::PATIENCE;

fn lab() -> Organisation {
    Organisation::new("lab").expect("a name")
}

async fn made(manager: &Manager, name: &str, queued_jobs: Option<u64>) -> bool {
    let name = Organisation::new(name).expect("a name");
    let new = NewOrganisation { name, description: "for a test".to_owned(), queued_jobs };
    manager.put_organisation(new).await.expect("made").1
}

async fn token(manager: &Manager, organisation: &Organisation, rights: Vec<Right>) -> Principal {
    let label = "a test".to_owned();
    let organisation = organisation.clone();
    let new = NewToken { organisation, label, rights, expires_at: None, requests_per_second: None };
    let (_, secret) = manager.create_token(new).await.expect("a token");
    manager.authenticate(secret.reveal()).expect("known")
}

fn named(name: &str) -> ProviderName {
    ProviderName::new(name).expect("a name")
}

async fn install(manager: &Manager, key: &str, component: Bytes) -> Result<bool, Option<Code>> {
    let key = key.parse::<ProviderKey>().expect("a key");
    let installed = manager.install_provider(InstallProvider { key, component: component.into() }).await;
    installed.map(|installed| installed.replaced).map_err(|error| Some(error.code()))
}

/// A job of another organisation on the provider of this name.
async fn of(manager: &Manager, owner: &Organisation, provider: &str, name: &str) -> Result<JobId, Option<Code>> {
    let found = manager.model(owner, &named(provider), &model(name)).map_err(|error| Some(error.code()))?;
    let body = Bytes::from_static(b"[{\"value\":1}]");
    let input = format::read(Format::Json, body, &found.info.input, manager.limits()).expect("a table").table;
    let submitted = manager.submit(owner, Submission::new(named(provider), model(name), input)).await;
    submitted.map(|submitted| submitted.job.job.id).map_err(|error| Some(error.code()))
}

#[tokio::test(flavor = "multi_thread")]
async fn organisations_are_made_changed_and_kept() {
    let store = MemoryStore::new();
    let manager = started(&store, Limits { organisations: 3, ..limits() }, |_| ()).await;
    assert!(!made(&manager, "lab", None).await && made(&manager, "lab", Some(7)).await);
    assert!(made(&manager, "default", Some(9)).await && !made(&manager, "third", None).await);
    let fourth = NewOrganisation {
        name: Organisation::new("fourth").expect("a name"),
        description: String::new(),
        queued_jobs: None,
    };
    assert_eq!(code(manager.put_organisation(fourth).await), Some(Code::Conflict));
    let shown = |manager: &Manager| {
        let all = manager.organisations();
        all.iter().map(|record| (record.name.to_string(), record.queued_jobs)).collect::<Vec<_>>()
    };
    let expected = [("default", Some(9)), ("lab", Some(7)), ("third", None)].map(|(name, cap)| (name.to_owned(), cap));
    assert_eq!(shown(&manager), expected);
    manager.stop(Duration::ZERO).await.expect("stopped");
    drop(manager);
    let manager = started(&store, limits(), |_| ()).await;
    assert_eq!(shown(&manager), expected);
    assert_eq!(code(manager.organisation(&Organisation::new("fourth").expect("a name"))), Some(Code::NotFound));
    manager.stop(Duration::ZERO).await.expect("stopped");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_of_one_organisation_is_nothing_to_another() {
    let (manager, store) = with_provider(limits(), |options| {
        let grants = Grants { settings: [("greeting".to_owned(), "hello".to_owned())].into(), ..Grants::default() };
        options.grants.insert("own".parse().expect("a key"), std::sync::Arc::new(grants));
    })
    .await;
    for name in ["lab", "factory"] {
        made(&manager, name, None).await;
    }
    let factory = Organisation::new("factory").expect("a name");
    assert_eq!(install(&manager, "lab/own", component()).await, Ok(false));
    // The same name is another's own affair, and neither can see or change the other's.
    assert_eq!(install(&manager, "factory/own", other_component()).await, Ok(false));
    assert_eq!(install(&manager, "lab/own", component()).await, Ok(true));
    let digest = |owner: &Organisation| manager.provider(owner, &named("own")).map(|found| found.record.digest).ok();
    assert_eq!((digest(&organisation()), digest(&lab()) == digest(&factory)), (None, false));
    // What is granted to a provider of all is not granted to one that calls itself the same.
    let found = manager.model(&lab(), &named("own"), &model("read-settings")).expect("the model");
    assert_eq!(found.grants, [""; 0]);
    // A name stands for one provider in each organisation.
    assert_eq!(install(&manager, "own", component()).await, Err(Some(Code::Conflict)));
    assert_eq!(install(&manager, "lab/hostile", component()).await, Err(Some(Code::Conflict)));

    let job = of(&manager, &lab(), "own", "noop").await.expect("submitted");
    assert_eq!(of(&manager, &organisation(), "own", "noop").await, Err(Some(Code::NotFound)));
    let ended = manager.wait(&lab(), job, PATIENCE).await.expect("the job");
    assert_eq!(ended.job.status, Status::Completed, "{:?}", ended.job.error());
    assert_eq!(code(manager.get(&factory, job).await), Some(Code::NotFound));

    // Removing one's own ends one's own jobs.
    let running = of(&manager, &lab(), "own", "spin").await.expect("submitted");
    let other = of(&manager, &factory, "own", "noop").await.expect("submitted");
    manager.remove_provider(&"lab/own".parse().expect("a key"), true).await.expect("removed");
    assert_eq!(manager.wait(&factory, other, PATIENCE).await.expect("the job").job.status, Status::Completed);
    assert!(manager.wait(&lab(), running, PATIENCE).await.expect("the job").job.status.ended());
    assert_eq!((digest(&lab()), digest(&factory).is_some()), (None, true));
    manager.stop(Duration::ZERO).await.expect("stopped");
    drop(manager);
    let manager = started(&store, limits(), |_| ()).await;
    let names =
        |owner: &Organisation| manager.providers(owner).iter().map(|found| found.key().to_string()).collect::<Vec<_>>();
    assert_eq!(names(&lab()), ["hostile"]);
    assert_eq!(names(&factory), ["hostile", "factory/own"]);
    manager.stop(Duration::ZERO).await.expect("stopped");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_change_a_provider() {
    let (manager, _store) = with_provider(limits(), |_| ()).await;
    made(&manager, "lab", None).await;
    let admin = token(&manager, &organisation(), vec![Right::Admin]).await;
    let author = token(&manager, &lab(), vec![Right::ProvidersWrite]).await;
    let change = |by: &Principal, organisation: Option<&str>, name: &str| {
        let organisation = organisation.map(|name| Organisation::new(name).expect("a name"));
        let key = manager.provider_to_change(by, organisation.as_ref(), &named(name));
        key.map(|key| key.to_string()).map_err(|error| error.code())
    };
    assert_eq!(change(&admin, None, "new"), Ok("new".to_owned()));
    assert_eq!(change(&admin, Some("lab"), "new"), Ok("lab/new".to_owned()));
    assert_eq!(change(&admin, Some("nobody"), "new"), Err(Code::NotFound));
    assert_eq!(change(&author, None, "new"), Ok("lab/new".to_owned()));
    assert_eq!(change(&author, Some("lab"), "new"), Ok("lab/new".to_owned()));
    assert_eq!(change(&author, Some("default"), "new"), Err(Code::Forbidden));
    assert_eq!(change(&author, Some("nobody"), "new"), Err(Code::Forbidden));
    assert_eq!(change(&author, None, "hostile"), Err(Code::Forbidden));
    // But one of its own may run the same component, which stays when the other goes.
    let new = |name: &str, of: &str| NewProvider {
        key: ProviderKey::of(lab(), named(name)),
        description: "ours".to_owned(),
        keep_jobs_hours: Some(1),
        component_of: Some(named(of)),
    };
    assert_eq!(code(manager.create_provider(&lab(), new("ours", "nothing")).await), Some(Code::NotFound));
    assert_eq!(code(manager.create_provider(&lab(), new("hostile", "hostile")).await), Some(Code::Conflict));
    let ours = manager.create_provider(&lab(), new("ours", "hostile")).await.expect("created");
    assert_eq!((ours.record.info.description.as_str(), ours.record.keep_jobs_hours), ("ours", Some(1)));
    assert_eq!(code(manager.create_provider(&lab(), new("ours", "hostile")).await), Some(Code::Conflict));
    manager.remove_provider(&super::key(), true).await.expect("removed");
    let job = of(&manager, &lab(), "ours", "noop").await.expect("submitted");
    assert_eq!(manager.wait(&lab(), job, PATIENCE).await.expect("the job").job.status, Status::Completed);
    manager.stop(Duration::ZERO).await.expect("stopped");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_that_is_switched_off_takes_nothing_new() {
    let (manager, store) = with_provider(limits(), |_| ()).await;
    let running = manager.submit(&organisation(), submission(&manager, "spin")).await.expect("submitted").job.job.id;
    reaches(&manager, running, Status::Running).await;
    let queued = manager.submit(&organisation(), submission(&manager, "noop")).await.expect("submitted").job.job.id;
    let off = manager.set_model_enabled(&super::key(), &model("noop"), false).await.expect("switched");
    assert!(!off.enabled);
    let unknown = manager.set_model_enabled(&super::key(), &model("unknown"), false).await;
    assert_eq!(code(unknown), Some(Code::NotFound));
    let refused = manager.submit(&organisation(), submission(&manager, "noop")).await.expect_err("it is off");
    assert_eq!(
        (refused.code(), refused.message()),
        (Code::Conflict, "model `noop` of provider `hostile` is switched off")
    );
    // What is queued goes on.
    manager.cancel(&organisation(), running).await.expect("cancelled");
    let ended = manager.wait(&organisation(), queued, PATIENCE).await.expect("the job");
    assert_eq!(ended.job.status, Status::Completed);
    // It stays off over a restart and a replacement, until it is switched on.
    manager.stop(Duration::ZERO).await.expect("stopped");
    drop(manager);
    let manager = started(&store, limits(), |_| ()).await;
    super::install(&manager, other_component()).await.expect("replaced");
    assert_eq!(code(manager.submit(&organisation(), submission(&manager, "noop")).await), Some(Code::Conflict));
    manager.set_model_enabled(&super::key(), &model("noop"), true).await.expect("switched");
    assert!(manager.submit(&organisation(), submission(&manager, "noop")).await.is_ok());
    manager.stop(Duration::ZERO).await.expect("stopped");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_queue_is_its_own_organisations_alone_and_nobody_is_starved() {
    let (manager, _store) = with_provider(limits(), |_| ()).await;
    made(&manager, "lab", Some(3)).await;
    // One place each; a hundred jobs of one organisation stand in line when the other's first comes.
    let running = manager.submit(&organisation(), submission(&manager, "spin")).await.expect("submitted").job.job.id;
    reaches(&manager, running, Status::Running).await;
    let own = of(&manager, &lab(), "hostile", "spin").await.expect("submitted");
    super::until("the other's to run as well", || manager.running().0 == 2).await;
    let mut crowd = Vec::new();
    for _ in 0..100 {
        let submitted = manager.submit(&organisation(), submission(&manager, "noop")).await.expect("submitted");
        crowd.push(submitted.job.job.id);
    }
    let mut few = Vec::new();
    for _ in 0..3 {
        few.push(of(&manager, &lab(), "hostile", "noop").await.expect("submitted"));
    }
    let found = manager.model(&lab(), &named("hostile"), &model("noop")).expect("the model");
    let body = Bytes::from_static(b"[{\"value\":1}]");
    let input = format::read(Format::Json, body, &found.info.input, manager.limits()).expect("a table").table;
    let refused = manager.submit(&lab(), Submission::new(named("hostile"), model("noop"), input)).await;
    let refused = refused.expect_err("one too many");
    assert_eq!((refused.code(), refused.over_quota(), refused.retry_after().is_some()), (Code::Busy, true, true));
    assert_eq!(refused.message(), "the organisation has 3 queued jobs, and 3 are allowed (limit queued_jobs)");
    assert!(manager.submit(&organisation(), submission(&manager, "noop")).await.is_ok());
    manager.cancel(&lab(), own).await.expect("cancelled");
    for job in few {
        assert_eq!(manager.wait(&lab(), job, PATIENCE).await.expect("the job").job.status, Status::Completed);
    }
    for id in &crowd {
        let other = manager.get(&organisation(), *id).await.expect("the job").job;
        assert_eq!(other.status, Status::Queued, "its organisation's place is still taken");
    }
    manager.cancel(&organisation(), running).await.expect("cancelled");
    for id in crowd {
        assert_eq!(manager.wait(&organisation(), id, PATIENCE).await.expect("the job").job.status, Status::Completed);
    }
    manager.stop(Duration::ZERO).await.expect("stopped");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_organisation_installs_up_to_its_limits() {
    let (manager, _store) = with_provider(limits(), |_| ()).await;
    let record = manager.provider(&organisation(), &named("hostile")).expect("the provider").record.clone();
    manager.stop(Duration::ZERO).await.expect("stopped");
    assert_eq!(record.bytes, component().len() as u64);
    // Compiled code counts, too.
    assert!(record.compiled_bytes > record.bytes / 2, "{} bytes", record.compiled_bytes);
    let size = record.bytes + record.compiled_bytes;
    let few = Limits { providers: 2, published_bytes: 2 * size - 1, ..limits() };
    let (manager, _store) = with_provider(few, |_| ()).await;
    made(&manager, "lab", None).await;
    assert_eq!(install(&manager, "lab/one", component()).await, Ok(false));
    // Replacing it takes no more; a second one would.
    assert_eq!(install(&manager, "lab/one", component()).await, Ok(true));
    assert_eq!(install(&manager, "lab/two", component()).await, Err(Some(Code::TooLarge)));
    // What belongs to all is not counted in bytes, but in number.
    assert_eq!(install(&manager, "second", component()).await, Ok(false));
    assert_eq!(install(&manager, "third", component()).await, Err(Some(Code::Conflict)));
    let empty = |name: &str| NewProvider {
        key: ProviderKey::of(lab(), named(name)),
        description: String::new(),
        keep_jobs_hours: None,
        component_of: None,
    };
    assert!(manager.create_provider(&lab(), empty("two")).await.is_ok());
    let refused = manager.create_provider(&lab(), empty("three")).await.expect_err("one too many");
    let message = "there are 2 providers, and 2 are allowed (limit providers)";
    assert_eq!((refused.code(), refused.message()), (Code::Conflict, message));
    // An administrator learns which organisation has a name, and how to get it.
    let key = "two".parse().expect("a key");
    let refused =
        manager.install_provider(InstallProvider { key, component: component().into() }).await.expect_err("taken");
    let message = "the name `two` is taken by a provider of organisation `lab`; remove it with `?organisation=lab`";
    assert_eq!((refused.code(), refused.message()), (Code::Conflict, message));
    manager.stop(Duration::ZERO).await.expect("stopped");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crowd_that_executes_at_once_leaves_a_slot_to_others() {
    let (manager, _store) = with_provider(Limits { concurrent_tasks: 2, ..limits() }, |_| ()).await;
    made(&manager, "lab", None).await;
    let found = manager.model(&organisation(), &named("hostile"), &model("spin")).expect("the model");
    let body = Bytes::from_static(b"[{\"value\":1}]");
    let input = format::read(Format::Json, body, &found.info.input, manager.limits()).expect("a table").table;
    let spin = || Execution {
        provider: named("hostile"),
        model: model("spin"),
        input: input.clone(),
        input_warnings: Vec::new(),
        parameters: Parameters::None,
        limits: LimitsAsked { timeout_ms: Some(600_000), ..LimitsAsked::default() },
    };
    let crowd: Vec<_> = (0..10)
        .map(|_| {
            let (manager, execution) = (manager.clone(), spin());
            tokio::spawn(async move { manager.execute(&organisation(), execution).await })
        })
        .collect();
    super::until("one of them runs", || manager.running().0 == 1).await;
    // It runs although the crowd stands there, and would for ten minutes.
    let job = of(&manager, &lab(), "hostile", "noop").await.expect("submitted");
    let ended = manager.wait(&lab(), job, PATIENCE).await.expect("the job");
    assert_eq!(ended.job.status, Status::Completed);
    for one in crowd {
        one.abort();
    }
    manager.stop(Duration::ZERO).await.expect("stopped");
}
