//! Warm instances: their memory lasts from run to run, and nothing else of a run does; what ends one, and what does not.

use std::sync::Arc;
use std::time::{Duration, Instant};

use analyte_core::job::RunLimits;
use analyte_core::limits::Limits;
use analyte_engine::request::{Identity, RunReport};
use analyte_engine::run::session::WarmInstance;

use support::eventually;
use support::sandbox::{RUN, Reported, Sandbox, shown};

const MEMORY: u64 = 64 << 20;

/// The plugin `keeper` and one warm instance of it.
struct Warm {
    sandbox: Sandbox,
    instance: WarmInstance,
}

impl Warm {
    async fn with(limits: Limits) -> Self {
        let sandbox = Sandbox::of("keeper", limits).await;
        let instance = another(&sandbox, MEMORY).await;
        Self { sandbox, instance }
    }

    async fn new() -> Self {
        Self::with(Limits::default()).await
    }

    async fn run_within(&mut self, limits: RunLimits, parameters: &str, reported: &Arc<Reported>) -> RunReport {
        let mut request = self.sandbox.request("keeper", parameters, reported);
        request.limits = limits;
        self.instance.run(request).await
    }

    async fn run(&mut self, parameters: &str) -> RunReport {
        self.run_within(RUN, parameters, &Arc::default()).await
    }

    /// Waits until no more than this is reserved, as whatever held room has gone.
    fn only_reserved(&self, bytes: u64) {
        let reserved = || self.sandbox.engine.budget().reserved();
        eventually("the room to be given back", || (reserved() <= bytes).then_some(()));
    }
}

async fn another(sandbox: &Sandbox, memory_bytes: u64) -> WarmInstance {
    let room = sandbox.component.room_for(None, RunLimits { memory_bytes, ..RUN }).await;
    WarmInstance::new(sandbox.component.clone(), memory_bytes, room).await.expect("a place")
}

const GONE: &str = "host-error: the session's instance ended with an earlier run";

#[tokio::test(flavor = "multi_thread")]
async fn memory_lasts_from_run_to_run() {
    let mut warm = Warm::new().await;
    for count in 1..=3 {
        assert_eq!(shown(&warm.run("{}").await), format!("{count},"));
    }
    let mut other = another(&warm.sandbox, MEMORY).await;
    let request = |warm: &Warm| warm.sandbox.request("keeper", "{}", &Arc::default());
    assert_eq!(shown(&other.run(request(&warm)).await), "1,", "instances share nothing");
    assert_eq!(shown(&warm.sandbox.component.run(request(&warm)).await), "1,", "a run on its own is fresh");
    assert_eq!(shown(&warm.run("{}").await), "4,");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_runs_and_how_long_is_of_each_run() {
    let mut warm = Warm::new().await;
    for (number, session) in [(1, Some("s-1")), (2, Some("s-2")), (3, None)] {
        let mut request = warm.sandbox.request("keeper", r#"{"deed":"who"}"#, &Arc::default());
        request.identity = Identity {
            job: format!("job-{number}"),
            task: format!("task-{number}"),
            attempt: number + 10,
            session: session.map(str::to_owned),
        };
        request.limits.timeout_ms = u64::from(number) * 3_600_000;
        let answer = shown(&warm.instance.run(request).await);
        let (who, left) = answer.trim_end_matches(" ms left\"").rsplit_once(", ").unwrap_or_default();
        let session = session.unwrap_or("none");
        assert_eq!(who, format!("{number},\"job-{number}/task-{number}/{} in {session}", number + 10), "{answer}");
        let hours = left.parse::<u32>().unwrap_or(0).div_ceil(3_600_000);
        assert_eq!(hours, number, "{answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_end_before_its_time_is_the_last_run() {
    let scant = RunLimits { fuel: 20_000_000, ..RUN };
    let hurried = RunLimits { timeout_ms: 300, fuel: u64::MAX / 2, ..RUN };
    for (deed, limits, why) in [
        ("panic", RUN, "trap: the component panicked: this deed panics on purpose"),
        ("spin", scant, "out-of-fuel: the run used up its 20000000 units of fuel (limit fuel)"),
        ("spin", hurried, "timeout: the run took longer than 300ms (limit timeout_ms)"),
    ] {
        let mut warm = Warm::new().await;
        assert_eq!(shown(&warm.run("{}").await), "1,");
        assert!(warm.instance.usable() && warm.sandbox.engine.budget().reserved() > MEMORY, "the room is held");
        let report = warm.run_within(limits, &format!(r#"{{"deed":"{deed}"}}"#), &Arc::default()).await;
        assert!(shown(&report).starts_with(why), "{deed}: {}", shown(&report));
        assert!(!warm.instance.usable(), "{deed}");
        assert_eq!(shown(&warm.run("{}").await), GONE, "{deed}");
        warm.only_reserved(0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dropped_run_is_the_last_one_and_stops() {
    let mut warm = Warm::new().await;
    assert_eq!(shown(&warm.run("{}").await), "1,");
    let endless = RunLimits { fuel: u64::MAX / 2, timeout_ms: 3_600_000, ..RUN };
    let reported = Arc::default();
    let spinning = warm.run_within(endless, r#"{"deed":"spin"}"#, &reported);
    assert!(tokio::time::timeout(Duration::from_millis(100), spinning).await.is_err(), "it spins");
    assert!(!warm.instance.usable());
    assert_eq!(shown(&warm.run("{}").await), GONE);
    // The instance holds its room until the guest has gone.
    warm.only_reserved(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_instance_that_cannot_be_made_never_runs() {
    let mut warm = Warm::new().await;
    warm.instance = another(&warm.sandbox, 1 << 16).await;
    assert!(warm.instance.usable(), "nothing was tried yet");
    assert_eq!(
        shown(&warm.run("{}").await),
        "out-of-memory: the component needed more than its 65536 bytes of memory (limit memory_bytes)"
    );
    assert!(!warm.instance.usable());
    assert_eq!(shown(&warm.run("{}").await), GONE);
    warm.only_reserved(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_an_error_is_not_the_last_run() {
    let mut warm = Warm::new().await;
    for (parameters, answer) in [
        (r#"{"deed":"error"}"#, "analysis-error: An error was asked for."),
        (r#"{"deed":"two-rows"}"#, "invalid-result: "),
        (r#"{"deed":"grow","number":100000000}"#, "analysis-error: "),
        ("{}", "4,"),
    ] {
        let given = shown(&warm.run(parameters).await);
        assert!(given.starts_with(answer), "{parameters}: {given}");
        assert!(warm.instance.usable(), "{parameters}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn fuel_is_of_each_run() {
    let mut warm = Warm::new().await;
    let work = r#"{"deed":"work","number":1000000}"#;
    let first = warm.run(work).await;
    assert_eq!(shown(&first), "1,worked 1000000 rounds");
    // No run may use what the first one did and half of that again, and together they use more.
    let limits = RunLimits { fuel: first.usage.fuel / 2 * 3, ..RUN };
    for count in 2..=5 {
        let report = warm.run_within(limits, work, &Arc::default()).await;
        assert_eq!(shown(&report), format!("{count},worked 1000000 rounds"));
        assert!(report.usage.fuel <= first.usage.fuel && report.usage.fuel > first.usage.fuel / 2, "{report:?}");
    }
    let idle = warm.run("{}").await.usage.fuel;
    assert!(idle > 0 && idle < first.usage.fuel / 10, "{idle} of {}", first.usage.fuel);
}

#[tokio::test(flavor = "multi_thread")]
async fn memory_is_the_instances_and_its_peak_each_runs() {
    let mut warm = Warm::new().await;
    // The run's own limit, one byte, does not count.
    let tiny = RunLimits { memory_bytes: 1, ..RUN };
    let none = Arc::default();
    let before = warm.run_within(tiny, "{}", &none).await;
    assert!(before.usage.peak_memory_bytes < 10 << 20, "{before:?}");
    let grown = warm.run_within(tiny, r#"{"deed":"grow","number":20000000}"#, &none).await;
    assert_eq!(shown(&grown), "2,20000000 bytes kept");
    let after = warm.run_within(tiny, "{}", &none).await;
    assert!(after.usage.peak_memory_bytes > 20_000_000, "what it keeps counts for every run: {after:?}");
    assert_eq!(after.usage.peak_memory_bytes, grown.usage.peak_memory_bytes);
    let beyond = warm.run_within(RUN, r#"{"deed":"grow","number":60000000}"#, &none).await;
    assert!(shown(&beyond).starts_with("analysis-error: "), "{}", shown(&beyond));
    // That growth was refused is forgotten with the run: what fails next fails for its own reason.
    let report = warm.run(r#"{"deed":"panic"}"#).await;
    assert!(shown(&report).starts_with("trap: the component panicked"), "{}", shown(&report));
}

#[tokio::test(flavor = "multi_thread")]
async fn allowances_for_log_and_progress_are_of_each_run() {
    let mut warm = Warm::with(Limits { log_bytes: 8_192, ..Limits::default() }).await;
    for number in [11, 22, 33] {
        let reported = Arc::new(Reported::default());
        let report = warm.run_within(RUN, &format!(r#"{{"deed":"log","number":{number}}}"#), &reported).await;
        let kept = reported.log.lock().len() as u64;
        assert_eq!((kept, report.log_lines_dropped), (8, number - 8));
    }
    for number in [101, 202, 303] {
        let reported = Arc::new(Reported::default());
        let begun = Instant::now();
        warm.run_within(RUN, &format!(r#"{{"deed":"progress","number":{number}}}"#), &reported).await;
        // The first at once, four a second, and the last one at the end.
        let most = 2 + begun.elapsed().as_millis() / 250;
        let reports = reported.progress.lock();
        assert!(reports.len() >= 2 && reports.len() as u128 <= most, "{reports:?}");
        assert!(reports.iter().all(|report| report.message == number.to_string()), "{reports:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_of_the_run_that_made_it() {
    let mut warm = Warm::new().await;
    let first = Arc::new(Reported::default());
    assert_eq!(shown(&warm.run_within(RUN, r#"{"deed":"leave","number":2}"#, &first).await), "1,fine");
    let mut discarded = first.files.lock().clone();
    discarded.sort();
    assert_eq!(discarded, ["file-0 discarded", "file-1 discarded"], "at the end of its run, unfinished");

    // Under the same name: what is written through the kept handle reaches neither run's file, and dropping or finishing it
    // ends neither.
    let second = Arc::new(Reported::default());
    let answer = shown(&warm.run_within(RUN, r#"{"deed":"resume"}"#, &second).await);
    let refused = "FileError::Failed(\"\"the result file `file-0` belonged to an earlier run, and was discarded unfinished \
                   when that ended\"\")";
    assert_eq!(answer, format!("2,\"fine\n{refused}\n{refused}\nfine\nfine\""));
    assert_eq!(*second.files.lock(), ["file-0: its own;still its own;"]);
    assert_eq!(first.files.lock().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_number_of_files_is_of_each_run_and_hoarding_handles_ends() {
    let mut warm = Warm::new().await;
    let limit = "FileError::Limit(\"\"a run may make 64 result files (limit result_files)\"\")";
    // An instance may hold 10,000 handles, and keeps 64 of each run.
    for count in 1..=156 {
        let answer = shown(&warm.run(r#"{"deed":"leave","number":65}"#).await);
        assert_eq!(answer, format!("{count},\"fine\n{limit}\""));
    }
    let last = warm.run(r#"{"deed":"leave","number":65}"#).await;
    assert_eq!(
        shown(&last),
        "out-of-memory: the component held more than 10000 files, streams and waits at once (limit handles)"
    );
    assert!(!warm.instance.usable());
}

#[tokio::test(flavor = "multi_thread")]
async fn more_instances_than_there_is_place_for_wait() {
    let warm = Warm::with(Limits { output_bytes: 1 << 16, ..Limits::default() }).await;
    let (engine, component) = (&warm.sandbox.engine, &warm.sandbox.component);
    let mut instances = Vec::new();
    // One is there already.
    for number in 1..engine.memories() / component.places() {
        let mut instance = another(&warm.sandbox, 2 << 20).await;
        let answer = shown(&instance.run(warm.sandbox.request("keeper", "{}", &Arc::default())).await);
        assert_eq!(answer, "1,", "instance {number}");
        instances.push(instance);
    }
    let mut next = Box::pin(another(&warm.sandbox, 2 << 20));
    tokio::select! {
        _ = next.as_mut() => panic!("there was a place after all"),
        () = engine.places_wanted() => {}
    }
    drop(instances.pop());
    let mut next = next.await;
    let answer = shown(&next.run(warm.sandbox.request("keeper", "{}", &Arc::default())).await);
    assert_eq!((answer.as_str(), next.usable()), ("1,", true));
    drop(next);
    instances.clear();
    warm.only_reserved(MEMORY + (1 << 16));
    let after = component.run(warm.sandbox.request("keeper", "{}", &Arc::default())).await;
    assert_eq!(shown(&after), "1,");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_failure_tells_is_of_its_own_run() {
    let mut warm = Warm::new().await;
    // A run that was refused a setting, and did not mind.
    assert_eq!(shown(&warm.run(r#"{"deed":"ask"}"#).await), "1,None");
    for count in [2, 3] {
        let report = warm.run(r#"{"deed":"error"}"#).await;
        assert_eq!(shown(&report), "analysis-error: An error was asked for.");
        let stderr = report.outcome.err().map(|failure| failure.stderr);
        assert_eq!(stderr, Some(format!("this is run {count}")));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_instance_that_is_given_up_gives_its_room_back() {
    let mut warm = Warm::new().await;
    assert_eq!(shown(&warm.run("{}").await), "1,");
    let held = warm.sandbox.engine.budget().reserved();
    assert!(held >= MEMORY, "{held}");
    warm.instance = another(&warm.sandbox, 2 * MEMORY).await;
    eventually("the first one's room", || (warm.sandbox.engine.budget().reserved() == held + MEMORY).then_some(()));
    assert_eq!(shown(&warm.run("{}").await), "1,");
    assert_eq!(
        format!("{:?}", warm.instance),
        format!(
            "WarmInstance {{ component: {:?}, memory_bytes: 134217728, usable: true, .. }}",
            warm.sandbox.component.digest()
        )
    );
}

/// A task that has done enough for now is made to wait by tokio, which is none of its runs' doing: that would cost trust each
/// time. Where the machine takes 2 ms of processor time for one of the thousand, it does so once; so three are tried.
#[tokio::test(flavor = "multi_thread")]
async fn short_runs_of_fresh_instances_are_known_as_such_however_many_one_task_makes() {
    let mut tries = Vec::new();
    let sandbox = loop {
        let sandbox = Sandbox::of("keeper", Limits::default()).await;
        let mut quick = Vec::new();
        for _ in 0..1_000 {
            let report = sandbox.component.run(sandbox.request("keeper", "{}", &Arc::default())).await;
            assert!(report.outcome.is_ok(), "{}", shown(&report));
            quick.push(sandbox.component.is_quick(None));
        }
        let expected: Vec<bool> = (0..1_000).map(|number| number >= 15).collect();
        if quick == expected {
            break sandbox;
        }
        tries.push(quick.iter().zip(&expected).position(|(quick, expected)| quick != expected));
        assert!(tries.len() < 3, "the runs after which it was otherwise: {tries:?}");
    };
    // One that takes long costs that, and the next ones count anew.
    let spin = r#"{"deed":"spin","number":1000000}"#;
    sandbox.component.run(sandbox.request("keeper", spin, &Arc::default())).await;
    assert!(!sandbox.component.is_quick(None));
}
