//! The metadata names exactly what the server offers: every service of every entity answers, and says what it takes.

use serde_json::Value;

use super::{JSON, bare};
use support::server::Server;

/// Every entity that is listed, with its metadata.
fn entities(server: &Server) -> Vec<(String, Value)> {
    let read = |path: &str| {
        let headers = [("appKey", server.http.token.as_str()), ("accept", "application/json")];
        bare(server).call("GET", path, &headers, None).expect(200).json()
    };
    let mut all = Vec::new();
    for collection in ["Resources", "Things"] {
        let list = read(&format!("/Thingworx/{collection}"));
        for row in list["rows"].as_array().expect("rows") {
            let path = format!("/Thingworx/{collection}/{}", row["name"].as_str().expect("a name"));
            let metadata = read(&format!("{path}/Metadata"));
            assert_eq!((&metadata["name"], &metadata["entityType"]), (&row["name"], &Value::from(collection)));
            assert_eq!(read(&path), metadata);
            all.push((path, metadata));
        }
    }
    all
}

#[test]
fn every_service_in_the_metadata_answers() {
    let server = Server::start();
    let mut count = 0;
    for (path, metadata) in entities(&server) {
        for (name, service) in metadata["serviceDefinitions"].as_object().expect("services") {
            assert_eq!(service["name"], name.as_str());
            assert!(service["Inputs"]["fieldDefinitions"].is_object() && service["Outputs"]["baseType"].is_string());
            let headers = [("appKey", server.http.token.as_str()), JSON, ("accept", "application/json")];
            let answer = bare(&server).call("POST", &format!("{path}/Services/{name}"), &headers, Some(b"{}"));
            // Most miss their parameters, and say so as every service does.
            let begin =
                format!("Unable to Invoke Service {name} on {} : ", metadata["name"].as_str().unwrap_or_default());
            let text = answer.text();
            assert!(answer.status == 200 || (answer.status == 500 && text.starts_with(&begin)), "{name}: {text}");
            count += 1;
        }
    }
    assert!(count > 20, "{count} services");
}

#[test]
fn the_job_services_are_the_documented_ones_and_one_more() {
    let server = Server::start();
    let all = entities(&server);
    let (_, jobs) = all.iter().find(|(path, _)| path.ends_with(".JobManagementServicesAPI")).expect("the resource");
    let services = jobs["serviceDefinitions"].as_object().expect("services");
    let names: Vec<_> = services.keys().map(String::as_str).collect();
    let mut expected = [
        "SubmitJob",
        "ExecuteJob",
        "GetJobStatus",
        "GetJobResults",
        "GetJobErrors",
        "GetJobResultFiles",
        "RetryJob",
        "QueryJobs",
        "StartStatefulSession",
        "EndStatefulSession",
        "IsStatefulSession",
        "CancelJob",
    ];
    expected.sort_unstable();
    assert_eq!(names, expected);
    let ours: Vec<_> = services.iter().filter(|(_, one)| one["category"] == "Analyte").map(|(name, _)| name).collect();
    assert_eq!(ours, ["CancelJob"]);
    let inputs = services["SubmitJob"]["Inputs"]["fieldDefinitions"].as_object().expect("inputs");
    let mut inputs: Vec<_> =
        inputs.iter().map(|(name, one)| (one["ordinal"].as_u64(), name.as_str(), &one["baseType"])).collect();
    inputs.sort_by_key(|(ordinal, ..)| *ordinal);
    let expected = [
        ("providerName", "STRING"),
        ("modelName", "STRING"),
        ("inputParams", "INFOTABLE"),
        ("extraParams", "JSON"),
        ("customData", "INFOTABLE"),
    ];
    for ((_, name, base_type), expected) in inputs.iter().zip(expected) {
        assert_eq!((*name, base_type.as_str()), (expected.0, Some(expected.1)));
    }
    assert_eq!(inputs.len(), 5);
}
