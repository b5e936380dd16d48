//! A server, an organisation that attacks it, and what both hold.

use std::fmt;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::neighbour::{Figures, Neighbour};
use support::http::{Answer, Http};
use support::process;
use support::server::{Server, Setup};
use support::{PATIENCE, eventually};

/// What the process may have more than before, in bytes.
const MEMORY: u64 = 64 << 20;
/// What it may have open more than before: the neighbour's files and connections come and go.
const HANDLES: usize = 8;
/// What it may have more threads than before: those for files end soon after their last use.
const THREADS: usize = 8;
/// What its data folder may have grown by, in bytes: the neighbour's jobs go through the store meanwhile.
const DISK: u64 = 8 << 20;

/// A server with the plugins `rows`, `hostile` and `keeper`, and an organisation without any rights but to use them, to
/// submit jobs and to install what is its own.
pub(super) struct Arena {
    // The first to go: it needs the server.
    pub(super) neighbour: Neighbour,
    pub(super) crowd: Http,
    pub(super) server: Server,
}

impl Arena {
    pub(super) fn start(config: &str) -> Self {
        let plugins = &["rows", "hostile", "keeper"];
        let server = Server::with(&Setup { config, plugins, ..Setup::default() });
        let [crowd, neighbour] = ["crowd", "neighbour"].map(|name| {
            let headers = [("content-type", "application/json")];
            let body = json!({"description": ""}).to_string();
            let path = format!("/v1/organisations/{name}");
            server.http.call("PUT", &path, &headers, Some(body.as_bytes())).expect(201);
            let rights = ["jobs:read", "jobs:write", "providers:write"];
            let new = json!({"organisation": name, "label": "a test", "rights": rights});
            let made = server.http.post("/v1/tokens", &new).expect(201).json();
            Http::new(&server.http.url, made["secret"].as_str().unwrap_or_default())
        });
        Self { server, crowd, neighbour: Neighbour::start(neighbour) }
    }

    /// The attacker over new connections, which close with it.
    pub(super) fn client(&self) -> Http {
        Http::new(&self.crowd.url, &self.crowd.token)
    }

    /// The same at once, each over a connection of its own.
    pub(super) fn at_once<T: Send>(&self, count: usize, work: impl Fn(&Http, usize) -> T + Sync) -> Vec<T> {
        let work = &work;
        std::thread::scope(|threads| {
            let started: Vec<_> = (0..count)
                .map(|at| (self.client(), at))
                .map(|(http, at)| threads.spawn(move || work(&http, at)))
                .collect();
            started
                .into_iter()
                .map(|thread| thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
                .collect()
        })
    }

    /// Runs a model of `hostile` at once; it fails with this code.
    pub(super) fn fails(&self, model: &str, limits: &Value, code: &str) {
        let answer = execute(&self.client(), model, limits).json();
        assert_eq!(answer["code"], code, "{model}: {answer}");
    }

    /// Submits a job for a model of `hostile`.
    pub(super) fn submit(&self, model: &str, limits: &Value) -> String {
        submit(&self.crowd, model, limits)
    }

    /// Waits until it runs.
    pub(super) fn runs(&self, id: &str) {
        eventually("a job to run", || (self.job(id)["status"] == "running").then_some(()));
    }

    /// Waits for its end.
    pub(super) fn ends(&self, id: &str) {
        eventually("a job to end", || self.job(id)["finished_at"].is_string().then_some(()));
    }

    /// Waits for the end of these jobs, and removes them with all that belongs to them.
    pub(super) fn remove(&self, ids: &[String]) {
        for id in ids {
            self.ends(id);
            self.crowd.delete(&format!("/v1/jobs/{id}")).expect(204);
        }
    }

    /// Cancels these jobs and removes them.
    pub(super) fn cancel(&self, ids: &[String]) {
        for id in ids {
            self.crowd.post(&format!("/v1/jobs/{id}/cancel"), &json!({})).expect(200);
        }
        self.remove(ids);
    }

    fn job(&self, id: &str) -> Value {
        self.crowd.get(&format!("/v1/jobs/{id}")).expect(200).json()
    }

    /// What the server holds now.
    pub(super) fn holds(&self) -> Held {
        let process = self.server.id();
        Held {
            memory: process::resident(process),
            handles: process::handles(process),
            threads: process::threads(process),
            disk: process::size_of(&self.server.data_dir()),
        }
    }

    /// What the server holds when nothing of what was done before is being given back any more: for so long nothing became less.
    pub(super) fn rests(&self, long: Duration) -> Held {
        let (mut least, mut since) = (self.holds(), Instant::now());
        while since.elapsed() < long {
            std::thread::park_timeout(Duration::from_millis(100));
            let now = self.holds();
            if now.is_less_than(&least) {
                since = Instant::now();
                least = now;
            }
        }
        self.holds()
    }

    /// Waits until the server holds hardly more than before, and no memory is set aside for runs and bodies.
    pub(super) fn is_back(&self, before: &Held, after: &str) -> String {
        let began = Instant::now();
        loop {
            let now = self.holds();
            if now.is_back_to(before) && self.is_free() {
                return format!("{now}, {:.1?} later", began.elapsed());
            }
            assert!(began.elapsed() < PATIENCE, "after {after} the server holds {now}; before it held {before}");
            std::thread::park_timeout(Duration::from_millis(50));
        }
    }

    /// Whether no memory is set aside, which is so now and then between two calls of the neighbour.
    fn is_free(&self) -> bool {
        let metrics = self.server.http.get("/metrics").expect(200).text();
        metrics.contains("\nanalyte_memory_admitted_bytes 0\n")
    }
}

/// Runs a model of `hostile` at once.
pub(super) fn execute(http: &Http, model: &str, limits: &Value) -> Answer {
    http.post(
        &format!("/v1/providers/hostile/models/{model}/execute"),
        &json!({"input": [{"value": 1}], "limits": limits}),
    )
}

/// Submits a job for a model of `hostile`.
pub(super) fn submit(http: &Http, model: &str, limits: &Value) -> String {
    let job = json!({"provider": "hostile", "model": model, "input": [{"value": 1}], "limits": limits});
    http.post("/v1/jobs", &job).expect(201).json()["id"].as_str().unwrap_or_default().to_owned()
}

/// What a server holds of its machine.
#[derive(Clone, Copy)]
pub(super) struct Held {
    memory: u64,
    handles: usize,
    threads: usize,
    disk: u64,
}

impl Held {
    fn is_less_than(&self, before: &Self) -> bool {
        self.memory + (1 << 20) < before.memory || self.threads < before.threads || self.handles < before.handles
    }

    fn is_back_to(&self, before: &Self) -> bool {
        self.memory <= before.memory + MEMORY
            && self.handles <= before.handles + HANDLES
            && self.threads <= before.threads + THREADS
            && self.disk <= before.disk + DISK
    }
}

impl fmt::Display for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mib = |bytes: u64| bytes as f64 / f64::from(1 << 20);
        let Self { memory, handles, threads, disk } = self;
        write!(f, "{:.1} MiB, {handles} handles, {threads} threads, {:.1} MiB on disk", mib(*memory), mib(*disk))
    }
}

/// Beside an attack a call takes at most one and a half times as long as alone, and one slice for each core.
const TIMES: f64 = 1.5;
const SLICE: Duration = Duration::from_millis(4);
/// Allowed beside that, where other programs use the machine meanwhile.
const NOISE: Duration = Duration::from_millis(500);

/// Fails where the neighbour had to wait.
pub(super) fn is_served(what: &str, alone: &Figures, now: &Figures) {
    let cores = u32::try_from(std::thread::available_parallelism().map_or(1, usize::from)).unwrap_or(1);
    for (kind, alone, now) in [("execute", &alone.execute, &now.execute), ("a job", &alone.job, &now.job)] {
        let most = alone.p99.mul_f64(TIMES) + SLICE * cores + NOISE;
        assert!(now.p99 <= most, "{what}: p99 of {kind} is {:?}, and {:?} alone", now.p99, alone.p99);
    }
}
