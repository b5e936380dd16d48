//! Every call that there is, and what a token must allow to make it.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use support::http::Http;
use support::{ok, repository};

/// What a call needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    /// Nothing.
    Nothing,
    /// A valid token.
    Token,
    /// A token with this right, or an administrator's.
    Right(&'static str),
}

use Needs::{Nothing, Right, Token};

pub const READ: Needs = Right("jobs:read");
pub const WRITE: Needs = Right("jobs:write");
pub const INSTALL: Needs = Right("providers:write");
pub const ADMIN: Needs = Right("admin");

/// The native surface, as `docs/reference/openapi.json` names its calls.
pub const NATIVE: &[(&str, &str, Needs)] = &[
    ("GET", "/healthz", Nothing),
    ("GET", "/readyz", Nothing),
    ("GET", "/openapi.json", Token),
    ("GET", "/metrics", ADMIN),
    ("GET", "/v1/token", Token),
    ("GET", "/v1/tokens", ADMIN),
    ("POST", "/v1/tokens", ADMIN),
    ("GET", "/v1/tokens/{token}", ADMIN),
    ("DELETE", "/v1/tokens/{token}", ADMIN),
    ("GET", "/v1/organisations", ADMIN),
    ("GET", "/v1/organisations/{organisation}", ADMIN),
    ("PUT", "/v1/organisations/{organisation}", ADMIN),
    ("GET", "/v1/providers", READ),
    ("GET", "/v1/providers/{provider}", READ),
    ("PUT", "/v1/providers/{provider}", INSTALL),
    ("DELETE", "/v1/providers/{provider}", INSTALL),
    ("GET", "/v1/providers/{provider}/models", READ),
    ("GET", "/v1/providers/{provider}/models/{model}", READ),
    ("PUT", "/v1/providers/{provider}/models/{model}", INSTALL),
    ("DELETE", "/v1/providers/{provider}/models/{model}", INSTALL),
    ("POST", "/v1/providers/{provider}/models/{model}/enable", INSTALL),
    ("POST", "/v1/providers/{provider}/models/{model}/disable", INSTALL),
    ("POST", "/v1/providers/{provider}/models/{model}/execute", WRITE),
    ("GET", "/v1/jobs", READ),
    ("POST", "/v1/jobs", WRITE),
    ("POST", "/v1/jobs/batch", WRITE),
    ("POST", "/v1/jobs/query", READ),
    ("POST", "/v1/jobs/cancel", WRITE),
    ("GET", "/v1/jobs/{job}", READ),
    ("DELETE", "/v1/jobs/{job}", WRITE),
    ("POST", "/v1/jobs/{job}/cancel", WRITE),
    ("POST", "/v1/jobs/{job}/retry", WRITE),
    ("GET", "/v1/jobs/{job}/events", READ),
    ("GET", "/v1/jobs/{job}/results", READ),
    ("GET", "/v1/jobs/{job}/errors", READ),
    ("GET", "/v1/jobs/{job}/files", READ),
    ("GET", "/v1/jobs/{job}/files/{file}", READ),
    ("GET", "/v1/jobs/{job}/logs", READ),
    ("GET", "/v1/jobs/{job}/webhooks", READ),
    ("GET", "/v1/jobs/{job}/tasks", READ),
    ("GET", "/v1/jobs/{job}/tasks/{task}", READ),
    ("GET", "/v1/jobs/{job}/tasks/{task}/results", READ),
    ("GET", "/v1/jobs/{job}/tasks/{task}/errors", READ),
    ("GET", "/v1/jobs/{job}/tasks/{task}/files", READ),
    ("GET", "/v1/jobs/{job}/tasks/{task}/files/{file}", READ),
    ("GET", "/v1/jobs/{job}/tasks/{task}/logs", READ),
    ("GET", "/v1/schedules", READ),
    ("POST", "/v1/schedules", WRITE),
    ("GET", "/v1/schedules/{schedule}", READ),
    ("PUT", "/v1/schedules/{schedule}", WRITE),
    ("DELETE", "/v1/schedules/{schedule}", WRITE),
    ("POST", "/v1/schedules/{schedule}/launch", WRITE),
    ("GET", "/v1/schedules/{schedule}/next", READ),
    ("GET", "/v1/schedules/{schedule}/history", READ),
    ("GET", "/v1/schedules/{schedule}/jobs", READ),
];

/// The services of the ThingWorx surface by entity, as `GET …/Metadata` names them.
pub const SERVICES: &[(&str, &[(&str, Needs)])] = &[
    (
        "Resources/TW.AnalysisServices.JobManagementServicesAPI",
        &[
            ("SubmitJob", WRITE),
            ("ExecuteJob", WRITE),
            ("GetJobStatus", READ),
            ("GetJobResults", READ),
            ("GetJobErrors", READ),
            ("GetJobResultFiles", READ),
            ("RetryJob", WRITE),
            ("QueryJobs", READ),
            ("StartStatefulSession", WRITE),
            ("EndStatefulSession", WRITE),
            ("IsStatefulSession", READ),
            ("CancelJob", WRITE),
        ],
    ),
    (
        "Resources/TW.AnalysisServices.ModelManagementServicesAPI",
        &[
            ("CreateModelAndDatashapesFromFile", INSTALL),
            ("CreateModelWithManualDatashapes", INSTALL),
            ("QueryModels", READ),
            ("GetModel", READ),
            ("GetModelDataShapes", READ),
            ("EnableModel", INSTALL),
            ("DisableModel", INSTALL),
            ("DeleteModel", INSTALL),
        ],
    ),
    (
        "Resources/TW.AnalysisServices.ProviderManagementServicesAPI",
        &[("CreateProvider", INSTALL), ("QueryProviders", READ), ("GetProvider", READ), ("DeleteProvider", INSTALL)],
    ),
    (
        "Things/TW.AnalysisServices.ModelRepository",
        &[
            ("CreateFolder", INSTALL),
            ("GetFileListing", READ),
            ("GetFileListingWithLinks", READ),
            ("DeleteFile", INSTALL),
        ],
    ),
];

/// What else there is on the ThingWorx surface.
pub const THINGWORX: &[(&str, &str, Needs)] = &[
    ("GET", "/Thingworx/Resources", Token),
    ("GET", "/Thingworx/Things", Token),
    ("GET", "/Thingworx/Resources/TW.AnalysisServices.JobManagementServicesAPI/Metadata", Token),
    ("GET", "/Thingworx/Resources/TW.AnalysisServices.ModelManagementServicesAPI/Metadata", Token),
    ("GET", "/Thingworx/Resources/TW.AnalysisServices.ProviderManagementServicesAPI/Metadata", Token),
    ("GET", "/Thingworx/Things/TW.AnalysisServices.ModelRepository/Metadata", Token),
    ("POST", "/Thingworx/FileRepositoryUploader", INSTALL),
    (
        "GET",
        "/Thingworx/FileRepositoryDownloader?download-repository=TW.AnalysisServices.ModelRepository&download-path=/none",
        READ,
    ),
    ("GET", "/Thingworx/FileRepositories/TW.AnalysisServices.ModelRepository/none.json", READ),
];

/// Calls that the checked-in description of the native surface names.
pub fn described() -> BTreeSet<(String, String)> {
    let text = ok(std::fs::read_to_string(repository().join("docs/reference/openapi.json")), "the description");
    let document: Value = ok(serde_json::from_str(&text), "JSON");
    let paths = document["paths"].as_object().cloned().unwrap_or_default();
    let calls = paths.iter().flat_map(|(path, calls)| {
        let methods = calls.as_object().cloned().unwrap_or_default();
        methods.into_iter().map(|(method, _)| (method.to_uppercase(), path.clone())).collect::<Vec<_>>()
    });
    calls.collect()
}

/// The entities of a collection.
pub fn entities(http: &Http, collection: &str) -> BTreeSet<String> {
    let path = format!("/Thingworx/{collection}");
    let list = http.call("GET", &path, &[("accept", "application/json")], None).expect(200).json();
    let rows = list["rows"].as_array().cloned().unwrap_or_default();
    rows.iter().filter_map(|row| Some(format!("{collection}/{}", row["name"].as_str()?))).collect()
}

/// Services that an entity says it has.
pub fn services(http: &Http, entity: &str) -> BTreeSet<String> {
    let path = format!("/Thingworx/{entity}/Metadata");
    let metadata = http.call("GET", &path, &[("accept", "application/json")], None).expect(200).json();
    let services = metadata["serviceDefinitions"].as_object().cloned().unwrap_or_default();
    services.into_iter().map(|(name, _)| name).collect()
}

/// Every call with its address filled in.
pub fn all(fill: impl Fn(&str) -> String) -> Vec<(&'static str, String, Needs)> {
    let native = NATIVE.iter().map(|(method, path, needs)| (*method, fill(path), *needs));
    let services = SERVICES.iter().flat_map(|(entity, services)| {
        services.iter().map(move |(name, needs)| ("POST", format!("/Thingworx/{entity}/Services/{name}"), *needs))
    });
    let others = THINGWORX.iter().map(|(method, path, needs)| (*method, (*path).to_owned(), *needs));
    native.chain(services).chain(others).collect()
}

/// A body that every call can be made with, as far as its right is concerned.
pub fn body(method: &str) -> Option<Vec<u8>> {
    (method != "GET").then(|| json!({}).to_string().into_bytes())
}
