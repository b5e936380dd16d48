//! The example plugins `forecast` and `robust-outliers` as components in a real server: two real series against what
//! statsmodels and pandas gave for them, as stored jobs and as synchronous calls, and input that does not fit.

#![expect(clippy::expect_used, clippy::indexing_slicing, reason = "tests fail by panicking; JSON values index to null")]

use std::fs;
use std::path::PathBuf;

use serde_json::{Value, json};

use support::http::{Answer, Http};
use support::plugins::plugin;
use support::server::Server;
use support::{binary, repository};

/// The most that a sum of squared errors may be, of what statsmodels leaves.
const SQUARED_ERRORS: f64 = 1.001;
/// The most that a forecast may differ from that of statsmodels, of its size.
const FORECAST: f64 = 0.01;
/// The most that any other number may differ, of its size or of 1.
const OTHER: f64 = 1e-10;

const OUTLIERS: &str = "/v1/providers/outliers/models/robust-outliers";

/// A fit of `example-plugins/forecast/reference`.
struct Fit {
    series: &'static str,
    season_length: u32,
    seasonal: &'static str,
    /// Twice to three times what it takes; a run may take a hundred thousand million.
    fuel: u64,
}

const FITS: [Fit; 4] = [
    Fit { series: "co2", season_length: 12, seasonal: "additive", fuel: 1_000_000_000 },
    Fit { series: "co2", season_length: 12, seasonal: "multiplicative", fuel: 1_000_000_000 },
    Fit { series: "sunspots", season_length: 12, seasonal: "additive", fuel: 3_000_000_000 },
    Fit { series: "sunspots", season_length: 132, seasonal: "additive", fuel: 15_000_000_000 },
];

fn example(path: &str) -> PathBuf {
    repository().join("example-plugins").join(path)
}

fn series(name: &str) -> Vec<u8> {
    fs::read(example(&format!("data/{name}.csv"))).expect("a series")
}

/// The rows of a CSV, its header first.
fn cells(csv: &[u8]) -> Vec<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(csv);
    reader.records().map(|row| row.expect("a row").iter().map(str::to_owned).collect()).collect()
}

fn reference(path: &str) -> Vec<Vec<String>> {
    cells(&fs::read(example(path)).expect("reference values"))
}

fn number(cell: &str) -> f64 {
    cell.parse().expect("a number")
}

/// The values of a series, as JSON.
fn values(name: &str) -> Vec<Value> {
    cells(&series(name)).iter().skip(1).map(|row| json!(number(&row[1]))).collect()
}

/// A job that has ended.
fn ended(http: &Http, body: &Value) -> Value {
    let headers = [("content-type", "application/json"), ("prefer", "wait=60")];
    let answer = http.call("POST", "/v1/jobs", &headers, Some(body.to_string().as_bytes()));
    assert!([200, 201].contains(&answer.status), "{}", answer.text());
    let mut job = answer.json();
    while ["queued", "running"].contains(&job["status"].as_str().expect("a status")) {
        // The server waits, up to a minute a call: events close at the job's end.
        let path = format!("/v1/jobs/{}", job["id"].as_str().expect("an id"));
        http.get(&format!("{path}/events")).expect(200);
        job = http.get(&path).expect(200).json();
    }
    job
}

fn job(provider: &str, model: &str, values: &[Value], parameters: &Value) -> Value {
    let input = json!({ "columns": { "value": values } });
    json!({ "provider": provider, "model": model, "input": input, "parameters": parameters })
}

/// A CSV in, a CSV out.
fn execute(http: &Http, model: &str, parameters: &str, csv: &[u8]) -> Answer {
    let headers = [("content-type", "text/csv"), ("accept", "text/csv")];
    http.call("POST", &format!("{model}/execute?{parameters}"), &headers, Some(csv))
}

/// The same header and the same cells: text alike, numbers near.
fn agree(what: &str, got: &[u8], expected: &[Vec<String>], tolerance: f64) {
    let got = cells(got);
    assert_eq!((got.len(), got.first()), (expected.len(), expected.first()), "{what}");
    for (row, (got, expected)) in got.iter().zip(expected).enumerate().skip(1) {
        for (got, expected) in got.iter().zip(expected) {
            let near = match (got.parse::<f64>(), expected.parse::<f64>()) {
                (Ok(got), Ok(expected)) => (got - expected).abs() <= tolerance * expected.abs().max(1.0),
                _ => got == expected,
            };
            assert!(near, "{what}, row {row}: got {got}, and expected {expected}");
        }
    }
}

#[test]
fn forecasts_agree_with_statsmodels() {
    let server = Server::with_plugins(&["forecast"]);
    let http = &server.http;
    let (fits, forecasts) = (reference("forecast/reference/fits.csv"), reference("forecast/reference/forecasts.csv"));
    for Fit { series: name, season_length, seasonal, fuel } in FITS {
        let what = format!("{name}, {season_length}, {seasonal}");
        let key = [name.to_owned(), season_length.to_string(), seasonal.to_owned()];
        let fit = fits.iter().find(|row| row.starts_with(&key)).expect("a fit");
        let mut expected = vec![vec!["step".to_owned(), "forecast".to_owned()]];
        expected.extend(forecasts.iter().filter(|row| row.starts_with(&key)).map(|row| row[3..].to_vec()));
        let horizon = expected.len() - 1;

        let parameters = json!({ "season_length": season_length, "horizon": horizon, "seasonal": seasonal });
        let job = ended(http, &job("forecast", "holt-winters", &values(name), &parameters));
        assert_eq!(job["status"], "completed", "{job}");
        let used = job["fuel_used"].as_u64().expect("fuel");
        assert!(used <= fuel, "{what}: {used} units of fuel, and {fuel} are allowed");
        let path = format!("/v1/jobs/{}", job["id"].as_str().expect("an id"));
        let results = http.get_as(&format!("{path}/results"), "text/csv").expect(200).body;
        agree(&what, &results, &expected, FORECAST);

        let listed = http.get(&format!("{path}/files")).expect(200).json();
        assert_eq!(listed["files"].as_array().map(Vec::len), Some(1), "{listed}");
        assert_eq!(
            (&listed["files"][0]["name"], &listed["files"][0]["media_type"]),
            (&json!("fitted.csv"), &json!("text/csv"))
        );
        let file = http.get(&format!("{path}/files/fitted.csv")).expect(200);
        assert_eq!(file.header("content-type"), "text/csv");
        let sum = squared_errors(&file.body, &series(name));
        for expected in [number(&fit[3]), number(&fit[4])] {
            assert!(sum <= SQUARED_ERRORS * expected, "{what}: {sum} of squared errors, and {expected} in statsmodels");
        }
        let logs = http.get(&format!("{path}/logs")).expect(200).text();
        assert!(logs.contains(&format!("sum of squared errors {sum:?}; alpha ")), "{sum}: {logs}");

        // A synchronous call gives the same bytes, also from the file with its other column.
        let query = format!("season_length={season_length}&horizon={horizon}&seasonal={seasonal}");
        let executed = execute(http, "/v1/providers/forecast/models/holt-winters", &query, &series(name)).expect(200);
        assert_eq!(executed.text(), String::from_utf8_lossy(&results), "{what}");
        assert_eq!(executed.header("analyte-fuel-used").parse::<u64>().ok(), Some(used), "{what}");
    }
}

/// The sum of squared errors in a file `fitted.csv`, whose values are those of the series.
fn squared_errors(file: &[u8], series: &[u8]) -> f64 {
    let (rows, series) = (cells(file), cells(series));
    assert_eq!(rows[0], ["row", "value", "fitted"]);
    assert_eq!(rows.len(), series.len());
    let squared = |(place, (row, given)): (usize, (&Vec<String>, &Vec<String>))| {
        assert_eq!((number(&row[0]), number(&row[1])), (place as f64, number(&given[1])));
        (number(&row[1]) - number(&row[2])).powi(2)
    };
    rows.iter().zip(&series).enumerate().skip(1).map(squared).sum()
}

#[test]
fn the_command_line_writes_the_same_fitted_series() {
    let server = Server::with_plugins(&["forecast"]);
    let parameters = json!({ "season_length": 12, "horizon": 12 });
    let job = ended(&server.http, &job("forecast", "holt-winters", &values("co2"), &parameters));
    let path = format!("/v1/jobs/{}", job["id"].as_str().expect("an id"));
    let kept = server.http.get(&format!("{path}/files/fitted.csv")).expect(200).body;

    let folder = tempfile::tempdir().expect("a folder");
    let mut command = binary::command();
    command.arg("run").arg(plugin("forecast")).args(["--model", "holt-winters", "--format", "csv"]);
    command.args(["--param", "season_length=12", "--param", "horizon=12", "--input"]).arg(example("data/co2.csv"));
    let printed = binary::finish(command.arg("--files").arg(folder.path()), b"").succeeded();
    assert_eq!(printed, server.http.get_as(&format!("{path}/results"), "text/csv").expect(200).body);
    assert_eq!(fs::read(folder.path().join("fitted.csv")).expect("the file"), kept);
}

#[test]
fn decompositions_agree_with_statsmodels() {
    let server = Server::with_plugins(&["forecast"]);
    let http = &server.http;
    for (name, length, seasonal) in
        [("co2", 12, "additive"), ("co2", 12, "multiplicative"), ("co2", 13, "additive"), ("sunspots", 132, "additive")]
    {
        let what = format!("{name}-{length}-{seasonal}");
        let expected = reference(&format!("forecast/reference/decompositions/{what}.csv"));
        let query = format!("season_length={length}&seasonal={seasonal}");
        let model = "/v1/providers/forecast/models/seasonal-decompose";
        agree(&what, &execute(http, model, &query, &series(name)).expect(200).body, &expected, OTHER);

        let parameters = json!({ "season_length": length, "seasonal": seasonal });
        let job = ended(http, &job("forecast", "seasonal-decompose", &values(name), &parameters));
        let path = format!("/v1/jobs/{}/results", job["id"].as_str().expect("an id"));
        agree(&what, &http.get_as(&path, "text/csv").expect(200).body, &expected, OTHER);
    }
}

#[test]
fn outliers_agree_with_pandas() {
    let server = Server::start();
    let http = &server.http;
    let component = fs::read(plugin("robust-outliers")).expect("the component");
    http.put(OUTLIERS, "application/wasm", &component).expect(201);
    let shown = http.get(OUTLIERS).expect(200).json();
    assert_eq!((&shown["cardinality"], &shown["independent_rows"]), (&json!("NxN"), &json!(false)), "{shown}");

    for (name, window, threshold, missing) in [("co2", 12, 1.5, usize::MAX), ("sunspots", 61, 3.0, 97)] {
        let expected = reference(&format!("robust-outliers/reference/{name}.csv"));
        let rows = (1..).zip(values(name));
        let values: Vec<Value> = rows
            .map(|(row, value): (usize, Value)| if row.is_multiple_of(missing) { Value::Null } else { value })
            .collect();
        let cell = |value: &Value| if value.is_null() { "\"\"".to_owned() } else { value.to_string() };
        let csv = format!("value\n{}\n", values.iter().map(cell).collect::<Vec<_>>().join("\n"));
        let query = format!("window={window}&threshold={threshold}");
        agree(name, &execute(http, OUTLIERS, &query, csv.as_bytes()).expect(200).body, &expected, OTHER);

        let parameters = json!({ "window": window, "threshold": threshold });
        let job = ended(http, &job("outliers", "robust-outliers", &values, &parameters));
        let path = format!("/v1/jobs/{}/results", job["id"].as_str().expect("an id"));
        agree(name, &http.get_as(&path, "text/csv").expect(200).body, &expected, OTHER);
    }
}

#[test]
fn what_does_not_fit_is_refused() {
    let server = Server::with_plugins(&["forecast"]);
    let http = &server.http;
    let component = fs::read(plugin("robust-outliers")).expect("the component");
    http.put(OUTLIERS, "application/wasm", &component).expect(201);

    // What the shape and the schema say is held against a submission: no job comes into being.
    let four = json!([1, 2, 3, 4]);
    let submissions = [
        (
            ("forecast", "holt-winters", json!([1, 2, null, 4]), json!({ "season_length": 2, "horizon": 1 })),
            &["field `value`, row 3: the field is required, and its value is missing"][..],
        ),
        (
            ("forecast", "holt-winters", four.clone(), json!({ "season_length": 1, "horizon": 0 })),
            &[
                "parameters/horizon: 0 is less than the minimum of 1",
                "parameters/season_length: 1 is less than the minimum of 2",
            ],
        ),
        (
            ("forecast", "holt-winters", four.clone(), json!({ "season_length": 367, "horizon": 10_001 })),
            &[
                "parameters/horizon: 10001 is greater than the maximum of 10000",
                "parameters/season_length: 367 is greater than the maximum of 366",
            ],
        ),
        (
            ("forecast", "seasonal-decompose", four.clone(), json!({ "season_length": 1 })),
            &["parameters/season_length: 1 is less than the minimum of 2"],
        ),
        (
            ("outliers", "robust-outliers", four.clone(), json!({ "window": 2, "threshold": -1 })),
            &[
                "parameters/threshold: -1 is less than the minimum of 0.0",
                "parameters/window: 2 is less than the minimum of 3",
            ],
        ),
        (
            ("outliers", "robust-outliers", four.clone(), json!({ "window": 10_001 })),
            &["parameters/window: 10001 is greater than the maximum of 10000"],
        ),
    ];
    for ((provider, model, values, parameters), expected) in &submissions {
        let body = job(provider, model, values.as_array().expect("values"), parameters);
        let problem = http.post("/v1/jobs", &body).expect(422).json();
        assert_eq!(problem["code"], "invalid-input", "{problem}");
        assert_eq!(problems(&problem["errors"]), *expected, "{problem}");
    }
    assert_eq!(http.get("/v1/jobs").expect(200).json()["jobs"], json!([]));

    // What only the model can know ends the job, with the model's own code among the details.
    let rule = "a multiplicative season needs numbers above zero, an additive one takes any";
    let multiplicative = |more: Value| {
        let mut parameters = json!({ "season_length": 2, "seasonal": "multiplicative" });
        parameters.as_object_mut().expect("an object").extend(more.as_object().cloned().unwrap_or_default());
        parameters
    };
    let seven = json!([1, 2, 3, 4, 5, 6, 7]);
    let jobs = [
        (
            ("holt-winters", seven, json!({ "season_length": 4, "horizon": 1 })),
            json!({ "code": "too-few-rows", "rows": "7", "needed": "8" }),
            "Two seasons of 4 rows are 8 rows, and there are 7.".to_owned(),
        ),
        (
            ("holt-winters", json!([1, 2, 0, 4]), multiplicative(json!({ "horizon": 1 }))),
            json!({ "code": "not-positive", "column": "value", "row": "3" }),
            format!("Column `value` holds 0 in row 3; {rule}."),
        ),
        (
            ("seasonal-decompose", json!([1, 2, 3, -4]), multiplicative(json!({}))),
            json!({ "code": "not-positive", "column": "value", "row": "4" }),
            format!("Column `value` holds -4 in row 4; {rule}."),
        ),
    ];
    for ((model, values, parameters), details, message) in jobs {
        let job = ended(http, &job("forecast", model, values.as_array().expect("values"), &parameters));
        let error = json!({ "code": "analysis-error", "message": message, "details": details });
        assert_eq!((&job["status"], &job["error"]), (&json!("failed"), &error), "{job}");
    }
    let problem = execute(http, OUTLIERS, "", b"value\n1\n2\nNaN\n").expect(422).json();
    let message = "Column `value` holds NaN in row 3; only finite numbers can be analysed.";
    assert_eq!((&problem["code"], &problem["detail"]), (&json!("analysis-error"), &json!(message)), "{problem}");
}

/// The problems of a refused submission, each as `where: what`.
fn problems(errors: &Value) -> Vec<String> {
    let of = |error: &Value| {
        let message = error["message"].as_str().unwrap_or_default();
        match (error["pointer"].as_str(), error["field"].as_str()) {
            (Some(pointer), _) => format!("{}: {message}", pointer.trim_start_matches('/')),
            (None, field) => format!("field `{}`, row {}: {message}", field.unwrap_or_default(), error["row"]),
        }
    };
    errors.as_array().map(|errors| errors.iter().map(of).collect()).unwrap_or_default()
}
