//! The traps of interoperability that jobs and queries have, one test each, named after its number in `docs/thingworx.md`.

use std::fs;

use serde_json::{Value, json};

use super::{Client, named, one_at_a_time};
use crate::api::JOBS;
use support::plugins::plugin;
use support::server::Server;

fn filter(filter: &Value) -> Value {
    json!({"query": {"filters": filter}})
}

/// A server with one model under several names, and one job on each, in this order.
fn with_models(names: &[&str]) -> (Server, Client) {
    let server = Server::start();
    let component = fs::read(plugin("scale")).expect("the component");
    let client = Client::of(&server);
    for name in names {
        server.http.put(&format!("/v1/providers/p/models/{name}"), "application/wasm", &component).expect(201);
        client.submit_to("p", name, &json!({}));
    }
    (server, client)
}

/// The models of the jobs that a query finds, in its order.
fn models(client: &Client, body: &Value) -> Vec<String> {
    client.api.column(JOBS, "QueryJobs", body, "modelName")
}

#[test]
fn trap_11_types_of_filters_are_written_in_any_case_and_neq_is_ne() {
    let (_server, client) = with_models(&["a", "b", "c"]);
    let is = |kind: &str, value: &str| json!({"type": kind, "fieldName": "modelName", "value": value});
    let both = |kind: &str| {
        let filters = [is("EQ", "a"), is("NE", "b")];
        filter(&json!({"type": kind, "filters": filters}))
    };
    for and in ["And", "AND", "and"] {
        assert_eq!(models(&client, &both(and)), ["a"], "{and}");
    }
    for or in ["Or", "OR", "or"] {
        assert_eq!(models(&client, &both(or)), ["c", "a"], "{or}");
    }
    for kind in ["NE", "NEQ", "ne", "Neq"] {
        assert_eq!(models(&client, &filter(&is(kind, "b"))), ["c", "a"], "{kind}");
    }
    for kind in ["MISSINGVALUE", "MissingValue"] {
        assert!(models(&client, &filter(&json!({"type": kind, "fieldName": "modelName"}))).is_empty());
        assert_eq!(models(&client, &filter(&json!({"type": kind, "fieldName": "eventId"}))).len(), 3);
    }
}

#[test]
fn trap_12_like_takes_an_underscore_for_itself_and_eq_no_notice_of_case() {
    let (_server, client) = with_models(&["abc", "a_c", "Abc", "abd"]);
    let find = |kind: &str, value: &str| {
        models(&client, &filter(&json!({"type": kind, "fieldName": "modelName", "value": value})))
    };
    assert_eq!(find("LIKE", "a_c"), ["a_c"]);
    assert_eq!(find("LIKE", "a?c"), ["Abc", "a_c", "abc"]);
    assert_eq!(find("LIKE", "a%"), ["abd", "Abc", "a_c", "abc"]);
    assert_eq!(find("LIKE", "*D"), ["abd"]);
    assert_eq!(find("LIKE", "ab"), [""; 0]);
    assert_eq!(find("NOTLIKE", "a?c"), ["abd"]);
    assert_eq!(find("EQ", "Abc"), ["Abc", "abc"]);
    let exactly = json!({"type": "EQ", "fieldName": "modelName", "value": "Abc", "isCaseSensitive": true});
    assert_eq!(models(&client, &filter(&exactly)), ["Abc"]);
    let sorted = |sort: Value| {
        let query = json!({"filters": {"type": "EQ", "fieldName": "modelName", "value": "abc"}, "sorts": [sort]});
        models(&client, &json!({ "query": query }))
    };
    // Small letters stand behind capital ones; the newest first where they do not.
    assert_eq!(sorted(json!({"fieldName": "modelName"})), ["Abc", "abc"]);
    assert_eq!(sorted(json!({"fieldName": "modelName", "isAscending": false})), ["abc", "Abc"]);
    let alike = json!({"fieldName": "modelName", "isAscending": false, "isCaseSensitive": false});
    assert_eq!(sorted(alike), ["Abc", "abc"]);
}

#[test]
fn trap_13_between_has_both_ends_or_one() {
    let (_server, client) = with_models(&["a", "b", "c"]);
    let rows = client.table("QueryJobs", &json!({}))["rows"].clone();
    let created = |at: usize| rows[at]["createdOn"].as_i64().expect("a time");
    let (first, second, third) = (created(2), created(1), created(0));
    assert!(first < second && second < third, "{rows}");
    let between = |ends: &[(&str, Value)]| {
        let mut range = json!({"type": "Between", "fieldName": "createdOn"});
        for (name, value) in ends {
            range[name] = value.clone();
        }
        models(&client, &filter(&range))
    };
    assert_eq!(between(&[("from", json!(first)), ("to", json!(second))]), ["b", "a"]);
    assert_eq!(between(&[("from", json!(second)), ("to", json!(second))]), ["b"]);
    assert_eq!(between(&[("from", json!(first + 1)), ("to", json!(third - 1))]), ["b"]);
    assert_eq!(between(&[("from", json!(second))]), ["c", "b"]);
    assert_eq!(between(&[("to", json!(second))]), ["b", "a"]);
    // Milliseconds as text do as well.
    assert_eq!(between(&[("from", json!(second.to_string()))]), ["c", "b"]);
    assert_eq!(between(&[("from", json!("1970-01-01T00:00:00Z")), ("to", json!("2001-01-01"))]), [""; 0]);
    assert!(
        client
            .refusal("QueryJobs", &filter(&json!({"type": "BETWEEN", "fieldName": "createdOn"})))
            .contains("`from`, `to` or both")
    );
}

#[test]
fn trap_14_a_job_waits_until_its_provider_can_run_it() {
    let server = one_at_a_time("");
    let client = Client::of(&server);
    let busy = client.submit("spin", &json!({}));
    client.until(&busy, "INPROCESS");
    let waiting = client.submit("noop", &json!({}));
    assert_eq!(client.status(&waiting), "WAITING");
    // No slot became free meanwhile.
    let table = client.table("GetJobResults", &named(&waiting));
    assert_eq!(table["rows"], json!([]));
    assert_eq!((client.status(&busy), client.status(&waiting)), ("INPROCESS".to_owned(), "WAITING".to_owned()));
    client.scalar("CancelJob", &named(&busy));
    client.until(&waiting, "COMPLETED");
    client.until(&busy, "FAILED");
}

#[test]
fn trap_15_retrying_a_completed_job_says_no_and_changes_nothing() {
    let server = Server::with_plugins(&["hostile"]);
    let client = Client::of(&server);
    let id = client.submit("noop", &json!({}));
    client.until(&id, "COMPLETED");
    let before = client.table("QueryJobs", &json!({}));
    let said = client.scalar("RetryJob", &named(&id));
    assert_eq!(
        said,
        format!("Job `{id}` is COMPLETED; only a job that is FAILED or INPROCESS can be retried. Nothing has changed.")
    );
    assert_eq!(client.table("QueryJobs", &json!({})), before);
    assert_eq!(client.table("GetJobResults", &named(&id))["rows"], json!([{"value": 1.5}]));
}

#[test]
fn trap_17_three_rows_of_a_model_that_owes_two_are_a_failure() {
    let server = Server::with_plugins(&["hostile"]);
    let client = Client::of(&server);
    let input = json!({"inputParams": {"rows": [{"value": 1}, {"value": 2}]}});
    let id = client.submit("wrong-rows", &input);
    client.until(&id, "FAILED");
    let errors = client.table("GetJobErrors", &named(&id));
    assert_eq!(errors["rows"][0]["errorCode"], "invalid-result", "{errors}");
    let why = "the model's cardinality is NxN: 2 input rows must give 2 result rows, and it gave 3";
    assert_eq!(errors["rows"][0]["errorMessage"], why);
    assert_eq!(client.table("GetJobResults", &named(&id))["rows"], json!([]));
    let mut body = json!({"providerName": "hostile", "modelName": "wrong-rows"});
    body["inputParams"] = input["inputParams"].clone();
    assert_eq!(client.refusal("ExecuteJob", &body), why);
}
