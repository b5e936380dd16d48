//! Connections that are open and in use.

use std::sync::Arc;
use std::time::Duration;

use crate::curve::{Chart, Curve};
use support::bench::asked::Asked;
use support::bench::bare_server::BareServer;
use support::bench::connection::{Answer, address};
use support::bench::load::{Load, Until, load, runtime};
use support::bench::machine;
use support::bench::rounds::Rounds;
use support::bench::scored::{self, answer, check};
use support::bench::server::{self, ROOMY};
use support::bench::times::Times;
use support::server::Server;

/// What is measured of one server at one number of connections.
#[derive(Default)]
struct Seen {
    /// Milliseconds from one answer to the next.
    apart: Rounds,
    times: Times,
}

/// The server and a bare one by turns, with ever more connections.
pub(crate) fn measure(asked: &Asked) -> Vec<Chart> {
    let full = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1_000];
    let sizes = asked.pick([1, 4].as_slice(), full.as_slice());
    let server = server::start(ROOMY, &["kernels"]);
    let request = scored::call(&server.http);
    let runtime = runtime();
    let expected = runtime.block_on(answer(address(&server.http), &request));
    check(&expected);
    let bare = BareServer::start(&expected.shape.to_string());
    let own_address = address(&server.http).to_owned();
    let native = runtime.block_on(answer(&bare.address, &request));
    assert_eq!(expected, native, "both servers answer the same");

    let run = |address: &str, right: &Arc<[u8]>, connections: usize| -> Load {
        let right = right.clone();
        let right = move |answer: &Answer<'_>| answer.status == 200 && *answer.body == *right;
        let until = Until::Passed(Duration::from_millis(asked.pick(100, 1_000)));
        runtime.block_on(load(address, &request, connections, until, right))
    };
    let names = [
        "p50",
        "p99",
        "one answer to the next",
        "bare axum: p50",
        "bare axum: p99",
        "bare axum: one answer to the next",
    ];
    let mut curves = names.map(Curve::new);
    let mut resident = Curve::new("resident memory");
    for &connections in sizes {
        let (mut own, mut other) = (Seen::default(), Seen::default());
        for _ in 0..asked.pick(1, 3) {
            own.add(run(&own_address, &expected.body, connections));
            other.add(run(&bare.address, &native.body, connections));
        }
        let costs = own.costs().into_iter().chain(other.costs());
        for (curve, cost) in curves.iter_mut().zip(costs) {
            curve.add(connections, cost);
        }
        resident.add(connections, memory(&server));
    }
    let note = format!(
        "`execute` of {} rows × 4 numbers, each time in a fresh instance, and the bare axum server of the goals, which \
         computes natively, by turns. One load generator on the same machine: one thread, the next request when the \
         answer is there; every answer is compared. `one answer to the next` is the time over the number of answers.",
        scored::ROWS
    );
    let memory = "Of the server right after it was in use over that number of connections at once.";
    vec![
        Chart { title: "Connections: time", sizes: "connections", unit: "ms", curves: curves.into(), note },
        Chart {
            title: "Connections: memory",
            sizes: "connections",
            unit: "MiB",
            curves: vec![resident],
            note: memory.to_owned(),
        },
    ]
}

impl Seen {
    fn add(&mut self, load: Load) {
        self.apart.add(1_000.0 / load.rate());
        self.times.extend(load.times);
    }

    /// p50, p99, and from one answer to the next.
    fn costs(&self) -> [f64; 3] {
        let milliseconds = |share: f64| self.times.quantile(share).as_secs_f64() * 1_000.0;
        [milliseconds(0.5), milliseconds(0.99), self.apart.median()]
    }
}

fn memory(server: &Server) -> f64 {
    machine::memory(server.id()) as f64
}
