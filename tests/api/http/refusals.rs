//! What is refused, and in which words.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::{Value, json};

use super::STATISTICS;
use support::http::{Answer, Http};
use support::plugins::plugin;
use support::server::{Server, Setup};
use support::snapshot::assert_snapshot;

/// Every call but two needs a token, and a caller without one learns nothing of what exists.
#[test]
fn every_call_needs_a_token() {
    let server = Server::start();
    let open = Http::new(&server.http.url, "");
    for path in ["/healthz", "/readyz"] {
        open.get(path).expect(200);
    }
    let wrong = Http::new(&server.http.url, "analyte_0000000000000000000000000000000000000000000");
    let mut seen: Vec<Answer> = Vec::new();
    let id = "01890000-0000-7000-8000-000000000000";
    for (method, path) in [
        ("GET", "/v1/providers".to_owned()),
        ("GET", "/v1/providers/x".to_owned()),
        ("PUT", "/v1/providers/x".to_owned()),
        ("DELETE", "/v1/providers/x".to_owned()),
        ("GET", "/v1/providers/x/models".to_owned()),
        ("GET", "/v1/providers/x/models/y".to_owned()),
        ("PUT", "/v1/providers/x/models/y".to_owned()),
        ("POST", "/v1/providers/x/models/y/execute".to_owned()),
        ("POST", "/v1/jobs".to_owned()),
        ("GET", "/v1/jobs".to_owned()),
        ("GET", format!("/v1/jobs/{id}")),
        ("GET", format!("/v1/jobs/{id}/results")),
        ("GET", format!("/v1/jobs/{id}/errors")),
        ("GET", format!("/v1/jobs/{id}/files")),
        ("GET", format!("/v1/jobs/{id}/files/f")),
        ("GET", format!("/v1/jobs/{id}/logs")),
        ("POST", format!("/v1/jobs/{id}/cancel")),
        ("GET", "/openapi.json".to_owned()),
        ("GET", "/no/such/path".to_owned()),
    ] {
        for client in [&open, &wrong] {
            let answer = client.call(method, &path, &[], None).expect(401);
            assert_eq!(answer.json()["code"], "unauthorized", "{method} {path}");
            assert!(answer.header("www-authenticate").starts_with("Bearer"), "{method} {path}");
            seen.push(answer);
        }
    }
    assert!(seen.iter().all(|answer| answer.header("content-type") == "application/problem+json"));
}

/// One request, byte by byte as given; all of the answer.
fn raw(server: &Server, request: &str) -> String {
    let address = server.http.url.trim_start_matches("http://");
    let mut stream = TcpStream::connect(address).expect("a connection");
    stream.set_read_timeout(Some(Duration::from_secs(60))).expect("a timeout");
    stream.write_all(request.as_bytes()).expect("sent");
    let mut answer = Vec::new();
    // The server may cut the connection after its answer.
    drop(stream.read_to_end(&mut answer));
    String::from_utf8_lossy(&answer).into_owned()
}

#[test]
fn the_host_header_must_be_ours() {
    let server = Server::with(&Setup { config: "allowed_hosts = [\"analyte.example\"]\n", ..Setup::default() });
    let token = &server.http.token;
    for (host, status) in [
        ("127.0.0.1:1", "200"),
        ("localhost", "200"),
        ("[::1]:8080", "200"),
        ("127.8.9.1", "200"),
        ("analyte.example", "200"),
        ("evil.example", "403"),
        ("127.0.0.1.evil.example", "403"),
        ("localhost.evil.example:8080", "403"),
    ] {
        let request = format!(
            "GET /v1/jobs HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n\r\n"
        );
        let answer = raw(&server, &request);
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{host}: {answer}");
    }
    let none =
        raw(&server, &format!("GET /v1/jobs HTTP/1.1\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n\r\n"));
    assert!(none.starts_with("HTTP/1.1 4"), "{none}");
}

/// A body that is announced to be too large is refused before it is sent.
#[test]
fn a_body_beyond_the_limit_is_refused_before_it_is_read() {
    let server =
        Server::with(&Setup { config: "[limits]\nbody_bytes = 1000\ncomponent_bytes = 2000\n", ..Setup::default() });
    let token = &server.http.token;
    for (method, path, most) in [("POST", "/v1/jobs", 1_000), ("PUT", "/v1/providers/x", 2_000)] {
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\nContent-Type: {}\r\nConnection: close\r\n",
            if method == "PUT" { "application/wasm" } else { "application/json" }
        );
        // Announced, and never sent: an answer can only come from the header.
        let answer = raw(&server, &format!("{head}Content-Length: 200000000\r\n\r\n"));
        assert!(answer.starts_with("HTTP/1.1 413 ") && answer.contains("too-large"), "{answer}");
        assert!(answer.contains(&most.to_string()), "{answer}");
        // Not announced: refused as soon as it is too long.
        let chunk = format!("{:x}\r\n{}\r\n", 3_000, "x".repeat(3_000));
        let answer = raw(&server, &format!("{head}Transfer-Encoding: chunked\r\n\r\n{chunk}0\r\n\r\n"));
        assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    }
}

/// Members are held against their limits before anything else is said of them: here the provider does not even exist.
#[test]
fn members_beyond_their_limits_are_refused() {
    let server = Server::start();
    let http = &server.http;
    let long = "x".repeat(2_000_000);
    let execute = "/v1/providers/nobody/models/noop/execute";
    assert_eq!(http.post(execute, &json!({"input": []})).expect(404).json()["code"], "not-found");
    for (member, value, detail) in [
        (
            "parameters",
            json!({"x": long}),
            "`/parameters` has 2000008 bytes; 1048576 are allowed (limit parameters_bytes)",
        ),
        ("custom_data", json!(long), "`/custom_data` has 2000002 bytes; 32768 are allowed (limit custom_data_bytes)"),
        ("tags", json!({"x": long}), "`/tags` has 2000008 bytes, more than 64 tags can have (limit tags)"),
        ("provider", json!("x".repeat(5_000)), "`/provider` has 5002 bytes; 4096 are allowed"),
    ] {
        let mut body = json!({"provider": "nobody", "model": "noop", "input": []});
        body[member] = value;
        let problem = http.post("/v1/jobs", &body).expect(413).json();
        assert_eq!(problem["code"], "too-large", "{problem}");
        assert_eq!(problem["detail"], detail);
        assert_eq!(problem["errors"][0]["pointer"], format!("/{member}"));
    }
    let model = fs::read(plugin("scale")).expect("the model");
    http.put("/v1/providers/mine/models/scale", "application/wasm", &model).expect(201);
    let body = json!({"input": [{"value": 1}], "parameters": {"factor": 2, "x": long}});
    let problem = http.post("/v1/providers/mine/models/scale/execute", &body).expect(413).json();
    assert_eq!((&problem["code"], &problem["errors"][0]["pointer"]), (&json!("too-large"), &json!("/parameters")));
}

/// Whatever a client sends: a clear answer. Each line: what was sent, status, code, detail, field errors.
#[test]
fn bad_input_has_clear_answers() {
    let server = Server::with_plugins(&["statistics", "hostile"]);
    let http = &server.http;
    let mut page = String::new();
    let mut note = |what: &str, answer: &Answer| {
        let problem = answer.json();
        assert_eq!(answer.header("content-type"), "application/problem+json", "{what}: {}", answer.text());
        page.push_str(&format!(
            "{what}\n    {} {}: {}\n",
            answer.status,
            problem["code"].as_str().unwrap_or("?"),
            problem["detail"].as_str().unwrap_or("?")
        ));
        for error in problem["errors"].as_array().into_iter().flatten() {
            page.push_str(&format!("    - {error}\n"));
        }
    };
    let job = |changes: Value| {
        let mut body = json!({"provider": "hostile", "model": "noop", "input": [{"value": 1.0}]});
        for (name, value) in changes.as_object().expect("an object") {
            body[name] = value.clone();
        }
        body.to_string()
    };
    let deep = format!("{}{}", "[".repeat(5_000), "]".repeat(5_000));
    let bodies: Vec<(&str, String)> = vec![
        ("empty body", String::new()),
        ("not JSON", "hello".to_owned()),
        ("an array", "[]".to_owned()),
        ("half a body", job(json!({}))[..30].to_owned()),
        ("no provider", r#"{"model":"noop","input":[]}"#.to_owned()),
        ("no input", r#"{"provider":"hostile","model":"noop"}"#.to_owned()),
        ("unknown member", job(json!({"inputs": []}))),
        ("provider twice", r#"{"provider":"hostile","provider":"hostile","model":"noop","input":[]}"#.to_owned()),
        ("unknown provider", job(json!({"provider": "nobody"}))),
        ("unknown model", job(json!({"model": "nothing"}))),
        ("bad provider name", job(json!({"provider": "../etc"}))),
        ("input is text", job(json!({"input": "rows"}))),
        ("input is a number", job(json!({"input": 5}))),
        ("rows are numbers", job(json!({"input": [1, 2]}))),
        ("text for a number", job(json!({"input": [{"value": 1}, {"value": "two"}]}))),
        ("boolean for a number", job(json!({"input": [{"value": true}]}))),
        ("object for a number", job(json!({"input": [{"value": {"a": 1}}]}))),
        ("NaN", r#"{"provider":"hostile","model":"noop","input":[{"value":NaN}]}"#.to_owned()),
        ("number too large for a double", r#"{"provider":"hostile","model":"noop","input":[{"value":1e999}]}"#.to_owned()),
        ("a field twice in a row", r#"{"provider":"hostile","model":"noop","input":[{"value":1,"value":2}]}"#.to_owned()),
        ("ragged columns", job(json!({"input": {"columns": {"value": [1, 2], "other": [1]}}}))),
        ("integer beyond i64", r#"{"provider":"hostile","model":"echo","input":{"dataShape":{"fieldDefinitions":{"n":{"name":"n","baseType":"LONG"}}},"rows":[{"n":9223372036854775808}]}}"#.to_owned()),
        ("fraction for an integer", r#"{"provider":"hostile","model":"echo","input":{"dataShape":{"fieldDefinitions":{"n":{"name":"n","baseType":"INTEGER"}}},"rows":[{"n":1.5}]}}"#.to_owned()),
        ("mixed types in an undeclared column", job(json!({"model": "echo", "input": [{"a": 1}, {"a": "x"}]}))),
        ("deep JSON in a cell", format!(r#"{{"provider":"hostile","model":"echo","input":[{{"a":{deep}}}]}}"#)),
        ("deep JSON as custom data", format!(r#"{{"provider":"hostile","model":"noop","input":[],"custom_data":{deep}}}"#)),
        ("parameters for a model without", job(json!({"parameters": {"x": 1}}))),
        ("parameters are an array", job(json!({"parameters": []}))),
        ("fuel beyond the most", job(json!({"limits": {"fuel": 999_999_999_999_999_u64}}))),
        ("fuel is text", job(json!({"limits": {"fuel": "lots"}}))),
        ("unknown limit", job(json!({"limits": {"disk": 1}}))),
        ("run_at is no time", job(json!({"run_at": "tomorrow"}))),
        ("a tag is a number", job(json!({"tags": {"a": 1}}))),
        ("priority is text", job(json!({"priority": "high"}))),
    ];
    for (what, body) in &bodies {
        let answer = http.call("POST", "/v1/jobs", &[("content-type", "application/json")], Some(body.as_bytes()));
        note(what, &answer);
    }
    let bad_utf8 = b"{\"provider\":\"hostile\",\"model\":\"echo\",\"input\":[{\"a\":\"\xff\"}]}";
    note("bad UTF-8", &http.call("POST", "/v1/jobs", &[("content-type", "application/json")], Some(bad_utf8)));
    note("no content type", &http.call("POST", "/v1/jobs", &[], Some(b"{}")));
    note("another content type", &http.call("POST", "/v1/jobs", &[("content-type", "text/plain")], Some(b"{}")));

    let regression = format!("{STATISTICS}/linear-regression/execute");
    let execute = |query: &str, kind: &str, body: &[u8]| {
        http.call("POST", &format!("{regression}{query}"), &[("content-type", kind)], Some(body))
    };
    let csv = "text/csv";
    note("a required parameter is missing", &execute("", csv, b"x,y\n1,2\n"));
    note("a parameter names no column", &execute("?response=z", csv, b"x,y\n1,2\n2,3\n3,5\n"));
    note("CSV: a row is too long", &execute("?response=y", csv, b"x,y\n1,2,3\n"));
    note("CSV: a name twice", &execute("?response=y", csv, b"x,x\n1,2\n"));
    note("CSV: no rows", &execute("?response=y", csv, b"x,y\n"));
    note("CSV: nothing at all", &execute("?response=y", csv, b""));
    note("CSV: infinity in the data", &execute("?response=y", csv, b"x,y\n1,2\n2,inf\n3,4\n4,5\n"));
    note("rank-deficient data", &execute("?response=y", csv, b"x,z,y\n1,2,2\n2,4,3\n3,6,5\n4,8,9\n5,10,3\n"));
    let noop = |body: &[u8]| {
        http.call("POST", "/v1/providers/hostile/models/noop/execute", &[("content-type", csv)], Some(body))
    };
    note("CSV: text for a number", &noop(b"value\n1\nabc\n"));
    let arrow = "application/vnd.apache.arrow.stream";
    note("Arrow: nothing", &execute("?response=y", arrow, b""));
    note("Arrow: noise", &execute("?response=y", arrow, &[0xff; 64]));
    note("unknown job", &http.get("/v1/jobs/01890000-0000-7000-8000-000000000000"));
    note("a job id that is none", &http.get("/v1/jobs/17"));
    note("unknown path", &http.get("/v1/nothing"));
    note("wrong method", &http.call("PATCH", "/v1/jobs", &[], None));
    note("list: unknown status", &http.get("/v1/jobs?status=done"));
    note("list: bad cursor", &http.get("/v1/jobs?cursor=!!"));
    note("a component that is none", &http.put("/v1/providers/x", "application/wasm", b"hello"));
    note("a component as JSON", &http.put("/v1/providers/x", "application/json", b"{}"));
    assert_snapshot("bad-input.txt", &page);

    // And nothing was harmed.
    assert_eq!(http.get("/v1/jobs").expect(200).json()["jobs"], json!([]));
    http.get("/readyz").expect(200);
}

/// An Arrow stream cut at any place, or with any byte changed, is answered; the server goes on.
#[test]
fn damaged_arrow_streams_are_answered() {
    let server = Server::with_plugins(&["hostile"]);
    let http = &server.http;
    let path = "/v1/providers/hostile/models/echo/execute";
    let arrow = "application/vnd.apache.arrow.stream";
    let rows = json!([{"a": 1.5, "b": "x"}, {"a": null, "b": "yy"}, {"a": 3.5, "b": null}]);
    let headers = [("content-type", "application/json"), ("accept", arrow)];
    let whole = http.call("POST", path, &headers, Some(rows.to_string().as_bytes())).expect(200).body;
    let send = |bytes: &[u8]| {
        http.call("POST", path, &[("content-type", arrow), ("accept", "application/json")], Some(bytes)).status
    };
    assert_eq!(send(&whole), 200);
    for length in (0..whole.len()).step_by(37) {
        let status = send(&whole[..length]);
        assert!([200, 400, 422].contains(&status), "cut at {length}: {status}");
    }
    for place in (0..whole.len()).step_by(11) {
        let mut changed = whole.clone();
        changed[place] ^= 0xff;
        let status = send(&changed);
        assert!([200, 400, 413, 422].contains(&status), "changed at {place}: {status}");
    }
    http.get("/healthz").expect(200);
}
