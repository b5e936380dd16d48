//! What a stateful session saves: the example plugin `onnx`, job by job, in a session and outside.
//!
//! `cargo bench -p analyte-tests --bench sessions`; few jobs with `--quick` or outside `cargo bench`. Each is an `ExecuteJob` of one
//! row by one client on the same machine: a stored job, from the request to the last byte of its answer, by turns in the session and
//! outside. Prints Markdown.

#![expect(clippy::expect_used, clippy::indexing_slicing, reason = "a benchmark fails by panicking")]
#![expect(clippy::print_stdout, reason = "what it is for")]

use std::fs;
use std::time::Instant;

use serde_json::{Map, Value, json};

use support::bench::{compiled, machine};
use support::http::Http;
use support::repository;

use support::bench::asked::Asked;
use support::bench::times::{Times, milliseconds};

const MODELS: [&str; 4] = ["diabetes", "digits", "iris", "tumours"];
const JOBS: &str = "/Thingworx/Resources/TW.AnalysisServices.JobManagementServicesAPI/Services";

fn main() {
    let Some(Asked { quick, .. }) = Asked::of("sessions") else { return };
    let samples = if quick { 3 } else { 300 };
    machine::print();
    println!("Settings: all defaults but `free_disk_bytes = 0`; {samples} jobs of each kind.\n");
    let server = compiled::start_with("free_disk_bytes = 0\n", "onnx");
    let http = &server.http;
    println!(
        "| model | outside: p50 | p99 | fuel | in a session: p50 | p99 | fuel |\n| --- | ---: | ---: | ---: | ---: | ---: | ---: |"
    );
    for name in MODELS {
        println!("{}", row(http, name, samples));
    }
}

fn row(http: &Http, name: &str, samples: usize) -> String {
    let file =
        |end: &str| fs::read(repository().join(format!("example-plugins/onnx/models/{name}.{end}"))).expect(name);
    http.put(&format!("/v1/providers/onnx/models/{name}"), "application/octet-stream", &file("onnx")).expect(201);
    let submission =
        json!({ "providerName": "onnx", "modelName": name, "inputParams": { "rows": [first(&file("input.csv"))] } });
    let started = service(http, "StartStatefulSession", "", &json!({}));
    let cookie = started.header("set-cookie");
    let cookie = cookie.split(';').next().expect("a cookie");
    // Makes the instance, and prepares the model in it.
    service(http, "ExecuteJob", cookie, &submission);
    let (mut outside, mut inside) = (Times::default(), Times::default());
    let (mut outside_fuel, mut inside_fuel) = (0, 0);
    for _ in 0..samples {
        for (cookie, times, fuel) in [("", &mut outside, &mut outside_fuel), (cookie, &mut inside, &mut inside_fuel)] {
            let began = Instant::now();
            service(http, "ExecuteJob", cookie, &submission);
            times.add(began.elapsed());
            *fuel = http.get("/v1/jobs?limit=1").expect(200).json()["jobs"][0]["fuel_used"].as_u64().expect("fuel");
        }
    }
    let shown =
        |times: &Times| format!("{} | {}", milliseconds(times.quantile(0.5)), milliseconds(times.quantile(0.99)));
    format!("| {name} | {} | {outside_fuel} | {} | {inside_fuel} |", shown(&outside), shown(&inside))
}

/// The first row of a CSV of numbers.
fn first(csv: &[u8]) -> Value {
    let mut reader = csv::Reader::from_reader(csv);
    let header = reader.headers().expect("a header").clone();
    let row = reader.records().next().expect("a row").expect("its cells");
    let number = |cell: &str| json!(cell.parse::<f64>().expect("a number"));
    Value::Object(
        header.iter().zip(row.iter()).map(|(name, cell)| (name.to_owned(), number(cell))).collect::<Map<_, _>>(),
    )
}

fn service(http: &Http, name: &str, cookie: &str, body: &Value) -> support::http::Answer {
    let headers = [("content-type", "application/json"), ("accept", "application/json"), ("cookie", cookie)];
    http.call("POST", &format!("{JOBS}/{name}"), &headers, Some(body.to_string().as_bytes())).expect(200)
}
