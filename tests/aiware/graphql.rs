//! AI Data's GraphQL interface: the points of the checklist that are about it, by number, and what clients were seen to send.

mod accounts;
mod bad_input;
mod clients;
mod jobs;
mod reading;
mod schedules;
mod stored;
mod transport;

use serde_json::{Value, json};
use support::http::{Answer, Http};

/// Asks with a document and variables.
fn ask(http: &Http, query: &str, variables: &Value) -> Answer {
    http.post("/v3/graphql", &json!({"query": query, "variables": variables}))
}

/// What is answered where nothing goes wrong.
fn data(http: &Http, query: &str, variables: &Value) -> Value {
    let mut answer = ask(http, query, variables).expect(200).json();
    assert!(answer.get("errors").is_none(), "{answer:#}");
    answer["data"].take()
}

/// The only error of an answer whose fields were answered: its name and its message.
fn fault(http: &Http, query: &str, variables: &Value) -> (String, String) {
    let answer = ask(http, query, variables).expect(200).json();
    let errors = answer["errors"].as_array().expect("errors");
    assert_eq!(errors.len(), 1, "{answer:#}");
    let text = |member: &str| errors[0][member].as_str().unwrap_or_default().to_owned();
    assert!(text("time_thrown").ends_with('Z'), "{answer:#}");
    assert!(errors[0]["data"]["errorId"].is_string() && errors[0]["data"]["requestId"].is_string(), "{answer:#}");
    assert!(errors[0].get("extensions").is_none(), "{answer:#}");
    (text("name"), text("message"))
}

/// A job of these tasks of the model `rows`, each with a payload.
fn created(http: &Http, tasks: &[Value], more: &Value) -> Value {
    let tasks: Vec<Value> = tasks.iter().map(|payload| json!({"engineId": "rows/rows", "payload": payload})).collect();
    let mut input = json!({"tasks": tasks});
    for (member, value) in more.as_object().into_iter().flatten() {
        input[member] = value.clone();
    }
    let query = "mutation create($input: CreateJob!) { createJob(input: $input) { id internalJobId status targetId } }";
    data(http, query, &json!({"input": input}))["createJob"].take()
}

/// A payload of one number.
fn number() -> Value {
    json!({"input": [{"value": 1}]})
}

/// A payload whose run never ends by itself.
fn endless() -> Value {
    json!({"input": [{"value": 1}], "deed": "spin"})
}

/// For a job that waits for a time that never comes.
fn later() -> Value {
    json!({"startDateTime": "2099-01-01T00:00:00Z"})
}

/// The id of a job that was made.
fn id(job: &Value) -> String {
    job["id"].as_str().expect("an id").to_owned()
}

/// Waits until a job has this state.
fn reaches(http: &Http, job: &str, status: &str) {
    support::eventually(&format!("job {job} to be {status}"), || {
        let found = data(http, "query ($id: ID!) { job(id: $id) { status } }", &json!({"id": job}));
        (found["job"]["status"] == status).then_some(())
    });
}
