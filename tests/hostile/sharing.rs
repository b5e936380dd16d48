//! One organisation takes all that it can get, and another one's jobs and calls go on as though it were not there.
//!
//! The neighbour's figures are taken twice in one run, undisturbed and beside the attack, and printed. Short unless
//! `ANALYTE_SHARING=long` asks for the sizes of the attack as it was found: 100 bodies of 60 MB, 100,000 queued jobs. A
//! binary of its own: what is measured here must not run beside the other attacks.

#![expect(
    clippy::panic,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "tests fail by panicking; JSON values index to null"
)]
#![expect(clippy::print_stdout, reason = "shows the figures")]

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use support::eventually;
use support::http::Http;
use support::raw::{End, Raw, head};
use support::server::{Server, Setup};

/// Beside an attack a call takes at most one and a half times as long as alone, and one slice for each core.
const TIMES: f64 = 1.5;
const SLICE: Duration = Duration::from_millis(4);
/// Allowed of that where other programs use the machine meanwhile: as many times as much. What was found took from 10 s to
/// hours.
const FACTOR: f64 = 3.0;
/// A measurement that is beyond is made again, this often in all: another program may have been at work, and what is slow
/// because of an attack is slow each time.
const ROUNDS: usize = 3;

/// One at a time: each measures.
static ALONE: Mutex<()> = Mutex::new(());

fn long() -> bool {
    std::env::var("ANALYTE_SHARING").is_ok_and(|asked| asked == "long")
}

/// A server, the organisation that attacks, and its neighbour.
struct Both {
    server: Server,
    crowd: Http,
    neighbour: Http,
}

impl Both {
    fn start(config: &str) -> Self {
        let server = Server::with(&Setup { config, plugins: &["hostile"], ..Setup::default() });
        let [crowd, neighbour] = ["crowd", "neighbour"].map(|name| {
            let body = json!({"description": ""}).to_string();
            let headers = [("content-type", "application/json")];
            let path = format!("/v1/organisations/{name}");
            server.http.call("PUT", &path, &headers, Some(body.as_bytes())).expect(201);
            let rights = ["jobs:read", "jobs:write"];
            let new = json!({"organisation": name, "label": "a test", "rights": rights});
            let made = server.http.post("/v1/tokens", &new).expect(201).json();
            Http::new(&server.http.url, made["secret"].as_str().expect("a secret"))
        });
        let both = Self { server, crowd, neighbour };
        // Until its runs are known to be short.
        for _ in 0..20 {
            both.execute();
        }
        both
    }

    /// One call of the neighbour that runs a model at once.
    fn execute(&self) -> Duration {
        let asked = Instant::now();
        self.neighbour.post("/v1/providers/hostile/models/noop/execute", &json!([])).expect(200);
        asked.elapsed()
    }

    /// One job of the neighbour, from its submission to its end.
    fn job(&self) -> Duration {
        let asked = Instant::now();
        let headers = [("content-type", "application/json"), ("prefer", "wait=60")];
        let body = job("noop", &json!({})).to_string();
        let ended = self.neighbour.call("POST", "/v1/jobs", &headers, Some(body.as_bytes())).expect(200).json();
        assert_eq!(ended["status"], "completed", "{ended}");
        asked.elapsed()
    }

    /// One call of the neighbour with a table that is large enough to be read and written where no other call waits.
    fn document(&self) -> Duration {
        let body = table(100_000);
        let asked = Instant::now();
        let headers = [("content-type", "application/json")];
        let path = "/v1/providers/hostile/models/echo/execute";
        let answer = self.neighbour.call("POST", path, &headers, Some(body.as_bytes())).expect(200);
        assert!(answer.body.len() > body.len() / 2, "{} bytes", answer.body.len());
        asked.elapsed()
    }

    fn figures(&self) -> Figures {
        let rounds = if long() { 1_000 } else { 100 };
        let times = |once: fn(&Self) -> Duration| Times::of((0..rounds).map(|_| once(self)).collect());
        Figures([("execute", times(Self::execute)), ("a job", times(Self::job)), ("a document", times(Self::document))])
    }

    /// Submits a job of the crowd.
    fn submit(&self, model: &str, limits: &Value) -> String {
        let made = self.crowd.post("/v1/jobs", &job(model, limits)).expect(201).json();
        made["id"].as_str().expect("an id").to_owned()
    }

    fn is(&self, id: &str, status: &str) -> bool {
        self.crowd.get(&format!("/v1/jobs/{id}")).expect(200).json()["status"] == status
    }

    fn waiting(&self, id: &str) -> Value {
        self.crowd.get(&format!("/v1/jobs/{id}")).expect(200).json()["waiting"].clone()
    }

    fn cancel(&self, ids: &[String]) {
        for id in ids {
            self.crowd.post(&format!("/v1/jobs/{id}/cancel"), &json!({})).expect(200);
        }
        eventually("all to be gone", || {
            let metrics = self.server.http.get("/metrics").expect(200).text();
            let reserved = metrics.lines().find(|line| line.starts_with("analyte_memory_admitted_bytes"))?;
            reserved.ends_with(" 0").then_some(())
        });
    }

    /// Takes the neighbour's figures beside what goes on, and holds them against those from before.
    fn beside(&self, attack: &str, alone: &Figures) {
        let mut slow = Vec::new();
        for _ in 0..ROUNDS {
            let beside = self.figures();
            println!("{attack}: alone {alone}; beside it {beside}");
            slow = beside.beyond(alone);
            if slow.is_empty() {
                return;
            }
        }
        panic!("{attack}, measured {ROUNDS} times: {}", slow.join("; "));
    }
}

fn job(model: &str, limits: &Value) -> Value {
    json!({"provider": "hostile", "model": model, "input": [], "limits": limits})
}

/// By what is done.
struct Figures([(&'static str, Times); 3]);

impl Figures {
    /// What takes longer beside an attack than it may.
    fn beyond(&self, alone: &Self) -> Vec<String> {
        let cores = u32::try_from(std::thread::available_parallelism().map_or(1, usize::from)).unwrap_or(1);
        let mut slow = Vec::new();
        for ((what, beside), (_, alone)) in self.0.iter().zip(&alone.0) {
            for (part, alone, beside) in [("p50", alone.p50, beside.p50), ("p99", alone.p99, beside.p99)] {
                let most = (alone.mul_f64(TIMES) + SLICE * cores).mul_f64(FACTOR);
                if beside > most {
                    slow.push(format!(
                        "{part} of {what} is {beside:?} beside it, {alone:?} alone, and may be {most:?}"
                    ));
                }
            }
        }
        slow
    }
}

struct Times {
    p50: Duration,
    p99: Duration,
}

impl Times {
    fn of(mut times: Vec<Duration>) -> Self {
        times.sort();
        let at = |part: usize| times.get((times.len() * part / 100).min(times.len() - 1)).copied().expect("a time");
        Self { p50: at(50), p99: at(99) }
    }
}

impl std::fmt::Display for Figures {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let ms = |time: Duration| time.as_secs_f64() * 1_000.0;
        let one =
            |(what, times): &(&str, Times)| format!("{what} p50 {:.1} p99 {:.1} ms", ms(times.p50), ms(times.p99));
        f.write_str(&self.0.iter().map(one).collect::<Vec<_>>().join(", "))
    }
}

#[test]
fn jobs_of_one_organisation_leave_places_turns_and_memory_to_another() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    // The same budget on every machine; what runs here does not use its memory.
    let both = Both::start(&format!("[limits]\nmemory_budget_bytes = {}\n", 18_u64 << 30));
    let alone = both.figures();

    let endless = json!({"fuel": 1_000_000_000_000_u64, "timeout_ms": 3_600_000});
    let spinning: Vec<String> = (0..12).map(|_| both.submit("spin", &endless)).collect();
    eventually("the crowd to run", || both.is(&spinning[0], "running").then_some(()));
    eventually("the rest to wait", || {
        let waiting = both.waiting(&spinning[11]);
        let detail = waiting["detail"].as_str()?;
        (waiting["reason"] == "quota" && detail.ends_with("(limit concurrent_tasks)")).then_some(())
    });
    both.beside("12 jobs that compute", &alone);
    both.cancel(&spinning);

    let day = json!({"timeout_ms": 86_400_000});
    let sleeping: Vec<String> = (0..12).map(|_| both.submit("sleep", &day)).collect();
    eventually("the crowd to sleep", || both.is(&sleeping[0], "running").then_some(()));
    both.beside("12 jobs that sleep, with a limit of 24 h", &alone);
    both.cancel(&sleeping);

    let large = json!({"memory_bytes": 4_294_967_296_u64, "timeout_ms": 3_600_000});
    let large: Vec<String> = (0..8).map(|_| both.submit("sleep", &large)).collect();
    eventually("its share to be used up", || {
        let waiting = both.waiting(&large[7]);
        let detail = waiting["detail"].as_str()?;
        (waiting["reason"] == "quota" && detail.contains("organisation_memory_percent")).then_some(())
    });
    both.beside("8 jobs of 4 GiB", &alone);
    both.cancel(&large);
}

#[test]
fn bodies_that_stop_before_their_end_leave_room_for_those_of_another() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let (budget, bytes) = if long() { (18_u64 << 30, 60_000_000_usize) } else { (512_u64 << 20, 6_000_000) };
    let usual = 16 << 20;
    let config = format!("[limits]\nmemory_budget_bytes = {budget}\nmemory_bytes = {usual}\noutput_bytes = {usual}\n");
    let both = Both::start(&config);
    let alone = both.figures();
    let whole = body(bytes);
    let submitted = |http: &Http| {
        let asked = Instant::now();
        let answer = http.call("POST", "/v1/jobs", &[("content-type", "application/json")], Some(whole.as_bytes()));
        (answer.status, asked.elapsed())
    };
    assert_eq!(submitted(&both.neighbour).0, 201);
    let mut stalled: Vec<Raw> = (0..100)
        .map(|_| {
            let mut raw = Raw::connect(&both.crowd);
            let request = head(&both.crowd, "POST", "/v1/jobs");
            raw.send(format!("{request}content-type: application/json\r\ncontent-length: {}\r\n\r\n", whole.len()));
            // Refused in the middle where its organisation holds its share: then the connection closes.
            raw.send(&whole.as_bytes()[..whole.len() - 1]);
            raw
        })
        .collect();
    let open =
        stalled.iter_mut().filter_map(|raw| (raw.look() == End::Open && raw.said.is_empty()).then_some(())).count();
    let refused = stalled.iter().find(|raw| !raw.said.is_empty()).map(Raw::text).expect("one too many");
    assert!(refused.starts_with("HTTP/1.1 429"), "{refused}");
    assert!(refused.contains("holds its share of the memory for requests and runs"), "{refused}");
    // All of them together hold a quarter of the budget.
    assert!(open > 0 && (open * whole.len()) as u64 <= budget / 4 + whole.len() as u64, "{open} are held");
    let (status, took) = submitted(&both.neighbour);
    assert_eq!(status, 201, "the neighbour's body");
    println!("{open} stalled bodies of {bytes} bytes: the neighbour's took {took:?}");
    both.beside("stalled bodies", &alone);
    drop(stalled);
}

/// A submission of about this size.
fn body(bytes: usize) -> String {
    format!(r#"{{"provider":"hostile","model":"noop","input":{}}}"#, table(bytes))
}

/// Rows of about this size together.
fn table(bytes: usize) -> String {
    let row = r#"{"value":1.5},"#;
    let rows = row.repeat(bytes / row.len());
    format!("[{}]", rows.trim_end_matches(','))
}

/// Reading them, and writing what is answered, takes all processors.
#[test]
fn large_documents_of_one_organisation_slow_no_other() {
    const CLIENTS: usize = 16;
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let both = Both::start(&format!("[limits]\nmemory_budget_bytes = {}\n", 18_u64 << 30));
    let alone = both.figures();
    // Without optimisation, a result that is much larger is copied for longer than a slice, and that cannot be interrupted.
    let whole = table(if long() { 60_000_000 } else { 1_000_000 });
    let (done, answered, refused) = (AtomicBool::new(false), AtomicU64::new(0), AtomicU64::new(0));
    std::thread::scope(|threads| {
        for _ in 0..CLIENTS {
            threads.spawn(|| {
                let (path, json) =
                    ("/v1/providers/hostile/models/echo/execute", [("content-type", "application/json")]);
                while !done.load(Ordering::Relaxed) {
                    let answer = both.crowd.call("POST", path, &json, Some(whole.as_bytes()));
                    match answer.status {
                        200 => answered.fetch_add(1, Ordering::Relaxed),
                        // It has used up its share; then it comes again.
                        429 => refused.fetch_add(1, Ordering::Relaxed),
                        status => panic!("{status}: {}", answer.text()),
                    };
                }
            });
        }
        eventually("the crowd to be answered", || (answered.load(Ordering::Relaxed) >= 3).then_some(()));
        let before = answered.load(Ordering::Relaxed);
        let beside = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            both.beside(&format!("{CLIENTS} clients that send {} bytes again and again", whole.len()), &alone);
        }));
        let meanwhile = answered.load(Ordering::Relaxed) - before;
        done.store(true, Ordering::Relaxed);
        println!(
            "{meanwhile} documents of the crowd were answered meanwhile, {} refused",
            refused.load(Ordering::Relaxed)
        );
        if let Err(panic) = beside {
            std::panic::resume_unwind(panic);
        }
        assert!(meanwhile > 0);
    });
}

#[test]
fn a_long_queue_of_one_organisation_slows_no_other() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let both = Both::start("");
    let alone = both.figures();
    let count = if long() { 100_000 } else { 3_000 };
    let first = both.submit("sleep", &json!({}));
    eventually("it to sleep", || both.is(&first, "running").then_some(()));
    let endless = json!({"fuel": 1_000_000_000_000_u64, "timeout_ms": 3_600_000});
    let mut left = count;
    while left > 0 {
        let part = left.min(1_000);
        let jobs = vec![job("spin", &endless); part];
        both.crowd.post("/v1/jobs/batch", &json!({"jobs": jobs})).expect(200);
        left -= part;
    }
    both.beside(&format!("{count} queued jobs"), &alone);
}
