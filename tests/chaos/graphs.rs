//! `kill -9` while jobs of several tasks are submitted and run: each task ends once, with what its parents gave, and what one has
//! completed stays as it is.
//!
//! `ANALYTE_CRASH_ROUNDS` sets the number of kills, `ANALYTE_CRASH_SEED` repeats the graphs (not the timing).

#![expect(clippy::expect_used, clippy::indexing_slicing, reason = "tests fail by panicking; JSON values index to null")]
#![expect(clippy::print_stdout, reason = "says how to repeat a run")]

use std::collections::HashMap;
use std::sync::Mutex;

use serde_json::{Value, json};

use support::chance::Chance;
use support::http::Http;
use support::server::{Home, Setup};
use support::{PATIENCE, eventually, eventually_within};

const SETUP: Setup<'_> =
    Setup { config: "[limits]\nfree_disk_bytes = 0\n", plugins: &["rows"], variables: &[], listen: "", under: &[] };
/// The most tasks of a graph.
const TASKS: u64 = 12;
/// The most values of an input: a result has as many rows as its task's parents together.
const ROWS: usize = 500;

/// A task as it has to end.
#[derive(Clone)]
enum End {
    /// With these values.
    Completed(Vec<f64>),
    Failed,
    /// Because of a parent.
    Cancelled,
}

/// A graph, and how its tasks have to end.
struct Graph {
    submission: Value,
    ends: Vec<End>,
}

/// A graph of a few tasks, each of which doubles what it is given or what its parents gave; now and then one fails.
fn graph(chance: &mut Chance) -> Graph {
    let (mut tasks, mut ends): (Vec<Value>, Vec<End>) = (Vec::new(), Vec::new());
    for number in 0..2 + chance.below(TASKS - 1) {
        let parents: Vec<usize> = (0..ends.len()).filter(|_| chance.percent(30)).take(4).collect();
        let mut task = json!({"name": format!("t{number}"), "provider": "rows", "model": "rows"});
        let given: Option<Vec<f64>> = if parents.is_empty() {
            let value = chance.below(100) as f64;
            task["input"] = json!([{"value": value}]);
            Some(vec![value])
        } else {
            task["after"] = parents.iter().map(|parent| format!("t{parent}")).collect();
            let parts = parents.iter().map(|parent| match &ends[*parent] {
                End::Completed(values) => Some(values.clone()),
                End::Failed | End::Cancelled => None,
            });
            parts.collect::<Option<Vec<_>>>().map(|parts| parts.concat())
        };
        if given.as_ref().is_some_and(|values| values.len() > ROWS) {
            break;
        }
        let fails = chance.percent(8);
        if fails {
            task["parameters"] = json!({"deed": "error"});
        }
        tasks.push(task);
        ends.push(match given {
            None => End::Cancelled,
            Some(_) if fails => End::Failed,
            Some(values) => End::Completed(values.iter().map(|value| value * 2.0).collect()),
        });
    }
    Graph { submission: json!({ "tasks": tasks }), ends }
}

/// Submits graphs until the server is gone.
fn submits(http: &Http, chance: &mut Chance, acknowledged: &Mutex<Vec<(String, Vec<End>)>>) {
    loop {
        let Graph { submission, ends } = graph(chance);
        let headers = [("content-type", "application/json")];
        let Ok(answer) = http.try_call("POST", "/v1/jobs", &headers, Some(submission.to_string().as_bytes())) else {
            return;
        };
        let id = answer.expect(201).json()["id"].as_str().expect("an id").to_owned();
        acknowledged.lock().expect("no panic").push((id, ends));
    }
}

fn tasks(http: &Http, id: &str) -> Vec<Value> {
    let tasks = http.get(&format!("/v1/jobs/{id}/tasks")).expect(200).json()["tasks"].clone();
    tasks.as_array().cloned().expect("tasks")
}

/// What completed before is as it was.
fn completed_ones_are_as_they_were(http: &Http, seen: &mut HashMap<String, Value>, jobs: &[(String, Vec<End>)]) {
    for (id, _) in jobs {
        for task in tasks(http, id).into_iter().filter(|task| task["status"] == "completed") {
            let name = format!("{id}/{}", task["name"]);
            if let Some(before) = seen.insert(name.clone(), task.clone()) {
                assert_eq!(before, task, "{name}");
            }
        }
    }
}

#[test]
fn graphs_survive_kills() {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let rounds = number("ANALYTE_CRASH_ROUNDS").unwrap_or(8);
    let seed = number("ANALYTE_CRASH_SEED").unwrap_or_else(Chance::any_seed);
    println!("ANALYTE_CRASH_ROUNDS={rounds} ANALYTE_CRASH_SEED={seed}");
    let mut chance = Chance::new(seed);
    let (mut home, mut known) = (Home::new(), HashMap::new());
    let acknowledged = Mutex::new(Vec::new());
    for _ in 0..rounds {
        let server = home.start(&SETUP);
        // The newest ones: those that ran when the server before was killed.
        let newest: Vec<_> = acknowledged.lock().expect("no panic").iter().rev().take(30).cloned().collect();
        completed_ones_are_as_they_were(&server.http, &mut known, &newest);
        let (http, target) = (server.http.clone(), newest.len() + 5 + usize::try_from(chance.below(60)).expect("few"));
        let before = acknowledged.lock().expect("no panic").len();
        home = std::thread::scope(|threads| {
            let (http, acknowledged, mut own) = (&http, &acknowledged, Chance::new(chance.number()));
            threads.spawn(move || submits(http, &mut own, acknowledged));
            eventually("jobs to be submitted", || {
                (acknowledged.lock().expect("no panic").len() >= before + target).then_some(())
            });
            server.kill()
        });
    }
    let server = home.start(&SETUP);
    let http = &server.http;
    let jobs = acknowledged.into_inner().expect("no panic");
    for state in ["queued", "running"] {
        eventually_within(PATIENCE * 3, "all jobs to end", || {
            let left = http.get(&format!("/v1/jobs?status={state}&limit=1")).expect(200).json();
            (left["jobs"] == json!([])).then_some(())
        });
    }
    completed_ones_are_as_they_were(http, &mut known, &jobs);
    for (id, ends) in &jobs {
        let tasks = tasks(http, id);
        assert_eq!(tasks.len(), ends.len(), "{id}");
        for (task, end) in tasks.iter().zip(ends) {
            let path = format!("/v1/jobs/{id}/tasks/{}/results", task["name"].as_str().unwrap_or_default());
            let found = (task["status"].as_str().unwrap_or_default(), task["error"]["code"].as_str());
            match end {
                End::Completed(values) => {
                    assert_eq!(found, ("completed", None), "{task}");
                    let result = http.get_as(&path, "application/json; layout=columns").expect(200).json();
                    assert_eq!(result["columns"]["value"], json!(values), "{task}");
                }
                End::Failed => assert_eq!(found, ("failed", Some("analysis-error")), "{task}"),
                End::Cancelled => assert_eq!(found, ("cancelled", Some("parent-failed")), "{task}"),
            }
            // Each kill may break off one run.
            assert!(task["attempt"].as_u64().is_some_and(|attempt| attempt <= 1 + rounds), "{task}");
        }
    }
    println!("{rounds} kills, {} jobs of {} tasks", jobs.len(), jobs.iter().map(|(_, ends)| ends.len()).sum::<usize>());
}
