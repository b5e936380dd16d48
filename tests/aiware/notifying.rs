//! Jobs that notify addresses: `sendOutputToUris` of REST and `notificationUris` of GraphQL.

use serde_json::{Value, json};
use support::receiver::Receiver;
use support::server::{Server, Setup};

use crate::{created, get, post, simple};

/// A server that may notify this receiver.
fn server(receiver: &Receiver) -> Server {
    let config = format!("[webhooks]\nallow = ['{}']\n", receiver.destination());
    Server::with(&Setup { plugins: &["rows"], config: &config, ..Setup::default() })
}

/// What a message is of: its job and the state that it says.
fn said(message: &Value) -> (Value, Value) {
    (message["data"]["id"].clone(), message["type"].clone())
}

#[test]
fn a_job_notifies_the_addresses_that_its_creation_names_when_it_ends() {
    let receiver = Receiver::taking();
    let server = server(&receiver);
    let http = &server.http;
    let mut job = simple();
    job["sendOutputToUris"] = json!([receiver.url("/rest?key=s3cret"), receiver.url("/second")]);
    let id = created(http, &[job]).remove(0);
    for path in ["/rest?key=s3cret", "/second"] {
        let sent = receiver.wait_for(path, 1).remove(0);
        assert_eq!(said(&sent.json()), (json!(id), json!("job.completed")));
        assert_eq!(sent.header("webhook-signature"), "", "the product's clients have no secret");
    }
    // What stands behind the path may be the receiver's secret.
    let detail = get(http, &format!("proc/job/{id}/detail")).expect(200).json();
    assert_eq!(detail["job"]["sendOutputToUris"], json!([receiver.url("/rest"), receiver.url("/second")]));

    let query = "mutation create($input: CreateJob!) { createJob(input: $input) { internalJobId notificationUris } }";
    let task = json!({"engineId": "rows/rows", "payload": {"input": [{"value": 1}]}});
    let input = json!({"tasks": [task], "notificationUris": [receiver.url("/graphql")]});
    let answer = http.post("/v3/graphql", &json!({"query": query, "variables": {"input": input}})).expect(200).json();
    let made = &answer["data"]["createJob"];
    assert_eq!(made["notificationUris"], json!([receiver.url("/graphql")]), "{answer}");
    let sent = receiver.wait_for("/graphql", 1).remove(0);
    assert_eq!(said(&sent.json()), (made["internalJobId"].clone(), json!("job.completed")));
}

#[test]
fn what_cannot_be_notified_is_refused_and_nothing_is_kept() {
    let receiver = Receiver::taking();
    let server = server(&receiver);
    let http = &server.http;
    let with = |member: &str, value: Value| {
        let mut job = simple();
        job[member] = value;
        job
    };
    let mut of_task = simple();
    of_task["tasks"][0]["sendOutputToUris"] = json!([receiver.url("/task")]);
    let many = json!(vec![receiver.url("/many"); 99]);
    for (job, status, words) in [
        (with("sendOutputToUris", json!(["https://elsewhere.example/in"])), 403, "elsewhere.example"),
        (with("sendOutputToUris", json!(["no address"])), 400, "/webhook"),
        (with("sendOutputToUris", many), 400, "limit webhooks"),
        (of_task, 501, "`/jobs/0/tasks/0/sendOutputToUris` is not offered for one task"),
    ] {
        let answer = post(http, "proc/job/create", &json!({"jobs": [job]}));
        let text = answer.text();
        assert!(answer.status == status && text.contains(words), "{status} {words}: {text}");
    }
    let query = "mutation create($input: CreateJob!) { createJob(input: $input) { id } }";
    let task = json!({"engineId": "rows/rows", "payload": {"input": [{"value": 1}]}});
    for (input, name) in [
        (json!({"tasks": [task.clone()], "notificationUris": ["https://elsewhere.example/in"]}), "not_allowed"),
        (
            json!({"tasks": [{"engineId": "rows/rows", "payload": {"input": []}, "notificationUris": [receiver.url("/")]}]}),
            "not_implemented",
        ),
    ] {
        let answer =
            http.post("/v3/graphql", &json!({"query": query, "variables": {"input": input}})).expect(200).json();
        assert_eq!(answer["errors"][0]["name"], name, "{answer}");
    }
    assert_eq!(get(http, "proc/jobs").expect(200).json()["count"], 0);
}
