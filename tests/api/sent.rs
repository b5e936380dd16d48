//! A job whose table is sent by itself: as CSV or Arrow with the rest in the query, and in a form.

#![expect(clippy::expect_used, clippy::indexing_slicing, reason = "tests fail by panicking; JSON values index to null")]

use serde_json::{Value, json};

use support::http::{Answer, Http};
use support::server::Server;
use support::snapshot::assert_snapshot;

const CSV: &str = "text/csv";
const ARROW: &str = "application/vnd.apache.arrow.stream";
const QUERY: &str = "/v1/jobs?provider=statistics&model=linear-regression&response=y";
const TABLE: &[u8] = b"x,y\n1,2\n2,4.5\n3,6\n4,8\n";

fn send(http: &Http, path: &str, media_type: &str, body: &[u8]) -> Answer {
    http.call("POST", path, &[("content-type", media_type), ("prefer", "wait=60")], Some(body))
}

/// The coefficients that a completed job has found.
fn terms(http: &Http, answer: Answer) -> Value {
    let job = answer.expect(200).json();
    assert_eq!(job["status"], "completed", "{job}");
    http.get(&format!("/v1/jobs/{}/results", job["id"].as_str().expect("an id"))).expect(200).json()["rows"].clone()
}

/// A form of these parts: name, head beside its name, content.
fn form(boundary: &str, parts: &[(&str, &str, &[u8])]) -> (String, Vec<u8>) {
    let mut body = Vec::new();
    for (name, head, content) in parts {
        body.extend(format!("--{boundary}\r\ncontent-disposition: form-data; name=\"{name}\"\r\n{head}\r\n").bytes());
        body.extend(*content);
        body.extend(b"\r\n");
    }
    body.extend(format!("--{boundary}--\r\n").bytes());
    (format!("multipart/form-data; boundary={boundary}"), body)
}

#[test]
fn every_way_to_send_a_table_gives_the_same_job() {
    let server = Server::with_plugins(&["statistics", "hostile"]);
    let http = &server.http;
    let rows = json!([{"x": 1.0, "y": 2.0}, {"x": 2.0, "y": 4.5}, {"x": 3.0, "y": 6.0}, {"x": 4.0, "y": 8.0}]);
    let document =
        json!({"provider": "statistics", "model": "linear-regression", "input": rows, "parameters": {"response": "y"}});
    let expected = terms(http, send(http, "/v1/jobs", "application/json", document.to_string().as_bytes()));

    let arrow = http.call(
        "POST",
        "/v1/providers/hostile/models/echo/execute",
        &[("content-type", CSV), ("accept", ARROW)],
        Some(TABLE),
    );
    let arrow = arrow.expect(200).body;
    assert_eq!(terms(http, send(http, QUERY, CSV, TABLE)), expected);
    assert_eq!(terms(http, send(http, QUERY, ARROW, &arrow)), expected);
    assert_eq!(terms(http, send(http, QUERY, "application/json", rows.to_string().as_bytes())), expected);
    let job =
        json!({"provider": "statistics", "model": "linear-regression", "parameters": {"response": "y"}}).to_string();
    for (head, table) in [
        (format!("content-type: {CSV}\r\n"), TABLE),
        (format!("content-type: {ARROW}\r\n"), arrow.as_slice()),
        ("content-type: application/json\r\n".to_owned(), rows.to_string().as_bytes()),
        (String::new(), rows.to_string().as_bytes()),
    ] {
        let (media_type, body) = form("XX", &[("input", &head, table), ("job", "", job.as_bytes())]);
        assert_eq!(terms(http, send(http, "/v1/jobs", &media_type, &body)), expected, "{head}");
    }
}

#[test]
fn everything_beside_the_table_is_kept() {
    let server = Server::with_plugins(&["hostile"]);
    let http = &server.http;
    let query = "provider=hostile&model=noop&priority=-3&run_at=2099-01-01T00:00:00Z&custom_data=%7B%22a%22:1.0%7D\
        &limits.timeout_ms=7000&retry.max_attempts=2&tags.plant=north";
    let sent = |path: &str, media_type: &str, body: &[u8]| {
        http.call("POST", path, &[("content-type", media_type)], Some(body)).expect(201).json()
    };
    let made = sent(&format!("/v1/jobs?{query}"), CSV, b"value\n1.5\n");
    let document = json!({"provider": "hostile", "model": "noop", "priority": -3, "run_at": "2099-01-01T00:00:00Z",
        "custom_data": {"a": 1.0}, "limits": {"timeout_ms": 7000}, "retry": {"max_attempts": 2}, "tags": {"plant": "north"}});
    let (media_type, body) = form(
        "b",
        &[("job", "", document.to_string().as_bytes()), ("input", "content-type: text/csv\r\n", b"value\n1.5\n")],
    );
    let of_form = sent("/v1/jobs", &media_type, &body);
    for job in [made, of_form] {
        let shown = json!({"priority": job["priority"], "run_at": job["run_at"], "custom_data": job["custom_data"],
            "timeout": job["limits"]["timeout_ms"], "attempts": job["max_attempts"], "tags": job["tags"]});
        let expected = json!({"priority": -3, "run_at": "2099-01-01T00:00:00.000Z", "custom_data": {"a": 1.0}, "timeout": 7000,
            "attempts": 2, "tags": {"plant": "north"}});
        assert_eq!(shown, expected);
    }
}

#[test]
fn a_repetition_is_known_whatever_its_boundary() {
    let server = Server::with_plugins(&["hostile"]);
    let http = &server.http;
    let job = br#"{"provider": "hostile", "model": "noop"}"#;
    let sent = |boundary: &str, table: &[u8]| {
        let (media_type, body) = form(boundary, &[("job", "", job), ("input", "content-type: text/csv\r\n", table)]);
        let headers = [("content-type", media_type.as_str()), ("idempotency-key", "a")];
        http.call("POST", "/v1/jobs", &headers, Some(&body))
    };
    let first = sent("one", b"value\n1\n").expect(201).json();
    assert_eq!(sent("two", b"value\n1\n").expect(200).json()["id"], first["id"]);
    assert_eq!(sent("two", b"value\n2\n").expect(422).json()["code"], "idempotency-mismatch");
    let queried = |table: &[u8], query: &str| {
        let headers = [("content-type", CSV), ("idempotency-key", "b")];
        http.call("POST", &format!("/v1/jobs?provider=hostile&model=noop{query}"), &headers, Some(table))
    };
    let first = queried(b"value\n1\n", "").expect(201).json();
    assert_eq!(queried(b"value\n1\n", "").expect(200).json()["id"], first["id"]);
    queried(b"value\n1\n", "&priority=1").expect(422);
    queried(b"value\n3\n", "").expect(422);
}

#[test]
fn what_cannot_be_meant_is_refused_with_a_reason() {
    let server = Server::with_plugins(&["statistics"]);
    let http = &server.http;
    let detail = |answer: Answer| {
        let (status, body) = (answer.status, answer.json());
        let errors: Vec<String> = body["errors"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|one| format!("{} {}", one["pointer"], one["message"]))
            .collect();
        format!("{status} {}{}", body["detail"].as_str().expect("a detail"), errors.join("; "))
    };
    let of_form = |parts: &[(&str, &str, &[u8])]| {
        let (media_type, body) = form("b", parts);
        detail(send(http, "/v1/jobs", &media_type, &body))
    };
    let job: &[u8] = br#"{"provider": "statistics", "model": "describe"}"#;
    let whole: &[u8] = br#"{"provider": "statistics", "model": "describe", "input": []}"#;
    let csv = "content-type: text/csv\r\n";
    let shown = [
        detail(send(http, "/v1/jobs?staus=1", "application/json", whole)),
        detail(send(http, "/v1/jobs", CSV, TABLE)),
        detail(send(http, "/v1/jobs?provider=statistics&model=describe&nonsense=1", CSV, TABLE)),
        detail(send(http, "/v1/jobs?provider=statistics&model=describe&priority=high", CSV, TABLE)),
        detail(send(http, "/v1/jobs?provider=statistics&model=describe&limits.feul=1", CSV, TABLE)),
        detail(send(http, "/v1/jobs?provider=statistics&model=none", CSV, TABLE)),
        detail(send(http, "/v1/jobs?provider=statistics&model=describe", "application/vnd.ms-excel", TABLE)),
        detail(send(http, "/v1/jobs", "multipart/form-data", TABLE)),
        of_form(&[("job", "", job)]),
        of_form(&[("input", csv, TABLE)]),
        of_form(&[("job", "", job), ("job", "", job), ("input", csv, TABLE)]),
        of_form(&[("job", "", whole), ("input", csv, TABLE)]),
        of_form(&[("job", "", job), ("input", "content-type: text/html\r\n", TABLE)]),
        of_form(&[("job", "", job), ("input", csv, TABLE), ("notes", "", b"x")]),
        of_form(&[("job", "", br#"{"tasks": []}"#), ("input", csv, TABLE)]),
    ];
    assert_snapshot("tables-sent-by-themselves.txt", &(shown.join("\n") + "\n"));
    assert_eq!(http.get("/v1/jobs").expect(200).json()["jobs"], json!([]));
}
