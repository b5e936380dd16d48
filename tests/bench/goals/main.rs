//! The goals of the design in figures: one table, each of its rows measured in this run.
//!
//! `cargo bench -p analyte --bench goals`; with `-- --only execute,drain` some rows, with `-- --jobs 1000000` so many
//! stored jobs for the last ones (100,000 without), with `-- --quick` or outside `cargo bench` few repetitions, which show
//! that all works and not how fast. Prints Markdown. An answer that is not the right one stops the benchmark.
//!
//! Whoever is compared takes turns, so that a machine that others use is as fast for the one as for the other; what is
//! shown is the median of the rounds, and least and most beside it.

#![expect(clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "a benchmark fails by panicking")]
#![expect(clippy::print_stdout, reason = "what it is for")]

use std::time::Instant;

#[path = "../../support/mod.rs"]
mod support;

#[path = "../asked.rs"]
mod asked;
#[path = "../compiled.rs"]
#[expect(dead_code, reason = "compiled into every benchmark, each of which uses a part")]
mod compiled;
#[path = "../filled.rs"]
#[expect(dead_code, reason = "shared with another benchmark, which uses all of it")]
mod filled;
#[path = "../machine.rs"]
#[expect(dead_code, reason = "shared with another benchmark, which uses all of it")]
mod machine;
#[path = "../times.rs"]
mod times;

mod at_once;
mod bare_engine;
mod bare_server;
mod cancel;
mod clock;
mod connection;
mod crossing;
mod drain;
mod execute;
mod instance;
mod json;
mod load;
mod metering;
mod metrics;
mod noop;
mod report;
mod rounds;
mod server;
mod stored;
mod submit;
mod verdict;
mod visible;

use asked::Asked;
use report::{Report, Scale};

/// How a row, or what belongs together, is measured.
type Measure = fn(&Scale) -> Report;

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
    let rows = chosen(asked.value("--only"));
    let jobs = asked.value("--jobs").map(|number| number.parse().expect("`--jobs` is a number"));
    let scale = Scale { quick: asked.quick, jobs };

    machine::print();
    let how = if scale.quick { "few repetitions, which say nothing about speed" } else { "all repetitions" };
    println!("Settings: {how}; those of the servers stand below.\n");
    report::head();
    let mut notes = Vec::new();
    for (name, measure) in rows {
        let began = Instant::now();
        let report = measure(&scale);
        report.print();
        notes.push(format!("* `{name}` ({:.0} s): {}", began.elapsed().as_secs_f64(), report.note));
    }
    println!("\nWhat is in the figures:\n\n{}", notes.join("\n"));
    println!(
        "* Not here: `kill -9` under load, a thousand times, is `ANALYTE_CRASH_ROUNDS=1000 cargo test -p analyte --test \
         crash -- --nocapture`."
    );
}

/// The rows that are asked for.
fn chosen(only: Option<&str>) -> Vec<(&'static str, Measure)> {
    let Some(only) = only else { return ROWS.to_vec() };
    let known = |name: &str| ROWS.into_iter().find(|(known, _)| *known == name);
    let names = || ROWS.map(|(name, _)| name).join(", ");
    only.split(',')
        .map(|name| known(name).unwrap_or_else(|| panic!("no row `{name}`; there are {}", names())))
        .collect()
}
