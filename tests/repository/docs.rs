//! The documents: every call on the pages for clients is run as it stands there; the rest is checked in `prose`.

#![expect(clippy::expect_used, reason = "tests fail by panicking")]

use std::fs;
use std::process::Command;

mod prose;
use support::binary::finish;
use support::receiver::Receiver;
use support::server::{Server, Setup};
use support::{ok, repository};

/// The blocks of shell commands of a page, one after the other.
fn commands(page: &str) -> String {
    let mut script = String::new();
    let mut inside = false;
    for line in page.lines() {
        match line {
            "```sh" => inside = true,
            "```" => inside = false,
            line if inside => {
                script.push_str(line);
                script.push('\n');
            }
            _ => {}
        }
    }
    script
}

/// Runs every block of a page in one shell, against this server; what it printed.
fn run(server: &Server, page: &str) -> String {
    run_with(server, page, &[])
}

/// The same with further variables.
fn run_with(server: &Server, page: &str, variables: &[(&str, &str)]) -> String {
    let folder = ok(tempfile::tempdir(), "a temporary folder");
    let page = ok(fs::read_to_string(repository().join(page)), "the page");
    let script = commands(&page);
    let mut shell = Command::new("bash");
    shell.args(["-euo", "pipefail", "-c", &script]).current_dir(folder.path());
    shell.envs(variables.iter().copied());
    shell.env("SERVER", &server.http.url).env("TOKEN", &server.http.token);
    let said = finish(&mut shell, b"");
    assert_eq!(said.code, 0, "{}", said.transcript());
    said.text()
}

#[test]
fn every_call_of_the_page_for_thingworx_clients_works() {
    let server = Server::with_plugins(&["statistics"]);
    let shown = run(&server, "docs/thingworx.md");
    let number_of = |part: &str| shown.matches(part).count();
    assert_eq!(number_of("\"rows\":[{\"result\":\"COMPLETED\"}]"), 0, "grep was quiet: {shown}");
    // The results of the job, of ExecuteJob, and of ExecuteJob in the session: 12.5 and 13 on average.
    assert_eq!(number_of("\"mean\":12.75"), 3, "{shown}");
    // Two jobs were completed when they were asked for.
    assert_eq!(number_of("\"status\":\"COMPLETED\""), 2, "{shown}");
    assert_eq!(number_of("\"serviceDefinitions\":"), 1, "{shown}");
    assert_eq!(number_of("\"rows\":[{\"result\":true}]"), 1, "{shown}");
}

#[test]
fn every_call_of_the_page_for_aiware_clients_works() {
    let server = Server::with_plugins(&["statistics"]);
    let shown = run(&server, "docs/aiware.md");
    let number_of = |part: &str| shown.matches(part).count();
    // Of the job that was cancelled, of two that were with it, in the list, and of the one that GraphQL cancelled.
    assert_eq!(number_of("\"jobStatus\":\"pending\""), 1, "{shown}");
    assert_eq!(number_of("\"jobStatus\":\"aborted\""), 4, "{shown}");
    assert_eq!(number_of("{\"success\":true,\"count\":1,\"error\":null}"), 1, "{shown}");
    assert_eq!(number_of("{\"success\":true,\"count\":2,\"error\":null}"), 1, "{shown}");
    assert_eq!(number_of("{\"status\":\"aborted\",\"count\":3,"), 1, "{shown}");
    // Made, cancelled and made again over GraphQL; then a scheduled job that is switched off.
    assert_eq!(number_of("\"message\":\"Job cancelled\""), 1, "{shown}");
    assert_eq!(number_of("\"retryJob\":{\"id\":\""), 1, "{shown}");
    assert_eq!(number_of("\"runMode\":\"Once\",\"isActive\":false"), 1, "{shown}");
    assert_eq!(number_of("\"errors\":["), 0, "{shown}");
    // In the list of engines, of the first job and its tasks, and of the tasks of the two jobs in the list.
    assert_eq!(number_of("\"engineName\":\"statistics/describe\""), 9, "{shown}");
}

#[test]
fn every_call_of_the_page_on_jobs_works() {
    let receiver = Receiver::taking();
    let config = format!("[webhooks]\nallow = ['{}']\n", receiver.destination());
    let server = Server::with(&Setup { config: &config, plugins: &["statistics"], ..Setup::default() });
    let shown = run_with(&server, "docs/jobs.md", &[("RECEIVER", &receiver.url("/analyte"))]);
    let answers: Vec<&str> = shown.lines().filter(|line| !line.is_empty()).collect();
    let number_of = |part: &str| answers.iter().filter(|line| line.contains(part)).count();
    // The first job: submitted, replayed, in the list, in the query.
    let id = answers.first().and_then(|job| job.split('"').nth(3)).expect("an id");
    assert!(number_of(&format!("\"id\":\"{id}\"")) >= 4, "{shown}");
    assert_eq!(number_of("{\"items\":[{\"job\":"), 1, "{shown}");
    assert_eq!(number_of("\"code\":\"not-found\""), 1, "{shown}");
    // From the first event, and from the second on.
    assert_eq!((number_of("id: 1000000"), number_of("\"status\":\"completed\",\"task\"")), (1, 2), "{shown}");
    assert_eq!(number_of("{\"count\":"), 1, "{shown}");
    assert_eq!(number_of("\"retry_of\":\""), 1, "{shown}");
    assert_eq!(number_of("\"event\":\"job.completed\""), 1, "{shown}");
    assert_eq!(receiver.wait_for("/analyte", 1).len(), 1);
}
