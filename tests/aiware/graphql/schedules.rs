//! Scheduled jobs: their run modes, how they are switched off, and the jobs that they make.

use serde_json::{Value, json};
use support::eventually;
use support::http::Http;

use super::{ask, data, fault, id, number};
use crate::{cancel, one_at_a_time};

const CREATE: &str = "mutation ($input: CreateScheduledJob) { createScheduledJob(input: $input) { id name description runMode isActive isPublic
    parts { scheduleType scheduledDay startTime stopTime repeatIntervalUnit repeatInterval durationSeconds } } }";

fn template() -> Value {
    json!({"taskTemplates": [{"engineId": "rows/rows", "payload": number()}]})
}

fn made(http: &Http, more: &Value) -> Value {
    let mut input = json!({"name": "a name", "jobTemplates": [template()]});
    for (member, value) in more.as_object().into_iter().flatten() {
        input[member] = value.clone();
    }
    data(http, CREATE, &json!({"input": input}))["createScheduledJob"].take()
}

fn shown(http: &Http, schedule: &Value) -> Value {
    let query = "query ($id: ID!) { scheduledJob(id: $id) { runMode isActive jobs { count records { id scheduledJobId scheduledJob { name } status } } } }";
    data(http, query, &json!({"id": schedule["id"]}))["scheduledJob"].take()
}

#[test]
fn point_8_a_scheduled_job_that_is_not_active_makes_no_more_jobs() {
    let server = one_at_a_time();
    let http = &server.http;
    let every = json!({"runMode": "Recurring", "recurringScheduleParts": [{"repeatIntervalUnit": "Seconds", "repeatInterval": 1}]});
    let schedule = made(http, &every);
    eventually("a job of it", || (shown(http, &schedule)["jobs"]["count"].as_i64() > Some(0)).then_some(()));
    // As the page for customers has it: the mode beside it, and `isPublic` as its default is.
    let update = "mutation ($id: ID!) { updateScheduledJob(input: {id: $id, isActive: false, isPublic: false, runMode: Once}) { id name runMode isActive } }";
    let off = data(http, update, &json!({"id": schedule["id"]}))["updateScheduledJob"].take();
    assert_eq!(off, json!({"id": schedule["id"], "name": "a name", "runMode": "Once", "isActive": false}));
    let after = shown(http, &schedule)["jobs"]["count"].clone();
    // A client that activates it again says its mode.
    let on = "mutation ($id: ID!) { updateScheduledJob(input: {id: $id, isActive: true}) { runMode isActive parts { repeatInterval } } }";
    let again = data(http, on, &json!({"id": schedule["id"]}))["updateScheduledJob"].take();
    assert_eq!(again, json!({"runMode": "Once", "isActive": true, "parts": [{"repeatInterval": 1}]}));
    assert_eq!(shown(http, &schedule)["jobs"]["count"], after);
    let recurring = "mutation ($id: ID!) { updateScheduledJob(input: {id: $id, runMode: Recurring}) { runMode } }";
    data(http, recurring, &json!({"id": schedule["id"]}));
    eventually("another job of it", || {
        (shown(http, &schedule)["jobs"]["count"].as_i64() > after.as_i64()).then_some(())
    });
    // The other way, over REST.
    cancel(http, &json!({"scheduledJobID": schedule["id"]})).expect(200);
    assert_eq!(shown(http, &schedule)["isActive"], false);
}

#[test]
fn point_13_now_runs_by_itself_and_turns_into_once_which_never_does() {
    let server = one_at_a_time();
    let http = &server.http;
    let now = made(http, &json!({"runMode": "Now"}));
    assert_eq!(now["runMode"], "Now");
    eventually("the mode to be once", || (shown(http, &now)["runMode"] == "Once").then_some(()));
    let of_now = shown(http, &now);
    assert_eq!((&of_now["jobs"]["count"], &of_now["jobs"]["records"][0]["status"]), (&json!(1), &json!("complete")));
    assert_eq!(of_now["jobs"]["records"][0]["scheduledJobId"], now["id"]);
    assert_eq!(of_now["jobs"]["records"][0]["scheduledJob"]["name"], "a name");
    let once = made(http, &json!({}));
    assert_eq!(
        (&once["runMode"], &once["description"], &once["isPublic"]),
        (&json!("Once"), &json!("a name"), &json!(false))
    );
    assert_eq!(shown(http, &once)["jobs"]["count"], 0);
    let launch = "mutation ($id: ID!) { launchScheduledJobs(input: {scheduledJobId: $id}) { id scheduledJobId } }";
    let launched = data(http, launch, &json!({"id": once["id"]}))["launchScheduledJobs"].take();
    assert_eq!(launched[0]["scheduledJobId"], once["id"]);
    assert_eq!(shown(http, &once)["jobs"]["count"], 1);
    let list = "query ($ids: [ID!]) { jobs(scheduledJobIds: $ids) { count records { id } } all: jobs(hasScheduledJobId: true) { count } none: jobs(hasScheduledJobId: false) { count } }";
    let jobs = data(http, list, &json!({"ids": [once["id"], 999_999]}));
    assert_eq!(jobs["jobs"], json!({"count": 1, "records": [{"id": launched[0]["id"]}]}));
    assert_eq!((&jobs["all"]["count"], &jobs["none"]["count"]), (&json!(2), &json!(0)));
    let payload = "mutation ($id: ID!) { launchScheduledJobs(input: {scheduledJobId: $id, payload: {at: 1}}) { id } }";
    assert_eq!(fault(http, payload, &json!({"id": once["id"]})).0, "not_implemented");
}

#[test]
fn parts_come_back_as_they_were_said() {
    let server = one_at_a_time();
    let http = &server.http;
    let input = json!({"runMode": "Recurring", "isActive": false, "description": "of it",
        "weeklyScheduleParts": [{"scheduledDay": "Monday", "startTime": "08:30", "stopTime": "17:00:00"}],
        "recurringScheduleParts": [{"repeatIntervalUnit": "Days", "repeatInterval": 2, "startTime": "00:00", "durationSeconds": 60}]});
    let schedule = made(http, &input);
    assert_eq!(schedule["description"], "of it");
    let weekly = json!({"scheduleType": "Weekly", "scheduledDay": "Monday", "startTime": "08:30:00", "stopTime": "17:00:00",
        "repeatIntervalUnit": null, "repeatInterval": null, "durationSeconds": null});
    let interval = json!({"scheduleType": "Interval", "scheduledDay": null, "startTime": "00:00:00", "stopTime": null,
        "repeatIntervalUnit": "Days", "repeatInterval": 2, "durationSeconds": 60});
    assert_eq!(schedule["parts"], json!([weekly, interval]));
    for (part, why) in [
        (
            json!({"recurringScheduleParts": [{"repeatIntervalUnit": "Days", "repeatInterval": 2}]}),
            "/startTime` is missing",
        ),
        (
            json!({"recurringScheduleParts": [{"repeatIntervalUnit": "Hours", "repeatInterval": 0}]}),
            "must be a number from 1 on",
        ),
        (json!({"weeklyScheduleParts": [{"startTime": "08:30"}]}), "/scheduledDay` is missing"),
        (json!({"runMode": "Recurring"}), "needs a weekly part or an interval"),
        (json!({"jobTemplates": []}), "has no job template"),
        (json!({"jobTemplates": [template(), template()]}), "has one job template here"),
    ] {
        let mut input = json!({"name": "x", "jobTemplates": [template()]});
        for (member, value) in part.as_object().into_iter().flatten() {
            input[member] = value.clone();
        }
        let answer = ask(http, CREATE, &json!({"input": input})).expect(200).json();
        assert!(answer["errors"][0]["message"].as_str().is_some_and(|text| text.contains(why)), "{why}: {answer}");
    }
    let public = json!({"input": {"name": "x", "isPublic": true, "jobTemplates": [template()]}});
    assert_eq!(ask(http, CREATE, &public).expect(200).json()["errors"][0]["name"], "not_allowed");
}

#[test]
fn scheduled_jobs_are_listed_copied_and_removed_and_another_organisations_are_not_there() {
    let server = one_at_a_time();
    let http = &server.http;
    let kept = "mutation ($input: CreateJobTemplate) { createJobTemplate(input: $input) { id } }";
    let kept = data(http, kept, &json!({"input": template()}))["createJobTemplate"]["id"].clone();
    let first =
        made(http, &json!({"name": "Alpha", "jobTemplates": null, "jobTemplateIds": [kept], "details": {"a": 1}}));
    let second = made(http, &json!({"name": "beta", "isActive": false}));
    let list = |arguments: &str| -> Vec<String> {
        let query = format!("{{ scheduledJobs{arguments} {{ count records {{ id }} }} }}");
        data(http, &query, &json!({}))["scheduledJobs"]["records"].as_array().expect("a list").iter().map(id).collect()
    };
    let (one, two) = (id(&first), id(&second));
    assert_eq!(list(""), [two.clone(), one.clone()]);
    assert_eq!(list("(name: \"ALP\")"), std::slice::from_ref(&one));
    assert_eq!(list("(isActive: false)"), std::slice::from_ref(&two));
    assert_eq!(list("(orderBy: [{field: name, direction: asc}], limit: 1)"), std::slice::from_ref(&one));
    assert_eq!(list("(engineId: \"rows/rows\", runMode: Once, hasRunningJobs: false)"), [two.clone(), one.clone()]);
    assert_eq!(list("(dateTimeFilter: [{field: startDateTime, fromDateTime: 1}])"), [""; 0]);
    let show = "query ($id: ID!) { scheduledJob(id: $id) { details jobTemplateIds permission jobTemplates { count records { id taskTemplates { records { engineId payload } } } }
        allJobTemplates { count } jobPipelines { count } contentTemplates collaborators affiliates } }";
    let shown = data(http, show, &json!({"id": one}))["scheduledJob"].take();
    assert_eq!((&shown["details"], &shown["jobTemplateIds"]), (&json!({"a": 1}), &json!([kept])));
    assert_eq!(shown["jobTemplates"]["records"][0]["taskTemplates"]["records"][0]["payload"], number());
    let clone = "mutation ($id: ID!) { cloneScheduledJob(input: {id: $id}) { id name details } }";
    let copy = data(http, clone, &json!({"id": one}))["cloneScheduledJob"].take();
    assert_eq!((&copy["name"], &copy["details"]), (&json!("Alpha"), &json!({"a": 1})));
    assert_ne!(copy["id"], first["id"]);
    let revert = "mutation ($id: ID!) { revertScheduledJob(input: {id: $id}) { id } }";
    assert_eq!(ask(http, revert, &json!({"id": one})).expect(200).json()["errors"][0]["name"], "not_implemented");
    let other = crate::stranger(&server);
    assert_eq!(data(&other, "{ scheduledJobs { count } }", &json!({}))["scheduledJobs"]["count"], 0);
    let delete = "mutation ($id: ID!) { deleteScheduledJob(id: $id) { id message } }";
    let launch = "mutation ($id: ID!) { launchScheduledJobs(input: {scheduledJobId: $id}) { id } }";
    let update = "mutation ($id: ID!) { updateScheduledJob(input: {id: $id, isActive: false}) { id } }";
    for call in [delete, launch, update, clone, "query ($id: ID!) { scheduledJob(id: $id) { id } }"] {
        let answer = ask(&other, call, &json!({"id": one})).expect(200).json();
        assert_eq!(answer["errors"][0]["name"], "not_found", "{call}");
    }
    assert_eq!(
        data(http, delete, &json!({"id": one}))["deleteScheduledJob"],
        json!({"id": one, "message": "Scheduled job deleted"})
    );
    assert_eq!(fault(http, "query ($id: ID!) { scheduledJob(id: $id) { id } }", &json!({"id": one})).0, "not_found");
}
