//! Tasks of a job.

use std::time::Instant;

use serde_json::{Value, json};

use crate::curve::{Chart, Curve};
use support::bench::asked::Asked;
use support::bench::filled::ready;
use support::bench::times::Times;
use support::http::Http;
use support::server::{Home, Setup};

const CONFIG: &str = "[limits]\nfree_disk_bytes = 0\nrequests_per_second = 1000000\n";

/// A job of as many tasks.
type Form = fn(usize) -> Value;

/// Jobs of ever more tasks on one server: what each task costs.
pub(crate) fn measure(asked: &Asked) -> Vec<Chart> {
    let sizes = asked.pick([1, 4].as_slice(), [1, 3, 10, 30, 100, 300, 1_000].as_slice());
    let server = Home::new().start(&Setup { config: CONFIG, plugins: &["rows"], ..Setup::default() });
    ready(&server.http);
    let forms: [(&str, Form); 3] =
        [("one after the other", chain), ("one, then all others", fan), ("all, then one", fan_in)];
    let mut curves = Vec::new();
    for (name, form) in forms {
        let mut curve = Curve::new(name);
        for &size in sizes {
            let mut times = Times::default();
            // As many tasks for each size, so that small jobs are not a matter of chance.
            for _ in 0..asked.pick(1, (300 / size).clamp(3, 100)) {
                times.add(run(&server.http, &form(size)));
            }
            curve.add(size, times.quantile(0.5).as_secs_f64() * 1_000.0 / size as f64);
        }
        curves.push(curve);
    }
    let note = "Jobs of ever more tasks, each of which copies a table of one number, from their submission to their end as \
        seen by one client that waits for it; by task; medians. Each task has its own start, end and result, all durable. \
        Settings: the defaults but `free_disk_bytes = 0` and `requests_per_second = 1000000`.";
    vec![Chart { title: "Tasks of a job", sizes: "tasks", unit: "ms", curves, note: note.to_owned() }]
}

/// From the submission to the end.
fn run(http: &Http, job: &Value) -> std::time::Duration {
    let body = job.to_string();
    let headers = [("content-type", "application/json"), ("prefer", "wait=60")];
    let began = Instant::now();
    let ended = http.call("POST", "/v1/jobs", &headers, Some(body.as_bytes())).expect(200).json();
    let took = began.elapsed();
    assert_eq!(ended["status"], "completed", "{ended}");
    took
}

fn task(number: usize, more: &Value) -> Value {
    let mut task = json!({"name": format!("t{number}"), "provider": "rows", "model": "copy"});
    for (member, value) in more.as_object().into_iter().flatten() {
        task[member] = value.clone();
    }
    task
}

fn given(number: usize) -> Value {
    task(number, &json!({"input": [{"value": 1}]}))
}

fn chain(size: usize) -> Value {
    let after = |number: usize| task(number, &json!({"after": [format!("t{}", number - 1)]}));
    json!({"tasks": (0..size).map(|number| if number == 0 { given(0) } else { after(number) }).collect::<Vec<_>>()})
}

fn fan(size: usize) -> Value {
    let after = |number: usize| task(number, &json!({"after": ["t0"]}));
    json!({"tasks": (0..size).map(|number| if number == 0 { given(0) } else { after(number) }).collect::<Vec<_>>()})
}

fn fan_in(size: usize) -> Value {
    let mut tasks: Vec<Value> = (0..size.max(2) - 1).map(given).collect();
    let all: Vec<String> = (0..tasks.len()).map(|number| format!("t{number}")).collect();
    if size > 1 {
        tasks.push(task(size, &json!({"after": all})));
    }
    json!({ "tasks": tasks })
}
