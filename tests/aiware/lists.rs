//! Lists and reports: what they can be narrowed by, and ids in both forms.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use super::{created, detail, error, get, later, made, one_at_a_time, post, reaches, simple, stranger, task};

fn ids(list: &Value, member: &str) -> Vec<String> {
    let items = list["result"].as_array().expect("a list");
    items.iter().map(|item| item[member].as_str().expect("an id").to_owned()).collect()
}

#[test]
fn both_forms_of_ids_are_taken_everywhere() {
    let server = one_at_a_time();
    let http = &server.http;
    // Several in a millisecond, most likely.
    let jobs = created(http, &vec![simple(); 40]);
    for job in &jobs {
        let shown = detail(http, job);
        let core = shown["coreJobID"].as_str().expect("an id").to_owned();
        assert_eq!((core.len(), core.as_bytes()[8]), (19, b'_'), "{core}");
        assert_eq!(detail(http, &core)["internalJobID"], json!(job));
        let task = &shown["tasks"][0];
        let (internal, of_core) = (&task["internalTaskID"], &task["coreTaskID"]);
        assert!(of_core.as_str().is_some_and(|id| id.starts_with(&core) && id.len() == 24), "{task}");
        for id in [internal, of_core] {
            let id = id.as_str().expect("an id");
            let found = get(http, &format!("proc/task/{id}/detail")).expect(200).json();
            assert_eq!((&found["task"]["internalTaskID"], &found["task"]["internalJobID"]), (internal, &json!(job)));
        }
    }
    let job = jobs.last().expect("a job");
    let core = detail(http, job)["coreJobID"].as_str().expect("an id").to_owned();
    reaches(http, &core, "complete");
    for call in ["outputs", "recheck_status", "output/result.json", "download/result.json", "data"] {
        get(http, &format!("proc/job/{core}/{call}")).expect(200);
    }
    for query in [format!("jobID={core}"), format!("coreJobID={core}&jobID={job}"), format!("jobid={job}")] {
        assert_eq!(ids(&get(http, &format!("proc/jobs?{query}")).expect(200).json(), "internalJobID"), [job.as_str()]);
        assert_eq!(get(http, &format!("proc/tasks?{query}")).expect(200).json()["count"], 1);
    }
    let deleted = post(http, &format!("proc/job/{core}/delete"), &json!({"jobID": core}));
    assert!(deleted.expect(204).body.is_empty());
    // What is deleted, what is another organisation's and what is no id get the same answer.
    let other = stranger(&server);
    let nothing = "26114930_0000000000".to_owned();
    for (http, id) in [(http, job), (http, &core), (&other, &jobs[0]), (http, &nothing), (http, &"x".to_owned())] {
        assert_eq!(error(get(http, &format!("proc/job/{id}/status")), 404), "not_found", "{id}");
        assert_eq!(error(post(http, "proc/jobs/cancel", &json!({"jobID": id})), 404), "not_found", "{id}");
        assert_eq!(get(http, &format!("proc/jobs?jobID={id}")).expect(200).json()["count"], 0);
    }
    let task = detail(http, &jobs[0])["tasks"][0]["internalTaskID"].clone();
    let task = task.as_str().expect("an id");
    assert_eq!(error(get(&other, &format!("proc/task/{task}/detail")), 404), "not_found");
    let beyond = format!("{}00001", detail(http, &jobs[0])["coreJobID"].as_str().expect("an id"));
    assert_eq!(error(get(http, &format!("proc/task/{beyond}/detail")), 404), "not_found");
}

#[test]
fn lists_are_narrowed() {
    let server = one_at_a_time();
    let http = &server.http;
    let mut recorded = simple();
    recorded["coreRecordingID"] = json!(7);
    recorded["coreID"] = json!("seven");
    let recorded = made(http, &recorded);
    let failing = task(&json!({"input": [{"value": 1}], "deed": "error"}), &json!({}));
    let failed = made(http, &json!({"tasks": [failing]}));
    let mut copied = later();
    copied["tasks"][0] = json!({"engineId": "rows/copy", "payloadJSON": "{\"input\": [{\"x\": 1}]}"});
    let waiting = made(http, &copied);
    reaches(http, &recorded, "complete");
    reaches(http, &failed, "failed");
    let organisation = detail(http, &waiting)["internalOrganizationID"].as_str().expect("an id").to_owned();
    let engine = detail(http, &waiting)["tasks"][0]["engineID"].as_str().expect("an id").to_owned();
    let category = detail(http, &waiting)["tasks"][0]["engineCategoryID"].as_str().expect("an id").to_owned();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs();
    let (past, future) = (now - 1_000, now + 1_000);
    let all = [&waiting, &failed, &recorded].map(String::as_str);
    let cases: Vec<(String, Vec<&str>)> = vec![
        ("status=failed".into(), vec![&failed]),
        ("status=pending".into(), vec![&waiting]),
        ("status=queued".into(), vec![]),
        ("status=scheduled".into(), vec![]),
        ("recordingID=7".into(), vec![&recorded]),
        ("coreID=seven".into(), vec![&recorded]),
        ("recordingID=8".into(), vec![]),
        ("organizationID=default".into(), all.to_vec()),
        (format!("organizationID={organisation}&status="), all.to_vec()),
        ("organizationID=lab".into(), vec![]),
        (format!("startTime={past}&endTime={future}"), all.to_vec()),
        (format!("startTime={future}"), vec![]),
        (format!("CreatedAfter={past}&CreatedBefore={future}&status=complete"), vec![&recorded]),
        (format!("createdafter={future}"), vec![]),
        (format!("modifiedAfter={past}&modifiedBefore={future}"), all.to_vec()),
        (format!("modifiedBefore={past}"), vec![]),
        (format!("jobID={failed}&status=failed"), vec![&failed]),
        (format!("jobID={failed}&status=complete"), vec![]),
        (format!("jobID={failed}&coreJobID={waiting}"), vec![]),
    ];
    for (query, expected) in cases {
        let list = get(http, &format!("proc/jobs?{query}")).expect(200).json();
        assert_eq!(ids(&list, "internalJobID"), expected, "{query}");
        assert_eq!(list["count"], json!(expected.len()), "{query}");
    }
    for (query, expected) in [
        ("errorType=unknown".to_owned(), vec![&failed]),
        ("errorType=resources".to_owned(), vec![]),
        (format!("engineID={engine}"), vec![&waiting]),
        ("engineID=rows/copy".to_owned(), vec![&waiting]),
        ("engineID=rows/nothing".to_owned(), vec![]),
        (format!("engineCategoryID={category}&limit=1"), vec![&waiting]),
        (format!("status=failed&startTime={past}"), vec![&failed]),
        ("recordingID=7".to_owned(), vec![&recorded]),
    ] {
        let list = get(http, &format!("proc/tasks?{query}")).expect(200).json();
        assert_eq!(ids(&list, "internalJobID"), expected.into_iter().cloned().collect::<Vec<_>>(), "{query}");
    }
    let stats = get(http, "proc/jobs/stats").expect(200).json();
    let count = |status: &str| {
        let counts = stats["counts"].as_array().expect("counts");
        counts.iter().find(|one| one["status"] == status).map(|one| one["count"].clone())
    };
    assert_eq!(["pending", "complete", "failed"].map(count), [1, 1, 1].map(|one| Some(json!(one))), "{stats}");
    let counted = get(http, &format!("proc/jobs/stats?startTime={past}&status=failed")).expect(200).json();
    assert_eq!(counted["counts"].as_array().map(Vec::len), Some(1), "{counted}");
    assert_eq!(counted["counts"][0]["count"], 1);
    let errors = get(http, "proc/tasks/errors").expect(200).json();
    assert_eq!((&errors["count"], &errors["limit"]), (&json!(1), &json!(100)));
    assert_eq!(errors["result"][0]["failureDetail"], "Row 1 is not wanted.", "{errors}");
}

#[test]
fn a_model_is_an_engine() {
    let server = one_at_a_time();
    let http = &server.http;
    let list = get(http, "admin/engines").expect(200).json();
    let names: Vec<&Value> =
        list["result"].as_array().expect("engines").iter().map(|engine| &engine["engineName"]).collect();
    assert_eq!((names, &list["count"]), (vec![&json!("rows/copy"), &json!("rows/rows")], &json!(2)));
    let engine = list["result"][1]["engineID"].as_str().expect("an id").to_owned();
    for name in [engine.as_str(), "rows%2Frows"] {
        let shown = get(http, &format!("admin/engine/{name}/detail")).expect(200).json();
        assert_eq!((&shown["result"]["engineID"], &shown["success"]), (&json!(engine), &json!(true)));
    }
    assert_eq!(get(http, &format!("admin/engines?engineIDs={engine},x")).expect(200).json()["count"], 1);
    assert_eq!(get(http, "admin/engines?engineName=COPY").expect(200).json()["count"], 1);
    assert_eq!(get(http, "admin/engines?engineState=paused").expect(200).json()["count"], 0);
    get(http, "admin/engine/rows%2Fnothing/detail").expect(404);
    // Its id is as good as its name in a creation.
    let mut job = simple();
    job["tasks"][0]["engineId"] = json!(engine);
    let job = made(http, &job);
    reaches(http, &job, "complete");
}
