//! The goals of `docs/benchmarks-history.md` in figures: one table, each of its rows measured in this run.
//!
//! `cargo bench -p analyte-tests --bench goals`; with `-- --only execute,drain` some rows, with `-- --jobs 1000000`
//! that number of stored jobs for the last ones (100,000 without), with `-- --quick` or outside `cargo bench` few
//! repetitions, which show that all works and not how fast. Prints Markdown. An answer that is not the right one stops
//! the benchmark.
//!
//! The programs that a row compares take turns, so that a machine that others use is as fast for the one as for the
//! other; a row shows the median of the rounds, and least and most beside it.

#![expect(clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "a benchmark fails by panicking")]
#![expect(clippy::print_stdout, reason = "what it is for")]

use std::time::Instant;

mod at_once;
mod bare_engine;
mod cancel;
mod clock;
mod crossing;
mod drain;
mod execute;
mod instance;
mod json;
mod metering;
mod metrics;
mod noop;
mod report;
mod stored;
mod submit;
mod verdict;
mod visible;

use report::Report;
use support::bench::asked::Asked;
use support::bench::{bare_server, machine};

/// The same as the server has, so that none of what is compared has another one.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// How a row, or what belongs together, is measured.
type Measure = fn(&Asked) -> Report;

/// What can be asked for with `--only`.
const ROWS: [(&str, Measure); 11] = [
    ("execute", execute::measure),
    ("instance", instance::measure),
    ("submit", submit::measure),
    ("visible", visible::measure),
    ("at-once", at_once::measure),
    ("drain", drain::measure),
    ("metering", metering::measure),
    ("crossing", crossing::measure),
    ("json", json::measure),
    ("cancel", cancel::measure),
    ("stored", stored::measure),
];

fn main() {
    if bare_server::is_asked() {
        bare_server::serve();
        return;
    }
    let Some(asked) = Asked::of("goals") else { return };
    machine::print();
    let how = if asked.quick { "few repetitions, which say nothing about speed" } else { "all repetitions" };
    println!("Settings: {how}; those of the servers stand below.\n");
    report::head();
    let mut notes = Vec::new();
    for (name, measure) in asked.only(&ROWS) {
        let began = Instant::now();
        let report = measure(&asked);
        report.print();
        notes.push(format!("* `{name}` ({:.0} s): {}", began.elapsed().as_secs_f64(), report.note));
    }
    println!("\nWhat is in the figures:\n\n{}", notes.join("\n"));
    println!(
        "* Not here: `kill -9` under load, a thousand times, is `ANALYTE_CRASH_ROUNDS=1000 cargo test -p analyte-tests \
         --test chaos -- crash:: --nocapture`."
    );
}
