//! `kill -9` under load, again and again: what was acknowledged is kept, what has ended stays as it is.
//!
//! Each round starts a server on the same data directory, lets clients do as they like, and kills it after a random
//! number of answers. Every client records the answers that it gets, and at the end (and every [`CHECKED_EVERY`]
//! rounds) the test holds the whole history against the rules of a job's life. `ANALYTE_CRASH_ROUNDS` sets the number
//! of rounds, `ANALYTE_CRASH_SEED` repeats the clients' choices (not the timing).

#![expect(clippy::expect_used, clippy::indexing_slicing, reason = "tests fail by panicking; JSON values index to null")]
#![expect(clippy::print_stdout, reason = "says how to repeat a run, and how far a long one is")]

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Instant;

use serde_json::{Value, json};

use support::chance::Chance;
use support::history::recorder::Recorder;
use support::history::{Act, Answer, Ends, History, ended, id, notices, status};
use support::receiver::{Receiver, Reply};
use support::server::{Home, Server, Setup};
use support::{PATIENCE, eventually};

const CLIENTS: u64 = 5;
/// Signs notifications.
const SECRET: &str = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz";
/// Answers before a kill, at least and at most.
const ANSWERS: (u64, u64) = (20, 150);
const CHECKED_EVERY: u64 = 50;
/// More stored jobs than these are purged down to half of it, so that thousands of rounds stay quick.
const STORED: usize = 2_000;
/// How many of the newest jobs and keys the clients go on with.
const REMEMBERED: usize = 300;

/// What the clients of all rounds share.
#[derive(Default)]
struct World {
    /// Notified of all that happens to the jobs.
    receiver: String,
    jobs: Vec<String>,
    /// Completed ones, as seen.
    completed: HashMap<String, Value>,
    keys: Vec<Keyed>,
    /// For bodies and keys that were never used.
    names: u64,
}

/// A submission under a key.
#[derive(Clone)]
struct Keyed {
    key: String,
    /// Several are sent as a batch.
    wishes: Vec<Wish>,
    /// It was answered.
    settled: bool,
}

/// A job that a client wants.
#[derive(Clone)]
struct Wish {
    body: String,
    ends: Ends,
    submission: Value,
}

/// Answers that clients got in this round.
#[derive(Default)]
struct Counter {
    answers: Mutex<u64>,
    counted: Condvar,
}

impl Counter {
    fn count(&self) {
        *self.answers.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        self.counted.notify_all();
    }

    fn reaches(&self, target: u64) {
        let answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.counted.wait_timeout_while(answers, PATIENCE, |answers| *answers < target);
        let (answers, timeout) = waited.unwrap_or_else(PoisonError::into_inner);
        assert!(!timeout.timed_out(), "only {answers} of {target} answers in {PATIENCE:?}");
    }
}

#[test]
fn what_was_acknowledged_survives_kills() {
    let rounds = number("ANALYTE_CRASH_ROUNDS").unwrap_or(50);
    let seed = number("ANALYTE_CRASH_SEED").unwrap_or_else(Chance::any_seed);
    println!("ANALYTE_CRASH_ROUNDS={rounds} ANALYTE_CRASH_SEED={seed}");
    let mut chance = Chance::new(seed);
    let history = Arc::new(History::default());
    let receiver = notified();
    let world = Arc::new(Mutex::new(World { receiver: receiver.url("/in"), ..World::default() }));
    let config = format!(
        "[webhooks]\nallow = ['{}']\n[limits]\nfree_disk_bytes = 0\nwebhook_tries = 1000\nwebhook_pause_ms = 100\n\
         webhook_pause_ms_max = 500\n",
        receiver.destination()
    );
    let setup = Setup { config: &config, plugins: &["hostile"], ..Setup::default() };
    let (mut home, mut long, mut outlived) = (Home::new(), None, 0);
    let began = Instant::now();
    for round in 0..rounds {
        let server = home.start(&setup);
        let main = Recorder { http: server.http.clone(), history: history.clone() };
        completed_ones_are_as_they_were(&main, &world, &mut chance);
        if round % CHECKED_EVERY == CHECKED_EVERY - 1 {
            tidy(&main, &world);
            println!("round {round}: {} records, {:?}", history.count(), began.elapsed());
        }
        outlived += u64::from(keep_one_running(&main, &world, &mut long));
        home = under_load(server, &history, &world, &mut chance);
    }
    let server = home.start(&setup);
    let main = Recorder { http: server.http.clone(), history: history.clone() };
    if let Some(long) = &long {
        main.cancel(long);
    }
    for state in ["queued", "running"] {
        eventually("all jobs to end", || {
            main.list(&format!("status={state}&limit=1")).done().is_some_and(|jobs| jobs.is_empty()).then_some(())
        });
    }
    let all = main.everything();
    results_are_right(&main, &all);
    receiver_knows_all(&main, &all, &receiver);
    history.must_hold(true);
    println!("{rounds} kills, {} jobs, {outlived} ended by crashes, {:?}", all.len(), began.elapsed());
    // One needs five kills and a round in which it is looked at.
    assert!(outlived >= rounds / 15, "{outlived} jobs were ended by crashes");
    let (status, said, _home) = server.terminate();
    assert!(status.success(), "{said}");
}

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok().map(|text| text.parse().expect("a number"))
}

fn locked(world: &Mutex<World>) -> std::sync::MutexGuard<'_, World> {
    world.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Lets the clients loose on the server and kills it.
fn under_load(server: Server, history: &Arc<History>, world: &Arc<Mutex<World>>, chance: &mut Chance) -> Home {
    let counter = Arc::new(Counter::default());
    let clients: Vec<_> = (0..CLIENTS)
        .map(|_| {
            let recorder = Recorder { http: server.http.clone(), history: history.clone() };
            let mut client = Client { recorder, world: world.clone(), chance: Chance::new(chance.number()) };
            let counter = counter.clone();
            std::thread::spawn(move || {
                while client.step() {
                    counter.count();
                }
            })
        })
        .collect();
    counter.reaches(ANSWERS.0 + chance.below(ANSWERS.1 - ANSWERS.0));
    let asked = history.tick();
    let home = server.kill();
    history.record(asked, Act::Crash);
    for client in clients {
        client.join().expect("a client");
    }
    home
}

/// A look at a few, in every round; the whole history is judged later.
fn completed_ones_are_as_they_were(main: &Recorder, world: &Mutex<World>, chance: &mut Chance) {
    let known: Vec<(String, Value)> = locked(world).completed.drain().collect();
    for _ in 0..10 {
        if let Some((id, before)) = chance.one_of(&known) {
            match main.get(id) {
                Answer::Done(now) => assert_eq!(&now, before, "a completed job changed"),
                // Purged by a client; if not, the history tells.
                other => assert!(matches!(other, Answer::Refused { status: 404, .. }), "{other:?}"),
            }
        }
    }
}

/// Has one job run all the time, and says whether crashes have ended it.
fn keep_one_running(main: &Recorder, world: &Mutex<World>, long: &mut Option<String>) -> bool {
    let job = long.as_ref().map(|long| main.get(long).done().expect("the long job"));
    if job.as_ref().is_some_and(|job| !ended(status(job))) {
        return false;
    }
    let mut wish = wish(world, "slow", &json!({"milliseconds": 3_600_000}), Ends::Completed);
    wish.submission["priority"] = json!(-100);
    let new = main.submit(None, &wish.body, &wish.ends, &wish.submission).done().expect("accepted");
    *long = Some(id(&new).to_owned());
    job.is_some_and(|job| job["error"]["code"] == "host-error")
}

/// Judges all answers that clients got so far, and makes room.
fn tidy(main: &Recorder, world: &Mutex<World>) {
    let mut all = main.everything();
    main.history.must_hold(false);
    if all.len() <= STORED {
        return;
    }
    // Newest first.
    let old = all.split_off(STORED / 2);
    for job in old {
        if ended(status(&job)) {
            let answer = main.purge(id(&job));
            assert_eq!(answer, Answer::Done(()), "{job}");
        } else {
            all.push(job);
        }
    }
    let kept: HashSet<String> = all.iter().map(|job| id(job).to_owned()).collect();
    main.history.keep_only(&kept);
    let mut world = locked(world);
    world.jobs.retain(|job| kept.contains(job));
    world.completed.clear();
    // The key of a job that is gone may be used anew, which would be a story of its own.
    world.keys.clear();
}

/// Completed jobs answered what their models compute.
fn results_are_right(main: &Recorder, all: &[Value]) {
    for job in all.iter().filter(|job| status(job) == "completed" && job["model"] == "noop").take(200) {
        let table = main.results(id(job)).done().expect("a result");
        assert_eq!(table["rows"], json!([{"value": value_of(job["custom_data"].as_str().expect("a text"))}]), "{job}");
    }
}

/// A job's input follows from its name.
fn value_of(body: &str) -> f64 {
    body.trim_start_matches("job ").parse::<f64>().expect("a number") + 0.5
}

/// A receiver that is busy now and then when a message comes for the first time.
fn notified() -> Receiver {
    Receiver::start(|request, before| {
        let busy = before == 0 && request.body.iter().map(|byte| u64::from(*byte)).sum::<u64>().is_multiple_of(7);
        Reply::status(if busy { 503 } else { 200 })
    })
}

/// Everything that happened to the jobs that are there has come to their receiver, and nothing else.
fn receiver_knows_all(main: &Recorder, all: &[Value], receiver: &Receiver) {
    let mut events = BTreeMap::new();
    for job in all {
        eventually("all notifications to be delivered", || {
            let shown = main.http.get(&format!("/v1/jobs/{}/webhooks", id(job))).expect(200).json();
            let deliveries = shown["deliveries"].as_array().expect("a list");
            assert!(deliveries.iter().all(|one| one["state"] != "failed"), "{shown}");
            deliveries.iter().all(|one| one["state"] == "delivered").then_some(())
        });
        events.insert(id(job).to_owned(), main.events(id(job)).done().expect("the events"));
    }
    let seen = receiver.seen();
    println!("{} messages came of {} jobs that are there", seen.len(), events.len());
    assert_eq!(notices::violations(&seen, &events), Vec::<String>::new());
}

fn wish(world: &Mutex<World>, model: &str, parameters: &Value, ends: Ends) -> Wish {
    let mut world = locked(world);
    world.names += 1;
    let body = format!("job {}", world.names);
    let input = json!([{"value": value_of(&body)}]);
    let webhook = json!({"url": world.receiver, "secret": SECRET, "events": ["queued", "running", "completed", "failed", "cancelled"]});
    Wish {
        submission: json!({"provider": "hostile", "model": model, "input": input, "parameters": parameters, "webhook": webhook}),
        body,
        ends,
    }
}

fn parts(wishes: &[Wish]) -> Vec<(String, Ends, Value)> {
    wishes.iter().map(|wish| (wish.body.clone(), wish.ends.clone(), wish.submission.clone())).collect()
}

struct Client {
    recorder: Recorder,
    world: Arc<Mutex<World>>,
    chance: Chance,
}

impl Client {
    /// One call; `false` when it got no answer.
    fn step(&mut self) -> bool {
        // A client that got no answer asks again, under the same key.
        let open = locked(&self.world).keys.iter().find(|keyed| !keyed.settled).cloned();
        if let Some(keyed) = open.filter(|_| self.chance.percent(50)) {
            return self.submit_keyed(keyed);
        }
        match self.chance.below(100) {
            0..30 => {
                let Wish { body, ends, submission } = self.some_wish();
                self.submitted(self.recorder.submit(None, &body, &ends, &submission).map(|job| vec![job]))
            }
            30..36 => {
                let wishes = self.some_wishes();
                let answer = self.recorder.submit_all(None, &parts(&wishes));
                self.submitted(answer)
            }
            36..50 => {
                let wishes = if self.chance.percent(70) { vec![self.some_wish()] } else { self.some_wishes() };
                let key = wishes.first().map(|wish| format!("key of {}", wish.body)).unwrap_or_default();
                let keyed = Keyed { key, wishes, settled: false };
                locked(&self.world).keys.push(keyed.clone());
                self.submit_keyed(keyed)
            }
            50..58 => self.repeat_key(),
            58..66 => self.with_job(|recorder, job| is_answered(&recorder.cancel(job))),
            66..70 => self.with_job(|recorder, job| is_answered(&recorder.retry(job, false))),
            70..72 => {
                let world = self.world.clone();
                self.with_job(|recorder, job| {
                    let copy = recorder.retry(job, true);
                    remember(&world, copy.clone().done().iter());
                    is_answered(&copy)
                })
            }
            72..74 => self.with_job(|recorder, job| is_answered(&recorder.purge(job))),
            74..82 => self.with_job(|recorder, job| is_answered(&recorder.results(job))),
            82..84 => self.read_events(),
            84..87 => {
                let jobs = self.recorder.list("limit=20");
                self.submitted(jobs)
            }
            _ => {
                let world = self.world.clone();
                self.with_job(|recorder, job| {
                    let job = recorder.get(job);
                    remember(&world, job.clone().done().iter());
                    is_answered(&job)
                })
            }
        }
    }

    fn some_wish(&mut self) -> Wish {
        let model = self.chance.below(100);
        let milliseconds = json!({"milliseconds": 5 + self.chance.below(40)});
        match model {
            0..70 => wish(&self.world, "noop", &json!({}), Ends::Completed),
            70..90 => wish(&self.world, "slow", &milliseconds, Ends::Completed),
            90..97 => wish(&self.world, "error", &json!({}), Ends::Failed("analysis-error")),
            _ => wish(&self.world, "panic", &json!({}), Ends::Failed("trap")),
        }
    }

    fn some_wishes(&mut self) -> Vec<Wish> {
        (0..2 + self.chance.below(4)).map(|_| self.some_wish()).collect()
    }

    fn submit_keyed(&mut self, Keyed { key, wishes, .. }: Keyed) -> bool {
        let answer = match wishes.as_slice() {
            [Wish { body, ends, submission }] => {
                self.recorder.submit(Some(&key), body, ends, submission).map(|job| vec![job])
            }
            wishes => self.recorder.submit_all(Some(&key), &parts(wishes)),
        };
        // Another body may have been first; while another client asks under the same key, this one has to come again.
        let settled = match &answer {
            Answer::Done(jobs) => jobs.len() == wishes.len(),
            Answer::Refused { code, .. } => code == "idempotency-mismatch",
            Answer::Unknown => false,
        };
        if let Some(keyed) = locked(&self.world).keys.iter_mut().find(|keyed| keyed.key == key) {
            keyed.settled |= settled;
        }
        self.submitted(answer)
    }

    /// The same submission once more, or another one under its key.
    fn repeat_key(&mut self) -> bool {
        let keys = locked(&self.world).keys.clone();
        let Some(keyed) = self.chance.one_of(&keys).cloned() else { return self.with_job(|_, _| true) };
        if self.chance.percent(70) {
            return self.submit_keyed(keyed);
        }
        let Wish { body, ends, submission } = self.some_wish();
        // Of a batch, the first item has this key.
        let key = if keyed.wishes.len() == 1 { keyed.key } else { format!("{}#0", keyed.key) };
        let answer = self.recorder.submit(Some(&key), &body, &ends, &submission);
        self.submitted(answer.map(|job| vec![job]))
    }

    fn read_events(&mut self) -> bool {
        // Of a job that has ended: the stream ends, too.
        let job = locked(&self.world).completed.keys().next().cloned();
        job.is_none_or(|job| is_answered(&self.recorder.events(&job)))
    }

    /// Does something with one of the newest jobs.
    fn with_job(&mut self, act: impl FnOnce(&Recorder, &str) -> bool) -> bool {
        let job = self.chance.one_of(&locked(&self.world).jobs).cloned();
        match job {
            Some(job) => act(&self.recorder, &job),
            None => is_answered(&self.recorder.list("limit=1")),
        }
    }

    fn submitted(&self, answer: Answer<Vec<Value>>) -> bool {
        let answered = is_answered(&answer);
        remember(&self.world, answer.done().iter().flatten());
        answered
    }
}

fn is_answered<T>(answer: &Answer<T>) -> bool {
    !matches!(answer, Answer::Unknown)
}

fn remember<'a>(world: &Mutex<World>, jobs: impl Iterator<Item = &'a Value>) {
    let mut world = locked(world);
    for job in jobs {
        // The long job is no client's to touch.
        if job["priority"] == -100 {
            continue;
        }
        let id = id(job).to_owned();
        if status(job) == "completed" {
            world.completed.insert(id.clone(), job.clone());
        }
        if !world.jobs.contains(&id) {
            world.jobs.push(id);
        }
    }
    let (jobs, keys) = (world.jobs.len(), world.keys.len());
    world.jobs.drain(..jobs.saturating_sub(REMEMBERED));
    world.keys.drain(..keys.saturating_sub(REMEMBERED));
}
