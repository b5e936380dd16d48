//! Documents that are meant to do harm: each is refused by the limit that it crosses, and the server goes on.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use support::http::Http;
use support::server::{Server, Setup};

use super::{ask, created, data, fault, later, number};
use crate::one_at_a_time;

/// The message with which a document is refused.
fn refused(http: &Http, query: &str) -> String {
    let answer = ask(http, query, &json!({})).expect(400).json();
    assert!(answer.get("data").is_none(), "{answer}");
    assert_eq!(answer["errors"][0]["name"], "capacity_exceeded", "{answer}");
    answer["errors"][0]["message"].as_str().unwrap_or_default().to_owned()
}

#[test]
fn documents_are_bounded_before_they_are_parsed() {
    let server = one_at_a_time();
    let http = &server.http;
    let begun = Instant::now();
    let long = format!("{{ __typename # {}\n}}", "x".repeat(10 * 1024 * 1024));
    assert_eq!(
        refused(http, &long),
        format!(
            "the document has {} bytes; 1048576 are allowed (limit graphql_document_bytes); put what is large into its variables",
            long.len()
        )
    );
    let wide = format!("{{ {} }}", "a ".repeat(500_000));
    let said = "the document has more than 20000 tokens (limit graphql_tokens); put what is large into its variables";
    assert_eq!(refused(http, &wide), said);
    let deep = format!("{}{}", "{a".repeat(19_000 / 2), "}".repeat(19_000 / 2));
    assert_eq!(
        refused(http, &deep),
        "the document nests deeper than 95 brackets (limits graphql_depth and json_depth)"
    );
    let lists = format!("{{ jobs(ids: {}1{}) {{ count }} }}", "[".repeat(5_000), "]".repeat(5_000));
    assert_eq!(
        refused(http, &lists),
        "the document nests deeper than 95 brackets (limits graphql_depth and json_depth)"
    );
    let levels = format!(
        "{{ job(id: 1) {} }}",
        (0..10).fold("{ id }".to_owned(), |inner, _| format!("{{ tasks {{ records {{ job {inner} }} }} }}"))
    );
    assert!(refused(http, &levels).contains("(limit graphql_depth)"));
    let aliases = format!("{{ {} }}", (0..101).map(|number| format!("a{number}: me {{ id }} ")).collect::<String>());
    assert_eq!(refused(http, &aliases), "the document has 101 aliases; 100 are allowed (limit graphql_aliases)");
    let fields = format!("{{ {} }}", "me { id } ".repeat(1_001));
    assert_eq!(refused(http, &fields), "the document has 2002 fields; 2000 are allowed (limit graphql_fields)");
    // A billion laughs.
    let mut laughs = "{ ...F0 }".to_owned();
    for number in 0..25 {
        let next = number + 1;
        laughs.push_str(&format!(" fragment F{number} on Query {{ ...F{next} ...F{next} ...F{next} }}"));
    }
    laughs.push_str(" fragment F25 on Query { __typename }");
    assert!(refused(http, &laughs).contains("(limit graphql_fields)"));
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
    // Circles, a mutation twice, and lists of requests.
    for (query, why) in [
        ("{ ...F } fragment F on Query { ...F }", "is spread within itself"),
        ("mutation { cancelJob(id: 1) { id } cancelJob(id: 1) { message } }", "would do it twice"),
    ] {
        let answer = ask(http, query, &json!({})).expect(400).json();
        assert!(answer["errors"][0]["message"].as_str().is_some_and(|text| text.contains(why)), "{answer}");
    }
    let batch: Vec<Value> = (0..1_000).map(|_| json!({"query": "{ __typename }"})).collect();
    let answer = http.post("/v3/graphql", &Value::from(batch)).expect(400).json();
    assert_eq!(answer["errors"][0]["message"], "requests are taken one by one, not in lists");
    assert_eq!(data(http, "{ __typename }", &json!({})), json!({"__typename": "Query"}));
}

#[test]
fn an_answer_without_end_is_given_up_at_its_limit() {
    let server = one_at_a_time();
    let http = &server.http;
    let inner = (0..8).fold("name".to_owned(), |inner, _| format!("fields {{ type {{ {inner} }} }}"));
    let begun = Instant::now();
    let answer = ask(http, &format!("{{ __schema {{ types {{ {inner} }} }} }}"), &json!({})).expect(200).json();
    let said = "the answer has more than 1000000 values (limit graphql_values); ask for less at once";
    assert_eq!(answer["data"], Value::Null);
    assert_eq!(
        (&answer["errors"][0]["name"], &answer["errors"][0]["message"]),
        (&json!("capacity_exceeded"), &json!(said))
    );
    assert!(begun.elapsed() < Duration::from_mins(1), "{:?}", begun.elapsed());
    // The same with jobs within their tasks within their jobs, under a limit of an operator's.
    let config = "[limits]\ngraphql_values = 500\nconcurrent_tasks = 1\nrunning_tasks = 1\ngrace_ms = 0\n";
    let server = Server::with(&Setup { plugins: &["rows"], config, ..Setup::default() });
    let http = &server.http;
    for _ in 0..5 {
        created(http, &[number()], &later());
    }
    let inner = (0..3).fold("id".to_owned(), |inner, _| format!("job {{ tasks {{ records {{ {inner} }} }} }}"));
    assert_eq!(data(http, "{ jobs { count } }", &json!({}))["jobs"]["count"], 5);
    let many = format!(
        "{{ {} }}",
        (0..20).map(|number| format!("a{number}: tasks {{ records {{ {inner} }} }} ")).collect::<String>()
    );
    let (name, message) = fault(http, &many, &json!({}));
    let said = "the answer has more than 500 values (limit graphql_values); ask for less at once";
    assert_eq!((name.as_str(), message.as_str()), ("capacity_exceeded", said));
}

#[test]
fn a_caller_who_is_not_known_gets_only_what_is_short() {
    let server = one_at_a_time();
    let nobody = Http::new(&server.http.url, "");
    let long = json!({"query": "{ __typename }", "variables": {"a": "x".repeat(100_000)}});
    let answer = nobody.post("/v3/graphql", &long).expect(400).json();
    assert!(
        answer["errors"][0]["message"].as_str().is_some_and(|text| text.contains("more than the 65536 bytes")),
        "{answer}"
    );
}
