//! The invariants of ARCHITECTURE.md that a test can hold, and the documents that are generated from the code.

#![expect(clippy::expect_used, clippy::indexing_slicing, reason = "tests fail by panicking")]

mod circles;
mod imports;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use analyte_core::codes::Code;
use analyte_core::limits::Limits;

fn root() -> PathBuf {
    support::repository()
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()) {
        if entry.is_dir() {
            found.extend(rust_files(&entry));
        } else if entry.extension().is_some_and(|extension| extension == "rs") {
            found.push(entry);
        }
    }
    found.sort();
    found
}

/// The code of a file, without its comments.
fn code(file: &Path) -> String {
    let text = fs::read_to_string(file).expect("a source file");
    text.lines().map(|line| line.split("//").next().unwrap_or("")).collect::<Vec<_>>().join("\n")
}

const CRATES: [&str; 8] = ["core", "engine", "store", "outgoing", "jobs", "http", "cli", "conformance"];

fn crates() -> impl Iterator<Item = (&'static str, PathBuf)> {
    CRATES.into_iter().map(|name| (name, root().join("host").join(name))).filter(|(_, folder)| folder.exists())
}

/// Whether a word stands in code as a path (`sled::…`, `use sled`), not as part of another word.
fn names(code: &str, library: &str) -> bool {
    code.match_indices(library).any(|(at, _)| {
        let before = code[..at].chars().next_back();
        let after = &code[at + library.len()..];
        !before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':' || c == '.' || c == '"')
            && (after.starts_with("::") || after.starts_with(';'))
    })
}

/// Invariant 1, first half: a library that decides how a layer works is named by that layer only.
#[test]
fn each_library_is_named_by_its_layer_only() {
    let owners = [("wasmtime", "engine"), ("wasmtime_wasi", "engine"), ("axum", "http"), ("postgres", "store")];
    let mut strangers = Vec::new();
    for (name, folder) in crates() {
        for file in rust_files(&folder.join("src")) {
            let code = code(&file);
            strangers.extend(owners.iter().filter(|(library, owner)| *owner != name && names(&code, library)).map(
                |(library, _)| {
                    format!("{} names {library}", file.strip_prefix(root()).expect("below the root").display())
                },
            ));
        }
        let manifest = manifest(&folder);
        if name != "store" && manifest.contains("sled") {
            strangers.push(format!("host/{name}/Cargo.toml depends on sled"));
        }
    }
    assert_eq!(strangers, Vec::<String>::new());
}

/// Invariant 1, second half.
#[test]
fn core_does_no_io_spawns_nothing_and_reads_no_clock() {
    let forbidden = [
        "std::fs",
        "std::net",
        "std::process",
        "std::thread",
        "std::env",
        "tokio",
        "SystemTime",
        "Instant::now",
        "Utc::now",
        "Local::now",
        "println!",
        "eprintln!",
        "File::open",
    ];
    let mut found = Vec::new();
    for file in rust_files(&root().join("host/core/src")) {
        let code = code(&file);
        found.extend(
            forbidden.iter().filter(|word| code.contains(**word)).map(|word| format!("{}: {word}", file.display())),
        );
    }
    assert_eq!(found, Vec::<String>::new());
}

fn manifest(folder: &Path) -> BTreeSet<String> {
    let text = fs::read_to_string(folder.join("Cargo.toml")).expect("a manifest");
    let table: toml::Table = text.parse().expect("TOML");
    table
        .get("dependencies")
        .and_then(toml::Value::as_table)
        .map(|all| all.keys().cloned().collect())
        .unwrap_or_default()
}

/// Invariant 2: cli → {http, conformance} → jobs → {engine, store} → {core, outgoing}, and conformance skips jobs and store.
#[test]
fn arrows_go_down_only() {
    let below: BTreeMap<&str, &[&str]> = BTreeMap::from([
        ("core", &[] as &[&str]),
        ("engine", &["core", "outgoing"]),
        ("store", &["core"]),
        ("outgoing", &[]),
        ("jobs", &["core", "engine", "store", "outgoing"]),
        ("http", &["core", "engine", "store", "jobs"]),
        ("conformance", &["core", "engine"]),
        ("cli", &["core", "engine", "store", "outgoing", "jobs", "http", "conformance"]),
    ]);
    for (name, folder) in crates() {
        for dependency in manifest(&folder) {
            let Some(other) = dependency.strip_prefix("analyte-") else { continue };
            assert!(below[name].contains(&other), "host/{name} depends on host/{other}");
        }
    }
}

/// Code that takes the first of a job's tasks for all of them is wrong for a job of several: it says `only_task`, `leading_task`, `sinks`,
/// or goes through each.
#[test]
fn no_code_takes_the_first_task_for_the_job() {
    let mut found = Vec::new();
    for (_, folder) in crates() {
        for file in rust_files(&folder.join("src")) {
            let text = code(&file);
            // Tests of a file stand at its end, or in folders of that name.
            let text = text.split("#[cfg(test)]").next().unwrap_or_default();
            let of_tests = ["/tests", "/conformance/"].iter().any(|part| file.to_string_lossy().contains(part));
            // Where the accessors are; and a list of something else that has this name.
            let apart = ["core/src/job/mod.rs", "core/src/job/fields.rs", "memory/claim.rs", "job/create/asked.rs"];
            let apart = apart.iter().any(|part| file.to_string_lossy().ends_with(part));
            for taken in ["tasks.first()", "tasks.last()", "tasks[0]", "tasks.get(0)"] {
                if !of_tests && !apart && text.contains(taken) {
                    found.push(format!("{}: {taken}", file.display()));
                }
            }
        }
    }
    assert_eq!(found, Vec::<String>::new());
}

/// How many files each circle of imports within a crate may have, the largest first: none of more than 5.
const CIRCLES: [(&str, &[usize]); 7] = [
    ("core", &[5]),
    ("engine", &[]),
    ("store", &[5]),
    ("jobs", &[5]),
    ("http", &[5]),
    ("cli", &[5]),
    ("conformance", &[5]),
];

/// Invariant 2, within a crate: a file can be read with those below it, not only with all others at once.
#[test]
fn no_circle_of_imports_is_larger_than_it_may_be() {
    for (name, allowed) in CIRCLES {
        let found = circles::of_crate(&root().join("host").join(name).join("src"));
        for (number, circle) in found.iter().enumerate() {
            let most = allowed.get(number).or(allowed.last()).copied().unwrap_or_default();
            assert!(
                circle.len() <= most,
                "host/{name}: a circle of {} files, {most} are allowed: {circle:#?}",
                circle.len()
            );
        }
    }
}

/// The folders of a crate, or of a folder within it, and files beside them, each of which imports only from those that stand after it. A
/// file beside the folders that is not listed stands above all of them, and none of them may import it.
const FLOORS: [(&str, &str, &[&str]); 3] = [
    ("cli", "", &["commands", "server", "local", "client", "arguments", "config", "folders", "output"]),
    (
        "store",
        "sled",
        &[
            "tests",
            "calls",
            "store.rs",
            "read",
            "committer",
            "operations",
            "open",
            "write",
            "state",
            "format",
            "disk",
            "options.rs",
        ],
    ),
    (
        "engine",
        "",
        &[
            "run",
            "component",
            "host",
            "lift_lower",
            "request",
            "schedule",
            "compile",
            "runtime",
            "contract",
            "machine",
            "error.rs",
            "cut.rs",
        ],
    ),
];

/// Invariant 2, between the folders of a crate.
#[test]
fn folders_import_downward_only() {
    let mut upward = Vec::new();
    for (name, folder, floors) in FLOORS {
        let src = root().join("host").join(name).join("src");
        let base = src.join(folder);
        let floor = |file: &Path| {
            let below = file.strip_prefix(&base).expect("below the folder");
            let first = below.iter().next().expect("a name").to_string_lossy();
            let listed = floors.iter().position(|floor| *floor == first);
            assert!(listed.is_some() || below.iter().count() == 1, "{first} of host/{name} has no place in FLOORS");
            listed.map_or(0, |floor| floor + 1)
        };
        for (file, imported) in imports::of_crate(&src).into_iter().filter(|(file, _)| file.starts_with(&base)) {
            let own = floor(&file);
            let here = imported.iter().filter(|other| other.starts_with(&base));
            upward.extend(here.filter(|other| floor(other) < own).map(|other| {
                let [file, other] = [&file, other].map(|file| file.strip_prefix(&src).unwrap_or(file).display());
                format!("host/{name}: {file} imports {other}")
            }));
        }
    }
    assert_eq!(upward, Vec::<String>::new());
}

/// Compares a checked-in document with what the code says now; `ANALYTE_BLESS=1` writes it anew.
fn generated(path: &str, now: &str) {
    let file = root().join(path);
    if std::env::var_os("ANALYTE_BLESS").is_some() {
        fs::create_dir_all(file.parent().expect("a folder")).expect("a folder");
        fs::write(&file, now).expect("written");
    }
    let kept = fs::read_to_string(&file).unwrap_or_default();
    assert!(kept == now, "{path} is not what the code says; write it anew with ANALYTE_BLESS=1 and this test");
}

#[test]
fn the_list_of_limits_is_documented() {
    let mut page = String::from(
        "# Limits\n\nGenerated from `host/core/src/limits.rs`. Set one under `[limits]` in `analyte.toml`, for instance \
         `fuel = 1000000000`.\n\n| key | default | unit | why | what is seen beyond it |\n| --- | --- | --- | --- | --- |\n",
    );
    for entry in Limits::ENTRIES {
        let (key, default, unit, why, seen) = (entry.key, entry.default, entry.unit, entry.why, entry.seen);
        page.push_str(&format!("| `{key}` | {default} | {unit} | {why} | {seen} |\n"));
    }
    generated("docs/reference/limits.md", &page);
}

#[test]
fn the_list_of_proposals_is_documented() {
    let mut page = String::from(
        "# WebAssembly proposals\n\nGenerated from `host/engine/src/runtime/proposals.rs`. A component that uses one that is off is refused as \
         `invalid-component`.\n\n| proposal | | why, or how to build without it |\n| --- | --- | --- |\n",
    );
    for proposal in analyte_engine::proposals::PROPOSALS {
        let state = if proposal.on { "on" } else { "off" };
        page.push_str(&format!("| {} | {state} | {} |\n", proposal.name, proposal.reason));
    }
    generated("docs/reference/proposals.md", &page);
}

#[test]
fn the_list_of_error_codes_is_documented() {
    let mut page = String::from(
        "# Error codes\n\nGenerated from `host/core/src/codes.rs`. A problem (RFC 9457) and a failed job carry one of these \
         as `code`.\n\n| code | HTTP status | retried by itself | meaning |\n| --- | --- | --- | --- |\n",
    );
    for code in Code::ALL {
        let retried = if code.retried() { "yes" } else { "no" };
        page.push_str(&format!("| `{code}` | {} | {retried} | {} |\n", code.http_status(), code.meaning()));
    }
    generated("docs/reference/errors.md", &page);
}
