//! The native HTTP surface over a real server process.

#![expect(clippy::expect_used, clippy::indexing_slicing, reason = "tests fail by panicking; JSON values index to null")]

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

mod refusals;
use support::http::Http;
use support::plugins::plugin;
use support::server::{Server, Setup};
use support::{binary, eventually, repository};

const STATISTICS: &str = "/v1/providers/statistics/models";

/// Waits for a job to end.
fn finished(http: &Http, id: &str) -> Value {
    eventually("the job to end", || {
        let job = http.get(&format!("/v1/jobs/{id}")).expect(200).json();
        let status = job["status"].as_str().expect("a status").to_owned();
        (!["queued", "running"].contains(&status.as_str())).then_some(job)
    })
}

fn submitted(http: &Http, body: &Value) -> String {
    http.post("/v1/jobs", body).expect(201).json()["id"].as_str().expect("an id").to_owned()
}

/// `analyte run`, a synchronous call and a stored job give the same bytes, in every format.
#[test]
fn the_same_job_gives_the_same_bytes_everywhere() {
    let server = Server::with_plugins(&["statistics"]);
    let http = &server.http;
    let data = repository().join("example-plugins/data/longley.csv");
    let csv = fs::read(&data).expect("the data");
    let component = plugin("statistics");

    // As a stored job: the same table as JSON rows.
    let mut reader = csv::Reader::from_reader(csv.as_slice());
    let header = reader.headers().expect("a header").clone();
    // By hand: the order of the columns is part of the data, and a JSON object of serde_json sorts its members.
    let rows: Vec<String> = reader
        .records()
        .map(|record| {
            let record = record.expect("a record");
            let cells = header.iter().zip(record.iter()).map(|(name, cell)| format!("{name:?}:{cell}"));
            format!("{{{}}}", cells.collect::<Vec<_>>().join(","))
        })
        .collect();
    let body = format!(
        r#"{{"provider":"statistics","model":"linear-regression","input":[{}],"parameters":{{"response":"employment"}}}}"#,
        rows.join(",")
    );
    let created =
        http.call("POST", "/v1/jobs", &[("content-type", "application/json")], Some(body.as_bytes())).expect(201);
    let id = created.json()["id"].as_str().expect("an id").to_owned();
    let job = finished(http, &id);
    assert_eq!(job["status"], "completed", "{job}");

    for (format, media_type) in
        [("json", "application/json"), ("csv", "text/csv"), ("arrow", "application/vnd.apache.arrow.stream")]
    {
        let run = binary::analyte(
            ["run", "--model", "linear-regression", "--param", "response=employment", "--format", format, "--input"]
                .map(std::ffi::OsString::from)
                .into_iter()
                .chain([data.clone().into_os_string(), component.clone().into_os_string()]),
        )
        .succeeded();
        let headers = [("content-type", "text/csv"), ("accept", media_type)];
        let path = format!("{STATISTICS}/linear-regression/execute?response=employment");
        let executed = http.call("POST", &path, &headers, Some(&csv)).expect(200);
        assert_eq!(executed.header("content-type"), media_type);
        assert!(executed.header("analyte-fuel-used").parse::<u64>().expect("fuel") > 0);
        assert!(executed.header("analyte-peak-memory").parse::<u64>().expect("memory") > 0);
        let stored = http.get_as(&format!("/v1/jobs/{id}/results"), media_type).expect(200);
        assert!(run == executed.body, "run and execute differ in {format}");
        assert!(run == stored.body, "run and the stored job differ in {format}");
    }
}

#[test]
fn a_busy_loop_is_cancelled_while_it_runs() {
    let server = Server::with_plugins(&["hostile"]);
    let http = &server.http;
    let spin = json!({"provider": "hostile", "model": "spin", "input": [], "limits": {"fuel": 900_000_000_000_u64}});
    // More than may run at once: some wait.
    let ids: Vec<String> = (0..12).map(|_| submitted(http, &spin)).collect();
    let first = &ids[0];
    eventually("the first to run", || {
        (http.get(&format!("/v1/jobs/{first}")).json()["status"] == "running").then_some(())
    });
    eventually("the last to wait for its organisation's places", || {
        let waiting = http.get(&format!("/v1/jobs/{}", ids[11])).json();
        assert_eq!(waiting["status"], "queued");
        (waiting["waiting"]["reason"] == "quota").then_some(())
    });
    for id in &ids {
        let asked = Instant::now();
        let job = http.post(&format!("/v1/jobs/{id}/cancel"), &json!({})).expect(200).json();
        assert_eq!(job["status"], "cancelled");
        assert_eq!(job["error"]["code"], "cancelled");
        assert!(asked.elapsed() < Duration::from_secs(2), "{:?}", asked.elapsed());
        // Twice is harmless.
        http.post(&format!("/v1/jobs/{id}/cancel"), &json!({})).expect(200);
        let results = http.get(&format!("/v1/jobs/{id}/results")).expect(409).json();
        assert_eq!(results["code"], "no-result");
    }
    // The slots are free again.
    let noop = json!({"provider": "hostile", "model": "noop", "input": [{"value": 1}]});
    let id = submitted(http, &noop);
    let job = finished(http, &id);
    assert_eq!(job["status"], "completed");
    let refused = http.post(&format!("/v1/jobs/{id}/cancel"), &json!({})).expect(409).json();
    assert_eq!(refused["code"], "already-finished");
}

#[test]
fn a_failed_job_says_why() {
    let server = Server::with_plugins(&["hostile"]);
    let http = &server.http;
    let id = submitted(http, &json!({"provider": "hostile", "model": "panic", "input": []}));
    let job = finished(http, &id);
    assert_eq!(job["status"], "failed");
    assert_eq!(job["error"]["code"], "trap");
    assert_eq!(job["attempt"], 1, "a defect of the component is not tried again");
    let errors = http.get(&format!("/v1/jobs/{id}/errors")).expect(200).json();
    let error = &errors["errors"][0];
    assert_eq!(error["code"], "trap");
    assert!(error["stderr"].as_str().expect("stderr").contains("panics on purpose"), "{error}");
    assert!(error["frames"].as_array().is_some_and(|frames| !frames.is_empty()), "{error}");
    // The same, at once.
    let problem = http.post("/v1/providers/hostile/models/panic/execute", &json!([])).expect(502).json();
    assert_eq!(problem["code"], "trap");

    // Files, log and progress of a run.
    let id = submitted(http, &json!({"provider": "hostile", "model": "log-flood", "input": []}));
    assert_eq!(finished(http, &id)["status"], "completed");
    let log = http.get(&format!("/v1/jobs/{id}/logs")).expect(200);
    assert_eq!(log.header("content-type"), "application/x-ndjson");
    assert!(log.body.len() < 600_000 && log.body.len() > 1_000);
    let line: Value = serde_json::from_str(log.text().lines().next().expect("a line")).expect("JSON");
    assert!(line["message"].is_string() && line["level"].is_string() && line["time"].is_string(), "{line}");
    let id = submitted(http, &json!({"provider": "hostile", "model": "many-files", "input": []}));
    assert_eq!(finished(http, &id)["status"], "completed");
    let files = http.get(&format!("/v1/jobs/{id}/files")).expect(200).json();
    let files = files["files"].as_array().expect("files").clone();
    for file in files.iter().take(2) {
        let href = file["href"].as_str().expect("a link");
        let body = http.get(href).expect(200).body;
        assert_eq!(json!(body.len()), file["size"]);
        if body.len() > 1 {
            let part = http.call("GET", href, &[("range", "bytes=1-")], None).expect(206);
            assert_eq!(part.body, body[1..]);
        }
    }
    http.get(&format!("/v1/jobs/{id}/files/no-such-file")).expect(404);
}

#[test]
fn providers_are_installed_replaced_and_removed() {
    let server = Server::start();
    let http = &server.http;
    let component = fs::read(plugin("hostile")).expect("the component");
    let wasm = "application/wasm";
    let created = http.put("/v1/providers/h", wasm, &component).expect(201);
    let digest = created.json()["digest"].clone();
    assert!(digest.as_str().is_some_and(|digest| digest.starts_with("sha256:")));
    assert_eq!(http.put("/v1/providers/h", wasm, &component).expect(200).json()["digest"], digest);
    let model = fs::read(plugin("scale")).expect("the model");
    let wrong = http.put("/v1/providers/scale", wasm, &model).expect(422).json();
    assert!(wrong["detail"].as_str().is_some_and(|detail| detail.contains("/models/")), "{wrong}");
    // A model component makes an empty provider where there is none.
    http.put("/v1/providers/mine/models/scale", wasm, &model).expect(201);
    http.put("/v1/providers/mine/models/scale", wasm, &model).expect(200);
    let result = http.post(
        "/v1/providers/mine/models/scale/execute",
        &json!({"input": [{"value": 2}], "parameters": {"factor": 4}}),
    );
    assert_eq!(result.expect(200).json()["rows"], json!([{"value": 8.0}]));
    let clash = http.put("/v1/providers/h/models/noop", wasm, &model).expect(409).json();
    assert_eq!(clash["code"], "conflict");
    let list = http.get("/v1/providers").expect(200).json();
    let names: Vec<&str> =
        list["providers"].as_array().expect("a list").iter().filter_map(|p| p["name"].as_str()).collect();
    assert_eq!(names, ["h", "mine"]);

    // Not while it has unfinished jobs, unless forced.
    let id = submitted(http, &json!({"provider": "h", "model": "spin", "input": []}));
    let used = http.delete("/v1/providers/h").expect(409).json();
    assert_eq!(used["code"], "conflict");
    let gone = http.delete("/v1/providers/h?force=true");
    assert!(gone.status == 204 || gone.status == 200, "{}", gone.text());
    let job = finished(http, &id);
    assert!(["failed", "cancelled"].contains(&job["status"].as_str().expect("a status")), "{job}");
    http.get("/v1/providers/h").expect(404);
}

/// A client that goes away while a provider is removed leaves no half of it behind.
#[test]
fn a_removal_goes_on_when_its_caller_has_gone() {
    let server = Server::with_plugins(&["hostile"]);
    let http = &server.http;
    let jobs: Vec<String> = ["spin", "spin", "spin", "spin", "spin", "spin", "noop", "noop"]
        .iter()
        .map(|model| submitted(http, &json!({"provider": "hostile", "model": model, "input": []})))
        .collect();
    let address = http.url.trim_start_matches("http://");
    let request = format!(
        "DELETE /v1/providers/hostile?force=true HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\n\r\n",
        http.token
    );
    eventually("the provider to be gone", || {
        let mut stream = TcpStream::connect(address).expect("a connection");
        stream.write_all(request.as_bytes()).expect("sent");
        // Closed without a look at the answer; the server may not even have read the request, hence again and again.
        drop(stream);
        (http.get("/v1/providers/hostile").status == 404).then_some(())
    });
    for id in &jobs {
        let job = finished(http, id);
        assert!(["failed", "cancelled"].contains(&job["status"].as_str().expect("a status")), "{job}");
    }
}

/// With little memory: what can never run is refused, a body does not keep its own run waiting, and clients that only
/// announce much take nothing.
#[test]
fn a_small_memory_budget_is_shared() {
    let mib = 1 << 20;
    let config = format!(
        "[limits]\nmemory_budget_bytes = {}\nmemory_bytes = {}\noutput_bytes = {}\n",
        96 * mib,
        32 * mib,
        16 * mib
    );
    let server = Server::with(&Setup { config: &config, plugins: &["hostile"], ..Setup::default() });
    let http = &server.http;
    let noop = "/v1/providers/hostile/models/noop/execute";
    let asking = |memory: u64, rows: usize| {
        let rows = vec![json!({"value": 1.5}); rows];
        json!({"input": rows, "limits": {"memory_bytes": memory}})
    };
    for refused in [
        http.post(noop, &asking(80 * mib + 1, 1)),
        http.post(
            "/v1/jobs",
            &json!({"provider": "hostile", "model": "noop", "input": [], "limits": {"memory_bytes": 81 * mib}}),
        ),
    ] {
        let problem = refused.expect(422).json();
        assert_eq!(problem["code"], "invalid-input", "{problem}");
        let detail = problem["detail"].as_str().expect("a detail");
        assert!(detail.contains("memory_budget_bytes") && detail.contains(&(96 * mib).to_string()), "{detail}");
    }
    // The whole budget for the run, after a body that is large enough to be reserved itself.
    let large = asking(80 * mib, 20_000);
    assert!(large.to_string().len() > 256 * 1024);
    assert_eq!(http.post(noop, &large).expect(200).json()["rows"].as_array().map(Vec::len), Some(20_000));

    let address = http.url.trim_start_matches("http://");
    let announce = |length: u64| {
        let mut stream = TcpStream::connect(address).expect("a connection");
        let head = format!(
            "POST /v1/jobs HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n",
            http.token
        );
        stream.write_all(head.as_bytes()).expect("sent");
        stream.write_all(&[b' '; 1_000]).expect("sent");
        stream
    };
    // Each announces nearly all that bodies may hold, and then says no more.
    let _slow: Vec<TcpStream> = (0..8).map(|_| announce(47 * mib)).collect();
    http.post(noop, &asking(32 * mib, 20_000)).expect(200);
    // More than all bodies together may hold.
    let mut beyond = announce(49 * mib);
    beyond.set_read_timeout(Some(Duration::from_secs(60))).expect("a timeout");
    let mut answer = [0; 1_024];
    let read = beyond.read(&mut answer).expect("an answer");
    let answer = String::from_utf8_lossy(&answer[..read]).into_owned();
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
}

/// Tables of odd sizes pass through unchanged.
#[test]
fn large_and_odd_tables_pass() {
    let server = Server::with_plugins(&["hostile"]);
    let http = &server.http;
    let path = "/v1/providers/hostile/models/echo/execute";
    let empty = http.post(path, &json!([])).expect(200).json();
    assert_eq!(empty["rows"], json!([]));
    let long = "x".repeat(10_000_000);
    let answer = http.post(path, &json!([{"text": long}])).expect(200).json();
    assert_eq!(answer["rows"][0]["text"].as_str().map(str::len), Some(10_000_000));
    // A million rows.
    let mut body = String::from("n,half,odd\n");
    for row in 0..1_000_000 {
        body.push_str(&format!("{row},{}.5,{}\n", row / 2, row % 2 == 1));
    }
    let headers = [("content-type", "text/csv"), ("accept", "text/csv")];
    let answer = http.call("POST", path, &headers, Some(body.as_bytes())).expect(200).text();
    assert_eq!(answer.lines().count(), 1_000_001);
    assert_eq!(answer.lines().last(), Some("999999.0,499999.5,true"));
}
