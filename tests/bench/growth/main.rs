//! How cost grows with the work: rows, columns, stored jobs, tasks of a job, installed providers, connections.
//!
//! `cargo bench -p analyte-tests --bench growth -- --plot docs/growth.svg`; with `--only rows,columns` a part of it, with
//! `--jobs 100000` fewer stored jobs than a million, with `--quick` or outside `cargo bench` few and small sizes, which show
//! that all works. Prints Markdown, and writes the same curves as a picture, which goes beside the build where no path is
//! said. An answer that is not the right one stops the benchmark.

#![expect(clippy::expect_used, clippy::indexing_slicing, reason = "a benchmark fails by panicking")]
#![expect(clippy::print_stdout, reason = "what it is for")]

use std::fs::File;
use std::time::Instant;

mod columns;
mod connections;
mod crossed;
mod curve;
mod plot;
mod providers;
mod rows;
mod stored;
mod tasks;

use curve::Chart;
use support::bench::asked::Asked;
use support::bench::{bare_server, machine};
use support::{ok, repository};

/// The same as the server has, so that none of what is compared has another one.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// How the curves of one size are measured.
type Measure = fn(&Asked) -> Vec<Chart>;

/// What can be asked for with `--only`.
const SIZES: [(&str, Measure); 6] = [
    ("rows", rows::measure),
    ("columns", columns::measure),
    ("stored", stored::measure),
    ("tasks", tasks::measure),
    ("providers", providers::measure),
    ("connections", connections::measure),
];

fn main() {
    if bare_server::is_asked() {
        bare_server::serve();
        return;
    }
    let Some(asked) = Asked::of("growth") else { return };
    let beside_the_build = || support::temporary().join("growth.svg");
    let path = asked.value("--plot").map_or_else(beside_the_build, |path| repository().join(path));
    // Now, and not only when all has been measured.
    ok(File::options().create(true).append(true).open(&path), &format!("the picture's file {}", path.display()));
    machine::print();
    println!(
        "\nBeside each figure stands how steep the curve is from the size before, on logarithmic axes: 0 where the cost stays \
         as it is, 1 where it grows as the size does. The knee is the size at which what grows is as much as what is there \
         in any case.\n"
    );
    let mut charts = Vec::new();
    for (name, measure) in asked.only(&SIZES) {
        let began = Instant::now();
        let measured = measure(&asked);
        measured.iter().for_each(Chart::print);
        println!("`{name}` took {:.0} s.\n", began.elapsed().as_secs_f64());
        charts.extend(measured);
    }
    ok(plot::write(&path, &charts), "the picture");
    println!("The picture is in {}.", path.display());
}
