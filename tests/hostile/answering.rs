//! Answers that are far larger than what was asked with, and clients that do not take them: what is not taken is not
//! written, what is not written takes no memory, and no thread that answers calls is held up.

#![expect(clippy::indexing_slicing, reason = "tests fail by panicking; JSON values index to null")]

use std::fs;
use std::time::Duration;

use analyte_core::limits::Limits;
use analyte_core::shape::Shape;
use analyte_core::table::format::{self, Format};
use serde_json::{Value, json};

use support::http::Http;
use support::probe::Probe;
use support::process::{self, forget_peak};
use support::raw::{Raw, head};
use support::server::{Server, Setup};
use support::{eventually, ok};

const KIB: u64 = 1024;
const MIB: u64 = 1024 * KIB;

/// What the allocator keeps of memory that was freed is not what is measured here.
const FREED_AT_ONCE: (&str, &str) = ("MIMALLOC_PURGE_DELAY", "0");

/// A server with the plugin `rows`, which gives back memory as soon as it is free.
fn started(config: &str) -> Server {
    Server::with(&Setup { plugins: &["rows"], config, variables: &[FREED_AT_ONCE], ..Setup::default() })
}

/// Waits until each of these clients costs less than the given bytes, and says how much; threads that were needed for a moment have to
/// end, too.
fn each_costs_less(server: &Server, before: u64, clients: u64, most: u64) -> u64 {
    let mut each = 0;
    eventually("the memory to be given back", || {
        each = memory(server.id()).0.saturating_sub(before) / clients;
        (each < most).then_some(each)
    })
}

/// No step of a release build holds a thread for more than 5 ms. Without optimisation the longest steps of these tests were seen
/// between 5 and 10 ms, so a test of such a build allows 25.
const LONGEST_STEP: f64 = if cfg!(debug_assertions) { 0.025 } else { 0.005 };

/// The memory of a process in bytes: now, and at most since [`forget_peak`].
fn memory(process: u32) -> (u64, u64) {
    (process::resident(process), process::peak(process))
}

/// The processor time that a process has had.
fn processor_time(process: u32) -> Duration {
    let stat = ok(fs::read_to_string(format!("/proc/{process}/stat")), "the times of the server");
    let numbers = stat.rsplit_once(')').map(|(_, numbers)| numbers).unwrap_or_default();
    let ticks = |place: usize| ok(numbers.split_whitespace().nth(place).unwrap_or_default().parse::<u64>(), "a time");
    // User and system time, in hundredths of a second on every Linux.
    Duration::from_millis(10 * (ticks(11) + ticks(12)))
}

/// Waits until the server does nothing, and says how much processor time it had until then.
fn idle(server: &Server) -> Duration {
    eventually("the server to have nothing to do", || {
        let before = processor_time(server.id());
        std::thread::park_timeout(Duration::from_millis(300));
        let after = processor_time(server.id());
        (after.saturating_sub(before) <= Duration::from_millis(20)).then_some(after)
    })
}

/// How many steps of connections took a millisecond or longer, and how many of them too long.
fn stalls(http: &Http) -> (u64, u64) {
    let text = http.get("/metrics").expect(200).text();
    let count = |line: &str| {
        let found = text.lines().find_map(|one| one.strip_prefix(line));
        ok(found.unwrap_or_default().trim().parse::<u64>(), line)
    };
    let all = count("analyte_http_stall_seconds_count ");
    (all, all - count(&format!("analyte_http_stall_seconds_bucket{{le=\"{LONGEST_STEP}\"}} ")))
}

fn assert_no_stall(http: &Http) {
    let (all, long) = stalls(http);
    eprintln!("{all} steps took a millisecond or longer, {long} longer than {LONGEST_STEP} s\n{}", stall_lines(http));
    assert_eq!(long, 0, "{}", stall_lines(http));
}

fn stall_lines(http: &Http) -> String {
    let text = http.get("/metrics").expect(200).text();
    text.lines().filter(|line| line.starts_with("analyte_http_stall")).collect::<Vec<_>>().join("\n")
}

/// A job whose result takes little as it is kept and much as JSON: this many rows of words under long names.
pub(super) fn widening_job(http: &Http, columns: usize, rows: usize) -> String {
    let values = vec!["true"; rows].join(",");
    let columns: Vec<String> = (0..columns).map(|at| format!("\"{at:0>250}\":[{values}]")).collect();
    let table = format!("{{\"columns\":{{{}}}}}", columns.join(","));
    let body = format!("{{\"provider\":\"rows\",\"model\":\"copy\",\"input\":{table}}}");
    let made = http.call("POST", "/v1/jobs", &[("content-type", "application/json")], Some(body.as_bytes()));
    let id = made.expect(201).json()["id"].as_str().unwrap_or_default().to_owned();
    ended(http, &id);
    id
}

fn ended(http: &Http, id: &str) {
    let job = eventually("the job to end", || {
        let job = http.get(&format!("/v1/jobs/{id}")).expect(200).json();
        job["finished_at"].is_string().then_some(job)
    });
    assert_eq!(job["status"], "completed", "{job}");
}

/// Asks, and reads nothing of the answer.
pub(super) fn ask(http: &Http, path: &str) -> Raw {
    let mut raw = Raw::connect(http);
    raw.send(format!("{}\r\n", head(http, "GET", path)));
    raw
}

#[test]
fn an_answer_that_is_not_taken_is_not_written() {
    let server = started("");
    let (http, process) = (&server.http, server.id());
    let id = widening_job(http, 1_000, 1_000);
    let path = format!("/v1/jobs/{id}/results");
    let stored = http.get_as(&path, "application/vnd.apache.arrow.stream").expect(200).body.len() as u64;
    assert!(stored < MIB, "{stored}");
    let probe = Probe::start(http);

    // Read in whole, it is all there, and held in pieces.
    idle_but(&probe);
    forget_peak(process);
    let before = memory(process).0;
    let began = processor_time(process);
    let whole = http.get(&path).expect(200);
    let one = processor_time(process).saturating_sub(began);
    let (length, peak) = (whole.body.len() as u64, memory(process).1.saturating_sub(before));
    assert!(length > 240 * MIB && whole.header("transfer-encoding") == "chunked", "{length}");
    assert!(whole.body.ends_with(b"true}]}"));
    drop(whole);
    eprintln!(
        "{stored} bytes are {} MiB of JSON: {one:?} of processor time, {} KiB of memory",
        length / MIB,
        peak / KIB
    );
    assert!(peak < 16 * MIB, "{peak} bytes");

    // Eight that hang up at once: what was begun for them ends soon.
    forget_peak(process);
    let (before, began) = (memory(process).0, processor_time(process));
    for _ in 0..8 {
        drop(ask(http, &path));
    }
    let longest = probe.is_served();
    drop(probe);
    let spent = idle(&server).saturating_sub(began);
    let peak = memory(process).1.saturating_sub(before);
    eprintln!("eight that hang up: {spent:?} of processor time, {} KiB, others waited {longest:?}", peak / KIB);
    assert!(spent < one, "{spent:?}, and one whole answer takes {one:?}");
    assert!(peak < 32 * MIB, "{peak} bytes");

    // A hundred that read nothing: nothing is written for them beyond what their connections hold.
    let began = processor_time(process);
    let waiting: Vec<Raw> = (0..100).map(|_| ask(http, &path)).collect();
    let spent = idle(&server).saturating_sub(began);
    // The table as it is kept and as columns, the definitions of a thousand fields, and the first pieces.
    let each = each_costs_less(&server, before, 100, 2 * stored + 2 * MIB);
    eprintln!("a hundred that read nothing: {spent:?} of processor time, {} KiB each", each / KIB);
    drop(waiting);
    nothing_is_held(http);
    assert_no_stall(http);
}

#[test]
fn an_answer_beyond_its_limit_is_refused_before_it_begins() {
    let config = "[limits]\nanswer_bytes = 1000000\n";
    let server = started(config);
    let http = &server.http;
    let id = widening_job(http, 100, 100);
    let path = format!("/v1/jobs/{id}/results");
    let refused = http.get(&path).expect(422).json();
    assert_eq!(refused["code"], "output-too-large");
    assert_eq!(
        refused["detail"],
        "the result takes more than 1000000 bytes as application/json, the limit answer_bytes; ask for it as text/csv or \
         application/vnd.apache.arrow.stream, or for fewer columns"
    );
    let csv = http.get_as(&path, "text/csv").expect(200);
    assert_eq!(csv.text().lines().count(), 101);
    let arrow = http.get_as(&path, "application/vnd.apache.arrow.stream").expect(200);
    let execute = "/v1/providers/rows/models/copy/execute";
    let headers = |accept| [("content-type", "application/vnd.apache.arrow.stream"), ("accept", accept)];
    http.call("POST", execute, &headers("application/json"), Some(&arrow.body)).expect(422);
    let again = http.call("POST", execute, &headers("text/csv"), Some(&arrow.body)).expect(200);
    assert_eq!(again.text(), csv.text());
    let service = "/Thingworx/Resources/TW.AnalysisServices.JobManagementServicesAPI/Services/GetJobResults";
    let headers =
        [("content-type", "application/json"), ("accept", "application/json"), ("appKey", http.token.as_str())];
    let inputs = json!({"providerName": "rows", "jobId": id});
    let refused = http.call("POST", service, &headers, Some(inputs.to_string().as_bytes())).expect(500);
    let why = "the result takes more than 1000000 bytes in this form, the limit answer_bytes";
    assert!(refused.text().ends_with(why), "{}", refused.text());
}

#[test]
fn a_slow_reader_gets_all_of_every_form() {
    let server = started("");
    let http = &server.http;
    let id = widening_job(http, 300, 300);
    let path = format!("/v1/jobs/{id}/results");
    let stored = http.get_as(&path, "application/vnd.apache.arrow.stream").expect(200).body;
    let read = |format, bytes: Vec<u8>| {
        ok(format::read(format, bytes.into(), &Shape::any(), &Limits::default()), "a table").table
    };
    let table = read(Format::Arrow, stored.clone());
    assert_eq!(table.rows(), 300);
    for format in Format::ALL {
        let mut slow = Raw::connect(http);
        slow.send(format!("{}accept: {}\r\nconnection: close\r\n\r\n", head(http, "GET", &path), format.media_type()));
        slow.until_closed();
        let (_, body) = ok(split_head(&slow.said).ok_or("no head"), "an answer");
        let body = if format == Format::Arrow { body.to_vec() } else { unchunked(body) };
        // CSV has no types, so its text is compared.
        if format == Format::Csv {
            assert!(body == ok(format::write(format, &table), "written"));
        } else {
            assert_eq!(read(format, body), table, "{format:?}");
        }
        // The same table, written when it was made rather than read from the store.
        let headers = [("content-type", "application/vnd.apache.arrow.stream"), ("accept", format.media_type())];
        let execute = "/v1/providers/rows/models/copy/execute";
        let made = http.call("POST", execute, &headers, Some(&stored)).expect(200).body;
        if format == Format::Csv {
            assert!(made == ok(format::write(format, &table), "written"));
        } else {
            assert_eq!(read(format, made), table, "{format:?}");
        }
    }
}

fn split_head(said: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = said.windows(4).position(|four| four == b"\r\n\r\n")?;
    Some((said.get(..at)?, said.get(at + 4..)?))
}

/// A body that came in chunks.
fn unchunked(mut body: &[u8]) -> Vec<u8> {
    let mut whole = Vec::new();
    loop {
        let end = ok(body.windows(2).position(|two| two == b"\r\n").ok_or("no line"), "a chunk's length");
        let length = ok(usize::from_str_radix(&String::from_utf8_lossy(&body[..end]), 16), "a chunk's length");
        body = &body[end + 2..];
        whole.extend_from_slice(&body[..length]);
        if length == 0 {
            return whole;
        }
        body = &body[length + 2..];
    }
}

/// Lets an ordinary user be served, so that nothing is measured for the first time.
fn idle_but(probe: &Probe) {
    probe.is_served();
}

/// Submits jobs that wait for tomorrow, with as much custom data as each may have.
fn jobs_with_much_to_tell(http: &Http, count: usize) {
    let data = "\u{e9}".repeat(8_000);
    let job = json!({
        "provider": "rows", "model": "copy", "input": [{"x": 1}], "run_at": "2100-01-01T00:00:00Z",
        "custom_data": {"text": data},
    });
    for _ in 0..count / 100 {
        let answer = http.post("/v1/jobs/batch", &json!({"jobs": vec![&job; 100]})).expect(200).json();
        assert!(answer["items"].as_array().is_some_and(|items| items.iter().all(|item| item["job"].is_object())));
    }
}

#[test]
fn a_long_list_is_answered_item_by_item() {
    let server = started("");
    let (http, process) = (&server.http, server.id());
    jobs_with_much_to_tell(http, 1_000);
    let path = "/v1/jobs?limit=1000";
    let whole = http.get(path).expect(200);
    let length = whole.body.len() as u64;
    assert_eq!(whole.json()["jobs"].as_array().map(Vec::len), Some(1_000));
    assert_eq!(whole.json()["next_cursor"], Value::Null);
    assert!(length > 16 * MIB, "{length}");

    let before = idle(&server);
    let rest = memory(process).0;
    let readers: Vec<Raw> = (0..20).map(|_| ask(http, path)).collect();
    let spent = idle(&server).saturating_sub(before);
    // The jobs themselves, which were fetched for this answer, and no second time as text.
    let each = each_costs_less(&server, rest, 20, length + length / 4);
    eprintln!("a list of {} MiB that is not read: {} KiB each, {spent:?} for twenty", length / MIB, each / KIB);
    drop(readers);
    nothing_is_held(http);
    assert_no_stall(http);
}

/// Waits until all memory that was set aside is given back.
fn nothing_is_held(http: &Http) {
    eventually("everything to be given back", || {
        let text = http.get("/metrics").expect(200).text();
        text.contains("\nanalyte_memory_admitted_bytes 0\n").then_some(())
    });
}

#[test]
fn a_stream_of_events_that_is_not_read_costs_little() {
    const STREAMS: u64 = 500;
    let server = started("[limits]\nwrite_idle_ms = 600000\nlog_bytes = 1000000\n");
    let (http, process) = (&server.http, server.id());
    // A line of log for each row, a megabyte of events all together.
    let rows = (0..20_000).map(|_| "1").collect::<Vec<_>>().join(",");
    let body = format!(
        "{{\"provider\":\"rows\",\"model\":\"rows\",\"parameters\":{{\"deed\":\"log\",\"number\":1}},\
         \"input\":{{\"columns\":{{\"value\":[{rows}]}}}}}}"
    );
    let made = http.call("POST", "/v1/jobs", &[("content-type", "application/json")], Some(body.as_bytes()));
    let id = made.expect(201).json()["id"].as_str().unwrap_or_default().to_owned();
    ended(http, &id);
    let path = format!("/v1/jobs/{id}/events");
    let bytes = http.get(&path).expect(200).body.len() as u64;
    assert!(bytes > 512 * KIB, "{bytes}");

    let probe = Probe::start(http);
    probe.is_served();
    let before = memory(process).0;
    let streams: Vec<Raw> = (0..STREAMS).map(|_| ask(http, &path)).collect();
    let longest = probe.is_served();
    drop(probe);
    idle(&server);
    let each = each_costs_less(&server, before, STREAMS, 96 * KIB);
    eprintln!(
        "{STREAMS} streams of {} KiB that are not read: {} KiB each, others waited {longest:?}",
        bytes / KIB,
        each / KIB
    );
    drop(streams);
    assert_no_stall(http);
}

#[test]
fn what_plugins_say_is_shown_to_people_as_it_is() {
    const SHOWN: &str = r"it is \u{202e}eurt\u{202c} that\u{200b} \u{1b}[31mall is well\u{d}!";
    let server = started("");
    let http = &server.http;
    let job = json!({"provider": "rows", "model": "rows", "input": [{"value": 1}], "parameters": {"deed": "hide"}});
    let id = http.post("/v1/jobs", &job).expect(201).json()["id"].as_str().unwrap_or_default().to_owned();
    let job = eventually("the job to end", || {
        let job = http.get(&format!("/v1/jobs/{id}")).expect(200).json();
        job["finished_at"].is_string().then_some(job)
    });
    // Programs get what was said.
    let said = job["error"]["message"].as_str().unwrap_or_default().to_owned();
    assert!(said.contains("\u{202e}eurt\u{202c}") && said.contains("\u{1b}[31m"), "{said:?}");

    let seen = |bytes: &[u8]| {
        let text = String::from_utf8_lossy(bytes).into_owned();
        assert!(!text.contains(['\u{202e}', '\u{202c}', '\u{200b}', '\u{1b}', '\r']), "{text:?}");
        text
    };
    for arguments in [["job", "errors"], ["job", "logs"], ["job", "status"]] {
        let mut command = server.command();
        let output = ok(command.args(arguments).args([&id, "--format", "text"]).output(), "the command");
        let text = seen(&output.stdout) + &seen(&output.stderr);
        assert!(text.contains(SHOWN), "{arguments:?}: {text}");
    }
    let mut command = server.command();
    let watched = ok(command.args(["job", "watch", &id]).output(), "the command");
    assert!(seen(&watched.stderr).contains(SHOWN), "{}", seen(&watched.stderr));

    let inputs = json!({
        "providerName": "rows", "modelName": "rows", "inputParams": {"rows": [{"value": 1}]},
        "extraParams": {"deed": "hide"},
    });
    let service = "/Thingworx/Resources/TW.AnalysisServices.JobManagementServicesAPI/Services/ExecuteJob";
    for (accept, expected) in [("application/json", "text/plain"), ("text/html", "text/html")] {
        let headers = [("content-type", "application/json"), ("accept", accept), ("appKey", http.token.as_str())];
        let answer = http.call("POST", service, &headers, Some(inputs.to_string().as_bytes()));
        assert!(answer.header("content-type").starts_with(expected), "{}", answer.text());
        assert!(seen(&answer.body).contains(SHOWN), "{}", answer.text());
    }
}

/// Bodies that take long to read, each of another kind; what they are answered does not matter.
#[test]
fn no_body_holds_a_thread() {
    let server = started("");
    let http = &server.http;
    let probe = Probe::start(http);
    let json = [("content-type", "application/json")];
    let post = |path: &str, body: &str| http.call("POST", path, &json, Some(body.as_bytes())).status;
    let rows = |count: usize| vec!["{\"value\":1.5}"; count].join(",");
    let execute = "/v1/providers/rows/models/rows/execute";
    assert_eq!(post(execute, &format!("[{}]", rows(300_000))), 200);
    assert_eq!(post(execute, &format!("{{\"parameters\":{{}},\"input\":[{}]}}", rows(4_000))), 200);
    assert_eq!(
        post("/v1/jobs", &format!("{{\"provider\":\"rows\",\"model\":\"rows\",\"input\":[{}]}}", rows(300_000))),
        201
    );
    let job =
        "{\"provider\":\"rows\",\"model\":\"rows\",\"input\":[{\"value\":1}],\"run_at\":\"2100-01-01T00:00:00Z\"}";
    assert_eq!(post("/v1/jobs/batch", &format!("{{\"jobs\":[{}]}}", vec![job; 1_000].join(","))), 200);
    let values: Vec<String> = (0..10_000).map(|at| format!("\"tag number {at}\"")).collect();
    let query =
        format!("{{\"filters\":{{\"type\":\"IN\",\"fieldName\":\"model\",\"values\":[{}]}}}}", values.join(","));
    assert_eq!(post("/v1/jobs/query", &query), 200);
    // Near the limit of what one expression may take, eight times.
    let slow = "{\"type\":\"MATCHES\",\"fieldName\":\"model\",\"expression\":\"(\\\\p{L}{1,20}){1,3}x\"}";
    let query = format!("{{\"filters\":{{\"type\":\"OR\",\"filters\":[{}]}}}}", [slow; 8].join(","));
    assert!(matches!(post("/v1/jobs/query", &query), 200 | 422));
    assert!(matches!(post("/v1/jobs/cancel", &format!("{{\"filter\":{query}}}")), 200 | 422));
    let service = "/Thingworx/Resources/TW.AnalysisServices.JobManagementServicesAPI/Services";
    assert!(matches!(post(&format!("{service}/QueryJobs"), &format!("{{\"query\":{query}}}")), 200 | 500));
    let long = format!("{{\"parameters\":{{\"text\":\"{}\"}},\"input\":[]}}", "x".repeat(1_000_000));
    assert_eq!(post(execute, &long), 422);
    let nested = "[".repeat(5_000_000);
    assert_eq!(post("/v1/jobs", &nested), 400);
    assert_eq!(http.put("/v1/providers/other", "application/wasm", &vec![0; 20_000_000]).status, 422);
    assert!(http.get("/openapi.json").expect(200).body.len() > 10_000);
    probe.is_served();
    drop(probe);
    assert_no_stall(http);
}

/// Bodies of 60 MB that become tables of 240 MB, which go when they are refused, and when their client has gone.
#[test]
fn no_table_that_goes_holds_a_thread() {
    // A table that a thread gave back would hold it each time; another program of the machine does not.
    let long: Vec<u64> = (0..3).map(|_| stalls_beside_tables_that_go()).take_while(|long| *long > 0).collect();
    assert!(long.len() < 3, "steps longer than {LONGEST_STEP} s, three times: {long:?}");
}

/// How many steps were too long.
fn stalls_beside_tables_that_go() -> u64 {
    let server = started("[limits]\nqueued_jobs = 1\n");
    let http = &server.http;
    let probe = Probe::start(http);
    let later = json!({"provider": "rows", "model": "rows", "input": [{"value": 1}], "run_at": "2100-01-01T00:00:00Z"});
    let values = vec!["1"; 2_500_000].join(",");
    let columns: Vec<String> = (0..12).map(|at| format!("\"c{at}\":[{values}]")).collect();
    let table = format!("{{\"columns\":{{{}}}}}", columns.join(","));
    let body =
        format!("{{\"provider\":\"rows\",\"model\":\"copy\",\"input\":{table},\"run_at\":\"2100-01-01T00:00:00Z\"}}");
    let json = [("content-type", "application/json")];
    let post = |path: &str, body: &str| http.call("POST", path, &json, Some(body.as_bytes()));
    let execute = "/v1/providers/rows/models/copy/execute";
    post("/v1/jobs", &later.to_string()).expect(201);
    let detail = post("/v1/jobs", &body).expect(429).json()["detail"].clone();
    assert_eq!(detail, "the organisation has 1 queued jobs, and 1 are allowed (limit queued_jobs)");
    post(execute, &format!("{{\"parameters\":{{\"other\":7}},\"input\":{table}}}")).expect(422);
    // It runs, and its client goes away.
    let mut raw = Raw::connect(http);
    let request = head(http, "POST", execute);
    raw.send(format!("{request}content-type: application/json\r\ncontent-length: {}\r\n\r\n{table}", table.len()));
    eventually("it to run", || {
        http.get("/metrics").expect(200).text().contains("\nanalyte_tasks_running 1\n").then_some(())
    });
    drop(raw);
    eventually("it to be gone", || {
        http.get("/metrics").expect(200).text().contains("\nanalyte_tasks_running 0\n").then_some(())
    });
    probe.is_served();
    drop(probe);
    let (all, long) = stalls(http);
    eprintln!("{all} steps took a millisecond or longer, {long} longer than {LONGEST_STEP} s\n{}", stall_lines(http));
    long
}
