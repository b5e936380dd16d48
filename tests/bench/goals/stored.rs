//! What many stored jobs cost: a restart, and lists by index.

use std::time::Instant;

use crate::goal::{goal, measured};
use crate::report::{Line, Report};
use support::bench::asked::Asked;
use support::bench::connection::{Connection, address, request_of};
use support::bench::filled::{BATCH, Filled, config, fill, ready, restarted};
use support::bench::load::runtime;
use support::bench::server;
use support::bench::times::{Times, milliseconds};
use support::http::Http;
use support::server::Setup;

/// Filters that an index answers.
const FILTERS: [(&str, &str); 5] = [
    ("status", "status=completed"),
    ("status with few jobs", "status=failed"),
    ("provider and model", "provider=hostile&model=noop"),
    ("a rare tag", "tag=rare:yes"),
    ("status and a rare tag", "status=completed&tag=rare:yes"),
];

/// Fills a server, restarts it, asks it.
pub(crate) fn measure(asked: &Asked) -> Report {
    let jobs = asked.jobs().unwrap_or(asked.pick(500, 100_000));
    let config = config(jobs);
    let setup = Setup { config: &config, plugins: &["hostile"], ..Setup::default() };
    let server = server::start(&config, setup.plugins);
    let Filled { states, .. } = fill(&server.http, jobs);
    let (home, restarts) = restarted(server, &setup, asked.pick(1, 5));
    let mut lines = Vec::from(restarts.map(|(how, times)| restart_line(jobs, how, &times)));
    let server = home.start(&setup);
    ready(&server.http);
    lines.push(list_line(jobs, &lists(&server.http, asked.pick(5, 200))));
    let note = format!(
        "{jobs} jobs, all really submitted, in batches of {BATCH}, and run where they ended: \
         {states}. The server has its defaults but `queued_jobs` and `free_disk_bytes = 0`. Restart: from the start of \
         the process until `/readyz` answers 200. Lists: `GET /v1/jobs?limit=50` with a filter, one client on one \
         connection, filters by turns; p99 of the slowest filter counts. `cargo bench -p analyte-tests --bench stored` tells \
         more."
    );
    Report { lines, note }
}

fn restart_line(jobs: usize, how: &str, times: &Times) -> Line {
    let figure = if how == "after SIGTERM" { "restart-after-sigterm" } else { "restart-after-kill" };
    let wanted = goal(figure);
    Line {
        what: format!("restart with {jobs} jobs stored, {how}, to ready"),
        goal: format!("{} s", wanted.goal),
        stretch: format!("{} s", wanted.stretch),
        measured: format!("least, median, most {}", times.spread()),
        figures: vec![measured(figure, times.quantile(0.5).as_secs_f64())],
    }
}

fn list_line(jobs: usize, times: &[Times; 5]) -> Line {
    let shown = FILTERS.iter().zip(times).map(|((name, _), times)| {
        let [p50, p99] = [0.5, 0.99].map(|share| milliseconds(times.quantile(share)));
        format!("{name}: p50 {p50}, p99 {p99}")
    });
    let slowest = times.iter().map(|times| times.quantile(0.99).as_secs_f64() * 1_000.0).fold(0.0, f64::max);
    let wanted = goal("list");
    Line {
        what: format!("`GET /v1/jobs` by an indexed filter, {jobs} jobs stored"),
        goal: format!("p99 {} ms", wanted.goal),
        stretch: format!("{} ms", wanted.stretch),
        measured: shown.collect::<Vec<_>>().join("; "),
        figures: vec![measured("list", slowest)],
    }
}

/// The times of each filter.
fn lists(http: &Http, samples: usize) -> [Times; 5] {
    let requests = FILTERS.map(|(_, filter)| request_of(http, "GET", &format!("/v1/jobs?limit=50&{filter}"), "", b""));
    let mut times = FILTERS.map(|_| Times::default());
    runtime().block_on(async {
        let mut connection = Connection::open(address(http)).await;
        for _ in 0..samples {
            for ((request, times), (name, _)) in requests.iter().zip(&mut times).zip(FILTERS) {
                let began = Instant::now();
                let answer = connection.call(request).await.expect(200);
                times.add(began.elapsed());
                let page: serde_json::Value = serde_json::from_slice(answer.body).expect("JSON");
                assert!(page["jobs"].as_array().is_some_and(|jobs| !jobs.is_empty()), "{name} finds jobs: {page}");
            }
        }
    });
    times
}
