//! How long a page of 50 jobs takes among many:
//! `cargo run --release -p analyte-store --example list_latency -- [DIRECTORY] [JOBS] [PAGES]`.
//!
//! The jobs (100,000 by default) are of 4 providers with 5 models each; every 1,000th has a tag of its own, every 10th is
//! completed. Prints the time to open the store, then p50 and p99 of the pages (1,000 of each kind by default), from
//! one client, each page starting somewhere else.

#![expect(clippy::print_stdout, reason = "its purpose")]

mod sample;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use analyte_core::job::{Status, Usage};
use analyte_core::limits::Limits;
use analyte_core::names::{JobId, ModelName, Organisation, ProviderName};
use analyte_core::query::Query;
use analyte_core::timestamp::Timestamp;
use analyte_store::sled::{Options, SledStore};
use analyte_store::{Finished, Jobs, ListQuery, NewContent, NewJob, Outcome as Ended, Room, Runs, Sorted, Upkeep};
use sample::{Outcome, job};
use serde_json::json;

const START: Timestamp = Timestamp(1_770_000_000_000);

fn nth(number: u64) -> Outcome<NewJob> {
    let mut new = job(number, START.plus_ms(number))?;
    let time = u128::from(u64::try_from(START.plus_ms(number).0)?) << 80;
    new.job.id = JobId(uuid::Uuid::from_u128(time | (7 << 76) | (2 << 62) | u128::from(number)));
    for task in new.job.tasks.iter_mut() {
        task.provider = ProviderName::new(&format!("provider-{}", number % 4))?;
        task.model = ModelName::new(&format!("model-{}", number % 5))?;
    }
    let tag = if number.is_multiple_of(1_000) { "rare" } else { "usual" };
    new.job.tags.insert("kind".to_owned(), tag.to_owned());
    Ok(new)
}

async fn fill(store: &SledStore, jobs: u64) -> Outcome<()> {
    let now = START.plus_ms(jobs);
    for first in (0..jobs).step_by(500) {
        store.submit((first..jobs.min(first + 500)).map(nth).collect::<Outcome<_>>()?, now).await?;
    }
    let room = Room::of(100);
    for _ in 0..jobs / 1_000 {
        let claimed = store.claim("node", room.clone(), now, now).await?.claimed;
        let finished = claimed.into_iter().map(|claimed| Finished {
            run: claimed.run,
            outcome: Ended::Completed { result: NewContent::Bytes("result".into()), files: Vec::new() },
            usage: Usage::default(),
            progress: None,
            log: None,
            run_events: Vec::new(),
            warnings: Vec::new(),
        });
        store.finish(finished.collect(), now).await?;
    }
    // These run.
    store.claim("node", room.clone(), now, now).await?;
    Ok(())
}

fn print(name: &str, took: &mut [Duration], found: usize) {
    took.sort();
    let at = |share: usize| took.get(took.len() * share / 100).copied().unwrap_or_default();
    println!("{name:<50} p50 {:>10.1?}  p99 {:>10.1?}  {found} jobs", at(50), at(99));
}

async fn measure(store: &SledStore, name: &str, query: ListQuery, jobs: u64, pages: u64) -> Outcome<()> {
    let of = Organisation::default_one();
    let mut took = Vec::new();
    let mut found = 0;
    for page in 0..pages {
        // The later half, so that there are 50 before it.
        let number = jobs / 2 + (page * 7_919) % (jobs / 2).max(1);
        let query = ListQuery { after: Some(nth(number)?.job.id), limit: 50, scan: 10_000, ..query.clone() };
        let asked = Instant::now();
        found += store.jobs(&of, query).await?.jobs.len();
        took.push(asked.elapsed());
    }
    print(name, &mut took, found);
    Ok(())
}

#[tokio::main]
async fn main() -> Outcome<()> {
    let mut arguments = std::env::args().skip(1);
    // Gone at the end, unless it is to be kept.
    let usual = tempfile::tempdir()?;
    let directory = arguments.next().map_or_else(|| usual.path().to_owned(), PathBuf::from);
    let jobs = arguments.next().map_or(Ok(100_000), |text| text.parse())?;
    let pages = arguments.next().map_or(Ok(1_000), |text| text.parse())?;
    let store = SledStore::open(Options::new(&directory))?;
    if store.counts(&Organisation::default_one()).await? == analyte_store::Counts::default() {
        let began = Instant::now();
        fill(&store, jobs).await?;
        println!("{jobs} jobs stored in {:.1?}", began.elapsed());
    }
    drop(store);
    let began = Instant::now();
    let store = SledStore::open(Options::new(&directory))?;
    println!("opened in {:.1?}", began.elapsed());

    let filter = |filter: serde_json::Value| -> Outcome<ListQuery> {
        let query = Query::of_value(&json!({ "filters": filter }), &Limits::default())?;
        Ok(ListQuery { filter: query.filter.map(Arc::new), ..ListQuery::default() })
    };
    let all = ListQuery::default();
    let kinds = [
        ("all", all.clone()),
        ("all, oldest first", ListQuery { oldest_first: true, ..all.clone() }),
        ("status completed", ListQuery { status: Some(Status::Completed), ..all.clone() }),
        ("status queued", ListQuery { status: Some(Status::Queued), ..all.clone() }),
        ("status running (100 of all)", ListQuery { status: Some(Status::Running), ..all.clone() }),
        ("provider (every 4th)", ListQuery { provider: Some(ProviderName::new("provider-1")?), ..all.clone() }),
        (
            "provider and model (every 20th)",
            ListQuery {
                provider: Some(ProviderName::new("provider-1")?),
                model: Some(ModelName::new("model-1")?),
                ..all.clone()
            },
        ),
        ("tag (every 1,000th)", ListQuery { tag: Some(("kind".to_owned(), "rare".to_owned())), ..all.clone() }),
        (
            "filter: PROVIDER in any case AND status queued",
            filter(json!({"type": "AND", "filters": [
                {"type": "EQ", "fieldName": "provider", "value": "PROVIDER-1"},
                {"type": "EQ", "fieldName": "status", "value": "QUEUED"},
            ]}))?,
        ),
        (
            "filter: model LIKE *-1 (every 5th, no index)",
            filter(json!({"type": "LIKE", "fieldName": "model", "value": "*-1"}))?,
        ),
        (
            "filter: nothing matches (10,000 looked at)",
            filter(json!({"type": "LIKE", "fieldName": "model", "value": "nothing*"}))?,
        ),
    ];
    for (name, query) in kinds {
        let pages = if name.contains("10,000") { pages / 20 } else { pages };
        measure(&store, name, query, jobs, pages).await?;
    }

    let of = Organisation::default_one();
    let ids: Vec<JobId> = (0..50).map(|n| Ok(nth(jobs - 1 - n)?.job.id)).collect::<Outcome<_>>()?;
    let mut took = Vec::new();
    let mut found = 0;
    for _ in 0..pages {
        let asked = Instant::now();
        found += store.queue_positions(&of, &ids).await?.into_iter().flatten().count();
        took.push(asked.elapsed());
    }
    print("places of the last 50", &mut took, found);

    let sorts = Query::of_value(&json!({"sorts": [{"fieldName": "model"}, {"fieldName": "id"}]}), &Limits::default())?;
    let mut took = Vec::new();
    let mut found = 0;
    for _ in 0..5 {
        let asked = Instant::now();
        let query = ListQuery { limit: 50, ..ListQuery::default() };
        let most = usize::try_from(jobs)?;
        if let Sorted::Page { jobs, .. } = store.sorted(&of, query, sorts.sorts.clone().into(), 0, most).await? {
            found += jobs.len();
        }
        took.push(asked.elapsed());
    }
    print("all of them sorted by model", &mut took, found);
    store.close().await?;
    Ok(())
}
