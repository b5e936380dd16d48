//! The goals of `docs/benchmarks-history.md` in figures: one table, each of its rows measured in this run.
//!
//! `cargo bench -p analyte-tests --bench goals`; with `-- --only execute,drain` some rows, with `-- --jobs 1000000`
//! that number of stored jobs for the last ones (100,000 without), with `-- --quick` or outside `cargo bench` few
//! repetitions, which show that all works and not how fast. Prints Markdown. An answer that is not the right one stops
//! the benchmark.
//!
//! What each figure should be, and what it was last, stands in `tests/bench/goals.toml`. The program fails where a figure is
//! worse than it was by more than its noise, and names those that this run cannot say that of.
//!
//! The programs that a row compares take turns, so that a machine that others use is as fast for the one as for the
//! other; a row shows the median of the rounds, and least and most beside it.

#![expect(clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "a benchmark fails by panicking")]
#![expect(clippy::print_stdout, reason = "what it is for")]

use std::collections::BTreeSet;
use std::process::ExitCode;
use std::time::Instant;

mod at_once;
mod bare_engine;
mod cancel;
mod clock;
mod crossing;
mod drain;
mod execute;
mod goal;
mod graph;
mod instance;
mod json;
mod metering;
mod metrics;
mod noop;
mod report;
mod stored;
mod submit;
mod surfaces;
mod verdict;
mod visible;

use report::Report;
use support::bench::asked::Asked;
use support::bench::{bare_server, machine};
use verdict::{Held, Measured, Run};

/// The same as the server has, so that none of what is compared has another one.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// How a row, or what belongs together, is measured.
type Measure = fn(&Asked) -> Report;

/// What can be asked for with `--only`.
const ROWS: [(&str, Measure); 13] = [
    ("execute", execute::measure),
    ("instance", instance::measure),
    ("submit", submit::measure),
    ("surfaces", surfaces::measure),
    ("visible", visible::measure),
    ("at-once", at_once::measure),
    ("drain", drain::measure),
    ("graph", graph::measure),
    ("metering", metering::measure),
    ("crossing", crossing::measure),
    ("json", json::measure),
    ("cancel", cancel::measure),
    ("stored", stored::measure),
];

fn main() -> ExitCode {
    if bare_server::is_asked() {
        bare_server::serve();
        return ExitCode::SUCCESS;
    }
    let Some(asked) = Asked::of("goals") else { return ExitCode::SUCCESS };
    machine::print();
    let how = if asked.quick { "few repetitions, which say nothing about speed" } else { "all repetitions" };
    println!("Settings: {how}; those of the servers stand below.\n");
    report::head();
    let (mut notes, mut figures) = (Vec::new(), Vec::new());
    for (name, measure) in asked.only(&ROWS) {
        let began = Instant::now();
        let report = measure(&asked);
        report.print();
        notes.push(format!("* `{name}` ({:.0} s): {}", began.elapsed().as_secs_f64(), report.note));
        figures.extend(report.lines.into_iter().flat_map(|line| line.figures));
    }
    println!("\nWhat is in the figures:\n\n{}", notes.join("\n"));
    println!(
        "* Not here: `kill -9` under load, a thousand times, is `ANALYTE_CRASH_ROUNDS=1000 cargo test -p analyte-tests \
         --test chaos -- crash:: --nocapture`."
    );
    if asked.value("--only").is_none() {
        let measured: BTreeSet<&str> = figures.iter().map(|figure| figure.figure).collect();
        assert_eq!(measured, goal::all().collect(), "goals.toml has the figures that are measured");
    }
    held(&asked, &figures)
}

/// Says which figures are as good as those that were held before, and fails where one is not.
fn held(asked: &Asked, figures: &[Measured]) -> ExitCode {
    // With another number of stored jobs the figures are others.
    let run = if asked.quick || cfg!(debug_assertions) {
        Run::Quick
    } else if asked.jobs().is_some() || !goal::is_its_machine() {
        Run::Elsewhere
    } else {
        Run::Here
    };
    let (mut held, mut slipped, mut unknown) = (Vec::new(), Vec::new(), Vec::new());
    for figure in figures {
        match figure.held(run) {
            Held::Yes => held.push(figure.figure),
            Held::No(why) => slipped.push(why),
            Held::Unknown => unknown.push(figure.figure),
        }
    }
    let why = match run {
        Run::Quick => "a quick run says nothing of them",
        Run::Elsewhere => "goals.toml has them of another machine, or of another number of stored jobs",
        Run::Here => "",
    };
    println!("\nHeld, but for noise: {}.", held.join(", "));
    if !unknown.is_empty() {
        println!("Not compared, since {why}: {}.", unknown.join(", "));
    }
    if slipped.is_empty() {
        return ExitCode::SUCCESS;
    }
    println!("Slipped:\n\n* {}", slipped.join("\n* "));
    ExitCode::FAILURE
}
