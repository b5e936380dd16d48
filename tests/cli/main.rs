//! The commands, as people and scripts see them: exit code, stdout and stderr, whole.

#![expect(clippy::panic, reason = "a test fails by panicking")]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use support::binary::{self, Said, analyte, analyte_with_stdin, finish};
use support::plugins::plugin;
use support::server::{Home, Server, Setup};
use support::snapshot::{assert_snapshot, mask_line};
use support::{ok, repository};

const LONGLEY: &str = "example-plugins/data/longley.csv";

fn text(path: &Path) -> String {
    path.display().to_string()
}

/// Runs each, and shows what was typed with what came of it.
fn transcripts(calls: &[&[&str]]) -> String {
    calls.iter().map(|call| shown(&call.join(" "), &analyte(*call))).collect::<Vec<_>>().concat()
}

fn shown(call: &str, said: &Said) -> String {
    format!("$ analyte {call}\n{}\n", said.transcript())
}

#[test]
fn help_says_what_there_is() {
    let mut all = transcripts(&[&["--help"]]);
    for verb in
        ["serve", "demo", "build", "inspect", "run", "provider", "model", "job", "schedule", "token", "organisation"]
    {
        all.push_str(&transcripts(&[&[verb, "--help"]]));
    }
    let all: String = all.lines().map(|line| line.trim_end().to_owned() + "\n").collect();
    assert_snapshot("help.txt", &all);
}

#[test]
fn wrong_usage_is_2() {
    for call in [&["nonsense"][..], &["run"], &["job", "status", "not-an-id"], &["job", "list", "--limit", "0"], &[]] {
        assert_eq!(analyte(call).code, 2, "{call:?}");
    }
}

#[test]
fn inspect_shows_what_a_component_is() {
    let scale = text(&plugin("scale"));
    let shown = ok(String::from_utf8(analyte(["inspect", &scale]).succeeded()), "text");
    let shown = mask_line(&mask_line(&shown, "digest    ", "sha256:…"), "size      ", "… bytes");
    assert_snapshot("inspect-scale.txt", &shown);

    let json = analyte(["inspect", &text(&plugin("statistics")), "--json"]).succeeded();
    let json: serde_json::Value = ok(serde_json::from_slice(&json), "JSON");
    let names: Vec<&str> = json
        .pointer("/models")
        .and_then(|models| models.as_array())
        .into_iter()
        .flatten()
        .filter_map(|model| model.get("name")?.as_str())
        .collect();
    assert_eq!(names, ["describe", "correlation", "linear-regression", "regression-summary"]);
    assert_eq!(json.get("kind").and_then(|kind| kind.as_str()), Some("provider"));
}

/// Kept as it was built when the contract was 0.1.0, from `tests/plugins/scale`: what authors have built goes on to run.
/// It changes only as long as that version is not released, see `wit/VERSIONING.md`.
#[test]
fn a_component_that_was_built_once_goes_on_to_run() {
    let component = text(&repository().join("tests/fixtures/scale-0.1.0.wasm"));
    let said = analyte_with_stdin(["run", &component, "-i", "-", "-p", "factor=3", "-f", "csv"], b"value\n1.5\n-4\n");
    assert_eq!(said.transcript(), "exit code 0\n--- stdout\nvalue\r\n4.5\r\n-12.0\r\n--- stderr\n");
}

#[test]
fn run_and_the_server_give_the_same_bytes() {
    let component = text(&plugin("statistics"));
    let server = Server::with_plugins(&["statistics"]);
    let table = ok(fs::read(repository().join(LONGLEY)), LONGLEY);
    let submit =
        ["job", "submit", "statistics", "linear-regression", "-i", LONGLEY, "-p", "response=employment", "--wait"];
    for (format, media_type) in [
        ("json", "application/json"),
        ("json-columns", "application/json; layout=columns"),
        ("csv", "text/csv"),
        ("arrow", "application/vnd.apache.arrow.stream"),
    ] {
        let run =
            ["run", &component, "--model", "linear-regression", "-p", "response=employment", "--format", format, "-i"];
        let from_file = analyte(run.into_iter().chain([LONGLEY])).succeeded();
        let from_stdin = analyte_with_stdin(run.into_iter().chain(["-"]), &table).succeeded();
        let executed = server
            .http
            .call(
                "POST",
                "/v1/providers/statistics/models/linear-regression/execute?response=employment",
                &[("content-type", "text/csv"), ("accept", media_type)],
                Some(&table),
            )
            .expect(200);
        let submitted = finish(server.command().args(submit).args(["--format", format]), b"").succeeded();
        assert!(!from_file.is_empty());
        assert!(from_file == from_stdin, "{format}: file and stdin differ");
        assert!(from_file == executed.body, "{format}: `run` and `execute` differ");
        assert!(from_file == submitted, "{format}: `run` and a job's result differ");
    }
}

#[test]
fn a_table_for_people_is_aligned() {
    let component = text(&plugin("statistics"));
    let call =
        ["run", &component, "-m", "linear-regression", "-i", LONGLEY, "-p", "response=employment", "-f", "table"];
    assert_snapshot("longley-table.txt", &analyte(call).transcript());
}

#[test]
fn files_that_are_no_components_are_named() {
    let folder = ok(tempfile::tempdir(), "a temporary folder");
    let whole = ok(fs::read(plugin("scale")), "the plugin");
    let bad: [(&str, &[u8]); 4] = [
        ("empty.wasm", b""),
        ("text.wasm", b"hello"),
        ("module.wasm", b"\0asm\x01\0\0\0"),
        ("cut.wasm", whole.get(..1_000).unwrap_or_default()),
    ];
    let mut all = String::new();
    for (name, bytes) in bad {
        ok(fs::write(folder.path().join(name), bytes), name);
    }
    for name in bad.map(|(name, _)| name).into_iter().chain(["missing.wasm", "."]) {
        for verb in [&["inspect", name][..], &["run", name, "-i", "-"]] {
            let said = finish(binary::command().current_dir(folder.path()).args(verb), b"[]");
            all.push_str(&shown(&verb.join(" "), &said));
        }
    }
    // Where exactly it breaks off depends on the build.
    let all: String =
        all.lines().map(|line| line.split(" (at offset").next().unwrap_or(line).to_owned() + "\n").collect();
    assert_snapshot("no-component.txt", &all);
}

#[test]
fn a_run_says_what_is_wrong_with_its_input() {
    let component = text(&plugin("statistics"));
    let run = |model: &str, parameters: &[&str], input: &str| {
        let mut call = vec!["run", &component, "-i", "-"];
        if !model.is_empty() {
            call.extend(["-m", model]);
        }
        call.extend(parameters.iter().flat_map(|parameter| ["-p", parameter]));
        let said = analyte_with_stdin(&call, input.as_bytes());
        let shown: Vec<&str> = call.iter().copied().filter(|word| *word != component).collect();
        format!("$ analyte {} <<< {input:?}\n{}\n", shown.join(" "), said.transcript())
    };
    let two = "y,x\n1,2\n2,3\n3,5\n";
    let all = [
        run("", &[], two),
        run("nope", &[], two),
        run("linear-regression", &[], two),
        run("linear-regression", &["response=z", "intercept=maybe"], two),
        run("linear-regression", &["response=y", "colour=red"], two),
        run("linear-regression", &["response=y"], "y,x\n1,2\n"),
        run("describe", &[], "{\"rows\": [{\"x\": 1}, {\"x\": \"a\"}]}"),
        run("describe", &[], "y,x\n1,2\n2\n"),
        run("describe", &[], "{\"rows\": ["),
        run("describe", &[], "\u{ff}\u{ff}"),
    ];
    assert_snapshot("wrong-input.txt", &all.concat());
}

#[test]
fn a_run_that_crosses_a_limit_is_reported() {
    let component = text(&plugin("statistics"));
    let said = analyte(["run", &component, "-m", "describe", "-i", LONGLEY, "--fuel", "1000"]);
    assert_eq!((said.code, said.text().as_str()), (1, ""));
    assert!(
        said.stderr.starts_with("error: out-of-fuel: the run used up its 1000 units of fuel (limit fuel)\n"),
        "{}",
        said.stderr
    );
    for line in ["  in, innermost first:\n", "  used: 1,000 units of fuel, ", "hint: ask for more with `limits.fuel`"] {
        assert!(said.stderr.contains(line), "{line}\n{}", said.stderr);
    }
}

#[test]
fn the_demo_goes_all_the_way() {
    // Built before, so that the two builds do not stand in each other's way.
    let target = plugin("statistics");
    let target = target.ancestors().nth(3).unwrap_or_else(|| panic!("{} has no target folder", target.display()));
    let said =
        finish(binary::command().args(["demo", "--once"]).env("CARGO_TARGET_DIR", target).env_remove("RUSTFLAGS"), b"");
    assert_eq!(said.code, 0, "{}", said.transcript());
    assert_snapshot("demo-once.txt", &said.text());
    for line in ["listening on http://127.0.0.1:", "submitted job ", "completed with ", "stopped"] {
        assert!(said.stderr.contains(line), "{line}\n{}", said.stderr);
    }
}

#[test]
fn a_server_keeps_its_data_to_its_owner_and_stops_cleanly() {
    let server = Server::start();
    let mode = |path: &Path| ok(fs::metadata(path), &text(path)).permissions().mode() & 0o777;
    assert_eq!(mode(&server.data_dir()), 0o700);
    assert_eq!(mode(&server.data_dir().join("admin-token")), 0o600);
    let token = server.http.token.clone();
    let (status, said, home) = server.terminate();
    assert!(status.success(), "{said}");
    assert!(said.ends_with("stopping: what runs gets a grace period; once more to stop at once\nstopped\n"), "{said}");

    let again = home.start(&Setup::default());
    assert_eq!(again.http.token, token);
    again.http.get("/v1/providers").expect(200);
    assert!(!again.stderr().contains("made a token"), "{}", again.stderr());
}

#[test]
fn a_server_goes_on_without_a_plugin_that_is_bad() {
    let home = Home::new();
    let plugins = home.data_dir().with_file_name("plugins");
    ok(fs::create_dir_all(&plugins), "the folder of plugins");
    ok(fs::write(plugins.join("junk.wasm"), "junk"), "junk.wasm");
    let server = home.start(&Setup { plugins: &["statistics"], ..Setup::default() });
    let warned = server.stderr();
    assert!(
        warned.contains(
            "junk.wasm is not installed: the file is not WebAssembly: it does not begin with the bytes `\\0asm`"
        ),
        "{warned}"
    );
    let list = finish(server.command().args(["provider", "list", "-f", "csv"]), b"").succeeded();
    assert_eq!(
        String::from_utf8_lossy(&list),
        "name,version,models,state,title\nstatistics,0.1.0,4,ready,Statistics\n"
    );
}

#[test]
fn a_server_that_cannot_start_says_why() {
    let folder = ok(tempfile::tempdir(), "a temporary folder");
    let configs = [
        ("unknown-key.toml", "lisen = \"127.0.0.1:0\"\n"),
        ("unknown-limit.toml", "[limits]\nmemory = 5\n"),
        ("wrong-type.toml", "[limits]\nfuel = \"lots\"\n"),
        ("secret.toml", "[providers.weather.secrets]\nkey = { env = \"NOT_SET_ANYWHERE\" }\n"),
        ("address.toml", "listen = \"nowhere\"\n"),
    ];
    let mut all = String::new();
    for (name, config) in configs {
        ok(fs::write(folder.path().join(name), config), name);
    }
    for name in configs.map(|(name, _)| name).into_iter().chain(["missing.toml"]) {
        let said = finish(binary::command().current_dir(folder.path()).args(["serve", "--config", name]), b"");
        all.push_str(&shown(&format!("serve --config {name}"), &said));
    }
    assert_snapshot("serve-refuses.txt", &all);

    let server = Server::start();
    let said =
        finish(binary::command().args(["serve", "--listen", "127.0.0.1:0", "--data-dir"]).arg(server.data_dir()), b"");
    assert_eq!(said.code, 1);
    assert!(said.stderr.contains("is in use by"), "{}", said.stderr);
}

#[test]
fn client_commands_say_what_to_do_next() {
    let server = Server::start();
    let call = |arguments: &[&str], variables: &[(&str, &str)]| {
        let said = finish(server.command().args(arguments).envs(variables.iter().copied()), b"");
        let shown: Vec<String> = variables.iter().map(|(name, value)| format!("{name}={value} ")).collect();
        format!("$ {}analyte {}\n{}\n", shown.concat(), arguments.join(" "), said.transcript())
    };
    let nobody = "00000000-0000-7000-8000-000000000000";
    let all = [
        call(&["provider", "list", "-f", "table"], &[]),
        call(&["provider", "list"], &[("ANALYTE_TOKEN", "wrong")]),
        call(&["provider", "list"], &[("ANALYTE_DATA_DIR", "/nowhere")]),
        call(&["provider", "list"], &[("ANALYTE_SERVER", "http://127.0.0.1:1")]),
        call(&["provider", "list"], &[("ANALYTE_SERVER", "ftp://localhost")]),
        call(&["provider", "list"], &[("ANALYTE_SERVER", "localhost")]),
        call(&["provider", "show", "nobody"], &[]),
        call(&["provider", "install", "x", "README.nowhere"], &[]),
        call(&["job", "status", nobody], &[]),
        call(&["job", "results", nobody], &[]),
        call(&["job", "cancel", nobody], &[]),
        call(&["job", "submit", "nobody", "nothing", "-i", LONGLEY], &[]),
    ];
    assert_snapshot("client-errors.txt", &all.concat());
}

#[test]
fn a_job_is_followed_from_its_submission_to_its_end() {
    let server = Server::with_plugins(&["statistics"]);
    let call = |arguments: &[&str]| finish(server.command().args(arguments), b"");
    let submitted = call(&[
        "job",
        "submit",
        "statistics",
        "describe",
        "-i",
        "example-plugins/data/norris.csv",
        "--tag",
        "set=norris",
        "--priority",
        "-3",
        "--idempotency-key",
        "once",
    ]);
    let id = ok(String::from_utf8(submitted.succeeded()), "an id").trim().to_owned();
    let again = call(&[
        "job",
        "submit",
        "statistics",
        "describe",
        "-i",
        "example-plugins/data/norris.csv",
        "--tag",
        "set=norris",
        "--priority",
        "-3",
        "--idempotency-key",
        "once",
    ]);
    assert_eq!(again.text().trim(), id, "{}", again.stderr);
    let status = call(&["job", "status", &id, "--wait"]).succeeded();
    let status: serde_json::Value = ok(serde_json::from_slice(&status), "JSON");
    let member = |name: &str| status.get(name).cloned().unwrap_or_default();
    assert_eq!(member("status"), "completed");
    assert_eq!(member("priority"), -3);
    assert_eq!(member("tags"), serde_json::json!({ "set": "norris" }));

    let result = call(&["job", "results", &id, "-f", "csv"]).text();
    assert!(result.starts_with("column,count,missing,mean,std,min,q1,median,q3,max\r\ny,36,0,"), "{result}");
    assert_eq!(call(&["job", "errors", &id, "-f", "text"]).text(), "(none)\n");
    assert_eq!(call(&["job", "files", &id, "-f", "csv"]).text(), "name,size,media type\n");
    let list = call(&["job", "list", "--tag", "set=norris", "-f", "csv"]).text();
    assert!(
        list.lines().nth(1).is_some_and(|line| line.starts_with(&format!("{id},completed,statistics,describe,"))),
        "{list}"
    );
    let refused = call(&["job", "cancel", &id]);
    assert_eq!(
        (refused.code, refused.stderr.as_str()),
        (1, "error: already-finished: the job is completed already\n  status: completed\n")
    );

    let failed = call(&["job", "submit", "statistics", "describe", "-i", LONGLEY, "--fuel", "1000", "--wait"]);
    assert_eq!((failed.code, failed.text().as_str()), (1, ""));
    assert!(failed.stderr.starts_with("error: out-of-fuel: "), "{}", failed.stderr);
    assert!(failed.stderr.contains(" failed\n"), "{}", failed.stderr);
}

#[test]
fn build_says_what_it_cannot_build() {
    let folder = ok(tempfile::tempdir(), "a temporary folder");
    let write = |path: &str, text: &str| {
        let path = folder.path().join(path);
        ok(fs::create_dir_all(path.with_file_name("")), "a folder");
        ok(fs::write(&path, text), "a file");
    };
    write("nothing/notes.txt", "");
    write("python/pyproject.toml", "[project]\nname = \"x\"\n");
    let manifest = "[package]\nname = \"plain\"\nversion = \"0.1.0\"\nedition = \"2024\"\n[workspace]\n";
    write("library/Cargo.toml", manifest);
    write("library/src/lib.rs", "//! Not a plugin.\n");
    write("broken/Cargo.toml", &manifest.replace("plain", "broken"));
    write("broken/src/lib.rs", "fn\n");
    write("module/Cargo.toml", &format!("{}[lib]\ncrate-type = [\"cdylib\"]\n", manifest.replace("plain", "module")));
    write("module/src/lib.rs", "//! Exports nothing.\n");
    let target = folder.path().join("target");
    let build = |name: &str| -> Said {
        let mut said = finish(
            binary::command()
                .current_dir(folder.path())
                .args(["build", name, "--target-dir"])
                .arg(&target)
                .env_remove("RUSTFLAGS")
                .env_remove("CARGO_ENCODED_RUSTFLAGS"),
            b"",
        );
        // What cargo says is its own, and differs between its versions.
        said.stderr = said
            .stderr
            .lines()
            .skip_while(|line| !line.starts_with("error: ") || line.contains("expected"))
            .filter(|line| !line.starts_with("error: could not compile"))
            .map(|line| line.to_owned() + "\n")
            .collect();
        said.stderr = said.stderr.replace(&text(&ok(folder.path().canonicalize(), "the folder")), "FOLDER");
        said
    };
    let all = ["nothing", "python", "library", "module", "missing"]
        .map(|name| format!("$ analyte build {name}\n{}\n", build(name).transcript()));
    assert_snapshot("build-refuses.txt", &all.concat());
    let broken = build("broken");
    assert_eq!(broken.code, 1);
    assert!(broken.stderr.contains("error: cargo could not build the plugin"), "{}", broken.stderr);
}

#[test]
fn a_missing_target_is_added_or_said_to_be_missing() {
    let folder = ok(tempfile::tempdir(), "a temporary folder");
    let (tools, library) = (folder.path().join("tools"), folder.path().join("library-of-the-target"));
    ok(fs::create_dir_all(&tools), "a folder");
    ok(fs::write(folder.path().join("Cargo.toml"), ""), "a manifest");
    let tool = |name: &str, script: String| {
        let path = tools.join(name);
        ok(fs::write(&path, format!("#!/bin/sh\n{script}\n")), name);
        ok(fs::set_permissions(&path, fs::Permissions::from_mode(0o755)), name);
    };
    let build = |call: &str| {
        let said = finish(binary::command().arg("build").arg(folder.path()).env("PATH", &tools), b"");
        shown(call, &said)
    };
    let mut all = build("build (no Rust at all)");
    tool("rustc", format!("echo {}", library.display()));
    all.push_str(&build("build (no target, no rustup)"));
    tool("rustup", "exit 1".to_owned());
    all.push_str(&build("build (no target, rustup fails)"));
    // The first `:` is where a real one would download.
    tool("rustup", format!("[ \"$*\" = 'target add wasm32-wasip2' ] && : > {}", library.display()));
    all.push_str(&build("build (no target, rustup adds it; no cargo)"));
    assert_snapshot("missing-target.txt", &all);
}
