//! Bad input: each call has a clear answer, and nothing comes of it.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{Client, one_row, said};
use support::probe::Probe;
use support::server::Server;

/// Checks what is said of each of these parameters of `service`, and that no job was made.
fn refused(client: &Client, service: &str, usual: &Value, table: &[(&str, Value, &str)]) {
    for (parameter, value, message) in table {
        let mut body = usual.clone();
        body[parameter] = value.clone();
        let shown: String = value.to_string().chars().take(80).collect();
        assert_eq!(client.refusal(service, &body), *message, "{service}, {parameter}: {shown}");
    }
    assert_eq!(client.found(&json!({})), [""; 0]);
}

#[test]
fn a_submission_that_does_not_fit_makes_no_job() {
    let server = Server::with_plugins(&["hostile"]);
    let client = Client::of(&server);
    let usual = json!({"providerName": "hostile", "modelName": "slow", "inputParams": one_row()});
    for service in ["SubmitJob", "ExecuteJob"] {
        refused(
            &client,
            service,
            &usual,
            &[
                ("providerName", json!(null), "the parameter providerName is missing"),
                ("modelName", json!(""), "the parameter modelName is missing"),
                ("inputParams", json!(null), "the parameter inputParams is missing"),
                (
                    "inputParams",
                    json!({"rows": []}),
                    "the parameter inputParams has no rows, and model `slow` needs one at least",
                ),
                ("extraParams", json!([1]), "the parameter extraParams must be a JSON object"),
                ("extraParams", json!("{}"), "the parameter extraParams must be a JSON object"),
                (
                    "extraParams",
                    json!({"text": "x".repeat(1_048_576)}),
                    "the parameter extraParams has 1048587 bytes; 1048576 are allowed (limit parameters_bytes)",
                ),
                (
                    "customData",
                    json!([]),
                    "the parameter customData is no InfoTable: it must be an object with `dataShape` and `rows`",
                ),
                (
                    "customData",
                    json!({"rows": [{"text": "x".repeat(40_000)}]}),
                    "the parameter customData has 40022 bytes; 32768 are allowed (limit custom_data_bytes)",
                ),
            ],
        );
        for (parameter, value) in [
            ("inputParams", json!("a text where a table belongs")),
            ("inputParams", json!({"rows": [{"value": "no number"}]})),
            ("inputParams", json!({"rows": [1]})),
            ("providerName", json!({"dataShape": {}, "rows": []})),
            ("extraParams", json!({"milliseconds": "soon"})),
            ("extraParams", json!({"no_such_parameter": 1})),
            ("customData", json!({"rows": 1})),
            ("customData", json!("text")),
        ] {
            let mut body = usual.clone();
            body[parameter] = value;
            let message = client.refusal(service, &body);
            assert!(!message.is_empty(), "{body}");
        }
    }
    assert_eq!(client.found(&json!({})), [""; 0]);
}

#[test]
fn rows_with_fields_that_the_model_does_not_know_are_taken_without_them() {
    let server = Server::with_plugins(&["hostile"]);
    let client = Client::of(&server);
    let rows = json!([{"value": 1, "colour": "red", "nested": {"a": [1]}}, {"colour": 7}]);
    let id = client.submit("noop", &json!({"inputParams": {"rows": rows}}));
    client.until(&id, "COMPLETED");
    assert_eq!(client.table("GetJobResults", &super::named(&id))["rows"], json!([{"value": 1.0}, {}]));
    let job = server.http.get(&format!("/v1/jobs/{id}/results")).expect(200);
    assert!(job.header("analyte-warning").contains("colour"), "{:?}", job.headers);
}

#[test]
fn costly_queries_are_refused_at_once_and_others_are_served_meanwhile() {
    let server = Server::with_plugins(&["hostile"]);
    let client = Client::of(&server);
    client.submit("noop", &json!({}));
    let probe = Probe::start(&server.http);
    let leaf = |kind: &str, name: &str, value: Value| json!({"type": kind, "fieldName": "modelName", name: value});
    let nested = |levels: usize| {
        let inner = leaf("EQ", "value", json!("noop")).to_string();
        format!(
            r#"{{"query":{{"filters":{}{inner}{}}}}}"#,
            r#"{"type":"AND","filters":["#.repeat(levels),
            "]}".repeat(levels)
        )
    };
    let wide = json!({"type": "OR", "filters": vec![leaf("EQ", "value", json!("noop")); 10_000]});
    let exploding = ["(((a{100}){100}){100})", "(?:a?){60000}a{60000}", r"(\w{200}){200}"];
    let mut asked: Vec<(String, String)> = vec![
        (nested(10_000), "nests deeper than".to_owned()),
        (nested(30), "nested deeper than the limit query_depth, 30 levels".to_owned()),
        (
            json!({"query": {"filters": wide}}).to_string(),
            "the query, at /filters/filters/999: the query has more filters than the limit query_filters, 1000"
                .to_owned(),
        ),
        (
            json!({"query": {"filters": leaf("LIKE", "value", json!("*a".repeat(500_000)))}}).to_string(),
            "the query, at /filters/value: the pattern has 1000000 bytes, and the limit query_pattern_bytes is 4096"
                .to_owned(),
        ),
        (
            json!({"query": {"filters": leaf("LIKE", "value", json!("*a".repeat(1_000_000)))}}).to_string(),
            "and the limit query_bytes is 1048576".to_owned(),
        ),
        (
            json!({"query": {"filters": leaf("MATCHES", "expression", json!("("))}}).to_string(),
            "not a regular expression".to_owned(),
        ),
        (
            json!({"query": {"filters": leaf("EQ", "value", one_row())}}).to_string(),
            "expected a text, a number, true, false or null, found an object".to_owned(),
        ),
        (
            json!({"query": {"filters": {"type": "NOT", "fieldName": "key"}}}).to_string(),
            "`NOT` is no type of filter".to_owned(),
        ),
        (json!({"query": {"filters": []}}).to_string(), "expected one filter, an object, found an array".to_owned()),
        (json!({"query": "{"}).to_string(), "not JSON".to_owned()),
        (json!({"query": 7}).to_string(), "expected a query, an object, found a number".to_owned()),
        (json!({"values": []}).to_string(), "the parameter values: it must be an InfoTable".to_owned()),
        (json!({"values": "text"}).to_string(), "the parameter values: it must be an InfoTable".to_owned()),
        (
            json!({"values": {"rows": [{"inputs": one_row()}]}}).to_string(),
            "`inputs` is an object or an array".to_owned(),
        ),
    ];
    for expression in exploding {
        let query = json!({"query": {"filters": leaf("MATCHES", "expression", json!(expression))}});
        asked.push((query.to_string(), "the limit query_regex_bytes".to_owned()));
    }
    for (body, message) in &asked {
        let begun = Instant::now();
        let answer = client.with_headers("QueryJobs", &[], body.as_bytes());
        assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
        let shown: String = body.chars().take(200).collect();
        if answer.status == 400 {
            // What is not read at all is no matter of the service.
            assert!(answer.text().contains(message.as_str()), "{shown}: {}", answer.text());
            continue;
        }
        let text = said("QueryJobs", &answer);
        assert!(text.contains(message.as_str()), "{shown}: {text}");
    }
    probe.is_served();
    // And one that is made to take long where it is tried.
    let slow = json!({"type": "MATCHES", "fieldName": "createdBy", "expression": "(.*){8}(.*a){8}$"});
    client.post("QueryJobs", &json!({"query": {"filters": slow}})).expect(200);
    assert_eq!(client.found(&json!({})).len(), 1);
}
