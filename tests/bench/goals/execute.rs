//! `execute` of a small table, each time in a fresh instance, against a server that computes natively.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use crate::bare_server::BareServer;
use crate::connection::{Answer, Connection, address, request};
use crate::load::{Load, Until, load, runtime};
use crate::report::{Line, Report, Scale};
use crate::rounds::{Rounds, per_second, ratio};
use crate::server;
use crate::times::{Times, milliseconds};
use crate::verdict::Measured;

const PATH: &str = "/v1/providers/kernels/models/score/execute";
const ROWS: u32 = 16;

const NOTE: &str = "requests answered in a second by the real server with its defaults, over those answered by a bare \
    axum server in a process of its own, which reads the same JSON rows with serde_json, computes the same score \
    natively and answers the same JSON. One load generator for both: one thread, raw connections, the next request \
    when the answer is there. Servers and generator share the machine, so this is the ratio of what a request costs \
    with its client, not of the servers alone. Every measured answer is compared with the right one. Times from a \
    request to its last byte.";

/// Both servers by turns.
pub(crate) fn measure(scale: &Scale) -> Report {
    let server = server::start("", &["kernels"]);
    let request: Arc<[u8]> = request(&server.http, "POST", PATH, &table().to_string()).into();
    let runtime = runtime();
    let expected = runtime.block_on(answer(address(&server.http), &request));
    check(&expected);
    let bare = BareServer::start(&serde_json::to_string(&expected.shape).expect("a data shape"));
    let (own_address, bare_address) = (address(&server.http).to_owned(), bare.address.clone());
    let native = runtime.block_on(answer(&bare_address, &request));
    assert_eq!(expected, native, "both servers answer the same");

    let lines = [64, 16, 1].map(|connections| {
        let (mut ratios, mut own, mut other) = (Rounds::default(), Rounds::default(), Rounds::default());
        let mut times = Times::default();
        for _ in 0..scale.pick(1, 5) {
            let measured = |address: &str, right: &Arc<[u8]>| -> Load {
                let right = right.clone();
                let right = move |answer: &Answer<'_>| answer.status == 200 && *answer.body == *right;
                let until = Until::Passed(Duration::from_millis(scale.pick(200, 2_000)));
                runtime.block_on(load(address, &request, connections, until, right))
            };
            let (sandboxed, bare) = (measured(&own_address, &expected.body), measured(&bare_address, &native.body));
            ratios.add(sandboxed.rate() / bare.rate());
            own.add(sandboxed.rate());
            other.add(bare.rate());
            times.extend(sandboxed.times);
        }
        let measured = format!(
            "{} of its requests/s: {} to {}; p50 {}, p99 {}",
            ratios.shown(ratio),
            own.shown(per_second),
            per_second(other.median()),
            milliseconds(times.quantile(0.5)),
            milliseconds(times.quantile(0.99)),
        );
        let what = format!("`execute` of {ROWS} rows × 4 numbers against bare axum, {connections} connections");
        if connections == 64 {
            let figures = vec![Measured::more(ratios.median(), 0.4, 0.6)];
            Line { what, goal: "0.4 of its requests/s", stretch: "0.6", measured, figures }
        } else {
            Line::beside(what, measured)
        }
    });
    Report { lines: lines.into(), note: NOTE.to_owned() }
}

/// The rows that are sent.
fn table() -> Value {
    let row = |number: u32| {
        let number = f64::from(number);
        json!({
            "temperature": 61.5 + 0.7 * number, "vibration": 2.25 + 0.125 * number,
            "pressure": 6.5 - 0.0625 * number, "speed": 1480.0 + 3.0 * number,
        })
    };
    json!({ "rows": (0..ROWS).map(row).collect::<Vec<_>>() })
}

/// An answer, taken apart: servers may write the same number in several ways.
#[derive(Debug)]
struct Expected {
    body: Arc<[u8]>,
    shape: Value,
    rows: Value,
}

impl PartialEq for Expected {
    fn eq(&self, other: &Self) -> bool {
        self.shape == other.shape && self.rows == other.rows
    }
}

async fn answer(address: &str, request: &[u8]) -> Expected {
    let mut connection = Connection::open(address).await;
    let body: Arc<[u8]> = connection.call(request).await.expect(200).body.into();
    let mut table: Value = serde_json::from_slice(&body).expect("JSON");
    Expected { body, shape: table["dataShape"].take(), rows: table["rows"].take() }
}

/// Holds the scores against the function itself.
fn check(answer: &Expected) {
    let cell = |row: &Value, name: &str| row[name].as_f64().expect("a number");
    let score = |row: &Value| {
        let [temperature, vibration, pressure, speed] =
            ["temperature", "vibration", "pressure", "speed"].map(|name| cell(row, name));
        json!({ "score": kernels_plugin::score::score(temperature, vibration, pressure, speed) })
    };
    let scores: Vec<Value> = table()["rows"].as_array().expect("rows").iter().map(score).collect();
    assert_eq!(answer.rows, Value::Array(scores), "the scores are those of the function itself");
}
