//! What belongs to one organisation does not exist for another: same status, same words.

use std::fs;

use serde_json::{Value, json};

use super::routes::{self, NATIVE};
use super::{RIGHTS, organisation, token};
use support::eventually;
use support::http::Http;
use support::plugins::plugin;
use support::server::Server;

const NOBODY: &str = "00000000-0000-7000-8000-000000000000";

/// What `lab` has.
struct Lab {
    job: String,
    file: String,
    token: String,
    schedule: String,
}

fn furnish(admin: &Http, lab: &Http) -> Lab {
    let component = fs::read(plugin("hostile")).expect("the component");
    let installed =
        admin.put("/v1/providers/private?organisation=lab", "application/wasm", &component).expect(201).json();
    assert_eq!(installed["organisation"], "lab");
    let model = fs::read(plugin("scale")).expect("the model");
    // A token of the organisation itself needs not say so.
    lab.put("/v1/providers/private/models/scale", "application/wasm", &model).expect(201);
    let job = lab.post("/v1/jobs", &json!({"provider": "private", "model": "many-files", "input": []})).expect(201);
    let job = job.json()["id"].as_str().expect("an id").to_owned();
    eventually("the job to end", || {
        let shown = lab.get(&format!("/v1/jobs/{job}")).expect(200).json();
        assert_eq!(shown["created_by"], "a test");
        (shown["status"] == "completed").then_some(())
    });
    let files = lab.get(&format!("/v1/jobs/{job}/files")).expect(200).json();
    let file = files["files"][0]["name"].as_str().expect("a file").to_owned();
    let token = lab.get("/v1/token").expect(200).json()["id"].as_str().expect("an id").to_owned();
    let template = json!({"provider": "private", "model": "noop", "input": []});
    let schedule = json!({"name": "theirs", "when": {"every_ms": 86_400_000}, "template": template});
    let schedule = lab.post("/v1/schedules", &schedule).expect(201).json();
    let schedule = schedule["id"].as_str().expect("an id").to_owned();
    Lab { job, file, token, schedule }
}

#[test]
fn nothing_of_another_organisation_can_be_seen_or_guessed() {
    let server = Server::start();
    let admin = &server.http;
    organisation(admin, "lab");
    organisation(admin, "other");
    let lab = token(admin, "lab", &RIGHTS, &[]).http;
    let other = token(admin, "other", &RIGHTS, &[]).http;
    let Lab { job, file, token, schedule } = furnish(admin, &lab);

    let theirs = [
        ("{job}", job.as_str(), NOBODY),
        ("{task}", "main", "main"),
        ("{file}", &file, "no-such-file"),
        ("{token}", &token, "no-such-token"),
        ("{schedule}", schedule.as_str(), NOBODY),
        ("{provider}", "private", "nobodys"),
        ("{model}", "scale", "nothing"),
        ("{organisation}", "lab", "nowhere"),
    ];
    for (method, path, _) in NATIVE.iter().filter(|(_, path, _)| path.contains('{')) {
        let real = theirs.iter().fold((*path).to_owned(), |path, (name, value, _)| path.replace(name, value));
        let made_up = theirs.iter().fold((*path).to_owned(), |path, (name, _, value)| path.replace(name, value));
        let body = routes::body(method);
        // Junk, so that nothing is made by the way.
        let kind = if *method == "PUT" { "application/wasm" } else { "application/json" };
        let headers = [("content-type", kind)];
        let [seen, unseen] = [&real, &made_up].map(|path| other.call(method, path, &headers, body.as_deref()));
        let named = theirs.iter().filter(|(name, _, _)| path.contains(name));
        let veiled = named.fold(seen.text(), |text, (_, value, made_up)| text.replace(value, made_up));
        assert_eq!((seen.status, veiled), (unseen.status, unseen.text()), "{method} {path}");
        // Nothing of it was there to be had: PUT is refused for its junk, and calls for administrators as such.
        assert!([403, 404, 422].contains(&seen.status), "{method} {real}: {}", seen.text());
    }
    let named = |model: &str| json!({"provider": "private", "model": model, "input": []});
    for model in ["scale", "noop"] {
        other.post("/v1/jobs", &named(model)).expect(404);
        let batch = other.post("/v1/jobs/batch", &json!({"jobs": [named(model)]})).expect(200).json();
        assert_eq!(batch["items"][0]["error"]["code"], "not-found", "{batch}");
    }
    assert_eq!(other.get("/v1/jobs").expect(200).json()["jobs"], json!([]));
    let query = json!({"filters": {"type": "EQ", "fieldName": "provider", "value": "private"}});
    assert_eq!(other.post("/v1/jobs/query", &query).expect(200).json()["jobs"], json!([]));
    assert_eq!(other.get("/v1/schedules").expect(200).json()["schedules"], json!([]));
    assert_eq!(other.get("/v1/providers").expect(200).json()["providers"], json!([]));
    let cancelled = other.post("/v1/jobs/cancel", &json!({"filter": query, "dry_run": true})).expect(200).json();
    assert_eq!(cancelled["count"], 0);

    // All is as it was; and an administrator sees what the organisation that they name sees, which no token of another
    // organisation may.
    assert_eq!(lab.get(&format!("/v1/jobs/{job}")).expect(200).json()["status"], "completed");
    assert_eq!(lab.get(&format!("/v1/schedules/{schedule}")).expect(200).json()["jobs"], 0);
    let count = |list: &Value| list["providers"].as_array().map(Vec::len);
    assert_eq!(count(&admin.get("/v1/providers").expect(200).json()), Some(0));
    assert_eq!(count(&admin.get("/v1/providers?organisation=lab").expect(200).json()), Some(1));
    other.get("/v1/providers?organisation=lab").expect(403);
    lab.get("/v1/providers?organisation=lab").expect(200);
}

#[test]
fn a_provider_for_all_is_changed_by_administrators_only() {
    let server = Server::with_plugins(&["hostile"]);
    let admin = &server.http;
    organisation(admin, "lab");
    let lab = token(admin, "lab", &RIGHTS, &[]).http;
    let shared = admin.get("/v1/providers/hostile").expect(200).json();
    assert_eq!(shared["organisation"], Value::Null);
    lab.get("/v1/providers/hostile").expect(200);
    let component = fs::read(plugin("hostile")).expect("the component");
    lab.put("/v1/providers/hostile", "application/wasm", &component).expect(403);
    lab.delete("/v1/providers/hostile").expect(403);
    lab.call("POST", "/v1/providers/hostile/models/noop/disable", &[], None).expect(403);
    // Its own it makes, changes and removes.
    let own = lab.put("/v1/providers/own", "application/wasm", &component).expect(201).json();
    assert_eq!(own["organisation"], "lab");
    let disabled = lab.call("POST", "/v1/providers/own/models/noop/disable", &[], None).expect(200).json();
    assert_eq!(disabled["enabled"], false);
    let job = json!({"provider": "own", "model": "noop", "input": []});
    assert_eq!(lab.post("/v1/jobs", &job).expect(409).json()["code"], "conflict");
    lab.post("/v1/providers/own/models/noop/execute", &json!([])).expect(409);
    let enabled = lab.call("POST", "/v1/providers/own/models/noop/enable", &[], None).expect(200).json();
    assert_eq!(enabled["enabled"], true);
    lab.post("/v1/jobs", &job).expect(201);
    lab.delete("/v1/providers/own?force=true").expect(204);
}

#[test]
fn tokens_and_organisations_are_made_shown_and_ended() {
    let server = Server::start();
    let admin = &server.http;
    let new = json!({"description": "Where it began", "queued_jobs": 7});
    let put = |body: &Value| {
        let headers = [("content-type", "application/json")];
        admin.call("PUT", "/v1/organisations/lab", &headers, Some(body.to_string().as_bytes()))
    };
    let made = put(&new).expect(201);
    assert_eq!(made.header("location"), "/v1/organisations/lab");
    let made = made.json();
    assert_eq!((&made["description"], &made["queued_jobs"]), (&json!("Where it began"), &json!(7)));
    let changed = put(&json!({})).expect(200).json();
    assert_eq!((&changed["description"], &changed["queued_jobs"]), (&json!(""), &Value::Null));
    assert_eq!(changed["created_at"], made["created_at"]);
    assert_eq!(admin.get("/v1/organisations/lab").expect(200).json(), changed);
    let all = admin.get("/v1/organisations").expect(200).json();
    let names: Vec<_> = all["organisations"].as_array().expect("a list").iter().map(|one| &one["name"]).collect();
    assert_eq!(names, ["default", "lab"]);

    let made = token(admin, "lab", &["jobs:read"], &[("requests_per_second", json!(9))]);
    let own = made.http.get("/v1/token").expect(200).json();
    let facts = ["label", "organisation", "rights", "requests_per_second", "revoked_at"].map(|name| own[name].clone());
    assert_eq!(facts, [json!("a test"), json!("lab"), json!(["jobs:read"]), json!(9), Value::Null]);
    let of_lab = admin.get("/v1/tokens?organisation=lab").expect(200).json();
    assert_eq!(of_lab["tokens"].as_array().map(Vec::len), Some(1));
    assert_eq!(of_lab["tokens"][0]["id"], made.id);
    assert!(!of_lab.to_string().contains(&made.http.token), "{of_lab}");
    assert_eq!(admin.get("/v1/tokens").expect(200).json()["tokens"].as_array().map(Vec::len), Some(2));
    let first = admin.delete(&format!("/v1/tokens/{}", made.id)).expect(200).json();
    let again = admin.delete(&format!("/v1/tokens/{}", made.id)).expect(200).json();
    assert_eq!(first["revoked_at"], again["revoked_at"]);
    admin.delete("/v1/tokens/none").expect(404);
    admin.get("/v1/tokens?organisation=none").expect(404);
    // An administrator cannot revoke the token of the call itself.
    let own = admin.get("/v1/token").expect(200).json()["id"].as_str().expect("an id").to_owned();
    admin.delete(&format!("/v1/tokens/{own}")).expect(409);

    let refused = |more: Value| {
        let mut new = json!({"label": "x", "rights": ["jobs:read"]});
        for (name, value) in more.as_object().expect("members") {
            new[name] = value.clone();
        }
        admin.post("/v1/tokens", &new).status
    };
    assert_eq!(refused(json!({"label": "a:b"})), 422);
    assert_eq!(refused(json!({"label": ""})), 422);
    assert_eq!(refused(json!({"rights": []})), 422);
    assert_eq!(refused(json!({"rights": ["everything"]})), 400);
    assert_eq!(refused(json!({"organisation": "none"})), 404);
    assert_eq!(refused(json!({"expires_at": "2001-01-01T00:00:00Z"})), 422);
    assert_eq!(refused(json!({"expires_in_s": 0})), 422);
    assert_eq!(refused(json!({"requests_per_second": 0})), 422);
}
