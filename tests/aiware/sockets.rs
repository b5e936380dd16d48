//! The WebSocket: a client of another make follows jobs and tasks.

#![expect(clippy::panic, reason = "tests fail by panicking")]

use std::io::{ErrorKind, Read as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use support::eventually;
use support::http::Http;
use support::server::{Server, Setup};
use tungstenite::protocol::frame::coding::CloseCode;
use tungstenite::{Error, Message, WebSocket};

use super::{ONE_AT_A_TIME, detail, later, made, one_at_a_time, post, reaches, simple, stranger, task, token};

/// How long a test waits for a message.
const PATIENCE: Duration = Duration::from_secs(60);

/// A client.
struct Socket(WebSocket<TcpStream>);

impl Socket {
    fn open(http: &Http) -> Self {
        Self::try_open(http, &format!("?token={}", http.token)).expect("a socket")
    }

    fn try_open(http: &Http, query: &str) -> Result<Self, u16> {
        let host = http.url.strip_prefix("http://").expect("an address");
        let stream = TcpStream::connect(host).expect("a connection");
        stream.set_read_timeout(Some(PATIENCE)).expect("a time");
        match tungstenite::client(format!("ws://{host}/edge/v1/client/ws{query}"), stream) {
            Ok((socket, _)) => Ok(Self(socket)),
            Err(tungstenite::HandshakeError::Failure(Error::Http(answer))) => Err(answer.status().as_u16()),
            Err(other) => panic!("{other}"),
        }
    }

    fn say(&mut self, message: &Value) {
        self.0.send(Message::text(message.to_string())).expect("sent");
    }

    /// The next message.
    fn next(&mut self) -> Value {
        loop {
            match self.0.read().expect("a message") {
                Message::Text(text) => return serde_json::from_str(text.as_str()).expect("JSON"),
                Message::Ping(_) | Message::Pong(_) => {}
                other => panic!("{other:?}"),
            }
        }
    }

    fn ack(&mut self, message: &Value) -> String {
        self.say(message);
        let ack = self.next();
        assert_eq!(ack["msgType"], "ack", "{ack}");
        for member in ["jobID", "taskID"] {
            assert_eq!(ack[member], message[member], "{ack}");
        }
        assert!(ack["timestamp"].as_str().is_some_and(|at| at.ends_with('Z')), "{ack}");
        ack["status"].as_str().expect("a status").to_owned()
    }

    fn subscribe(&mut self, member: &str, id: &str) {
        assert_eq!(self.ack(&json!({"msgType": "subscribe", member: id})), "OK");
    }

    /// With which code the server ends it.
    fn end(&mut self) -> (CloseCode, String) {
        loop {
            match self.0.read() {
                Ok(Message::Close(Some(frame))) => return (frame.code, frame.reason.as_str().to_owned()),
                Ok(Message::Close(None)) | Err(Error::ConnectionClosed) => panic!("no code"),
                Ok(_) => {}
                Err(error) => panic!("{error}"),
            }
        }
    }
}

/// A message without its time.
fn bare(mut message: Value) -> Value {
    message.as_object_mut().expect("an object").remove("timestamp").expect("a time");
    message
}

#[test]
fn a_client_learns_of_each_final_state_once() {
    let server = one_at_a_time();
    let http = &server.http;
    let mut socket = Socket::open(http);
    let blocking = made(http, &super::endless());
    reaches(http, &blocking, "running");
    let failing = task(&json!({"input": [{"value": 1}], "deed": "error"}), &json!({"correlationTaskId": "b"}));
    let job = json!({"tasks": [
        task(&json!({"input": [{"value": 21}]}), &json!({"correlationTaskId": "a"})), failing,
        task(&Value::Null, &json!({"correlationTaskId": "c"})),
    ], "taskRoutes": [{"taskChildId": "a"}, {"taskChildId": "b"}, {"taskParentId": "b", "taskChildId": "c"}]});
    let job = made(http, &job);
    let shown = detail(http, &job);
    let id = |place: usize| shown["tasks"][place]["internalTaskID"].clone();
    socket.subscribe("jobID", shown["coreJobID"].as_str().expect("an id"));
    socket.subscribe("taskID", shown["tasks"][0]["coreTaskID"].as_str().expect("an id"));
    http.post(&format!("/v1/jobs/{blocking}/cancel"), &json!({})).expect(200);
    let mut news: Vec<Value> = (0..6).map(|_| bare(socket.next())).collect();
    let output = |message: &Value| message["msgType"] == "taskOutput";
    let text =
        news.iter().find(|message| output(message)).expect("an output")["text"].as_str().expect("a text").to_owned();
    assert!(text.contains("42"), "{text}");
    let of_a = json!({"msgType": "taskOutput", "taskID": id(0), "jobID": job, "chunkID": "result.json", "text": text,
        "contentsValid": true});
    let complete = json!({"msgType": "taskStatus", "taskID": id(0), "jobID": job, "status": "complete"});
    let failed = json!({"msgType": "taskStatus", "taskID": id(1), "jobID": job, "status": "failed",
        "failureCode": "analysis-error", "failureReason": "unknown"});
    let aborted = json!({"msgType": "taskStatus", "taskID": id(2), "jobID": job, "status": "aborted",
        "failureCode": "parent-failed", "failureReason": "scheduling"});
    let first = news.iter().position(|message| *message == complete).expect("complete");
    assert!(news.iter().position(output).expect("an output") < first, "{news:#?}");
    let mut expected = vec![of_a.clone(), of_a, complete.clone(), complete, failed.clone(), aborted.clone()];
    let by_text = |message: &Value| message.to_string();
    news.sort_by_key(by_text);
    expected.sort_by_key(by_text);
    assert_eq!(news, expected);
    // Nothing came twice; a client that comes late learns of all of it.
    let mut late = Socket::open(http);
    late.subscribe("jobID", &job);
    let news: Vec<Value> = (0..4).map(|_| bare(late.next())).collect();
    assert_eq!(news[2..], [failed, aborted]);
}

#[test]
fn what_was_unsubscribed_is_silent() {
    let server = one_at_a_time();
    let http = &server.http;
    let mut socket = Socket::open(http);
    let (one, other) = (made(http, &later()), made(http, &later()));
    for job in [&one, &other, &other] {
        socket.subscribe("jobID", job);
    }
    assert_eq!(socket.ack(&json!({"msgType": "unsubscribe", "jobID": one})), "OK");
    assert_eq!(socket.ack(&json!({"msgType": "unsubscribe", "jobID": one})), "there is no such subscription");
    for job in [&one, &other] {
        super::cancel(http, &json!({"jobID": job})).expect(200);
    }
    let news = bare(socket.next());
    assert_eq!((&news["jobID"], &news["status"]), (&json!(other), &json!("aborted")));
    // Nothing else stands before the answer to this.
    assert!(socket.ack(&json!({"msgType": "subscribe"})).contains("either `taskID` or `jobID`"));
}

#[test]
fn each_fault_of_a_message_is_said_and_the_socket_goes_on() {
    let config = "[limits]\nsocket_subscriptions = 2\nsocket_message_bytes = 1000\n";
    let server = Server::with(&Setup { plugins: &["rows"], config, ..Setup::default() });
    let http = &server.http;
    let other = stranger(&server);
    let job = made(http, &later());
    let theirs = made(&other, &later());
    let mut socket = Socket::open(http);
    for (message, why) in [
        (json!({"msgType": "subscribe", "jobID": theirs}), "there is no job"),
        (json!({"msgType": "subscribe", "taskID": "x"}), "there is no task `x`"),
        (json!({"msgType": "subscribe", "jobID": job, "taskID": "x"}), "say either"),
        (json!({"msgType": "follow", "jobID": job}), "`msgType` must be"),
        (json!({"msgType": "subscribe", "jobID": job, "token": "no"}), "the token is not valid"),
        (json!({"msgType": "subscribe", "jobID": job, "token": other.token}), "of another organisation"),
    ] {
        let said = socket.ack(&message);
        assert!(said.contains(why), "{why}: {said}");
    }
    for (text, why) in
        [("", "is not JSON"), ("{", "is not JSON"), ("[1]", "expected"), (r#"{"a":1}"#, "`/a` is not known here")]
    {
        socket.0.send(Message::text(text)).expect("sent");
        let ack = socket.next();
        assert!(ack["status"].as_str().is_some_and(|said| said.contains(why)), "{why}: {ack}");
    }
    assert_eq!(socket.ack(&json!({"msgType": "subscribe", "jobID": job, "token": http.token})), "OK");
    socket.subscribe("jobID", &made(http, &later()));
    let third = made(http, &later());
    let why = "the socket has 2 subscriptions, and 2 are allowed (limit socket_subscriptions)";
    assert_eq!(socket.ack(&json!({"msgType": "subscribe", "jobID": third})), why);
    socket.say(&json!({"msgType": "x".repeat(1_000)}));
    assert_eq!(socket.end(), (CloseCode::Size, "the message is too long (limit socket_message_bytes)".to_owned()));
    let mut binary = Socket::open(http);
    binary.0.send(Message::binary(vec![0xFF])).expect("sent");
    assert_eq!(binary.end(), (CloseCode::Unsupported, "messages are JSON as text".to_owned()));
}

#[test]
fn who_may_open_a_socket() {
    let server = one_at_a_time();
    let http = &server.http;
    let open = |query: &str| Socket::try_open(http, query).map(|_| ()).err();
    assert_eq!(open(&format!("?token={}", http.token)), None);
    assert_eq!(open(&format!("?TOKEN={}", http.token)), None);
    for nothing in ["", "?token=", "?token=null", "?token=analyte_0"] {
        assert_eq!(open(nothing), Some(401), "{nothing}");
    }
    assert_eq!(open(&format!("?token={}&colour=red", http.token)), Some(400));
    let writer = token(http, "default", &["jobs:write"]);
    assert_eq!(open(&format!("?token={}", writer.token)), Some(403));
    // In a header, and not as a WebSocket.
    for (headers, why) in [
        (vec![], "this address is a WebSocket"),
        (vec![("connection", "upgrade"), ("upgrade", "websocket")], "`Sec-WebSocket-Version` must be `13`"),
        (
            vec![("connection", "upgrade"), ("upgrade", "websocket"), ("sec-websocket-version", "13")],
            "`Sec-WebSocket-Key` is missing",
        ),
    ] {
        let answer = http.call("GET", "/edge/v1/client/ws", &headers, None).expect(400).json();
        assert!(answer["detail"].as_str().is_some_and(|said| said.contains(why)), "{answer}");
    }
    http.call("POST", "/edge/v1/client/ws", &[], Some(b"{}")).expect(405);
}

#[test]
fn a_token_is_in_no_log_and_its_end_ends_the_socket() {
    let config = format!("{ONE_AT_A_TIME}event_silence_ms = 200\n");
    let variables = &[("ANALYTE_LOG", "trace")];
    let server = Server::with(&Setup { plugins: &["rows"], config: &config, variables, ..Setup::default() });
    let admin = &server.http;
    let new = json!({"token": {"userID": "a follower", "roleIDs": ["jobs:read"]}});
    let made_token = post(admin, "admin/tokens/create", &new).expect(200).json()["result"].clone();
    let reader = Http::new(&admin.url, made_token["token"].as_str().expect("a secret"));
    let mut socket = Socket::open(&reader);
    let job = made(admin, &later());
    socket.subscribe("jobID", &job);
    // A login is as good, and ends with its token.
    let login = json!({"username": "a follower", "password": reader.token});
    let login = post(admin, "admin/users/login", &login).expect(200).json();
    let login = Http::new(&admin.url, login["token"].as_str().expect("a secret"));
    let mut of_login = Socket::open(&login);
    of_login.subscribe("jobID", &job);
    admin.delete(&format!("/v1/tokens/{}", made_token["tokenID"].as_str().expect("an id"))).expect(200);
    for mut socket in [socket, of_login] {
        assert_eq!(socket.end(), (CloseCode::Policy, "the token is not valid any more".to_owned()));
    }
    let metrics = admin.get("/metrics").expect(200).text();
    let (_, log, _) = server.terminate();
    for secret in [&reader.token, &login.token] {
        assert!(!log.contains(secret.as_str()) && !metrics.contains(secret.as_str()), "a secret is in the log");
    }
}

#[test]
fn a_server_that_stops_says_so() {
    let server = one_at_a_time();
    let mut socket = Socket::open(&server.http);
    socket.subscribe("jobID", &made(&server.http, &later()));
    support::server::signal(server.id(), "TERM");
    assert_eq!(socket.end(), (CloseCode::Away, "the server is stopping".to_owned()));
}

#[test]
fn floods_and_silent_peers_are_let_go_of() {
    let config = "[limits]\nevent_silence_ms = 100\nsocket_idle_ms = 1000\nwrite_idle_ms = 1000\n";
    let server = Server::with(&Setup { plugins: &["rows"], config, ..Setup::default() });
    let http = &server.http;
    // A client that answers no pings: it does not read.
    let mut silent = Socket::open(http);
    let before = Instant::now();
    eventually("the silent client to be let go of", || {
        (http.get("/metrics").expect(200).text().contains("analyte_http_connections 1\n")).then_some(())
    });
    assert!(before.elapsed() >= Duration::from_millis(900), "{:?}", before.elapsed());
    // As it lies there: to answer a ping now would fail.
    let mut left = Vec::new();
    silent.0.get_mut().read_to_end(&mut left).expect("all that was sent");
    assert!(String::from_utf8_lossy(&left).ends_with("nothing was heard of you (limit socket_idle_ms)"), "{left:?}");
    // A client that says much and takes nothing is cut.
    let mut flood = Socket::open(http);
    let message = json!({"msgType": "subscribe", "jobID": "x".repeat(500)}).to_string();
    let cut = (0..10_000_000).find_map(|_| flood.0.send(Message::text(message.clone())).err()).expect("an end");
    assert!(
        matches!(&cut, Error::Io(error) if error.kind() != ErrorKind::WouldBlock)
            || matches!(&cut, Error::ConnectionClosed),
        "{cut:?}"
    );
    // Another organisation's calls go on as ever.
    stranger(&server).get("/edge/v1/proc/jobs").expect(200);
}

#[test]
fn a_token_that_makes_too_many_calls_is_asked_to_wait() {
    let server = one_at_a_time();
    let admin = &server.http;
    let new = json!({"label": "slow", "organisation": "default", "rights": ["jobs:read"], "requests_per_second": 5});
    let secret = admin.post("/v1/tokens", &new).expect(201).json();
    let slow = Http::new(&admin.url, secret["secret"].as_str().expect("a secret"));
    let mut socket = Socket::open(&slow);
    for _ in 0..50 {
        socket.say(&json!({"msgType": "subscribe", "jobID": "x"}));
    }
    let said: Vec<String> = (0..50).map(|_| socket.next()["status"].as_str().expect("a status").to_owned()).collect();
    assert!(said.iter().any(|said| said.contains("there is no job")), "{said:?}");
    assert!(said.iter().any(|said| said.contains("requests_per_second") || said.contains("a second")), "{said:?}");
}

#[test]
fn a_thousand_clients_follow_one_job() {
    let server = one_at_a_time();
    let http = &server.http;
    let blocking = made(http, &super::endless());
    reaches(http, &blocking, "running");
    let job = made(http, &simple());
    let resident = || {
        let status = std::fs::read_to_string(format!("/proc/{}/status", server.id())).expect("a process");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("its memory");
        line.trim().trim_end_matches(" kB").parse::<u64>().expect("a number")
    };
    let before = resident();
    let mut sockets: Vec<Socket> = (0..1_000).map(|_| Socket::open(http)).collect();
    for socket in &mut sockets {
        socket.subscribe("jobID", &job);
    }
    let each = resident().saturating_sub(before) / 1_000;
    assert!(each < 64, "a follower takes {each} KiB");
    let begun = Instant::now();
    http.post(&format!("/v1/jobs/{blocking}/cancel"), &json!({})).expect(200);
    for socket in &mut sockets {
        assert_eq!(socket.next()["msgType"], "taskOutput");
        assert_eq!(socket.next()["status"], "complete");
    }
    eprintln!("a follower takes {each} KiB; all 1,000 knew of the end after {:?}", begun.elapsed());
}
