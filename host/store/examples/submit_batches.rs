//! What one job of a batch costs the store: `cargo run --release -p analyte-store --example submit_batches -- [DIRECTORY]
//! [JOBS] [CLIENTS]`.
//!
//! Each job (200,000 by default, from 64 clients) is what `POST /v1/jobs/batch` makes of a table of one number without
//! parameters, due far in the future; each call brings 100 of them. Prints the rate, p50 and p99 of a call, the time that
//! the store's committing thread was on a core, and what the process had written to the disk (`/proc/self/io`), both for
//! each job; then what of them is read back: every input and all parameters, 1,000 jobs at a time.

#![expect(clippy::print_stdout, reason = "its purpose")]

mod sample;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};

use analyte_core::names::Organisation;
use analyte_core::timestamp::Timestamp;
use analyte_store::sled::{Options, SledStore};
use analyte_store::{Contents, Jobs, ListQuery, Upkeep};
use sample::{Outcome, batch_job};

const BATCH: u64 = 100;

fn now() -> Outcome<Timestamp> {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?.as_millis();
    Ok(Timestamp(i64::try_from(now)?))
}

/// How long the committing thread has been on a core.
fn committing() -> Outcome<Duration> {
    for task in std::fs::read_dir("/proc/self/task")? {
        let task = task?.path();
        if std::fs::read_to_string(task.join("comm"))?.trim_end() == "analyte-store" {
            let times = std::fs::read_to_string(task.join("schedstat"))?;
            return Ok(Duration::from_nanos(times.split(' ').next().unwrap_or_default().parse()?));
        }
    }
    Err("there is no thread that commits".into())
}

/// Bytes that this process had written to the disk.
fn written() -> Outcome<u64> {
    let io = std::fs::read_to_string("/proc/self/io")?;
    let line = io.lines().find_map(|line| line.strip_prefix("write_bytes: "));
    Ok(line.ok_or("there is no count of written bytes")?.parse()?)
}

async fn submit(store: &Arc<SledStore>, jobs: u64, clients: u64) -> Outcome<()> {
    let left = Arc::new(AtomicU64::new(jobs / BATCH));
    let (began, on_core, on_disk) = (Instant::now(), committing()?, written()?);
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..clients {
        let (store, left) = (Arc::clone(store), Arc::clone(&left));
        tasks.spawn(async move {
            let mut took = Vec::new();
            while left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok() {
                let now = now()?;
                let jobs = (0..BATCH).map(|_| batch_job(now)).collect::<Outcome<_>>()?;
                let sent = Instant::now();
                store.submit(jobs, now).await?;
                took.push(sent.elapsed());
            }
            Outcome::Ok(took)
        });
    }
    let mut took = Vec::new();
    while let Some(client) = tasks.join_next().await {
        took.extend(client??);
    }
    let seconds = began.elapsed().as_secs_f64();
    let jobs = (took.len() as u64 * BATCH) as f64;
    took.sort();
    let at = |share: usize| took.get(took.len() * share / 100).copied().unwrap_or_default();
    let on_core = committing()?.saturating_sub(on_core).as_secs_f64() * 1e6 / jobs;
    let on_disk = (written()? - on_disk) as f64 / jobs;
    println!(
        "{:.0} jobs/s, p50 {:.1?}, p99 {:.1?}; committing {on_core:.2} us a job; {on_disk:.0} bytes to the disk a job",
        jobs / seconds,
        at(50),
        at(99)
    );
    Ok(())
}

/// Lists everything, and reads the contents of all.
async fn read_back(store: &SledStore) -> Outcome<()> {
    let of = Organisation::default_one();
    let mut query = ListQuery {
        status: None,
        provider: None,
        model: None,
        tag: None,
        created_after: None,
        created_before: None,
        filter: None,
        oldest_first: false,
        after: None,
        limit: 1_000,
        scan: 10_000,
    };
    let (mut listing, mut reading, mut jobs) = (Duration::ZERO, Duration::ZERO, 0);
    loop {
        let began = Instant::now();
        let page = store.jobs(&of, query.clone()).await?;
        listing += began.elapsed();
        let tasks = page.jobs.iter().flat_map(|job| job.tasks.iter().map(|task| (job.id, task)));
        let given = tasks.flat_map(|(id, task)| {
            let contents = task.input.given().into_iter().chain([&task.parameters]);
            contents.map(move |content| (id, content.clone()))
        });
        let wanted = given.collect();
        let began = Instant::now();
        let missing = store.contents(&of, wanted).await?.iter().filter(|found| found.is_none()).count();
        reading += began.elapsed();
        if missing > 0 {
            return Err(format!("{missing} contents are missing").into());
        }
        jobs += page.jobs.len();
        query.after = page.next;
        if query.after.is_none() {
            break;
        }
    }
    let each = |time: Duration| time.as_secs_f64() * 1e6 / jobs as f64;
    println!("{jobs} jobs read back: listing {:.2} us a job, contents {:.2} us a job", each(listing), each(reading));
    Ok(())
}

async fn measure(directory: &Path, jobs: u64, clients: u64) -> Outcome<()> {
    let store = Arc::new(SledStore::open(Options::new(directory))?);
    // Answered by the committing thread, which has its name by then.
    store.health().await?;
    submit(&store, jobs, clients).await?;
    read_back(&store).await?;
    let disk = store.health().await?.disk_bytes;
    drop(store);
    let began = Instant::now();
    let store = SledStore::open(Options::new(directory))?;
    println!("opened again ({} MiB) in {:.1?}", disk >> 20, began.elapsed());
    store.close().await?;
    Ok(())
}

#[tokio::main]
async fn main() -> Outcome<()> {
    let mut arguments = std::env::args().skip(1);
    // Gone at the end, unless it is to be kept.
    let usual = tempfile::tempdir()?;
    let directory = arguments.next().map_or_else(|| usual.path().to_owned(), PathBuf::from);
    let jobs = arguments.next().map_or(Ok(200_000), |text| text.parse())?;
    let clients = arguments.next().map_or(Ok(64), |text| text.parse())?;
    measure(&directory, jobs, clients).await
}
