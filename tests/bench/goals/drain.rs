//! How fast a queue is emptied.

use std::sync::Arc;

use analyte_core::timestamp::Timestamp;

use crate::clock;
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
use support::http::Http;

const BATCH: usize = 100;

/// A queue that becomes due all at once, some times.
pub(crate) fn measure(asked: &Asked) -> Report {
    let jobs = asked.pick(200, 10_000);
    let (mut seen, mut by_times) = (Rounds::default(), Rounds::default());
    for _ in 0..asked.pick(1, 5) {
        let (by_client, by_jobs) = one(asked, jobs);
        seen.add(by_client);
        by_times.add(by_jobs);
    }
    let wanted = goal("drain");
    let line = Line {
        what: format!("drain of {jobs} queued no-op jobs, each with its result stored"),
        goal: per_second(wanted.goal),
        stretch: per_second(wanted.stretch),
        measured: format!("{}; by the jobs' own times {}", seen.shown(per_second), by_times.shown(per_second)),
        figures: vec![measured("drain", seen.median())],
    };
    let note = format!(
        "all jobs have the same `run_at`, and all are acknowledged before it (else the \
         benchmark stops); none may have started earlier. The figure is their number over the time from `run_at` until \
         the server has counted the last one as completed and stored, which is asked every few milliseconds; beside it \
         the same until the latest `finished_at`. Each has a table of one number. A new server for each round: \
         {ROOMY_IN_WORDS}. The results of some are looked at."
    );
    Report { lines: vec![line], note }
}

/// Jobs a second on a server of its own: as the client sees it, and by the jobs' own times.
fn one(asked: &Asked, jobs: usize) -> (f64, f64) {
    let server = server::start(ROOMY, &["hostile"]);
    let due = clock::now().plus_ms(asked.pick(6_000, 8_000));
    let body = noop::batch(BATCH, Some(&due.to_string())).to_string();
    let request: Arc<[u8]> = request(&server.http, "POST", "/v1/jobs/batch", &body).into();
    let right = |answer: &Answer<'_>| answer.status == 200;
    runtime().block_on(load(address(&server.http), &request, 8, Until::Sent(jobs / BATCH), right));
    assert!(clock::now() < due, "the jobs were not all queued before the first was due");
    assert_eq!(metrics::submitted(&server.http), jobs, "all jobs were kept");
    eventually("all jobs to end", || {
        let (completed, otherwise) = metrics::ended(&server.http);
        assert_eq!(otherwise, 0, "no job ends otherwise than completed");
        (completed == jobs).then_some(())
    });
    let seen = clock::now();
    let last = last_end(&server.http, jobs, due);
    noop::check_results(&server.http, 20);
    let rate = |until: Timestamp| jobs as f64 * 1_000.0 / until.ms_since(due) as f64;
    (rate(seen), rate(last))
}

/// When the last of the jobs ended, by their own times; none started too early.
fn last_end(http: &Http, jobs: usize, due: Timestamp) -> Timestamp {
    let (mut ends, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = http.get(&format!("/v1/jobs?limit=1000{cursor}")).expect(200).json();
        for job in page["jobs"].as_array().expect("jobs") {
            let time = |name: &str| job[name].as_str().expect("a time").parse::<Timestamp>().expect("a time");
            assert!(time("started_at") >= due, "a job started before it was due: {job}");
            ends.push(time("finished_at"));
        }
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(ends.len(), jobs, "all jobs are listed");
    ends.into_iter().max().expect("a job")
}
