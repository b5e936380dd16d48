//! `execute` of a small table, each time in a fresh instance, against a server that computes natively.

use std::sync::Arc;
use std::time::Duration;

use crate::goal::{goal, measured};
use crate::report::{Line, Report};
use support::bench::asked::Asked;
use support::bench::bare_server::BareServer;
use support::bench::connection::{Answer, address};
use support::bench::load::{Load, Until, load, runtime};
use support::bench::rounds::{Rounds, per_second, ratio};
use support::bench::scored::{self, ROWS, answer, check};
use support::bench::server;
use support::bench::times::{Times, milliseconds};

const NOTE: &str = "requests answered in a second by the real server with its defaults, over those answered by a bare \
    axum server in a process of its own, which reads the same JSON rows with serde_json, computes the same score \
    natively and answers the same JSON. One load generator for both: one thread, raw connections, the next request \
    when the answer is there. Servers and generator share the machine, so this is the ratio of what a request costs \
    with its client, not of the servers alone. Every measured answer is compared with the right one. Times from a \
    request to its last byte.";

/// Both servers by turns.
pub(crate) fn measure(asked: &Asked) -> Report {
    let server = server::start("", &["kernels"]);
    let request = scored::call(&server.http);
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
        for _ in 0..asked.pick(1, 5) {
            let loaded = |address: &str, right: &Arc<[u8]>| -> Load {
                let right = right.clone();
                let right = move |answer: &Answer<'_>| answer.status == 200 && *answer.body == *right;
                let until = Until::Passed(Duration::from_millis(asked.pick(200, 2_000)));
                runtime.block_on(load(address, &request, connections, until, right))
            };
            let (sandboxed, bare) = (loaded(&own_address, &expected.body), loaded(&bare_address, &native.body));
            ratios.add(sandboxed.rate() / bare.rate());
            own.add(sandboxed.rate());
            other.add(bare.rate());
            times.extend(sandboxed.times);
        }
        let shown = format!(
            "{} of its requests/s: {} to {}; p50 {}, p99 {}",
            ratios.shown(ratio),
            own.shown(per_second),
            per_second(other.median()),
            milliseconds(times.quantile(0.5)),
            milliseconds(times.quantile(0.99)),
        );
        let what = format!("`execute` of {ROWS} rows × 4 numbers against bare axum, {connections} connections");
        if connections == 64 {
            let wanted = goal("execute");
            Line {
                what,
                goal: format!("{} of its requests/s", wanted.goal),
                stretch: wanted.stretch.to_string(),
                measured: shown,
                figures: vec![measured("execute", ratios.median())],
            }
        } else {
            Line::beside(what, shown)
        }
    });
    Report { lines: lines.into(), note: NOTE.to_owned() }
}
