//! What a run in a warm instance costs, against one in a fresh instance.
//!
//! `cargo bench -p analyte-tests --bench warm-instances`; few runs with `--quick` or outside `cargo bench`. The engine alone, without
//! server and store: one row in, one row out, one run at a time, fresh and warm by turns. Times are the caller's, from the
//! request to the checked result; the way to the guests' threads and back is in both. Prints Markdown.

#![expect(clippy::print_stdout, reason = "what it is for")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use analyte_core::job::RunLimits;
use analyte_core::limits::Limits;
use analyte_engine::request::RunReport;
use analyte_engine::run::session::WarmInstance;

use support::bench::{compiled, machine};
use support::ok;
use support::sandbox::{RUN, Sandbox, shown};

use support::bench::asked::Asked;
use support::bench::times::Times;

/// Runs that the benchmark does not count: caches fill, pages are touched.
const IDLE: usize = 200;

fn main() {
    let Some(Asked { quick, .. }) = Asked::of("warm-instances") else { return };
    let runs = if quick { 100 } else { 10_000 };
    let runtime = ok(tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build(), "a runtime");
    machine::print();
    println!("Settings: all defaults; {runs} runs each.\n");
    println!("| a run that | fresh p50 | p99 | warm p50 | p99 | fuel fresh | fuel warm |");
    println!("| --- | --- | --- | --- | --- | --- | --- |");
    runtime.block_on(async {
        let sandbox = Sandbox::with_cache("keeper", Limits::default(), &compiled::folder()).await;
        row(&sandbox, "does nothing", "{}", "{}", runs).await;
        // What the instance keeps is there already; a fresh one has to make it.
        let keep = r#"{"deed":"grow","number":20000000}"#;
        row(&sandbox, "needs 20 MB, which a warm instance has kept", keep, "{}", runs.min(2_000)).await;
    });
}

async fn row(sandbox: &Sandbox, what: &str, first: &str, later: &str, runs: usize) {
    let memory_bytes = RUN.memory_bytes;
    let room = sandbox.component.room_for(None, RunLimits { memory_bytes, ..RUN }).await;
    let instance = WarmInstance::new(sandbox.component.clone(), memory_bytes, room).await;
    let mut instance = ok(instance, "a place");
    went_well(&instance.run(sandbox.request("keeper", first, &Arc::default())).await);
    let (mut fresh, mut warm) = (Times::default(), Times::default());
    let (mut fresh_fuel, mut warm_fuel) = (0, 0);
    for number in 0..runs + IDLE {
        let request = sandbox.request("keeper", first, &Arc::default());
        let begun = Instant::now();
        let report = sandbox.component.run(request).await;
        let fresh_time = begun.elapsed();
        fresh_fuel = went_well(&report);

        let request = sandbox.request("keeper", later, &Arc::default());
        let begun = Instant::now();
        let report = instance.run(request).await;
        let warm_time = begun.elapsed();
        warm_fuel = went_well(&report);
        if number >= IDLE {
            fresh.add(fresh_time);
            warm.add(warm_time);
        }
    }
    let shown = |times: &Times, share| microseconds(times.quantile(share));
    println!(
        "| {what} | {} | {} | {} | {} | {fresh_fuel} | {warm_fuel} |",
        shown(&fresh, 0.5),
        shown(&fresh, 0.99),
        shown(&warm, 0.5),
        shown(&warm, 0.99),
    );
}

/// The fuel it took; a benchmark of failures would be none.
fn went_well(report: &RunReport) -> u64 {
    assert!(report.outcome.is_ok(), "{}", shown(report));
    report.usage.fuel
}

fn microseconds(time: Duration) -> String {
    format!("{:.1} µs", time.as_secs_f64() * 1e6)
}
