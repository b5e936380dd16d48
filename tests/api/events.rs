//! The events of a job: what a stream tells, how it goes on after a break, and when it ends.

#![expect(clippy::expect_used, clippy::indexing_slicing, reason = "tests fail by panicking; JSON values index to null")]

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::Stdio;
use std::time::Duration;

use serde_json::{Value, json};
use ureq::BodyReader;

use support::http::Http;
use support::server::{Home, Server, Setup};
use support::{PATIENCE, eventually, ok};

/// One event.
#[derive(Debug, Clone, PartialEq)]
struct Event {
    id: u64,
    kind: String,
    data: Value,
}

/// An open stream.
struct Stream {
    lines: BufReader<BodyReader<'static>>,
    /// Lines that were comments.
    comments: usize,
}

impl Stream {
    /// Of this job; after an event, if one is named.
    fn open(http: &Http, id: &str, after: Option<u64>) -> Self {
        let agent: ureq::Agent =
            ureq::Agent::config_builder().proxy(None).timeout_global(Some(PATIENCE)).build().into();
        let mut request = agent.get(format!("{}/v1/jobs/{id}/events", http.url));
        request = request.header("authorization", format!("Bearer {}", http.token));
        if let Some(after) = after {
            request = request.header("last-event-id", after.to_string());
        }
        let answer = ok(request.call(), "the stream");
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.headers()["content-type"], "text/event-stream");
        assert_eq!(answer.headers()["cache-control"], "no-store");
        Self { lines: BufReader::new(answer.into_body().into_reader()), comments: 0 }
    }

    /// The next event; `None` at the end, or where the connection breaks.
    fn next(&mut self) -> Option<Event> {
        let (mut id, mut kind, mut data) = (None, None, None);
        loop {
            let mut line = String::new();
            if self.lines.read_line(&mut line).unwrap_or(0) == 0 {
                return None;
            }
            match line.trim_end().split_once(": ") {
                Some(("id", text)) => id = text.parse().ok(),
                Some(("event", text)) => kind = Some(text.to_owned()),
                Some(("data", text)) => data = serde_json::from_str(text).ok(),
                Some(("retry", _)) => {}
                Some((other, _)) => assert_eq!(other, "", "{line}"),
                None if line.starts_with(':') => self.comments += 1,
                None => assert_eq!(line, "\n"),
            }
            if line == "\n"
                && let (Some(id), Some(kind), Some(data)) = (id.take(), kind.take(), data.take())
            {
                return Some(Event { id, kind, data });
            }
        }
    }

    /// All up to the end.
    fn rest(&mut self) -> Vec<Event> {
        std::iter::from_fn(|| self.next()).collect()
    }

    /// Events up to the first of this kind for which this holds.
    fn until(&mut self, kind: &str, holds: impl Fn(&Value) -> bool) -> Vec<Event> {
        let mut all = Vec::new();
        while let Some(event) = self.next() {
            let found = event.kind == kind && holds(&event.data);
            all.push(event);
            if found {
                return all;
            }
        }
        assert_eq!(kind, "", "the stream ended before the event: {all:?}");
        all
    }
}

fn submitted(http: &Http, body: &Value) -> String {
    http.post("/v1/jobs", body).expect(201).json()["id"].as_str().expect("an id").to_owned()
}

fn slow(milliseconds: u32) -> Value {
    json!({
        "provider": "hostile", "model": "slow", "input": [{"value": 1}], "parameters": {"milliseconds": milliseconds},
    })
}

/// State of the job and of its task, where it is a status.
fn statuses(events: &[Event]) -> Vec<(String, String)> {
    let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let status = |event: &&Event| event.kind == "status";
    events.iter().filter(status).map(|event| (word(&event.data["status"]), word(&event.data["task_status"]))).collect()
}

fn assert_rising(events: &[Event]) {
    let ids: Vec<u64> = events.iter().map(|event| event.id).collect();
    assert!(ids.is_sorted_by(|one, next| one < next), "{ids:?}");
}

fn pair(status: &str, task: &str) -> (String, String) {
    (status.to_owned(), task.to_owned())
}

#[test]
fn a_stream_tells_a_job_to_its_end_and_goes_on_after_any_event() {
    let server = Server::with_plugins(&["hostile"]);
    let http = &server.http;
    let id = submitted(http, &slow(1_200));
    // Two at once, one from the beginning and one from somewhere in the middle.
    let mut first = Stream::open(http, &id, None);
    let mut received = first.until("progress", |_| true);
    let seen = received.last().expect("an event").id;
    let mut second = Stream::open(http, &id, Some(seen));
    let watcher = std::thread::spawn(move || second.rest());
    received.extend(first.rest());
    assert_rising(&received);
    let states = statuses(&received);
    assert_eq!(states.first().map(|(status, _)| status.as_str()), Some("queued"), "{received:?}");
    assert_eq!(states[states.len() - 2..], [pair("running", "running"), pair("completed", "completed")]);
    assert_eq!(received.last().map(|last| last.kind.as_str()), Some("status"), "{received:?}");
    let progress: Vec<&Event> = received.iter().filter(|event| event.kind == "progress").collect();
    let fractions: Vec<f64> = progress.iter().filter_map(|event| event.data["fraction"].as_f64()).collect();
    assert!(fractions.len() > 2 && fractions.is_sorted() && fractions.last() == Some(&1.0), "{fractions:?}");
    let last = &progress.last().expect("progress").data;
    assert_eq!(
        (last["message"].as_str(), last["task"].as_str(), last["attempt"].as_u64()),
        (Some("done"), Some("main"), Some(1))
    );
    assert!(last["time"].as_str().is_some_and(|time| time.ends_with('Z')), "{last}");

    // The other one saw the rest, no more and no less.
    let rest = |after: u64| received.iter().filter(|event| event.id > after).cloned().collect::<Vec<_>>();
    assert_eq!(ok(watcher.join(), "the second watcher"), rest(seen));
    // So does a client that comes later, after any of the events.
    for event in received.split_last().expect("events").1 {
        assert_eq!(Stream::open(http, &id, Some(event.id)).rest(), rest(event.id));
    }
    let path = format!("/v1/jobs/{id}/events");
    let seen_all = received.last().expect("an event").id.to_string();
    let nothing = http.call("GET", &path, &[("last-event-id", &seen_all)], None).expect(204);
    assert_eq!(nothing.text(), "");
    let by_parameter = http.get(&format!("{path}?last_event_id={seen}")).expect(200);
    assert!(by_parameter.text().starts_with("retry: 1000\n\n"), "{}", by_parameter.text());
    assert_eq!(by_parameter.text().matches("\nevent: ").count(), rest(seen).len());
    let head = http.call("HEAD", &path, &[], None).expect(200);
    assert_eq!(
        (head.header("content-type"), head.header("x-accel-buffering"), head.body.len()),
        ("text/event-stream".to_owned(), "no".to_owned(), 0)
    );

    for wrong in ["x", "999000000000"] {
        let refused = http.call("GET", &path, &[("last-event-id", wrong)], None).expect(400).json();
        assert_eq!(refused["code"], "malformed", "{wrong}");
    }
    for nobody in ["0197a3b2-5c1d-7e8f-9a0b-1c2d3e4f5a6b", "x"] {
        let refused = http.get(&format!("/v1/jobs/{nobody}/events")).expect(404).json();
        assert_eq!(refused["detail"], format!("there is no job `{nobody}`"));
    }
}

#[test]
fn log_lines_come_in_order_and_are_the_log_that_is_kept() {
    let server =
        Server::with(&Setup { plugins: &["hostile"], config: "[limits]\nlog_bytes = 20000\n", ..Setup::default() });
    let http = &server.http;
    let id = submitted(http, &json!({"provider": "hostile", "model": "log-flood", "input": []}));
    let received = Stream::open(http, &id, None).rest();
    assert_rising(&received);
    let lines: Vec<&str> = received
        .iter()
        .filter(|event| event.kind == "log")
        .filter_map(|event| event.data["message"].as_str())
        .collect();
    let number = |line: &&str| line.split_once(" lll")?.0.parse().ok();
    let numbers: Vec<usize> = lines.iter().filter_map(number).collect();
    assert!(numbers.len() > 5, "{lines:?}");
    assert_eq!(numbers, (0..numbers.len()).collect::<Vec<_>>());
    assert!(lines.last().is_some_and(|last| last.contains("were not kept")), "{lines:?}");
    // They are the log that is kept, line by line.
    let kept = http.get(&format!("/v1/jobs/{id}/logs")).expect(200).text();
    let kept: Vec<Value> = kept.lines().map(|line| ok(serde_json::from_str(line), "a line")).collect();
    let kept: Vec<&str> = kept.iter().filter_map(|line| line["message"].as_str()).collect();
    assert_eq!(lines, kept);
}

#[test]
fn a_stream_stays_open_for_a_job_that_waits_and_ends_with_it_or_with_the_server() {
    let config = "[limits]\nevent_silence_ms = 50\n";
    let server = Server::with(&Setup { plugins: &["hostile"], config, ..Setup::default() });
    let http = &server.http;
    let mut later = slow(0);
    later["run_at"] = json!("2100-01-01T00:00:00Z");
    let (id, other) = (submitted(http, &later), submitted(http, &later));
    let mut stream = Stream::open(http, &id, None);
    let watcher = std::thread::spawn(move || {
        let received = stream.rest();
        (received, stream.comments)
    });
    let mut open = Stream::open(http, &other, None);
    assert_eq!(statuses(&[open.next().expect("its submission")]), [pair("queued", "")]);
    // Comments keep it open meanwhile.
    let mut line = String::new();
    while line != ": \n" {
        line.clear();
        assert!(ok(open.lines.read_line(&mut line), "a line") > 0);
    }
    http.post(&format!("/v1/jobs/{id}/cancel"), &json!({})).expect(200);
    let (received, comments) = ok(watcher.join(), "the watcher");
    assert_eq!(statuses(&received).last(), Some(&pair("cancelled", "")), "{received:?}");
    assert_eq!(received.last().expect("an event").data["code"], "cancelled");
    assert!(comments > 0);
    // A stop does not wait for streams.
    let watcher = std::thread::spawn(move || open.rest());
    let begun = std::time::Instant::now();
    let (status, said, _home) = server.terminate();
    assert!(status.success(), "{said}");
    assert!(begun.elapsed() < Duration::from_secs(9), "{:?}", begun.elapsed());
    assert_eq!(ok(watcher.join(), "the watcher"), []);
}

/// Opens a stream of a job that waits with a token of its own, which is revoked once the stream has begun.
fn revoked(server: &Server) -> (String, Stream) {
    let mut later = slow(0);
    later["run_at"] = json!("2100-01-01T00:00:00Z");
    let id = submitted(&server.http, &later);
    let made =
        server.http.post("/v1/tokens", &json!({"label": "a watcher", "rights": ["jobs:read"]})).expect(201).json();
    let text = |pointer: &str| made.pointer(pointer).and_then(Value::as_str).expect("a text");
    let watcher = Http::new(&server.http.url, text("/secret"));
    let mut stream = Stream::open(&watcher, &id, None);
    assert_eq!(statuses(&[stream.next().expect("its submission")]), [pair("queued", "")]);
    server.http.delete(&format!("/v1/tokens/{}", text("/token/id"))).expect(200);
    assert_eq!(watcher.get(&format!("/v1/jobs/{id}/events")).status, 401);
    (id, stream)
}

/// What a stream still says; it has to end by itself.
fn until_end(mut stream: Stream) -> String {
    let mut said = String::new();
    ok(stream.lines.read_to_string(&mut said), "the stream ends");
    said
}

#[test]
fn a_stream_ends_with_its_token_though_nothing_happens() {
    let config = "[limits]\nevent_silence_ms = 50\n";
    let server = Server::with(&Setup { plugins: &["hostile"], config, ..Setup::default() });
    let (id, stream) = revoked(&server);
    // The end of the last event, and comments from before the revocation.
    let said = until_end(stream);
    assert_eq!(said.replace(": \n", "").trim(), "", "{said}");
    // The job is still there, for others.
    assert_eq!(server.http.get(&format!("/v1/jobs/{id}")).expect(200).json()["status"], "queued");
}

#[test]
fn a_token_that_was_revoked_receives_nothing() {
    // It is never silent for so long that it would be asked for that.
    let config = "[limits]\nevent_silence_ms = 600000\n";
    let server = Server::with(&Setup { plugins: &["hostile"], config, ..Setup::default() });
    let (id, stream) = revoked(&server);
    let mut other = Stream::open(&server.http, &id, None);
    server.http.post(&format!("/v1/jobs/{id}/cancel"), &json!({})).expect(200);
    assert_eq!(until_end(stream).trim(), "");
    assert_eq!(statuses(&other.rest()), [pair("queued", ""), pair("cancelled", "")]);
}

#[test]
fn events_survive_a_crash_and_none_is_sent_twice() {
    let setup = Setup { plugins: &["hostile"], config: "[limits]\ngrace_ms = 0\n", ..Setup::default() };
    let server = Home::new().start(&setup);
    let id = submitted(&server.http, &slow(2_500));
    let mut stream = Stream::open(&server.http, &id, None);
    let mut received =
        stream.until("progress", |data| data["fraction"].as_f64().is_some_and(|fraction| fraction > 0.2));
    let home = server.kill();
    received.extend(stream.rest());
    let last = received.last().expect("events").id;
    let server = home.start(&setup);
    let after = Stream::open(&server.http, &id, Some(last)).rest();
    let all: Vec<Event> = received.iter().chain(&after).cloned().collect();
    assert_rising(&all);
    // The crash put it back, and it ran again.
    let expected = [pair("running", "queued"), pair("running", "running"), pair("completed", "completed")];
    assert_eq!(statuses(&after), expected, "{after:?}");
    assert_eq!(after.last().map(|last| last.data["attempt"].clone()), Some(json!(2)));
    // A client that reads from the beginning now reads the same.
    assert_eq!(Stream::open(&server.http, &id, None).rest(), all);
}

#[test]
fn the_command_line_watches_a_job_through_a_restart() {
    let setup = Setup { plugins: &["hostile"], ..Setup::default() };
    let server = Home::new().start(&setup);
    let id = submitted(&server.http, &slow(1_500));
    let failed = server.http.post("/v1/jobs", &json!({"provider": "hostile", "model": "panic", "input": []}));
    let failed = failed.expect(201).json()["id"].as_str().expect("an id").to_owned();
    let watched = support::binary::finish(server.command().args(["job", "watch", &id]), b"");
    assert_eq!((watched.code, watched.text()), (0, format!("{id} completed\n")), "{}", watched.stderr);
    let tenths: Vec<&str> = watched.stderr.lines().filter(|line| line.contains(" % ")).collect();
    assert!(tenths.len() > 2, "{}", watched.stderr);
    assert_eq!(tenths.last(), Some(&"100 % done"), "{}", watched.stderr);
    let watched = support::binary::finish(server.command().args(["job", "watch", &failed]), b"");
    assert_eq!(watched.code, 1);
    assert!(watched.stderr.starts_with("error: trap: "), "{}", watched.stderr);
    assert!(watched.stderr.contains(&format!("job {failed} failed")), "{}", watched.stderr);

    // A proxy that can be cut stands for the address that a restarted server comes back to.
    let id = submitted(&server.http, &slow(60_000));
    let door = Door::to(&server.http.url);
    let mut command = server.command();
    command.env("ANALYTE_SERVER", door.url()).args(["job", "watch", &id]);
    let mut watching = ok(command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn(), "the watcher");
    let mut stderr = BufReader::new(watching.stderr.take().expect("stderr"));
    let mut said = String::new();
    while !said.contains(" % ") {
        assert!(ok(stderr.read_line(&mut said), "stderr") > 0, "{said}");
    }
    let home = server.kill();
    let before = door.calls();
    let server = home.start(&setup);
    door.leads_to(&server.http.url);
    eventually("the watcher to come back", || (door.calls() > before).then_some(()));
    server.http.post(&format!("/v1/jobs/{id}/cancel"), &json!({})).expect(200);
    ok(stderr.read_to_string(&mut said), "stderr");
    let status = ok(watching.wait(), "the watcher");
    assert_eq!(status.code(), Some(1), "{said}");
    assert!(said.contains("error: cancelled: "), "{said}");
    let words: Vec<&str> = said.lines().filter(|line| line.contains(" % ")).collect();
    let mut once = words.clone();
    once.dedup();
    assert_eq!(words, once, "shown twice");
}

/// A door to a server: an address that stays while servers come and go.
struct Door {
    listener: std::sync::Arc<std::net::TcpListener>,
    target: std::sync::Arc<std::sync::Mutex<String>>,
    calls: std::sync::Arc<std::sync::atomic::AtomicUsize>,
}

impl Door {
    fn to(url: &str) -> Self {
        let door = Self {
            listener: std::sync::Arc::new(ok(std::net::TcpListener::bind("127.0.0.1:0"), "a free port")),
            target: std::sync::Arc::default(),
            calls: std::sync::Arc::default(),
        };
        door.leads_to(url);
        let (listener, target, calls) = (door.listener.clone(), door.target.clone(), door.calls.clone());
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let address = target.lock().expect("an address").clone();
                // No server is behind the door: the connection of the client that came is closed.
                let Ok(server) = std::net::TcpStream::connect(address) else { continue };
                calls.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
                for (mut from, mut to) in
                    [(ok(client.try_clone(), "a socket"), ok(server.try_clone(), "a socket")), (server, client)]
                {
                    std::thread::spawn(move || {
                        drop(std::io::copy(&mut from, &mut to));
                        drop(to.shutdown(std::net::Shutdown::Both));
                    });
                }
            }
        });
        door
    }

    fn leads_to(&self, url: &str) {
        let address = url.strip_prefix("http://").expect("an address").to_owned();
        *self.target.lock().expect("an address") = address;
    }

    fn url(&self) -> String {
        format!("http://{}", ok(self.listener.local_addr(), "an address"))
    }

    fn calls(&self) -> usize {
        self.calls.load(std::sync::atomic::Ordering::SeqCst)
    }
}
