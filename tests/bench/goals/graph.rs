//! Jobs of a hundred tasks, from their submission to their end.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::goal::{goal, measured};
use crate::report::{Line, Report};
use support::bench::asked::Asked;
use support::bench::rounds::Rounds;
use support::bench::server;

const TASKS: usize = 100;

/// In a chain, and as many beside each other between one that begins and one that ends.
pub(crate) fn measure(asked: &Asked) -> Report {
    let server = server::start("[limits]\nfree_disk_bytes = 0\n", &["hostile"]);
    let (mut chain, mut fan) = (Rounds::default(), Rounds::default());
    for round in 0..asked.pick(1, 12) {
        for (graph, times) in [(chained(), &mut chain), (fanned(), &mut fan)] {
            let began = Instant::now();
            let headers = [("content-type", "application/json"), ("prefer", "wait=60")];
            let answer = server.http.call("POST", "/v1/jobs", &headers, Some(graph.to_string().as_bytes()));
            let took = began.elapsed();
            let job = answer.expect(200).json();
            assert_eq!(job["task_counts"]["completed"], TASKS, "{job}");
            // The first of each fills caches.
            if round > 1 || asked.quick {
                times.add(milliseconds(took));
            }
        }
    }
    let shown = |times: &Rounds| times.shown(|time| format!("{time:.1} ms"));
    let (in_chain, in_fan) = (goal("graph-chain"), goal("graph-fan"));
    let lines = vec![
        Line {
            what: format!("a graph of {TASKS} no-op tasks from submission to end, each after the one before it"),
            goal: format!("{} ms", in_chain.goal),
            stretch: format!("{} ms", in_chain.stretch),
            measured: shown(&chain),
            figures: vec![measured("graph-chain", chain.median())],
        },
        Line {
            what: format!("the same, {} tasks beside each other between a first and a last one", TASKS - 2),
            goal: format!("{} ms", in_fan.goal),
            stretch: format!("{} ms", in_fan.stretch),
            measured: shown(&fan),
            figures: vec![measured("graph-fan", fan.median())],
        },
    ];
    let note = "one client that submits a graph with `Prefer: wait=60` and then the next one. The first task has a table of one \
        number, each other one the results of the tasks before it. Every task is durable before the next ones begin. The server has \
        its defaults but `free_disk_bytes = 0`."
        .to_owned();
    Report { lines, note }
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}

fn task(number: usize, after: &[String]) -> Value {
    let mut task = json!({"name": format!("t{number}"), "provider": "hostile", "model": "noop"});
    if after.is_empty() {
        task["input"] = json!([{"value": 1.5}]);
    } else {
        task["after"] = json!(after);
    }
    task
}

fn chained() -> Value {
    let tasks: Vec<Value> = (0..TASKS)
        .map(|number| {
            task(number, &number.checked_sub(1).map(|before| format!("t{before}")).into_iter().collect::<Vec<_>>())
        })
        .collect();
    json!({ "tasks": tasks })
}

fn fanned() -> Value {
    let between: Vec<String> = (1..TASKS - 1).map(|number| format!("t{number}")).collect();
    let mut tasks = vec![task(0, &[])];
    tasks.extend((1..TASKS - 1).map(|number| task(number, &["t0".to_owned()])));
    tasks.push(task(TASKS - 1, &between));
    json!({ "tasks": tasks })
}
