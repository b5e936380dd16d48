//! Runs whose rows are split: when they are, what comes out, and what others notice.

use analyte_store::memory::MemoryStore;
use std::fs;
use std::time::{Duration, Instant};

use analyte_core::failure::Failure;
use analyte_core::job::Job;
use analyte_core::limits::Limits;
use analyte_core::names::{JobId, ProviderKey, ProviderName};
use analyte_core::table::Table;
use analyte_core::table::format::{self, Format};
use analyte_jobs::{Execution, InstallProvider, LimitsAsked, Manager, Parameters, RunReport, Submission};
use bytes::Bytes;
use prometheus_client::registry::Registry;
use serde_json::{Value, json};

use super::{model, organisation, started, with_parameters};
use support::PATIENCE;
use support::plugins::plugin;

mod outcomes;
mod places;

/// Three parts at most, whatever the machine, and a place to spare.
fn splitting() -> Limits {
    Limits { split_rows: 8, split_parts: 3, concurrent_tasks: 4, free_disk_bytes: 0, ..Limits::default() }
}

fn unsplit() -> Limits {
    Limits { split_rows: 0, ..splitting() }
}

fn name(provider: &str) -> ProviderName {
    ProviderName::new(provider).expect("a name")
}

struct Split {
    manager: Manager,
    registry: Registry,
    store: MemoryStore,
}

impl Split {
    async fn new(limits: Limits) -> Self {
        let store = MemoryStore::new();
        let manager = started(&store, limits, |_| ()).await;
        let mut registry = Registry::default();
        manager.metrics().register(&mut registry);
        let split = Self { manager, registry, store };
        split.install("rows").await;
        split
    }

    async fn install(&self, provider: &str) {
        let component = Bytes::from(fs::read(plugin(provider)).expect("the component"));
        let install = InstallProvider { key: ProviderKey::shared(name(provider)), component: component.into() };
        self.manager.install_provider(install).await.expect("installed");
    }

    /// Values from 0 on.
    fn input(&self, provider: &str, of: &str, rows: u32) -> Table {
        let found = self.manager.model(&organisation(), &name(provider), &model(of)).expect("the model");
        let body = json!({ "columns": { "value": (0..rows).collect::<Vec<_>>() } }).to_string();
        format::read(Format::Json, body.into(), &found.info.input, self.manager.limits()).expect("a table").table
    }

    fn execution(&self, rows: u32, parameters: &Value) -> Execution {
        Execution {
            provider: name("rows"),
            model: model("rows"),
            input: self.input("rows", "rows", rows),
            input_warnings: Vec::new(),
            parameters: Parameters::Object(parameters.as_object().cloned().unwrap_or_default()),
            limits: LimitsAsked::default(),
        }
    }

    async fn execute(&self, rows: u32, parameters: Value) -> RunReport {
        self.executed(self.execution(rows, &parameters)).await
    }

    async fn executed(&self, execution: Execution) -> RunReport {
        self.manager.execute(&organisation(), execution).await.expect("a report")
    }

    fn submission(&self, rows: u32, parameters: &Value) -> Submission {
        let parameters = Parameters::Object(parameters.as_object().cloned().unwrap_or_default());
        with_parameters(Submission::new(name("rows"), model("rows"), self.input("rows", "rows", rows)), &parameters)
    }

    async fn submit(&self, rows: u32, parameters: Value) -> JobId {
        let submission = self.submission(rows, &parameters);
        self.manager.submit(&organisation(), submission).await.expect("submitted").job.job.id
    }

    async fn table(&self, job: &Job) -> Table {
        self.manager.result_table(&organisation(), job.id, None).await.expect("a table").table
    }

    /// Messages of a job's log.
    async fn log(&self, id: JobId) -> Vec<String> {
        let log = self.manager.logs(&organisation(), id, None).await.expect("a log");
        let lines = log.lines.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        let message = |line: &[u8]| {
            let line: Value = serde_json::from_slice(line).expect("JSON");
            line.get("message").and_then(Value::as_str).expect("a message").to_owned()
        };
        lines.map(message).collect()
    }

    /// Runs that were split, parts of them, and how many of them had to be done again.
    fn counted(&self) -> [u64; 3] {
        let mut text = String::new();
        prometheus_client::encoding::text::encode_registry(&mut text, &self.registry).expect("text");
        ["analyte_split_runs_total ", "analyte_split_parts_total ", "analyte_split_in_vain_total "].map(|name| {
            let value = text.lines().find_map(|line| line.strip_prefix(name)).expect("the metric");
            value.parse().expect("a number")
        })
    }

    async fn no_memory_is_held(&self) {
        let deadline = Instant::now() + PATIENCE;
        while self.manager.measure().await.memory_reserved > 0 {
            assert!(Instant::now() < deadline, "memory is still held");
            tokio::task::yield_now().await;
        }
    }

    async fn stop(self) {
        self.manager.stop(Duration::ZERO).await.expect("stopped");
    }
}

/// How many rows each instance was given, in order; sisters with as many count once.
fn seen(table: &Table) -> Vec<String> {
    let at = table.fields().iter().position(|field| field.name.as_ref() == "seen").expect("the column");
    let mut seen: Vec<String> = (0..table.rows()).filter_map(|row| table.cell_text(at, row)).collect();
    seen.dedup();
    seen
}

/// All columns but how many rows were seen.
fn values(table: &Table) -> Vec<String> {
    let columns = table.fields().iter().enumerate().filter(|(_, field)| field.name.as_ref() != "seen");
    let cells = |at: usize| (0..table.rows()).map(move |row| table.cell_text(at, row).unwrap_or_default());
    columns.map(|(at, field)| format!("{}: {}", field.name, cells(at).collect::<Vec<_>>().join(" "))).collect()
}

fn output(report: &RunReport) -> &Table {
    &report.outcome.as_ref().expect("an outcome").output
}

fn failure(report: RunReport) -> Failure {
    report.outcome.expect_err("a failure")
}
