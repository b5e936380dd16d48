//! Ten thousand who follow one job and do nothing else.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;

use super::memory_kib;
use support::eventually;
use support::history::recorder::events;
use support::probe::Probe;
use support::raw::head;
use support::server::Server;

const STREAMS: u64 = 10_000;
/// Descriptors for everything but the streams, in each of the two processes.
const RESERVE: u64 = 512;
/// Connections that are being made at the same time; the system's queue of new ones is not long.
const AT_ONCE: usize = 100;
/// Bytes of the server's memory that one stream may take.
const STREAM_BYTES: u64 = 64 * 1024;

/// How far the streams are.
#[derive(Default)]
struct Counts {
    /// Streams that have seen the job run.
    follow: AtomicUsize,
    /// Streams that the server closed after they had seen the job's end.
    ended: AtomicUsize,
    /// What went wrong first.
    failed: std::sync::OnceLock<String>,
}

#[test]
fn ten_thousand_streams_hear_of_the_end() {
    let streams = streams();
    let count = usize::try_from(streams).expect("a count");
    let server = Server::with_plugins(&["hostile"]);
    let http = &server.http;
    let spin = json!({"provider": "hostile", "model": "spin", "input": [], "limits": {"fuel": 900_000_000_000_u64}});
    let job = http.post("/v1/jobs", &spin).expect(201).json()["id"].as_str().expect("an id").to_owned();
    eventually("the job to run", || {
        (http.get(&format!("/v1/jobs/{job}")).expect(200).json()["status"] == "running").then_some(())
    });
    let probe = Probe::start(http);
    probe.is_served();
    let before = memory_kib(&server, "VmRSS");

    let counts = Arc::new(Counts::default());
    let request = head(http, "GET", &format!("/v1/jobs/{job}/events")) + "accept: text/event-stream\r\n\r\n";
    let address = http.url.strip_prefix("http://").expect("an address").to_owned();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let following = counts.clone();
    // In a thread of its own, ended by the streams' end.
    let streaming = std::thread::spawn(move || runtime.block_on(follow(count, address, request, following)));
    let began = Instant::now();
    reaches("the streams to hear that the job runs", &counts, &counts.follow, count);
    let connected = began.elapsed();
    let longest = probe.is_served();
    let each = memory_kib(&server, "VmRSS").saturating_sub(before) * 1024 / streams;

    let asked = Instant::now();
    http.post(&format!("/v1/jobs/{job}/cancel"), &json!({})).expect(200);
    reaches("the streams to hear of the end", &counts, &counts.ended, count);
    let ended = asked.elapsed();
    streaming.join().expect("the streams");
    let longest = longest.max(probe.is_served());
    println!(
        "{streams} event streams: opened in {connected:?}, {each} bytes of memory each, \
         all heard of the end within {ended:?}; other calls took {longest:?} at most"
    );
    assert!(each < STREAM_BYTES, "{each} bytes of memory for each stream");
}

/// As many as both processes may have, up to [`STREAMS`].
fn streams() -> u64 {
    let now = getrlimit(Resource::Nofile);
    let most = now.maximum.or(now.current).unwrap_or(u64::MAX);
    if now.current.is_some_and(|current| current < most) {
        setrlimit(Resource::Nofile, Rlimit { current: Some(most), maximum: now.maximum }).expect("more open files");
    }
    let streams = STREAMS.min(most.saturating_sub(RESERVE));
    if streams < STREAMS {
        println!("only {streams} streams: no more than {most} open files are allowed (ulimit -Hn)");
    }
    streams
}

fn reaches(what: &str, counts: &Counts, count: &AtomicUsize, target: usize) {
    // As long as it goes on, it may take its time.
    let mut best = 0;
    while best < target {
        best = eventually(what, || {
            assert_eq!(counts.failed.get(), None, "after {best} of {target}, waiting for {what}");
            let now = count.load(Ordering::Relaxed);
            (now >= target || now >= best + 100).then_some(now)
        });
    }
}

async fn follow(streams: usize, address: String, request: String, counts: Arc<Counts>) {
    let connecting = Arc::new(Semaphore::new(AT_ONCE));
    let (address, request) = (Arc::<str>::from(address), Arc::<str>::from(request));
    let all: Vec<_> = (0..streams)
        .map(|_| {
            let (address, request, counts, connecting) =
                (address.clone(), request.clone(), counts.clone(), connecting.clone());
            tokio::spawn(async move {
                if let Err(error) = one(&address, &request, &counts, &connecting).await {
                    // The test reports only the first.
                    drop(counts.failed.set(error));
                }
            })
        })
        .collect();
    for one in all {
        one.await.expect("a stream");
    }
}

async fn one(address: &str, request: &str, counts: &Counts, connecting: &Semaphore) -> Result<(), String> {
    let place = connecting.acquire().await.map_err(|error| error.to_string())?;
    let mut stream = TcpStream::connect(address).await.map_err(|error| format!("connecting: {error}"))?;
    stream.write_all(request.as_bytes()).await.map_err(|error| format!("asking: {error}"))?;
    let mut said = Vec::new();
    until(&mut stream, &mut said, "\"status\":\"running\"").await?;
    counts.follow.fetch_add(1, Ordering::Relaxed);
    drop(place);
    until(&mut stream, &mut said, "\"status\":\"cancelled\"").await?;
    // The end of the chunked answer, after which the connection could be used again.
    until(&mut stream, &mut said, "\r\n0\r\n\r\n").await?;
    let text = String::from_utf8_lossy(&said);
    let (head, _) = text.split_once("\r\n\r\n").unwrap_or_default();
    if !head.starts_with("HTTP/1.1 200 ") || !head.contains("content-type: text/event-stream") {
        return Err(format!("not an event stream: {head}"));
    }
    // The lengths of chunks stand on lines of their own, which no event begins with.
    let received = events(&text.replace("\r\n", "\n"));
    let first = received.first().filter(|event| event.kind == "status" && event.data["status"] == "queued");
    let last = received.last().filter(|event| event.kind == "status" && event.data["status"] == "cancelled");
    if first.is_none() || last.is_none() {
        return Err(format!("the first or the last event is missing: {received:?}"));
    }
    counts.ended.fetch_add(1, Ordering::Relaxed);
    Ok(())
}

async fn until(stream: &mut TcpStream, said: &mut Vec<u8>, what: &str) -> Result<(), String> {
    let mut piece = [0; 2 * 1024];
    while !String::from_utf8_lossy(said).contains(what) {
        // Each stream hears something every few seconds, if only a comment.
        let read = tokio::time::timeout(Duration::from_mins(2), stream.read(&mut piece)).await;
        match read {
            Ok(Ok(read)) if read > 0 => said.extend(piece.iter().take(read)),
            other => return Err(format!("{other:?} before {what}: {}", String::from_utf8_lossy(said))),
        }
    }
    Ok(())
}
