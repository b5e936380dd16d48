//! The example plugin `onnx`: real models through a real server, and what a stateful session saves.

#![expect(clippy::expect_used, clippy::indexing_slicing, reason = "tests fail by panicking; JSON values index to null")]

use std::fs;

use serde_json::{Value, json};

use support::http::Http;
use support::repository;
use support::server::Server;

const MODELS: [&str; 4] = ["diabetes", "digits", "iris", "tumours"];
const JOBS: &str = "/Thingworx/Resources/TW.AnalysisServices.JobManagementServicesAPI/Services";

fn file(name: &str) -> Vec<u8> {
    fs::read(repository().join("example-plugins/onnx/models").join(name)).expect("a file of the models")
}

fn publish(http: &Http) {
    for name in MODELS {
        let path = format!("/v1/providers/onnx/models/{name}");
        http.put(&path, "application/octet-stream", &file(&format!("{name}.onnx"))).expect(201);
    }
}

fn cells(csv: &[u8]) -> Vec<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(csv);
    reader.records().map(|row| row.expect("a row").iter().map(str::to_owned).collect()).collect()
}

/// The same header, the same number of rows; labels equal, numbers within 1e-5 of what onnxruntime gave.
fn agree(what: &str, got: &[u8], expected: &[u8]) {
    let (got, expected) = (cells(got), cells(expected));
    assert_eq!((got.len(), got.first()), (expected.len(), expected.first()), "{what}");
    for (number, (got, expected)) in got.iter().zip(&expected).enumerate().skip(1) {
        for (got, expected) in got.iter().zip(expected) {
            let near = match (got.parse::<f64>(), expected.parse::<f64>()) {
                (Ok(got), Ok(expected)) => (got - expected).abs() <= 1e-5 * expected.abs().max(1.0),
                _ => got == expected,
            };
            assert!(near, "{what}, row {number}: got {got}, and onnxruntime {expected}");
        }
    }
}

/// Rows of a CSV of numbers as an InfoTable.
fn info_table(csv: &[u8], rows: usize) -> Value {
    let cells = cells(csv);
    let header = cells.first().expect("a header");
    let row = |row: &Vec<String>| {
        let members =
            header.iter().zip(row).map(|(name, cell)| (name.clone(), json!(cell.parse::<f64>().expect("a number"))));
        Value::Object(members.collect())
    };
    json!({ "rows": cells.iter().skip(1).take(rows).map(row).collect::<Vec<_>>() })
}

/// Calls with a cookie, as a client in a session does.
fn service(http: &Http, name: &str, cookie: &str, body: &Value) -> support::http::Answer {
    let headers = [("content-type", "application/json"), ("accept", "application/json"), ("cookie", cookie)];
    http.call("POST", &format!("{JOBS}/{name}"), &headers, Some(body.to_string().as_bytes())).expect(200)
}

/// Fuel of the newest job.
fn fuel(http: &Http) -> u64 {
    http.get("/v1/jobs?limit=1").expect(200).json()["jobs"][0]["fuel_used"].as_u64().expect("fuel")
}

#[test]
fn answers_agree_with_onnxruntime_and_a_session_keeps_the_model() {
    let server = Server::with_plugins(&["onnx"]);
    let http = &server.http;
    publish(http);
    for name in MODELS {
        let shown = http.get(&format!("/v1/providers/onnx/models/{name}")).expect(200).json();
        assert_eq!((&shown["cardinality"], &shown["independent_rows"]), (&json!("NxN"), &json!(true)), "{shown}");
        let headers = [("content-type", "text/csv"), ("accept", "text/csv")];
        let path = format!("/v1/providers/onnx/models/{name}/execute");
        let answer = http.call("POST", &path, &headers, Some(&file(&format!("{name}.input.csv")))).expect(200);
        agree(name, &answer.body, &file(&format!("{name}.expected.csv")));
    }
    // float32 stays float32.
    let shape = http.get("/v1/providers/onnx/models/diabetes").expect(200).json();
    let kinds = |shape: &Value| shape["fieldDefinitions"].to_string().matches("float32").count();
    assert_eq!((kinds(&shape["input"]), kinds(&shape["output"])), (10, 1), "{shape}");

    // What is not a model is refused with its reason, and changes nothing.
    let refused =
        http.put("/v1/providers/onnx/models/diabetes", "application/octet-stream", b"not a model").expect(422);
    assert!(refused.json()["detail"].as_str().is_some_and(|detail| detail.contains("ONNX")), "{}", refused.text());
    let cut = file("digits.onnx");
    http.put("/v1/providers/onnx/models/cut", "application/octet-stream", &cut[..cut.len() / 2]).expect(422);
    http.get("/v1/providers/onnx/models/cut").expect(404);

    let submission = json!({
        "providerName": "onnx", "modelName": "diabetes", "inputParams": info_table(&file("diabetes.input.csv"), 1),
    });
    service(http, "ExecuteJob", "", &submission);
    let outside = fuel(http);
    let started = service(http, "StartStatefulSession", "", &json!({}));
    let cookie = started.header("set-cookie");
    let cookie = cookie.split(';').next().expect("a cookie");
    let first = service(http, "ExecuteJob", cookie, &submission);
    let begun = fuel(http);
    let second = service(http, "ExecuteJob", cookie, &submission);
    let inside = fuel(http);
    assert_eq!(first.body, second.body);
    // The first of a session has to prepare the model like any other run; the next ones need not.
    assert!(begun > outside / 2, "{begun} fuel for the first job of a session, {outside} outside");
    assert!(inside * 10 < outside, "{inside} fuel within a session, {outside} outside");
}
