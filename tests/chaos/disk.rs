//! A full disk, a broken one and a read-only one under a real server: what is new is refused, what is kept can be read, and
//! when the disk is well again everything goes on. The disk is made so by `tests/faults`.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests fail by panicking; JSON values index to null"
)]

use serde_json::{Value, json};

use support::binary::{self, finish};
use support::faults::{Failing, Faults, IO_ERROR};
use support::http::{Answer, Http};
use support::server::{Home, Server, Setup};
use support::snapshot::assert_snapshot;
use support::{eventually, ok};

const ARROW: &str = "application/vnd.apache.arrow.stream";
/// Rows of an input that is too large for the store's own file.
const LARGE: u32 = 20_000;

fn body(model: &str, rows: u32, parameters: &Value) -> Value {
    let values: Vec<f64> = (0..rows).map(|row| f64::from(row) / 3.0).collect();
    json!({"provider": "hostile", "model": model, "input": {"columns": {"value": values}}, "parameters": parameters})
}

fn noop(rows: u32) -> Value {
    body("noop", rows, &json!({}))
}

fn submitted(http: &Http, body: &Value) -> String {
    http.post("/v1/jobs", body).expect(201).json()["id"].as_str().expect("an id").to_owned()
}

fn job(http: &Http, id: &str) -> Value {
    http.get(&format!("/v1/jobs/{id}")).expect(200).json()
}

fn reaches(http: &Http, id: &str, status: &str) -> Value {
    eventually(&format!("the job to be {status}"), || Some(job(http, id)).filter(|job| job["status"] == status))
}

/// A refusal with the numbers of bytes, which differ from machine to machine, left out.
fn refusal(answer: &Answer) -> Value {
    let mut problem = answer.json();
    let detail: String = problem["detail"].as_str().unwrap_or_default().to_owned();
    let words = detail.split(' ').map(|word| if word.parse::<u64>().is_ok() { "N" } else { word });
    problem["detail"] = words.collect::<Vec<_>>().join(" ").into();
    problem
}

fn disk_full() -> Value {
    json!({
        "type": "urn:analyte:problem:disk-full",
        "title": "There is too little free disk to accept anything new.",
        "status": 507,
        "detail": "there is too little free disk space: N bytes, and N are kept free",
        "code": "disk-full",
    })
}

fn host_error() -> Value {
    json!({
        "type": "urn:analyte:problem:host-error",
        "title": "The platform's own fault: store, disk or a lost node.",
        "status": 500,
        "detail": "the server's store does not work at the moment",
        "code": "host-error",
    })
}

fn ready(http: &Http) -> (u16, Value) {
    let answer = http.get("/readyz");
    (answer.status, answer.json())
}

/// A server over a disk that a test can break, and the jobs that it got while the disk was well.
struct Subject {
    server: Server,
    faults: Faults,
    /// Completed jobs with their results.
    completed: Vec<(Value, Vec<u8>)>,
    /// Jobs that run for a while yet.
    running: Vec<String>,
}

const CONFIG: &str = "[limits]\nconcurrent_tasks = 2\n";

impl Subject {
    fn start() -> Self {
        let home = Home::new();
        let faults = Faults::under(&home, false);
        let setup = Setup { config: CONFIG, plugins: &["hostile"], variables: &faults.variables(), ..Setup::default() };
        let server = home.start(&setup);
        let http = &server.http;
        let mut completed = Vec::new();
        for rows in [1, 100, LARGE] {
            let id = submitted(http, &noop(rows));
            let job = reaches(http, &id, "completed");
            completed.push((job, http.get_as(&format!("/v1/jobs/{id}/results"), ARROW).expect(200).body));
        }
        let slow = body("slow", 1, &json!({"milliseconds": 1_500}));
        let running: Vec<String> = (0..2).map(|_| submitted(http, &slow)).collect();
        for id in &running {
            reaches(http, id, "running");
        }
        Self { server, faults, completed, running }
    }

    /// Whatever is wrong with the disk: what is kept can be read, and the server is alive.
    fn still_answers(&self) {
        let http = &self.server.http;
        for (job, result) in &self.completed {
            let id = job["id"].as_str().expect("an id");
            assert_eq!(&self::job(http, id), job);
            assert_eq!(&http.get_as(&format!("/v1/jobs/{id}/results"), ARROW).expect(200).body, result);
        }
        let list = http.get("/v1/jobs?status=completed").expect(200).json();
        assert!(list["jobs"].as_array().is_some_and(|jobs| jobs.len() >= self.completed.len()), "{list}");
        http.get("/healthz").expect(200);
    }

    /// While not even the store's own file can be written, sled cannot read every page of it. What is read is right all the
    /// same, or refused as the platform's fault; and the server is alive.
    fn answers_or_refuses(&self) {
        let http = &self.server.http;
        for (job, result) in &self.completed {
            let path = format!("/v1/jobs/{}", job["id"].as_str().expect("an id"));
            let (found, bytes) = (http.get(&path), http.get_as(&format!("{path}/results"), ARROW));
            let right = found.status == 200 && found.json() == *job;
            assert!(right || refusal(&found) == host_error(), "{}", found.text());
            let right = bytes.status == 200 && bytes.body == *result;
            assert!(right || refusal(&bytes) == host_error(), "{}", bytes.text());
        }
        http.get("/healthz").expect(200);
    }

    /// Waits until runs have ended whose outcomes cannot be kept.
    fn outcomes_wait(&self) {
        eventually("an outcome that cannot be kept", || {
            self.server.stderr().contains("outcomes could not be kept; trying again").then_some(())
        });
        assert!(self.faults.failed() > 0);
    }

    /// The disk is well again: everything goes on, nothing that was acknowledged is lost, and nothing was run twice; and all
    /// that is still so after a crash.
    fn goes_on(self, acknowledged: &[String]) {
        let Self { server, faults, mut completed, running } = self;
        let http = &server.http;
        eventually("the server to be ready", || {
            let (status, ready) = ready(http);
            (status == 200 && ready["status"] == "ready" && ready["disk_full"] == false).then_some(())
        });
        let new = [submitted(http, &noop(2)), submitted(http, &noop(LARGE + 1))];
        for id in running.iter().chain(acknowledged).chain(&new) {
            let job = reaches(http, id, "completed");
            assert_eq!(job["attempt"], 1, "{job}");
            completed.push((job, http.get_as(&format!("/v1/jobs/{id}/results"), ARROW).expect(200).body));
        }
        let home = server.kill();
        let server = home.start(&Setup { config: CONFIG, plugins: &["hostile"], ..Setup::default() });
        Self { server, faults, completed, running: Vec::new() }.still_answers();
    }
}

#[test]
fn on_a_full_disk_what_is_new_is_refused_and_nothing_is_lost() {
    let subject = Subject::start();
    let http = &subject.server.http;
    subject.faults.set(Failing::full());
    for rows in [1, LARGE + 7, 1] {
        let refused = http.post("/v1/jobs", &noop(rows));
        assert_eq!((refused.status, refusal(&refused)), (507, disk_full()), "{rows} rows");
        assert_eq!(refused.header("content-type"), "application/problem+json");
        subject.answers_or_refuses();
    }
    let (status, said) = ready(http);
    assert_eq!((status, &said["status"]), (503, &json!("failing")), "{said}");
    subject.outcomes_wait();
    subject.answers_or_refuses();
    subject.faults.set(Failing::default());
    subject.goes_on(&[]);
}

/// The file that is kept for this makes room: what runs is completed while the disk is full.
#[test]
fn running_jobs_are_completed_on_a_full_disk() {
    let subject = Subject::start();
    let http = &subject.server.http;
    subject.faults.set(Failing { room: Some(0), ..Failing::default() });
    // There is some room left in the store's own file.
    let mut acknowledged = Vec::new();
    let refused = eventually("the disk to be full", || {
        // As large as a content of that file can be.
        let answer = http.post("/v1/jobs", &noop(5_500));
        if answer.status == 201 {
            acknowledged.push(answer.json()["id"].as_str().expect("an id").to_owned());
            return None;
        }
        Some(answer)
    });
    assert_eq!((refused.status, refusal(&refused)), (507, disk_full()));
    for id in subject.running.iter().chain(&acknowledged) {
        // Until the ballast has gone, a read may fail, in one way only: see docs/decisions/0036-reads-go-on-without-a-disk.md.
        eventually("the job to be completed", || {
            let answer = http.get(&format!("/v1/jobs/{id}"));
            let failed = answer.status == 500 && refusal(&answer) == host_error();
            (!failed && answer.expect(200).json()["status"] == "completed").then_some(())
        });
    }
    assert!(subject.server.stderr().contains("the disk is full: the ballast was removed"));
    subject.still_answers();
    subject.faults.set(Failing::default());
    subject.goes_on(&acknowledged);
}

/// A disk that cuts a write short somewhere, at many places: either the server keeps the job, or it refuses it.
#[test]
fn a_disk_that_fills_up_loses_nothing_that_was_acknowledged() {
    let subject = Subject::start();
    let http = &subject.server.http;
    let mut acknowledged = Vec::new();
    let mut refused = 0;
    for room in (0..12_000).step_by(1_500) {
        subject.faults.set(Failing { room: Some(room), ..Failing::default() });
        for rows in [1, 300, LARGE] {
            let answer = http.post("/v1/jobs", &noop(rows));
            match answer.status {
                201 => acknowledged.push(answer.json()["id"].as_str().expect("an id").to_owned()),
                507 => {
                    assert_eq!(refusal(&answer), disk_full());
                    refused += 1;
                }
                _ => panic!("{}", answer.text()),
            }
        }
    }
    assert!(refused > 0);
    subject.faults.set(Failing::default());
    subject.goes_on(&acknowledged);
}

/// Nothing new is acknowledged while the disk fails like this, and all goes on when it is well again.
fn is_waited_for(failing: Failing) {
    let subject = Subject::start();
    let http = &subject.server.http;
    subject.faults.set(failing);
    for rows in [1, LARGE + 7, 1] {
        let refused = http.post("/v1/jobs", &noop(rows));
        assert_eq!((refused.status, refusal(&refused)), (500, host_error()), "{rows} rows");
    }
    let (status, said) = ready(http);
    assert_eq!((status, &said["status"]), (503, &json!("failing")), "{said}");
    subject.answers_or_refuses();
    subject.outcomes_wait();
    subject.faults.set(Failing::default());
    subject.goes_on(&[]);
}

#[test]
fn what_cannot_be_synced_is_not_acknowledged() {
    is_waited_for(Failing { sync: IO_ERROR, ..Failing::default() });
}

#[test]
fn a_disk_that_becomes_read_only_is_waited_for() {
    is_waited_for(Failing::read_only());
}

#[test]
fn a_server_does_not_start_on_a_disk_that_takes_nothing() {
    let home = Server::start().terminate().2;
    let fresh = Home::new();
    let mut all = String::new();
    for (what, home, failing) in [
        ("read-only, with a store", &home, Failing::read_only()),
        ("read-only, empty", &fresh, Failing::read_only()),
        ("full, with a store", &home, Failing::full()),
    ] {
        let faults = Faults::under(home, false);
        faults.set(failing);
        let data_dir = home.data_dir();
        let mut command = binary::command();
        command.args(["serve", "--listen", "127.0.0.1:0", "--data-dir"]).arg(&data_dir).envs(faults.variables());
        let said = finish(&mut command, b"").transcript().replace(&data_dir.display().to_string(), "DATA_DIR");
        // The log's lines begin with the time.
        let said: Vec<&str> =
            said.lines().filter(|line| !line.contains(" INFO ") && !line.contains(" WARN ")).collect();
        all.push_str(&format!("# {what}\n{}\n\n", said.join("\n")));
    }
    assert_snapshot("serve-on-a-bad-disk.txt", &all);
    // Nothing was harmed.
    let server = home.start(&Setup::default());
    assert_eq!(server.http.get("/v1/jobs").expect(200).json()["jobs"], json!([]));
}

#[test]
fn below_the_floor_of_free_space_all_but_what_is_new_goes_on() {
    let setup = Setup { plugins: &["hostile"], ..Setup::default() };
    let server = Server::with(&setup);
    let http = &server.http;
    let done = submitted(http, &noop(LARGE));
    let done = reaches(http, &done, "completed");
    let slow = submitted(http, &body("slow", 1, &json!({"milliseconds": 1_000})));
    let spinning = submitted(http, &body("spin", 1, &json!({})));
    reaches(http, &slow, "running");
    // More than any disk has.
    let setup = Setup { config: "[limits]\nfree_disk_bytes = 1152921504606846976\n", ..setup };
    let server = server.kill().start(&setup);
    let http = &server.http;
    let refused = http.post("/v1/jobs", &noop(1));
    assert_eq!((refused.status, refusal(&refused)), (507, disk_full()));
    let refused = http.put(
        "/v1/providers/second",
        "application/wasm",
        &ok(std::fs::read(support::plugins::plugin("statistics")), "a plugin"),
    );
    assert_eq!(refused.status, 507, "{}", refused.text());
    let (_, said) = ready(http);
    assert_eq!(said["disk_full"], true, "{said}");
    // What was running at the crash is run again and kept; reads, runs that are not stored and cancels work.
    reaches(http, &slow, "completed");
    assert_eq!(job(http, done["id"].as_str().expect("an id")), done);
    http.post("/v1/providers/hostile/models/noop/execute", &json!({"input": [{"value": 1}]})).expect(200);
    assert_eq!(http.post(&format!("/v1/jobs/{spinning}/cancel"), &json!({})).expect(200).json()["status"], "cancelled");
}
