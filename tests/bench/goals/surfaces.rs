//! What other surfaces' submissions cost beside the native one.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use crate::goal::{goal, measured};
use crate::metrics;
use crate::noop;
use crate::report::{Line, Report};
use support::bench::asked::Asked;
use support::bench::connection::{Answer, address, request};
use support::bench::load::{Until, load, runtime};
use support::bench::rounds::{Rounds, per_second};
use support::bench::server::{self, ROOMY, ROOMY_IN_WORDS};

const CLIENTS: usize = 64;
/// Nothing but the submission is to be measured, so no job may run yet.
const FAR: &str = "2099-01-01T00:00:00Z";

/// The native submission and those of aiWARE by turns.
pub(crate) fn measure(asked: &Asked) -> Report {
    let (mut native, mut edge, mut graphql) = (Rounds::default(), Rounds::default(), Rounds::default());
    for _ in 0..asked.pick(1, 5) {
        native.add(one(asked, "/v1/jobs", &noop::job(Some(FAR)), 201));
        edge.add(one(asked, "/edge/v1/proc/job/create", &edge_job(), 200));
        graphql.add(one(asked, "/v3/graphql", &graphql_job(), 200));
    }
    let line = |call: &str, figure: &'static str, rounds: &Rounds| {
        let (goal, share) = (goal(figure), rounds.median() / native.median());
        Line {
            what: format!("{call} of aiWARE beside native submission, {CLIENTS} clients"),
            goal: format!("{}", goal.goal),
            stretch: format!("{}", goal.stretch),
            measured: format!("{share:.2}: {} of {}", rounds.shown(per_second), native.shown(per_second)),
            figures: vec![measured(figure, share)],
        }
    };
    let lines = vec![
        line("REST `proc/job/create`", "submit-edge", &edge),
        line("GraphQL `createJob`", "submit-graphql", &graphql),
    ];
    let note = format!(
        "jobs acknowledged in a second, one in each call, by turns, and the share of the medians. Every job waits until \
         {FAR}. Each has a table of one number, which the calls of aiWARE hold as text within JSON. A new server for each round: \
         {ROOMY_IN_WORDS}. Afterwards the server's own count of kept jobs must be that of the acknowledged ones."
    );
    Report { lines, note }
}

/// The smallest job, as a client of aiWARE's REST interface writes it.
fn edge_job() -> Value {
    let payload = json!({"input": [{"value": 1.5}]}).to_string();
    let task = json!({"engineId": "hostile/noop", "correlationTaskId": "t", "payloadJSON": payload});
    json!({"jobs": [{"startDateTime": FAR, "tasks": [task], "taskRoutes": [{"taskChildId": "t"}]}]})
}

/// The same as a client of its GraphQL interface writes it.
fn graphql_job() -> Value {
    let query = "mutation create($input: CreateJob!) { createJob(input: $input) { id } }";
    let task = json!({"engineId": "hostile/noop", "payload": {"input": [{"value": 1.5}]}});
    json!({"query": query, "variables": {"input": {"startDateTime": FAR, "tasks": [task]}}})
}

/// Jobs a second on a server of its own.
fn one(asked: &Asked, path: &str, body: &Value, status: u16) -> f64 {
    let server = server::start(ROOMY, &["hostile"]);
    let request: Arc<[u8]> = request(&server.http, "POST", path, &body.to_string()).into();
    let until = Until::Passed(Duration::from_millis(asked.pick(200, 3_000)));
    let right = move |answer: &Answer<'_>| answer.status == status;
    let load = runtime().block_on(load(address(&server.http), &request, CLIENTS, until, right));
    assert_eq!(metrics::submitted(&server.http), load.answers, "all jobs were kept");
    load.rate()
}
