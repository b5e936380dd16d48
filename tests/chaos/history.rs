//! The history checker accepts what may happen and rejects each kind of what must not.

#![expect(clippy::indexing_slicing, reason = "JSON values index to null")]

use std::collections::{BTreeSet, HashSet};

use serde_json::{Value, json};

use support::history::check::Rule;
use support::history::{Act, Answer, Ends, History, JobEvent, Made, Record};

/// A job as it was answered.
fn job(id: &str, status: &str, attempt: u64, body: &str) -> Value {
    let started = if attempt > 0 && status != "queued" { json!("s1") } else { Value::Null };
    let ended = ["completed", "failed", "cancelled"].contains(&status);
    let code = match status {
        "failed" => json!({"code": "trap"}),
        "cancelled" => json!({"code": "cancelled"}),
        _ => Value::Null,
    };
    json!({
        "id": id, "status": status, "attempt": attempt, "custom_data": body, "created_at": "c", "priority": 0,
        "waiting": if status == "queued" { json!({"reason": "capacity"}) } else { Value::Null },
        "started_at": started, "finished_at": if ended { json!("f1") } else { Value::Null },
        "error": code, "retry_of": null, "fuel_used": 7,
    })
}

/// The same with another member.
fn with(mut job: Value, member: &str, value: Value) -> Value {
    job[member] = value;
    job
}

fn submit_as(key: Option<&str>, body: &str, ends: Ends, answer: Answer<Made>) -> Act {
    Act::Submit { key: key.map(str::to_owned), body: body.to_owned(), ends, answer }
}

fn submit(id: &str, body: &str) -> Act {
    submit_as(None, body, Ends::Completed, made(id, body, true))
}

fn keyed(body: &str, answer: Answer<Made>) -> Act {
    submit_as(Some("key"), body, Ends::Completed, answer)
}

fn made(id: &str, body: &str, new: bool) -> Answer<Made> {
    Answer::Done(Made { job: job(id, "queued", 0, body), new })
}

fn refused<T>(status: u16, code: &str) -> Answer<T> {
    Answer::Refused { status, code: code.to_owned() }
}

fn seen(status: &str, attempt: u64) -> Act {
    Act::Seen(job("1", status, attempt, "a"))
}

fn cancelled() -> Act {
    cancelled_as(job("1", "cancelled", 0, "a"))
}

fn cancelled_as(job: Value) -> Act {
    Act::Cancel("1".to_owned(), Answer::Done(job))
}

fn retried() -> Act {
    Act::Retry("1".to_owned(), Answer::Done(job("1", "queued", 1, "a")))
}

fn results(digest: &str) -> Act {
    Act::Results("1".to_owned(), Answer::Done(digest.to_owned()))
}

fn events(events: &[(u64, &str)], closed: bool) -> Act {
    let events = events.iter().map(|(id, status)| JobEvent {
        id: *id,
        kind: "status".to_owned(),
        data: json!({ "status": status }),
    });
    Act::Events { job: "1".to_owned(), events: events.collect(), closed }
}

/// One call after the other.
fn in_turn(acts: Vec<Act>) -> Vec<Record> {
    (0_u64..).zip(acts).map(|(number, act)| Record { asked: 2 * number, answered: 2 * number + 1, act }).collect()
}

fn broken(records: Vec<Record>, over: bool) -> BTreeSet<Rule> {
    History::of(records).broken(over).into_iter().map(|violation| violation.rule).collect()
}

fn crashes(number: usize) -> Vec<Act> {
    vec![Act::Crash; number]
}

fn crashed_out(attempt: u64) -> Act {
    Act::Seen(with(job("1", "failed", attempt, "a"), "error", json!({"code": "host-error"})))
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table of stories")]
fn what_may_happen_is_accepted() {
    let completed = || seen("completed", 1);
    let copy = || with(job("2", "queued", 0, "a"), "retry_of", json!("1"));
    let stories: Vec<(&str, Vec<Act>)> = vec![
        ("a plain life", vec![submit("1", "a"), seen("queued", 0), seen("running", 1), completed(), completed()]),
        (
            "a crash while it ran",
            vec![submit("1", "a"), seen("running", 1), Act::Crash, seen("running", 2), seen("completed", 2)],
        ),
        ("cancelled twice", vec![submit("1", "a"), cancelled(), cancelled(), seen("cancelled", 0)]),
        (
            "cancelled and retried",
            vec![
                submit("1", "a"),
                cancelled(),
                Act::Retry("1".into(), Answer::Done(job("1", "queued", 0, "a"))),
                completed(),
                results("x"),
                results("x"),
            ],
        ),
        (
            "retried while it ran",
            vec![submit("1", "a"), seen("running", 1), retried(), seen("queued", 1), seen("completed", 2)],
        ),
        (
            "a retry that got no answer",
            vec![submit("1", "a"), cancelled(), Act::Retry("1".into(), Answer::Unknown), completed()],
        ),
        ("a copy", vec![submit("1", "a"), cancelled(), Act::Copy("1".into(), Answer::Done(copy())), Act::Seen(copy())]),
        (
            "purged",
            vec![
                submit("1", "a"),
                completed(),
                Act::Purge("1".into(), Answer::Done(())),
                Act::Missing("1".into()),
                Act::Everything(vec![]),
            ],
        ),
        (
            "a purge that got no answer, and was done",
            vec![submit("1", "a"), completed(), Act::Purge("1".into(), Answer::Unknown), Act::Missing("1".into())],
        ),
        (
            "a submission that got no answer, and was done",
            vec![
                submit_as(None, "a", Ends::Completed, Answer::Unknown),
                Act::Crash,
                completed(),
                Act::Everything(vec![job("1", "completed", 1, "a")]),
            ],
        ),
        (
            "and was not",
            vec![submit_as(None, "a", Ends::Completed, Answer::Unknown), Act::Crash, Act::Everything(vec![])],
        ),
        (
            "a key that was repeated",
            vec![
                keyed("a", Answer::Unknown),
                Act::Crash,
                keyed("a", made("1", "a", false)),
                keyed("a", made("1", "a", false)),
                keyed("b", refused(422, "idempotency-mismatch")),
            ],
        ),
        (
            "a key whose job was purged",
            vec![
                keyed("a", made("1", "a", true)),
                completed(),
                Act::Purge("1".into(), Answer::Done(())),
                keyed("b", made("2", "b", true)),
            ],
        ),
        ("ended by crashes", [vec![submit("1", "a"), seen("running", 1)], crashes(5), vec![crashed_out(5)]].concat()),
        (
            "a model that fails",
            vec![submit_as(None, "a", Ends::Failed("trap"), made("1", "a", true)), seen("failed", 1)],
        ),
        (
            "read too early, then cancelled too late",
            vec![
                submit("1", "a"),
                Act::Results("1".into(), refused(409, "not-finished")),
                completed(),
                Act::Cancel("1".into(), refused(409, "already-finished")),
            ],
        ),
        (
            "events, twice",
            vec![
                submit("1", "a"),
                events(&[(1, "queued"), (4, "running")], false),
                events(&[(1, "queued"), (4, "running"), (5, "completed")], true),
            ],
        ),
    ];
    for (what, acts) in stories {
        assert_eq!(broken(in_turn(acts), false), BTreeSet::new(), "{what}");
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table of stories")]
fn what_must_not_happen_is_rejected() {
    let completed = || job("1", "completed", 1, "a");
    let unknown = || submit_as(None, "a", Ends::Completed, Answer::Unknown);
    let stories: Vec<(Rule, Vec<Act>)> = vec![
        (Rule::Lost, vec![submit("1", "a"), Act::Missing("1".into())]),
        (Rule::Lost, vec![submit("1", "a"), Act::Crash, Act::Everything(vec![])]),
        (Rule::Lost, vec![unknown(), Act::Crash, seen("queued", 0), Act::Crash, Act::Everything(vec![])]),
        (
            Rule::PurgedReturned,
            vec![
                submit("1", "a"),
                seen("completed", 1),
                Act::Purge("1".into(), Answer::Done(())),
                Act::Seen(completed()),
            ],
        ),
        (Rule::NobodyAsked, vec![Act::Everything(vec![completed()])]),
        (Rule::NobodyAsked, vec![submit_as(None, "a", Ends::Completed, refused(429, "busy")), seen("queued", 0)]),
        (
            Rule::NobodyAsked,
            vec![submit("1", "a"), Act::Seen(with(job("2", "queued", 0, "a"), "retry_of", json!("1")))],
        ),
        (
            Rule::MadeTwice,
            vec![unknown(), Act::Everything(vec![job("1", "queued", 0, "a"), job("2", "queued", 0, "a")])],
        ),
        (
            Rule::MadeTwice,
            vec![
                keyed("a", Answer::Unknown),
                Act::Crash,
                keyed("a", made("1", "a", true)),
                Act::Everything(vec![job("1", "queued", 0, "a"), job("2", "queued", 0, "a")]),
            ],
        ),
        (Rule::MadeTwice, vec![keyed("a", made("1", "a", true)), keyed("a", made("1", "a", true))]),
        (Rule::MadeTwice, vec![submit("1", "a"), submit("1", "a")]),
        (Rule::KeyRefused, vec![keyed("a", made("1", "a", true)), keyed("a", refused(422, "idempotency-mismatch"))]),
        (Rule::InputChanged, vec![submit("1", "a"), Act::Seen(with(job("1", "queued", 0, "a"), "priority", json!(9)))]),
        (Rule::IllFormed, vec![submit("1", "a"), Act::Seen(with(completed(), "finished_at", Value::Null))]),
        (Rule::IllFormed, vec![submit("1", "a"), Act::Seen(with(job("1", "queued", 0, "a"), "waiting", Value::Null))]),
        (Rule::AttemptFell, vec![submit("1", "a"), Act::Crash, seen("running", 2), seen("running", 1)]),
        (Rule::WentBack, vec![submit("1", "a"), seen("running", 1), Act::Crash, seen("queued", 1)]),
        (
            Rule::WentBack,
            vec![
                submit("1", "a"),
                seen("running", 1),
                Act::Crash,
                Act::Seen(with(job("1", "running", 2, "a"), "started_at", json!("s2"))),
            ],
        ),
        (
            Rule::WentBack,
            vec![
                submit("1", "a"),
                seen("running", 1),
                Act::Retry("1".into(), refused(404, "not-found")),
                seen("queued", 1),
            ],
        ),
        (Rule::EndChanged, vec![submit("1", "a"), seen("completed", 1), Act::Crash, seen("running", 2)]),
        (
            Rule::EndChanged,
            vec![submit("1", "a"), seen("completed", 1), Act::Seen(with(completed(), "fuel_used", json!(8)))],
        ),
        (
            Rule::EndChanged,
            vec![submit("1", "a"), seen("completed", 1), Act::Retry("1".into(), Answer::Unknown), seen("running", 2)],
        ),
        (
            Rule::EndChanged,
            vec![submit("1", "a"), seen("completed", 1), Act::Results("1".into(), refused(409, "no-result"))],
        ),
        (Rule::EndChanged, vec![submit("1", "a"), results("x"), Act::Purge("1".into(), refused(409, "not-finished"))]),
        (Rule::ResultChanged, vec![submit("1", "a"), results("x"), Act::Crash, results("y")]),
        (
            Rule::OldAttempt,
            vec![
                submit("1", "a"),
                Act::Cancel("1".into(), Answer::Done(job("1", "cancelled", 1, "a"))),
                retried(),
                seen("completed", 1),
            ],
        ),
        (Rule::CancelUnheeded, vec![submit("1", "a"), cancelled(), seen("completed", 1)]),
        (
            Rule::CancelUnheeded,
            vec![submit("1", "a"), Act::Cancel("1".into(), Answer::Done(job("1", "running", 1, "a")))],
        ),
        (Rule::CancelledByNobody, vec![submit("1", "a"), seen("cancelled", 0)]),
        (Rule::WrongEnd, vec![submit("1", "a"), seen("failed", 1)]),
        (Rule::WrongEnd, vec![submit_as(None, "a", Ends::Failed("trap"), made("1", "a", true)), seen("completed", 1)]),
        (Rule::CrashBudget, [vec![submit("1", "a"), seen("running", 1)], crashes(4), vec![crashed_out(5)]].concat()),
        (Rule::CrashBudget, [vec![submit("1", "a")], crashes(9), vec![crashed_out(3)]].concat()),
        (Rule::CrashBudget, [vec![submit("1", "a")], crashes(9), vec![seen("running", 6)]].concat()),
        (Rule::AttemptFromNowhere, vec![submit("1", "a"), seen("running", 2)]),
        (Rule::Events, vec![submit("1", "a"), events(&[(1, "queued")], false), events(&[(1, "running")], false)]),
        (Rule::Events, vec![submit("1", "a"), events(&[(2, "queued"), (1, "running")], false)]),
        (Rule::Events, vec![submit("1", "a"), events(&[(1, "queued")], true)]),
        (Rule::Fault, vec![submit("1", "a"), Act::Cancel("1".into(), refused(500, "host-error"))]),
    ];
    for (rule, acts) in stories {
        let what = format!("{rule:?}: {acts:?}");
        assert_eq!(broken(in_turn(acts), false), BTreeSet::from([rule]), "{what}");
    }
    // These cannot be broken without another rule.
    let two_ids = vec![keyed("a", made("1", "a", true)), keyed("a", made("2", "a", false))];
    assert_eq!(broken(in_turn(two_ids), false), BTreeSet::from([Rule::KeyShared, Rule::MadeTwice]));
    let two_bodies = vec![keyed("a", made("1", "a", true)), keyed("b", made("1", "a", false))];
    assert_eq!(broken(in_turn(two_bodies), false), BTreeSet::from([Rule::KeyShared, Rule::InputChanged]));
}

#[test]
fn in_the_end_everything_has_ended() {
    let story = vec![submit("1", "a"), Act::Everything(vec![job("1", "running", 1, "a")])];
    assert_eq!(broken(in_turn(story.clone()), false), BTreeSet::new());
    assert_eq!(broken(in_turn(story), true), BTreeSet::from([Rule::Unfinished]));
}

#[test]
fn calls_that_overlap_have_no_order() {
    let at = |asked, answered, act| Record { asked, answered, act };
    let made = || at(0, 1, submit("1", "a"));
    // The poll that saw it completed began before the one that saw it run had been answered.
    let overlapping = vec![made(), at(2, 5, seen("completed", 1)), at(4, 7, seen("running", 1))];
    assert_eq!(broken(overlapping, false), BTreeSet::new());
    let in_order = vec![made(), at(2, 4, seen("completed", 1)), at(5, 7, seen("running", 1))];
    assert_eq!(broken(in_order, false), BTreeSet::from([Rule::EndChanged]));
    // What got no answer was done before the server was gone, or never.
    let retry = Act::Retry("1".to_owned(), Answer::Unknown);
    let late = vec![
        made(),
        at(2, 3, cancelled()),
        at(4, 8, retry),
        at(5, 6, Act::Crash),
        at(9, 10, seen("cancelled", 0)),
        at(11, 12, seen("completed", 1)),
    ];
    // Since 9 and 11 lie after the retry's last moment; 2 and 11 do not contradict each other.
    assert_eq!(broken(late, false), BTreeSet::from([Rule::EndChanged]));
}

#[test]
fn what_was_forgotten_leaves_the_rest_explained() {
    let unknown = |body: &str| submit_as(None, body, Ends::Completed, Answer::Unknown);
    let acts = vec![
        unknown("a"),
        submit("2", "b"),
        keyed("c", Answer::Unknown),
        unknown("d"),
        Act::Crash,
        Act::Everything(vec![job("1", "queued", 0, "a"), job("2", "queued", 0, "b"), job("3", "queued", 0, "c")]),
    ];
    let all = [job("1", "queued", 0, "a"), job("2", "queued", 0, "b"), job("3", "queued", 0, "c")];
    let then = |kept: &[&str], jobs: &[&Value]| {
        let history = History::of(in_turn(acts.clone()));
        history.keep_only(&kept.iter().map(|id| (*id).to_owned()).collect::<HashSet<_>>());
        let asked = history.tick();
        history.record(asked, Act::Everything(jobs.iter().map(|job| (*job).clone()).collect()));
        history.broken(false).into_iter().map(|violation| violation.rule).collect::<BTreeSet<_>>()
    };
    let [first, second, third] = &all;
    assert_eq!(then(&["1", "3"], &[first, third]), BTreeSet::new());
    assert_eq!(then(&["1", "3"], &[first]), BTreeSet::from([Rule::Lost]));
    assert_eq!(then(&["1", "3"], &[first, second, third]), BTreeSet::from([Rule::NobodyAsked]));
    let fourth = job("4", "queued", 0, "d");
    assert_eq!(then(&["1"], &[first, &fourth]), BTreeSet::from([Rule::NobodyAsked]));
}

#[test]
fn what_was_forgotten_takes_its_copies_and_keys_along() {
    let copy = || with(job("2", "completed", 1, "a"), "retry_of", json!("1"));
    let purge = |id: &str| Act::Purge(id.to_owned(), Answer::Done(()));
    let cancelled = || job("1", "cancelled", 0, "a");
    let acts = |purged: &str| {
        vec![submit("1", "a"), cancelled_as(cancelled()), Act::Copy("1".into(), Answer::Done(copy())), purge(purged)]
    };
    let reused = vec![
        keyed("a", made("1", "a", true)),
        keyed("b", refused(422, "idempotency-mismatch")),
        cancelled_as(cancelled()),
        purge("1"),
        keyed("b", made("2", "b", true)),
    ];
    // Of two copies of a job that is gone, too, one is left.
    let other = with(job("3", "completed", 1, "a"), "retry_of", json!("1"));
    let mut two = [acts("1"), vec![Act::Copy("1".into(), Answer::Done(other.clone())), purge("2")]].concat();
    // The second copy was made before the job went.
    two.swap(3, 4);
    let left = [(acts("1"), copy()), (acts("2"), cancelled()), (reused, job("2", "queued", 0, "b")), (two, other)];
    for (acts, left) in left {
        let history = History::of(in_turn([acts, vec![Act::Everything(vec![left.clone()])]].concat()));
        assert_eq!(history.broken(false), [], "before");
        history.keep_only(&HashSet::from([left["id"].as_str().unwrap_or_default().to_owned()]));
        let asked = history.tick();
        history.record(asked, Act::Everything(vec![left]));
        assert_eq!(history.broken(false), [], "after");
    }
}
