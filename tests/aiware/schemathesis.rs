//! `schemathesis` from PyPI makes calls of all kinds from the description of `/edge/v1`, and looks at each answer.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::json;
use support::server::Server;

use super::{created, detail, later, one_at_a_time, reaches, simple};

/// The release that is asked for.
const RELEASE: &str = "schemathesis==4.32.5";
/// What it looks at. 501 is an answer of its own here: parts of the product that have no meaning are refused with it, by name.
const SETTINGS: &str =
    "[checks]\nnot_a_server_error.expected-statuses = [\"1xx\", \"2xx\", \"3xx\", \"4xx\", \"501\"]\n";
/// Calls of each kind, unless `ANALYTE_SCHEMATHESIS_EXAMPLES` says another number.
const EXAMPLES: &str = "15";

/// The program in an environment of its own; `None`: it cannot be had, which is said, and fails in CI.
fn program() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("schemathesis");
    let program = folder.join("bin/schemathesis");
    let made = |command: &mut Command| command.output().is_ok_and(|output| output.status.success());
    let there = made(Command::new(&program).arg("--version"))
        || (made(Command::new("python3").args(["-m", "venv"]).arg(&folder))
            && made(Command::new(folder.join("bin/pip")).args(["install", "--quiet", RELEASE]))
            && made(Command::new(&program).arg("--version")));
    assert!(there || std::env::var_os("CI").is_none(), "CI needs python3, and {RELEASE} from PyPI");
    if !there {
        eprintln!("skipped: {RELEASE} cannot be had from PyPI with python3 here");
    }
    there.then_some(program)
}

#[test]
fn no_call_that_is_described_has_an_answer_that_is_not() {
    let Some(program) = program() else { return };
    let server: Server = one_at_a_time();
    let http = &server.http;
    let jobs = created(http, &[simple(), later()]);
    reaches(http, &jobs[0], "complete");
    let done = detail(http, &jobs[0]);
    let schedule = json!({"name": "yearly", "when": {"cron": "0 0 1 1 *"}, "template": {"provider": "rows", "model": "rows",
        "input": [{"value": 1}]}});
    let schedule = http.post("/v1/schedules", &schedule).expect(201).json();
    // So that calls come to what is there: a job that waits, a task that is complete.
    let parameters = format!(
        "[parameters]\n\"path.job\" = {}\n\"path.task\" = {}\n\"path.scheduled_job\" = {}\n\"path.engine\" = {}\n\"path.name\" = \"result.json\"\n",
        json!(jobs[1]),
        done["tasks"][0]["internalTaskID"],
        schedule["id"],
        done["tasks"][0]["engineID"],
    );
    let folder = tempfile::tempdir().expect("a folder");
    let settings = folder.path().join("settings.toml");
    std::fs::write(&settings, format!("{parameters}{SETTINGS}")).expect("written");
    let examples = std::env::var("ANALYTE_SCHEMATHESIS_EXAMPLES").unwrap_or_else(|_| EXAMPLES.to_owned());
    let checks = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance";
    let output = Command::new(program)
        .current_dir(folder.path())
        .arg("--config-file")
        .arg(&settings)
        .args(["run", &format!("{}/edge/v1/openapi.json", http.url)])
        .args(["--header", &format!("Authorization: Bearer {}", http.token)])
        .args(["--checks", checks, "--phases", "examples,coverage,fuzzing", "--seed", "7"])
        .args(["--max-examples", &examples, "--request-timeout", "60", "--suppress-health-check", "all"])
        .output()
        .expect("schemathesis");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    // Nothing of it has broken the server.
    http.get("/edge/v1/proc/jobs").expect(200);
}
