//! Jobs of several tasks over HTTP: how they are submitted and seen, what they give, what is refused, and what runs again.

#![expect(clippy::expect_used, clippy::indexing_slicing, reason = "tests fail by panicking; JSON values index to null")]

use serde_json::{Value, json};

use support::eventually;
use support::http::Http;
use support::server::{Server, Setup};

fn server() -> Server {
    Server::with(&Setup { plugins: &["rows"], ..Setup::default() })
}

fn task(name: &str, model: &str, more: &Value) -> Value {
    let mut task = json!({"name": name, "provider": "rows", "model": model});
    for (member, value) in more.as_object().into_iter().flatten() {
        task[member] = value.clone();
    }
    task
}

/// Two tables, doubled, then put together, then doubled again.
fn diamond() -> Value {
    json!({"tasks": [
        task("left", "rows", &json!({"input": [{"value": 1}, {"value": 2}]})),
        task("right", "rows", &json!({"input": {"columns": {"value": [10]}}, "limits": {"fuel": 1_000_000_000}})),
        task("both", "rows", &json!({"after": ["right", "left"]})),
        task("last", "rows", &json!({"input": {"results_of": ["both"]}, "after": ["left"]})),
    ], "tags": {"of": "a test"}})
}

fn submitted(http: &Http, body: &Value) -> Value {
    http.post("/v1/jobs", body).expect(201).json()
}

fn path(job: &Value) -> String {
    format!("/v1/jobs/{}", job["id"].as_str().expect("an id"))
}

fn finished(http: &Http, path: &str) -> Value {
    eventually("the job to end", || {
        let job = http.get(path).expect(200).json();
        (job["finished_at"] != Value::Null).then_some(job)
    })
}

/// What is asked for of each task.
fn each(http: &Http, path: &str, members: &[&str]) -> Value {
    let tasks = http.get(&format!("{path}/tasks")).expect(200).json()["tasks"].clone();
    let of = |task: &Value| members.iter().map(|member| task[member].clone()).collect::<Value>();
    tasks.as_array().into_iter().flatten().map(of).collect()
}

fn columns(http: &Http, path: &str) -> Value {
    let headers = [("accept", "application/json; layout=columns")];
    http.call("GET", &format!("{path}/results"), &headers, None).expect(200).json()["columns"].clone()
}

#[test]
fn results_go_from_task_to_task() {
    let server = server();
    let http = &server.http;
    let job = submitted(http, &diamond());
    assert_eq!((&job["status"], &job["tags"]["of"]), (&json!("queued"), &json!("a test")));
    let path = path(&job);
    assert_eq!(job["links"]["tasks"], json!(format!("{path}/tasks")));
    let job = finished(http, &path);
    let counts = json!({"queued": 0, "running": 0, "completed": 4, "failed": 0, "cancelled": 0});
    assert_eq!((&job["status"], &job["task_counts"]), (&json!("completed"), &counts));
    assert_eq!((&job["provider"], &job["model"], &job["error"]), (&json!("rows"), &json!("rows"), &Value::Null));
    let expected = json!([
        ["left", "completed", [], []],
        ["right", "completed", [], []],
        ["both", "completed", ["right", "left"], ["right", "left"]],
        ["last", "completed", ["both", "left"], ["both"]],
    ]);
    assert_eq!(each(http, &path, &["name", "status", "parents", "results_of"]), expected);
    // Three rows, those of `right` first, since `both` names it first.
    assert_eq!(columns(http, &path), json!({"value": [80.0, 8.0, 16.0], "seen": [3, 3, 3]}));
    assert_eq!(columns(http, &format!("{path}/tasks/left")), json!({"value": [2.0, 4.0], "seen": [2, 2]}));

    // A job of one task looks as it always did, in whichever form it was submitted.
    let one = json!({"tasks": [task("only", "rows", &json!({"input": [{"value": 4}]}))]});
    let one = finished(http, &self::path(&submitted(http, &one)));
    assert_eq!((&one["status"], one.get("task_counts")), (&json!("completed"), None));
    // Of two that nothing else takes, neither answers for the job.
    let two = json!({"tasks": [
        task("a", "copy", &json!({"input": [{"x": "1"}]})),
        task("b", "copy", &json!({"input": [{"x": "2"}]})),
    ]});
    let two = self::path(&submitted(http, &two));
    finished(http, &two);
    let refused = http.get(&format!("{two}/results")).expect(409).json();
    assert_eq!(refused["code"], "several-results");
    assert_eq!(columns(http, &format!("{two}/tasks/b")), json!({"x": ["2"]}));
}

#[test]
fn a_batch_takes_jobs_of_several_tasks() {
    let server = server();
    let http = &server.http;
    let mut wrong = diamond();
    wrong["tasks"][2]["after"] = json!(["left", "up"]);
    let simple = json!({"provider": "rows", "model": "rows", "input": [{"value": 1}]});
    let answer = http.post("/v1/jobs/batch", &json!({"jobs": [diamond(), wrong, simple]})).expect(200).json();
    assert_eq!(answer["items"][1]["error"]["errors"][0]["pointer"], "/tasks/2/after/1", "{answer}");
    for place in [0, 2] {
        assert_eq!(finished(http, &path(&answer["items"][place]["job"]))["status"], "completed");
    }
}

#[test]
fn what_completed_is_not_run_again_in_place() {
    let server = server();
    let http = &server.http;
    let graph = json!({"tasks": [
        task("good", "rows", &json!({"input": [{"value": 1}]})),
        task("bad", "rows", &json!({"input": [{"value": 1}], "parameters": {"deed": "error"}})),
        task("child", "copy", &json!({"after": ["bad"]})),
        task("apart", "copy", &json!({"after": ["good"]})),
    ]});
    let path = path(&submitted(http, &graph));
    let job = finished(http, &path);
    assert_eq!((&job["status"], &job["error"]["code"]), (&json!("failed"), &json!("analysis-error")));
    let states = |attempts: [u32; 4]| {
        let [good, bad, child, apart] = attempts;
        json!([["completed", good], ["failed", bad], ["cancelled", child], ["completed", apart]])
    };
    assert_eq!(each(http, &path, &["status", "attempt"]), states([1, 1, 0, 1]));
    let code = http.get(&format!("{path}/tasks/child")).expect(200).json()["error"]["code"].clone();
    assert_eq!(code, "parent-failed");
    let before = each(http, &path, &["finished_at"]);
    let job = http.post(&format!("{path}/retry"), &json!({"as": "same"})).expect(200).json();
    assert_eq!(job["task_counts"]["completed"], 2);
    finished(http, &path);
    assert_eq!(each(http, &path, &["status", "attempt"]), states([1, 2, 0, 1]));
    let after = each(http, &path, &["finished_at"]);
    assert_eq!((&before[0], &before[3]), (&after[0], &after[3]));
    let copy = http.post(&format!("{path}/retry"), &json!({"as": "copy"})).expect(201).json();
    let copy = self::path(&copy);
    finished(http, &copy);
    assert_eq!(each(http, &copy, &["status", "attempt"]), states([1, 1, 0, 1]));
}

#[test]
fn each_fault_is_refused_with_its_place_and_nothing_is_kept() {
    let server = server();
    let http = &server.http;
    let given = |name: &str| task(name, "rows", &json!({"input": [{"value": 1}]}));
    let after = |name: &str, after: &Value| task(name, "copy", &json!({"after": after}));
    let tasks = |tasks: Vec<Value>| json!({"tasks": tasks});
    let mut beside = tasks(vec![given("a")]);
    beside["model"] = json!("rows");
    let cases = [
        (tasks(vec![]), 422, "/tasks", "a job has one task at least"),
        (json!({"tasks": {}}), 400, "/tasks", "must be a list"),
        (json!({"tasks": [1]}), 400, "/tasks/0", "invalid type: integer `1`, expected a JSON object"),
        (json!({"tasks": null}), 400, "/provider", "is missing"),
        (beside, 400, "/model", "stands beside `tasks`, each of which has its own"),
        (json!({"provider": "rows", "model": "rows"}), 400, "/input", "is missing"),
        (tasks(vec![given("a"), given("a")]), 422, "/tasks/1/name", "another task is named `a`"),
        (
            tasks(vec![after("a", &json!(["b"])), after("b", &json!(["a"]))]),
            422,
            "/tasks/0/after/0",
            "task `b` stands after this one; a task stands after those that it waits for",
        ),
        (tasks(vec![given("a"), after("b", &json!(["x"]))]), 422, "/tasks/1/after/0", "there is no task `x`"),
        (
            tasks(vec![given("a"), after("b", &json!([]))]),
            422,
            "/tasks/1/input",
            "is missing: give a table, or name in `after` the tasks whose results it is",
        ),
        (
            tasks(vec![given("a"), task("b", "copy", &json!({"input": {"results_of": ["a", "a"]}}))]),
            422,
            "/tasks/1/input/results_of/1",
            "task `a` is named twice",
        ),
        (
            tasks(vec![given("a"), task("b", "copy", &json!({"input": {"results_of": "a"}}))]),
            400,
            "/tasks/1/input/results_of",
            "invalid type: string \"a\", expected a sequence",
        ),
        (
            tasks(vec![given("a"), task("b", "unknown", &json!({"after": ["a"]}))]),
            404,
            "/tasks/1/model",
            "there is no model `unknown` of provider `rows`",
        ),
        (
            tasks(vec![given("a"), task("b", "rows", &json!({"after": ["a"], "parameters": {"at": "x"}}))]),
            422,
            "/tasks/1/parameters/at",
            "\"x\" is not of types \"null\", \"number\"",
        ),
        (
            tasks(vec![given("a"), task("b", "rows", &json!({"input": [{"value": "x"}]}))]),
            422,
            "/tasks/1/input",
            "expected NUMBER (a number), found the string \"x\"",
        ),
        (
            tasks(vec![given("a"), task("b", "rows", &json!({"after": ["a"], "limits": {"fuel": 0}}))]),
            422,
            "/tasks/1/limits/fuel",
            "must be from 1 to 1000000000000, and is 0",
        ),
        (
            tasks(vec![given("a"), task("b", "rows", &json!({"after": ["a"], "priority": 1}))]),
            400,
            "/tasks/1/priority",
            "is not known here; expected one of `name`, `provider`, `model`, `input`, `parameters`, `limits`, `after`",
        ),
        (
            tasks((0..1_001).map(|number| given(&number.to_string())).collect()),
            422,
            "/tasks",
            "has 1001 items; 1000 are allowed (limit tasks)",
        ),
    ];
    for (body, status, pointer, message) in cases {
        let answer = http.post("/v1/jobs", &body);
        let problem = answer.expect(status).json();
        let first = &problem["errors"][0];
        assert_eq!((first["pointer"].as_str(), first["message"].as_str()), (Some(pointer), Some(message)), "{problem}");
    }
    assert_eq!(http.get("/v1/jobs").expect(200).json()["jobs"], json!([]));
}
