//! What comes out of a run that was split: what one instance would have given.

use analyte_core::codes::Code;
use analyte_core::job::Status;
use analyte_core::limits::Limits;
use analyte_jobs::{Execution, LimitsAsked};
use serde_json::json;

use super::super::{ended, model, organisation};
use super::{Split, failure, output, seen, splitting, unsplit, values};

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_is_that_of_one_instance() {
    let (split, whole) = (Split::new(splitting()).await, Split::new(unsplit()).await);
    let mut runs = 0;
    for (deed, code, says) in [
        ("error", Code::AnalysisError, "Row 31 is not wanted."),
        ("panic", Code::Trap, "the component panicked: row 31 makes this deed panic"),
        ("drop", Code::InvalidResult, "48 input rows must give 48 result rows, and it gave 47"),
        ("grow", Code::OutOfMemory, "memory_bytes"),
    ] {
        let parameters = json!({ "deed": deed, "at": 30, "number": 1_u64 << 30 });
        let (got, expected) =
            (split.execute(48, parameters.clone()).await, whole.execute(48, parameters.clone()).await);
        assert!(got.usage.fuel > expected.usage.fuel, "{deed}: what was used in vain counts");
        let got = failure(got);
        assert_eq!(got, failure(expected));
        assert!(got.code == code && got.message.contains(says), "{got:?}");
        let id = split.submit(48, parameters).await;
        assert_eq!(ended(&split.manager, id).await.error(), Some(&got));
        // It would have failed anyway, which says nothing against splitting.
        runs += 2;
        assert_eq!(split.counted(), [runs, runs * 3, runs]);
    }
    split.stop().await;
    whole.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_joined_is_done_again_and_not_split_any_more() {
    let whole = Split::new(unsplit()).await;
    for (deed, number) in [("warn", 2), ("add", 0), ("file", 0)] {
        let split = Split::new(splitting()).await;
        let parameters = json!({ "deed": deed, "at": 30, "number": number });
        for _ in 0..2 {
            let id = split.submit(48, parameters.clone()).await;
            let other = whole.submit(48, parameters.clone()).await;
            let (job, other) = (ended(&split.manager, id).await, ended(&whole.manager, other).await);
            assert_eq!(job.status, Status::Completed, "{:?}", job.error());
            assert_eq!(split.table(&job).await, whole.table(&other).await, "{deed}");
            // Nothing stays of what the parts reported before the run was done again.
            assert_eq!(split.log(job.id).await, whole.log(other.id).await, "{deed}");
            let (task, other) = (job.tasks.first().expect("a task"), other.tasks.first().expect("a task"));
            assert_eq!((&task.warnings, &task.files), (&other.warnings, &other.files), "{deed}");
            assert_eq!(split.counted(), [1, 3, 1], "{deed}");
        }
        // Another model of the same component is.
        let copy = Execution {
            model: model("copy"),
            input: split.input("rows", "copy", 48),
            ..split.execution(0, &json!({}))
        };
        assert!(split.executed(copy).await.outcome.is_ok());
        assert_eq!(split.counted(), [2, 6, 1], "{deed}");
        split.stop().await;
    }
    whole.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_all_parts_say_alike_is_said_once() {
    let (split, whole) = (Split::new(splitting()).await, Split::new(unsplit()).await);
    for deed in ["warn", "add"] {
        let parameters = json!({ "deed": deed, "number": 2 });
        let (got, expected) = (split.execute(48, parameters.clone()).await, whole.execute(48, parameters).await);
        assert_eq!(values(output(&got)), values(output(&expected)));
        assert_eq!(got.outcome.expect("an outcome").warnings, expected.outcome.expect("an outcome").warnings);
    }
    assert_eq!(split.counted(), [2, 6, 0]);
    split.stop().await;
    whole.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_result_beyond_what_one_instance_may_hand_over_is_none() {
    // 48 rows of two columns of 8 bytes are more than that; a third of them is not.
    let limits = |limits: Limits| Limits { output_bytes: 700, ..limits };
    let (split, whole) = (Split::new(limits(splitting())).await, Split::new(limits(unsplit())).await);
    let (got, expected) = (split.execute(48, json!({})).await, whole.execute(48, json!({})).await);
    let got = failure(got);
    assert_eq!((&got, got.code), (&failure(expected), Code::OutputTooLarge));
    assert_eq!(split.counted(), [1, 3, 1]);
    split.stop().await;
    whole.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_fuel_of_parts_is_that_of_the_run() {
    let whole = Split::new(unsplit()).await;
    let parameters = json!({ "deed": "work", "at": 30, "number": 1_000_000 });
    let alone = whole.execute(48, parameters.clone()).await.usage.fuel;
    whole.stop().await;

    // Ample for one instance, but not in three shares.
    let fuel = alone / 2 * 3;
    let split = Split::new(Limits { fuel, ..splitting() }).await;
    // A client that asks for less fuel than usual may have none to spare.
    let tight = LimitsAsked { fuel: Some(fuel - 1), ..LimitsAsked::default() };
    let report = split.executed(Execution { limits: tight, ..split.execution(48, &parameters) }).await;
    let used = report.usage.fuel;
    assert!(used.abs_diff(alone) < alone / 10, "{used} for once, {alone} before");
    assert_eq!(split.counted(), [0, 0, 0]);
    let report = split.execute(48, parameters.clone()).await;
    assert_eq!(seen(output(&report)), ["48"]);
    assert!(report.usage.fuel > alone && report.usage.fuel < 2 * fuel, "{} of {fuel}", report.usage.fuel);
    assert_eq!(split.counted(), [1, 3, 1]);
    split.stop().await;

    // Where the fuel is not enough for one instance either, the run fails with that.
    let fuel = alone / 2;
    let split = Split::new(Limits { fuel, ..splitting() }).await;
    let report = split.execute(48, parameters).await;
    assert!(report.usage.fuel > fuel && report.usage.fuel <= 2 * fuel, "{} of {fuel}", report.usage.fuel);
    let failed = failure(report);
    assert_eq!(
        (failed.code, failed.message),
        (Code::OutOfFuel, format!("the run used up its {fuel} units of fuel (limit fuel)"))
    );
    split.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn time_and_memory_are_those_of_the_run() {
    let split = Split::new(splitting()).await;
    let hurried = LimitsAsked { timeout_ms: Some(300), ..LimitsAsked::default() };
    let spin = json!({ "deed": "spin", "at": 30 });
    let failed = failure(split.executed(Execution { limits: hurried, ..split.execution(48, &spin) }).await);
    assert_eq!(
        (failed.code, failed.message.as_str()),
        (Code::Timeout, "the run took longer than 300ms (limit timeout_ms)")
    );
    // There was no time for a second try.
    assert_eq!(split.counted(), [1, 3, 0]);
    split.no_memory_is_held().await;
    // Each part may have all of the memory, and the usage says what they had together.
    let small = LimitsAsked { memory_bytes: Some(32 << 20), ..LimitsAsked::default() };
    let grow = json!({ "deed": "grow", "number": 20_000_000 });
    let report = split.executed(Execution { limits: small, ..split.execution(48, &grow) }).await;
    assert_eq!(seen(output(&report)), ["16"]);
    let peak = report.usage.peak_memory_bytes;
    assert!(peak > 60_000_000 && peak <= 3 * (32 << 20), "{peak}");
    split.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_parts_report_comes_as_of_one_run() {
    let (split, whole) = (Split::new(splitting()).await, Split::new(unsplit()).await);
    let log = json!({ "deed": "log", "number": 4 });
    let (id, other) = (split.submit(48, log.clone()).await, whole.submit(48, log.clone()).await);
    ended(&split.manager, id).await;
    ended(&whole.manager, other).await;
    let lines = split.log(id).await;
    assert_eq!((lines.len(), &lines), (12, &whole.log(other).await));
    let id = split.submit(48, json!({ "deed": "progress" })).await;
    ended(&split.manager, id).await;
    let progress = split.manager.get(&organisation(), id).await.expect("the job").progress.expect("progress");
    assert_eq!((progress.fraction.to_string().as_str(), progress.message.as_str()), ("1", "row 16"));
    // Every part knows whose it is, and what it may use.
    let id = split.submit(48, json!({ "deed": "who" })).await;
    ended(&split.manager, id).await;
    let lines = split.log(id).await;
    let expected = format!("{id}/main/1, 34 billion units and ");
    assert!(lines.len() == 3 && lines.iter().all(|line| line.starts_with(&expected)), "{lines:?}");
    assert_eq!(split.counted(), [3, 9, 0]);
    split.stop().await;
    whole.stop().await;
    // The log is no larger than that of one run.
    let limits = |limits: Limits| Limits { log_bytes: 400, ..limits };
    let (split, whole) = (Split::new(limits(splitting())).await, Split::new(limits(unsplit())).await);
    let (id, other) = (split.submit(48, log.clone()).await, whole.submit(48, log).await);
    ended(&split.manager, id).await;
    ended(&whole.manager, other).await;
    let (lines, expected) = (split.log(id).await, whole.log(other).await);
    assert_eq!((lines.len(), lines), (6, expected));
    split.stop().await;
    whole.stop().await;
}
