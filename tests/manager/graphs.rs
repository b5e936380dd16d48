//! Jobs of several tasks: what is refused, in which order they run, what they take from one another, and how they end.

use std::time::Duration;

use analyte_core::codes::Code;
use analyte_core::job::{Input, Job, RunLimits, Status, Task, Waiting};
use analyte_core::limits::Limits;
use analyte_core::names::TaskName;
use analyte_core::table::format::{self, Format};
use analyte_jobs::{InputAsked, JobsError, LimitsAsked, ListQuery, Manager, Parameters, Submission, TaskAsked};
use serde_json::json;

use super::{
    ended, everything, limits, model, numbers, organisation, provider, started, status, submission, submitted,
    tells_progress, with_provider,
};

fn named(name: &str) -> TaskName {
    TaskName::new(name).expect("a name")
}

/// A task that is given three rows.
fn given(manager: &Manager, task: &str, of: &str) -> TaskAsked {
    TaskAsked::named(named(task), provider(), model(of), numbers(manager, of, "[1.5,null,-2.5]"))
}

/// A task that runs on the results of others.
fn taking(task: &str, of: &str, results_of: &[&str]) -> TaskAsked {
    let of_tasks = results_of.iter().copied().map(named).collect();
    TaskAsked::named(named(task), provider(), model(of), InputAsked::Results { of: of_tasks })
}

fn after(names: &[&str], task: TaskAsked) -> TaskAsked {
    TaskAsked { after: names.iter().copied().map(named).collect(), ..task }
}

fn slow(milliseconds: u32, task: TaskAsked) -> TaskAsked {
    let parameters = json!({ "milliseconds": milliseconds });
    TaskAsked { parameters: Parameters::Object(parameters.as_object().cloned().unwrap_or_default()), ..task }
}

async fn refused(manager: &Manager, tasks: Vec<TaskAsked>) -> JobsError {
    manager.submit(&organisation(), Submission::of(tasks)).await.expect_err("it is refused")
}

/// Each task with its state, and the code of why it did not complete.
fn states(job: &Job) -> Vec<(&str, Status, Option<Code>)> {
    let code = |task: &Task| task.error.as_ref().map(|failure| failure.code);
    job.tasks.iter().map(|task| (task.name.as_str(), task.status, code(task))).collect()
}

async fn csv(manager: &Manager, job: &Job, task: Option<&str>) -> String {
    let task = task.map(named);
    let result = manager.result_table(&organisation(), job.id, task.as_ref()).await.expect("a table");
    String::from_utf8_lossy(&format::write(Format::Csv, &result.table).expect("csv")).replace("\r\n", "\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn results_go_from_task_to_task() {
    let (manager, store) = with_provider(limits(), |_| ()).await;
    let tasks = vec![
        given(&manager, "left", "noop"),
        given(&manager, "right", "noop"),
        taking("middle", "echo", &["right"]),
        // It waits for one whose result it does not take.
        after(&["middle"], taking("both", "noop", &["left", "middle"])),
    ];
    let id = submitted(&manager, Submission::of(tasks)).await;
    let job = ended(&manager, id).await;
    assert_eq!((job.status, job.error()), (Status::Completed, None));
    let three = "1.5\n\"\"\n-2.5\n";
    assert_eq!(csv(&manager, &job, Some("middle")).await, format!("value\n{three}"));
    // The only one that no other takes answers for the job.
    assert_eq!(csv(&manager, &job, None).await, format!("value\n{three}{three}"));
    assert!(job.tasks.iter().all(|task| task.attempt.0 == 1 && task.usage.fuel > 0));
    let start = |name: &str| job.task(&named(name)).and_then(|task| task.started_at).expect("a start");
    let end = |name: &str| job.task(&named(name)).and_then(|task| task.finished_at).expect("an end");
    assert!(start("middle") >= end("right") && start("both") >= end("left").max(end("middle")));
    // Lists find it by the model of any of its tasks.
    for (of, found) in [("noop", 1), ("echo", 1), ("spin", 0)] {
        let query = ListQuery { model: Some(model(of)), ..everything() };
        assert_eq!(manager.list(&organisation(), query).await.expect("a page").jobs.len(), found, "{of}");
    }
    // All of it is there after a restart.
    manager.stop(Duration::ZERO).await.expect("stopped");
    drop(manager);
    let manager = started(&store, limits(), |_| ()).await;
    assert_eq!(csv(&manager, &job, None).await, format!("value\n{three}{three}"));
    assert_eq!(manager.get(&organisation(), id).await.expect("the job").job, job);
    manager.stop(Duration::ZERO).await.expect("stopped");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_graph_with_a_fault_is_refused_before_it_is_a_job() {
    let (manager, _store) = with_provider(Limits { tasks: 3, ..limits() }, |_| ()).await;
    let one = || given(&manager, "a", "noop");
    let wrong = async |tasks| {
        let error = refused(&manager, tasks).await;
        let wrong: Vec<_> = error.wrong().iter().map(ToString::to_string).collect();
        (error.code(), error.message().to_owned(), wrong)
    };
    let four = (0..4).map(|number| given(&manager, &format!("task-{number}"), "noop")).collect();
    let many = "`/tasks`: a job takes at most 3 tasks, and these are 4 (limit tasks)".to_owned();
    assert_eq!(wrong(four).await, (Code::InvalidInput, many.clone(), vec![many]));
    let circle = vec![taking("a", "noop", &["b"]), taking("b", "noop", &["a"])];
    let said =
        "`/tasks/0/input/results_of/0`: task `b` stands after this one; a task stands after those that it waits for";
    assert_eq!(wrong(circle).await, (Code::InvalidInput, said.to_owned(), vec![said.to_owned()]));
    let (code, message, _) = wrong(vec![one(), taking("b", "unknown", &["a"])]).await;
    let unknown = "task `b`: there is no model `unknown` of provider `hostile`";
    assert_eq!((code, message.as_str()), (Code::NotFound, unknown));
    let unwanted = json!({ "factor": 1 }).as_object().cloned().unwrap_or_default();
    let unwanted = TaskAsked { parameters: Parameters::Object(unwanted), ..taking("b", "noop", &["a"]) };
    let said = (
        Code::InvalidInput,
        "task `b`: parameters/factor: the model takes no parameters".to_owned(),
        vec!["`/tasks/1/parameters/factor`: the model takes no parameters".to_owned()],
    );
    assert_eq!(wrong(vec![one(), unwanted]).await, said);
    let greedy = TaskAsked { limits: LimitsAsked { fuel: Some(0), ..LimitsAsked::default() }, ..one() };
    let (_, _, places) = wrong(vec![greedy, taking("b", "noop", &["a"])]).await;
    assert_eq!(places, ["`/tasks/0/limits/fuel`: must be from 1 to 1000000000000, and is 0"]);
    assert_eq!(manager.list(&organisation(), everything()).await.expect("a page").jobs, []);
    manager.stop(Duration::ZERO).await.expect("stopped");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_for_a_task_that_failed_is_cancelled_and_the_rest_ends_first() {
    let (manager, _store) = with_provider(limits(), |_| ()).await;
    let tasks = vec![
        given(&manager, "wrong", "panic"),
        given(&manager, "apart", "noop"),
        taking("child", "noop", &["wrong"]),
        taking("grandchild", "noop", &["child", "apart"]),
        taking("far", "noop", &["apart"]),
    ];
    let id = submitted(&manager, Submission::of(tasks)).await;
    let job = ended(&manager, id).await;
    let expected = [
        ("wrong", Status::Failed, Some(Code::Trap)),
        ("apart", Status::Completed, None),
        ("child", Status::Cancelled, Some(Code::ParentFailed)),
        ("grandchild", Status::Cancelled, Some(Code::ParentFailed)),
        ("far", Status::Completed, None),
    ];
    assert_eq!((job.status, states(&job)), (Status::Failed, expected.to_vec()));
    assert_eq!(job.error().map(|failure| failure.code), Some(Code::Trap));
    assert_eq!(csv(&manager, &job, Some("far")).await, "value\n1.5\n\"\"\n-2.5\n");

    // In place what completed keeps its result, and the rest runs again; as a copy, all of it runs in a new job.
    manager.retry(&organisation(), id).await.expect("retried");
    let again = ended(&manager, id).await;
    assert_eq!((again.status, states(&again)), (Status::Failed, expected.to_vec()));
    assert_eq!(again.tasks.iter().map(|task| task.attempt.0).collect::<Vec<_>>(), [2, 1, 0, 0, 1]);
    let copy = manager.retry_as_copy(&organisation(), id, None).await.expect("copied").job.job;
    assert_eq!(copy.retry_of, Some(id));
    let of = |job: &Job| {
        let results_of = |task: &Task| match &task.input {
            Input::Given(_) => None,
            Input::Results { of } => Some(of.clone()),
        };
        let task = |task: &Task| (task.name.clone(), task.parents.clone(), results_of(task), task.limits);
        job.tasks.iter().map(task).collect::<Vec<_>>()
    };
    assert_eq!(of(&copy), of(&job));
    let copy = ended(&manager, copy.id).await;
    assert_eq!(states(&copy), expected);
    manager.stop(Duration::ZERO).await.expect("stopped");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_waits_for_its_parents_and_a_cancel_ends_all_of_them() {
    let (manager, store) = with_provider(limits(), |_| ()).await;
    let parent = |manager: &Manager| slow(1_500, given(manager, "parent", "slow"));
    let chain = |manager: &Manager| Submission::of(vec![parent(manager), taking("child", "echo", &["parent"])]);
    let id = submitted(&manager, chain(&manager)).await;
    tells_progress(&manager, id).await;
    let job = manager.get(&organisation(), id).await.expect("the job").job;
    let child = job.task(&named("child")).expect("the task");
    assert_eq!((child.status, job.waiting(child, job.created_at)), (Status::Queued, Some(Waiting::Parents)));
    // The server stops in between, and the next one goes on.
    manager.stop(Duration::ZERO).await.expect("stopped");
    drop(manager);
    let manager = started(&store, limits(), |_| ()).await;
    let job = ended(&manager, id).await;
    assert_eq!(states(&job), [("parent", Status::Completed, None), ("child", Status::Completed, None)]);
    assert_eq!(job.tasks.iter().map(|task| task.attempt.0).collect::<Vec<_>>(), [2, 1]);

    let id = submitted(&manager, chain(&manager)).await;
    tells_progress(&manager, id).await;
    manager.cancel(&organisation(), id).await.expect("cancelled");
    let job = ended(&manager, id).await;
    let cancelled = Some(Code::Cancelled);
    assert_eq!(states(&job), [("parent", Status::Cancelled, cancelled), ("child", Status::Cancelled, cancelled)]);
    // Nothing of it holds up the next job.
    let next = submitted(&manager, submission(&manager, "noop")).await;
    assert_eq!(
        (ended(&manager, next).await.status, status(&manager, id).await),
        (Status::Completed, Status::Cancelled)
    );
    manager.stop(Duration::ZERO).await.expect("stopped");
}

#[tokio::test(flavor = "multi_thread")]
async fn results_that_do_not_fit_together_end_the_task_that_takes_them() {
    let (manager, _store) = with_provider(limits(), |_| ()).await;
    let tasks = vec![
        given(&manager, "numbers", "noop"),
        slow(1, given(&manager, "texts", "slow")),
        taking("both", "echo", &["numbers", "texts"]),
        // It has no use for the columns of the one, and says so.
        taking("declared", "noop", &["numbers", "texts"]),
    ];
    let id = submitted(&manager, Submission::of(tasks)).await;
    let job = ended(&manager, id).await;
    let failure = job.task(&named("both")).and_then(|task| task.error.clone()).expect("a failure");
    let why = "the results of tasks `numbers` and `texts` cannot be one input: only the former has a column `value`";
    assert_eq!((failure.code, failure.message.as_str()), (Code::InvalidInput, why));
    let declared = job.task(&named("declared")).expect("the task");
    assert_eq!((declared.status, declared.warnings.len()), (Status::Completed, 2), "{:?}", declared.warnings);
    assert!(declared.warnings.iter().all(|warning| warning.starts_with("the result of task `texts`: ")));
    manager.stop(Duration::ZERO).await.expect("stopped");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_has_limits_of_its_own_beside_those_of_its_job() {
    let (manager, _store) = with_provider(limits(), |_| ()).await;
    let small = LimitsAsked { fuel: Some(50_000_000), ..LimitsAsked::default() };
    let tasks = vec![TaskAsked { limits: small, ..given(&manager, "spin", "spin") }, given(&manager, "noop", "noop")];
    let asked = LimitsAsked { timeout_ms: Some(20_000), ..LimitsAsked::default() };
    let id = submitted(&manager, Submission { limits: asked, ..Submission::of(tasks) }).await;
    let job = ended(&manager, id).await;
    let expected = [("spin", Status::Failed, Some(Code::OutOfFuel)), ("noop", Status::Completed, None)];
    assert_eq!(states(&job), expected);
    let of_job = RunLimits { timeout_ms: 20_000, ..job.limits };
    assert_eq!(job.limits, of_job);
    let own: Vec<_> = job.tasks.iter().map(|task| task.limits).collect();
    assert_eq!(own, [Some(RunLimits { fuel: 50_000_000, ..of_job }), None]);
    manager.stop(Duration::ZERO).await.expect("stopped");
}
