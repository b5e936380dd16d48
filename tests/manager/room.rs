//! What providers and models may take for as long as they are installed.

use analyte_store::memory::MemoryStore;
use std::fs;
use std::time::Duration;

use analyte_core::codes::Code;
use analyte_core::limits::Limits;
use analyte_core::names::{Organisation, ProviderKey};
use analyte_core::table::format::{self, Format};
use analyte_jobs::{
    InstallProvider, JobsError, LimitsAsked, Manager, ModelContent, NewOrganisation, PublishModel, Submission,
};
use bytes::Bytes;
use serde_json::json;

use super::{component, limits, model, other_component, started};
use support::PATIENCE;
use support::plugins::plugin;

fn lab() -> Organisation {
    Organisation::new("lab").expect("a name")
}

async fn with_labs(limits: Limits) -> (Manager, MemoryStore) {
    let store = MemoryStore::new();
    let manager = started(&store, limits, |_| ()).await;
    for name in ["lab", "plant"] {
        let name = Organisation::new(name).expect("a name");
        manager
            .put_organisation(NewOrganisation { name, description: String::new(), queued_jobs: None })
            .await
            .expect("made");
    }
    (manager, store)
}

async fn install(manager: &Manager, key: &str, component: Bytes) -> Result<(), JobsError> {
    let key = key.parse::<ProviderKey>().expect("a key");
    manager.install_provider(InstallProvider { key, component: component.into() }).await.map(|_| ())
}

fn message(answer: Result<(), JobsError>) -> (Code, String) {
    let refused = answer.expect_err("too much");
    (refused.code(), refused.message().to_owned())
}

/// What an installed hostile provider takes: on disk with its compiled code, and what it says of itself.
fn taken(manager: &Manager, name: &str) -> (u64, u64) {
    let record = manager.provider(&lab(), &name.parse().expect("a name")).expect("the provider").record.clone();
    (record.bytes + record.compiled_bytes, record.described_bytes)
}

async fn sizes() -> (u64, u64) {
    let (manager, _store) = with_labs(limits()).await;
    install(&manager, "lab/one", component()).await.expect("installed");
    let taken = taken(&manager, "one");
    manager.stop(Duration::ZERO).await.expect("stopped");
    taken
}

#[tokio::test(flavor = "multi_thread")]
async fn what_providers_say_is_bounded_by_organisation_and_in_all() {
    let (_, said) = sizes().await;
    let few = Limits { catalogue_bytes: 2 * said - 1, ..limits() };
    let most = few.catalogue_bytes;
    let (manager, _store) = with_labs(few).await;
    install(&manager, "lab/one", component()).await.expect("installed");
    // Again in its own place; not beside itself.
    install(&manager, "lab/one", component()).await.expect("installed");
    let expected = format!(
        "what the providers and models say of themselves takes {said} bytes, and with {said} more it would take more than \
         {most} (limit catalogue_bytes); remove some"
    );
    assert_eq!(message(install(&manager, "lab/two", component()).await), (Code::TooLarge, expected));
    install(&manager, "plant/one", component()).await.expect("installed");
    manager.stop(Duration::ZERO).await.expect("stopped");

    // Room for three; one organisation that has one leaves as much as it would then have.
    let all = Limits { catalogue_bytes: 3 * said, catalogues_bytes: 3 * said, ..limits() };
    let whole = all.catalogues_bytes;
    let (manager, _store) = with_labs(all).await;
    install(&manager, "lab/one", component()).await.expect("installed");
    let expected = format!(
        "what the providers and models say of themselves takes {said} bytes, and with {said} more it would take more than the \
         organisation's share of {whole} for all organisations (limit catalogues_bytes); remove some"
    );
    assert_eq!(message(install(&manager, "lab/two", component()).await), (Code::TooLarge, expected));
    install(&manager, "plant/one", component()).await.expect("installed");
    // What is there may come again.
    install(&manager, "lab/one", other_component()).await.expect("installed");
    manager.stop(Duration::ZERO).await.expect("stopped");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_unfinished_jobs_keep_of_replaced_components_counts() {
    let (size, _) = sizes().await;
    let bytes = component().len() as u64;
    let few = Limits { published_bytes: size + bytes, concurrent_tasks: 1, ..limits() };
    let (manager, _store) = with_labs(few).await;
    install(&manager, "lab/one", component()).await.expect("installed");
    let name = "one".parse().expect("a name");
    let found = manager.model(&lab(), &name, &model("spin")).expect("the model");
    let input = format::read(Format::Json, Bytes::from_static(b"[]"), &found.info.input, manager.limits());
    let submission = Submission {
        limits: LimitsAsked { fuel: Some(1_000_000_000_000), ..LimitsAsked::default() },
        ..Submission::new(name, model("spin"), input.expect("a table").table)
    };
    let job = manager.submit(&lab(), submission).await.expect("submitted").job.job.id;
    // The job keeps what it was submitted to.
    install(&manager, "lab/one", other_component()).await.expect("installed");
    let (now, _) = taken(&manager, "one");
    let expected = format!(
        "the organisation's components, their compiled code and model files take {} bytes ({bytes} of them are kept for \
         unfinished jobs), and with {bytes} more they would take more than {} (limit published_bytes); remove some, or end the \
         jobs that need them",
        now + bytes,
        size + bytes
    );
    assert_eq!(message(install(&manager, "lab/two", component()).await), (Code::TooLarge, expected));
    manager.cancel(&lab(), job).await.expect("cancelled");
    let ended = manager.wait(&lab(), job, PATIENCE).await.expect("the job");
    assert!(ended.job.status.ended());
    let expected = format!(
        "the organisation's components, their compiled code and model files take {now} bytes, and with {size} more they would \
         take more than {} (limit published_bytes); remove some",
        size + bytes
    );
    // Without what the job kept there is room for the component, though not for its code.
    assert_eq!(message(install(&manager, "lab/two", component()).await), (Code::TooLarge, expected));
    manager.stop(Duration::ZERO).await.expect("stopped");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_said_of_a_published_model_is_bounded() {
    let most = 10_000;
    let (manager, _store) = with_labs(Limits { described_bytes: most, ..limits() }).await;
    let component = Bytes::from(fs::read(plugin("filed")).expect("the component"));
    install(&manager, "lab/filed", component).await.expect("installed");
    let key = "lab/filed".parse::<ProviderKey>().expect("a key");
    let file = |inputs: usize| {
        let names: Vec<String> = (0..inputs).map(|at| format!("a-column-with-a-long-name-{at}")).collect();
        json!({ "inputs": names, "weights": vec![1; inputs] }).to_string()
    };
    let publish = async |inputs: usize, custom_data: Option<String>| {
        let content = ModelContent::Bytes(file(inputs).into());
        let publish = PublishModel::new(key.clone(), model("sum"), "application/json".to_owned(), content);
        manager.publish_model(PublishModel { custom_data, ..publish }).await.map(|_| ())
    };
    publish(3, Some("x".repeat(5_000))).await.expect("published");
    // What its component says of it is refused as any component's is.
    let expected = format!(
        "what the component says of itself takes more than {most} bytes as JSON (limit described_bytes); say less, in fewer \
         models, or with smaller schemas and examples"
    );
    assert_eq!(message(publish(300, None).await), (Code::InvalidComponent, expected));
    // What its publisher adds counts as well.
    let expected = format!("what is said of the model takes more than {most} bytes as JSON (limit described_bytes)");
    assert_eq!(message(publish(3, Some("x".repeat(9_900))).await), (Code::InvalidInput, expected));
    manager.stop(Duration::ZERO).await.expect("stopped");
}
