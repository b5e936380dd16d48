//! An application that is not Analyte's: its author wrote it against ThingWorx Analytics Manager, and changed only its
//! address and key.
//!
//! `client` is that application's client, made from the public description of the services alone. These tests are what it is
//! used for. Analyte itself appears in two places only: where a server is started, and where its operator makes a token.

#![expect(clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests fail by panicking")]

use std::time::{Duration, SystemTime};

use serde_json::json;

mod client;
mod queries;
mod sessions;
use client::{AnalyticsManager, Cell, Connection, Credential, Error, Job, NewModel, Status, Table};
use support::http::Http;
use support::server::{Server, Setup};
use support::{eventually, ok};

/// `2a − b` of each row, as the plugin `filed` reads it.
const WEIGHTS: &[u8] = br#"{"inputs": ["a", "b"], "weights": [2, -1], "output": "weighted"}"#;
/// Answers more rows than it gets.
const DOUBLING: &[u8] = br#"{"inputs": ["a"], "weights": [1], "results": "double"}"#;

fn server() -> Server {
    Server::with(&Setup {
        // The machine of a test may have little room left.
        config: "[limits]\nfree_disk_bytes = 0\n",
        plugins: &["filed", "keeper"],
        ..Setup::default()
    })
}

/// The application with the key of the server's first token.
fn application(server: &Server) -> AnalyticsManager {
    let connection = Connection::new(&server.http.url, Credential::Key(server.http.token.clone()), false);
    ok(AnalyticsManager::connect(connection), "looking the services up")
}

/// The operator's part: a token with a label and rights.
fn token(operator: &Http, label: &str, rights: &[&str]) -> String {
    let made = operator
        .post("/v1/tokens", &json!({"label": label, "organisation": "default", "rights": rights}))
        .expect(201)
        .json();
    made["secret"].as_str().expect("a secret").to_owned()
}

/// Rows of `a` and `b`.
fn pairs(rows: &[(Option<f64>, Option<f64>)]) -> Table {
    let row = |table: Table, (a, b): &(Option<f64>, Option<f64>)| table.row([a.map(Cell::Number), b.map(Cell::Number)]);
    rows.iter().fold(Table::of(&[("a", "NUMBER"), ("b", "NUMBER")]), row)
}

/// A row for the plugin `keeper`, which looks at its parameters only.
fn keeper(extra: serde_json::Value) -> Job {
    Job::new("keeper", "keeper", Table::of(&[("value", "NUMBER")]).row([Some(1.0.into())])).with(extra)
}

fn weights(name: &str) -> NewModel<'_> {
    NewModel { provider: "filed", file: name, description: "2a - b", cardinality: None }
}

fn ended(manager: &AnalyticsManager, provider: &str, job: &str) -> Status {
    eventually("the job to end", || {
        let status = ok(manager.get_job_status(provider, job), "the status");
        matches!(status, Status::Completed | Status::Failed).then_some(status)
    })
}

fn refused(result: Result<impl std::fmt::Debug, Error>) -> (u16, String) {
    match result {
        Err(Error::Refused { status, text }) => (status, text),
        other => panic!("not refused: {other:?}"),
    }
}

#[test]
fn the_services_are_found_with_the_parameters_of_the_public_pages() {
    let server = server();
    let manager = application(&server);
    let job = vec![("jobId", "STRING"), ("providerName", "STRING")];
    let input = vec![
        ("customData", "INFOTABLE"),
        ("extraParams", "JSON"),
        ("inputParams", "INFOTABLE"),
        ("modelName", "STRING"),
        ("providerName", "STRING"),
    ];
    let expected = [
        ("EndStatefulSession", vec![]),
        ("ExecuteJob", input.clone()),
        ("GetJobErrors", job.clone()),
        ("GetJobResultFiles", job.clone()),
        ("GetJobResults", job.clone()),
        ("GetJobStatus", job.clone()),
        ("IsStatefulSession", vec![]),
        ("QueryJobs", vec![("query", "QUERY"), ("values", "INFOTABLE")]),
        ("RetryJob", job),
        ("StartStatefulSession", vec![]),
        ("SubmitJob", input),
    ];
    for (service, parameters) in expected {
        let found = manager.jobs().parameters(service).unwrap_or_else(|| panic!("no {service}"));
        let found: Vec<_> = found.iter().map(|(name, base_type)| (name.as_str(), base_type.as_str())).collect();
        assert_eq!(found, parameters, "{service}");
    }
}

#[test]
fn the_life_of_an_application() {
    let server = server();
    let manager = application(&server);

    // A model of its own, from a file.
    let id = ok(manager.create_model_from_file(&weights("margin.json"), WEIGHTS), "a model");
    assert!(!id.is_empty(), "a model has an id");

    // A job that is waited for, and one that is asked after. Rows keep their order; what is unset has no sum.
    let input = pairs(&[(Some(1.5), Some(0.5)), (Some(-2.0), None), (Some(1e300), Some(1.0))]);
    let sums = vec![Some(2.5), None, Some(2e300)];
    let job = Job::new("filed", "margin", input);
    let results = ok(manager.execute_job(&job), "the execution");
    assert_eq!((results.names(), results.numbers("weighted")), (vec!["weighted"], sums.clone()));

    let id = ok(manager.submit_job(&job), "the submission");
    assert_eq!(ended(&manager, "filed", &id), Status::Completed);
    assert_eq!(ok(manager.get_job_results("filed", &id), "the results"), results);
    assert_eq!(ok(manager.get_job_errors("filed", &id), "no errors"), []);
    assert_eq!(ok(manager.get_job_result_files("filed", &id), "no files"), []);

    // The server does not run again what has completed; it says so in a message, and the call does not fail.
    let message = ok(manager.retry_job("filed", &id), "a message");
    assert!(!message.is_empty(), "a message says that it did not work");
    assert_eq!(ok(manager.get_job_status("filed", &id), "the status"), Status::Completed);

    // Files that a job makes.
    let id = ok(manager.submit_job(&keeper(json!({"deed": "resume"}))), "the submission");
    assert_eq!(ended(&manager, "keeper", &id), Status::Completed);
    let files = ok(manager.get_job_result_files("keeper", &id), "the files");
    let named: Vec<_> = files.iter().map(|file| (file.name.as_str(), file.size)).collect();
    assert_eq!(named, [("file-0", 22)]);
    assert_eq!(ok(manager.download(&files[0]), "the file"), b"its own;still its own;");
}

#[test]
fn a_failing_job_tells_why_and_can_be_run_again() {
    let server = server();
    let manager = application(&server);
    let before = milliseconds();
    let id = ok(manager.submit_job(&keeper(json!({"deed": "error"}))), "the submission");
    assert_eq!(ended(&manager, "keeper", &id), Status::Failed);
    let errors = ok(manager.get_job_errors("keeper", &id), "the errors");
    let first = errors.first().expect("an error").clone();
    assert_eq!((first.job.as_str(), errors.len()), (id.as_str(), 1));
    assert!(first.message.contains("An error was asked for."), "{first:?}");
    assert!(!first.code.is_empty(), "{first:?}");
    assert!((before..=milliseconds()).contains(&first.at), "{first:?} after {before}");
    assert_eq!(ok(manager.get_job_results("keeper", &id), "no results").rows, []);

    // The same job, with the same id, fails again: later than it did at first.
    let message = ok(manager.retry_job("keeper", &id), "a message");
    assert!(!message.is_empty(), "a message says that it worked");
    let again = eventually("the second failure", || {
        let errors = ok(manager.get_job_errors("keeper", &id), "the errors");
        errors.into_iter().find(|error| error.at > first.at)
    });
    assert_eq!((again.job, again.code, again.message), (first.job, first.code, first.message));
    assert_eq!(ended(&manager, "keeper", &id), Status::Failed);

    // Waited for, the reason is that of the call.
    let (status, text) = refused(manager.execute_job(&keeper(json!({"deed": "error"}))));
    assert_eq!(status, 500);
    assert!(text.starts_with(&format!("Unable to Invoke Service ExecuteJob on {JOBS} : ")), "{text}");
    assert!(text.contains("An error was asked for."), "{text}");
}

/// The resource, as failures name it.
const JOBS: &str = "TW.AnalysisServices.JobManagementServicesAPI";

#[test]
fn what_does_not_fit_is_refused_by_name() {
    let server = server();
    let manager = application(&server);
    let unknown = Job::new("nobody", "nothing", pairs(&[(Some(1.0), None)]));
    let no_model = Job::new("filed", "nothing", pairs(&[(Some(1.0), None)]));
    for (result, named) in [
        (manager.submit_job(&unknown).map(drop), "nobody"),
        (manager.submit_job(&no_model).map(drop), "nothing"),
        (manager.execute_job(&no_model).map(drop), "nothing"),
        (manager.get_job_status("keeper", "no-such-job").map(drop), "no-such-job"),
        (manager.create_model_from_file(&weights("broken.json"), b"{").map(drop), "not a weighted sum"),
    ] {
        let (status, text) = refused(result);
        assert_eq!(status, 500, "{text}");
        assert!(text.starts_with("Unable to Invoke Service ") && text.contains(named), "{named}: {text}");
    }

    // One row of input is what a model of one row takes; more rows of results than of inputs break what `NxN` promises.
    let single = NewModel { cardinality: Some("1x1"), ..weights("single.json") };
    ok(manager.create_model_from_file(&single, WEIGHTS), "a model");
    let rows = Job::new("filed", "single", pairs(&[(Some(1.0), Some(1.0)), (Some(2.0), Some(1.0))]));
    assert_eq!(refused(manager.submit_job(&rows)).0, 500);
    let double = NewModel { cardinality: Some("NxN"), ..weights("double.json") };
    ok(manager.create_model_from_file(&double, DOUBLING), "a model");
    let one = Table::of(&[("a", "NUMBER")]).row([Some(1.0.into())]);
    let id = ok(manager.submit_job(&Job::new("filed", "double", one)), "the submission");
    assert_eq!(ended(&manager, "filed", &id), Status::Failed);
    assert_eq!(ok(manager.get_job_errors("filed", &id), "the errors").len(), 1);

    // A job is found under its own provider only.
    assert_eq!(refused(manager.get_job_results("keeper", &id)).0, 500);
}

#[test]
fn a_user_and_a_password_do_as_well_as_a_key() {
    let server = server();
    let password = token(&server.http, "calculator", &["jobs:read", "jobs:write"]);
    let user = |password: &str| Credential::Basic { user: "calculator".to_owned(), password: password.to_owned() };
    let connect = |credential| AnalyticsManager::connect(Connection::new(&server.http.url, credential, false));
    let manager = ok(connect(user(&password)), "the services");
    let results = ok(manager.execute_job(&keeper(json!({}))), "the execution");
    assert_eq!(results.numbers("count"), [Some(1.0)]);
    // It may not make models.
    let (status, text) = refused(manager.create_model_from_file(&weights("margin.json"), WEIGHTS));
    assert_eq!(status, 403, "{text}");
    assert_eq!(refused(connect(user("guessed"))).0, 401);
    assert_eq!(refused(connect(Credential::Key("guessed".to_owned()))).0, 401);
}

#[test]
fn many_threads_share_one_client() {
    const THREADS: u32 = 8;
    const JOBS_EACH: u32 = 6;
    let server = server();
    let manager = application(&server);
    ok(manager.create_model_from_file(&weights("margin.json"), WEIGHTS), "a model");
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            let manager = &manager;
            scope.spawn(move || {
                let job = |number: u32| {
                    let (thread, number) = (f64::from(thread), f64::from(number));
                    Job::new("filed", "margin", pairs(&[(Some(thread), Some(number)), (Some(number), Some(thread))]))
                };
                let submit = |number| ok(manager.submit_job(&job(number)), "the submission");
                let ids: Vec<_> = (0..JOBS_EACH).map(submit).collect();
                for (number, id) in (0..JOBS_EACH).zip(&ids) {
                    let (a, b) = (f64::from(thread), f64::from(number));
                    let sums = [Some(2.0 * a - b), Some(2.0 * b - a)];
                    let executed = ok(manager.execute_job(&job(number)), "the execution");
                    assert_eq!(executed.numbers("weighted"), sums);
                    assert_eq!(ended(manager, "filed", id), Status::Completed);
                    assert_eq!(ok(manager.get_job_results("filed", id), "the results").numbers("weighted"), sums);
                }
            });
        }
    });
    let all = ok(manager.query_jobs(&json!({})), "all jobs");
    let mut keys = all.texts("key");
    keys.sort_unstable();
    keys.dedup();
    assert_eq!(keys.len(), 2 * (THREADS * JOBS_EACH) as usize);
    assert!(all.texts("status").iter().all(|status| *status == Some("COMPLETED")), "{:?}", all.texts("status"));
}

/// Since 1970.
fn milliseconds() -> i64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or(Duration::ZERO);
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
