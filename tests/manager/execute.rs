//! Runs at once, which store nothing, and the memory that they share with jobs.

use std::time::{Duration, Instant};

use analyte_core::codes::Code;
use analyte_core::job::{Status, Waiting};
use analyte_core::limits::Limits;
use analyte_jobs::{Execution, LimitsAsked, Parameters, Submission};

use support::PATIENCE;

use super::{
    code, ended, everything, limits, model, numbers, organisation, provider, reaches, submission, submitted, until,
    with_provider,
};

#[tokio::test(flavor = "multi_thread")]
async fn execute_stores_nothing_waits_only_so_long_and_stops_when_dropped() {
    let wait = Duration::from_millis(50);
    let (manager, _store) = with_provider(limits(), |options| options.execute_wait = wait).await;
    let execution = |name: &str| Execution {
        provider: provider(),
        model: model(name),
        input: numbers(&manager, name, "[1,2]"),
        input_warnings: vec!["a column was dropped".to_owned()],
        parameters: Parameters::None,
        limits: LimitsAsked::default(),
    };
    let report = manager.execute(&organisation(), execution("noop")).await.expect("a report");
    let outcome = report.outcome.expect("an outcome");
    assert_eq!(outcome.output.rows(), 2);
    assert_eq!(outcome.warnings, ["a column was dropped"]);
    assert!(report.usage.fuel > 0);
    let spinning = tokio::spawn({
        let (manager, execution) = (manager.clone(), execution("spin"));
        async move { manager.execute(&organisation(), execution).await.map(|_| ()) }
    });
    until("it runs", || manager.running().0 == 1).await;
    let refused = manager.execute(&organisation(), execution("noop")).await.expect_err("no slot is free");
    assert_eq!((refused.code(), refused.retry_after().is_some()), (Code::Busy, true));
    spinning.abort();
    until("the slot is free", || manager.running().0 == 0).await;
    assert!(manager.execute(&organisation(), execution("noop")).await.is_ok());
    assert_eq!(manager.list(&organisation(), everything()).await.expect("a page").jobs, []);
    manager.stop(Duration::ZERO).await.expect("stopped");
}

#[tokio::test(flavor = "multi_thread")]
async fn memory_is_waited_for_only_so_long_by_execute_and_never_in_vain() {
    let limits = Limits {
        memory_budget_bytes: 64 << 20,
        memory_bytes: 32 << 20,
        output_bytes: 16 << 20,
        concurrent_tasks: 3,
        ..limits()
    };
    let wait = Duration::from_millis(50);
    let (manager, _store) = with_provider(limits, |options| options.execute_wait = wait).await;
    let execution = |name: &str| Execution {
        provider: provider(),
        model: model(name),
        input: numbers(&manager, name, "[1,2]"),
        input_warnings: Vec::new(),
        parameters: Parameters::None,
        limits: LimitsAsked::default(),
    };
    let greedy = LimitsAsked { memory_bytes: Some((48 << 20) + 1), ..LimitsAsked::default() };
    let refused = manager.execute(&organisation(), Execution { limits: greedy, ..execution("noop") }).await;
    assert_eq!(code(refused), Some(Code::InvalidInput));
    let refused = manager.submit(&organisation(), Submission { limits: greedy, ..submission(&manager, "noop") }).await;
    assert_eq!(code(refused), Some(Code::InvalidInput));

    // The runs that are running leave slots, but no room for another.
    let running = submitted(&manager, submission(&manager, "spin")).await;
    reaches(&manager, running, Status::Running).await;
    let refused = loop {
        // The run may not have taken its memory yet.
        match manager.execute(&organisation(), execution("noop")).await {
            Ok(_) => tokio::task::yield_now().await,
            Err(error) => break error,
        }
    };
    assert_eq!((refused.code(), refused.retry_after().is_some()), (Code::Busy, true));
    assert!(refused.message().contains("memory_budget_bytes"), "{}", refused.message());
    let waiting = submitted(&manager, submission(&manager, "noop")).await;
    // The dispatcher finds that there is no room, and says so.
    let deadline = Instant::now() + PATIENCE;
    loop {
        let reason =
            manager.get(&organisation(), waiting).await.expect("the job").waiting.map(|waiting| waiting.reason);
        if reason == Some(Waiting::Memory) {
            break;
        }
        assert!(Instant::now() < deadline, "it waits for {reason:?}");
        tokio::task::yield_now().await;
    }
    manager.cancel(&organisation(), running).await.expect("cancelled");
    assert_eq!(ended(&manager, waiting).await.status, Status::Completed);
    assert!(manager.execute(&organisation(), execution("noop")).await.is_ok());
    manager.stop(Duration::ZERO).await.expect("stopped");
}
