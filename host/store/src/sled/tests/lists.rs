//! Which indexes lists go through, how little of them they look at, and that they let commits through.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use analyte_core::job::Status;
use analyte_core::limits::Limits;
use analyte_core::names::{JobId, ModelName, Organisation, ProviderName};
use analyte_core::query::Query;
use analyte_core::timestamp::Timestamp;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::conformance::{new_job, result_of, room};
use crate::sled::format::keys::{self, Class};
use crate::sled::read::index_intersection::List;
use crate::sled::read::list;
use crate::sled::read::plan::Draft;
use crate::sled::read::read_admission::{ReadKind, ReadRequest};
use crate::sled::read::reader::Look;
use crate::sled::state::unconfirmed::Scope;
use crate::sled::{Options, SledStore};
use crate::{Jobs, ListQuery, NewJob, Result, Runs, Sorted, Submitted};

const NOW: Timestamp = Timestamp(1_770_000_000_000);

fn open() -> (TempDir, SledStore) {
    let directory = TempDir::new().unwrap();
    let store = SledStore::open(Options::new(directory.path())).unwrap();
    (directory, store)
}

fn default() -> Organisation {
    Organisation::default_one()
}

/// One job a second; those of even numbers are of `describe`, others of `correlation`.
fn job(number: u64, provider: &str, tag: &str) -> NewJob {
    let mut new = new_job("default", number, NOW.plus_ms(number * 1_000), 10).unwrap();
    new.job.tasks[0].provider = ProviderName::new(provider).unwrap();
    new.job.tags.insert("kind".to_owned(), tag.to_owned());
    new
}

async fn submit(store: &SledStore, jobs: Vec<NewJob>) -> Vec<JobId> {
    let ids = jobs.iter().map(|new| new.job.id).collect();
    let answers = store.submit(jobs, NOW).await.unwrap();
    assert!(answers.iter().all(|answer| *answer == Submitted::New));
    ids
}

fn filter(filter: &Value) -> ListQuery {
    let query = Query::of_value(&json!({ "filters": filter }), &Limits::default()).unwrap();
    ListQuery { filter: query.filter.map(Arc::new), limit: 50, scan: 10_000, ..ListQuery::default() }
}

fn eq(field: &str, value: &str) -> Value {
    json!({"type": "EQ", "fieldName": field, "value": value})
}

fn exactly(field: &str, value: &str) -> Value {
    json!({"type": "EQ", "fieldName": field, "value": value, "isCaseSensitive": true})
}

fn plan(store: &SledStore, query: &ListQuery) -> Vec<Vec<List>> {
    let snapshot = store.reader.shared.snapshot.read();
    Draft::of(&default(), query, &[]).plan(snapshot.tree.as_ref().unwrap()).unwrap().all
}

#[tokio::test(flavor = "multi_thread")]
async fn conditions_are_turned_into_indexes() {
    let (_directory, store) = open();
    let mut jobs: Vec<_> = (0..4).map(|number| job(number, "statistics", "a")).collect();
    jobs.push(job(4, "Statistics", "a"));
    jobs.push(job(5, "numbers", "b"));
    // Another organisation's names are not found here.
    let mut foreign = new_job("other", 6, NOW, 10).unwrap();
    foreign.job.tasks[0].provider = ProviderName::new("STATISTICS").unwrap();
    jobs.push(foreign);
    let ids = submit(&store, jobs).await;

    let of = default();
    let all = || vec![List::Index(keys::live_jobs(&of)), List::Index(keys::ended_jobs(&of))];
    let state = |class| List::Index(keys::states(&of, class));
    let model = |provider: &str, model: &str| {
        List::Index(keys::model_jobs(&of, &ProviderName::new(provider).unwrap(), &ModelName::new(model).unwrap()))
    };
    let tag = |value: &str| List::Index(keys::tag_jobs(&of, "kind", value));
    let and = |one: Value, other: Value| json!({"type": "AND", "filters": [one, other]});
    let or = |one: Value, other: Value| json!({"type": "OR", "filters": [one, other]});
    let cases = [
        ("nothing is asked", json!({"type": "AND", "filters": []}), vec![all()]),
        ("a state", eq("status", "FAILED"), vec![vec![state(Class::Failed)]]),
        ("a state as it is never written", exactly("status", "FAILED"), vec![vec![]]),
        ("what runs is known by heart", eq("status", "running"), vec![vec![List::Jobs(vec![])]]),
        (
            "several states",
            json!({"type": "IN", "fieldName": "status", "values": ["completed", "queued", "running"]}),
            vec![vec![state(Class::Live), state(Class::Completed)]],
        ),
        ("states that exclude each other", and(eq("status", "failed"), eq("status", "queued")), vec![vec![]]),
        (
            "a provider in any case",
            eq("provider", "STATISTICS"),
            vec![vec![
                model("Statistics", "describe"),
                model("statistics", "correlation"),
                model("statistics", "describe"),
            ]],
        ),
        ("a provider as it is written", exactly("provider", "Statistics"), vec![vec![model("Statistics", "describe")]]),
        (
            "a model of any provider",
            exactly("model", "correlation"),
            vec![vec![
                model("Statistics", "correlation"),
                model("numbers", "correlation"),
                model("statistics", "correlation"),
            ]],
        ),
        (
            "a provider and a model in any case",
            and(eq("provider", "Numbers"), eq("model", "Correlation")),
            vec![vec![model("numbers", "correlation")]],
        ),
        ("no such provider", eq("provider", "nobody"), vec![vec![]]),
        ("not the name of a provider", exactly("provider", "a\0b"), vec![vec![]]),
        ("a tag as it is written", exactly("tags.kind", "a"), vec![vec![tag("a")]]),
        ("a tag in any case", eq("tags.kind", "a"), vec![all()]),
        (
            "several values of a tag",
            json!({"type": "IN", "fieldName": "tags.kind", "values": ["a", "b"], "isCaseSensitive": true}),
            vec![vec![tag("a"), tag("b")]],
        ),
        (
            "tagged",
            json!({"type": "TAGGED", "fieldName": "tags", "tags": [{"vocabulary": "kind", "vocabularyTerm": "b"}]}),
            vec![vec![tag("b")]],
        ),
        ("an id", eq("id", &ids[1].to_string().to_uppercase()), vec![vec![List::Jobs(vec![ids[1]])]]),
        ("either of two", or(eq("status", "failed"), eq("provider", "numbers")), vec![all()]),
        (
            "both of two",
            and(eq("status", "completed"), exactly("tags.kind", "a")),
            vec![vec![state(Class::Completed)], vec![tag("a")]],
        ),
        ("what is no index", json!({"type": "LIKE", "fieldName": "provider", "value": "s*"}), vec![all()]),
    ];
    for (name, asked, expected) in cases {
        assert_eq!(plan(&store, &filter(&asked)), expected, "{name}");
    }
    // The query's own members count as well.
    let query = ListQuery {
        status: Some(Status::Cancelled),
        provider: Some(ProviderName::new("statistics").unwrap()),
        tag: Some(("kind".to_owned(), "b".to_owned())),
        ..filter(&eq("model", "DESCRIBE"))
    };
    let expected = vec![vec![state(Class::Cancelled)], vec![tag("b")], vec![model("statistics", "describe")]];
    assert_eq!(plan(&store, &query), expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn little_is_looked_at_where_an_index_says_much() {
    let (_directory, store) = open();
    // 3,000 jobs, of which every 600th is of a provider of its own and every 1,000th has a tag of its own.
    let of = |number: u64| {
        let provider = if number.is_multiple_of(600) { "Rare" } else { "statistics" };
        job(number, provider, if number.is_multiple_of(1_000) { "rare" } else { "usual" })
    };
    let ids = submit(&store, (0..3_000).map(of).collect()).await;
    let claimed = store.claim("node", room(3), NOW.plus_ms(9_000_000), NOW.plus_ms(9_000_000)).await.unwrap().claimed;
    store.finish(vec![result_of(&claimed[0].run, "result".into())], NOW).await.unwrap();
    let after = |number: u64| i64::try_from(number * 1_000).unwrap() + NOW.0;

    let and = |filters: Vec<Value>| json!({"type": "AND", "filters": filters});
    let cases = [
        ("id", eq("id", &ids[7].to_string()), 1, 3),
        ("running", eq("status", "running"), 2, 4),
        ("completed", eq("status", "completed"), 1, 3),
        ("tag", exactly("tags.kind", "rare"), 3, 5),
        ("provider", eq("provider", "rare"), 5, 8),
        ("tag and provider", and(vec![exactly("tags.kind", "rare"), eq("provider", "RARE")]), 1, 16),
        ("tag and state", and(vec![exactly("tags.kind", "rare"), eq("status", "queued")]), 2, 16),
        ("usual tag, rare provider", and(vec![exactly("tags.kind", "usual"), eq("provider", "rare")]), 4, 28),
        // Within a minute of what was asked for: ids are made a little before or after.
        (
            "time",
            json!({"type": "BETWEEN", "fieldName": "created_at", "from": after(1_000), "to": after(1_009)}),
            10,
            140,
        ),
        (
            "time and tag",
            and(vec![
                json!({"type": "GE", "fieldName": "created_at", "value": after(2_500)}),
                exactly("tags.kind", "rare"),
            ]),
            0,
            2,
        ),
    ];
    for (name, asked, found, most) in cases {
        for oldest_first in [false, true] {
            let listed =
                list::list(&store.reader, &default(), ListQuery { oldest_first, ..filter(&asked) }).await.unwrap();
            assert_eq!((listed.page.jobs.len(), listed.page.next), (found, None), "{name}");
            assert!(listed.looked <= most, "{name}: {} entries were looked at", listed.looked);
        }
    }
    // A page of 50 of very many looks at little more than 50.
    let listed = list::list(&store.reader, &default(), filter(&and(vec![]))).await.unwrap();
    assert_eq!((listed.page.jobs.len(), listed.page.next), (50, Some(ids[2_950])));
    assert!(listed.looked <= 60, "{} entries were looked at", listed.looked);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_ends_with_what_may_be_looked_at() {
    let (_directory, store) = open();
    let ids = submit(&store, (0..1_000).map(|number| job(number, "statistics", "a")).collect()).await;
    let like = json!({"type": "LIKE", "fieldName": "id", "value": format!("*{}", &ids[300].to_string()[20..])});
    for oldest_first in [false, true] {
        let mut query = ListQuery { scan: 300, oldest_first, ..filter(&like) };
        let mut sizes = Vec::new();
        loop {
            let listed = list::list(&store.reader, &default(), query.clone()).await.unwrap();
            assert!(listed.looked <= 300, "{} entries were looked at", listed.looked);
            sizes.push(listed.page.jobs.len());
            query.after = listed.page.next;
            if query.after.is_none() {
                break;
            }
        }
        assert_eq!(sizes, if oldest_first { [0, 1, 0, 0] } else { [0, 0, 1, 0] });
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_is_too_long_is_not_sorted() {
    let (_directory, store) = open();
    let ids = submit(&store, (0..1_000).map(|number| job(number, "statistics", "a")).collect()).await;
    let sorts = json!({"sorts": [{"fieldName": "model"}, {"fieldName": "created_at"}]});
    let sorts: Arc<[_]> = Query::of_value(&sorts, &Limits::default()).unwrap().sorts.into();
    let query = ListQuery { limit: 2, ..ListQuery::default() };
    let of = default();
    let sorted = |most| store.sorted(&of, query.clone(), Arc::clone(&sorts), 499, most);
    assert_eq!(sorted(999).await.unwrap(), Sorted::TooMany);
    let Sorted::Page { jobs, more } = sorted(1_000).await.unwrap() else { unreachable!("a page was to be expected") };
    assert_eq!((jobs.iter().map(|job| job.id).collect(), more), (vec![ids[999], ids[0]], true));
}

/// Looks `times` times; `between` happens while it holds no lock.
struct Probe<F> {
    times: usize,
    between: F,
}

impl<F: FnMut() + Send + 'static> Look for Probe<F> {
    type Answer = ();
    fn scope(&self) -> Scope {
        Scope::All
    }
    fn prepare(&mut self) {}
    fn out_of_time(&mut self) {}
    fn fetch(&mut self, _tree: &sled::Tree) -> Result<()> {
        Ok(())
    }
    fn digest(&mut self) -> Result<Option<()>> {
        (self.between)();
        self.times = self.times.saturating_sub(1);
        Ok((self.times == 0).then_some(()))
    }
}

const PATIENCE: Duration = Duration::from_secs(20);

fn want() -> ReadRequest<'static> {
    static ORGANISATION: std::sync::LazyLock<Organisation> = std::sync::LazyLock::new(default);
    ReadRequest { kind: ReadKind::Sort, organisation: &ORGANISATION }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_look_lets_commits_through() {
    let (_directory, store) = open();
    let shared = Arc::clone(&store.reader.shared);
    let begin = || {
        let shared = Arc::clone(&shared);
        Probe { times: 3, between: move || assert!(shared.snapshot.try_write_for(PATIENCE).is_some()) }
    };
    store.reader.read_long(want(), begin).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn only_two_long_looks_go_on_at_once() {
    let (_directory, store) = open();
    let store = Arc::new(store);
    let (running, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let mut looks = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let (store, running, most) = (Arc::clone(&store), Arc::clone(&running), Arc::clone(&most));
        looks.spawn(async move {
            let begin = || {
                let (running, most) = (Arc::clone(&running), Arc::clone(&most));
                let between = move || {
                    most.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                    let deadline = std::time::Instant::now() + PATIENCE;
                    // Two are let in together.
                    while most.load(Ordering::SeqCst) < 2 && std::time::Instant::now() < deadline {
                        std::thread::yield_now();
                    }
                    running.fetch_sub(1, Ordering::SeqCst);
                };
                Probe { times: 20, between }
            };
            store.reader.read_long(want(), begin).await.unwrap();
        });
    }
    looks.join_all().await;
    assert_eq!(most.load(Ordering::SeqCst), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_look_whose_caller_has_gone_ends() {
    let (_directory, store) = open();
    let store = Arc::new(store);
    let (sender, looked) = tokio::sync::oneshot::channel();
    let sender = Arc::new(parking_lot::Mutex::new(Some(sender)));
    let look = tokio::spawn({
        let store = Arc::clone(&store);
        async move {
            let begin = || {
                let sender = Arc::clone(&sender);
                let between = move || {
                    if let Some(sender) = sender.lock().take() {
                        sender.send(()).unwrap();
                    }
                };
                Probe { times: usize::MAX, between }
            };
            // It would look nearly for ever.
            store.reader.read_long(want(), begin).await
        }
    });
    looked.await.unwrap();
    look.abort();
    // Sooner than it would be out of time.
    let deadline = std::time::Instant::now() + want().time() * 2 / 3;
    while !store.reader.admission.all_free(ReadKind::Sort, 4) {
        assert!(std::time::Instant::now() < deadline);
        tokio::task::yield_now().await;
    }
}
