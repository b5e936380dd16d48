//! A fresh instance and an empty call.

use std::sync::Arc;
use std::time::{Duration, Instant};

use analyte_core::table::Table;
use tokio::runtime::Builder;
use wasmtime::PoolingAllocationConfig;

use crate::bare_engine::BareEngine;
use crate::goal::{goal, measured};
use crate::report::{Line, Report};
use support::bench::asked::Asked;
use support::bench::server::sandbox;
use support::bench::times::Times;
use support::ok;
use support::sandbox::{Sandbox, shown};

const NOTE: &str = "a model that takes nothing and gives nothing, of a Rust component of 0.7 MB made with the SDK; one \
    run at a time, both by turns. Bare: wasmtime with the engine's settings, a new store with fuel, a new instance \
    from the pool, the call, and all of it dropped; imports are there as traps, no WASI context. Through the engine \
    crate: from the request to the checked result, as the server runs it, so with its host state, WASI context, limits \
    and deadline. Memory of instances is kept with pagemap_scan, if the kernel has it; this one";

/// Both by turns.
pub(crate) fn measure(asked: &Asked) -> Report {
    let runtime = ok(Builder::new_multi_thread().worker_threads(1).enable_all().build(), "a runtime");
    let (bare, engine) = runtime.block_on(both(asked.pick(100, 10_000)));
    let line = |figure: &str, what: &str, times: &Times| {
        let wanted = goal(figure);
        let p50 = times.quantile(0.5).as_secs_f64() * 1e6;
        Line {
            what: format!("a fresh Rust-std instance and an empty call, {what}"),
            goal: format!("{} µs", wanted.goal),
            stretch: format!("{} µs", wanted.stretch),
            measured: format!("p50 {p50:.1} µs, p99 {:.1} µs", times.quantile(0.99).as_secs_f64() * 1e6),
            figures: vec![measured(figure, p50)],
        }
    };
    let lines =
        vec![line("instance-bare", "bare", &bare), line("instance-engine", "through the engine crate", &engine)];
    let has = if PoolingAllocationConfig::is_pagemap_scan_available() { "has" } else { "has not" };
    Report { lines, note: format!("{NOTE} {has}.") }
}

async fn both(runs: usize) -> (Times, Times) {
    /// Runs that the benchmark does not count: caches fill, pages are touched.
    const IDLE: usize = 100;
    let (bare, sandbox) = (BareEngine::with_fuel(), sandbox("kernels").await);
    let (mut bare_times, mut engine_times) = (Times::default(), Times::default());
    for number in 0..runs + IDLE {
        let began = Instant::now();
        let (outcome, _) = bare.instance().await.run("nothing", "{}").await;
        let bare_time = began.elapsed();
        assert_eq!((outcome.output.row_count, outcome.output.columns.len()), (0, 0), "an empty result");
        let engine_time = through_the_engine(&sandbox).await;
        if number >= IDLE {
            bare_times.add(bare_time);
            engine_times.add(engine_time);
        }
    }
    (bare_times, engine_times)
}

async fn through_the_engine(sandbox: &Sandbox) -> Duration {
    let mut request = sandbox.request("nothing", "{}", &Arc::default());
    request.input = Table::default();
    let began = Instant::now();
    let report = sandbox.component.run(request).await;
    let took = began.elapsed();
    assert!(report.outcome.as_ref().is_ok_and(|outcome| outcome.output.rows() == 0), "{}", shown(&report));
    took
}
