//! What many stored jobs cost: a restart, lists, queries, memory, disk.
//!
//! `cargo bench -p analyte --bench stored -- --jobs 1000000`; 100,000 without `--jobs`, and few with `--quick` or outside
//! `cargo bench`. Every job was really submitted, and run where it ends; nothing is written past the server. Prints
//! Markdown. Times of calls are those of one client on the same machine, from the request to the last byte of the answer.

#![expect(clippy::expect_used, clippy::indexing_slicing, reason = "a benchmark fails by panicking")]
#![expect(clippy::print_stdout, reason = "what it is for")]

use std::fs;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

#[path = "../support/mod.rs"]
mod support;
use support::eventually;
use support::http::Http;
use support::plugins::plugin;
use support::server::{Home, Server, Setup};

#[path = "machine.rs"]
mod machine;
#[path = "times.rs"]
mod times;
use times::{Times, milliseconds};

const FAR: &str = "2099-01-01T00:00:00Z";
const BATCH: usize = 500;
const QUERY_JOBS: &str =
    "/Thingworx/Resources/TW.AnalysisServices.JobManagementServicesAPI/Services/QueryJobs?Accept=application/json";
/// Values of the tag `site`.
const SITES: usize = 10;
/// One job in so many has the tag `rare`, and another one an unusual priority.
const RARE: usize = 500;
const RESTARTS: usize = 5;

fn main() {
    let asked: Vec<String> = std::env::args().skip(1).collect();
    let quick = !asked.iter().any(|word| word == "--bench") || asked.iter().any(|word| word == "--quick");
    let jobs = asked.iter().position(|word| word == "--jobs").and_then(|place| asked.get(place + 1));
    let jobs = jobs.map(|number| number.parse().expect("`--jobs` is a number"));
    let jobs: usize = jobs.unwrap_or(if quick { 1_000 } else { 100_000 });
    let samples = if quick { 5 } else { 200 };

    let config = format!("[limits]\nfree_disk_bytes = 0\nqueued_jobs = {}\n", jobs + 1);
    let setup = Setup { config: &config, plugins: &["hostile"], variables: &[], listen: "" };
    machine::print();
    println!("Settings: all defaults but `queued_jobs = {}` and `free_disk_bytes = 0`.\n", jobs + 1);

    let server = Server::with(&setup);
    ready(&server.http);
    let empty = machine::memory(server.id());
    let filled = fill(&server.http, jobs);
    let full = machine::memory(server.id());
    let (home, restarts) = restarted(server, &setup);
    let disk = machine::size(&home.data_dir());
    let server = home.start(&setup);
    ready(&server.http);
    let (after_restart, rows) = (machine::memory(server.id()), calls(&server.http, jobs, samples));
    let in_the_end = machine::memory(server.id());

    println!("| {jobs} stored jobs | |\n| --- | --- |");
    println!("| states | {} |", filled.states);
    println!("| submitted, in batches of {BATCH} by one client | {:.0} jobs/s |", filled.submitted_per_second);
    println!("| until all that could run had run | {:.1} s |", filled.took.as_secs_f64());
    for (what, times) in restarts {
        println!("| process start to `/readyz`, {what}, {RESTARTS} times: least, median, most | {} |", times.spread());
    }
    println!("| resident memory: new server, after filling | {empty} MiB, {full} MiB |");
    println!("| resident memory: after a restart, after all calls below | {after_restart} MiB, {in_the_end} MiB |");
    println!("| data directory | {disk} MiB |\n");
    println!("| call, {samples} times | answer | p50 | p99 |\n| --- | --- | ---: | ---: |");
    for row in rows {
        println!("{row}");
    }
    drop(server);
}

/// How the filling went.
struct Filled {
    states: String,
    submitted_per_second: f64,
    took: Duration,
}

/// Of ten jobs: seven complete (one of another provider, one with another model), one fails, one waits for its time, one is
/// cancelled while it does.
fn submission(number: usize) -> Value {
    let (provider, model, run_at) = match number % 10 {
        0..=4 => ("hostile", "noop", None),
        5 => ("second", "noop", None),
        6 => ("hostile", "echo", None),
        7 => ("hostile", "error", None),
        _ => ("hostile", "noop", Some(FAR)),
    };
    let mut tags = json!({"site": format!("s{}", number / 10 % SITES)});
    if number % 10 == 9 {
        tags["stop"] = json!("yes");
    }
    if number % RARE == 1 {
        tags["rare"] = json!("yes");
    }
    json!({
        "provider": provider, "model": model, "input": [{"value": 1.5}], "run_at": run_at, "tags": tags,
        "priority": i32::from(number % RARE == 2), "custom_data": number,
    })
}

fn fill(http: &Http, jobs: usize) -> Filled {
    let component = fs::read(plugin("hostile")).expect("the component");
    http.put("/v1/providers/second", "application/wasm", &component).expect(201);
    let began = Instant::now();
    let numbers: Vec<usize> = (0..jobs).collect();
    for part in numbers.chunks(BATCH) {
        let batch: Vec<Value> = part.iter().map(|number| submission(*number)).collect();
        let answer = http.post("/v1/jobs/batch", &json!({ "jobs": batch })).expect(200).json();
        let items = answer["items"].as_array().expect("items");
        assert!(items.len() == part.len() && items.iter().all(|item| item["job"].is_object()), "{answer}");
    }
    let submitted = began.elapsed();
    // The tag's index finds them; those that wait for another day are all that is unfinished in the end.
    let stop =
        json!({"type": "TAGGED", "fieldName": "tags", "tags": [{"vocabulary": "stop", "vocabularyTerm": "yes"}]});
    let stopped = http.post("/v1/jobs/cancel", &json!({"filter": {"filters": stop}})).expect(200).json();
    assert_eq!(stopped["count"], numbers.iter().filter(|number| **number % 10 == 9).count(), "{stopped}");
    let waiting = json!({"filters": {"type": "AND", "filters": [
        {"type": "EQ", "fieldName": "status", "value": "queued"}, {"type": "MISSINGVALUE", "fieldName": "run_at"}]}});
    let running = json!({"filters": {"type": "EQ", "fieldName": "status", "value": "running"}});
    // As long as it goes on, it may take its time. Looking costs the server something, so it is not done all the time.
    let (mut left, mut looked) = (usize::MAX, began.elapsed());
    while left > 0 {
        left = eventually("further jobs to end", || {
            if began.elapsed() < looked + looked / 20 {
                return None;
            }
            looked = began.elapsed();
            let now = count(http, &waiting) + count(http, &running);
            (now < left).then_some(now)
        });
    }
    let took = began.elapsed();
    let states = ["completed", "failed", "cancelled", "queued"].map(|state| {
        let query = json!({"filters": {"type": "EQ", "fieldName": "status", "value": state}});
        format!("{} {state}", count(http, &query))
    });
    Filled { states: states.join(", "), submitted_per_second: jobs as f64 / submitted.as_secs_f64(), took }
}

/// How many jobs a query finds.
fn count(http: &Http, query: &Value) -> usize {
    let (mut found, mut cursor) = (0, String::new());
    loop {
        let page = http.post(&format!("/v1/jobs/query?limit=1000{cursor}"), query).expect(200).json();
        found += page["jobs"].as_array().expect("jobs").len();
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return found,
        }
    }
}

fn ready(http: &Http) {
    eventually("the server to be ready", || (http.get("/readyz").status == 200).then_some(()));
}

/// Restarts after an orderly stop and after a kill.
fn restarted(server: Server, setup: &Setup<'_>) -> (Home, [(&'static str, Times); 2]) {
    let (mut stopped, mut killed) = (Times::default(), Times::default());
    let (_, _, mut home) = server.terminate();
    let timed = |home: Home, times: &mut Times| {
        let began = Instant::now();
        let server = home.start(setup);
        ready(&server.http);
        times.add(began.elapsed());
        server
    };
    for _ in 0..RESTARTS {
        home = timed(home, &mut stopped).kill();
        home = timed(home, &mut killed).terminate().2;
    }
    (home, [("after SIGTERM", stopped), ("after `kill -9`", killed)])
}

/// A line of the table for each kind of call.
fn calls(http: &Http, jobs: usize, samples: usize) -> Vec<String> {
    let deep = deep(http, jobs);
    let middle = http.get(&format!("/v1/jobs?limit=1{deep}")).expect(200).json()["jobs"][0]["created_at"].clone();
    let middle = middle.as_str().expect("a time");
    let lists = [
        ("newest", String::new()),
        ("nine tenths down", deep.clone()),
        ("status", "&status=completed".to_owned()),
        ("status, nine tenths down", format!("&status=completed{deep}")),
        ("status with few jobs", "&status=failed".to_owned()),
        ("provider and model", "&provider=hostile&model=noop".to_owned()),
        ("another provider", "&provider=second".to_owned()),
        ("provider and model, nine tenths down", format!("&provider=hostile&model=noop{deep}")),
        ("a common tag", "&tag=site:s3".to_owned()),
        ("a rare tag", "&tag=rare:yes".to_owned()),
        ("status and a rare tag", "&status=completed&tag=rare:yes".to_owned()),
        ("created before", format!("&created_before={middle}")),
    ];
    let one = |kind: &str, field: &str, value: Value| json!({"type": kind, "fieldName": field, "value": value});
    let filter = |filter: Value| json!({ "filters": filter });
    let rare =
        json!({"type": "TAGGED", "fieldName": "tags", "tags": [{"vocabulary": "rare", "vocabularyTerm": "yes"}]});
    let sorted = |filter: Value, field: &str| json!({"filters": filter, "sorts": [{"fieldName": field}]});
    let queries = [
        ("everything", json!({})),
        ("status EQ", filter(one("EQ", "status", json!("failed")))),
        (
            "provider EQ and model EQ",
            filter(json!({"type": "AND", "filters": [
            one("EQ", "provider", json!("hostile")), one("EQ", "model", json!("echo"))]})),
        ),
        ("TAGGED, a rare tag", filter(rare.clone())),
        ("unindexed, found often: `fuel_used` GT", filter(one("GT", "fuel_used", json!(0)))),
        ("unindexed, found rarely: `priority` EQ", filter(one("EQ", "priority", json!(1)))),
        ("unindexed, never found: `error.message` LIKE", filter(one("LIKE", "error.message", json!("*nowhere*")))),
        ("oldest first", json!({"sorts": [{"fieldName": "created_at"}]})),
        ("a rare tag, sorted by `finished_at`", sorted(rare, "finished_at")),
        ("status EQ, sorted by `fuel_used`", sorted(one("EQ", "status", json!("failed")), "fuel_used")),
    ];
    let mut rows = Vec::new();
    for (what, list) in lists {
        rows.push(row(&format!("`GET /v1/jobs`: {what}"), samples, || http.get(&format!("/v1/jobs?limit=50{list}"))));
    }
    for (what, query) in queries {
        rows.push(row(&format!("`POST /v1/jobs/query`: {what}"), samples, || {
            http.post("/v1/jobs/query?limit=50", &query)
        }));
    }
    let thingworx = [
        ("everything", json!({})),
        ("status EQ COMPLETED", filter(one("EQ", "status", json!("COMPLETED")))),
        ("status EQ FAILED", filter(one("EQ", "status", json!("FAILED")))),
        ("status LIKE F*", filter(one("LIKE", "status", json!("F*")))),
        (
            "providerName EQ and modelName EQ",
            filter(json!({"type": "AND", "filters": [
            one("EQ", "providerName", json!("hostile")), one("EQ", "modelName", json!("echo"))]})),
        ),
        ("providerName EQ, another provider", filter(one("EQ", "providerName", json!("second")))),
    ];
    for (what, query) in thingworx {
        rows.push(row(&format!("`QueryJobs`: {what}"), samples, || http.post(QUERY_JOBS, &json!({ "query": query }))));
    }
    let newest = http.get("/v1/jobs?limit=1").expect(200).json()["jobs"][0]["id"].clone();
    let newest = newest.as_str().expect("an id");
    rows.push(row("`GET /v1/jobs/{job}`", samples, || http.get(&format!("/v1/jobs/{newest}"))));
    rows
}

/// A cursor far down in the list.
fn deep(http: &Http, jobs: usize) -> String {
    let (mut seen, mut cursor) = (0, String::new());
    while seen < jobs * 9 / 10 {
        let page = http.get(&format!("/v1/jobs?limit=1000{cursor}")).expect(200).json();
        seen += page["jobs"].as_array().expect("jobs").len();
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    cursor
}

fn row(what: &str, samples: usize, ask: impl Fn() -> support::http::Answer) -> String {
    // The first may have to read from the disk what the others find in memory: it counts like the others.
    let mut times = Times::default();
    let mut last = None;
    for _ in 0..samples {
        let began = Instant::now();
        let answer = ask();
        times.add(began.elapsed());
        last = Some(answer);
    }
    let answer = last.expect("an answer");
    let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let got = match (&body["jobs"], answer.status) {
        _ if body["rows"].is_array() => {
            format!("{} rows, {} KiB", body["rows"].as_array().map_or(0, Vec::len), answer.body.len() / 1024)
        }
        (Value::Array(jobs), _) if body["next_cursor"].is_null() => format!("{} jobs", jobs.len()),
        (Value::Array(jobs), _) => format!("{} jobs, and a cursor", jobs.len()),
        (_, 200) => "the job".to_owned(),
        (_, status) => format!("{status} `{}`", body["code"].as_str().unwrap_or_default()),
    };
    format!("| {what} | {got} | {} | {} |", milliseconds(times.quantile(0.5)), milliseconds(times.quantile(0.99)))
}
