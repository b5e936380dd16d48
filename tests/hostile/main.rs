//! Hostile components on the production engine: one model per limit, one lie per rule about descriptions, each with the
//! exact message that its author or client sees.

#![expect(clippy::expect_used, reason = "tests fail by panicking")]

use std::collections::BTreeMap;
use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use analyte_core::job::{Progress, RunLimits};
use analyte_core::limits::Limits;
use analyte_core::model::ModelInfo;
use analyte_core::names::FileName;
use analyte_core::table::fit::fit;
use analyte_core::table::format::{self, Format};
use analyte_engine::compiler::Compiler;
use analyte_engine::request::stop::{Stop, StopConditions};
use analyte_engine::request::{FileSink, Grants, Identity, LogLine, RunReport, RunRequest, RunSink};
use analyte_engine::{Component, Engine, Options};
use async_trait::async_trait;
use bytes::Bytes;
use parking_lot::Mutex;

mod answering;
mod costing;
mod rounds;
mod stopping;

use support::plugins::plugin;
use support::snapshot::assert_snapshot;

mod appended;
mod placing;
mod proposals;

fn limits() -> Limits {
    Limits {
        result_file_bytes: 4 << 20,
        describe_fuel: 5_000_000_000,
        description_bytes: 4_096,
        log_bytes: 8_192,
        ..Limits::default()
    }
}

fn engine(limits: Limits) -> (Engine, tempfile::TempDir) {
    let folder = tempfile::tempdir().expect("a folder");
    let engine = Engine::new(Options {
        limits: Arc::new(limits),
        compiler: Compiler::Child { program: support::binary::program() },
        cache_dir: Some(folder.path().to_owned()),
        threads: 2,
    });
    (engine.expect("an engine"), folder)
}

async fn hostile(engine: &Engine) -> (Component, BTreeMap<String, Arc<ModelInfo>>) {
    let bytes = fs::read(plugin("hostile")).expect("the component");
    let (component, description) = engine.install(bytes.into()).await.expect("installed");
    let models = description.models.into_iter().map(|model| (model.name.to_string(), Arc::new(model))).collect();
    (component, models)
}

/// Keeps what a run reports.
#[derive(Default)]
struct Reported {
    progress: Mutex<Vec<Progress>>,
    log: Mutex<Vec<LogLine>>,
    files: Mutex<Vec<String>>,
    finished: Arc<AtomicUsize>,
}

struct Counted(Arc<AtomicUsize>);

#[async_trait]
impl RunSink for Reported {
    fn progress(&self, progress: Progress) {
        self.progress.lock().push(progress);
    }
    fn log(&self, line: LogLine) {
        self.log.lock().push(line);
    }
    async fn create_file(&self, name: FileName, _: String) -> Result<Box<dyn FileSink>, String> {
        self.files.lock().push(name.to_string());
        Ok(Box::new(Counted(self.finished.clone())))
    }
}

#[async_trait]
impl FileSink for Counted {
    async fn write(&mut self, _: Bytes) -> Result<(), String> {
        Ok(())
    }
    async fn finish(self: Box<Self>) -> Result<(), String> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }
}

fn request(model: &Arc<ModelInfo>, input: &str, limits: RunLimits, reported: &Arc<Reported>) -> RunRequest {
    let read = format::read(Format::Json, Bytes::from(input.to_owned()), &model.input, &Limits::default());
    let table = read.expect("a table").table;
    let fitted = fit(&table, &model.input, model.cardinality, &Limits::default());
    RunRequest {
        model: model.clone(),
        input: fitted.expect("a fitting table").table,
        parameters: "{}".to_owned(),
        limits,
        organisation: None,
        identity: Identity { job: "the-job".to_owned(), task: "main".to_owned(), attempt: 7, session: None },
        grants: Arc::new(Grants::default()),
        model_file: None,
        sink: reported.clone(),
        stop_conditions: StopConditions::default(),
    }
}

/// Without the line and column of a panic, which change with every edit of the plugin.
fn without_lines(page: &str) -> String {
    let mut pieces = page.split(".rs:");
    let mut text = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        text.push_str(".rs");
        text.push_str(piece.trim_start_matches(|c: char| c.is_ascii_digit() || c == ':'));
    }
    text
}

const RUN: RunLimits = RunLimits { fuel: 1_000_000_000, memory_bytes: 64 << 20, timeout_ms: 5_000 };

/// All that a client sees of a run, but for numbers that differ from build to build.
fn shown(report: &RunReport) -> String {
    match &report.outcome {
        Ok(outcome) => {
            let csv = format::write(Format::Csv, &outcome.output).expect("CSV");
            String::from_utf8(csv).expect("UTF-8").lines().map(|line| format!("    {line}\n")).collect()
        }
        Err(failure) => {
            let mut text = format!("    {}: {}\n", failure.code, failure.message);
            for (name, value) in &failure.details {
                text.push_str(&format!("    {name} = {value}\n"));
            }
            for (what, value) in [("trap", &failure.trap), ("hint", &failure.hint)] {
                if let Some(value) = value {
                    text.push_str(&format!("    {what}: {value}\n"));
                }
            }
            text
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_hostile_model_meets_its_limit() {
    let (engine, _folder) = engine(limits());
    let (component, models) = hostile(&engine).await;
    let mut page = String::new();
    // `slow` works for a time, so what it meets first depends on the machine; other tests use it.
    for (name, model) in models.iter().filter(|(name, _)| *name != "slow") {
        let reported = Arc::new(Reported::default());
        // A model that waits needs no more than a moment; one that computes is stopped by its fuel.
        let timeout_ms = if name == "sleep" { 200 } else { 60_000 };
        let input = r#"[{"value":1.5},{"value":null}]"#;
        let report = component.run(request(model, input, RunLimits { timeout_ms, ..RUN }, &reported)).await;
        page.push_str(&format!("{name}\n"));
        let shown = shown(&report);
        // How much is left differs from build to build.
        let left = |line: &&str| !line.contains("fuel-left") && !line.contains("time-left");
        page.extend(shown.lines().filter(left).map(|line| format!("{line}\n")));
        assert!(report.usage.fuel <= RUN.fuel, "{name} used {} fuel", report.usage.fuel);
        assert!(report.usage.peak_memory_bytes <= RUN.memory_bytes, "{name}");
        match name.as_str() {
            "log-flood" => {
                let kept: usize = reported.log.lock().iter().map(|line| line.message.len()).sum();
                assert!(kept <= 8_192 && report.log_lines_dropped > 0, "{kept} bytes of log kept");
            }
            "progress-flood" => {
                assert!(reported.progress.lock().len() <= 400, "{} reports", reported.progress.lock().len());
            }
            "many-files" => assert_eq!(reported.files.lock().len(), 64),
            "stderr-flood" | "panic" => {
                if let Err(failure) = &report.outcome {
                    assert!(failure.stderr.len() <= 8_192 && failure.stderr.contains("panics on purpose"));
                    assert!(
                        failure.frames.iter().any(|frame| frame.contains("hostile_plugin")),
                        "{:?}",
                        failure.frames
                    );
                }
            }
            _ => {}
        }
    }
    assert_snapshot("hostile-runs.txt", &without_lines(&page));
}

/// wasmtime has no type for this error; the test breaks when its text changes.
#[tokio::test(flavor = "multi_thread")]
async fn a_transfer_beyond_its_allowance_is_named() {
    let (engine, _folder) = engine(Limits { output_bytes: 1 << 20, ..limits() });
    let (component, models) = hostile(&engine).await;
    let model = models.get("huge-output").expect("the model");
    let reported = Arc::new(Reported::default());
    let roomy = RunLimits { memory_bytes: 1 << 30, fuel: 100_000_000_000, ..RUN };
    let report = component.run(request(model, "[]", roomy, &reported)).await;
    assert_eq!(
        shown(&report),
        "    output-too-large: what the component handed over was larger than 1048576 bytes (limit output_bytes)\n    \
         hint: return less at once, or write a result file in pieces\n"
    );
}

/// Dropping the future stops the guest: its memory is given back to the budget at once, although it would spin for hours.
#[tokio::test(flavor = "multi_thread")]
async fn a_dropped_run_stops() {
    let (engine, _folder) = engine(limits());
    let (component, models) = hostile(&engine).await;
    let model = models.get("spin").expect("the model").clone();
    let reported = Arc::new(Reported::default());
    let endless = RunLimits { fuel: u64::MAX / 2, timeout_ms: 3_600_000, ..RUN };
    let work = component.run(request(&model, "[]", endless, &reported));
    assert!(tokio::time::timeout(Duration::from_millis(300), work).await.is_err(), "it spins");
    // A second run of the same component on the same two threads ends, however many spinners were dropped before.
    for _ in 0..8 {
        let work = component.run(request(&model, "[]", endless, &reported));
        assert!(tokio::time::timeout(Duration::from_millis(20), work).await.is_err(), "it spins");
    }
    let noop = models.get("noop").expect("the model");
    let asked = Instant::now();
    let report = component.run(request(noop, "[]", RUN, &reported)).await;
    assert!(report.outcome.is_ok(), "{:?}", report.outcome);
    assert!(asked.elapsed() < Duration::from_secs(5), "{:?}", asked.elapsed());
    // Given back as soon as each guest is gone, which is at its next yield.
    support::eventually("the guests to be gone", || (engine.budget().reserved() == 0).then_some(()));
}

/// A host call begins a new slice of fuel for wasmtime, so that a guest that calls often enough never comes to a yield of its own.
#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_keeps_calling_the_host_ends_like_any_other() {
    let (engine, _folder) = engine(limits());
    let (component, models) = hostile(&engine).await;
    let model = models.get("chatter").expect("the model").clone();
    let reported = Arc::new(Reported::default());
    let endless = RunLimits { fuel: u64::MAX / 2, timeout_ms: 200, ..RUN };
    let runs = (0..4).map(|_| {
        let (component, request) = (component.clone(), request(&model, "[]", endless, &reported));
        tokio::spawn(async move { component.run(request).await })
    });
    for run in runs.collect::<Vec<_>>() {
        let report = tokio::time::timeout(support::PATIENCE, run).await.expect("it ends").expect("a report");
        let shown = shown(&report);
        assert!(shown.starts_with("    timeout: the run took longer than 200ms (limit timeout_ms)\n"), "{shown}");
    }
    let work = component.run(request(&model, "[]", RunLimits { timeout_ms: 3_600_000, ..endless }, &reported));
    assert!(tokio::time::timeout(Duration::from_millis(100), work).await.is_err(), "it goes on");
    support::eventually("the guest to be gone", || (engine.budget().reserved() == 0).then_some(()));
}

/// Other than a dropped run, one that is stopped says what it has used, and its memory is free when it does.
#[tokio::test(flavor = "multi_thread")]
async fn a_run_ends_when_it_is_stopped_or_when_the_time_it_shares_is_over() {
    let (engine, _folder) = engine(limits());
    let (component, models) = hostile(&engine).await;
    let model = models.get("spin").expect("the model").clone();
    let reported = Arc::new(Reported::default());
    let endless = RunLimits { fuel: u64::MAX / 2, timeout_ms: 3_600_000, ..RUN };
    let stop = Stop::default();
    let spin = |stop_conditions: StopConditions| {
        let request = RunRequest { stop_conditions, ..request(&model, "[]", endless, &reported) };
        let component = component.clone();
        async move { component.run(request).await }
    };
    let running = tokio::spawn(spin(StopConditions { stop: Some(stop.clone()), deadline: None }));
    support::eventually("it to run", || (engine.budget().reserved() > 0).then_some(()));
    stop.stop();
    let report = running.await.expect("a report");
    assert_eq!(shown(&report), "    cancelled: the run was stopped\n");
    assert_eq!(engine.budget().reserved(), 0);
    // One that is stopped before it begins never does.
    let report = spin(StopConditions { stop: Some(stop), deadline: None }).await;
    assert_eq!((shown(&report).as_str(), report.usage.fuel), ("    cancelled: the run was stopped\n", 0));
    // The message names the limit, of which this is a part.
    let by = Some(Instant::now() + Duration::from_millis(200));
    let report = spin(StopConditions { deadline: by, stop: None }).await;
    let answer = shown(&report);
    assert!(answer.starts_with("    timeout: the run took longer than 3600s (limit timeout_ms)\n"), "{answer}");
    assert!(report.usage.fuel > 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn granted_settings_arrive_and_others_do_not() {
    let (engine, _folder) = engine(limits());
    let bytes = fs::read(plugin("hostile")).expect("the component");
    let (component, description) = engine.install(bytes.into()).await.expect("installed");
    let model = Arc::new(description.models.iter().find(|m| m.name.as_str() == "read-settings").expect("it").clone());
    let granted = Grants {
        settings: BTreeMap::from([("greeting".to_owned(), "hello".to_owned()), ("other".to_owned(), "x".to_owned())]),
        secrets: BTreeMap::from([("token".to_owned(), "s3cret".to_owned())]),
    };
    let asked = granted.asked_for(&description.provider.capabilities);
    assert_eq!(asked.names(), ["settings:greeting", "secrets:token"]);
    let reported = Arc::new(Reported::default());
    let mut run = request(&model, "[]", RUN, &reported);
    run.grants = Arc::new(asked);
    assert_eq!(
        shown(&component.run(run).await),
        "    what,saw\n    settings:greeting,hello\n    secrets:token,s3cret\n"
    );
}

/// The component with another mode patched into its bytes.
fn lying(mode: &str) -> Vec<u8> {
    const PREFIX: &[u8] = b"ANALYTE-HOSTILE-MODE:";
    let mut bytes = fs::read(plugin("hostile")).expect("the component");
    let marker = |at: &usize| bytes.get(at + PREFIX.len()..).is_some_and(|rest| rest.starts_with(b"honest....."));
    let places: Vec<usize> =
        bytes.windows(PREFIX.len()).enumerate().filter(|(_, w)| *w == PREFIX).map(|(at, _)| at).collect();
    let at = places.into_iter().find(marker).expect("the marker") + PREFIX.len();
    let name = format!("{mode:.<27}");
    bytes.get_mut(at..at + 27).expect("27 bytes").copy_from_slice(name.as_bytes());
    bytes
}

#[tokio::test(flavor = "multi_thread")]
async fn every_lie_of_a_description_is_refused() {
    let (engine, _folder) = engine(limits());
    let modes = [
        "loop",
        "trap",
        "models-loop",
        "models-trap",
        "big-title",
        "odd-capability",
        "duplicate-models",
        "duplicate-fields",
        "duplicate-output",
        "many-fields",
        "many-models",
        "kind-mismatch",
        "bad-name",
        "bad-field-name",
        "big-description",
        "remote-ref",
        "file-ref",
        "deep-schema",
        "big-schema",
        "bad-json-schema",
        "not-json-schema",
        "column-parameter",
        "bad-example",
    ];
    let mut page = String::new();
    for mode in modes {
        let answer = engine.install(lying(mode).into()).await;
        page.push_str(&format!("{mode}\n"));
        match answer {
            Ok((_, description)) => page.push_str(&format!("    accepted with {} models\n", description.models.len())),
            Err(refused) => {
                page.push_str(&format!("    {}: {}\n", refused.code, refused.message));
                for cause in &refused.causes {
                    let first = cause.lines().next().unwrap_or("");
                    page.push_str(&format!("    because: {}\n", first.chars().take(200).collect::<String>()));
                }
            }
        }
    }
    assert_snapshot("hostile-descriptions.txt", &without_lines(&page));
}

/// A recursive schema is no lie: it is legal, and must not hang anything.
#[tokio::test(flavor = "multi_thread")]
async fn a_schema_that_refers_to_itself_harms_nobody() {
    let (engine, _folder) = engine(limits());
    let answer = engine.install(lying("recursive-ref").into()).await;
    let shown = answer.map(|(_, description)| description.models.len()).map_err(|refused| refused.message);
    assert!(shown.is_ok() || shown.as_ref().is_err_and(|message| message.contains("schema")), "{shown:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_component_is_refused_before_it_is_compiled() {
    let (engine, _folder) = engine(Limits { component_bytes: 4 << 20, ..limits() });
    let whole = fs::read(plugin("statistics")).expect("the component");
    let truncated = whole.get(..whole.len() / 2).expect("half").to_vec();
    let foreign = String::from_utf8_lossy(&whole).contains("analyte:plugin/job@0.1.0");
    assert!(foreign, "the marker to patch is there");
    let other_version = replaced(&whole, b"analyte:plugin/provider@0.1.0", b"analyte:plugin/provider@0.9.0");
    let mut page = String::new();
    for (what, bytes) in [
        ("nothing", Vec::new()),
        ("text", b"not wasm".to_vec()),
        ("a core module", b"\0asm\x01\0\0\0".to_vec()),
        ("an empty component", b"\0asm\x0d\0\x01\0".to_vec()),
        ("a truncated component", truncated),
        ("a component of another version", other_version),
        ("a component of 5 MB", {
            let mut b = whole.clone();
            b.resize(5 << 20, 0);
            b
        }),
    ] {
        let message = match engine.install(bytes.into()).await {
            Ok(_) => "accepted".to_owned(),
            Err(refused) => format!("{}: {}", refused.code, refused.message),
        };
        page.push_str(&format!("{what}\n    {message}\n"));
    }
    assert_snapshot("not-components.txt", &page);
}

fn replaced(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let mut copy = bytes.to_vec();
    let places: Vec<usize> =
        copy.windows(from.len()).enumerate().filter(|(_, w)| *w == from).map(|(at, _)| at).collect();
    for at in places {
        copy.get_mut(at..at + to.len()).expect("in range").copy_from_slice(to);
    }
    copy
}
