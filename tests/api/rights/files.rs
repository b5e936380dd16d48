//! Model files: streamed to the store, inspected by their provider, refused with its reason.

use serde_json::{Value, json};

use support::http::Answer;
use support::raw::{Raw, head};
use support::server::{Server, Setup};

const MODEL: &str = "/v1/providers/filed/models/sum";

fn publish(server: &Server, path: &str, model: &Value) -> Answer {
    server.http.put(path, "application/json", model.to_string().as_bytes())
}

#[test]
fn a_model_file_is_published_run_and_replaced() {
    let server = Server::with_plugins(&["filed"]);
    let first = publish(&server, MODEL, &json!({"inputs": ["a", "b"], "weights": [2, -1]})).expect(201);
    assert_eq!(first.header("location"), MODEL);
    let first = first.json();
    assert_eq!((&first["kind"], &first["enabled"]), (&json!("file"), &json!(true)));
    let file = &first["file"];
    assert_eq!((&file["size"], &file["media_type"]), (&json!(37), &json!("application/json")));
    assert!(file["digest"].as_str().is_some_and(|digest| digest.starts_with("sha256:")), "{file}");
    let run = || {
        let answer = server.http.post(&format!("{MODEL}/execute"), &json!([{"a": 3, "b": 1}])).expect(200).json();
        answer["rows"].clone()
    };
    assert_eq!(run(), json!([{"sum": 5.0}]));
    let second = publish(&server, MODEL, &json!({"inputs": ["a", "b"], "weights": [1, 1]})).expect(200).json();
    assert_ne!(second["file"]["digest"], *file);
    assert_eq!(run(), json!([{"sum": 4.0}]));
}

#[test]
fn a_file_that_its_provider_refuses_changes_nothing() {
    let server = Server::with_plugins(&["filed"]);
    let before = publish(&server, MODEL, &json!({"inputs": ["a"], "weights": [1]})).expect(201).json();
    let problem = publish(&server, MODEL, &json!({"inputs": ["a", "b"], "weights": [1]})).expect(422).json();
    assert!(
        problem["detail"].as_str().is_some_and(|why| why.contains("There are 2 inputs and 1 weights")),
        "{problem}"
    );
    assert_eq!(server.http.get(MODEL).expect(200).json(), before);
    publish(&server, "/v1/providers/nobody/models/sum", &json!({})).expect(404);
}

/// Whether the length is said beforehand or not; and what broke off leaves nothing.
#[test]
fn a_file_that_is_too_long_or_breaks_off_is_refused() {
    let config = "[limits]\nmodel_file_bytes = 100000\nbody_idle_ms = 500\n";
    let server = Server::with(&Setup { config, plugins: &["filed"], ..Setup::default() });
    let ask = |more: &str| {
        let mut raw = Raw::connect(&server.http);
        raw.send(head(&server.http, "PUT", MODEL) + "content-type: application/json\r\n" + more);
        raw
    };
    let mut declared = ask("content-length: 100001\r\n\r\n{");
    declared.until_said("HTTP/1.1 413 ", 1);
    assert!(declared.text().contains("model_file_bytes"), "{}", declared.text());
    let piece = format!("2000\r\n{}\r\n", " ".repeat(0x2000));
    let mut endless = ask(&format!("transfer-encoding: chunked\r\n\r\n{}", piece.repeat(13)));
    endless.until_said("HTTP/1.1 413 ", 1);
    let mut silent = ask("content-length: 50\r\n\r\n{");
    silent.until_said("HTTP/1.1 408 ", 1);
    server.http.get(MODEL).expect(404);
    publish(&server, MODEL, &json!({"inputs": ["a"], "weights": [1]})).expect(201);
}
