//! What is due, what was missed, and what clocks that leap do to it.

use analyte_core::names::JobId;
use analyte_core::schedule::due::{Due, due};
use analyte_core::schedule::{CatchUp, Cause, Outcome, Refusal, ScheduleState, Settled, Span, Step, Times};
use analyte_core::timestamp::Timestamp;

use super::{at, cron, every};

const MINUTE: u64 = 60_000;
const MOST: u64 = 100;

/// What fires and what was missed, as text, after which all of it is settled.
fn fires(times: &Times, state: &mut ScheduleState, now: Timestamp, catch_up: CatchUp) -> (Vec<String>, Option<String>) {
    let Some(Due { missed, fire }) = due(times, &state.settled, now, catch_up, MOST) else { return (Vec::new(), None) };
    if let Some((first, last)) = missed {
        let step = Step { fire_time: first, cause: Cause::Due(Span::mark(last)), outcome: Outcome::Missed { last } };
        state.take(step, now).unwrap();
    }
    let short = |at: Timestamp| at.to_string()[11..16].to_owned();
    let mut fired = Vec::new();
    for (fire_time, span) in fire {
        let job = JobId(uuid::Uuid::from_u128(7));
        let step = Step { fire_time, cause: Cause::Due(span), outcome: Outcome::Job { job } };
        state.take(step.clone(), now).unwrap();
        assert_eq!(state.take(step, now), Err(Refusal::Settled));
        fired.push(short(fire_time));
    }
    (fired, missed.map(|(first, last)| format!("{} to {}", short(first), short(last))))
}

#[test]
fn each_policy_makes_up_for_what_it_says() {
    let hourly = cron("0 * * * *", "UTC");
    let after_downtime = |catch_up, now: &str| {
        let mut state = ScheduleState::new(at("2026-01-01T10:30Z"));
        let (fired, missed) = fires(&hourly, &mut state, at(now), catch_up);
        assert_eq!(due(&hourly, &state.settled, at(now), catch_up, MOST), None);
        (fired.join(" "), missed.unwrap_or_default())
    };
    let says = |fired: &str, missed: &str| (fired.to_owned(), missed.to_owned());
    assert_eq!(after_downtime(CatchUp::None, "2026-01-01T10:59Z"), says("", ""));
    assert_eq!(after_downtime(CatchUp::None, "2026-01-01T11:00:20Z"), says("11:00", ""));
    assert_eq!(after_downtime(CatchUp::None, "2026-01-01T14:00:20Z"), says("14:00", "11:00 to 13:00"));
    assert_eq!(after_downtime(CatchUp::None, "2026-01-01T14:20Z"), says("", "11:00 to 14:00"));
    assert_eq!(after_downtime(CatchUp::One, "2026-01-01T14:20Z"), says("14:00", "11:00 to 13:00"));
    let all = CatchUp::All { window_ms: 2 * 60 * MINUTE };
    assert_eq!(after_downtime(all, "2026-01-01T14:20Z"), says("13:00 14:00", "11:00 to 12:00"));
    assert_eq!(after_downtime(all, "2026-01-01T12:20Z"), says("11:00 12:00", ""));
}

#[test]
fn the_number_of_firings_that_are_made_up_for_is_bounded() {
    let secondly = every(1_000, Timestamp(0));
    let settled = ScheduleState::new(Timestamp(0)).settled;
    let year = Timestamp(366 * 24 * 3_600_000);
    let found = due(&secondly, &settled, year, CatchUp::All { window_ms: u64::MAX }, MOST).unwrap();
    assert_eq!(found.fire.len(), 100);
    assert_eq!(found.fire.last().map(|(at, _)| *at), Some(year));
    assert_eq!(found.missed, Some((Timestamp(1_000), Timestamp(year.0 - 100_000))));
}

#[test]
fn a_clock_that_is_set_back_fires_nothing_twice() {
    let minutely = cron("* * * * *", "UTC");
    let mut state = ScheduleState::new(at("2026-01-01T10:00Z"));
    assert_eq!(fires(&minutely, &mut state, at("2026-01-01T10:01Z"), CatchUp::One).0, ["10:01"]);
    assert_eq!(fires(&minutely, &mut state, at("2026-01-01T10:02Z"), CatchUp::One).0, ["10:02"]);
    for back in ["2026-01-01T10:00:30Z", "2026-01-01T10:01Z", "2026-01-01T10:02Z"] {
        assert_eq!(fires(&minutely, &mut state, at(back), CatchUp::One), (vec![], None), "{back}");
    }
    assert_eq!(fires(&minutely, &mut state, at("2026-01-01T10:03Z"), CatchUp::One).0, ["10:03"]);
}

/// A machine whose clock says 2040 when it starts, until it is put right.
#[test]
fn a_clock_that_was_wrong_by_years_and_is_put_right_stops_nothing() {
    let hourly = cron("0 * * * *", "UTC");
    for catch_up in [CatchUp::None, CatchUp::One, CatchUp::All { window_ms: 3 * 60 * MINUTE }] {
        let mut state = ScheduleState::new(at("2026-01-01T10:30Z"));
        assert_eq!(fires(&hourly, &mut state, at("2026-01-01T11:00Z"), catch_up).0, ["11:00"]);
        assert!(fires(&hourly, &mut state, at("2040-05-05T05:00:01Z"), catch_up).1.is_some());
        assert_eq!(fires(&hourly, &mut state, at("2026-01-01T12:00Z"), catch_up), (vec!["12:00".to_owned()], None));
        // The one hour of 2040 never comes again.
        assert!(state.settled.contains(at("2040-05-05T05:00Z")));
        assert_eq!(fires(&hourly, &mut state, at("2026-01-01T13:00Z"), catch_up).0, ["13:00"]);
    }
}

#[test]
fn what_is_remembered_does_not_grow() {
    let mut settled = Settled::default();
    for day in 0..1_000_i64 {
        // Each with a gap, as after a downtime.
        settled.settle(Span { from: Timestamp(day * 1_000), to: Timestamp(day * 1_000 + 500) });
        assert!(settled.contains(Timestamp(day * 1_000 + 500)));
        assert_eq!(settled.cursor(Timestamp(day * 1_000 + 700)), Timestamp(day * 1_000 + 500));
    }
    assert!(serde_json::to_string(&settled).unwrap().len() < 300);
}

#[test]
fn what_waits_fires_once_and_a_launch_settles_nothing() {
    let now = at("2026-01-01T10:00Z");
    let (job, late) = (JobId(uuid::Uuid::from_u128(7)), now.plus_ms(1_000));
    let mut state = ScheduleState::new(now);
    let step = |cause, outcome| Step { fire_time: late, cause, outcome };
    assert_eq!(
        state.take(step(Cause::Due(Span::only(late)), Outcome::Waiting), late).map(|firing| firing.number),
        Ok(1)
    );
    assert_eq!(state.waiting, [late]);
    let launched = state.take(step(Cause::Launched, Outcome::Job { job }), late).unwrap();
    assert!(launched.launched && launched.number == 2);
    assert_eq!(state.take(step(Cause::Waited, Outcome::Job { job }), late).map(|firing| firing.number), Ok(3));
    assert_eq!(state.take(step(Cause::Waited, Outcome::Job { job }), late), Err(Refusal::NotWaiting));
    assert_eq!((state.jobs, state.firings, state.last_job, state.last_fired), (2, 3, Some(job), Some(late)));
}
