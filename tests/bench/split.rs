//! What it gains to split the rows of one run over idle cores.
//!
//! `cargo bench -p analyte-tests --bench split`; few rows and calls with `--quick` or outside `cargo bench`. Two servers on the same
//! machine, one of which never splits; one client calls `execute` by turns, Arrow in and out, from the request to the last
//! byte of the answer. The answers are compared. Prints Markdown.

#![expect(clippy::expect_used, reason = "a benchmark fails by panicking")]
#![expect(clippy::print_stdout, reason = "what it is for")]

use std::fs;
use std::time::Instant;

use analyte_core::limits::Limits;
use analyte_core::shape::Shape;
use analyte_core::table::Table;
use analyte_core::table::format::{Format, read, write};

use support::bench::{compiled, machine};
use support::http::Answer;
use support::repository;
use support::server::Server;

use support::bench::asked::Asked;
use support::bench::times::Times;

/// Models of the example plugin `onnx`, with how many rows they are given: those of their test data, over and over.
const MODELS: [(&str, usize); 4] =
    [("digits", 20_000), ("digits", 100_000), ("diabetes", 100_000), ("tumours", 100_000)];

fn main() {
    let Some(Asked { quick, .. }) = Asked::of("split") else { return };
    let (calls, share) = if quick { (2, 50) } else { (15, 1) };
    let start = |split_rows: usize| {
        let server = compiled::start_with(&format!("free_disk_bytes = 0\nsplit_rows = {split_rows}\n"), "onnx");
        for (name, _) in MODELS {
            let path = format!("/v1/providers/onnx/models/{name}");
            let put = server.http.put(&path, "application/octet-stream", &file(name, "onnx"));
            assert!([200, 201].contains(&put.status), "{}", put.text());
        }
        server
    };
    let usual = usize::try_from(Limits::default().split_rows).expect("a number of rows") / share;
    let (whole, split) = (start(0), start(usual));
    machine::print();
    println!(
        "Settings: all defaults but `free_disk_bytes = 0` and `split_rows`: 0 and {usual}; {calls} calls of each kind.\n"
    );
    println!(
        "| model | rows | whole: least, median, most | fuel | split: least, median, most | fuel | whole / split |"
    );
    println!("| --- | ---: | --- | ---: | --- | ---: | ---: |");
    for (name, rows) in MODELS {
        println!("{}", row(&whole, &split, name, rows / share, calls));
    }
    let text = split.http.get("/metrics").expect(200).text();
    for line in text.lines().filter(|line| line.starts_with("analyte_split_")) {
        println!("\n`{line}`");
    }
}

fn row(whole: &Server, split: &Server, name: &str, rows: usize, calls: usize) -> String {
    let body = write(Format::Arrow, &table(name, rows)).expect("Arrow");
    let call = |server: &Server| {
        let arrow = "application/vnd.apache.arrow.stream";
        let path = format!("/v1/providers/onnx/models/{name}/execute");
        let began = Instant::now();
        let answer = server.http.call("POST", &path, &[("content-type", arrow), ("accept", arrow)], Some(&body));
        (began.elapsed(), answer.expect(200))
    };
    let (mut alone, mut parted) = (Times::default(), Times::default());
    // A call of each that the benchmark does not count: caches fill, pages are touched.
    let (first, second) = (call(whole).1, call(split).1);
    assert!(first.body == second.body, "{name}: the answers differ");
    for _ in 0..calls {
        alone.add(call(whole).0);
        parted.add(call(split).0);
    }
    let fuel = |answer: &Answer| answer.header("analyte-fuel-used");
    let gain = alone.quantile(0.5).as_secs_f64() / parted.quantile(0.5).as_secs_f64();
    let (alone, parted) = (alone.spread(), parted.spread());
    format!("| {name} | {rows} | {alone} | {} | {parted} | {} | {gain:.2} |", fuel(&first), fuel(&second))
}

fn table(name: &str, rows: usize) -> Table {
    let once =
        read(Format::Csv, file(name, "input.csv").into(), &Shape::any(), &Limits::default()).expect("a table").table;
    let often = vec![once.clone(); rows.div_ceil(once.rows().max(1))];
    Table::concat(often).expect("joined").slice(0, rows)
}

fn file(name: &str, end: &str) -> Vec<u8> {
    fs::read(repository().join(format!("example-plugins/onnx/models/{name}.{end}"))).expect(name)
}
