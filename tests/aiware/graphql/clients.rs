//! Clients that are not ours, unchanged: each is fetched from its registry, and where it cannot be had the test says `skipped`;
//! in CI it fails then.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use crate::one_at_a_time;

/// Where what was fetched is kept.
fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(name)
}

fn succeeds(command: &mut Command) -> bool {
    command.output().is_ok_and(|output| output.status.success())
}

/// Whether something is there; where it is not, the test says so, and fails in CI.
fn there(is: bool, what: &str) -> bool {
    assert!(is || std::env::var_os("CI").is_none(), "CI needs {what}");
    if !is {
        eprintln!("skipped: {what} cannot be had here");
    }
    is
}

/// A Python of at least this version with these packages from PyPI, made with the first of its programs that can.
fn python(name: &str, least: (u8, u8), packages: &[&str], module: &str) -> Option<PathBuf> {
    let folder = folder(name);
    let own = folder.join("bin/python");
    let has = || succeeds(Command::new(&own).args(["-c", &format!("import {module}")]));
    let is_new = format!("import sys; sys.exit(sys.version_info < {least:?})");
    let programs: Vec<_> = ["python3.13", "python3.12", "python3"]
        .into_iter()
        .filter(|program| succeeds(Command::new(program).args(["-c", &is_new])))
        .collect();
    if programs.is_empty() {
        // Also in CI: no registry that it reaches has one.
        eprintln!("skipped: there is no Python {least:?} or newer here");
        return None;
    }
    let made = has()
        || programs.iter().any(|program| {
            succeeds(Command::new(program).args(["-m", "venv", "--clear"]).arg(&folder))
                && succeeds(Command::new(folder.join("bin/pip")).args(["install", "--quiet"]).args(packages))
                && has()
        });
    there(made, &format!("{} and {} from PyPI", programs.join(" or "), packages.join(", "))).then_some(own)
}

/// A folder in which node finds these packages from npm.
fn node(name: &str, packages: &[&str]) -> Option<PathBuf> {
    let folder = folder(name);
    let done = folder.join("done");
    let install = || {
        std::fs::create_dir_all(&folder).is_ok()
            && succeeds(
                Command::new("npm")
                    .current_dir(&folder)
                    .args(["install", "--no-save", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"])
                    .args(packages),
            )
            && std::fs::write(&done, "").is_ok()
    };
    let made = succeeds(Command::new("node").arg("--version")) && (done.exists() || install());
    there(made, &format!("node, npm and {} from npm", packages.join(", "))).then_some(folder)
}

/// What a program says to the end.
fn said(command: &mut Command) -> String {
    let output = command.output().expect("a program that is there");
    let (said, faults) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{said}\n{faults}");
    said.trim().to_owned()
}

#[test]
fn gql_checks_its_documents_against_the_schema_that_it_fetches() {
    let Some(python) = python("gql", (3, 9), &["gql[requests]==4.4.0"], "gql, requests") else { return };
    let server = one_at_a_time();
    let script = include_str!("clients/gql.py");
    let http = &server.http;
    assert_eq!(said(Command::new(python).args(["-c", script, &http.url, &http.token])), "done");
}

#[test]
fn the_generated_client_of_veri_agents_manages_jobs() {
    let packages = ["aiware==0.4.0", "veri-agents-aiware==0.2.35"];
    let Some(python) = python("veri-agents", (3, 12), &packages, "veri_agents_aiware.aiware_client.client") else {
        return;
    };
    let server = one_at_a_time();
    let script = include_str!("clients/agents.py");
    let http = &server.http;
    assert_eq!(said(Command::new(python).args(["-c", script, &http.url, &http.token])), "done");
}

#[test]
fn the_javascript_clients_of_veritone_manage_jobs() {
    let packages = ["veritone-client-js@1.0.4", "veritone-redux-common@3.11.4"];
    let Some(folder) = node("veritone-js", &packages) else { return };
    let server = one_at_a_time();
    let script = folder.join("veritone.cjs");
    std::fs::write(&script, include_str!("clients/veritone.cjs")).expect("written");
    let http = &server.http;
    assert_eq!(said(Command::new("node").arg(script).args([&http.url, &http.token])), "done");
}

/// The audits that are not passed, and why: aiWARE's own behaviour comes before the draft of GraphQL over HTTP. None of them is
/// one of those that a server must pass.
const DEVIATIONS: [(&str, &str); 7] = [
    ("22EB", "answers are `application/json`, as aiWARE's clients read them, whatever a client says that it takes"),
    ("572B", "aiWARE answers 400 to a document that cannot be parsed"),
    ("FDE2", "aiWARE answers 400 to a document that is not right for the schema"),
    ("7B9B", "aiWARE answers 400 where a variable is missing"),
    ("5A70", "aiWARE takes POST only"),
    ("6A70", "aiWARE takes POST only"),
    ("D6D5", "aiWARE takes POST only"),
];

#[test]
fn the_audits_of_graphql_http_are_passed_but_for_those_that_are_explained() {
    let Some(folder) = node("graphql-http", &["graphql-http@1.23.1", "graphql@16"]) else { return };
    let server = one_at_a_time();
    let script = folder.join("audits.cjs");
    std::fs::write(&script, include_str!("clients/audits.cjs")).expect("written");
    let http = &server.http;
    let missed = said(Command::new("node").arg(script).args([&http.url, &http.token]));
    let missed: Value = serde_json::from_str(&missed).expect("JSON");
    let ids: Vec<&String> = missed.as_object().expect("an object").keys().collect();
    let mut explained: Vec<&str> = DEVIATIONS.iter().filter(|(_, why)| !why.is_empty()).map(|(id, _)| *id).collect();
    explained.sort_unstable();
    assert_eq!(json!(ids), json!(explained), "{missed:#}");
}
