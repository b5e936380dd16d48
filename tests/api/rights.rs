//! Who may do what: every call with no token, a wrong one, one that expired or was revoked, one of another
//! organisation, one that does not allow it; and that what is secret stays so.

#![expect(clippy::expect_used, clippy::indexing_slicing, reason = "tests fail by panicking; JSON values index to null")]
#![expect(unreachable_pub, reason = "modules of a test binary, which exports nothing")]

use std::collections::BTreeSet;
use std::fs;

use serde_json::{Value, json};

mod commands;
mod files;
mod organisations;
mod rate;
mod routes;
mod secrets;
use routes::{NATIVE, Needs, SERVICES};
use support::eventually;
use support::http::{Answer, Http};
use support::server::Server;

/// All rights but the administrator's.
const RIGHTS: [&str; 3] = ["jobs:read", "jobs:write", "providers:write"];

/// A token that was made.
struct Made {
    /// For revocation.
    id: String,
    /// Calls with it.
    http: Http,
}

/// Makes a token; `more` are further members of what is asked for.
fn token(admin: &Http, organisation: &str, rights: &[&str], more: &[(&str, Value)]) -> Made {
    let mut new = json!({ "label": "a test", "organisation": organisation, "rights": rights });
    for (name, value) in more {
        new[*name] = value.clone();
    }
    let answer = admin.post("/v1/tokens", &new).expect(201);
    assert_eq!(answer.header("cache-control"), "no-store");
    let made = answer.json();
    let member = |pointer: &str| made.pointer(pointer).and_then(Value::as_str).expect("a text").to_owned();
    Made { id: member("/token/id"), http: Http::new(&admin.url, &member("/secret")) }
}

/// Makes an organisation.
fn organisation(admin: &Http, name: &str) {
    let answer = admin.call("PUT", &format!("/v1/organisations/{name}"), &[], None);
    assert_eq!(answer.status, 201, "{}", answer.text());
}

fn call(http: &Http, method: &str, path: &str) -> Answer {
    let body = routes::body(method);
    let headers = [("content-type", "application/json"), ("accept", "application/json")];
    http.call(method, path, &headers, body.as_deref())
}

/// An address of this form that leads to nothing.
fn nowhere(path: &str) -> String {
    let nobody = "00000000-0000-7000-8000-000000000000";
    [("{job}", nobody), ("{task}", "main"), ("{file}", "f"), ("{token}", "t"), ("{schedule}", nobody)]
        .into_iter()
        .chain([("{provider}", "p"), ("{model}", "m"), ("{organisation}", "o")])
        .fold(path.to_owned(), |path, (name, value)| path.replace(name, value))
}

#[test]
fn no_call_is_forgotten() {
    let listed: BTreeSet<(String, String)> =
        NATIVE.iter().map(|(method, path, _)| ((*method).to_owned(), (*path).to_owned())).collect();
    assert_eq!(listed, routes::described());
    let server = Server::start();
    let offered: BTreeSet<String> =
        ["Resources", "Things"].iter().flat_map(|collection| routes::entities(&server.http, collection)).collect();
    assert_eq!(SERVICES.iter().map(|(entity, _)| (*entity).to_owned()).collect::<BTreeSet<_>>(), offered);
    for (entity, services) in SERVICES {
        let listed: BTreeSet<String> = services.iter().map(|(name, _)| (*name).to_owned()).collect();
        assert_eq!(listed, routes::services(&server.http, entity), "{entity}");
    }
}

/// The table in the page for operators says the same.
#[test]
fn the_page_for_operators_names_what_each_call_needs() {
    let page = fs::read_to_string(support::repository().join("docs/operators.md")).expect("the page");
    let mut documented = BTreeSet::new();
    for line in page.lines().filter(|line| line.starts_with("| `") || line.starts_with("| any valid token |")) {
        let cells: Vec<&str> = line.trim_matches('|').split(" | ").map(str::trim).collect();
        let right = cells[0].trim_matches(['|', ' ', '`']);
        if !RIGHTS.contains(&right) && right != "admin" && right != "any valid token" {
            continue;
        }
        // Other words in this form are no calls.
        for (methods, path) in cells[1].split('`').skip(1).step_by(2).filter_map(|named| named.split_once(' ')) {
            for method in methods.split('/') {
                documented.insert((method.to_owned(), path.to_owned(), right.to_owned()));
            }
        }
    }
    let needed: BTreeSet<_> = NATIVE
        .iter()
        .filter_map(|(method, path, needs)| {
            let right = match needs {
                Needs::Nothing => return None,
                Needs::Token => "any valid token",
                Needs::Right(right) => right,
            };
            Some(((*method).to_owned(), (*path).to_owned(), right.to_owned()))
        })
        .collect();
    assert_eq!(documented, needed);
}

#[test]
fn every_call_needs_a_valid_token_with_its_right() {
    let server = Server::start();
    let admin = &server.http;
    organisation(admin, "lab");
    let expired = token(admin, "lab", &RIGHTS, &[("expires_in_s", json!(1))]).http;
    let revoked = token(admin, "lab", &RIGHTS, &[]);
    revoked.http.get("/v1/token").expect(200);
    let ended = admin.delete(&format!("/v1/tokens/{}", revoked.id)).expect(200).json();
    assert!(ended["revoked_at"].is_string(), "{ended}");
    // At once.
    revoked.http.get("/v1/token").expect(401);
    eventually("the token to expire", || (expired.get("/v1/token").status == 401).then_some(()));

    let almost = format!("{}0", &admin.token[..admin.token.len() - 1]);
    let flipped = if almost == admin.token { format!("{}1", &admin.token[..admin.token.len() - 1]) } else { almost };
    let strangers = [
        ("no token", Http::new(&admin.url, "")),
        ("a wrong one", Http::new(&admin.url, "analyte_0")),
        ("one that is nearly right", Http::new(&admin.url, &flipped)),
        ("an expired one", expired),
        ("a revoked one", revoked.http),
    ];
    let lacking = |right: &str| RIGHTS.into_iter().filter(|own| *own != right).collect::<Vec<_>>();
    let without: Vec<(&str, Http)> = ["jobs:read", "jobs:write", "providers:write", "admin"]
        .map(|right| (right, token(admin, "lab", &lacking(right), &[]).http))
        .into();
    let with: Vec<(&str, Http)> = RIGHTS.map(|right| (right, token(admin, "lab", &[right], &[]).http)).into();
    for (method, path, needs) in routes::all(nowhere) {
        for (who, http) in &strangers {
            let answer = call(http, method, &path);
            if needs == Needs::Nothing {
                assert_ne!(answer.status, 401, "{method} {path} with {who}");
                continue;
            }
            assert_eq!(answer.status, 401, "{method} {path} with {who}: {}", answer.text());
            assert!(!answer.header("www-authenticate").is_empty() || path.starts_with("/Thingworx"), "{method} {path}");
        }
        let Needs::Right(right) = needs else { continue };
        for (lacks, http) in without.iter().filter(|(lacks, _)| *lacks == right) {
            let answer = call(http, method, &path);
            assert_eq!(answer.status, 403, "{method} {path} without {lacks}: {}", answer.text());
        }
        for (has, http) in with.iter().filter(|(has, _)| *has == right) {
            let answer = call(http, method, &path);
            assert!(![401, 403].contains(&answer.status), "{method} {path} with {has}: {}", answer.text());
        }
    }
}
