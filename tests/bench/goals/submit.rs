//! Durable submission: how many jobs a second are acknowledged.

use std::sync::Arc;
use std::time::Duration;

use crate::goal::{goal, measured};
use crate::metrics;
use crate::noop;
use crate::report::{Line, Report};
use support::bench::asked::Asked;
use support::bench::connection::{address, request};
use support::bench::load::{Load, Until, load, runtime};
use support::bench::rounds::{Rounds, per_second};
use support::bench::server::{self, ROOMY, ROOMY_IN_WORDS};
use support::bench::times::{Times, milliseconds};

const CLIENTS: usize = 64;
/// Nothing but the submission is to be measured, so no job may run yet.
const FAR: &str = "2099-01-01T00:00:00Z";

/// 64 clients, with single submissions and with batches by turns.
pub(crate) fn measure(asked: &Asked) -> Report {
    let batch = asked.pick(5, 100);
    let (mut single, mut batched) = (Rounds::default(), Rounds::default());
    let (mut single_times, mut batch_times) = (Times::default(), Times::default());
    for _ in 0..asked.pick(1, 5) {
        let load = one(asked, "/v1/jobs", &noop::job(Some(FAR)).to_string(), 201, 1);
        single.add(load.rate());
        single_times.extend(load.times);
        let load = one(asked, "/v1/jobs/batch", &noop::batch(batch, Some(FAR)).to_string(), 200, batch);
        batched.add(load.rate() * batch as f64);
        batch_times.extend(load.times);
    }
    let shown = |rates: &Rounds, times: &Times| {
        let [p50, p99] = [0.5, 0.99].map(|share| milliseconds(times.quantile(share)));
        format!("{}; p50 {p50}, p99 {p99}", rates.shown(per_second))
    };
    let p99 = single_times.quantile(0.99).as_secs_f64() * 1_000.0;
    let (one, slowest, many) = (goal("submit"), goal("submit-p99"), goal("submit-batched"));
    let lines = vec![
        Line {
            what: format!("durable submit through HTTP, {CLIENTS} clients, single"),
            goal: format!("{}, p99 ≤ {} ms", per_second(one.goal), slowest.goal),
            stretch: per_second(one.stretch),
            measured: shown(&single, &single_times),
            figures: vec![measured("submit", single.median()), measured("submit-p99", p99)],
        },
        Line {
            what: format!("the same in batches of {batch}; times are those of a batch"),
            goal: per_second(many.goal),
            stretch: per_second(many.stretch),
            measured: shown(&batched, &batch_times),
            figures: vec![measured("submit-batched", batched.median())],
        },
    ];
    let note = format!(
        "jobs acknowledged (201, or 200 for a batch) in a second. So that only submission is \
         measured, every job waits until {FAR}: none runs. Each has a table of one number. A new server for each \
         round: {ROOMY_IN_WORDS}. Afterwards the server's own count of kept jobs must be that of the acknowledged \
         ones."
    );
    Report { lines, note }
}

/// One round on a server of its own.
fn one(asked: &Asked, path: &str, body: &str, status: u16, jobs: usize) -> Load {
    let server = server::start(ROOMY, &["hostile"]);
    let request: Arc<[u8]> = request(&server.http, "POST", path, body).into();
    let until = Until::Passed(Duration::from_millis(asked.pick(200, 3_000)));
    let right = move |answer: &support::bench::connection::Answer<'_>| answer.status == status;
    let load = runtime().block_on(load(address(&server.http), &request, CLIENTS, until, right));
    assert_eq!(metrics::submitted(&server.http), load.answers * jobs, "all jobs were kept");
    load
}
