//! Odd clients: slow, silent, greedy, or many. Each gets what it may have, and meanwhile others are served.

#![expect(clippy::expect_used, clippy::indexing_slicing, reason = "tests fail by panicking; JSON values index to null")]
#![expect(clippy::print_stdout, reason = "says what was measured")]

use std::fs;
use std::time::Duration;

use serde_json::{Value, json};

mod streams;
use support::eventually;
use support::http::Http;
use support::probe::Probe;
use support::raw::{End, Raw, head};
use support::server::{Server, Setup};

/// Limits that are reached soon.
const IMPATIENT: &str = "[limits]\nfree_disk_bytes = 0\nhead_ms = 500\nbody_idle_ms = 500\n";
/// What a busy machine may add to them.
const SLACK: Duration = Duration::from_secs(10);

fn impatient() -> Server {
    Server::with(&Setup { config: IMPATIENT, ..Setup::default() })
}

fn noop(number: u64) -> String {
    json!({"provider": "hostile", "model": "noop", "input": [{"value": 1}], "custom_data": number}).to_string()
}

/// A number of `/proc/PID/status`, in KiB.
fn memory_kib(server: &Server, what: &str) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", server.id())).expect("the process");
    let line = status.lines().find_map(|line| line.strip_prefix(what)).expect("the line");
    line.trim_start_matches(':').trim().trim_end_matches(" kB").parse().expect("a number")
}

/// How many connections the server has open.
fn sockets(server: &Server) -> usize {
    let descriptors = fs::read_dir(format!("/proc/{}/fd", server.id())).expect("the process");
    let targets = descriptors.filter_map(|entry| fs::read_link(entry.ok()?.path()).ok());
    targets.filter(|target| target.to_string_lossy().starts_with("socket:")).count()
}

#[test]
fn requests_may_come_in_single_bytes() {
    let server = Server::with_plugins(&["hostile"]);
    let probe = Probe::start(&server.http);
    let mut clients: Vec<(Raw, Vec<u8>)> = (0..16)
        .map(|number| {
            let body = noop(number);
            let head =
                head(&server.http, "POST", "/v1/jobs") + "content-type: application/json\r\nconnection: close\r\n";
            let request = if number % 2 == 0 {
                format!("{head}content-length: {}\r\n\r\n{body}", body.len())
            } else {
                // Chunks of a single byte, too.
                let chunks: String = body.chars().map(|byte| format!("1\r\n{byte}\r\n")).collect();
                format!("{head}transfer-encoding: chunked\r\n\r\n{chunks}0\r\n\r\n")
            };
            (Raw::connect(&server.http), request.into_bytes())
        })
        .collect();
    let longest = clients.iter().map(|(_, request)| request.len()).max().unwrap_or(0);
    for place in 0..longest {
        for (client, request) in &mut clients {
            if let Some(byte) = request.get(place) {
                assert_eq!(client.send([*byte]), End::Open, "after {place} bytes: {}", client.text());
            }
        }
    }
    for (number, (client, _)) in clients.iter_mut().enumerate() {
        client.until_closed();
        let text = client.text();
        assert!(text.starts_with("HTTP/1.1 201 "), "{text}");
        let job: Value = serde_json::from_str(text.split("\r\n\r\n").nth(1).expect("a body")).expect("JSON");
        assert_eq!(job["custom_data"], number, "{job}");
    }
    probe.is_served();
}

#[test]
fn silent_connections_give_their_places_back() {
    // Fewer places than there are silent clients: others come in when the first of these have gone.
    let config = format!("{IMPATIENT}connections = 32\n");
    let server = Server::with(&Setup { config: &config, ..Setup::default() });
    let mut silent: Vec<Raw> = (0..48).map(|_| Raw::connect(&server.http)).collect();
    // Some vanish in the middle of a head, or after an answer.
    for (number, client) in silent.iter_mut().enumerate() {
        match number % 3 {
            0 => {}
            1 => assert_eq!(client.send("GET /healthz HTT"), End::Open),
            _ => assert_eq!(client.send("GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n"), End::Open),
        }
    }
    // They keep their sockets, and say nothing more.
    Probe::start(&server.http).is_served_within(SLACK);
    for client in &mut silent {
        client.until_closed();
    }
    Probe::start(&server.http).is_served();
}

#[test]
fn slow_requests_are_cut() {
    let server = impatient();
    let probe = Probe::start(&server.http);
    // A head that never ends.
    let mut slow = Raw::connect(&server.http);
    slow.send(head(&server.http, "GET", "/v1/jobs"));
    let took = slow.drip(b"x");
    assert!(took < SLACK, "{took:?}");
    // The second one on a connection.
    let mut slow = Raw::connect(&server.http);
    slow.send(head(&server.http, "GET", "/v1/jobs") + "\r\n");
    slow.until_said("HTTP/1.1 200 OK", 1);
    slow.send("GET /v1/jobs HTTP/1.1\r\nhost: ");
    let took = slow.drip(b"l");
    assert!(took < SLACK, "{took:?}");
    // A body that stops in the middle, with its length said and in chunks.
    for (length, piece) in [("content-length: 1000", "{\"provider\":"), ("transfer-encoding: chunked", "5\r\n{\"pro")] {
        let mut stopped = Raw::connect(&server.http);
        stopped.send(head(&server.http, "POST", "/v1/jobs"));
        stopped.send(format!("content-type: application/json\r\n{length}\r\n\r\n{piece}"));
        stopped.until_said("HTTP/1.1 408 ", 1);
        let took = stopped.until_closed();
        assert!(took < SLACK, "{took:?}");
        assert!(stopped.text().contains(r#""code":"malformed""#), "{}", stopped.text());
    }
    probe.is_served();
}

#[test]
fn floods_of_headers_are_refused() {
    let server = impatient();
    let probe = Probe::start(&server.http);
    let many: String = (0..200).map(|number| format!("x-{number}: y\r\n")).collect();
    let long = format!("x: {}\r\n", "y".repeat(100_000));
    for flood in [many, long] {
        let mut client = Raw::connect(&server.http);
        client.send(head(&server.http, "GET", "/v1/jobs") + &flood + "\r\n");
        client.until_closed();
        assert!(client.text().starts_with("HTTP/1.1 431 "), "{}", client.text());
    }
    // Those that never stop are not kept in memory.
    let before = memory_kib(&server, "VmRSS");
    for flood in ["x: y\r\n".repeat(1_000), "y".repeat(10_000)] {
        let mut clients: Vec<Raw> = (0..20).map(|_| Raw::connect(&server.http)).collect();
        for client in &mut clients {
            client.send(head(&server.http, "GET", "/v1/jobs") + "x: ");
            client.drip(flood.as_bytes());
        }
    }
    let grown = memory_kib(&server, "VmRSS").saturating_sub(before);
    assert!(grown < 64 * 1024, "{grown} KiB more");
    probe.is_served();
}

#[test]
fn requests_may_be_sent_before_the_answers_came() {
    let server = impatient();
    let probe = Probe::start(&server.http);
    let asked: String = (0..300)
        .map(|number| head(&server.http, "GET", &format!("/v1/providers/p{number}")) + "\r\n")
        .chain([head(&server.http, "GET", "/v1/providers") + "connection: close\r\n\r\n"])
        .collect();
    let mut client = Raw::connect(&server.http);
    client.send(asked);
    client.until_closed();
    let text = client.text();
    assert_eq!(text.matches("HTTP/1.1 404 ").count(), 300, "{text}");
    // In the order in which they were asked for.
    let mut rest = text.as_str();
    for number in 0..300 {
        let place = rest.find(&format!("`p{number}`"));
        assert!(place.is_some(), "no answer for p{number} in {rest}");
        rest = &rest[place.unwrap_or(0)..];
    }
    assert!(rest.contains("HTTP/1.1 200 OK"), "{rest}");
    probe.is_served();
}

/// Calls that are answered without a look at their bodies: method and address, more of the head, status.
fn unread(http: &Http) -> Vec<(String, u16)> {
    let stranger = Http::new(&http.url, "");
    let json = "content-type: application/json\r\n";
    vec![
        (head(http, "DELETE", "/v1/providers/nobody"), 404),
        (head(http, "POST", "/v1/jobs") + "content-type: text/plain\r\n", 415),
        (head(&stranger, "POST", "/v1/jobs") + json, 401),
        (head(http, "POST", "/v1/jobs").replace("localhost", "elsewhere.example") + json, 403),
        (head(http, "POST", "/Thingworx/Resources/X/Services/Y") + "content-type: text/plain\r\n", 403),
    ]
}

#[test]
fn a_connection_outlasts_calls_that_are_refused_over_small_bodies() {
    let server = Server::start();
    let mut client = Raw::connect(&server.http);
    for (count, (refused, status)) in unread(&server.http).into_iter().enumerate() {
        for (length, pieces) in [
            ("content-length: 10", ["12345", "67890"]),
            ("transfer-encoding: chunked", ["5\r\n123", "45\r\n0\r\n\r\n"]),
        ] {
            client.said.clear();
            client.send(format!("{refused}{length}\r\n\r\n{}", pieces[0]));
            // A server that does not wait for the rest has answered by now.
            client.look();
            client.send(pieces[1]);
            client.send(head(&server.http, "GET", &format!("/v1/providers/p{count}")) + "\r\n");
            client.until_said(&format!("`p{count}`"), 1);
            let said = client.text();
            assert!(said.starts_with(&format!("HTTP/1.1 {status} ")), "{refused}{said}");
            assert!(!said.contains("connection: close"), "{refused}{said}");
        }
    }
}

#[test]
fn over_other_bodies_the_answer_says_that_the_connection_ends() {
    let server = Server::start();
    let mebibyte = "x".repeat(1024 * 1024);
    for (refused, status) in unread(&server.http) {
        for rest in [
            format!("content-length: {}\r\n\r\n{mebibyte}", mebibyte.len()),
            format!("transfer-encoding: chunked\r\n\r\n{:x}\r\n{mebibyte}\r\n0\r\n\r\n", mebibyte.len()),
            // The rest never comes.
            "content-length: 10\r\n\r\n12345".to_owned(),
            "transfer-encoding: chunked\r\n\r\n5\r\n123".to_owned(),
            // It comes only when it is asked for.
            "expect: 100-continue\r\ncontent-length: 10\r\n\r\n".to_owned(),
        ] {
            let mut client = Raw::connect(&server.http);
            client.send(format!("{refused}{rest}"));
            client.until_closed();
            let said = client.text();
            let closed = said.starts_with(&format!("HTTP/1.1 {status} ")) && said.contains("\r\nconnection: close\r\n");
            assert!(closed, "{refused}{}: {said}", &rest[..40]);
        }
    }
}

#[test]
fn answers_that_nobody_reads_are_given_up() {
    let config = format!("{IMPATIENT}write_idle_ms = 500\n");
    let server = Server::with(&Setup { config: &config, ..Setup::default() });
    let probe = Probe::start(&server.http);
    let answer = server.http.get("/openapi.json").expect(200).body.len();
    // More than the system takes in between.
    let requests = 64 * 1024 * 1024 / answer;
    let mut clients: Vec<Raw> = (0..4).map(|_| Raw::connect(&server.http)).collect();
    for client in &mut clients {
        let one = head(&server.http, "GET", "/openapi.json") + "\r\n";
        // All of it fits into the server's socket buffers, or the server has given up before.
        client.send(one.repeat(requests));
    }
    probe.is_served();
    drop(probe);
    // Nothing was read so far; only the listening socket and the runtime's own remain.
    let idle = sockets(&impatient());
    eventually("the server to close", || (sockets(&server) <= idle).then_some(()));
    for client in &mut clients {
        client.until_closed();
        let got = client.said.len();
        assert!(got < answer * requests, "all {got} bytes arrived");
    }
}
