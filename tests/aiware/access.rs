//! Who may call: tokens in their two headers, logins, rights, and what every answer says.

use serde_json::json;
use support::http::Http;

use super::{error, get, later, made, one_at_a_time, post, stranger, token};

/// Every call that is offered, with the right that it needs.
const CALLS: [(&str, &str, Option<&str>); 32] = [
    ("POST", "proc/job/create", Some("jobs:write")),
    ("GET", "proc/job/x/status", Some("jobs:read")),
    ("GET", "proc/job/x/recheck_status", Some("jobs:read")),
    ("GET", "proc/job/x/detail", Some("jobs:read")),
    ("GET", "proc/job/x/outputs", Some("jobs:read")),
    ("GET", "proc/job/x/output/y", Some("jobs:read")),
    ("GET", "proc/job/x/download/y", Some("jobs:read")),
    ("GET", "proc/job/x/data", Some("jobs:read")),
    ("POST", "proc/job/x/delete", Some("jobs:write")),
    ("POST", "proc/job/x/addtask", Some("jobs:write")),
    ("POST", "proc/template/x/launch", Some("jobs:write")),
    ("POST", "proc/job/x/addtaskroute", Some("jobs:write")),
    ("GET", "proc/jobs", Some("jobs:read")),
    ("POST", "proc/jobs/cancel", Some("jobs:write")),
    ("GET", "proc/jobs/stats", Some("jobs:read")),
    ("GET", "proc/task/x/detail", Some("jobs:read")),
    ("GET", "proc/task/x/outputs", Some("jobs:read")),
    ("GET", "proc/task/x/output/y", Some("jobs:read")),
    ("GET", "proc/task/x/download/y", Some("jobs:read")),
    ("GET", "proc/task/x/logs", Some("jobs:read")),
    ("GET", "proc/task/x/data", Some("jobs:read")),
    ("GET", "proc/tasks", Some("jobs:read")),
    ("GET", "proc/tasks/errors", Some("jobs:read")),
    ("POST", "proc/tasks/update_status", Some("jobs:write")),
    ("GET", "admin/engines", Some("jobs:read")),
    ("GET", "admin/engine/x/detail", Some("jobs:read")),
    ("POST", "admin/auth", None),
    ("POST", "admin/tokens/create", Some("admin")),
    ("GET", "proc/scheduled_jobs", Some("jobs:read")),
    ("GET", "proc/scheduled_job/x/detail", Some("jobs:read")),
    ("POST", "proc/scheduled_job/x/delete", Some("jobs:write")),
    ("GET", "nothing/of/this/name", None),
];

#[test]
fn every_call_needs_a_token_with_its_right() {
    let server = one_at_a_time();
    let admin = &server.http;
    let strangers = [Http::new(&admin.url, ""), Http::new(&admin.url, "null"), Http::new(&admin.url, "analyte_0")];
    for (method, path, right) in CALLS {
        let call = |http: &Http| {
            let body = (method == "POST").then_some(b"{}".as_slice());
            http.call(method, &format!("/edge/v1/{path}"), &[("content-type", "application/json")], body)
        };
        for http in &strangers {
            let answer = call(http);
            assert_eq!(answer.header("www-authenticate"), "Bearer", "{path}");
            assert_eq!(error(answer, 401), "authentication_error", "{path}");
        }
        let Some(right) = right else { continue };
        let without: Vec<&str> =
            ["jobs:read", "jobs:write", "providers:write"].into_iter().filter(|own| *own != right).collect();
        assert_eq!(error(call(&token(admin, "default", &without)), 403), "not_allowed", "{path}");
        let answer = call(&token(admin, "default", &[right]));
        assert!(![401, 403].contains(&answer.status), "{path}: {}", answer.text());
    }
}

#[test]
fn what_has_no_meaning_or_is_to_come_is_501() {
    let server = one_at_a_time();
    let http = &server.http;
    for path in [
        "proc/scheduled_jobs/rate_pending_time_ranges",
        "proc/job/x/performance",
        "proc/tasks/stats/export",
        "admin/tokens",
    ] {
        assert_eq!(error(get(http, path), 501), "not_implemented", "{path}");
    }
    for path in ["engine/x/createjob", "engine/build/x/state", "admin/engine/create"] {
        assert_eq!(error(post(http, path, &json!({})), 501), "not_implemented", "{path}");
    }
    assert_eq!(error(get(http, "proc/template/x/launch"), 405), "method_not_allowed");
}

#[test]
fn a_token_comes_in_either_header_and_each_answer_says_its_correlation() {
    let server = one_at_a_time();
    let open = Http::new(&server.http.url, "");
    let secret = server.http.token.as_str();
    let call = |headers: &[(&str, &str)]| open.call("GET", "/edge/v1/proc/jobs", headers, None);
    let lower = format!("bearer {secret}");
    call(&[("authorization", &lower)]).expect(200);
    call(&[("api_key", secret)]).expect(200);
    call(&[("api_key", secret), ("authorization", "Bearer null")]).expect(200);
    call(&[("api_key", "null")]).expect(401);
    call(&[("authorization", &lower), ("api_key", "another")]).expect(401);
    let answer = call(&[("api_key", secret), ("x-correlation-id", "abc-1")]).expect(200);
    assert_eq!(
        (answer.header("x-correlation-id").as_str(), answer.header("x-aiware-version").as_str()),
        ("abc-1", "3.15.2")
    );
    for odd in [String::new(), "a b".to_owned(), "x".repeat(129)] {
        let answer = call(&[("x-correlation-id", &odd)]).expect(401);
        assert_eq!(answer.header("x-correlation-id").len(), 36, "{odd}");
    }
    let version = open.get("/edge/v1/version").expect(200);
    assert_eq!(version.json()["version"], "3.15.2");
    assert!(!version.header("x-correlation-id").is_empty());
}

#[test]
fn a_login_gives_what_its_token_allows_and_ends_with_it() {
    let server = one_at_a_time();
    let admin = &server.http;
    let job = made(admin, &later());
    let new = json!({"token": {"type": "api", "userID": "reader", "roleIDs": ["jobs:read"], "expiration": 0}});
    let made = post(admin, "admin/tokens/create", &new).expect(200).json();
    assert_eq!((&made["success"], &made["result"]["userID"]), (&json!(true), &json!("reader")));
    let secret = made["result"]["token"].as_str().expect("a secret");
    let open = Http::new(&admin.url, "");
    let login =
        |user: &str, password: &str| post(&open, "admin/users/login", &json!({"username": user, "password": password}));
    for (user, password) in [("writer", secret), ("reader", "no"), ("", "")] {
        assert_eq!(error(login(user, password), 401), "authentication_error");
    }
    let answer = login("reader", secret).expect(200);
    assert_eq!(answer.header("cache-control"), "no-store");
    let body = answer.json();
    assert_eq!((&body["success"], &body["result"]["userName"]), (&json!(true), &json!("reader")));
    let user = Http::new(&admin.url, body["token"].as_str().expect("a secret"));
    get(&user, &format!("proc/job/{job}/status")).expect(200);
    assert_eq!(error(post(&user, "proc/jobs/cancel", &json!({"jobID": job})), 403), "not_allowed");

    let may = |action: &str, permission: &str| {
        let auth = json!({"auth": {"action": action, "permissionID": permission, "token": user.token}});
        post(admin, "admin/auth", &auth).expect(200).json()["success"].clone()
    };
    assert_eq!([may("view", ""), may("execute", ""), may("view", "job.create")], [true, false, false]);
    let other = stranger(&server);
    let foreign = json!({"auth": {"action": "view", "token": user.token}});
    assert_eq!(post(&other, "admin/auth", &foreign).expect(200).json()["success"], false);

    let id = made["result"]["tokenID"].as_str().expect("an id");
    admin.delete(&format!("/v1/tokens/{id}")).expect(200);
    get(&user, &format!("proc/job/{job}/status")).expect(401);
    for wrong in [json!({"token": {"type": "engine_instance"}}), json!({"token": {"accessAllOrganization": true}})] {
        assert_eq!(error(post(admin, "admin/tokens/create", &wrong), 501), "not_implemented");
    }
    for beyond in [-1_i64, 253_402_300_800, i64::MAX] {
        let beyond = json!({"token": {"expiration": beyond}});
        assert_eq!(error(post(admin, "admin/tokens/create", &beyond), 400), "invalid_input");
    }
    let foreign = json!({"token": {"organizationIDs": ["lab"]}});
    assert_eq!(error(post(admin, "admin/tokens/create", &foreign), 404), "not_found");
    let unknown = json!({"token": {"roleIDs": ["root"]}});
    assert_eq!(error(post(admin, "admin/tokens/create", &unknown), 400), "invalid_input");
}
