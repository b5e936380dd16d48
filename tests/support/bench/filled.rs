//! A server with many jobs in all states, and its restarts.
//!
//! Every job is really submitted, and runs where it ends; nothing is written past the server.

use std::fs;
use std::ops::Range;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::bench::times::Times;
use crate::eventually;
use crate::http::Http;
use crate::plugins::plugin;
use crate::server::{Home, Server, Setup};

const FAR: &str = "2099-01-01T00:00:00Z";
/// Jobs of one batch.
pub const BATCH: usize = 500;
/// Values of the tag `site`.
const SITES: usize = 10;
/// Of this number of jobs one has the tag `rare`, and another one an unusual priority.
const RARE: usize = 500;

/// The configuration that a server needs for `jobs` jobs.
pub fn config(jobs: usize) -> String {
    format!("[limits]\nfree_disk_bytes = 0\nqueued_jobs = {}\n", jobs + 1)
}

/// How the filling went.
pub struct Filled {
    /// How many jobs are in which state.
    pub states: String,
    /// While they were submitted, by one client in batches.
    pub submitted_per_second: f64,
    /// Until all that could run had run.
    pub took: Duration,
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

/// Submits `jobs` jobs to a new server and waits until all that can run have run.
pub fn fill(http: &Http, jobs: usize) -> Filled {
    install(http);
    add(http, 0..jobs)
}

/// Installs the other provider that jobs are for, under its name.
pub fn install(http: &Http) {
    let component = fs::read(plugin("hostile")).expect("the component");
    http.put("/v1/providers/second", "application/wasm", &component).expect(201);
}

/// Submits jobs with these numbers and waits until all that can run have run.
pub fn add(http: &Http, jobs: Range<usize>) -> Filled {
    let began = Instant::now();
    let (jobs, numbers) = (jobs.len(), jobs.collect::<Vec<_>>());
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

/// Waits until the server is ready.
pub fn ready(http: &Http) {
    eventually("the server to be ready", || (http.get("/readyz").status == 200).then_some(()));
}

/// Restarts the server `count` times after an orderly stop, and as often after a kill; times are those from the
/// process's start until it is ready.
pub fn restarted(server: Server, setup: &Setup<'_>, count: usize) -> (Home, [(&'static str, Times); 2]) {
    let (mut stopped, mut killed) = (Times::default(), Times::default());
    let (_, _, mut home) = server.terminate();
    let timed = |home: Home, times: &mut Times| {
        let began = Instant::now();
        let server = home.start(setup);
        ready(&server.http);
        times.add(began.elapsed());
        server
    };
    for _ in 0..count {
        home = timed(home, &mut stopped).kill();
        home = timed(home, &mut killed).terminate().2;
    }
    (home, [("after SIGTERM", stopped), ("after `kill -9`", killed)])
}
