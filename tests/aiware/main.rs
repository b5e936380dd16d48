//! The surface for clients of aiWARE over a real server process. The checklist that the surface is held to is a test for each
//! of its points, named after its number.

#![expect(clippy::expect_used, clippy::indexing_slicing, reason = "tests fail by panicking; JSON values index to null")]

mod access;
mod bad_input;
mod checklist;
mod extending;
mod graphql;
mod graphs;
mod lists;
mod notifying;
mod racing;
mod schedules;
mod schemathesis;
mod sockets;

use serde_json::{Value, json};
use support::eventually;
use support::http::{Answer, Http};
use support::server::{Server, Setup};

/// One task runs at a time, so that what stands behind one that never ends waits.
const ONE_AT_A_TIME: &str = "[limits]\nconcurrent_tasks = 1\nrunning_tasks = 1\ngrace_ms = 0\n";

/// A server with the plugin `rows`, on which one task runs at a time.
fn one_at_a_time() -> Server {
    Server::with(&Setup { plugins: &["rows"], config: ONE_AT_A_TIME, ..Setup::default() })
}

/// An answer of this surface.
fn get(http: &Http, path: &str) -> Answer {
    http.get(&format!("/edge/v1/{path}"))
}

fn post(http: &Http, path: &str, body: &Value) -> Answer {
    http.post(&format!("/edge/v1/{path}"), body)
}

/// A task of the model `rows` with this payload; `more` are further members.
fn task(payload: &Value, more: &Value) -> Value {
    let mut task = json!({"engineId": "rows/rows"});
    if !payload.is_null() {
        task["payloadJSON"] = payload.to_string().into();
    }
    for (member, value) in more.as_object().into_iter().flatten() {
        task[member] = value.clone();
    }
    task
}

/// A job of one task that doubles a number.
fn simple() -> Value {
    json!({"tasks": [task(&json!({"input": [{"value": 1}]}), &json!({}))]})
}

/// A job of one task that never ends by itself.
fn endless() -> Value {
    json!({"tasks": [task(&json!({"input": [{"value": 1}], "deed": "spin"}), &json!({}))]})
}

/// A job that waits for a time that never comes.
fn later() -> Value {
    let mut job = simple();
    job["startDateTime"] = json!("2099-01-01T00:00:00Z");
    job
}

/// Makes jobs; their ids.
fn created(http: &Http, jobs: &[Value]) -> Vec<String> {
    let answer = post(http, "proc/job/create", &json!({"jobs": jobs})).expect(200).json();
    let ids = answer["internalJobIds"].as_array().expect("a list");
    assert_eq!(ids.len(), jobs.len(), "{answer}");
    ids.iter().map(|id| id.as_str().expect("an id").to_owned()).collect()
}

/// Makes a job; its id.
fn made(http: &Http, job: &Value) -> String {
    created(http, std::slice::from_ref(job)).remove(0)
}

fn status(http: &Http, job: &str) -> String {
    let answer = get(http, &format!("proc/job/{job}/status")).expect(200).json();
    answer["job"]["jobStatus"].as_str().expect("a state").to_owned()
}

fn reaches(http: &Http, job: &str, wanted: &str) {
    eventually(&format!("the job to be {wanted}"), || (status(http, job) == wanted).then_some(()));
}

fn detail(http: &Http, job: &str) -> Value {
    get(http, &format!("proc/job/{job}/detail")).expect(200).json()["job"].clone()
}

fn cancel(http: &Http, body: &Value) -> Answer {
    post(http, "proc/jobs/cancel", body)
}

/// The id of the error that an answer is.
fn error(answer: Answer, status: u16) -> String {
    let body = answer.expect(status).json();
    for member in ["id", "description", "detail"] {
        assert!(body[member].is_string(), "{body}");
    }
    assert_eq!(body.as_object().expect("an object").len(), 3, "{body}");
    body["id"].as_str().expect("a text").to_owned()
}

/// A token of another organisation.
fn stranger(server: &Server) -> Http {
    let admin = &server.http;
    admin.call("PUT", "/v1/organisations/lab", &[], None).expect(201);
    token(admin, "lab", &["jobs:read", "jobs:write"])
}

fn token(admin: &Http, organisation: &str, rights: &[&str]) -> Http {
    let new = json!({"label": "a test", "organisation": organisation, "rights": rights});
    let made = admin.post("/v1/tokens", &new).expect(201).json();
    Http::new(&admin.url, made["secret"].as_str().expect("a secret"))
}
