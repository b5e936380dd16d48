//! Scheduled jobs: native schedules as the product's clients see, cancel and delete them.

use serde_json::{Value, json};
use support::eventually;
use support::http::Http;

use super::{cancel, created, detail, endless, error, get, one_at_a_time, post, reaches, simple, status, stranger};

fn template() -> Value {
    json!({"provider": "rows", "model": "rows", "input": [{"value": 1}], "custom_data": {"site": "north"},
        "tags": {"aiware.coreSourceID": "7"}})
}

/// Makes a schedule natively, with further members.
fn schedule(http: &Http, name: &str, when: &Value, more: &Value) -> Value {
    let mut body = json!({"name": name, "when": when, "template": template()});
    for (member, value) in more.as_object().into_iter().flatten() {
        body[member] = value.clone();
    }
    http.post("/v1/schedules", &body).expect(201).json()
}

fn shown(http: &Http, id: &str) -> Value {
    let answer = get(http, &format!("proc/scheduled_job/{id}/detail")).expect(200).json();
    assert_eq!((&answer["success"], &answer["error"]), (&json!(true), &Value::Null));
    answer["result"].clone()
}

fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}

#[test]
fn a_schedule_is_a_scheduled_job_with_a_number_and_a_uuid() {
    let server = one_at_a_time();
    let http = &server.http;
    let when = json!({"parts": [{"day": "monday", "at": "09:00", "until": "17:00"},
        {"every": 2, "unit": "days", "at": "06:30", "for_seconds": 600}]});
    let more = json!({"description": "for the records", "start_at": "2099-01-01T00:00:00Z",
        "stop_at": "2099-02-01T00:00:00Z"});
    let made = schedule(http, "nightly", &when, &more);
    let (id, number) = (text(&made["id"]), made["number"].as_u64().expect("a number"));
    let by_number = shown(http, &number.to_string());
    assert_eq!(shown(http, &id), by_number);
    let organisation = text(&by_number["internalOrganizationID"]);
    let part = |place: usize, own: Value| {
        let mut part = json!({"schedulePartsID": by_number["scheduleParts"][place]["schedulePartsID"],
            "internalScheduledJobID": id, "scheduleType": null, "scheduleDay": null, "scheduleDayLocal": null,
            "startTime": null, "stopTime": null, "repeatInterval": null, "repeatIntervalUnit": null,
            "durationSeconds": null, "createdDateTime": made["created_at"], "modifiedDateTime": made["created_at"]});
        for (member, value) in own.as_object().into_iter().flatten() {
            part[member] = value.clone();
        }
        part
    };
    let expected = json!({
        "scheduledJobID": number, "internalScheduledJobID": id, "scheduledJobName": "nightly",
        "description": "for the records", "isActive": true, "runMode": "recurring",
        "startDateTime": "2099-01-01T00:00:00.000Z", "stopDateTime": "2099-02-01T00:00:00.000Z",
        "scheduleParts": [
            part(0, json!({"scheduleType": "weekly", "scheduleDay": "monday", "scheduleDayLocal": "monday",
                "startTime": "09:00:00", "stopTime": "17:00:00"})),
            part(1, json!({"scheduleType": "interval", "startTime": "06:30:00", "repeatInterval": 2,
                "repeatIntervalUnit": "days", "durationSeconds": 600})),
        ],
        "jobConfigJSON": "{\"site\":\"north\"}", "organizationID": null, "internalOrganizationID": organisation,
        "sourceID": 7, "sourceType": null, "url": null, "radioStreamUrl": null, "youtubeChannel": null,
        "liveTimezone": null, "createdDateTime": made["created_at"], "modifiedDateTime": made["created_at"],
        "coreCreatedDateTime": made["created_at"], "coreID": number.to_string(),
    });
    assert_eq!(by_number, expected);

    // A job that it makes says where it comes from, and is found by it.
    let launched = http.post(&format!("/v1/schedules/{id}/launch"), &json!({})).expect(201).json();
    let job = text(&launched["id"]);
    let other = super::made(http, &simple());
    let of_job = detail(http, &job);
    assert_eq!((&of_job["coreScheduledJobId"], &of_job["internalScheduledJobId"]), (&json!(number), &json!(id)));
    assert!(detail(http, &other)["coreScheduledJobId"].is_null());
    for id in [&id, &number.to_string()] {
        let found = get(http, &format!("proc/jobs?scheduledJobID={id}")).expect(200).json();
        assert_eq!((&found["count"], &found["result"][0]["internalJobID"]), (&json!(1), &json!(job)));
    }
    assert_eq!(get(http, "proc/jobs?scheduledJobID=99").expect(200).json()["count"], 0);

    // Others do not see it, and what is no id is answered in the same way.
    let other = stranger(&server);
    for (http, id) in [
        (&other, id.as_str()),
        (&other, &number.to_string()),
        (http, "99"),
        (http, "x"),
        (http, "18446744073709551616"),
    ] {
        assert_eq!(error(get(http, &format!("proc/scheduled_job/{id}/detail")), 404), "not_found", "{id}");
        assert_eq!(error(post(http, &format!("proc/scheduled_job/{id}/delete"), &json!({})), 404), "not_found", "{id}");
        assert_eq!(error(cancel(http, &json!({"scheduledJobID": id})), 404), "not_found", "{id}");
    }
    assert_eq!(get(&other, "proc/scheduled_jobs").expect(200).json()["count"], 0);

    let path = format!("proc/scheduled_job/{number}/delete");
    let second = schedule(http, "other", &json!({"by_hand": true}), &json!({}));
    assert_eq!(error(post(http, &path, &json!({"scheduledJobID": second["number"]})), 400), "invalid_input");
    assert!(post(http, &path, &json!({"scheduledJobID": id})).expect(204).body.is_empty());
    assert_eq!(error(post(http, &path, &json!({})), 404), "not_found");
    assert_eq!(detail(http, &job)["internalScheduledJobId"], json!(id));
}

#[test]
fn each_run_mode_is_read_from_the_rule() {
    let server = one_at_a_time();
    let http = &server.http;
    let mode = |made: &Value| text(&shown(http, &text(&made["id"]))["runMode"]);
    let by_hand = schedule(http, "by hand", &json!({"by_hand": true}), &json!({}));
    let cron = schedule(http, "cron", &json!({"cron": "0 2 * * *"}), &json!({}));
    let every = schedule(http, "every", &json!({"every_ms": 7_200_000}), &json!({}));
    let continuous = schedule(http, "continuous", &json!({"continuous_ms": 86_400_000}), &json!({}));
    assert_eq!([&by_hand, &cron, &every, &continuous].map(mode), ["once", "recurring", "recurring", "continuous"]);
    let interval = shown(http, &text(&every["id"]))["scheduleParts"][0].clone();
    assert_eq!((&interval["repeatInterval"], &interval["repeatIntervalUnit"]), (&json!(2), &json!("hours")));
    // Now is now until it has fired and its job has ended.
    let blocking = super::made(http, &endless());
    reaches(http, &blocking, "running");
    let now = schedule(http, "now", &json!({"once": true}), &json!({}));
    let path = format!("/v1/schedules/{}", text(&now["id"]));
    let job = eventually("its job", || {
        http.get(&format!("{path}/jobs")).expect(200).json()["jobs"][0]["id"].as_str().map(str::to_owned)
    });
    assert_eq!((mode(&now), status(http, &job)), ("now".to_owned(), "pending".to_owned()));
    http.post(&format!("/v1/jobs/{blocking}/cancel"), &json!({})).expect(200);
    reaches(http, &job, "complete");
    assert_eq!(mode(&now), "once");
}

#[test]
fn a_cancel_deactivates_a_scheduled_job_and_cancels_what_waits_of_it() {
    let server = one_at_a_time();
    let http = &server.http;
    let mut body = json!({"name": "spinning", "when": {"every_ms": 1_000_000}, "template": template()});
    body["template"]["parameters"] = json!({"deed": "spin"});
    let made = http.post("/v1/schedules", &body).expect(201).json();
    let (id, number) = (text(&made["id"]), made["number"].clone());
    let launched = || text(&http.post(&format!("/v1/schedules/{id}/launch"), &json!({})).expect(201).json()["id"]);
    let running = launched();
    reaches(http, &running, "running");
    let waiting = [launched(), launched()];
    let others = created(http, &[simple(), simple()]);
    let second = schedule(http, "other", &json!({"every_ms": 1_000_000}), &json!({}));
    let of_second =
        text(&http.post(&format!("/v1/schedules/{}/launch", text(&second["id"])), &json!({})).expect(201).json()["id"]);
    let answer = cancel(http, &json!({"scheduledJobID": number})).expect(200).json();
    assert_eq!(answer, json!({"success": true, "count": 2, "error": null}));
    for job in &waiting {
        assert_eq!(status(http, job), "aborted");
    }
    assert_eq!(status(http, &running), "running");
    for job in others.iter().chain([&of_second]) {
        assert_eq!(status(http, job), "pending");
    }
    let shown = shown(http, &id);
    assert_eq!((&shown["isActive"], &shown["runMode"]), (&json!(false), &json!("recurring")));
    assert!(http.get(&format!("/v1/schedules/{id}")).expect(200).json()["next_fire_time"].is_null());
    // Once more, as a text, there is nothing left to cancel.
    let again = cancel(http, &json!({"scheduledJobID": number.to_string()})).expect(200).json();
    assert_eq!(again["count"], 0);
    assert_eq!(get(http, "proc/scheduled_jobs?isActive=false").expect(200).json()["count"], 1);
    assert_eq!(get(http, "proc/scheduled_jobs?isActive=true").expect(200).json()["count"], 1);
}

#[test]
fn a_list_of_scheduled_jobs_is_narrowed_ordered_and_counted() {
    let server = one_at_a_time();
    let http = &server.http;
    let spans = |start: &str, stop: &str| json!({"start_at": start, "stop_at": stop});
    let by_hand = json!({"by_hand": true});
    let first = schedule(http, "Alpha", &by_hand, &spans("2099-01-03T00:00:00Z", "2099-03-01T00:00:00Z"));
    let second = schedule(
        http,
        "alphabet",
        &json!({"cron": "0 2 * * *"}),
        &spans("2099-01-01T00:00:00Z", "2099-05-01T00:00:00Z"),
    );
    let mut third = json!({"active": false});
    third["start_at"] = json!("2099-01-02T00:00:00Z");
    let third = schedule(http, "beta", &json!({"continuous_ms": 60_000}), &third);
    let number = |made: &Value| made["number"].clone();
    let [one, two, three] = [number(&first), number(&second), number(&third)];
    let seconds = |date: &str| {
        let at = date.parse::<analyte_core::timestamp::Timestamp>().expect("a time");
        at.0 / 1_000
    };
    let created = seconds(first["created_at"].as_str().expect("a time"));
    let (second_of_january, first_of_april) = (seconds("2099-01-02T00:00:00Z"), seconds("2099-04-01T00:00:00Z"));
    let cases = [
        (String::new(), vec![&three, &two, &one]),
        ("direction=ASC".to_owned(), vec![&one, &two, &three]),
        ("orderBy=startTime&direction=ASC".to_owned(), vec![&two, &three, &one]),
        ("orderBy=stopTime".to_owned(), vec![&two, &one, &three]),
        ("orderBy=runMode&direction=asc".to_owned(), vec![&three, &one, &two]),
        ("orderBy=organizationID".to_owned(), vec![&three, &two, &one]),
        ("orderBy=createdTime".to_owned(), vec![&three, &two, &one]),
        ("isActive=false".to_owned(), vec![&three]),
        ("runMode=Once".to_owned(), vec![&one]),
        ("runMode=recurring".to_owned(), vec![&two]),
        ("runMode=now".to_owned(), vec![]),
        ("scheduledJobName=ALPHA".to_owned(), vec![&two, &one]),
        ("scheduledJobName=lpha".to_owned(), vec![]),
        (format!("scheduledJobID={two}"), vec![&two]),
        (format!("scheduledJobID={}", text(&second["id"])), vec![&two]),
        (format!("scheduledJobID={two}&runMode=once"), vec![]),
        ("scheduledJobID=77".to_owned(), vec![]),
        (format!("coreID={three}"), vec![&three]),
        ("sourceID=7".to_owned(), vec![&three, &two, &one]),
        ("sourceID=8".to_owned(), vec![]),
        ("internalOrganizationID=default".to_owned(), vec![&three, &two, &one]),
        ("internalOrganizationID=lab".to_owned(), vec![]),
        (format!("startTime={}", created - 60), vec![&three, &two, &one]),
        (format!("startTime={}", created + 600), vec![]),
        (format!("endTime={}", created - 60), vec![]),
        (format!("startStartTime={second_of_january}"), vec![&three, &one]),
        (format!("endStartTime={second_of_january}"), vec![&three, &two]),
        (format!("startStopTime={first_of_april}"), vec![&two]),
        (format!("endStopTime={first_of_april}"), vec![&one]),
    ];
    for (query, expected) in cases {
        let list = get(http, &format!("proc/scheduled_jobs?{query}")).expect(200).json();
        let found: Vec<&Value> =
            list["result"].as_array().expect("a list").iter().map(|job| &job["scheduledJobID"]).collect();
        assert_eq!(found, expected, "{query}");
        assert_eq!(list["count"], json!(expected.len()), "{query}");
    }
    let part = get(http, "proc/scheduled_jobs?offset=1&limit=1").expect(200).json();
    assert_eq!((&part["count"], &part["offset"], &part["limit"]), (&json!(3), &json!(1), &json!(1)));
    assert_eq!((part["result"].as_array().map(Vec::len), &part["result"][0]["scheduledJobID"]), (Some(1), &two));
    assert_eq!(get(http, "proc/scheduled_jobs?limit=0").expect(200).json()["count"], 3);
    for wrong in ["isActive=perhaps", "runMode=often", "orderBy=name", "startStopTime=-1", "limit=10001", "colour=red"]
    {
        assert_eq!(error(get(http, &format!("proc/scheduled_jobs?{wrong}")), 400), "invalid_input", "{wrong}");
    }
    assert_eq!(error(get(http, "proc/scheduled_jobs?sourceType=8"), 501), "not_implemented");
}
