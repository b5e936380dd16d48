//! Schedules over HTTP and on the command line: their whole life, and what is refused in which words.

#![expect(clippy::expect_used, clippy::indexing_slicing, reason = "tests fail by panicking; JSON values index to null")]

use serde_json::{Value, json};

use support::eventually;
use support::http::{Answer, Http};
use support::server::{Server, Setup};

/// What is said of a rule that is none, or more than one.
const ONE_RULE: &str =
    "`/when` must have exactly one of `cron`, `every_ms`, `parts`, `once`, `continuous_ms`, `by_hand`";

fn template() -> Value {
    json!({"provider": "hostile", "model": "noop", "input": {"columns": {"value": [1.5, 2]}}, "tags": {"site": "north"}})
}

fn schedule(when: &Value) -> Value {
    json!({"name": "nightly", "when": when, "template": template()})
}

fn put(http: &Http, path: &str, body: &Value, tag: Option<&str>) -> Answer {
    let mut headers = vec![("content-type", "application/json")];
    headers.extend(tag.map(|tag| ("if-match", tag)));
    http.call("PUT", path, &headers, Some(body.to_string().as_bytes()))
}

#[test]
fn a_schedule_is_made_fires_is_changed_and_removed() {
    let server = Server::with_plugins(&["hostile"]);
    let http = &server.http;
    let when = json!({"cron": "* * * * * *", "time_zone": "Europe/Berlin"});
    let answer = http.post("/v1/schedules", &schedule(&when)).expect(201);
    let made = answer.json();
    let id = made["id"].as_str().expect("an id").to_owned();
    let path = format!("/v1/schedules/{id}");
    assert_eq!(answer.header("location"), path);
    assert_eq!((&made["number"], &made["name"], &made["when"]), (&json!(1), &json!("nightly"), &when));
    assert_eq!((&made["overlap"], &made["catch_up"], &made["active"]), (&json!("skip"), &json!("none"), &json!(true)));
    assert_eq!((&made["template"]["model"], &made["template"]["tags"]), (&json!("noop"), &json!({"site": "north"})));
    assert!(made["next_fire_time"].is_string() && made["last_job"].is_null(), "{made}");
    // It fires every second.
    let jobs = eventually("two jobs", || {
        let jobs = http.get(&format!("{path}/jobs")).expect(200).json()["jobs"].clone();
        (jobs.as_array().map_or(0, Vec::len) >= 2).then_some(jobs)
    });
    let [newer, older] = [0, 1].map(|at| jobs[at].clone());
    assert!(newer["schedule"]["fire_time"].as_str() > older["schedule"]["fire_time"].as_str(), "{jobs}");
    assert_eq!((&newer["schedule"]["id"], &newer["tags"]), (&json!(id), &json!({"site": "north"})));
    let query = json!({"filters": {"type": "EQ", "fieldName": "schedule.id", "value": id}});
    let found = http.post("/v1/jobs/query", &query).expect(200).json();
    assert!(found["jobs"].as_array().map_or(0, Vec::len) >= 2, "{found}");
    let history = http.get(&format!("{path}/history?limit=1")).expect(200);
    assert!(history.header("link").contains("rel=\"next\""), "{}", history.header("link"));
    let history = history.json();
    let last = &history["firings"][0];
    // On a busy machine the job before may not have ended.
    assert!([json!("job"), json!("skipped")].contains(&last["outcome"]) && last["launched"] == false, "{last}");
    let older = format!("{path}/history?limit=1&cursor={}", history["next_cursor"].as_str().expect("a cursor"));
    let older = http.get(&older).expect(200).json();
    let number = |history: &Value| history["firings"][0]["number"].as_u64().expect("a number");
    assert_eq!(number(&older) + 1, number(&history));

    // Changed under its tag, which firings do not change.
    let tag = answer.header("etag");
    let rarely = json!({"name": "rarely", "when": {"every_ms": 86_400_000}, "overlap": "queue", "catch_up": "all", "catch_up_window_ms": 5});
    let changed = put(http, &path, &rarely, Some(&tag)).expect(200).json();
    assert_eq!((&changed["name"], &changed["when"]), (&json!("rarely"), &json!({"every_ms": 86_400_000})));
    assert_eq!((&changed["overlap"], &changed["catch_up_window_ms"]), (&json!("queue"), &json!(5)));
    assert_eq!((&changed["number"], &changed["template"]), (&json!(1), &made["template"]));
    let stale = put(http, &path, &rarely, Some(&tag)).expect(412).json();
    assert_eq!(stale["code"], "conflict");
    assert_eq!(stale["detail"], "the schedule was changed meanwhile; read it again, then change it");
    let shown = http.get(&path).expect(200);
    let tag = shown.header("etag");
    let known = [("if-none-match", tag.as_str())];
    assert_eq!(http.call("GET", &path, &known, None).status, 304);
    let next = http.get(&format!("{path}/next?count=2")).expect(200).json();
    assert_eq!(
        (next["fire_times"].as_array().map(Vec::len), &next["fire_times"][0]),
        (Some(2), &changed["next_fire_time"])
    );

    let launched = http.post(&format!("{path}/launch"), &json!({})).expect(201);
    let job = launched.json();
    assert_eq!(launched.header("location"), format!("/v1/jobs/{}", job["id"].as_str().expect("an id")));
    assert_eq!(job["schedule"]["id"], json!(id));
    let history = http.get(&format!("{path}/history?limit=1")).expect(200).json();
    assert_eq!((&history["firings"][0]["launched"], &history["firings"][0]["job"]), (&json!(true), &job["id"]));

    let second = http.post("/v1/schedules", &schedule(&json!({"every_ms": 1_000_000}))).expect(201).json();
    assert_eq!(second["number"], 2);
    let page = http.get("/v1/schedules?limit=1").expect(200).json();
    assert_eq!(page["schedules"][0]["id"], second["id"]);
    let rest = format!("/v1/schedules?cursor={}", page["next_cursor"].as_str().expect("a cursor"));
    let rest = http.get(&rest).expect(200).json();
    assert_eq!((&rest["schedules"][0]["id"], &rest["next_cursor"]), (&json!(id), &Value::Null));
    http.delete(&path).expect(204);
    http.delete(&path).expect(404);
    http.get(&format!("{path}/jobs")).expect(404);
    http.get(&format!("/v1/jobs/{}", job["id"].as_str().expect("an id"))).expect(200);
}

#[test]
fn each_rule_is_shown_as_it_was_said_also_where_it_is_set_aside() {
    let server = Server::with_plugins(&["hostile"]);
    let http = &server.http;
    let parts = json!({"parts": [{"day": "monday", "at": "09:00:00", "until": "17:00:00"},
        {"every": 2, "unit": "months", "at": null, "for_seconds": 600}], "time_zone": "Europe/Berlin"});
    let said = "monday at 09:00:00 until 17:00:00; every 2 months for 600 s (Europe/Berlin)";
    for (when, words) in [
        (parts, said),
        (json!({"once": true}), "once"),
        (json!({"continuous_ms": 60_000}), "one job after the other, 60000 ms apart or more"),
        (json!({"by_hand": true}), "by hand"),
    ] {
        let mut body = schedule(&when);
        body["set_aside"] = json!({"cron": "0 2 * * *", "time_zone": "UTC"});
        body["description"] = json!("for the records");
        body["custom_data"] = json!({"kept": 1});
        body["active"] = json!(false);
        let made = http.post("/v1/schedules", &body).expect(201).json();
        for member in ["when", "set_aside", "description", "custom_data"] {
            assert_eq!(made[member], body[member], "{made}");
        }
        let mut show = server.command();
        show.args(["schedule", "show", "--format", "text", made["id"].as_str().expect("an id")]);
        let shown = show.output().expect("analyte schedule show");
        let shown = String::from_utf8_lossy(&shown.stdout).into_owned();
        assert!(shown.contains(words) && shown.contains("for the records"), "{words}: {shown}");
    }
}

#[test]
fn what_is_no_schedule_is_refused_in_clear_words() {
    let server = Server::with(&Setup {
        config: "[limits]\nschedules = 1\nschedule_interval_ms = 60000\n",
        plugins: &["hostile"],
        ..Setup::default()
    });
    let http = &server.http;
    let with = |member: &str, value: Value| {
        let mut body = schedule(&json!({"cron": "0 * * * *"}));
        body[member] = value;
        body
    };
    let in_template = |member: &str, value: Value| {
        let mut body = schedule(&json!({"cron": "0 * * * *"}));
        body["template"][member] = value;
        body
    };
    for (body, status, code, detail) in [
        (with("name", json!("")), 422, "invalid-input", "`/name`: takes 1 to 128 bytes"),
        (with("name", json!(7)), 400, "malformed", "`/name`: invalid type: integer `7`, expected a string"),
        (with("when", json!({})), 400, "malformed", ONE_RULE),
        (
            with("when", json!({"cron": "61 * * * *"})),
            422,
            "invalid-input",
            "`/when/cron`: `61 * * * *` is no cron expression: number out of bounds",
        ),
        (
            with("when", json!({"cron": "0 0 30 2 *"})),
            422,
            "invalid-input",
            "`/when/cron`: no time matches `0 0 30 2 *`",
        ),
        (
            with("when", json!({"cron": "0 * * * *", "time_zone": "Mars/Olympus"})),
            422,
            "invalid-input",
            "`/when/time_zone`: there is no time zone `Mars/Olympus`; use a name of the IANA database, for instance `Europe/Berlin` or `UTC`",
        ),
        (
            with("when", json!({"cron": "* * * * * *"})),
            422,
            "invalid-input",
            "`/when`: fires again after 1000 ms; 60000 ms are the least (limit schedule_interval_ms)",
        ),
        (
            with("when", json!({"every_ms": 0})),
            422,
            "invalid-input",
            "`/when/every_ms`: an interval takes 1 to 3162240000000 milliseconds",
        ),
        (with("overlap", json!("wait")), 400, "malformed", "`/overlap`: must be `skip`, `queue` or `cancel-previous`"),
        (with("template", Value::Null), 400, "malformed", "`/template` is missing"),
        (
            with("stop_at", json!("tomorrow")),
            400,
            "malformed",
            "`/stop_at`: a time is written as RFC 3339, for instance 2026-01-31T08:00:00Z",
        ),
        (
            in_template("run_at", json!("2030-01-01T00:00:00Z")),
            422,
            "invalid-input",
            "`/template/run_at`: is not for a template: the schedule says when",
        ),
        (
            in_template("priority", json!("high")),
            400,
            "malformed",
            "in `/template`: `/priority`: invalid type: string \"high\", expected a whole number of 32 bits",
        ),
        (
            in_template("model", json!("nothing")),
            404,
            "not-found",
            "in `/template`: there is no model `nothing` of provider `hostile`",
        ),
    ] {
        let problem = http.post("/v1/schedules", &body).expect(status).json();
        assert_eq!((&problem["code"], &problem["detail"]), (&json!(code), &json!(detail)), "{body}");
    }
    let place = http.post("/v1/schedules", &in_template("priority", json!("high"))).expect(400).json();
    assert_eq!(place["errors"][0]["pointer"], "/template/priority");
    let unknown = http.post("/v1/schedules", &with("cron", json!("* * * * *"))).expect(400).json();
    assert!(
        unknown["detail"].as_str().is_some_and(|detail| detail.starts_with("`/cron` is not known here")),
        "{unknown}"
    );
    let id = http.post("/v1/schedules", &schedule(&json!({"cron": "0 * * * *"}))).expect(201).json();
    let full = http.post("/v1/schedules", &schedule(&json!({"cron": "0 * * * *"}))).expect(409).json();
    assert_eq!(full["detail"], "the organisation has 1 schedules, and 1 are allowed (limit schedules)");
    let path = format!("/v1/schedules/{}", id["id"].as_str().expect("an id"));
    let tagged = put(http, &path, &schedule(&json!({"cron": "0 * * * *"})), Some("r1")).expect(400).json();
    assert_eq!(tagged["detail"], "`If-Match` must be `*` or one `ETag` that the schedule was answered with");
    for path in ["/v1/schedules/x", "/v1/schedules/x/launch"] {
        let method = if path.ends_with("launch") { "POST" } else { "GET" };
        let problem = http.call(method, path, &[], None).expect(404).json();
        assert_eq!(problem["detail"], "there is no schedule `x`");
    }
    assert_eq!(put(http, "/v1/schedules/x", &json!({}), None).expect(404).json()["detail"], "there is no schedule `x`");
}

/// The whole life on the command line.
#[test]
fn commands_make_show_change_launch_and_remove_schedules() {
    let server = Server::with_plugins(&["hostile"]);
    let folder = tempfile::tempdir().expect("a folder");
    let input = folder.path().join("input.csv");
    std::fs::write(&input, "value\n1.5\n2\n").expect("written");
    let run = |arguments: &[&str]| {
        let output = server.command().args(["schedule"]).args(arguments).output().expect("it runs");
        let [out, err] = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        (output.status.success(), out.trim_end().to_owned(), err)
    };
    let input = input.to_string_lossy().into_owned();
    let create = ["create", "nightly", "hostile", "noop", "--input", &input];
    let (made, _, said) = run(&create);
    assert!(!made && said.starts_with("error: it is not said when the schedule fires"), "{said}");
    let rule = ["--cron", "0 2 * * *", "--time-zone", "Europe/Berlin", "--overlap", "queue", "--tag", "site=north"];
    let (made, id, said) = run(&[create.as_slice(), &rule].concat());
    assert!(made, "{said}");
    let shown: Value = serde_json::from_str(&run(&["show", &id, "--next", "2"]).1).expect("JSON");
    assert_eq!(shown["schedule"]["when"], json!({"cron": "0 2 * * *", "time_zone": "Europe/Berlin"}));
    assert_eq!((&shown["schedule"]["overlap"], shown["next"].as_array().map(Vec::len)), (&json!("queue"), Some(2)));
    let (launched, job, said) = run(&["launch", &id]);
    assert!(launched && job.len() == 36, "{job} {said}");
    let (changed, text, said) = run(&["update", &id, "--name", "often", "--every", "15m", "--deactivate"]);
    assert!(changed && text == format!("changed {id}"), "{said}");
    let (_, text, _) = run(&["show", &id, "--format", "text"]);
    for line in ["name      often", "when      every 900000 ms", "active    false", "overlap   queue", "jobs      1"] {
        let words: Vec<&str> = line.split_whitespace().collect();
        let found = text.lines().any(|one| one.split_whitespace().collect::<Vec<_>>() == words);
        assert!(found, "{line}:\n{text}");
    }
    let (_, list, _) = run(&["list", "--format", "csv"]);
    assert_eq!(
        list.lines().nth(1).expect("a row"),
        format!("{id},often,every 900000 ms,false,,{}", shown_last(&server, &id))
    );
    let (removed, text, _) = run(&["remove", &id]);
    assert!(removed && text == format!("removed {id}"));
    let (shown, _, said) = run(&["show", &id]);
    assert!(!shown && said.contains(&format!("there is no schedule `{id}`")), "{said}");
}

fn shown_last(server: &Server, id: &str) -> String {
    let shown = server.http.get(&format!("/v1/schedules/{id}")).expect(200).json();
    shown["last_fire_time"].as_str().expect("a time").to_owned()
}
