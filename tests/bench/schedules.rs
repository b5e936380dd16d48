//! What many schedules cost: processor time while none is due, and how late they fire when all are.
//!
//! `cargo bench --workspace --bench schedules`; few schedules with `--quick` or outside `cargo bench`. The jobs are no-ops of one row. First
//! all schedules wait for another year, then all are due in the same second, then all within one minute. How late a firing is: from its fire
//! time until the job was made, as the server says; and, as the client sees it, until all jobs of the round were counted as
//! submitted, so durable. Prints Markdown.

#![expect(clippy::expect_used, clippy::indexing_slicing, reason = "a benchmark fails by panicking")]
#![expect(clippy::print_stdout, reason = "what it is for")]

use std::fs;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use analyte_core::timestamp::Timestamp;
use serde_json::{Value, json};

use support::bench::asked::Asked;
use support::bench::machine;
use support::bench::server::ROOMY;
use support::http::Http;
use support::server::Server;

/// Firings whose job was durable within a second.
const IN_TIME: &str = "analyte_schedule_late_seconds_bucket{le=\"1.0\"} ";
/// Clients that make schedules at the same time.
const CLIENTS: usize = 16;

fn main() {
    let Some(asked) = Asked::of("schedules") else { return };
    let (schedules, idle) = asked.pick((40, Duration::from_secs(2)), (10_000, Duration::from_secs(60)));
    let schedules = asked.jobs().unwrap_or(schedules);
    machine::print();
    println!("Settings: no floor of free disk, queues and rates without bounds; {schedules} schedules in each row.\n");
    let config = format!("{ROOMY}schedules = 1000000\n");
    let server = support::bench::server::start(&config, &["hostile"]);
    println!("| | |\n| --- | ---: |");
    let before = machine::memory(server.id());
    let next_year = now().plus_ms(365 * 24 * 3_600_000);
    let began = Instant::now();
    make(&server.http, schedules, |_| next_year);
    println!("| made, by {CLIENTS} clients | {:.0}/s |", schedules as f64 / began.elapsed().as_secs_f64());
    std::thread::sleep(idle / 4);
    let (used, waited) = (processor_time(&server), Instant::now());
    std::thread::sleep(idle);
    let used = processor_time(&server).saturating_sub(used);
    let percent = 100.0 * used.as_secs_f64() / waited.elapsed().as_secs_f64();
    println!("| processor, all active and none due | {percent:.2} % of one core |");
    println!("| memory | {} MiB, {before} without schedules |", machine::memory(server.id()));
    // Time for those to be made, and for the server to come to rest.
    let ahead = (schedules as u64 * 6).max(3_000);
    let second = now().plus_ms(ahead);
    fired(&server.http, schedules, "all due at one moment", |_| second);
    let minute = now().plus_ms(ahead);
    let distance = 60_000.0 / schedules as f64;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a part of a minute")]
    fired(&server.http, schedules, "all due within one minute", |at| minute.plus_ms((at as f64 * distance) as u64));
}

fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970");
    Timestamp(i64::try_from(since.as_millis()).expect("before the end of time"))
}

/// Makes schedules that fire first at this time, and then after a year.
fn make(http: &Http, schedules: usize, start: impl Fn(usize) -> Timestamp + Sync) {
    std::thread::scope(|scope| {
        for client in 0..CLIENTS {
            let (http, start) = (http.clone(), &start);
            scope.spawn(move || {
                for at in (client..schedules).step_by(CLIENTS) {
                    let body = json!({
                        "name": "measured",
                        "when": {"every_ms": 365_u64 * 24 * 3_600_000},
                        "start_at": start(at).to_string(),
                        "template": {"provider": "hostile", "model": "noop", "input": [{"value": 1}]},
                    });
                    http.post("/v1/schedules", &body).expect(201);
                }
            });
        }
    });
}

/// Fires schedules once each, and says how late they were.
fn fired(http: &Http, schedules: usize, what: &str, start: impl Fn(usize) -> Timestamp + Sync) {
    let before = submitted(http);
    let in_time = figure(http, IN_TIME);
    make(http, schedules, &start);
    let (first, last) = (start(0), start(schedules - 1));
    assert!(now() < first, "the schedules were not made in time");
    let all = before + schedules as u64;
    let deadline = last.plus_ms(120_000);
    while submitted(http) < all {
        assert!(now() < deadline, "not all have fired: {} of {all}", submitted(http));
        std::thread::sleep(Duration::from_millis(20));
    }
    let durable = now().ms_since(last);
    let mut late = lateness(http, schedules, first);
    late.sort_unstable();
    let quantile = |part: usize| late[(late.len() - 1) * part / 100];
    let in_time = figure(http, IN_TIME) - in_time;
    println!("| {what}: durable within a second of its fire time | {in_time} of {schedules} |");
    println!(
        "| {what}: late p50, p99, most | {}, {}, {} ms |\n| {what}: all durable, after the last fire time | {durable} ms |",
        quantile(50),
        quantile(99),
        quantile(100)
    );
}

/// How many jobs were submitted since the server began.
fn submitted(http: &Http) -> u64 {
    figure(http, "analyte_jobs_submitted_total ")
}

/// A figure of the server.
fn figure(http: &Http, name: &str) -> u64 {
    let text = http.get("/metrics").expect(200).text();
    text.lines().find_map(|line| line.strip_prefix(name)).unwrap_or("0").trim().parse().expect("a number")
}

/// How late the last jobs were made, in milliseconds.
fn lateness(http: &Http, jobs: usize, first: Timestamp) -> Vec<u64> {
    let mut late = Vec::new();
    let mut path = "/v1/jobs?limit=500".to_owned();
    while late.len() < jobs {
        let page = http.get(&path).expect(200).json();
        let time = |job: &Value, pointer: &str| -> Timestamp {
            job.pointer(pointer).and_then(Value::as_str).expect("a time").parse().expect("a time")
        };
        for job in page["jobs"].as_array().expect("a list").iter().filter(|job| job["schedule"].is_object()) {
            let fire_time = time(job, "/schedule/fire_time");
            if fire_time >= first {
                late.push(time(job, "/created_at").ms_since(fire_time));
            }
        }
        let Some(cursor) = page["next_cursor"].as_str() else { break };
        path = format!("/v1/jobs?limit=500&cursor={cursor}");
    }
    assert_eq!(late.len(), jobs, "jobs are missing");
    late
}

/// The processor time of all threads of the server.
fn processor_time(server: &Server) -> Duration {
    let stat = fs::read_to_string(format!("/proc/{}/stat", server.id())).expect("the process");
    let after_name = stat.rsplit_once(") ").expect("a name").1;
    let fields: Vec<u64> = after_name.split_whitespace().skip(11).take(2).map(|n| n.parse().expect("ticks")).collect();
    Duration::from_millis(fields.iter().sum::<u64>() * 1_000 / rustix::param::clock_ticks_per_second())
}
