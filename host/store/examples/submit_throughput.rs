//! How many durable submissions a second the store takes, from one client and from 64:
//! `cargo run --release -p analyte-store --example submit_throughput -- [DIRECTORY] [SECONDS]`.
//!
//! Every submission is a job of one task with a table of 1 KiB, alone in its call. Prints rate, p50 and p99.

#![expect(clippy::print_stdout, reason = "its purpose")]

mod sample;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use analyte_core::names::Organisation;
use analyte_core::timestamp::Timestamp;
use analyte_store::sled::{Options, SledStore};
use analyte_store::{Jobs, Upkeep};
use sample::{Outcome, job};

async fn measure(store: &Arc<SledStore>, clients: u64, time: Duration) -> Outcome<()> {
    let started = Instant::now();
    let mut tasks = tokio::task::JoinSet::new();
    for client in 0..clients {
        let store = Arc::clone(store);
        tasks.spawn(async move {
            let mut took = Vec::new();
            let mut number = client << 32;
            while started.elapsed() < time {
                let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?.as_millis();
                let job = job(number, Timestamp(i64::try_from(now)?))?;
                let sent = Instant::now();
                store.submit(vec![job], Timestamp(i64::try_from(now)?)).await?;
                took.push(sent.elapsed());
                number += 1;
            }
            Outcome::Ok(took)
        });
    }
    let mut took = Vec::new();
    while let Some(client) = tasks.join_next().await {
        took.extend(client??);
    }
    let seconds = started.elapsed().as_secs_f64();
    took.sort();
    let at = |share: usize| took.get(took.len() * share / 100).copied().unwrap_or_default();
    let rate = took.len() as f64 / seconds;
    println!("{clients:>3} clients: {rate:>8.0} submissions/s, p50 {:?}, p99 {:?}", at(50), at(99));
    Ok(())
}

#[tokio::main]
async fn main() -> Outcome<()> {
    let mut arguments = std::env::args().skip(1);
    // Gone at the end, unless it is to be kept.
    let usual = tempfile::tempdir()?;
    let directory = arguments.next().map_or_else(|| usual.path().to_owned(), PathBuf::from);
    let seconds = arguments.next().map_or(Ok(5), |text| text.parse())?;
    let store = Arc::new(SledStore::open(Options::new(&directory))?);
    for clients in [1, 64] {
        measure(&store, clients, Duration::from_secs(seconds)).await?;
    }
    let disk = store.health().await?.disk_bytes;
    let jobs = store.counts(&Organisation::default_one()).await?.queued;
    drop(store);
    let started = Instant::now();
    let store = SledStore::open(Options::new(&directory))?;
    println!("opened with {jobs} queued jobs ({} MiB) in {:?}", disk >> 20, started.elapsed());
    store.close().await?;
    Ok(())
}
