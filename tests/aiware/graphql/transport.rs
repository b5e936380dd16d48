//! The call itself: in which forms a request comes, and which status its answer has.

use serde_json::{Value, json};

use super::{data, fault};
use crate::one_at_a_time;

#[test]
fn a_request_comes_in_the_forms_that_clients_send() {
    let server = one_at_a_time();
    let http = &server.http;
    let query = "query ($id: ID!) { organization(id: $id) { name } }";
    let expected = json!({"data": {"organization": {"name": "default"}}});
    let send = |media_type: &str, body: &str| {
        http.call("POST", "/v3/graphql", &[("content-type", media_type)], Some(body.as_bytes())).expect(200).json()
    };
    let object = json!({"query": query, "variables": {"id": "default"}, "operationName": null}).to_string();
    let text = json!({"query": query, "variables": "{\"id\": \"default\"}"}).to_string();
    for media_type in ["application/json", "application/json; charset=utf-8", "application/x-www-form-urlencoded"] {
        for body in [&object, &text] {
            assert_eq!(send(media_type, body), expected, "{media_type}: {body}");
        }
    }
    let part =
        |name: &str, text: &str| format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{text}\r\n");
    let form = part("query", query) + &part("variables", "{\"id\": \"default\"}") + "--b--\r\n";
    assert_eq!(send("multipart/form-data; boundary=b", &form), expected);
    // Every id may be a number.
    assert_eq!(fault(http, "{ job(id: 123) { id } }", &json!({})).0, "not_found");
    let slash = http.post("/v3/graphql/", &json!({"query": "{ __typename }"})).expect(200);
    assert_eq!(slash.header("content-type"), "application/json");
    // Of several operations one is named.
    let several = json!({"query": "query a { me { name } } query b { __typename }", "operationName": "b"});
    assert_eq!(http.post("/v3/graphql", &several).expect(200).json(), json!({"data": {"__typename": "Query"}}));
}

#[test]
fn what_cannot_be_parsed_or_is_not_right_is_400_without_data() {
    let server = one_at_a_time();
    let http = &server.http;
    let call =
        |body: &str| http.call("POST", "/v3/graphql", &[("content-type", "application/json")], Some(body.as_bytes()));
    let documents = [
        "{ jobs { count }",
        "{ nothing }",
        "{ jobs(offset: \"x\") { count } }",
        "query ($id: ID!) { job(id: $id) { id } }",
        "{ job(id: $id) { id } }",
        "{ jobs }",
        "{ me { id { x } } }",
        "query a { __typename } query b { __typename }",
        "subscription { jobs { count } }",
        "{ jobs(status: [aborted]) { count } }",
    ];
    let bodies = [
        "",
        "{",
        "[]",
        "[{\"query\": \"{ __typename }\"}]",
        "{}",
        "{\"query\": \"\"}",
        "{\"query\": \"{ me { id } }\", \"variables\": 7}",
        "7",
    ];
    let documents = documents.map(|query| json!({"query": query}).to_string());
    for body in documents.iter().map(String::as_str).chain(bodies) {
        let answer = call(body).expect(400).json();
        assert!(answer.get("data").is_none(), "{body}: {answer}");
        let error = &answer["errors"][0];
        assert_eq!(error["name"], "invalid_input", "{body}: {answer}");
        assert!(error["message"].is_string() && error["time_thrown"].is_string(), "{body}: {answer}");
    }
    let get = http.get("/v3/graphql?query={__typename}").expect(405);
    assert_eq!(get.header("allow"), "POST");
    let labelled = http.call("POST", "/v3/graphql", &[("content-type", "text/plain")], Some(b"{}"));
    assert_eq!(labelled.expect(400).json()["errors"][0]["name"], "invalid_input");
}

#[test]
fn the_schema_is_shown_as_generators_ask_for_it_today() {
    let server = one_at_a_time();
    // As graphql-js asks with every option switched on.
    let query = "query { __schema { description queryType { name } mutationType { name } subscriptionType { name }
        types { ...T } directives { name description isRepeatable locations args(includeDeprecated: true) { ...I } } } }
        fragment T on __Type { kind name description specifiedByURL isOneOf
          fields(includeDeprecated: true) { name description args(includeDeprecated: true) { ...I } type { ...R } isDeprecated deprecationReason }
          inputFields(includeDeprecated: true) { ...I } interfaces { ...R }
          enumValues(includeDeprecated: true) { name description isDeprecated deprecationReason } possibleTypes { ...R } }
        fragment I on __InputValue { name description type { ...R } defaultValue isDeprecated deprecationReason }
        fragment R on __Type { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name
          ofType { kind name ofType { kind name ofType { kind name ofType { kind name } } } } } } } } } }";
    let schema = data(&server.http, query, &json!({}))["__schema"].take();
    let kind = |name: &str| {
        let types = schema["types"].as_array().expect("a list");
        types.iter().find(|one| one["name"] == name).map_or(Value::Null, |one| one["kind"].clone())
    };
    for (name, is) in [
        ("JSONData", "SCALAR"),
        ("DateTime", "SCALAR"),
        ("Job", "OBJECT"),
        ("Page", "INTERFACE"),
        ("CreateJob", "INPUT_OBJECT"),
        ("TaskStatus", "ENUM"),
    ] {
        assert_eq!(kind(name), is, "{name}");
    }
    let words = |name: &str| -> Vec<String> {
        let types = schema["types"].as_array().expect("a list");
        let one = types.iter().find(|one| one["name"] == name).expect("an enumeration");
        one["enumValues"]
            .as_array()
            .expect("a list")
            .iter()
            .map(|value| value["name"].as_str().unwrap_or_default().to_owned())
            .collect()
    };
    assert_eq!(words("JobStatusFilter"), ["pending", "complete", "running", "cancelled", "queued", "failed"]);
    assert_eq!(words("UpdateJobsStatus"), ["queued"]);
    assert_eq!(words("TaskStatus").len(), 12);
}
