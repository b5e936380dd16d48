//! Two real servers, one that splits runs and one that does not: clients cannot tell which is which.

#![expect(clippy::expect_used, clippy::indexing_slicing, reason = "tests fail by panicking; JSON values index to null")]

use serde_json::{Value, json};

use support::eventually;
use support::http::Http;
use support::server::{Server, Setup};

const FORMATS: [&str; 4] =
    ["application/json", "application/json; layout=columns", "text/csv", "application/vnd.apache.arrow.stream"];

/// Three parts at most, whatever the machine.
fn splitting() -> Server {
    server("split_rows = 8\nsplit_parts = 3\nconcurrent_tasks = 4")
}

fn unsplit() -> Server {
    server("split_rows = 0\nconcurrent_tasks = 4")
}

fn server(limits: &str) -> Server {
    let config = format!("[limits]\nfree_disk_bytes = 0\n{limits}\n");
    Server::with(&Setup { config: &config, plugins: &["rows"], ..Setup::default() })
}

/// A sample of the metrics.
fn sample(http: &Http, name: &str) -> u64 {
    let text = http.get("/metrics").expect(200).text();
    let value = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    value.and_then(|value| value.parse().ok()).expect("the metric")
}

fn submitted(http: &Http, body: &Value) -> String {
    http.post("/v1/jobs", body).expect(201).json()["id"].as_str().expect("an id").to_owned()
}

fn finished(http: &Http, id: &str) -> Value {
    eventually("the job to end", || {
        let job = http.get(&format!("/v1/jobs/{id}")).expect(200).json();
        let status = job["status"].as_str().expect("a status").to_owned();
        (!["queued", "running"].contains(&status.as_str())).then_some(job)
    })
}

/// A column for each way in which values lie in memory, with values missing in all.
fn mixed(rows: u32) -> Value {
    let types = [
        ("number", "NUMBER"),
        ("whole", "INTEGER"),
        ("long", "LONG"),
        ("flag", "BOOLEAN"),
        ("text", "STRING"),
        ("time", "DATETIME"),
        ("object", "JSON"),
        ("bytes", "BLOB"),
    ];
    let definitions = types.map(|(name, of)| (name.to_owned(), json!({ "name": name, "baseType": of })));
    let row = |row: u32| {
        let there = |every: u32, value: Value| if row % every == 1 { Value::Null } else { value };
        json!({
            "number": there(3, json!(f64::from(row) / 7.0)),
            "whole": there(4, json!(row)),
            "long": there(5, json!(u64::from(row) << 40)),
            "flag": there(6, json!(row.is_multiple_of(2))),
            "text": there(7, json!("ü".repeat(row as usize % 4))),
            "time": there(8, json!(1_700_000_000_000_u64 + u64::from(row))),
            "object": there(9, json!({ "row": row })),
            "bytes": there(10, json!(["", "AA==", "AAEC"][row as usize % 3])),
        })
    };
    let definitions: serde_json::Map<String, Value> = definitions.into_iter().collect();
    json!({ "dataShape": { "fieldDefinitions": definitions }, "rows": (0..rows).map(row).collect::<Vec<_>>() })
}

#[test]
fn the_same_bytes_come_out_split_or_not() {
    let (split, whole) = (splitting(), unsplit());
    let input = mixed(203);
    let body = input.to_string();
    for format in FORMATS {
        let execute = |http: &Http| {
            let headers = [("content-type", "application/json"), ("accept", format)];
            let path = "/v1/providers/rows/models/copy/execute";
            http.call("POST", path, &headers, Some(body.as_bytes())).expect(200).body
        };
        assert_eq!(execute(&split.http), execute(&whole.http), "{format}");
    }
    assert_eq!(sample(&split.http, "analyte_split_runs_total"), 4);
    let job = |http: &Http| submitted(http, &json!({ "provider": "rows", "model": "copy", "input": input }));
    let (id, other) = (job(&split.http), job(&whole.http));
    for (http, id) in [(&split.http, &id), (&whole.http, &other)] {
        assert_eq!(finished(http, id)["status"], "completed");
    }
    for format in FORMATS {
        let results = |http: &Http, id: &str| http.get_as(&format!("/v1/jobs/{id}/results"), format).expect(200).body;
        assert_eq!(results(&split.http, &id), results(&whole.http, &other), "{format}");
    }
    assert_eq!(sample(&split.http, "analyte_split_runs_total"), 5);
    assert_eq!(sample(&split.http, "analyte_split_parts_total"), 15);
    assert_eq!(sample(&split.http, "analyte_split_in_vain_total"), 0);
    assert_eq!(sample(&whole.http, "analyte_split_runs_total"), 0);
}

#[test]
fn a_row_that_fails_is_reported_alike_split_or_not() {
    let (split, whole) = (splitting(), unsplit());
    let input = json!({ "columns": { "value": (0..203).collect::<Vec<_>>() } });
    for deed in ["error", "panic", "drop"] {
        let asked = json!({ "input": input, "parameters": { "deed": deed, "at": 150 } });
        let problem = |http: &Http| {
            let answer = http.post("/v1/providers/rows/models/rows/execute", &asked);
            (answer.status, answer.text())
        };
        let (got, expected) = (problem(&split.http), problem(&whole.http));
        assert!(got.0 >= 400 && got == expected, "{got:?}\n{expected:?}");
        let job = json!({ "provider": "rows", "model": "rows", "input": input, "parameters": asked["parameters"] });
        let errors = |http: &Http| {
            let id = submitted(http, &job);
            assert_eq!(finished(http, &id)["status"], "failed");
            http.get(&format!("/v1/jobs/{id}/errors")).expect(200).json()["errors"][0]["message"].clone()
        };
        assert_eq!(errors(&split.http), errors(&whole.http), "{deed}");
    }
    assert_eq!(sample(&split.http, "analyte_split_in_vain_total"), 6);
}

#[test]
fn a_split_job_keeps_no_other_waiting_and_ends_when_it_is_cancelled() {
    let server = server("split_rows = 8\nsplit_parts = 2\nconcurrent_tasks = 2");
    let http = &server.http;
    let input = json!({ "columns": { "value": (0..64).collect::<Vec<_>>() } });
    let job = |deed: &str| {
        submitted(http, &json!({ "provider": "rows", "model": "rows", "input": input, "parameters": { "deed": deed } }))
    };
    let spinning = job("spin");
    eventually("it to be split", || (sample(http, "analyte_split_parts_total") == 2).then_some(()));
    assert_eq!(sample(http, "analyte_tasks_running"), 2);
    assert_eq!(finished(http, &job("nothing"))["status"], "completed");
    assert_eq!(http.get(&format!("/v1/jobs/{spinning}")).expect(200).json()["status"], "running");
    let cancelled = http.post(&format!("/v1/jobs/{spinning}/cancel"), &json!({})).expect(200).json();
    assert_eq!(cancelled["status"], "cancelled");
    eventually("places and memory to be free", || {
        let held = sample(http, "analyte_tasks_running") + sample(http, "analyte_memory_admitted_bytes");
        (held == 0).then_some(())
    });
}
