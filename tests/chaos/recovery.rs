//! What a server finds when it starts, and what it leaves when it stops.

#![expect(clippy::expect_used, clippy::indexing_slicing, reason = "tests fail by panicking; JSON values index to null")]

use std::fs;
use std::process::Command;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use analyte_core::timestamp::Timestamp;
use serde_json::{Value, json};

use support::binary::{self, finish};
use support::http::Http;
use support::server::{Home, Server, Setup, signal};
use support::{eventually, ok, repository};

fn submitted(http: &Http, body: &Value) -> String {
    http.post("/v1/jobs", body).expect(201).json()["id"].as_str().expect("an id").to_owned()
}

fn job(http: &Http, id: &str) -> Value {
    http.get(&format!("/v1/jobs/{id}")).expect(200).json()
}

fn ended(http: &Http, id: &str) -> Value {
    eventually("the job to end", || Some(job(http, id)).filter(|job| job["finished_at"] != Value::Null))
}

fn running(http: &Http, id: &str) {
    eventually("the job to run", || (job(http, id)["status"] == "running").then_some(()));
}

fn of(model: &str) -> Value {
    json!({"provider": "hostile", "model": model, "input": []})
}

#[test]
fn a_second_server_is_refused_and_learns_which_one_is_there() {
    let server = Server::start();
    let second = || {
        let arguments = ["serve", "--listen", "127.0.0.1:0", "--data-dir"];
        finish(binary::command().args(arguments).arg(server.data_dir()), b"")
    };
    let said = second();
    let folder = server.data_dir().display().to_string();
    let expected = format!(
        "error: the data directory {folder} cannot be opened\n  because: the data directory {folder} is in use by process \
         {}\n",
        server.id()
    );
    assert!(said.code == 1 && said.stderr.ends_with(&expected), "{}", said.transcript());
    // The one that is there goes on.
    server.http.get("/readyz").expect(200);
    // What a dead process leaves is no obstacle.
    let home = server.kill();
    home.start(&Setup::default()).http.get("/readyz").expect(200);
}

fn without_links(job: &Value) -> Value {
    let mut job = job.clone();
    job["links"] = Value::Null;
    job
}

/// A data directory that a server of store format 1 wrote, and that was killed with -9.
#[test]
fn the_store_of_an_older_version_is_taken_over() {
    let fixtures = repository().join("tests/fixtures");
    let home = Home::new();
    ok(fs::create_dir_all(home.data_dir()), "the data directory");
    let unpacked =
        Command::new("tar").arg("-xzf").arg(fixtures.join("store-1.tar.gz")).arg("-C").arg(home.data_dir()).status();
    assert!(ok(unpacked, "tar").success());
    let before: Value =
        ok(serde_json::from_slice(&ok(fs::read(fixtures.join("store-1.json")), "the list of then")), "JSON");
    // The jobs of the fixture have long ended; they shall not go now.
    let config = "[limits]\nretention_hours = 1000000\n";
    let server = home.start(&Setup { config, ..Setup::default() });
    let http = &server.http;
    let by_kind = |kind: &str| {
        let list = http.get(&format!("/v1/jobs?tag=kind:{kind}")).expect(200).json();
        list["jobs"][0].clone()
    };
    let jobs = before["jobs"].as_array().expect("jobs");
    assert_eq!(jobs.len(), 6);
    for was in jobs {
        let kind = was["tags"]["kind"].as_str().expect("a kind");
        let is = by_kind(kind);
        if kind == "due" {
            // Its time has come since.
            assert_eq!(ended(http, was["id"].as_str().expect("an id"))["status"], "completed");
            continue;
        }
        // There are more links than there were, and the older store did not keep who submitted the job.
        let mut was = without_links(was);
        was["created_by"] = Value::Null;
        was["schedule"] = Value::Null;
        assert_eq!(without_links(&is), was, "{kind}");
    }
    let results = |kind: &str| {
        let id = by_kind(kind)["id"].as_str().expect("an id").to_owned();
        http.get(&format!("/v1/jobs/{id}/results")).expect(200).json()["rows"].clone()
    };
    assert_eq!(results("small"), json!([{"value": 4.5}, {"value": null}]));
    assert_eq!(results("due"), json!([{"value": 42.0}]));
    let large = results("large");
    let values: Vec<f64> = large.as_array().expect("rows").iter().filter_map(|row| row["value"].as_f64()).collect();
    let expected: Vec<f64> = (0..20_000).map(|at| f64::from(at) / 7.0 * 2.0).collect();
    assert_eq!(values, expected);
    // The same bytes under the same key as then.
    let body = br#"{"provider":"scale","model":"scale","input":[{"value":1.5},{"value":null}],"parameters":{"factor":3},"tags":{"kind":"small"},"custom_data":{"note":"first"}}"#;
    let headers = [("content-type", "application/json"), ("idempotency-key", "once")];
    let replayed = http.call("POST", "/v1/jobs", &headers, Some(body)).expect(200).json();
    assert_eq!(replayed["id"], by_kind("small")["id"]);
    // A watcher learns where such a job stands.
    let id = replayed["id"].as_str().expect("an id");
    let events = http.get(&format!("/v1/jobs/{id}/events")).expect(200).text();
    assert!(events.contains("\"status\":\"queued\"") && events.contains("\"status\":\"completed\""), "{events}");
    // And it can be written to by this version.
    let (status, said, home) = server.terminate();
    assert!(status.success(), "{said}");
    let server = home.start(&Setup { config, ..Setup::default() });
    assert_eq!(server.http.get("/v1/jobs").expect(200).json()["jobs"].as_array().map(Vec::len), Some(6));
}

#[test]
fn a_stop_gives_running_tasks_a_while_and_then_back_to_the_queue() {
    let config = "[limits]\ngrace_ms = 300\nconcurrent_tasks = 1\n";
    let setup = Setup { config, plugins: &["hostile"], ..Setup::default() };
    let server = Server::with(&setup);
    let retry = json!({"max_attempts": 1});
    let spin = submitted(&server.http, &json!({"provider": "hostile", "model": "spin", "input": [], "retry": retry}));
    let waits = submitted(&server.http, &of("noop"));
    running(&server.http, &spin);
    let (status, said, home) = server.terminate();
    assert!(status.success(), "{said}");
    assert!(said.contains("stopping: what runs gets a grace period") && said.ends_with("stopped\n"), "{said}");

    let server = home.start(&setup);
    let http = &server.http;
    // It runs again, as its second attempt, although it may fail only once.
    let again = eventually("the second attempt", || Some(job(http, &spin)).filter(|job| job["attempt"] == 2));
    assert_eq!((&again["status"], &again["error"]), (&json!("running"), &Value::Null));
    http.post(&format!("/v1/jobs/{spin}/cancel"), &json!({})).expect(200);
    assert_eq!(ended(http, &waits)["status"], "completed");
}

#[test]
fn a_task_that_ends_within_the_grace_period_is_kept() {
    let setup = Setup { config: "[limits]\ngrace_ms = 60000\n", plugins: &["hostile"], ..Setup::default() };
    let server = Server::with(&setup);
    let body = json!({"provider": "hostile", "model": "slow", "input": [], "parameters": {"milliseconds": 700}});
    let slow = submitted(&server.http, &body);
    running(&server.http, &slow);
    let (status, said, home) = server.terminate();
    assert!(status.success(), "{said}");
    let server = home.start(&setup);
    let job = job(&server.http, &slow);
    assert_eq!((&job["status"], &job["attempt"]), (&json!("completed"), &json!(1)));
}

#[test]
fn a_second_signal_stops_at_once() {
    let grace = Duration::from_mins(5);
    let config = format!("[limits]\ngrace_ms = {}\n", grace.as_millis());
    let setup = Setup { config: &config, plugins: &["hostile"], ..Setup::default() };
    let server = Server::with(&setup);
    let spin = submitted(&server.http, &of("spin"));
    running(&server.http, &spin);
    let begun = Instant::now();
    signal(server.id(), "TERM");
    eventually("the server to hear it", || server.stderr().contains("stopping").then_some(()));
    // While it stops, nothing new is taken.
    let (status, said, home) = server.terminate();
    assert!(status.success() && begun.elapsed() < grace / 2, "{said}");
    let server = home.start(&setup);
    let again = eventually("the second attempt", || Some(job(&server.http, &spin)).filter(|job| job["attempt"] == 2));
    assert_eq!(again["status"], "running");
}

/// A job that is running in five crashes fails; fewer cost nothing.
#[test]
fn a_task_that_takes_the_server_down_again_and_again_is_given_up() {
    let setup = Setup { plugins: &["hostile"], ..Setup::default() };
    let mut server = Server::with(&setup);
    let body = json!({"provider": "hostile", "model": "spin", "input": [], "retry": {"max_attempts": 1}});
    let spin = submitted(&server.http, &body);
    for attempt in 1..=5 {
        eventually("the attempt", || Some(job(&server.http, &spin)).filter(|job| job["attempt"] == attempt));
        running(&server.http, &spin);
        server = server.kill().start(&setup);
    }
    let job = ended(&server.http, &spin);
    let expected = json!({"code": "host-error", "message": "the server crashed 5 times while this task was running", "details": {}});
    assert_eq!((&job["status"], &job["attempt"], &job["error"]), (&json!("failed"), &json!(5), &expected));
}

#[test]
fn a_task_waits_for_its_turn_and_for_memory_and_says_so() {
    let mib = 1_u64 << 20;
    let config = format!(
        "[limits]\nconcurrent_tasks = 2\nmemory_budget_bytes = {}\nmemory_bytes = {}\noutput_bytes = {}\n",
        128 * mib,
        16 * mib,
        16 * mib
    );
    let server = Server::with(&Setup { config: &config, plugins: &["hostile"], ..Setup::default() });
    let http = &server.http;
    let with = |model: &str, memory: u64, priority: i32| json!({"provider": "hostile", "model": model, "input": [], "priority": priority, "limits": {"memory_bytes": memory * mib}});
    let large = submitted(http, &with("spin", 64, 0));
    running(http, &large);
    // One slot is free, and 48 MiB.
    let waits = submitted(http, &with("noop", 48, 5));
    let reason = |id: &str| job(http, id)["waiting"].clone();
    let detail = "the memory for requests and runs is in use (limit memory_budget_bytes)";
    let no_memory = |position: u64| json!({"reason": "memory", "detail": detail, "position": position});
    eventually("the reason", || (reason(&waits) == no_memory(0)).then_some(()));
    // What would fit does not overtake it, unless it goes before it by priority.
    let behind = submitted(http, &with("noop", 8, 6));
    assert_eq!(reason(&behind), no_memory(1));
    let before = submitted(http, &with("noop", 8, 4));
    assert_eq!(ended(http, &before)["status"], "completed");
    let scheduled = submitted(
        http,
        &json!({"provider": "hostile", "model": "noop", "input": [], "run_at": "2999-01-01T00:00:00Z"}),
    );
    assert_eq!(reason(&scheduled), json!({"reason": "scheduled", "position": null}));
    http.post(&format!("/v1/jobs/{large}/cancel"), &json!({})).expect(200);
    assert_eq!(ended(http, &waits)["status"], "completed");
    assert_eq!(ended(http, &behind)["status"], "completed");
}

/// The platform's own failures are tried again by themselves, each time after a longer wait; then the job fails.
#[test]
fn a_task_whose_component_cannot_be_loaded_is_tried_again_later() {
    let setup = Setup { plugins: &["hostile"], ..Setup::default() };
    let server = Server::with(&setup);
    let digest = server.http.get("/v1/providers/hostile").expect(200).json()["digest"].clone();
    let digest = digest.as_str().and_then(|digest| digest.strip_prefix("sha256:")).expect("a digest").to_owned();
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock").as_millis();
    let soon = Timestamp(i64::try_from(since).expect("a time")).plus_ms(2_000).to_string();
    let with = |backoff_ms: u32| {
        let retry = json!({"max_attempts": 3, "backoff_ms": backoff_ms});
        json!({"provider": "hostile", "model": "noop", "input": [], "retry": retry, "run_at": soon})
    };
    let (gives_up, waits) = (submitted(&server.http, &with(1)), submitted(&server.http, &with(600_000)));
    let home = server.kill();
    let file = home.data_dir().join("blobs").join(&digest[..2]).join(&digest);
    let component = ok(fs::read(&file), "the component");
    ok(fs::remove_file(&file), "removing the component");
    ok(fs::remove_dir_all(home.data_dir().join("compiled")), "removing the compiled code");
    // Without the plugins' folder, from which it would be installed anew.
    ok(fs::remove_dir_all(home.data_dir().with_file_name("plugins")), "removing the plugins");
    let server = home.start(&Setup::default());
    let http = &server.http;
    let failed = ended(http, &gives_up);
    assert_eq!((&failed["status"], &failed["attempt"]), (&json!("failed"), &json!(3)), "{failed}");
    assert_eq!(failed["error"]["code"], "host-error", "{failed}");
    let waiting = eventually("the first failure", || Some(job(http, &waits)).filter(|job| job["attempt"] == 1));
    assert_eq!(
        (&waiting["status"], &waiting["waiting"]),
        (&json!("running"), &json!({"reason": "backoff", "position": null})),
        "{waiting}"
    );
    // Once the operator has mended it, a client need not wait for the next try.
    ok(fs::write(&file, component), "putting the component back");
    http.post(&format!("/v1/jobs/{waits}/retry"), &json!({"as": "same"})).expect(200);
    let mended = ended(http, &waits);
    assert_eq!((&mended["status"], &mended["attempt"]), (&json!("completed"), &json!(2)), "{mended}");
}

/// From the signal on the server starts nothing and answers every client that waits; a call that still runs something
/// at the end of the grace period says so.
#[test]
fn a_stop_answers_those_who_wait_and_starts_nothing() {
    let config = "[limits]\ngrace_ms = 2000\nconcurrent_tasks = 1\n";
    let setup = Setup { config, plugins: &["hostile"], ..Setup::default() };
    let server = Server::with(&setup);
    let http = &server.http;
    let spin = submitted(http, &of("spin"));
    running(http, &spin);
    let prefer = [("content-type", "application/json"), ("prefer", "wait=60")];
    let (waiting, calling) = (http.clone(), http.clone());
    let wait =
        std::thread::spawn(move || waiting.call("POST", "/v1/jobs", &prefer, Some(of("noop").to_string().as_bytes())));
    let queued = eventually("the second job", || {
        http.get("/v1/jobs?status=queued").expect(200).json()["jobs"][0]["id"].as_str().map(str::to_owned)
    });
    // It waits for the only slot.
    let execute =
        std::thread::spawn(move || calling.post("/v1/providers/hostile/models/noop/execute", &json!({"input": []})));
    eventually("the call that runs at once", || {
        let metrics = http.get("/metrics").expect(200).text();
        metrics.contains("analyte_http_connections 3").then_some(())
    });
    signal(server.id(), "TERM");
    let answered = wait.join().expect("a client").expect(201).json();
    assert_eq!((&answered["id"], &answered["status"]), (&json!(queued), &json!("queued")));
    let refused = execute.join().expect("a client").expect(503).json();
    assert_eq!(refused["code"], "busy", "{refused}");
    let (status, said, home) = server.ended();
    assert!(status.success(), "{said}");
    let server = home.start(&setup);
    let later = job(&server.http, &queued);
    assert_eq!((&later["status"], &later["attempt"]), (&json!("queued"), &json!(0)));
    assert_eq!(
        eventually("the spinning job", || Some(job(&server.http, &spin)).filter(|job| job["attempt"] == 2))["status"],
        "running"
    );
}
