//! What a component costs, on a real server: kilobytes that stand for gigabytes are refused with the limit's name, and
//! nothing of them stays in memory or on disk; what is taken costs no more than its limits say.

use std::fs;
use std::time::Duration;

use serde_json::{Value, json};

use super::lying;
use super::stopping::guest::guest;
use support::eventually;
use support::http::{Answer, Http};
use support::probe::Probe;
use support::process::{self, size_of};
use support::server::{Server, Setup};

/// What refusing a costly description may take, in bytes: its own answer is 16 MiB at most, and is held twice.
const DESCRIBING: u64 = 200 << 20;
/// What a process may have more than before when all is over, in bytes.
const AFTERWARDS: u64 = 64 << 20;
/// What the store's own files may have grown by, in bytes.
const LEFT_ON_DISK: u64 = 2 << 20;

/// Memory of a process.
struct Memory {
    process: u32,
    before: u64,
}

impl Memory {
    /// From now on its peak is that of what follows.
    fn of(server: &Server) -> Self {
        let process = server.id();
        process::forget_peak(process);
        Self { process, before: process::resident(process) }
    }

    /// How much more than before it had at most, in bytes.
    fn peak(&self) -> u64 {
        process::peak(self.process).saturating_sub(self.before)
    }

    /// Waits until it has hardly more than before.
    fn is_given_back(&self) {
        eventually("memory to be given back", || {
            (process::resident(self.process).saturating_sub(self.before) <= AFTERWARDS).then_some(())
        });
    }
}

fn install(http: &Http, name: &str, component: &[u8]) -> Answer {
    http.put(&format!("/v1/providers/{name}"), "application/wasm", component)
}

#[test]
fn descriptions_that_stand_for_far_more_are_refused_at_little_cost() {
    let server = Server::start();
    // So that what the first installation of any component takes is there.
    install(&server.http, "honest", &lying("honest")).expect(201);
    let (disk, memory) = (size_of(&server.data_dir()), Memory::of(&server));
    let probe = Probe::start(&server.http);
    for (mode, limit) in [
        ("many-patterns", "(limit schemas_bytes)"),
        ("much-data", "(limit schemas_bytes)"),
        ("long-pattern", "has 6000 bytes; 4096 are allowed"),
        ("deep-unevaluated", "more than 10000 subschemas"),
        (
            "empty-examples",
            "the input of the example `example-0` of the model `noop` has 10000000 rows; 1000 are allowed (limit example_rows)",
        ),
        (
            "examples-everywhere",
            "the input of the example `example-0` of the model `costly-0` has 10000000 rows; 1000 are allowed (limit example_rows)",
        ),
        (
            "boolean-examples",
            "the input of the example `example-0` of the model `costly-0` has 10000000 rows; 1000 are allowed (limit example_rows)",
        ),
        (
            "wide-example",
            "the examples of the model `costly-0` take more than 262144 bytes as JSON (limit example_bytes); show fewer rows",
        ),
        (
            "many-words",
            "what the component says of itself takes more than 4194304 bytes as JSON (limit described_bytes); say less, in fewer models, or with smaller schemas and examples",
        ),
    ] {
        let refused = install(&server.http, "costly", &lying(mode)).expect(422).text();
        assert!(refused.contains("invalid-component") && refused.contains(limit), "{mode}: {refused}");
        let peak = memory.peak();
        eprintln!("{mode}: at most {peak} bytes more than before");
        assert!(peak <= DESCRIBING, "{mode} took {peak} bytes");
    }
    probe.is_served();
    drop(probe);
    memory.is_given_back();
    eventually("what was refused to be gone", || (size_of(&server.data_dir()) <= disk + LEFT_ON_DISK).then_some(()));
}

/// A component whose modules' memories begin as images of `megabytes` each, made from two bytes.
pub(super) fn images(count: usize, megabytes: usize) -> Vec<u8> {
    let last = (megabytes << 20) - 8;
    let module = format!(r#"(core module (memory 1024) (data (i32.const 0) "\01") (data (i32.const {last}) "\01"))"#);
    let text = format!(
        r#"(component {} (instance $none) (export "analyte:plugin/provider@0.1.0" (instance $none)))"#,
        module.repeat(count)
    );
    wat::parse_str(text).expect("a component")
}

#[test]
fn compiled_code_of_what_is_refused_goes_and_is_bounded() {
    let server = Server::start();
    let (disk, compiled) = (size_of(&server.data_dir()), server.data_dir().join("compiled"));
    let probe = Probe::start(&server.http);
    for _ in 0..3 {
        // Compiled as a whole, and refused afterwards: it has no functions.
        let refused = install(&server.http, "images", &images(8, 16)).expect(422).text();
        assert!(refused.contains("does not fit the contract"), "{refused}");
    }
    // More than one component's code may have: refused by its compiler.
    let refused = install(&server.http, "images", &images(20, 16)).expect(422).text();
    assert!(refused.contains("bytes; 268435456 are allowed (limit compiled_bytes)"), "{refused}");
    probe.is_served();
    drop(probe);
    eventually("compiled code to be gone", || (size_of(&compiled) == 0).then_some(()));
    assert!(size_of(&server.data_dir()) <= disk + LEFT_ON_DISK);

    // What is installed stays, through what is refused beside it and through a restart; what a crash left does not.
    install(&server.http, "honest", &lying("honest")).expect(201);
    let installed = size_of(&compiled);
    assert!(installed > 0);
    install(&server.http, "1", &lying("honest")).expect(201);
    server.http.delete("/v1/providers/1").expect(204);
    install(&server.http, "trap", &lying("trap")).expect(422);
    eventually("only what is installed to be there", || (size_of(&compiled) == installed).then_some(()));
    // What was replaced before its name was removed goes, too: of a provider as of a model that was published into one.
    let mut other = lying("patterns");
    install(&server.http, "replaced", &other).expect(201);
    // An unknown section, so that these are other bytes.
    other.extend([0, 3, 1, b'n', 1]);
    install(&server.http, "replaced", &other).expect(200);
    server.http.delete("/v1/providers/replaced").expect(204);
    for number in 0..2 {
        let run = format!("(drop (i32.const {number}))");
        let path = "/v1/providers/honest/models/replaced";
        server.http.put(path, "application/wasm", &guest("", &run)).expect(if number == 0 { 201 } else { 200 });
    }
    server.http.delete("/v1/providers/honest/models/replaced").expect(204);
    eventually("what was replaced to be gone", || (size_of(&compiled) == installed).then_some(()));
    let home = server.kill();
    let left = "0".repeat(64);
    fs::write(compiled.join(format!("{left}-1-0.code")), "half").expect("a file");
    fs::write(compiled.join(format!("{left}-0123456789abcdef-x86_64.cwasm")), "whole").expect("a file");
    let server = home.start(&Setup::default());
    assert_eq!(size_of(&compiled), installed);
    server.http.delete("/v1/providers/honest").expect(204);
    eventually("compiled code to be gone", || (size_of(&compiled) == 0).then_some(()));
}

#[test]
fn schemas_are_compiled_when_they_are_used_and_kept_within_a_bound() {
    // Enough for one such schema, which takes some 4 MB.
    let config = "[limits]\ncompiled_schemas_bytes = 8000000\n";
    let server = Server::with(&Setup { config, ..Setup::default() });
    for name in ["one", "two", "three"] {
        install(&server.http, name, &lying("patterns")).expect(201);
    }
    let call = |provider: &str, parameters: &Value| {
        let body = json!({ "input": [{ "value": 1.5 }], "parameters": parameters });
        server.http.post(&format!("/v1/providers/{provider}/models/noop/execute"), &body)
    };
    for turn in 0..3 {
        for name in ["one", "two", "three"] {
            call(name, &json!({ "p1": "abc0" })).expect(200);
            let refused = call(name, &json!({ "p1": format!("{turn}") })).expect(422).text();
            assert!(refused.contains("/parameters/p1") && refused.contains("does not match"), "{refused}");
        }
    }
    let memory = Memory::of(&server);
    let probe = Probe::start(&server.http);
    for _ in 0..20 {
        for name in ["one", "two", "three"] {
            call(name, &json!({ "p2": "z0", "p3": "yx0" })).expect(200);
        }
    }
    probe.is_served();
    assert!(memory.peak() <= AFTERWARDS, "{} bytes", memory.peak());
}

#[test]
fn what_refused_uploads_took_is_given_back() {
    let server = Server::start();
    let memory = Memory::of(&server);
    let disk = size_of(&server.data_dir());
    // 100 MB that begin like a component and are none.
    let mut upload = b"\0asm\x0d\0\x01\0".to_vec();
    upload.resize(100_000_000, 1);
    let probe = Probe::start(&server.http);
    std::thread::scope(|threads| {
        for at in 0..8 {
            let (http, upload) = (server.http.clone(), &upload);
            threads.spawn(move || {
                let answer = install(&http, &format!("upload-{at}"), upload);
                // Where it does not fit beside the others it may come again later.
                assert!([422, 503].contains(&answer.status), "{}", answer.text());
            });
        }
    });
    probe.is_served_within(Duration::from_secs(20));
    drop(probe);
    eprintln!("800 MB of uploads: at most {} bytes more than before", memory.peak());
    memory.is_given_back();
    eventually("uploads to be gone", || (size_of(&server.data_dir()) <= disk + LEFT_ON_DISK).then_some(()));
}
