//! What many stored jobs cost: a restart, lists, queries, memory, disk.
//!
//! `cargo bench -p analyte-tests --bench stored -- --jobs 1000000`; 100,000 without `--jobs`, and few with `--quick` or outside
//! `cargo bench`. Every job was really submitted, and run where it ends; nothing is written past the server. Prints
//! Markdown. Times of calls are those of one client on the same machine, from the request to the last byte of the answer.

#![expect(clippy::expect_used, clippy::indexing_slicing, reason = "a benchmark fails by panicking")]
#![expect(clippy::print_stdout, reason = "what it is for")]

use std::time::Instant;

use serde_json::{Value, json};

use support::bench::{compiled, filled, machine};
use support::http::Http;
use support::server::Setup;

use support::bench::asked::Asked;
use support::bench::filled::{BATCH, ready};
use support::bench::times::{Times, milliseconds};

const QUERY_JOBS: &str =
    "/Thingworx/Resources/TW.AnalysisServices.JobManagementServicesAPI/Services/QueryJobs?Accept=application/json";

fn main() {
    let Some(asked) = Asked::of("stored") else { return };
    let jobs = asked.jobs().unwrap_or(asked.pick(1_000, 100_000));
    let (samples, restarts) = asked.pick((5, 1), (200, 5));

    let config = filled::config(jobs);
    let setup = Setup { config: &config, plugins: &["hostile"], variables: &[], ..Setup::default() };
    machine::print();
    println!("Settings: all defaults but `queued_jobs = {}` and `free_disk_bytes = 0`.\n", jobs + 1);

    let server = compiled::start(&setup);
    ready(&server.http);
    let empty = machine::memory(server.id());
    let filled = filled::fill(&server.http, jobs);
    let full = machine::memory(server.id());
    let (home, times) = filled::restarted(server, &setup, restarts);
    let disk = machine::size(&home.data_dir());
    let server = home.start(&setup);
    ready(&server.http);
    let (after_restart, rows) = (machine::memory(server.id()), calls(&server.http, jobs, samples));
    let in_the_end = machine::memory(server.id());

    println!("| {jobs} stored jobs | |\n| --- | --- |");
    println!("| states | {} |", filled.states);
    println!("| submitted, in batches of {BATCH} by one client | {:.0} jobs/s |", filled.submitted_per_second);
    println!("| until all that could run had run | {:.1} s |", filled.took.as_secs_f64());
    for (what, times) in times {
        println!("| process start to `/readyz`, {what}, {restarts} times: least, median, most | {} |", times.spread());
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
