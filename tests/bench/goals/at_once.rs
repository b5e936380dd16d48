//! Jobs that are submitted, run and stored at the same time.

use std::sync::Arc;
use std::time::Instant;

use crate::goal::{goal, measured};
use crate::metrics;
use crate::noop;
use crate::report::{Line, Report};
use support::bench::asked::Asked;
use support::bench::connection::{Answer, address, request};
use support::bench::load::{Until, load, runtime};
use support::bench::rounds::{Rounds, per_second};
use support::bench::server::{self, ROOMY, ROOMY_IN_WORDS};
use support::eventually;

const CLIENTS: usize = 64;
/// Jobs of one batch.
const BATCH: usize = 100;

/// With single submissions and with batches by turns.
pub(crate) fn measure(asked: &Asked) -> Report {
    let jobs = asked.pick(200, 20_000);
    let (mut single, mut batched) = (Rounds::default(), Rounds::default());
    for _ in 0..asked.pick(1, 3) {
        single.add(one("/v1/jobs", &noop::job(None).to_string(), 201, jobs, 1));
        batched.add(one("/v1/jobs/batch", &noop::batch(BATCH, None).to_string(), 200, jobs, BATCH));
    }
    let lines = vec![
        Line {
            what: format!("no-op jobs submitted, run and stored at once, durable, {CLIENTS} clients, single"),
            goal: per_second(goal("at-once").goal),
            stretch: per_second(goal("at-once").stretch),
            measured: single.shown(per_second),
            figures: vec![measured("at-once", single.median())],
        },
        Line {
            what: format!("the same in batches of {BATCH}"),
            goal: per_second(goal("at-once-batched").goal),
            stretch: per_second(goal("at-once-batched").stretch),
            measured: batched.shown(per_second),
            figures: vec![measured("at-once-batched", batched.median())],
        },
    ];
    let note = format!(
        "{jobs} jobs over the time from the first submission until the server has counted the \
         last one as completed and stored, which is asked every few milliseconds. Each has a table of one number. A \
         new server for each round: {ROOMY_IN_WORDS}. No job may end otherwise than completed; the results of some are \
         looked at."
    );
    Report { lines, note }
}

/// Jobs a second on a server of its own.
fn one(path: &str, body: &str, status: u16, jobs: usize, batch: usize) -> f64 {
    let server = server::start(ROOMY, &["hostile"]);
    let request: Arc<[u8]> = request(&server.http, "POST", path, body).into();
    let right = move |answer: &Answer<'_>| answer.status == status;
    let began = Instant::now();
    runtime().block_on(load(address(&server.http), &request, CLIENTS, Until::Sent(jobs / batch), right));
    eventually("all jobs to end", || {
        let (completed, otherwise) = metrics::ended(&server.http);
        assert_eq!(otherwise, 0, "no job ends otherwise than completed");
        (completed == jobs).then_some(())
    });
    let took = began.elapsed();
    noop::check_results(&server.http, 20);
    jobs as f64 / took.as_secs_f64()
}
