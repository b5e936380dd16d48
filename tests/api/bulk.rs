//! Many jobs at once, and jobs over again: batches, queries, cancelling by filter, retries, removal; and the metrics.

#![expect(clippy::expect_used, clippy::indexing_slicing, reason = "tests fail by panicking; JSON values index to null")]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use support::http::Http;
use support::server::{Server, Setup};
use support::{binary, eventually, ok};

/// One slot, so that what a test queues stays queued while something runs.
const ONE_SLOT: &str = "[limits]\nconcurrent_tasks = 1\n";

fn one_slot() -> Server {
    Server::with(&Setup { plugins: &["hostile"], config: ONE_SLOT, ..Setup::default() })
}

fn job(model: &str) -> Value {
    json!({"provider": "hostile", "model": model, "input": [{"value": 1}]})
}

fn id(job: &Value) -> String {
    job["id"].as_str().map(str::to_owned).expect("an id")
}

fn submitted(http: &Http, body: &Value) -> String {
    id(&http.post("/v1/jobs", body).expect(201).json())
}

fn finished(http: &Http, id: &str) -> Value {
    eventually("the job to end", || {
        let job = http.get(&format!("/v1/jobs/{id}")).expect(200).json();
        (job["finished_at"] != Value::Null).then_some(job)
    })
}

/// Keeps the only slot busy.
fn occupied(http: &Http) -> String {
    let id = submitted(http, &job("spin"));
    eventually("it to run", || (http.get(&format!("/v1/jobs/{id}")).json()["status"] == "running").then_some(()));
    id
}

fn ids(page: &Value) -> Vec<String> {
    page["jobs"].as_array().expect("jobs").iter().map(id).collect()
}

#[test]
fn one_wrong_item_of_a_batch_spoils_only_itself() {
    let server = one_slot();
    let http = &server.http;
    let mut misspelt = job("noop");
    misspelt["priorty"] = json!(1);
    let mut wrong_cell = job("noop");
    wrong_cell["input"] = json!([{"value": "x"}]);
    let mut greedy = job("noop");
    greedy["limits"] = json!({"fuel": 0});
    let batch = json!({"jobs": [job("noop"), misspelt, 7, wrong_cell, job("nothing"), greedy, job("noop")]});
    let answer = http.post("/v1/jobs/batch", &batch).expect(200).json();
    let items = answer["items"].as_array().expect("items");
    let shown: Vec<Value> = items
        .iter()
        .map(|item| {
            assert_eq!(item.as_object().map(serde_json::Map::len), Some(1), "{item}");
            match item.get("error") {
                Some(error) => json!([error["status"], error["code"], error["errors"][0]["pointer"]]),
                None => item["job"]["model"].clone(),
            }
        })
        .collect();
    assert_eq!(
        json!(shown),
        json!([
            "noop",
            [400, "malformed", "/priorty"],
            [400, "malformed", ""],
            [422, "invalid-input", "/input"],
            [404, "not-found", null],
            [422, "invalid-input", "/limits/fuel"],
            "noop",
        ])
    );
    for item in [&items[0], &items[6]] {
        assert_eq!(finished(http, &id(&item["job"]))["status"], "completed");
    }
    assert_eq!(http.get("/v1/jobs").json()["jobs"].as_array().map(Vec::len), Some(2));

    for (body, status, detail) in [
        (json!({}), 400, "`/jobs` is missing".to_owned()),
        (json!({"jobs": {}}), 400, "`/jobs` must be a list".to_owned()),
        (json!({"jobs": [], "job": 1}), 400, "`/job` is not known here; expected `jobs`".to_owned()),
        (
            json!({"jobs": vec![1; 1_001]}),
            422,
            "`/jobs` has 1001 items; 1000 are allowed (limit batch_jobs)".to_owned(),
        ),
    ] {
        assert_eq!(http.post("/v1/jobs/batch", &body).expect(status).json()["detail"], detail);
    }
    assert_eq!(http.post("/v1/jobs/batch", &json!({"jobs": []})).expect(200).json(), json!({"items": []}));
}

#[test]
fn a_batch_that_is_sent_again_makes_no_further_jobs() {
    let server = one_slot();
    let http = &server.http;
    let send = |jobs: Value| {
        let body = json!({ "jobs": jobs }).to_string();
        let headers = [("content-type", "application/json"), ("idempotency-key", "night")];
        http.call("POST", "/v1/jobs/batch", &headers, Some(body.as_bytes())).expect(200).json()
    };
    let first = send(json!([job("noop"), job("whoami")]));
    let made: Vec<String> = first["items"].as_array().expect("items").iter().map(|item| id(&item["job"])).collect();
    // Again, with the second one changed and a third one.
    let again = send(json!([job("noop"), job("echo"), job("noop")]));
    assert_eq!(id(&again["items"][0]["job"]), made[0]);
    assert_eq!(again["items"][1]["error"]["code"], "idempotency-mismatch");
    assert!(!made.contains(&id(&again["items"][2]["job"])));
    // Also when their provider is gone. An item can be sent by itself under its own key.
    for id in made.iter().chain([&id(&again["items"][2]["job"])]) {
        finished(http, id);
    }
    http.delete("/v1/providers/hostile").expect(204);
    let gone = send(json!([job("noop"), job("whoami")]));
    assert_eq!([id(&gone["items"][0]["job"]), id(&gone["items"][1]["job"])], made[..]);
    let headers = [("content-type", "application/json"), ("idempotency-key", "night#1")];
    let single = http.call("POST", "/v1/jobs", &headers, Some(job("whoami").to_string().as_bytes())).expect(200);
    assert_eq!(id(&single.json()), made[1]);
}

#[test]
fn queries_select_sort_and_page() {
    let server = one_slot();
    let http = &server.http;
    occupied(http);
    let jobs: Vec<Value> = (0..7)
        .map(|number| {
            let mut job = job(if number % 2 == 0 { "noop" } else { "echo" });
            job["priority"] = json!(number % 3);
            job["tags"] = json!({"number": number.to_string()});
            job
        })
        .collect();
    let answer = http.post("/v1/jobs/batch", &json!({ "jobs": jobs })).expect(200).json();
    let made: Vec<String> = answer["items"].as_array().expect("items").iter().map(|item| id(&item["job"])).collect();
    let pick = |places: &[usize]| places.iter().map(|place| made[*place].clone()).collect::<Vec<_>>();
    let pages = |query: &Value, limit: usize| {
        let mut all: Vec<Vec<String>> = Vec::new();
        let mut path = format!("/v1/jobs/query?limit={limit}");
        loop {
            let page = http.post(&path, query).expect(200).json();
            all.push(ids(&page));
            match page["next_cursor"].as_str() {
                Some(cursor) => path = format!("/v1/jobs/query?limit={limit}&cursor={cursor}"),
                None => return all,
            }
        }
    };
    let queued = json!({"type": "eq", "fieldName": "status", "value": "QUEUED"});
    // Newest first.
    let all = pages(&json!({ "filters": queued }), 3);
    assert_eq!(all.concat(), pick(&[6, 5, 4, 3, 2, 1, 0]));
    assert!(all.iter().all(|page| page.len() <= 3) && all.len() >= 3, "{all:?}");
    // In an order of its own; equal ones newest first.
    let both = json!({"type": "AND", "filters": [queued, {"type": "LIKE", "fieldName": "model", "value": "no*"}]});
    let sorted = json!({"filters": both, "sorts": [{"fieldName": "priority", "isAscending": false}]});
    assert_eq!(pages(&sorted, 2), [pick(&[2, 4]), pick(&[6, 0])]);
    let tagged =
        json!({"type": "TAGGED", "fieldName": "tags", "tags": [{"vocabulary": "number", "vocabularyTerm": "3"}]});
    assert_eq!(pages(&json!({ "filters": tagged }), 50), [pick(&[3])]);

    for (query, status, code) in [
        ("[]", 422, "invalid-input"),
        (r#"{"filters":{"type":"NEAREST","fieldName":"status"}}"#, 422, "invalid-input"),
        (r#"{"filter":{}}"#, 422, "invalid-input"),
        ("{", 400, "malformed"),
        ("", 400, "malformed"),
    ] {
        let json = [("content-type", "application/json")];
        let refused = http.call("POST", "/v1/jobs/query", &json, Some(query.as_bytes())).expect(status).json();
        assert_eq!(refused["code"], code, "{query}: {refused}");
    }
    let lost = http.post("/v1/jobs/query?cursor=x", &json!({})).expect(400).json();
    assert_eq!(lost["detail"], "`cursor` is not one that a list has answered");

    // The same from the command line.
    let call = |arguments: &[&str], stdin: &str| {
        binary::finish(server.command().args(["job", "query", "-f", "csv"]).args(arguments), stdin.as_bytes()).text()
    };
    let first =
        |text: &str| text.lines().skip(1).filter_map(|line| line.split(',').next()).map(str::to_owned).collect();
    let query = sorted.to_string();
    let listed: Vec<String> = first(&call(&[&query], ""));
    assert_eq!(listed, pick(&[2, 4, 6, 0]));
    let listed: Vec<String> = first(&call(&["-", "--limit", "2"], &query));
    assert_eq!(listed, pick(&[2, 4]));
}

/// A query as costly as one can be holds up neither those who submit nor those who list.
#[test]
fn a_costly_query_holds_nobody_up() {
    let server = one_slot();
    let http = server.http.clone();
    let _running = occupied(&http);
    for _ in 0..50 {
        submitted(&http, &job("noop"));
    }
    let values: Vec<String> = (0..150).map(|value| value.to_string()).collect();
    let one = json!({"type": "IN", "fieldName": "tags.n", "isCaseSensitive": true, "values": values});
    let same = json!({"filters": {"type": "AND", "filters": vec![one; 900]}});
    let (done, costly) = (Arc::new(AtomicBool::new(false)), http.clone());
    let query = std::thread::spawn({
        let done = done.clone();
        move || {
            let answer = costly.post("/v1/jobs/query", &same);
            done.store(true, Ordering::SeqCst);
            answer
        }
    });
    let mut slowest = Duration::ZERO;
    let mut calls = 0;
    while !done.load(Ordering::SeqCst) || calls == 0 {
        let begun = Instant::now();
        submitted(&http, &job("noop"));
        http.get("/v1/jobs?limit=5").expect(200);
        slowest = slowest.max(begun.elapsed());
        calls += 1;
    }
    assert_eq!(query.join().expect("a client").expect(200).json()["jobs"], json!([]));
    assert!(slowest < Duration::from_secs(5), "{slowest:?} in {calls} calls");
}

#[test]
fn cancelling_by_filter_counts_first_and_spares_the_others() {
    let server = one_slot();
    let http = &server.http;
    let running = occupied(http);
    let keep: Vec<String> = (0..3).map(|_| submitted(http, &job("noop"))).collect();
    let drop: Vec<String> = (0..4).map(|_| submitted(http, &job("echo"))).collect();
    let echo = json!({"filters": {"type": "EQ", "fieldName": "model", "value": "echo"}});
    let count = |body: Value| http.post("/v1/jobs/cancel", &body).expect(200).json();
    assert_eq!(count(json!({"filter": echo, "dry_run": true})), json!({"count": 4}));
    let status = |id: &String| http.get(&format!("/v1/jobs/{id}")).json()["status"].clone();
    assert!(drop.iter().all(|id| status(id) == "queued"));
    assert_eq!(count(json!({ "filter": echo })), json!({"count": 4}));
    assert!(drop.iter().all(|id| status(id) == "cancelled"));
    assert!(keep.iter().all(|id| status(id) == "queued"));
    // Ended ones do not count again.
    assert_eq!(count(json!({ "filter": echo })), json!({"count": 0}));

    for (body, detail) in [
        (json!({}), "`/filter` is missing"),
        (json!({"filter": null}), "`/filter` is missing"),
        (json!({"filter": {}, "dryrun": true}), "`/dryrun` is not known here; expected `filter` or `dry_run`"),
        (json!({"filter": {}, "dry_run": 1}), "`/dry_run`: invalid type: integer `1`, expected a boolean"),
        (
            json!({"filter": {"sorts": [{"fieldName": "id"}]}}),
            "`/filter/sorts` has no meaning here: all of them are cancelled",
        ),
    ] {
        assert_eq!(http.post("/v1/jobs/cancel", &body).expect(400).json()["detail"], detail);
    }
    // In a query an unknown field is a missing one; here that would select everything.
    let slip = json!({"filter": {"filters": {"type": "MISSINGVALUE", "fieldName": "nosuch"}}});
    let refused = http.post("/v1/jobs/cancel", &slip).expect(422).json();
    assert_eq!(refused["detail"], "a job has no field `nosuch`, so nothing is cancelled");
    // From the command line; everything, the running one included.
    let call = |arguments: &[&str]| binary::finish(server.command().args(["job", "cancel"]).args(arguments), b"");
    assert_eq!(call(&["--filter", "{}", "--dry-run"]).text(), "4\n");
    let two = call(&[&keep[0], "0197a3b2-5c1d-7e8f-9a0b-1c2d3e4f5a6b", &keep[1]]);
    assert_eq!((two.code, two.text()), (1, format!("{} cancelled\n{} cancelled\n", keep[0], keep[1])));
    assert!(two.stderr.contains("  job 0197a3b2-5c1d-7e8f-9a0b-1c2d3e4f5a6b\n"), "{}", two.stderr);
    assert!(two.stderr.ends_with("error: 1 of 3 jobs were not cancelled\n"), "{}", two.stderr);
    assert_eq!(call(&["--filter", "{}"]).text(), "2\n");
    assert_eq!(finished(http, &running)["status"], "cancelled");
}

/// The answer comes when the guests have gone: their memory is free then.
#[test]
fn cancelled_by_filter_means_gone() {
    let server = Server::with(&Setup { plugins: &["hostile"], ..Setup::default() });
    let http = &server.http;
    for _ in 0..10 {
        let jobs: Vec<String> = (0..3).map(|_| submitted(http, &job("spin"))).collect();
        eventually("two of them to run", || {
            let runs = |id: &&String| http.get(&format!("/v1/jobs/{id}")).json()["status"] == "running";
            (jobs.iter().filter(runs).count() >= 2).then_some(())
        });
        let answer = http.post("/v1/jobs/cancel", &json!({"filter": {}})).expect(200);
        let metrics = http.get("/metrics").expect(200).text();
        assert_eq!((answer.header("analyte-warning"), answer.json()), (String::new(), json!({"count": 3})));
        let reserved = metrics.lines().find_map(|line| line.strip_prefix("analyte_memory_admitted_bytes "));
        assert_eq!(reserved, Some("0"), "their memory is free when they are gone");
    }
}

#[test]
fn a_job_runs_again_as_itself_or_as_a_copy_and_goes_when_it_is_removed() {
    let server = one_slot();
    let http = &server.http;
    let failed = submitted(http, &job("panic"));
    let before = finished(http, &failed);
    assert_eq!((&before["status"], &before["attempt"]), (&json!("failed"), &json!(1)));
    let retry = |id: &str, body: &str, key: &str| {
        let headers = [("content-type", "application/json"), ("idempotency-key", key)];
        let headers = if key.is_empty() { &headers[..1] } else { &headers[..] };
        http.call("POST", &format!("/v1/jobs/{id}/retry"), headers, Some(body.as_bytes()))
    };
    // In place: attempts are counted on, the error goes and comes again.
    let again = retry(&failed, "", "").expect(200).json();
    assert_eq!((id(&again), &again["error"]), (failed.clone(), &Value::Null));
    let after = finished(http, &failed);
    assert_eq!(
        (&after["status"], &after["attempt"], &after["error"]["code"]),
        (&json!("failed"), &json!(2), &json!("trap"))
    );

    // As a copy, which is one however often it is asked for.
    let made = retry(&failed, "{\"as\":\"copy\"}", "copy-1").expect(201);
    let copy = id(&made.json());
    assert_eq!(made.header("location"), format!("/v1/jobs/{copy}"));
    assert_eq!((made.json()["retry_of"].as_str(), copy == failed), (Some(failed.as_str()), false));
    assert_eq!(id(&retry(&failed, "{ \"as\": \"copy\" }", "copy-1").expect(200).json()), copy);
    assert_ne!(id(&retry(&failed, "{\"as\":\"copy\"}", "").expect(201).json()), copy);
    let mismatch = retry(&copy, "{\"as\":\"copy\"}", "copy-1").expect(422).json();
    assert_eq!(mismatch["code"], "idempotency-mismatch");
    assert_eq!(finished(http, &copy)["status"], "failed");

    let done = submitted(http, &job("noop"));
    assert_eq!(finished(http, &done)["status"], "completed");
    for body in ["{\"as\":\"same\"}", "{\"as\":\"copy\"}"] {
        assert_eq!(retry(&done, body, "").expect(409).json()["code"], "already-finished");
    }
    retry("0197a3b2-5c1d-7e8f-9a0b-1c2d3e4f5a6b", "{}", "").expect(404);

    let running = occupied(http);
    assert_eq!(http.delete(&format!("/v1/jobs/{running}")).expect(409).json()["code"], "not-finished");
    http.delete(&format!("/v1/jobs/{done}")).expect(204);
    for path in [format!("/v1/jobs/{done}"), format!("/v1/jobs/{done}/results"), format!("/v1/jobs/{done}/events")] {
        assert_eq!(http.get(&path).expect(404).json()["detail"], format!("there is no job `{done}`"));
    }
    http.delete(&format!("/v1/jobs/{done}")).expect(404);

    // A repetition is answered whatever has become of the job since.
    let gone = submitted(http, &job("panic"));
    http.post(&format!("/v1/jobs/{gone}/cancel"), &json!({})).expect(200);
    let made = id(&retry(&gone, "{\"as\":\"copy\"}", "copy-2").expect(201).json());
    http.delete(&format!("/v1/jobs/{gone}")).expect(204);
    assert_eq!(id(&retry(&gone, "{\"as\":\"copy\"}", "copy-2").expect(200).json()), made);

    // From the command line.
    let call = |arguments: &[&str]| binary::finish(server.command().arg("job").args(arguments), b"");
    assert_eq!(call(&["retry", &failed]).text(), format!("{failed} queued\n"));
    let copied = call(&["retry", &failed, "--copy", "--idempotency-key", "copy-1"]).text();
    assert_eq!(copied, format!("{copy} failed\n"));
    let removed = call(&["purge", &copy]);
    assert_eq!((removed.code, removed.text()), (0, format!("{copy} removed\n")), "{}", removed.stderr);
    assert_eq!(call(&["purge", &copy, &running]).code, 1);
}

/// Value of a sample by its name and labels.
fn sample(text: &str, name: &str) -> Option<f64> {
    text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.parse().ok())
}

#[test]
fn the_metrics_tell_what_waits_what_runs_and_how_it_ended() {
    let server = one_slot();
    let http = &server.http;
    let failed = submitted(http, &job("panic"));
    finished(http, &failed);
    occupied(http);
    let queued: Vec<String> = (0..3).map(|_| submitted(http, &job("noop"))).collect();
    let answer = http.get("/metrics").expect(200);
    assert_eq!(answer.header("content-type"), "application/openmetrics-text; version=1.0.0; charset=utf-8");
    let text = answer.text();
    assert!(text.ends_with("# EOF\n"), "{text}");
    // Every line is a comment or a sample with a number, and no two samples are the same.
    let mut seen = std::collections::BTreeSet::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let (name, value) = line.rsplit_once(' ').unwrap_or_default();
        assert!(name.starts_with("analyte_") && value.parse::<f64>().is_ok(), "{line}");
        assert!(seen.insert(name.to_owned()), "{line} comes twice");
    }
    let labels = "{organisation=\"default\",provider=\"hostile\"}";
    assert_eq!(sample(&text, &format!("analyte_jobs_queued{labels}")), Some(3.0), "{text}");
    assert_eq!(sample(&text, &format!("analyte_jobs_running{labels}")), Some(1.0), "{text}");
    assert!(sample(&text, &format!("analyte_jobs_oldest_queued_age_seconds{labels}")).is_some(), "{text}");
    assert_eq!(sample(&text, "analyte_jobs_ended_total{provider=\"hostile\",outcome=\"trap\"}"), Some(1.0), "{text}");
    assert_eq!(sample(&text, "analyte_tasks_running"), Some(1.0));
    assert_eq!(sample(&text, "analyte_task_slots"), Some(1.0));
    assert!(sample(&text, "analyte_memory_admitted_bytes") > Some(0.0), "{text}");
    assert!(sample(&text, "analyte_store_size_bytes") > Some(0.0), "{text}");
    assert_eq!(sample(&text, "analyte_store_failing"), Some(0.0));
    assert_eq!(sample(&text, "analyte_http_requests_total{call=\"submit\",status=\"2xx\"}"), Some(5.0), "{text}");
    assert!(sample(&text, "analyte_http_connections") > Some(0.0), "{text}");
    // Nothing that a client chooses.
    for id in queued.iter().chain([&failed]) {
        assert!(!text.contains(id.as_str()), "{text}");
    }
    let mut nobody = http.clone();
    nobody.token = String::new();
    nobody.get("/metrics").expect(401);

    // Every name stands in the operators' table.
    let table = ok(std::fs::read_to_string(support::repository().join("docs/operators.md")), "docs/operators.md");
    let names = text.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next());
    let missing: Vec<&str> = names.filter(|name| !table.contains(&format!("`{name}`"))).collect();
    assert_eq!(missing, Vec::<&str>::new(), "not explained in docs/operators.md");
}
