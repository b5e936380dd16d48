//! Guests that try not to be stopped: in one call of the host, one instruction or one call of the runtime.
//!
//! Each is on the production engine, beside what it would delay. What counts is the processor time between two points where a
//! guest can be stopped, which the engine measures itself: other work of the machine does not count.

#![expect(
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "tests fail by panicking, and print what they measure"
)]

pub(super) mod guest;
mod handing;
mod inspecting;
mod sessions;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use analyte_core::job::{Progress, RunLimits};
use analyte_core::limits::Limits;
use analyte_core::model::ModelInfo;
use analyte_core::names::FileName;
use analyte_engine::request::{FileSink, LogLine, RunRequest, RunSink};
use analyte_engine::{Component, Engine};
use async_trait::async_trait;
use serde_json::json;

use super::{RUN, Reported, engine, limits, request, shown};
use guest::{for_ever, guest};
use support::eventually;
use support::http::Http;
use support::probe::Probe;
use support::server::Server;

/// The most processor time between two points where a guest can be stopped.
const STEP: Duration = Duration::from_millis(50);

/// Enough of everything but time.
const ROOMY: RunLimits = RunLimits { fuel: u64::MAX / 2, memory_bytes: 600 << 20, timeout_ms: 1_000 };

/// How often each attack is made; all of them with `ANALYTE_HOSTILE_ROUNDS=100`.
fn rounds() -> u32 {
    std::env::var("ANALYTE_HOSTILE_ROUNDS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(1)
}

async fn install(engine: &Engine, run: &str) -> (Component, Arc<ModelInfo>) {
    let (component, description) = engine.install(guest("", run).into()).await.expect("installed");
    (component, Arc::new(description.models.into_iter().next().expect("its model")))
}

/// A step that is too long is measured again, this often in all: the clock goes on while another program has the core, and what
/// is long because of the guest is long each time.
const MEASURED: u32 = 3;

/// What becomes of a run with this body, on an engine of its own; it ends in time, and was never too long without a pause.
async fn run(what: &str, body: &str) -> String {
    let mut said = String::new();
    for measured in 1..=MEASURED {
        let (engine, _folder) = engine(Limits { memory_budget_bytes: 8 << 30, ..limits() });
        let (component, model) = install(&engine, body).await;
        for _ in 0..rounds() {
            let reported = Arc::new(Reported::default());
            let asked = Instant::now();
            said = shown(&component.run(request(&model, "[]", ROOMY, &reported)).await);
            let took = asked.elapsed();
            assert!(took < Duration::from_secs(10), "{what}: ended after {took:?}: {said}");
            let longest = engine.longest_step();
            println!("{what}: {took:?}, longest step {longest:?}: {}", said.lines().next().unwrap_or(""));
        }
        let longest = engine.longest_step();
        if longest <= STEP {
            break;
        }
        assert!(measured < MEASURED, "{what}: {longest:?} without a pause; {said}");
    }
    said.lines().next().unwrap_or_default().trim().to_owned()
}

const TIMEOUT: &str = "timeout: the run took longer than 1s (limit timeout_ms)";
const TRANSFER: &str =
    "output-too-large: one call of the component handed the host more than 4194304 bytes (limit transfer_bytes)";

/// Grows its memory to `bytes`, and goes on with stderr in `$own`.
pub(super) fn with_stderr(bytes: u32, then: &str) -> String {
    format!("(call $grow (i32.const {bytes})) (global.set $own (call $stderr)) {}", for_ever(then))
}

pub(super) fn write(bytes: u32) -> String {
    with_stderr(
        bytes + 65_536,
        &format!("(call $stderr-write (global.get $own) (i32.const 65536) (i32.const {bytes}) (i32.const 64))"),
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn writing_to_stderr() {
    for (mebibytes, ends) in [
        (256, TRANSFER),
        (16, TRANSFER),
        (8, TRANSFER),
        (1, "invalid-result: the component broke the rules of the component model"),
    ] {
        assert_eq!(run(&format!("{mebibytes} MiB"), &write(mebibytes << 20)).await, ends);
    }
    assert_eq!(run("64 KiB", &write(64 << 10)).await, TIMEOUT);
    let zeroes = with_stderr(65_536, "(call $stderr-zeroes (global.get $own) (i64.const 65536) (i32.const 64))");
    assert_eq!(run("zeroes", &zeroes).await, TIMEOUT);
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_of_the_host_without_a_loop_between() {
    // Fuel is looked at in loops and at the beginning of functions, and here is neither.
    let one = "(call $stderr-write (global.get $own) (i32.const 65536) (i32.const 65536) (i32.const 64))";
    let straight =
        format!("(call $grow (i32.const 131072)) (global.set $own (call $stderr)) {}", for_ever(&one.repeat(100_000)));
    assert_eq!(run("straight line", &straight).await, TIMEOUT);
}

#[tokio::test(flavor = "multi_thread")]
async fn resolving_a_name() {
    let name = |bytes: u32| {
        format!(
            "(call $grow (i32.const {grown})) (memory.fill (i32.const 65536) (i32.const 97) (i32.const {bytes})) \
             (global.set $own (call $network)) {}",
            for_ever(&format!(
                "(call $resolve (global.get $own) (i32.const 65536) (i32.const {bytes}) (i32.const 64))"
            )),
            grown = bytes + 65_536,
        )
    };
    assert_eq!(run("a name of 100 MB", &name(100_000_000)).await, TRANSFER);
    assert_eq!(run("a name of 4 MiB", &name(4 << 20)).await, TIMEOUT);
}

/// The contract's own calls, as large as they may be.
#[tokio::test(flavor = "multi_thread")]
async fn calls_of_the_contract() {
    let grown = |then: &str| {
        format!(
            "(call $grow (i32.const 8388608)) (memory.fill (i32.const 65536) (i32.const 97) (i32.const 4194304)) {}",
            for_ever(then)
        )
    };
    let log = grown("(call $log (i32.const 2) (i32.const 65536) (i32.const 4063232))");
    assert_eq!(run("log", &log).await, TIMEOUT);
    let progress = grown("(call $progress (f64.const 0.5) (i32.const 65536) (i32.const 4063232))");
    assert_eq!(run("progress", &progress).await, TIMEOUT);
    let setting = grown("(call $setting (i32.const 65536) (i32.const 4063232) (i32.const 64))");
    assert_eq!(run("settings", &setting).await, TIMEOUT);
    let waits = format!(
        "(global.set $own (call $subscribe (i64.const 0))) (call $grow (i32.const 8388608)) (local.set 0 (i32.const 5000000)) \
         (loop $each (i32.store (local.get 0) (global.get $own)) (local.set 0 (i32.add (local.get 0) (i32.const 4))) \
         (br_if $each (i32.lt_u (local.get 0) (i32.const 8000000)))) {}",
        for_ever("(call $poll (i32.const 5000000) (i32.const COUNT) (i32.const 64))")
    );
    assert_eq!(run("9,000 waits", &waits.replace("COUNT", "9000")).await, TIMEOUT);
    assert_eq!(
        run("200,000 waits", &waits.replace("COUNT", "200000")).await,
        "out-of-memory: the component held more than 10000 files, streams and waits at once (limit handles)"
    );
}

/// One instruction that works on all of a memory.
#[tokio::test(flavor = "multi_thread")]
async fn memory_in_bulk() {
    let fill = format!(
        "(call $grow (i32.const 536870912)) {}",
        for_ever(
            "(memory.fill (i32.const 65536) (i32.const 7) (i32.sub (i32.shl (memory.size) (i32.const 16)) (i32.const 65536)))"
        )
    );
    assert_eq!(run("fill", &fill).await, TIMEOUT);
    let copy = format!(
        "(call $grow (i32.const 536870912)) {}",
        for_ever(
            "(memory.copy (i32.const 0) (i32.const 8) (i32.sub (i32.shl (memory.size) (i32.const 16)) (i32.const 8)))"
        )
    );
    assert_eq!(run("copy down", &copy).await, TIMEOUT);
    let copy = format!(
        "(call $grow (i32.const 536870912)) {}",
        for_ever(
            "(memory.copy (i32.const 8) (i32.const 0) (i32.sub (i32.shl (memory.size) (i32.const 16)) (i32.const 8)))"
        )
    );
    assert_eq!(run("copy up", &copy).await, TIMEOUT);
}

/// The same while a component says what it is: it is refused when its time is over.
#[tokio::test(flavor = "multi_thread")]
async fn describing() {
    let (engine, _folder) =
        engine(Limits { describe_ms: 1_000, describe_fuel: u64::MAX / 2, memory_budget_bytes: 8 << 30, ..limits() });
    for (what, body, ends) in [
        (
            "16 MB",
            write(16_000_000),
            "the component's `describe` failed: one call of the component handed the host more than 4194304 bytes (limit transfer_bytes)",
        ),
        (
            "64 KiB",
            write(64 << 10),
            "the component's `describe` failed: the run took longer than 1s (limit timeout_ms)",
        ),
    ] {
        let asked = Instant::now();
        let bytes = guest(&body, "");
        // Twice at once: it would take both threads.
        let (one, two) = tokio::join!(engine.install(bytes.clone().into()), engine.install(bytes.into()));
        for refused in [one, two] {
            assert_eq!(refused.err().expect("refused").message, ends, "{what}");
        }
        assert!(asked.elapsed() < Duration::from_secs(30), "{what}: {:?}", asked.elapsed());
        assert!(engine.longest_step() <= STEP, "{what}: {:?}", engine.longest_step());
    }
}

/// Two components in one, of which one hands the other something.
pub(super) fn two(kind: &str, given: &str, taken: &str) -> Vec<u8> {
    let text = include_str!("stopping/two.wat").replace("TYPE", kind).replace("GIVEN", given).replace("TAKEN", taken);
    wat::parse_str(&text).unwrap_or_else(|error| panic!("{error}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn strings_between_inner_components() {
    let (engine, _folder) = engine(limits());
    let install = async |kind: &str, given: &str, taken: &str| {
        let refused = engine.install(two(kind, given, taken).into()).await.err().expect("refused");
        format!("{}: {} / {}", refused.code, refused.message, refused.causes.join(": "))
    };
    let encodings = ["utf8", "utf16", "latin1+utf16"];
    for given in encodings {
        for taken in encodings {
            let said =
                install("string", &format!("string-encoding={given}"), &format!("string-encoding={taken}")).await;
            assert!(
                said.starts_with("invalid-component: the component cannot be compiled / it is made of components that hand strings to one another ("),
                "{given} to {taken}: {said}"
            );
        }
        let nested =
            install("(list (tuple u8 (option string)))", &format!("string-encoding={given}"), "string-encoding=utf8")
                .await;
        assert!(nested.contains("hand strings to one another"), "{nested}");
    }
    // These are copied by code that pauses. Such a component is compiled; that it is no model is another matter.
    for kind in ["(list u8)", "(list (tuple f64 u32))", "(list (option (list char)))", "(tuple u8 u32)"] {
        let said = install(kind, "", "").await;
        assert!(said.starts_with("invalid-component: the component does not fit the contract"), "{kind}: {said}");
    }
}

/// Never back from the host, as a guest would be that found a way: it computes on where it tells its progress.
struct NeverBack {
    go_on: Arc<AtomicBool>,
}

#[async_trait]
impl RunSink for NeverBack {
    fn progress(&self, _: Progress) {
        while self.go_on.load(Ordering::Acquire) {
            std::hint::spin_loop();
        }
    }
    fn log(&self, _: LogLine) {}
    async fn create_file(&self, _: FileName, _: String) -> Result<Box<dyn FileSink>, String> {
        Err("no files".to_owned())
    }
}

/// The second line: whatever way around the first may be found.
#[tokio::test(flavor = "multi_thread")]
async fn a_guest_that_is_never_back_is_given_up() {
    let (engine, _folder) = engine(Limits { unpaused_ms: 300, ..limits() });
    let (bad, model) = install(&engine, "(call $progress (f64.const 0.5) (i32.const 16) (i32.const 5))").await;
    let (good, good_model) = install(&engine, "").await;
    let go_on = Arc::new(AtomicBool::new(true));
    let forever = RunLimits { timeout_ms: 3_600_000, ..ROOMY };
    let never_back = || {
        let reported = Arc::new(Reported::default());
        let sink = Arc::new(NeverBack { go_on: go_on.clone() });
        RunRequest { sink, ..request(&model, "[]", forever, &reported) }
    };
    // Both threads of the engine.
    let runs = [never_back(), never_back()].map(|request| {
        let bad = bad.clone();
        tokio::spawn(async move { bad.run(request).await })
    });
    for run in runs {
        let report = tokio::time::timeout(support::PATIENCE, run).await.expect("in time").expect("a report");
        assert_eq!(
            shown(&report),
            "    not-stopped: the run computed for more than 300ms without coming to a point where it can be stopped (limit \
             unpaused_ms), and was left behind\n"
        );
    }
    assert_eq!(lost(&engine), 2);
    // Others go on, and this one begins no more, also when it is loaded anew.
    worst(&good, &good_model).await;
    let barred = "    provider-unavailable: a run of this component could not be stopped, so it runs no more until an operator \
                  has acted: the server is restarted, or the component is installed again when that run has gone\n";
    assert_eq!(shown(&bad.run(never_back()).await), barred);
    engine.readmit(&bad.digest());
    assert_eq!(shown(&bad.run(never_back()).await), barred);
    // When they have gone, the threads are spare again and an operator can let it run.
    go_on.store(false, Ordering::Release);
    eventually("them to be gone", || (lost(&engine) == 0 && engine.budget().reserved() == 0).then_some(()));
    assert_eq!(shown(&bad.run(never_back()).await), barred);
    engine.readmit(&bad.digest());
    assert!(bad.run(never_back()).await.outcome.is_ok());
    worst(&good, &good_model).await;
}

/// A component that was short until the host trusted it, and is not any more: what it does where it was asked for, on a
/// thread that may answer others, is little.
#[tokio::test]
async fn a_trusted_component_turns() {
    let (engine, _folder) = engine(limits());
    let grown = "(call $grow (i32.const 4128768))";
    for (what, attack) in [
        ("stderr", write(64 << 10)),
        ("log", format!("{grown} {}", for_ever("(call $log (i32.const 2) (i32.const 65536) (i32.const 4063232))"))),
        (
            "settings",
            format!("{grown} {}", for_ever("(call $setting (i32.const 65536) (i32.const 4063232) (i32.const 64))")),
        ),
        (
            "fill",
            format!(
                "{grown} {}",
                for_ever("(memory.fill (i32.const 65536) (i32.const 0) (i32.sub (i32.const 4128768) (local.get 0)))")
            ),
        ),
        (
            "result",
            format!(
                "{grown} (i32.store (i32.const 2064) (i32.const 3072)) (i32.store (i32.const 2068) (i32.const 1)) \
                 (i32.store (i32.const 3108) (i32.const 65536)) (i32.store (i32.const 3112) (i32.const 4063232))"
            ),
        ),
    ] {
        // What it does depends on whether it is given a row.
        let (component, model) =
            install(&engine, &format!("(if (i64.gt_u (local.get 2) (i64.const 0)) (then {attack}))")).await;
        while !component.is_quick(None) {
            let reported = Arc::new(Reported::default());
            assert!(component.run(request(&model, "[]", RUN, &reported)).await.outcome.is_ok());
        }
        let reported = Arc::new(Reported::default());
        let request = request(&model, "[{}]", RunLimits { timeout_ms: 500, ..RUN }, &reported);
        let before = processor_time();
        let report = component.run(request).await;
        // Of this thread, where the run began; the rest was computed on others.
        let worst = processor_time().saturating_sub(before);
        assert!(report.outcome.is_err(), "{what}: {:?}", report.outcome);
        println!("{what}: {worst:?} where it was asked for");
        assert!(worst < STEP, "{what}: {worst:?} where it was asked for");
    }
}

/// What this thread has had so far.
fn processor_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).expect("nanoseconds"))
}

/// How many threads are lost, as an operator reads it.
fn lost(engine: &Engine) -> u32 {
    let mut registry = prometheus_client::registry::Registry::default();
    engine.register(&mut registry);
    let mut text = String::new();
    prometheus_client::encoding::text::encode(&mut text, &registry).expect("metrics");
    let line = text.lines().find_map(|line| line.strip_prefix("analyte_guest_threads_lost "));
    line.expect("the figure").parse().expect("a number")
}

/// Of a well-behaved component, beside others that do their worst, a run takes no longer than its turns.
#[tokio::test(flavor = "multi_thread")]
async fn a_neighbour_goes_on() {
    let (engine, _folder) = engine(Limits { memory_budget_bytes: 8 << 30, ..limits() });
    let (good, model) = install(&engine, "").await;
    let alone = worst(&good, &model).await;
    let attacks = [
        write(64 << 10),
        "(call $grow (i32.const 536870912)) (loop $again (memory.fill (i32.const 65536) (i32.const 7) (i32.const 536000000)) (br $again))".to_owned(),
    ];
    let mut running = Vec::new();
    for attack in &attacks {
        let (component, model) = install(&engine, attack).await;
        for _ in 0..2 {
            let (component, model, reported) = (component.clone(), model.clone(), Arc::new(Reported::default()));
            let limits = RunLimits { timeout_ms: 3_600_000, ..ROOMY };
            running.push(tokio::spawn(async move { component.run(request(&model, "[]", limits, &reported)).await }));
        }
    }
    eventually("them to run", || (engine.longest_step() > Duration::from_micros(500)).then_some(()));
    let beside = worst(&good, &model).await;
    println!("alone {alone:?}, beside four attacks {beside:?}, longest step {:?}", engine.longest_step());
    assert!(engine.longest_step() <= STEP, "{:?}", engine.longest_step());
    running.iter().for_each(tokio::task::JoinHandle::abort);
    eventually("them to be gone", || (engine.budget().reserved() == 0).then_some(()));
}

/// How long the slowest of many runs takes.
async fn worst(component: &Component, model: &Arc<ModelInfo>) -> Duration {
    let mut worst = Duration::ZERO;
    for _ in 0..20 {
        let reported = Arc::new(Reported::default());
        let asked = Instant::now();
        let report = component.run(request(model, "[]", RUN, &reported)).await;
        assert!(report.outcome.is_ok(), "{:?}", report.outcome);
        worst = worst.max(asked.elapsed());
    }
    worst
}

/// Steps of guests on a server so far, and how many of them were longer than allowed.
fn steps(http: &Http) -> (u64, u64) {
    let metrics = http.get("/metrics").expect(200).text();
    let figure = |name: &str| {
        let line =
            metrics.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_else(|| panic!("{name}\n{metrics}"));
        line.trim().parse::<u64>().expect("a number")
    };
    let all = figure("analyte_guest_step_seconds_count ");
    (all, all - figure("analyte_guest_step_seconds_bucket{le=\"0.05\"} "))
}

/// A server with these bodies as models of the provider `hostile`, beside its own.
fn server(models: &[(&str, String)]) -> Server {
    let server = Server::with_plugins(&["hostile"]);
    for (name, run) in models {
        server
            .http
            .put(&format!("/v1/providers/hostile/models/{name}"), "application/wasm", &guest("", run))
            .expect(201);
    }
    server
}

/// Two jobs that hold all threads of guests as well as they can: others go on, and cancelled means gone.
#[test]
fn cancelled_means_gone() {
    let server = server(&[("writes", write(64 << 10))]);
    let http = &server.http;
    for _ in 0..rounds() {
        let limits = json!({ "timeout_ms": 3_600_000, "fuel": 1_000_000_000_000_u64 });
        let job = json!({ "provider": "hostile", "model": "writes", "input": [], "limits": limits });
        let jobs =
            [(); 2].map(|()| http.post("/v1/jobs", &job).expect(201).json()["id"].as_str().expect("its id").to_owned());
        for id in &jobs {
            eventually("it to run", || {
                (http.get(&format!("/v1/jobs/{id}")).expect(200).json()["status"] == "running").then_some(())
            });
        }
        let table = json!({ "input": [] });
        http.post("/v1/providers/hostile/models/noop/execute", &table).expect(200);
        for id in &jobs {
            let answer = http.post(&format!("/v1/jobs/{id}/cancel"), &json!({})).expect(200);
            assert_eq!(answer.header("analyte-warning"), "");
            assert_eq!(answer.json()["status"], "cancelled");
        }
        let metrics = http.get("/metrics").expect(200).text();
        let reserved = metrics.lines().find_map(|line| line.strip_prefix("analyte_memory_admitted_bytes "));
        assert_eq!(reserved, Some("0"), "their memory is free when they are gone");
    }
    let (all, long) = steps(http);
    assert_eq!(long, 0, "of {all} steps");
}

/// Short until it is trusted to begin on the threads that answer calls, then not: nobody notices.
#[test]
fn threads_that_answer_calls_are_not_held() {
    let attack = "(if (i64.gt_u (local.get 2) (i64.const 0)) (then (call $grow (i32.const 4128768)) (loop $again \
         (call $log (i32.const 2) (i32.const 65536) (i32.const 4063232)) (br $again))))"
        .to_owned();
    let server = server(&[("turns", attack)]);
    let http = &server.http;
    let execute = "/v1/providers/hostile/models/turns/execute";
    let probe = Probe::start(http);
    for _ in 0..rounds() {
        for _ in 0..16 {
            http.post(execute, &json!({ "input": [] })).expect(200);
        }
        let attackers: Vec<_> = (0..8)
            .map(|_| {
                let (url, token) = (http.url.clone(), http.token.clone());
                std::thread::spawn(move || {
                    let body = json!({ "input": [{}], "limits": { "timeout_ms": 2_000 } });
                    Http::new(&url, &token).post(execute, &body).status
                })
            })
            .collect();
        for attacker in attackers {
            assert_eq!(attacker.join().expect("an answer"), 422);
        }
    }
    println!("an ordinary call took {:?} at most", probe.is_served());
    let (all, long) = steps(http);
    assert_eq!(long, 0, "of {all} steps");
}
