//! Cancels against starting jobs: each job either ends aborted without having run, or runs and its cancel is refused.

use std::thread;

use serde_json::json;
use support::eventually;
use support::server::Server;

use super::{cancel, created, detail, simple, status};

/// Jobs in all, unless `ANALYTE_CANCEL_RACES` says another number; each is cancelled once.
const JOBS: usize = 2_000;
/// Jobs of one round.
const ROUND: usize = 200;
/// Clients that cancel at the same time.
const CLIENTS: usize = 8;

#[test]
fn a_job_is_aborted_or_runs_and_never_both() {
    let server = Server::with_plugins(&["rows"]);
    let http = &server.http;
    let asked = std::env::var("ANALYTE_CANCEL_RACES").ok().map(|jobs| jobs.parse::<usize>().expect("a number of jobs"));
    let all = asked.unwrap_or(JOBS).div_ceil(ROUND) * ROUND;
    let (mut aborted, mut ran) = (0, 0);
    for _ in 0..(all / ROUND) {
        let jobs = created(http, &vec![simple(); ROUND]);
        // From the end on and from the beginning on, so that some have started and some have not.
        let order: Vec<String> =
            (0..ROUND / 2).flat_map(|at| [jobs[at].clone(), jobs[ROUND - 1 - at].clone()]).collect();
        let refused: Vec<(String, bool)> = thread::scope(|scope| {
            let clients: Vec<_> = order
                .chunks(order.len() / CLIENTS)
                .map(|part| {
                    scope.spawn(move || {
                        let cancelled = |job: &String| match cancel(http, &json!({"jobID": job})) {
                            answer if answer.status == 200 => (job.clone(), true),
                            answer => {
                                answer.expect(400);
                                (job.clone(), false)
                            }
                        };
                        part.iter().map(cancelled).collect::<Vec<_>>()
                    })
                })
                .collect();
            clients.into_iter().flat_map(|client| client.join().expect("a client")).collect()
        });
        assert_eq!(refused.len(), ROUND);
        for (job, cancelled) in refused {
            let state = eventually("the job to end", || {
                Some(status(http, &job)).filter(|state| state != "pending" && state != "running")
            });
            let shown = detail(http, &job);
            let task = &shown["tasks"][0];
            if cancelled {
                assert_eq!(state, "aborted");
                assert!(task["startedDateTime"].is_null() && shown["startedDateTime"].is_null(), "{shown}");
                aborted += 1;
            } else {
                assert_eq!(state, "complete");
                assert!(task["startedDateTime"].is_string(), "{shown}");
                ran += 1;
            }
        }
    }
    assert_eq!(aborted + ran, all);
    // Else nothing raced.
    assert!(aborted > 0 && ran > 0, "{aborted} were aborted, {ran} ran");
}
