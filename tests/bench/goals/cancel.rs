//! How soon a busy guest is gone.

use std::time::{Duration, Instant};

use analyte_core::limits::Limits;
use serde_json::{Value, json};

use crate::goal::{goal, measured};
use crate::metrics;
use crate::report::{Line, Report};
use support::bench::asked::Asked;
use support::bench::connection::{Connection, address, request, request_of};
use support::bench::load::runtime;
use support::bench::server;
use support::bench::times::{Times, milliseconds};
use support::http::Http;
use support::{PATIENCE, eventually};

/// What one run reserves of the memory budget, and a budget in which a hundred fit. Nothing is really used.
const CONFIG: &str = "[limits]\nfree_disk_bytes = 0\nmemory_budget_bytes = 200000000000\n";

const NOTE: &str = "every slot runs a loop without end (roots and quotients); one of them is cancelled, replaced, and \
    so on. From the first byte of `POST …/cancel` until its answer is there (by then the cancelled state is durable), \
    and until the guest is gone: its memory has been given back to the budget, which happens when its \
    instance has been dropped, and is seen in `/metrics`, asked without a pause over a second connection, so the time \
    of one such call is in the figure. The goal is held against the later of the two. Servers: defaults but \
    `free_disk_bytes = 0` and a memory budget in which all fit, the second one also with `concurrent_tasks = 100`.";

/// At default concurrency, and with many more guests than cores.
pub(crate) fn measure(asked: &Asked) -> Report {
    let usual = one(asked, CONFIG, None);
    let forced = one(asked, &format!("{CONFIG}concurrent_tasks = 100\n"), Some(100));
    let line = |figure: &str, what: &str, times: &Cancelled| {
        let Cancelled { slots, answered, gone } = times;
        let wanted = goal(figure);
        let [p50, p99] = [0.5, 0.99].map(|share| milliseconds(gone.quantile(share)));
        let [answered_p50, answered_p99] = [0.5, 0.99].map(|share| milliseconds(answered.quantile(share)));
        let later = gone.quantile(0.99).max(answered.quantile(0.99)).as_secs_f64() * 1_000.0;
        Line {
            what: format!("cancel of a busy loop, {what}: {slots} run"),
            goal: format!("p99 {} ms", wanted.goal),
            stretch: format!("{} ms", wanted.stretch),
            measured: format!("gone: p50 {p50}, p99 {p99}; answered: p50 {answered_p50}, p99 {answered_p99}"),
            figures: vec![measured(figure, later)],
        }
    };
    let lines = vec![line("cancel-usual", "at default concurrency", &usual), line("cancel-forced", "forced", &forced)];
    Report { lines, note: NOTE.to_owned() }
}

struct Cancelled {
    slots: usize,
    answered: Times,
    gone: Times,
}

/// On one server.
fn one(asked: &Asked, config: &str, slots: Option<usize>) -> Cancelled {
    let server = server::start(config, &["hostile"]);
    let http = &server.http;
    let slots = slots.unwrap_or_else(|| count(&http.get("/metrics").expect(200).text(), "analyte_task_slots"));
    let mut running: Vec<String> = (0..slots).map(|_| submitted(http)).collect();
    let full = slots * one_run();
    eventually("every slot to be in use", || all_run(http, slots, full));
    let (mut answered, mut gone) = (Times::default(), Times::default());
    let runtime = runtime();
    for number in 0..asked.pick(3, 200) {
        // Not always the one that began first or last.
        let id = running.remove(number * 7 % running.len());
        let (answer, end) = runtime.block_on(cancelled(http, &id, full));
        answered.add(answer);
        gone.add(end);
        running.push(submitted(http));
        eventually("every slot to be in use again", || all_run(http, slots, full));
    }
    Cancelled { slots, answered, gone }
}

/// What one run reserves of the memory budget: what it may use, and what may come out of it.
fn one_run() -> usize {
    let Limits { memory_bytes, output_bytes, .. } = Limits::default();
    usize::try_from(memory_bytes + output_bytes).expect("a size")
}

/// Whether `slots` guests run and hold `memory` bytes, all that they reserve; `None` where that is not so.
fn all_run(http: &Http, slots: usize, memory: usize) -> Option<()> {
    let text = http.get("/metrics").expect(200).text();
    let counts = ["analyte_jobs_running", "analyte_tasks_running", "analyte_memory_admitted_bytes"];
    (counts.map(|name| count(&text, name)) == [slots, slots, memory]).then_some(())
}

fn submitted(http: &Http) -> String {
    let job = json!({"provider": "hostile", "model": "spin", "input": [{"value": 1.5}]});
    http.post("/v1/jobs", &job).expect(201).json()["id"].as_str().expect("an id").to_owned()
}

/// Cancels a job: the time until that is answered, and the time until less memory is reserved.
async fn cancelled(http: &Http, id: &str, full: usize) -> (Duration, Duration) {
    let (mut caller, mut watcher) = (Connection::open(address(http)).await, Connection::open(address(http)).await);
    let cancel = request(http, "POST", &format!("/v1/jobs/{id}/cancel"), "");
    let look = request_of(http, "GET", "/metrics", "", b"");
    // Both connections are in use already when it begins.
    for connection in [&mut caller, &mut watcher] {
        assert_eq!(admitted(connection.call(&look).await.expect(200).body), full, "all memory is reserved");
    }
    let began = Instant::now();
    let answered = async {
        let answer = caller.call(&cancel).await.expect(200);
        let took = began.elapsed();
        let job: Value = serde_json::from_slice(answer.body).expect("a job");
        assert_eq!(job["status"], "cancelled", "{job}");
        took
    };
    let gone = async {
        while admitted(watcher.call(&look).await.expect(200).body) >= full {
            assert!(began.elapsed() < PATIENCE, "the guest is not gone after {PATIENCE:?}");
        }
        began.elapsed()
    };
    tokio::join!(answered, gone)
}

fn admitted(metrics: &[u8]) -> usize {
    count(&String::from_utf8_lossy(metrics), "analyte_memory_admitted_bytes")
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count")]
fn count(metrics: &str, name: &str) -> usize {
    metrics::sum(metrics, name, "") as usize
}
