//! The life of a job as these services show it: submitted, executed, retried, cancelled, not found.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{Client, named, one_at_a_time, one_row};
use crate::api::Api;
use support::eventually;
use support::server::Server;

#[test]
fn executing_is_submitting_and_waiting() {
    let server = Server::with_plugins(&["hostile"]);
    let client = Client::of(&server);
    let body = |model: &str| json!({"providerName": "hostile", "modelName": model, "inputParams": one_row()});
    let table = client.table("ExecuteJob", &body("noop"));
    assert_eq!(table["rows"], json!([{"value": 1.5}]));
    assert_eq!(table["dataShape"]["fieldDefinitions"]["value"]["baseType"], "NUMBER");
    // It is kept like any other.
    let jobs = client.table("QueryJobs", &json!({}));
    assert_eq!(jobs["rows"][0]["status"], "COMPLETED", "{jobs}");
    // The first error is what is said.
    assert_eq!(client.refusal("ExecuteJob", &body("error")), "A line needs at least 2 rows, and 1 was given.");
    let newest = &client.table("QueryJobs", &json!({}))["rows"][0];
    assert_eq!(newest["status"], "FAILED");
    assert_eq!(newest["errors"]["rows"][0]["errorCode"], "analysis-error");
    let details = newest["errors"]["rows"][0]["details"].as_str().expect("details");
    assert!(details.contains("code: too-few-rows") && details.contains("needed: 2"), "{details}");
}

#[test]
fn what_does_not_end_in_time_is_cancelled() {
    let server = one_at_a_time("thingworx_call_ms = 300\n");
    let client = Client::of(&server);
    let body = json!({"providerName": "hostile", "modelName": "spin", "inputParams": one_row()});
    let asked = Instant::now();
    let said = client.refusal("ExecuteJob", &body);
    assert!(asked.elapsed() >= Duration::from_millis(300), "{:?}", asked.elapsed());
    let id = client.found(&json!({})).pop().expect("the job");
    assert_eq!(
        said,
        format!(
            "job `{id}` did not end within 300 ms (limit thingworx_call_ms) and was cancelled; SubmitJob does not wait"
        )
    );
    assert_eq!(client.status(&id), "FAILED");
    // Also where it never began to run.
    let busy = client.submit("spin", &json!({}));
    client.until(&busy, "INPROCESS");
    let body = json!({"providerName": "hostile", "modelName": "noop", "inputParams": one_row()});
    assert!(client.refusal("ExecuteJob", &body).contains("did not end within 300 ms"));
    let table = client.table("QueryJobs", &json!({}));
    assert_eq!((&table["rows"][0]["modelName"], &table["rows"][0]["status"]), (&json!("noop"), &json!("FAILED")));
}

#[test]
fn a_server_that_stops_says_so_and_the_job_goes_on_with_the_next_start() {
    let server = one_at_a_time("grace_ms = 100\n");
    let client = Client::of(&server);
    let body = json!({"providerName": "hostile", "modelName": "slow", "inputParams": one_row(), "extraParams": {"milliseconds": 3_000}});
    let caller = Client::of(&server);
    let waiting = std::thread::spawn(move || caller.post("ExecuteJob", &body));
    let id = eventually("the job to run", || {
        let table = client.table(
            "QueryJobs",
            &json!({"query": {"filters": {"type": "EQ", "fieldName": "status", "value": "INPROCESS"}}}),
        );
        table["rows"][0]["key"].as_str().map(str::to_owned)
    });
    let (status, _, home) = server.terminate();
    assert!(status.success(), "{status}");
    let answer = waiting.join().expect("an answer");
    let said = super::said("ExecuteJob", &answer);
    assert_eq!(said, format!("the server is stopping; job `{id}` is kept and goes on when it is back"));
    let config = "[limits]\nfree_disk_bytes = 0\nconcurrent_tasks = 1\n";
    let setup = support::server::Setup { config, plugins: &["hostile"], ..Default::default() };
    let server = home.start(&setup);
    Client::of(&server).until(&id, "COMPLETED");
}

#[test]
fn a_client_that_goes_away_leaves_its_job_behind() {
    use std::io::Write as _;
    use std::net::TcpStream;

    let server = Server::with_plugins(&["hostile"]);
    let client = Client::of(&server);
    let body = json!({"providerName": "hostile", "modelName": "slow", "inputParams": one_row(), "extraParams": {"milliseconds": 300}}).to_string();
    let mut connection =
        TcpStream::connect(server.http.url.strip_prefix("http://").expect("http")).expect("a connection");
    write!(
        connection,
        "POST {}/ExecuteJob HTTP/1.1\r\nhost: localhost\r\nappKey: {}\r\naccept: application/json\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        super::SERVICES,
        client.api.key(),
        body.len()
    )
    .expect("sent");
    let id = eventually("the job to be there", || client.found(&json!({})).pop());
    drop(connection);
    client.until(&id, "COMPLETED");
}

#[test]
fn failed_and_running_jobs_are_retried_and_what_they_gave_before_is_gone() {
    let server = one_at_a_time("");
    let client = Client::of(&server);
    let failing = client.submit("error", &json!({}));
    client.until(&failing, "FAILED");
    let errors = client.table("GetJobErrors", &named(&failing));
    assert_eq!(errors["rows"][0]["jobId"], json!(failing));
    assert!(errors["rows"][0]["timestamp"].is_i64(), "{errors}");

    let running = client.submit("spin", &json!({}));
    client.until(&running, "INPROCESS");
    let started = client.table("QueryJobs", &json!({}))["rows"][0]["startedOn"].as_i64().expect("a time");
    // While that runs, a retried job waits, and tells no error any more.
    assert_eq!(client.scalar("RetryJob", &named(&failing)), format!("Job `{failing}` will run again."));
    assert_eq!(client.status(&failing), "WAITING");
    assert_eq!(client.table("GetJobErrors", &named(&failing))["rows"], json!([]));
    let again = client.scalar("RetryJob", &named(&failing));
    assert_eq!(
        again,
        format!(
            "Job `{failing}` is WAITING; only a job that is FAILED or INPROCESS can be retried. Nothing has changed."
        )
    );
    // Retried while it runs, it makes room; the other comes first or it does: one of them runs, and both did.
    assert_eq!(client.scalar("RetryJob", &named(&running)), format!("Job `{running}` will run again."));
    eventually("both to have run again", || {
        let table = client.table("QueryJobs", &json!({"values": {"rows": [{"key": running}]}}));
        let again = table["rows"][0]["startedOn"].as_i64().is_some_and(|at| at > started);
        (again && client.status(&running) == "INPROCESS").then_some(())
    });
    client.scalar("CancelJob", &named(&running));
    client.until(&failing, "FAILED");
}

#[test]
fn a_cancelled_job_reads_failed_and_says_why() {
    let server = one_at_a_time("");
    let client = Client::of(&server);
    let running = client.submit("spin", &json!({}));
    client.until(&running, "INPROCESS");
    let waiting = client.submit("noop", &json!({}));
    for id in [&waiting, &running] {
        assert_eq!(client.scalar("CancelJob", &named(id)), format!("Job `{id}` is cancelled."));
        assert_eq!(client.scalar("CancelJob", &named(id)), format!("Job `{id}` is cancelled."));
        assert_eq!(client.status(id), "FAILED");
        let errors = client.table("GetJobErrors", &named(id));
        let rows = errors["rows"].as_array().expect("rows");
        assert_eq!(rows.len(), 1, "{errors}");
        assert_eq!(rows[0]["errorCode"], "cancelled");
        assert_eq!(client.table("GetJobResults", &named(id))["rows"], json!([]));
    }
    assert_eq!(client.scalar("RetryJob", &named(&waiting)), format!("Job `{waiting}` will run again."));
    client.until(&waiting, "COMPLETED");
    let too_late = client.scalar("CancelJob", &named(&waiting));
    assert_eq!(too_late, format!("Job `{waiting}` is COMPLETED already. Nothing has changed."));
}

#[test]
fn result_files_are_listed_with_their_links() {
    let server = Server::with_plugins(&["hostile"]);
    let client = Client::of(&server);
    let id = client.submit("many-files", &json!({}));
    client.until(&id, "COMPLETED");
    let table = client.table("GetJobResultFiles", &named(&id));
    let rows = table["rows"].as_array().expect("rows");
    assert_eq!(rows.len(), 64);
    let link = format!("/Thingworx/FileRepositories/TW.AnalysisServices.JobRepository/hostile/{id}/file-0");
    assert_eq!(rows[0], json!({"name": "file-0", "link": link, "size": 7}));
    let fields = &table["dataShape"]["fieldDefinitions"];
    assert_eq!(
        [&fields["name"]["baseType"], &fields["link"]["baseType"], &fields["size"]["baseType"]],
        ["STRING", "HYPERLINK", "LONG"]
    );
    let none = client.submit("noop", &json!({}));
    client.until(&none, "COMPLETED");
    assert_eq!(client.table("GetJobResultFiles", &named(&none))["rows"], json!([]));
}

#[test]
fn jobs_of_another_organisation_are_as_if_they_were_not_there() {
    let server = Server::with_plugins(&["hostile"]);
    let client = Client::of(&server);
    let id = client.submit("noop", &json!({}));
    client.until(&id, "COMPLETED");
    let foreign = Client { api: Api::with_rights(&server, "acme", &["jobs:read", "jobs:write"]) };
    for service in ["GetJobStatus", "GetJobResults", "GetJobErrors", "GetJobResultFiles", "RetryJob", "CancelJob"] {
        assert_eq!(foreign.refusal(service, &named(&id)), format!("there is no job `{id}`"), "{service}");
    }
    assert_eq!(foreign.found(&json!({"values": {"rows": [{"key": id}]}})), [""; 0]);
    let own = foreign.submit("noop", &json!({}));
    assert_eq!(foreign.found(&json!({})), [own.as_str()]);
    assert_eq!(foreign.table("QueryJobs", &json!({}))["rows"][0]["createdBy"], "test");
    assert_eq!(client.found(&json!({})), [id]);
}

#[test]
fn what_is_not_there_is_named_and_nothing_is_made() {
    let server = Server::with_plugins(&["hostile", "statistics"]);
    let client = Client::of(&server);
    let id = client.submit("noop", &json!({}));
    client.until(&id, "COMPLETED");
    let unknown = "01890000-0000-7000-8000-000000000000";
    for service in ["GetJobStatus", "GetJobResults", "GetJobErrors", "GetJobResultFiles", "RetryJob", "CancelJob"] {
        for (provider, job) in
            [("hostile", unknown), ("statistics", &id), ("Hostile", &id), ("hostile", "no id"), ("../x", &id)]
        {
            let said = client.refusal(service, &json!({"providerName": provider, "jobId": job}));
            assert_eq!(said, format!("there is no job `{job}`"), "{service} {provider}");
        }
        assert_eq!(client.refusal(service, &json!({"providerName": "hostile"})), "the parameter jobId is missing");
        assert_eq!(client.refusal(service, &json!({"jobId": id})), "the parameter providerName is missing");
    }
    for service in ["SubmitJob", "ExecuteJob"] {
        let call = |provider: &str, model: &str| {
            client.refusal(service, &json!({"providerName": provider, "modelName": model, "inputParams": one_row()}))
        };
        assert_eq!(call("nobody", "noop"), "there is no provider `nobody`");
        assert_eq!(call("no/body", "noop"), "there is no provider `no/body`");
        assert_eq!(call("hostile", "nothing"), "there is no model `nothing` of provider `hostile`");
        assert_eq!(call("hostile", " noop"), "there is no model ` noop`");
    }
    assert_eq!(client.found(&json!({})), [id]);
}

#[test]
fn a_session_that_is_stateful_says_so() {
    let server = Server::with_plugins(&["hostile"]);
    let client = Client::of(&server);
    assert_eq!(client.scalar("IsStatefulSession", &json!({})), json!(false));
    client.post("EndStatefulSession", &json!({})).expect(200);
    // Without a session one is opened.
    let started = client.post("StartStatefulSession", &json!({})).expect(200);
    assert_eq!(started.body, b"");
    let cookie = started.header("set-cookie");
    let cookie = cookie.split(';').next().expect("a cookie").to_owned();
    let stateful = || {
        let answer = client.with_headers("IsStatefulSession", &[("cookie", &cookie)], b"{}").expect(200).json();
        answer["rows"][0]["result"].clone()
    };
    assert_eq!(stateful(), json!(true));
    // Twice is harmless, and both sides are.
    for (service, now) in [("StartStatefulSession", true), ("EndStatefulSession", false), ("EndStatefulSession", false)]
    {
        client.with_headers(service, &[("cookie", &cookie)], b"{}").expect(200);
        assert_eq!(stateful(), json!(now), "{service}");
    }
    assert_eq!(client.scalar("IsStatefulSession", &json!({})), Value::from(false));
}
