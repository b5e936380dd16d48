//! Rules of schedules beyond expressions and intervals: parts whose jobs may begin for some time only, one job after the other,
//! once, and by hand.

use analyte_core::schedule::{CatchUp, Day, Overlap, Part, When};
use analyte_jobs::ScheduleAsked;

use super::schedules::{asked, history, jobs, looked, made, tells, tells_and_ended, timestamp, with_clock};
use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_has_not_begun_when_its_part_ends_is_cancelled() {
    // One task runs at a time, and one that never ends is first.
    let limits = Limits { concurrent_tasks: 1, running_tasks: 1, ..limits() };
    let (manager, _store, hand) = with_clock(limits, "10:30:00").await;
    let until = Some("12:00".parse().expect("a time"));
    let part = Part::Weekly { day: Day::Monday, at: "11:00".parse().expect("a time"), until };
    let when = When::Parts { parts: vec![part], time_zone: "UTC".to_owned() };
    let running = made(&manager, asked(when.clone(), submission(&manager, "spin"))).await.schedule.id;
    hand.set("11:00:00");
    tells(&manager, running, &["11:00:00 job"]).await;
    let runs = jobs(&manager, running).await.first().expect("a job").id;
    reaches(&manager, runs, Status::Running).await;
    hand.set("10:59:00");
    let waiting = made(&manager, asked(when, submission(&manager, "noop"))).await.schedule.id;
    hand.set("11:00:00");
    tells(&manager, waiting, &["11:00:00 job"]).await;
    let waits = jobs(&manager, waiting).await.first().expect("a job").id;
    hand.set("11:59:59");
    looked(&manager, &hand).await;
    let cancelled = ended(&manager, waits).await;
    assert_eq!((cancelled.status, cancelled.started_at), (Status::Cancelled, None));
    let why = cancelled.error().expect("a reason").message.clone();
    assert_eq!(why, "the time in which schedule `test` lets it begin is over");
    // What has begun goes on.
    assert_eq!(manager.job(&organisation(), runs).await.expect("the job").status, Status::Running);
    assert_eq!(history(&manager, waiting).await.len(), 1);
    manager.stop(Duration::ZERO).await.expect("stopped");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_job_comes_after_the_other_and_what_passes_meanwhile_is_not_missed() {
    let (manager, _store, hand) = with_clock(limits(), "10:30:00").await;
    let mut rule = asked(When::Continuous { every_ms: 60_000 }, submission(&manager, "spin"));
    rule.start_at = Some(timestamp("11:00:00"));
    rule.stop_at = Some(timestamp("12:00:00"));
    let id = made(&manager, rule).await.schedule.id;
    hand.set("11:00:00");
    tells(&manager, id, &["11:00:00 job"]).await;
    let first = jobs(&manager, id).await.first().expect("a job").id;
    // It goes on at the times of 30 others.
    hand.set("11:30:20");
    looked(&manager, &hand).await;
    assert_eq!(history(&manager, id).await.len(), 1);
    manager.cancel(&organisation(), first).await.expect("cancelled");
    tells(&manager, id, &["11:00:00 job", "11:30:00 job"]).await;
    let second = jobs(&manager, id).await.first().expect("a job").id;
    // It ends before the next time, so there is a while without a job.
    manager.cancel(&organisation(), second).await.expect("cancelled");
    hand.set("11:31:00");
    tells(&manager, id, &["11:00:00 job", "11:30:00 job", "11:31:00 job"]).await;
    let third = jobs(&manager, id).await.first().expect("a job").id;
    hand.set("12:10:00");
    looked(&manager, &hand).await;
    manager.cancel(&organisation(), third).await.expect("cancelled");
    // The last of its times has passed while the third job ran, and fires; there are none after it.
    tells(&manager, id, &["11:00:00 job", "11:30:00 job", "11:31:00 job", "11:59:00 job"]).await;
    manager.stop(Duration::ZERO).await.expect("stopped");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_fires_once_fires_again_when_it_is_switched_on_again() {
    let (manager, _store, hand) = with_clock(limits(), "10:30:00").await;
    let once = asked(When::Once, submission(&manager, "noop"));
    let id = made(&manager, once.clone()).await.schedule.id;
    hand.set("10:30:01");
    tells_and_ended(&manager, id, &["10:30:00.001Z job"]).await;
    hand.set("10:40:00");
    looked(&manager, &hand).await;
    assert_eq!(history(&manager, id).await.len(), 1);
    let off = ScheduleAsked { active: false, template: None, ..once.clone() };
    manager.replace_schedule(&organisation(), id, off.clone(), None).await.expect("changed");
    hand.set("10:50:00");
    manager
        .replace_schedule(&organisation(), id, ScheduleAsked { active: true, ..off.clone() }, None)
        .await
        .expect("changed");
    hand.set("10:50:01");
    tells_and_ended(&manager, id, &["10:30:00.001Z job", "10:50:00.001Z job"]).await;
    // Or when it is to begin anew.
    let anew = ScheduleAsked { anew: true, active: true, ..off };
    manager.replace_schedule(&organisation(), id, anew, None).await.expect("changed");
    hand.set("10:50:02");
    tells_and_ended(&manager, id, &["10:30:00.001Z job", "10:50:00.001Z job", "10:50:01.001Z job"]).await;
    manager.stop(Duration::ZERO).await.expect("stopped");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schedule_is_found_by_its_number_copied_and_launched_by_hand() {
    let (manager, store, hand) = with_clock(limits(), "10:30:00").await;
    let cron = When::Cron { expression: "0 2 * * *".to_owned(), time_zone: "Europe/Berlin".to_owned() };
    let mut rule = asked(When::ByHand, submission(&manager, "echo"));
    rule.set_aside = Some(cron);
    rule.description = Some("for the records".to_owned());
    let made = made(&manager, rule).await;
    assert_eq!((made.next, made.schedule.number), (None, 1));
    let copy =
        manager.copy_schedule(&organisation(), made.schedule.id, Some("another".to_owned())).await.expect("a copy");
    assert_eq!((copy.schedule.number, copy.schedule.created_by.as_deref()), (2, Some("another")));
    assert_eq!(copy.schedule.template, made.schedule.template);
    assert_eq!((&copy.schedule.when, &copy.schedule.set_aside), (&made.schedule.when, &made.schedule.set_aside));
    manager.remove_schedule(&organisation(), made.schedule.id).await.expect("removed");
    let job = manager.launch_schedule(&organisation(), copy.schedule.id).await.expect("launched").job;
    assert_eq!(ended(&manager, job.id).await.status, Status::Completed);
    assert_eq!(job.schedule.and_then(|by| by.number), Some(2));
    let stranger = Organisation::new("stranger").expect("a name");
    let find = |manager: &Manager, of: &Organisation, number| {
        manager.schedule_numbered(of, number).map_err(|error| error.code())
    };
    assert_eq!(find(&manager, &organisation(), 2), Ok(copy.schedule.id));
    assert_eq!(find(&manager, &organisation(), 1), Err(Code::NotFound));
    assert_eq!(find(&manager, &stranger, 2), Err(Code::NotFound));
    assert_eq!(code(manager.copy_schedule(&stranger, copy.schedule.id, None).await), Some(Code::NotFound));
    manager.stop(Duration::ZERO).await.expect("stopped");
    drop(manager);
    // A restart knows its number.
    let clock = hand.clone();
    let manager = started(&store, limits(), |options| options.clock = Arc::new(clock)).await;
    assert_eq!(find(&manager, &organisation(), 2), Ok(copy.schedule.id));
    assert_eq!((copy.schedule.overlap, copy.schedule.catch_up), (Overlap::Skip, CatchUp::None));
    manager.stop(Duration::ZERO).await.expect("stopped");
}
