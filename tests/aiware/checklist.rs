//! The points of the checklist that are about REST, by number.

use serde_json::json;
use support::eventually;
use support::server::Setup;

use super::{
    ONE_AT_A_TIME, cancel, created, detail, endless, error, get, later, made, one_at_a_time, post, reaches, simple,
    status, task,
};

#[test]
fn point_1_a_creation_takes_jobs_and_answers_ids_and_payloads_are_text() {
    let server = one_at_a_time();
    let http = &server.http;
    let ids = created(http, &[simple(), simple()]);
    assert_ne!(ids[0], ids[1]);
    for id in &ids {
        assert_eq!(id.len(), 36, "{id}");
        reaches(http, id, "complete");
    }
    // An object is no text.
    let object = json!({"tasks": [{"engineId": "rows/rows", "payloadJSON": {"input": [{"value": 1}]}}]});
    assert_eq!(error(post(http, "proc/job/create", &json!({"jobs": [object]})), 400), "ETK001");
    // One that is wrong refuses all.
    let before = get(http, "proc/jobs").expect(200).json()["count"].clone();
    let mut wrong = simple();
    wrong["tasks"][0]["engineId"] = json!("rows/nothing");
    assert_eq!(error(post(http, "proc/job/create", &json!({"jobs": [simple(), wrong]})), 404), "not_found");
    let mut wrong = simple();
    wrong["tasks"][0]["payloadJSON"] = json!("{\"input\": [{\"value\": 1}], \"deed\": \"nonsense\"}");
    assert_eq!(error(post(http, "proc/job/create", &json!({"jobs": [simple(), wrong]})), 400), "invalid_input");
    assert_eq!(get(http, "proc/jobs").expect(200).json()["count"], before);
}

#[test]
fn point_2_a_state_is_answered_in_its_envelope() {
    let server = one_at_a_time();
    let http = &server.http;
    let job = made(http, &later());
    let expected = json!({"job": {"internalJobID": job, "jobStatus": "pending"}});
    for call in ["status", "recheck_status"] {
        assert_eq!(get(http, &format!("proc/job/{job}/{call}")).expect(200).json(), expected);
    }
    // As clients ask: with a type, and without a body.
    let headers = [("content-type", "application/json")];
    let answer = http.call("GET", &format!("/edge/v1/proc/job/{job}/status"), &headers, None);
    assert_eq!(answer.expect(200).json(), expected);
}

#[test]
fn point_3_a_cancel_has_three_bodies_and_its_result_is_aborted() {
    let server = one_at_a_time();
    let http = &server.http;
    let jobs = created(http, &[later(), later(), later()]);
    let done = json!({"success": true, "count": 1, "error": null});
    assert_eq!(cancel(http, &json!({"jobID": jobs[0]})).expect(200).json(), done);
    assert_eq!(status(http, &jobs[0]), "aborted");
    let shown = detail(http, &jobs[0]);
    assert_eq!(shown["tasks"][0]["taskStatus"], "aborted", "{shown}");
    assert!(shown["abortedDateTime"].is_string() && shown["completedDateTime"].is_null(), "{shown}");
    // A scheduled job, quoted or not; what it has made waits behind one that runs.
    let blocking = made(http, &endless());
    reaches(http, &blocking, "running");
    let template = json!({"provider": "rows", "model": "rows", "input": [{"value": 1}]});
    let schedule = json!({"name": "weekly", "when": {"cron": "0 0 * * 1"}, "template": template});
    let schedule = http.post("/v1/schedules", &schedule).expect(201).json();
    let launch = format!("/v1/schedules/{}/launch", schedule["id"].as_str().expect("an id"));
    for id in [schedule["number"].to_string().into(), schedule["number"].clone()] {
        let job = http.post(&launch, &json!({})).expect(201).json()["id"].as_str().expect("an id").to_owned();
        assert_eq!(cancel(http, &json!({"scheduledJobID": id})).expect(200).json(), done);
        assert_eq!(status(http, &job), "aborted");
    }
    let organisation = shown["internalOrganizationID"].clone();
    let window = |after: &str, before: &str| json!({"organizationID": organisation, "createdAfterDateTime": after, "createdBeforeDateTime": before});
    let of_past = window("2020-01-01T00:00:00Z", "2020-02-01T00:00:00+00:00");
    assert_eq!(cancel(http, &of_past).expect(200).json()["count"], 0);
    let of_all = window("2020-01-01T00:00:00Z", "2090-01-01T00:00:00Z");
    assert_eq!(cancel(http, &of_all).expect(200).json()["count"], 2);
    for job in &jobs {
        assert_eq!(status(http, job), "aborted");
    }
    assert_eq!(cancel(http, &of_all).expect(200).json()["count"], 0);
}

#[test]
fn point_3_neither_end_belongs_to_the_window() {
    let server = one_at_a_time();
    let http = &server.http;
    let job = made(http, &later());
    let made_at = detail(http, &job)["createdDateTime"].as_str().expect("a time").to_owned();
    let window = |after: &str, before: &str| {
        let body = json!({"organizationID": "default", "createdAfterDateTime": after, "createdBeforeDateTime": before});
        cancel(http, &body).expect(200).json()["count"].clone()
    };
    assert_eq!(window("2020-01-01T00:00:00Z", &made_at), 0);
    assert_eq!(window(&made_at, "2090-01-01T00:00:00Z"), 0);
    assert_eq!(status(http, &job), "pending");
    assert_eq!(window("2020-01-01T00:00:00Z", "2090-01-01T00:00:00Z"), 1);
}

#[test]
fn point_4_only_what_waits_is_cancelled_and_a_refusal_changes_nothing() {
    let server = one_at_a_time();
    let http = &server.http;
    // Complete, failed, aborted.
    let complete = made(http, &simple());
    reaches(http, &complete, "complete");
    let failing = json!({"tasks": [task(&json!({"input": [{"value": 1}], "deed": "error"}), &json!({}))]});
    let failed = made(http, &failing);
    reaches(http, &failed, "failed");
    let aborted = made(http, &later());
    cancel(http, &json!({"jobID": aborted})).expect(200);
    // A job of which one task has completed and the other waits for a place.
    let first = task(&json!({"input": [{"value": 1}]}), &json!({"correlationTaskId": "a"}));
    let second = task(&json!({"input": [{"value": 1}], "deed": "spin"}), &json!({"correlationTaskId": "b"}));
    let half = made(http, &json!({"tasks": [first, second]}));
    eventually("the second task to run", || (detail(http, &half)["tasks"][1]["taskStatus"] == "running").then_some(()));
    for job in [&complete, &failed, &aborted, &half] {
        let before = detail(http, job);
        assert_eq!(error(cancel(http, &json!({"jobID": job})), 400), "wrong_state", "{before}");
        assert_eq!(detail(http, job), before);
    }
    // Pending behind it: allowed, whatever the priority.
    let waiting = made(http, &simple());
    assert_eq!(status(http, &waiting), "pending");
    // The bulk form passes over those that may not be cancelled.
    let all = json!({"organizationID": "default", "createdAfterDateTime": "2020-01-01T00:00:00Z",
        "createdBeforeDateTime": "2090-01-01T00:00:00Z"});
    assert_eq!(cancel(http, &all).expect(200).json()["count"], 1);
    let states = [&complete, &failed, &aborted, &half, &waiting].map(|job| status(http, job));
    assert_eq!(states, ["complete", "failed", "aborted", "running", "aborted"]);
}

/// The exception: the job reads `running`, and all its tasks wait.
#[test]
fn point_4_a_running_job_all_of_whose_tasks_wait_is_cancelled() {
    let server = one_at_a_time();
    let job = made(&server.http, &endless());
    reaches(&server.http, &job, "running");
    // Goes first when the server is back, and holds the only place.
    let mut urgent = endless();
    urgent["tasks"][0]["priority"] = json!(-20);
    let urgent = made(&server.http, &urgent);
    let (_, _, home) = server.terminate();
    let server = home.start(&Setup { config: ONE_AT_A_TIME, plugins: &["rows"], ..Setup::default() });
    let http = &server.http;
    reaches(http, &urgent, "running");
    let shown = detail(http, &job);
    assert_eq!((&shown["jobStatus"], &shown["tasks"][0]["taskStatus"]), (&json!("running"), &json!("queued")));
    cancel(http, &json!({"jobID": job})).expect(200);
    assert_eq!(status(http, &job), "aborted");
    assert_eq!(detail(http, &job)["tasks"][0]["taskStatus"], "aborted");
    assert_eq!(error(cancel(http, &json!({"jobID": urgent})), 400), "wrong_state");
}

#[test]
fn point_7_there_is_no_call_to_retry() {
    let server = one_at_a_time();
    let http = &server.http;
    let job = made(http, &later());
    for path in [format!("proc/job/{job}/retry"), "proc/jobs/retry".to_owned(), "proc/job/retry".to_owned()] {
        let answer = post(http, &path, &json!({"jobID": job}));
        assert_eq!(error(answer, 404), "not_found", "{path}");
    }
    assert_eq!(error(post(http, &format!("proc/job/{job}/status"), &json!({})), 405), "method_not_allowed");
    assert_eq!(error(get(http, "proc/jobs/cancel"), 405), "method_not_allowed");
}

#[test]
fn point_9_a_task_that_fails_or_is_aborted_fails_its_job() {
    let server = one_at_a_time();
    let http = &server.http;
    let failing = task(&json!({"input": [{"value": 1}], "deed": "error"}), &json!({"correlationTaskId": "a"}));
    let child = task(&json!(null), &json!({"correlationTaskId": "b"}));
    let job = made(http, &json!({"tasks": [failing, child]}));
    reaches(http, &job, "failed");
    let shown = detail(http, &job);
    let states = [0, 1].map(|place| shown["tasks"][place]["taskStatus"].clone());
    assert_eq!(states, ["failed", "aborted"]);
    assert_eq!(shown["tasks"][0]["failureReason"], "unknown");
    assert_eq!(shown["tasks"][1]["failureReason"], "scheduling");

    let mut two = later();
    two["tasks"] = json!([
        task(&json!({"input": [{"value": 1}]}), &json!({"correlationTaskId": "a"})),
        task(&json!({"input": [{"value": 1}]}), &json!({"correlationTaskId": "b"})),
    ]);
    let job = made(http, &two);
    let tasks = detail(http, &job)["tasks"].clone();
    let abort = |task: &serde_json::Value| {
        post(http, "proc/tasks/update_status", &json!({"taskIDs": [task], "taskStatus": "aborted"}))
    };
    let done = json!({"success": true, "error": null});
    assert_eq!(abort(&tasks[0]["internalTaskID"]).expect(200).json(), done);
    // The second came after the first.
    let shown = detail(http, &job);
    assert_eq!((&shown["jobStatus"], &shown["tasks"][1]["taskStatus"]), (&json!("failed"), &json!("aborted")));
    assert_eq!(error(abort(&tasks[0]["coreTaskID"]), 400), "wrong_state");
    let running = made(http, &endless());
    reaches(http, &running, "running");
    let running = detail(http, &running)["tasks"][0]["coreTaskID"].clone();
    assert_eq!(error(abort(&running), 400), "wrong_state");
}

#[test]
fn point_11_count_is_the_total_and_a_list_has_ten() {
    let server = one_at_a_time();
    let http = &server.http;
    let jobs = created(http, &vec![later(); 12]);
    let list = get(http, "proc/jobs").expect(200).json();
    let members = [&list["success"], &list["error"], &list["count"], &list["offset"], &list["limit"]];
    assert_eq!(members, [&json!(true), &json!(null), &json!(12), &json!(0), &json!(10)]);
    let ids = |list: &serde_json::Value| -> Vec<String> {
        let jobs = list["result"].as_array().expect("a list");
        jobs.iter().map(|job| job["internalJobID"].as_str().expect("an id").to_owned()).collect()
    };
    let newest_first: Vec<String> = jobs.iter().rev().cloned().collect();
    assert_eq!(ids(&list), newest_first[..10]);
    let rest = get(http, "proc/jobs?offset=10&limit=10000").expect(200).json();
    assert_eq!((ids(&rest), &rest["count"]), (newest_first[10..].to_vec(), &json!(12)));
    let oldest = get(http, "proc/jobs?limit=1&direction=asc&orderBy=createdDateTime").expect(200).json();
    assert_eq!(ids(&oldest), jobs[..1]);
    let beyond = get(http, "proc/jobs?offset=12").expect(200).json();
    assert_eq!((ids(&beyond).len(), &beyond["count"]), (0, &json!(12)));
    assert_eq!(error(get(http, "proc/jobs?limit=10001"), 400), "invalid_input");
    let tasks = get(http, "proc/tasks").expect(200).json();
    assert_eq!((&tasks["count"], tasks["result"].as_array().map(Vec::len)), (&json!(12), Some(10)));
}

#[test]
fn point_12_lower_priorities_go_first_and_children_after_their_parents() {
    let server = one_at_a_time();
    let http = &server.http;
    let blocker = made(http, &endless());
    reaches(http, &blocker, "running");
    let with = |priority: i32| {
        let mut job = simple();
        job["tasks"][0]["priority"] = json!(priority);
        made(http, &job)
    };
    let (late, early) = (with(10), with(-20));
    let child = task(
        &json!(null),
        &json!({"correlationTaskId": "c", "priority": -30,
        "parentMustBeCompleteBeforeStarting": false}),
    );
    let parent = task(&json!({"input": [{"value": 3}]}), &json!({"correlationTaskId": "p"}));
    // The child stands first, and waits all the same.
    let graph = json!({"tasks": [child, parent],
        "taskRoutes": [{"taskChildId": "p"}, {"taskParentId": "p", "taskChildId": "c"}]});
    let graph = made(http, &graph);
    http.post(&format!("/v1/jobs/{blocker}/cancel"), &json!({})).expect(200);
    for job in [&late, &early, &graph] {
        reaches(http, job, "complete");
    }
    let started = |job: &str| detail(http, job)["startedDateTime"].as_str().expect("a time").to_owned();
    assert!(started(&graph) <= started(&early) && started(&early) <= started(&late));
    let tasks = detail(http, &graph)["tasks"].clone();
    let time = |place: usize, member: &str| tasks[place][member].as_str().expect("a time").to_owned();
    assert!(time(0, "completedDateTime") <= time(1, "startedDateTime"), "{tasks}");
    assert_eq!(tasks[1]["parentTaskID"], tasks[0]["internalTaskID"]);
}
