//! Models that lie in files: published in a stream, inspected by their provider, pinned by jobs; and the files that
//! organisations upload.

use analyte_store::memory::MemoryStore;
use std::fs;
use std::time::Duration;

use analyte_core::codes::Code;
use analyte_core::digest::Digest;
use analyte_core::job::Status;
use analyte_core::limits::Limits;
use analyte_core::model::Cardinality;
use analyte_core::names::{JobId, Organisation, ProviderKey, ProviderName};
use analyte_core::shape::{Field, Shape};
use analyte_core::table::format::{self, Format};
use analyte_jobs::{
    InstallProvider, JobsError, Manager, ModelContent, ModelOverrides, PublishModel, Published, Staged, Submission,
};
use bytes::Bytes;
use serde_json::json;

use super::{code, ended, limits, model, organisation, started, submission};
use support::plugins::plugin;

fn filed() -> ProviderName {
    ProviderName::new("filed").expect("a name")
}

async fn with_filed(limits: Limits) -> (Manager, MemoryStore) {
    let (manager, store) = super::with_provider(limits, |_| ()).await;
    let component = Bytes::from(fs::read(plugin("filed")).expect("the component"));
    manager
        .install_provider(InstallProvider { key: ProviderKey::shared(filed()), component: component.into() })
        .await
        .expect("installed");
    (manager, store)
}

/// Written in small pieces, as it would come over a network.
async fn staged(manager: &Manager, bytes: &[u8]) -> Staged {
    let mut writer = manager.content_writer().await.expect("a writer");
    for piece in bytes.chunks(10_000) {
        writer.write(Bytes::copy_from_slice(piece)).await.expect("written");
    }
    writer.finish().await.expect("finished")
}

fn publication(content: ModelContent) -> PublishModel {
    PublishModel::new(ProviderKey::shared(filed()), model("sum"), "application/json".to_owned(), content)
}

async fn publish(manager: &Manager, file: impl ToString) -> Result<Published, JobsError> {
    let content = ModelContent::Staged(staged(manager, file.to_string().as_bytes()).await);
    manager.publish_model(publication(content)).await
}

async fn submit(manager: &Manager, rows: &'static str) -> Result<JobId, JobsError> {
    let found = manager.model(&organisation(), &filed(), &model("sum"))?;
    let body = Bytes::from_static(rows.as_bytes());
    let input = format::read(Format::Json, body, &found.info.input, manager.limits()).expect("a table").table;
    let submitted = manager.submit(&organisation(), Submission::new(filed(), model("sum"), input)).await;
    submitted.map(|submitted| submitted.job.job.id)
}

async fn csv(manager: &Manager, id: JobId) -> String {
    let job = ended(manager, id).await;
    assert_eq!(job.status, Status::Completed, "{:?}", job.error());
    let result = manager.result_table(&organisation(), id, None).await.expect("a table");
    String::from_utf8_lossy(&format::write(Format::Csv, &result.table).expect("csv")).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_published_file_runs_and_jobs_pin_it() {
    let (manager, store) = with_filed(limits()).await;
    // Long enough to lie in a blob of its own, and to be read in many pieces.
    let first = format!("{}{}", json!({ "inputs": ["a", "b"], "weights": [2, -1] }), " ".repeat(300_000));
    let second = json!({ "inputs": ["a", "b"], "weights": [10, 10], "bias": 1 });
    let published = publish(&manager, &first).await.expect("published");
    assert!(!published.replaced);
    let shown = |published: &Published| {
        let fields = |shape: &Shape| shape.fields.iter().map(|field| field.name.to_string()).collect::<Vec<_>>();
        (fields(&published.model.info.input), fields(&published.model.info.output), published.model.file)
    };
    let names = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
    let digest = Digest::of(first.as_bytes());
    assert_eq!(shown(&published), (names(&["a", "b"]), names(&["sum"]), Some(digest)));

    // While the only slot is taken, the file is replaced: what was submitted before keeps the old one.
    let spinning = manager.submit(&organisation(), submission(&manager, "spin")).await.expect("submitted").job.job.id;
    super::reaches(&manager, spinning, Status::Running).await;
    let before = submit(&manager, r#"[{"a":1,"b":3},{"a":1}]"#).await.expect("submitted");
    assert!(publish(&manager, &second).await.expect("published").replaced);
    let after = submit(&manager, r#"[{"a":1,"b":3}]"#).await.expect("submitted");
    manager.stop(Duration::ZERO).await.expect("stopped");
    drop(manager);
    let manager = started(&store, limits(), |_| ()).await;
    super::reaches(&manager, spinning, Status::Running).await;
    manager.cancel(&organisation(), spinning).await.expect("cancelled");
    assert_eq!(csv(&manager, before).await, "sum\r\n-1.0\r\n\"\"\r\n");
    assert_eq!(csv(&manager, after).await, "sum\r\n41.0\r\n");
    let pinned = |job: std::sync::Arc<analyte_core::job::Job>| job.tasks.first().and_then(|task| task.model_file);
    assert_eq!(pinned(ended(&manager, before).await), Some(digest));
    manager.stop(Duration::ZERO).await.expect("stopped");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_its_provider_refuses_changes_nothing() {
    let (manager, _store) = with_filed(limits()).await;
    let good = json!({ "inputs": ["a"], "weights": [2] });
    publish(&manager, &good).await.expect("published");
    let refused = publish(&manager, json!({ "inputs": ["a"], "weights": [] })).await.expect_err("refused");
    assert!(refused.message().contains("There are 1 inputs and 0 weights; each input needs one."), "{refused}");
    let job = submit(&manager, r#"[{"a":4}]"#).await.expect("submitted");
    assert_eq!(csv(&manager, job).await, "sum\r\n8.0\r\n");
    manager.stop(Duration::ZERO).await.expect("stopped");
}

#[tokio::test(flavor = "multi_thread")]
async fn cardinality_is_enforced_on_both_sides() {
    let (manager, _store) = with_filed(limits()).await;
    publish(&manager, json!({ "inputs": ["a"], "weights": [1], "results": "double" })).await.expect("published");
    let job = submit(&manager, r#"[{"a":1},{"a":2}]"#).await.expect("submitted");
    let job = ended(&manager, job).await;
    let failure = job.error().expect("it failed");
    assert_eq!((job.status, failure.code), (Status::Failed, Code::InvalidResult));
    let message = "the model's cardinality is NxN: 2 input rows must give 2 result rows, and it gave 4";
    assert_eq!(failure.message, message);
    // What its publisher says of it counts.
    let file = json!({ "inputs": ["a"], "weights": [1] }).to_string();
    let content = ModelContent::Bytes(file.clone().into());
    let overrides = ModelOverrides {
        description: Some("one at a time".to_owned()),
        cardinality: Some(Cardinality::Onex1),
        ..ModelOverrides::default()
    };
    let published = manager.publish_model(PublishModel { overrides, ..publication(content) }).await.expect("published");
    assert_eq!(published.model.info.description, "one at a time");
    let refused = submit(&manager, r#"[{"a":1},{"a":2}]"#).await.expect_err("two rows");
    let message = "the model's cardinality is 1x1: it takes exactly 1 row, and 2 were given";
    assert_eq!((refused.code(), refused.message()), (Code::InvalidInput, message));
    // A shape given by hand must be the model's own.
    let shape = |name: &str| Shape::closed(vec![Field::new(name, analyte_core::base_type::BaseType::Number)]);
    for (name, fits) in [("a", true), ("b", false)] {
        let content = ModelContent::Bytes(file.clone().into());
        let overrides = ModelOverrides { input: Some(shape(name)), ..ModelOverrides::default() };
        let answer = manager.publish_model(PublishModel { overrides, ..publication(content) }).await;
        let expected = (!fits).then_some(
            "the input shape given does not fit the model: given [b NUMBER], the model has [a NUMBER]".to_owned(),
        );
        assert_eq!(answer.err().map(|error| error.message().to_owned()), expected);
    }
    manager.stop(Duration::ZERO).await.expect("stopped");
}

#[tokio::test(flavor = "multi_thread")]
async fn uploaded_files_belong_to_one_organisation_and_have_their_limits() {
    let store = MemoryStore::new();
    let few = Limits { repository_files: 2, repository_bytes: 500_000, ..limits() };
    let manager = started(&store, few, |_| ()).await;
    let put = async |path: &str, bytes: &[u8]| {
        let staged = staged(&manager, bytes).await;
        manager.put_file(&organisation(), "Models", path, "text/plain".to_owned(), staged).await
    };
    let large = "l".repeat(300_000);
    assert_eq!(put("p/one", b"first").await.ok(), Some(false));
    assert_eq!(put("p/one", large.as_bytes()).await.ok(), Some(true));
    assert_eq!(put("p/two", b"second").await.ok(), Some(false));
    for (path, bytes) in [("p/three", "x"), ("p/two", large.as_str())] {
        assert_eq!(code(put(path, bytes.as_bytes()).await), Some(Code::TooLarge), "{path}");
    }
    assert_eq!(code(put("../one", b"x").await), Some(Code::InvalidInput));
    let paths = async |owner: &Organisation, prefix: &str| {
        let files = manager.repository_files(owner, "Models", prefix, None, 10).await.expect("files");
        files.iter().map(|file| (file.path.clone(), file.content.bytes)).collect::<Vec<_>>()
    };
    assert_eq!(paths(&organisation(), "p/").await, [("p/one".to_owned(), 300_000), ("p/two".to_owned(), 6)]);
    assert_eq!(paths(&organisation(), "q").await, []);
    let lab = Organisation::new("lab").expect("a name");
    assert_eq!(paths(&lab, "").await, []);
    assert_eq!(code(manager.repository_file(&lab, "Models", "p/one").await), Some(Code::NotFound));
    let file = manager.repository_file(&organisation(), "Models", "p/one").await.expect("the file");
    let part = manager.repository_bytes(&file, 299_990..400_000).await.expect("bytes");
    assert_eq!(part, "l".repeat(10));
    let copy = manager.staged_copy(&file).await.expect("a copy");
    assert_eq!(copy.content, file.content);
    assert_eq!(code(manager.remove_file(&lab, "Models", "p/one").await), Some(Code::NotFound));
    manager.remove_file(&organisation(), "Models", "p/one").await.expect("removed");
    assert_eq!(put("p/three", large.as_bytes()).await.ok(), Some(false));
    manager.stop(Duration::ZERO).await.expect("stopped");
}
