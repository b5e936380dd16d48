//! Schedules: what they fire when a clock that the test sets comes to their times, restarts and leaps included.

use std::collections::BTreeSet;

use analyte_core::names::ScheduleId;
use analyte_core::schedule::{CatchUp, Firing, Outcome, Overlap, When};
use analyte_jobs::{Portion, ScheduleAsked, ScheduleView};

use super::*;

/// A clock that stands still until the test sets it.
#[derive(Debug, Clone)]
pub(crate) struct Hand(Arc<AtomicI64>);

impl Hand {
    fn at(time: &str) -> Self {
        Self(Arc::new(AtomicI64::new(timestamp(time).0)))
    }

    pub(crate) fn set(&self, time: &str) {
        self.0.store(timestamp(time).0, Ordering::Relaxed);
    }
}

impl Clock for Hand {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::Relaxed))
    }
}

/// A time of one day, or of another where it says which.
pub(crate) fn timestamp(time: &str) -> Timestamp {
    let whole = if time.contains('T') { time.to_owned() } else { format!("2026-03-02T{time}Z") };
    whole.parse().expect("a time")
}

fn short(time: Timestamp) -> String {
    time.to_string().replace("2026-03-02T", "").replace(".000Z", "")
}

fn hourly(manager: &Manager, model: &str) -> ScheduleAsked {
    asked(When::Cron { expression: "0 * * * *".to_owned(), time_zone: "UTC".to_owned() }, submission(manager, model))
}

pub(crate) fn asked(when: When, template: Submission) -> ScheduleAsked {
    ScheduleAsked {
        name: "test".to_owned(),
        description: None,
        custom_data: None,
        when,
        set_aside: None,
        anew: false,
        start_at: None,
        stop_at: None,
        active: true,
        overlap: Overlap::Skip,
        catch_up: CatchUp::None,
        template: Some(template),
        created_by: Some("line 7".to_owned()),
    }
}

pub(crate) async fn made(manager: &Manager, asked: ScheduleAsked) -> ScheduleView {
    manager.create_schedule(&organisation(), asked).await.expect("a schedule")
}

pub(crate) async fn history(manager: &Manager, id: ScheduleId) -> Vec<Firing> {
    let mut firings = manager.schedule_history(&organisation(), id, None, 100).await.expect("a history").items;
    firings.reverse();
    firings
}

/// The history in words, oldest first.
async fn entries(manager: &Manager, id: ScheduleId) -> Vec<String> {
    let word = |firing: &Firing| match &firing.outcome {
        Outcome::Job { .. } => "job".to_owned(),
        Outcome::Waiting => "waits".to_owned(),
        Outcome::Skipped { .. } => "skipped".to_owned(),
        Outcome::Missed { last } => format!("missed to {}", short(*last)),
        Outcome::Failed { failure } => failure.to_string(),
    };
    history(manager, id).await.iter().map(|firing| format!("{} {}", short(firing.fire_time), word(firing))).collect()
}

/// Waits until the history is this.
pub(crate) async fn tells(manager: &Manager, id: ScheduleId, expected: &[&str]) {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let found = entries(manager, id).await;
        if found == expected {
            return;
        }
        assert!(Instant::now() < deadline, "the history is {found:#?}, and should become {expected:#?}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// The history in words, when the jobs of the schedule have ended: the next firing does not meet them.
pub(crate) async fn tells_and_ended(manager: &Manager, id: ScheduleId, expected: &[&str]) {
    tells(manager, id, expected).await;
    for job in jobs(manager, id).await {
        ended(manager, job.id).await;
    }
}

/// Waits until the timer has looked at the clock since it was set: a second schedule fires.
pub(crate) async fn looked(manager: &Manager, hand: &Hand) {
    let now = hand.now();
    let mut soon = asked(When::Interval { every_ms: 1_000 }, submission(manager, "noop"));
    soon.start_at = Some(now);
    let id = made(manager, soon).await.schedule.id;
    hand.0.fetch_add(1_000, Ordering::Relaxed);
    let deadline = Instant::now() + PATIENCE;
    while history(manager, id).await.is_empty() {
        assert!(Instant::now() < deadline, "the timer did not look");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    manager.remove_schedule(&organisation(), id).await.expect("removed");
}

pub(crate) async fn jobs(manager: &Manager, id: ScheduleId) -> Vec<Arc<analyte_core::job::Job>> {
    let Portion { items, next } = manager.schedule_jobs(&organisation(), id, None, 100).await.expect("jobs");
    assert_eq!(next, None);
    items.into_iter().map(|view| view.job).collect()
}

pub(crate) async fn with_clock(limits: Limits, time: &str) -> (Manager, MemoryStore, Hand) {
    let hand = Hand::at(time);
    let clock = hand.clone();
    let (manager, store) = with_provider(limits, |options| options.clock = Arc::new(clock)).await;
    (manager, store, hand)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schedule_submits_its_template_at_its_times() {
    let (manager, _store, hand) = with_clock(limits(), "10:30:00").await;
    let tags = BTreeMap::from([("site".to_owned(), "north".to_owned())]);
    let template = Submission { tags: tags.clone(), priority: 3, ..submission(&manager, "echo") };
    let made = made(&manager, ScheduleAsked { template: Some(template), ..hourly(&manager, "echo") }).await;
    let id = made.schedule.id;
    assert_eq!((made.schedule.number, made.schedule.revision), (1, 1));
    assert_eq!(made.next, Some(timestamp("11:00:00")));
    hand.set("11:00:00");
    tells_and_ended(&manager, id, &["11:00:00 job"]).await;
    hand.set("12:00:00");
    tells(&manager, id, &["11:00:00 job", "12:00:00 job"]).await;
    let jobs = jobs(&manager, id).await;
    let fired: Vec<_> = jobs.iter().map(|job| job.schedule.expect("of a schedule")).collect();
    assert_eq!(fired.iter().map(|by| by.fire_time).collect::<Vec<_>>(), [timestamp("12:00:00"), timestamp("11:00:00")]);
    assert!(fired.iter().all(|by| by.id == id));
    for job in &jobs {
        let job = ended(&manager, job.id).await;
        assert_eq!((job.status, job.priority, &job.tags), (Status::Completed, 3, &tags));
        let result = manager.result_table(&organisation(), job.id, None).await.expect("a table");
        assert_eq!(result.table.rows(), 3);
    }
    let view = manager.schedule(&organisation(), id).await.expect("the schedule");
    assert_eq!((view.state.last_fired, view.state.jobs), (Some(timestamp("12:00:00")), 2));
    assert_eq!(view.next, Some(timestamp("13:00:00")));
    let next = manager.next_firings(&organisation(), id, 2).await.expect("times");
    assert_eq!(next, [timestamp("13:00:00"), timestamp("14:00:00")]);
    // To others it does not exist, and when it is gone its jobs are still there.
    let stranger = Organisation::new("stranger").expect("a name");
    assert_eq!(code(manager.schedule(&stranger, id).await), Some(Code::NotFound));
    assert_eq!(code(manager.launch_schedule(&stranger, id).await), Some(Code::NotFound));
    assert_eq!(code(manager.remove_schedule(&stranger, id).await), Some(Code::NotFound));
    manager.remove_schedule(&organisation(), id).await.expect("removed");
    hand.set("13:00:00");
    looked(&manager, &hand).await;
    assert_eq!(code(manager.schedule(&organisation(), id).await), Some(Code::NotFound));
    assert!(jobs.len() == 2 && manager.get(&organisation(), jobs.first().expect("a job").id).await.is_ok());
    manager.stop(Duration::ZERO).await.expect("stopped");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_firing_while_a_job_goes_on_does_what_the_schedule_says() {
    let (manager, _store, hand) = with_clock(limits(), "10:30:00").await;
    let of = |overlap| ScheduleAsked { overlap, ..hourly(&manager, "spin") };
    let skips = made(&manager, of(Overlap::Skip)).await.schedule.id;
    hand.set("11:00:00");
    tells(&manager, skips, &["11:00:00 job"]).await;
    hand.set("12:00:00");
    tells(&manager, skips, &["11:00:00 job", "12:00:00 skipped"]).await;
    manager.cancel(&organisation(), jobs(&manager, skips).await.first().expect("a job").id).await.expect("cancelled");
    hand.set("13:00:00");
    tells(&manager, skips, &["11:00:00 job", "12:00:00 skipped", "13:00:00 job"]).await;
    manager.remove_schedule(&organisation(), skips).await.expect("removed");

    let queues = made(&manager, of(Overlap::Queue)).await.schedule.id;
    hand.set("14:00:00");
    tells(&manager, queues, &["14:00:00 job"]).await;
    hand.set("15:00:00");
    tells(&manager, queues, &["14:00:00 job", "15:00:00 waits"]).await;
    hand.set("16:00:00");
    tells(&manager, queues, &["14:00:00 job", "15:00:00 waits", "16:00:00 waits"]).await;
    let waiting = manager.schedule(&organisation(), queues).await.expect("the schedule").state.waiting;
    assert_eq!(waiting, [timestamp("15:00:00"), timestamp("16:00:00")]);
    // Each begins when the one before it has ended.
    let all = ["14:00:00 job", "15:00:00 waits", "16:00:00 waits", "15:00:00 job", "16:00:00 job"];
    for count in 4..=5 {
        manager
            .cancel(&organisation(), jobs(&manager, queues).await.first().expect("a job").id)
            .await
            .expect("cancelled");
        tells(&manager, queues, all.get(..count).expect("as many")).await;
    }
    manager.remove_schedule(&organisation(), queues).await.expect("removed");

    let cancels = made(&manager, of(Overlap::CancelPrevious)).await.schedule.id;
    hand.set("17:00:00");
    tells(&manager, cancels, &["17:00:00 job"]).await;
    hand.set("18:00:00");
    tells(&manager, cancels, &["17:00:00 job", "18:00:00 job"]).await;
    let jobs = jobs(&manager, cancels).await;
    let [new, old] = jobs.as_slice() else { unreachable!("two jobs") };
    let old = ended(&manager, old.id).await;
    assert_eq!(old.status, Status::Cancelled);
    assert_eq!(old.error().expect("why").message, "schedule `test` fired again");
    assert!(!status(&manager, new.id).await.ended());
    manager.stop(Duration::ZERO).await.expect("stopped");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_missed_is_made_up_for_as_the_schedule_says() {
    let (manager, store, hand) = with_clock(limits(), "10:30:00").await;
    let window_ms = 2 * 3_600_000;
    let policies = [
        (CatchUp::None, vec!["11:00:00 job", "12:00:00 missed to 15:00:00", "16:00:00 job"]),
        (CatchUp::One, vec!["11:00:00 job", "12:00:00 missed to 14:00:00", "15:00:00 job", "16:00:00 job"]),
        (
            CatchUp::All { window_ms },
            vec![
                "11:00:00 job",
                "12:00:00 missed to 13:00:00",
                "14:00:00 job",
                "15:00:00 waits",
                "15:00:00 job",
                "16:00:00 job",
            ],
        ),
    ];
    let mut schedules = Vec::new();
    for (catch_up, expected) in policies {
        let view = made(&manager, ScheduleAsked { catch_up, ..hourly(&manager, "noop") }).await;
        schedules.push((view.schedule.id, expected));
    }
    hand.set("11:00:00");
    for (id, _) in &schedules {
        tells(&manager, *id, &["11:00:00 job"]).await;
        ended(&manager, jobs(&manager, *id).await.first().expect("a job").id).await;
    }
    manager.stop(Duration::ZERO).await.expect("stopped");
    drop(manager);
    hand.set("15:30:00");
    let clock = hand.clone();
    let manager = started(&store, limits(), |options| options.clock = Arc::new(clock)).await;
    for (id, expected) in &schedules {
        let (_, before) = expected.split_last().expect("some");
        tells(&manager, *id, before).await;
        for job in jobs(&manager, *id).await {
            assert_eq!(ended(&manager, job.id).await.status, Status::Completed);
        }
    }
    hand.set("16:00:00");
    for (id, expected) in &schedules {
        tells(&manager, *id, expected).await;
        let fire_times =
            history(&manager, *id).await.into_iter().filter(|one| matches!(one.outcome, Outcome::Job { .. }));
        let fire_times: Vec<_> = fire_times.map(|one| one.fire_time).collect();
        assert_eq!(fire_times.iter().collect::<BTreeSet<_>>().len(), fire_times.len(), "twice: {fire_times:?}");
    }
    manager.stop(Duration::ZERO).await.expect("stopped");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_leaps_fires_nothing_twice_and_stops_nothing() {
    let (manager, _store, hand) = with_clock(limits(), "10:30:00").await;
    let id = made(&manager, hourly(&manager, "noop")).await.schedule.id;
    hand.set("11:00:00");
    tells_and_ended(&manager, id, &["11:00:00 job"]).await;
    hand.set("10:00:00");
    looked(&manager, &hand).await;
    hand.set("11:00:00");
    looked(&manager, &hand).await;
    let once = ["11:00:00 job"];
    assert_eq!(entries(&manager, id).await, once);
    // Wrong by years, and put right.
    hand.set("2040-05-05T05:00:01Z");
    let with_2040 =
        ["11:00:00 job", "12:00:00 missed to 2040-05-05T04:00:00", "2040-05-05T05:00:00 job"].map(str::to_owned);
    tells_and_ended(&manager, id, &with_2040.each_ref().map(String::as_str)).await;
    hand.set("11:30:00");
    looked(&manager, &hand).await;
    let view = manager.schedule(&organisation(), id).await.expect("the schedule");
    assert_eq!(view.next, Some(timestamp("12:00:00")));
    hand.set("12:00:00");
    let mut expected: Vec<&str> = with_2040.iter().map(String::as_str).collect();
    expected.push("12:00:00 job");
    tells(&manager, id, &expected).await;
    manager.stop(Duration::ZERO).await.expect("stopped");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_firing_cannot_do_is_in_the_history() {
    let limits = Limits { queued_jobs: 1, schedules: 2, ..limits() };
    let (manager, _store, hand) = with_clock(limits, "10:30:00").await;
    let id = made(&manager, hourly(&manager, "noop")).await.schedule.id;
    // One runs, one is queued, and so there is no room for a third.
    let spinning = submitted(&manager, submission(&manager, "spin")).await;
    reaches(&manager, spinning, Status::Running).await;
    let queued = submitted(&manager, submission(&manager, "noop")).await;
    hand.set("11:00:00");
    let full = "11:00:00 busy: the organisation has 1 queued jobs, and 1 are allowed (limit queued_jobs)";
    tells(&manager, id, &[full]).await;
    manager.cancel(&organisation(), spinning).await.expect("cancelled");
    ended(&manager, queued).await;
    // Another component that takes what the template has.
    install(&manager, other_component()).await.expect("replaced");
    hand.set("12:00:00");
    tells(&manager, id, &[full, "12:00:00 job"]).await;
    let job = ended(&manager, jobs(&manager, id).await.first().expect("a job").id).await;
    assert_eq!(job.status, Status::Completed);
    assert_eq!(job.tasks.first().expect("a task").digest, Digest::of(&other_component()));
    manager.remove_provider(&key(), true).await.expect("removed");
    hand.set("13:00:00");
    let gone = "13:00:00 not-found: there is no provider `hostile`";
    tells(&manager, id, &[full, "12:00:00 job", gone]).await;
    assert_eq!(code(manager.launch_schedule(&organisation(), id).await), Some(Code::NotFound));
    install(&manager, component()).await.expect("installed");
    hand.set("14:00:00");
    tells(&manager, id, &[full, "12:00:00 job", gone, "14:00:00 job"]).await;
    // Schedules are bounded, too.
    made(&manager, hourly(&manager, "noop")).await;
    let third = manager.create_schedule(&organisation(), hourly(&manager, "noop")).await.expect_err("too many");
    assert_eq!(
        (third.code(), third.message()),
        (Code::Conflict, "the organisation has 2 schedules, and 2 are allowed (limit schedules)")
    );
    manager.stop(Duration::ZERO).await.expect("stopped");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schedule_is_launched_changed_and_switched_off() {
    let (manager, _store, hand) = with_clock(limits(), "10:30:00").await;
    let asked = hourly(&manager, "noop");
    let made = made(&manager, ScheduleAsked { active: false, ..asked.clone() }).await;
    let id = made.schedule.id;
    assert_eq!(made.next, None);
    hand.set("11:00:00");
    let launched = manager.launch_schedule(&organisation(), id).await.expect("launched").job;
    assert_eq!(launched.schedule.expect("of a schedule").fire_time, timestamp("11:00:00"));
    assert_eq!(ended(&manager, launched.id).await.status, Status::Completed);
    let first = history(&manager, id).await;
    assert!(first.len() == 1 && first.iter().all(|firing| firing.launched));
    // Switched on at the very time of a firing, which has passed.
    let on = ScheduleAsked { template: None, overlap: Overlap::Queue, ..asked.clone() };
    let stale = manager.replace_schedule(&organisation(), id, on.clone(), Some(7)).await;
    assert_eq!(code(stale), Some(Code::Conflict));
    let changed = manager.replace_schedule(&organisation(), id, on, Some(1)).await.expect("changed");
    assert_eq!((changed.schedule.revision, changed.next), (2, Some(timestamp("12:00:00"))));
    assert_eq!(changed.schedule.template, made.schedule.template);
    hand.set("12:00:00");
    tells_and_ended(&manager, id, &["11:00:00 job", "12:00:00 job"]).await;
    // With another rule and another template, from now on.
    let every = ScheduleAsked {
        when: When::Interval { every_ms: 600_000 },
        template: Some(submission(&manager, "echo")),
        ..asked
    };
    let changed = manager.replace_schedule(&organisation(), id, every.clone(), None).await.expect("changed");
    assert_eq!(changed.next, Some(timestamp("12:10:00")));
    hand.set("12:10:00");
    tells(&manager, id, &["11:00:00 job", "12:00:00 job", "12:10:00 job"]).await;
    let job = jobs(&manager, id).await.first().cloned().expect("a job");
    assert_eq!(job.tasks.first().expect("a task").model, model("echo"));
    let off = ScheduleAsked { active: false, template: None, ..every };
    manager.replace_schedule(&organisation(), id, off, None).await.expect("changed");
    hand.set("12:20:00");
    looked(&manager, &hand).await;
    assert_eq!(history(&manager, id).await.len(), 3);
    manager.stop(Duration::ZERO).await.expect("stopped");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_template_is_checked_like_a_submission() {
    let (manager, _store, _hand) = with_clock(limits(), "10:30:00").await;
    let refused = |template: Submission| {
        let (manager, asked) = (manager.clone(), hourly(&manager, "noop"));
        async move {
            let asked = ScheduleAsked { template: Some(template), ..asked };
            let error = manager.create_schedule(&organisation(), asked).await.expect_err("refused");
            (error.code(), error.message().to_owned())
        }
    };
    let plain = submission(&manager, "noop");
    let at = Submission { run_at: Some(Timestamp(1)), ..plain.clone() };
    let message = "`/template/run_at`: is not for a template: the schedule says when";
    assert_eq!(refused(at).await, (Code::InvalidInput, message.to_owned()));
    let unknown = Submission::new(provider(), model("nothing"), numbers(&manager, "noop", "[1]"));
    let message = "in `/template`: there is no model `nothing` of provider `hostile`";
    assert_eq!(refused(unknown).await, (Code::NotFound, message.to_owned()));
    let parameters = Parameters::Object(json!({ "milliseconds": "many" }).as_object().cloned().unwrap_or_default());
    let (code, message) = refused(with_parameters(slow(&manager, 1), &parameters)).await;
    assert_eq!(code, Code::InvalidInput);
    assert!(message.starts_with("in `/template`: parameters/milliseconds: "), "{message}");
    let none = manager.schedules(&organisation(), None, 10).await.expect("a list");
    assert_eq!(none.items, []);
    manager.stop(Duration::ZERO).await.expect("stopped");
}
