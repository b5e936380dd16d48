//! HTTP sessions: who gets one, what its cookie allows, and what forged or foreign ones come to.

use serde_json::json;

use super::{JSON, bare, service, token};
use support::http::Answer;
use support::server::{Server, Setup};

const ACCEPT: (&str, &str) = ("accept", "application/json");

fn ask(server: &Server, name: &str, headers: &[(&str, &str)]) -> Answer {
    let headers: Vec<_> = [JSON, ACCEPT].into_iter().chain(headers.iter().copied()).collect();
    bare(server).call("POST", &service(name), &headers, None)
}

/// `JSESSIONID=…` out of an answer.
fn cookie(answer: &Answer) -> String {
    let line = answer.header("set-cookie");
    let (pair, rest) = line.split_once(';').unwrap_or_default();
    assert!(pair.starts_with("JSESSIONID=") && pair.len() > 40, "{line}");
    assert_eq!(rest.trim(), "Path=/Thingworx; HttpOnly; SameSite=Strict");
    pair.to_owned()
}

fn is_stateful(server: &Server, headers: &[(&str, &str)]) -> bool {
    let table = ask(server, "IsStatefulSession", headers).expect(200).json();
    table["rows"][0]["result"].as_bool().expect("a boolean")
}

#[test]
fn a_key_makes_no_session_unless_one_is_asked_for() {
    let server = Server::start();
    let key = ("appKey", server.http.token.as_str());
    assert_eq!(ask(&server, "IsStatefulSession", &[key]).expect(200).header("set-cookie"), "");
    let denied = ask(&server, "IsStatefulSession", &[key, ("x-thingworx-session", "false")]).expect(200);
    assert_eq!(denied.header("set-cookie"), "");
    let opened = ask(&server, "IsStatefulSession", &[key, ("x-thingworx-session", "true")]).expect(200);
    let own = cookie(&opened);
    // From here on the cookie is enough, and no second session is opened.
    let again = ask(&server, "IsStatefulSession", &[("cookie", &own), ("x-thingworx-session", "true")]).expect(200);
    assert_eq!(again.header("set-cookie"), "");
    let in_address = format!("{}?x-thingworx-session=true", service("IsStatefulSession"));
    let opened = bare(&server).call("POST", &in_address, &[key, JSON, ACCEPT], None).expect(200);
    assert_ne!(cookie(&opened), own);
    // A client that the server refuses gets none.
    let refused =
        ask(&server, "IsStatefulSession", &[("appKey", "wrong"), ("x-thingworx-session", "true")]).expect(401);
    assert_eq!(refused.header("set-cookie"), "");
}

#[test]
fn foreign_pages_and_wrong_addresses_open_no_session() {
    let server = Server::start();
    let headers = [("appKey", server.http.token.as_str()), ACCEPT, JSON, ("x-thingworx-session", "true")];
    let asked = |method: &str, path: &str, more: &[(&str, &str)]| {
        let headers: Vec<_> = headers.iter().chain(more).copied().collect();
        let answer = bare(&server).call(method, path, &headers, None);
        (answer.status, !answer.header("set-cookie").is_empty())
    };
    let call = service("IsStatefulSession");
    for (site, opened) in [("same-origin", true), ("none", true), ("same-site", false), ("cross-site", false)] {
        assert_eq!(asked("POST", &call, &[("sec-fetch-site", site)]), (200, opened), "{site}");
    }
    for (method, path, expected) in [
        ("GET", super::JOBS.to_owned(), (200, true)),
        ("GET", format!("{}/Metadata", super::JOBS), (200, true)),
        ("POST", service("Nothing"), (404, false)),
        ("GET", call, (405, false)),
        ("GET", "/Thingworx/Resources".to_owned(), (200, false)),
        ("GET", "/Thingworx/Resources/Nothing".to_owned(), (404, false)),
        ("GET", "/Thingworx/Nothing/Nothing/Metadata".to_owned(), (404, false)),
        ("GET", "/Thingworx/nowhere/at/all/is/it".to_owned(), (404, false)),
    ] {
        assert_eq!(asked(method, &path, &[]), expected, "{method} {path}");
    }
}

#[test]
fn a_stateful_session_is_one_clients_own() {
    let server = Server::start();
    let key = ("appKey", server.http.token.as_str());
    // Without a session one is opened for it.
    let started = ask(&server, "StartStatefulSession", &[key]).expect(200);
    assert_eq!(started.body, b"");
    let own = cookie(&started);
    assert!(is_stateful(&server, &[("cookie", &own)]));
    assert!(is_stateful(&server, &[key, ("cookie", &own)]));
    assert!(!is_stateful(&server, &[key]));
    assert_eq!(ask(&server, "StartStatefulSession", &[("cookie", &own)]).expect(200).header("set-cookie"), "");
    for _ in 0..2 {
        ask(&server, "EndStatefulSession", &[("cookie", &own)]).expect(200);
        assert!(!is_stateful(&server, &[("cookie", &own)]));
    }
}

#[test]
fn cookies_that_are_forged_foreign_or_over_open_nothing() {
    let server = Server::start();
    let key = ("appKey", server.http.token.as_str());
    let (id, other) = token(&server, "other", &["jobs:read", "jobs:write"]);
    let theirs = cookie(&ask(&server, "StartStatefulSession", &[("appKey", &other)]).expect(200));
    // Beside a key, the session of another token is none; nor is one that never was.
    assert!(!is_stateful(&server, &[key, ("cookie", &theirs)]));
    let forged = format!("JSESSIONID={}", "0".repeat(64));
    assert!(!is_stateful(&server, &[key, ("cookie", &forged)]));
    // Alone they come to nothing.
    for bad in [forged.as_str(), "JSESSIONID=", "JSESSIONID=..%2F..", "other=1"] {
        ask(&server, "IsStatefulSession", &[("cookie", bad)]).expect(401);
    }
    // A session allows what its token does, and ends with it.
    let (_, reader) = token(&server, "reader", &["jobs:read"]);
    let opened = ask(&server, "IsStatefulSession", &[("appKey", &reader), ("x-thingworx-session", "true")]).expect(200);
    ask(&server, "SubmitJob", &[("cookie", &cookie(&opened))]).expect(403);
    assert!(is_stateful(&server, &[("cookie", &theirs)]));
    server.http.delete(&format!("/v1/tokens/{id}"));
    ask(&server, "IsStatefulSession", &[("cookie", &theirs)]).expect(401);
}

#[test]
fn sessions_are_counted_and_end() {
    let config = "[limits]\nsessions = 2\nsession_idle_ms = 300000";
    let server = Server::with(&Setup { config, ..Setup::default() });
    let key = ("appKey", server.http.token.as_str());
    let open = |key| ask(&server, "IsStatefulSession", &[key, ("x-thingworx-session", "true")]);
    let first = cookie(&open(key).expect(200));
    let second = cookie(&open(key).expect(200));
    let (_, colleague) = token(&server, "colleague", &["jobs:read"]);
    let refused = open(("appKey", &colleague)).expect(429);
    assert_eq!(
        (refused.header("analyte-error-code").as_str(), refused.header("retry-after").is_empty()),
        ("busy", false)
    );
    // What is open stays open, but for a token that opens too many: of its sessions the one goes that it did not use
    // for longest.
    assert!(!is_stateful(&server, &[("cookie", &first)]));
    let third = cookie(&open(key).expect(200));
    assert!(!is_stateful(&server, &[("cookie", &first)]) && !is_stateful(&server, &[("cookie", &third)]));
    ask(&server, "IsStatefulSession", &[("cookie", &second)]).expect(401);
}

#[test]
fn a_foreign_page_gets_nowhere_with_what_a_browser_adds() {
    let server = Server::start();
    let key = ("appKey", server.http.token.as_str());
    let own = cookie(&ask(&server, "StartStatefulSession", &[key]).expect(200));
    // A page can make a browser send a POST without a type, and choose its address.
    let address = format!("{}?Content-Type=application%2Fjson", service("EndStatefulSession"));
    let forged = |headers: &[(&str, &str)]| bare(&server).call("POST", &address, headers, None);
    forged(&[("cookie", &own)]).expect(403);
    assert!(is_stateful(&server, &[("cookie", &own)]));
    // A client that knows the key may.
    forged(&[key, ("cookie", &own)]).expect(200);
    assert!(!is_stateful(&server, &[("cookie", &own)]));
    let answer = ask(&server, "IsStatefulSession", &[("cookie", &own), ("accept", "application/json")]).expect(200);
    assert_eq!(answer.json()["rows"], json!([{"result": false}]));
}
