//! Parts of a timetable: days of a week, distances on the calendar, and the time in which a job may begin.

use analyte_core::schedule::{BadWhen, Part, Times, Unit, When};

use super::{at, first};

fn parts(parts: &[Part], time_zone: &str, anchor: &str) -> Times {
    let when = When::Parts { parts: parts.to_vec(), time_zone: time_zone.to_owned() };
    Times::new(&when, at(anchor), None, None).unwrap()
}

fn weekly(day: &str, begin: &str, until: Option<&str>) -> Part {
    let day = analyte_core::schedule::Day::parse(day).unwrap();
    Part::Weekly { day, at: begin.parse().unwrap(), until: until.map(|until| until.parse().unwrap()) }
}

fn distance(count: u32, unit: Unit, begin: Option<&str>) -> Part {
    Part::Every { count, unit, at: begin.map(|begin| begin.parse().unwrap()), for_seconds: None }
}

#[test]
fn days_of_a_week_come_in_their_order_and_begin_with_the_schedule() {
    // 2 March 2026 is a Monday.
    let times = parts(&[weekly("friday", "09:00", None), weekly("monday", "10:00", None)], "UTC", "2026-03-02T10:30Z");
    assert_eq!(first(&times, "2026-03-02T10:30Z", 3), ["2026-03-06T09:00Z", "2026-03-09T10:00Z", "2026-03-13T09:00Z"]);
    // At the very time at which the schedule begins.
    let times = parts(&[weekly("monday", "10:30", None)], "UTC", "2026-03-02T10:30Z");
    assert_eq!(first(&times, "2026-03-02T10:29Z", 2), ["2026-03-02T10:30Z", "2026-03-09T10:30Z"]);
    // Two parts at the same time fire once.
    let twice =
        parts(&[weekly("monday", "10:30", None), distance(7, Unit::Days, Some("10:30"))], "UTC", "2026-03-02T10:00Z");
    assert_eq!(first(&twice, "2026-03-02T10:00Z", 2), ["2026-03-02T10:30Z", "2026-03-09T10:30Z"]);
}

#[test]
fn changes_of_clocks_are_followed() {
    // In Berlin the clock goes from 02:00 to 03:00 on 29 March 2026, and from 03:00 to 02:00 on 25 October, both Sundays.
    let spring = parts(&[weekly("sunday", "02:30", None)], "Europe/Berlin", "2026-03-20T00:00Z");
    assert_eq!(first(&spring, "2026-03-20T00:00Z", 3), ["2026-03-22T01:30Z", "2026-03-29T01:00Z", "2026-04-05T00:30Z"]);
    let autumn = parts(&[distance(1, Unit::Days, Some("02:30"))], "Europe/Berlin", "2026-10-24T00:00Z");
    assert_eq!(first(&autumn, "2026-10-24T00:00Z", 3), ["2026-10-24T00:30Z", "2026-10-25T00:30Z", "2026-10-26T01:30Z"]);
    assert_eq!(first(&autumn, "2026-10-25T01:40Z", 1), ["2026-10-26T01:30Z"]);
    // Hours do not know clocks.
    let hours = parts(&[distance(24, Unit::Hours, Some("02:30"))], "Europe/Berlin", "2026-10-24T00:00Z");
    assert_eq!(first(&hours, "2026-10-24T00:00Z", 3), ["2026-10-24T00:30Z", "2026-10-25T00:30Z", "2026-10-26T00:30Z"]);
}

#[test]
fn distances_are_counted_on_the_calendar() {
    let months = parts(&[distance(1, Unit::Months, Some("06:00"))], "UTC", "2026-01-31T05:00Z");
    assert_eq!(
        first(&months, "2026-01-31T05:00Z", 4),
        ["2026-01-31T06:00Z", "2026-02-28T06:00Z", "2026-03-31T06:00Z", "2026-04-30T06:00Z"]
    );
    assert_eq!(first(&months, "2031-02-28T06:00Z", 1), ["2031-03-31T06:00Z"]);
    let fortnight = parts(&[distance(2, Unit::Weeks, None)], "UTC", "2026-03-02T10:30Z");
    assert_eq!(first(&fortnight, "2026-03-02T10:30Z", 2), ["2026-03-16T10:30Z", "2026-03-30T10:30Z"]);
    // Its time of today has passed.
    let tomorrow = parts(&[distance(3, Unit::Days, Some("06:00"))], "UTC", "2026-03-02T10:30Z");
    assert_eq!(first(&tomorrow, "2026-03-02T10:30Z", 2), ["2026-03-03T06:00Z", "2026-03-06T06:00Z"]);
    let minutes = parts(&[distance(90, Unit::Minutes, None)], "UTC", "2026-03-02T10:30Z");
    assert_eq!(first(&minutes, "2026-03-02T10:30Z", 2), ["2026-03-02T12:00Z", "2026-03-02T13:30Z"]);
}

#[test]
fn the_last_fire_time_is_found_whatever_lies_between() {
    let times = parts(&[weekly("friday", "09:00", None), distance(1, Unit::Seconds, None)], "UTC", "2026-03-02T10:30Z");
    let last = times.last_within(at("2026-03-02T10:30Z"), at("2027-03-02T10:30Z"));
    assert_eq!(last, Some(at("2027-03-02T10:30Z")));
}

#[test]
fn a_job_may_begin_until_its_part_ends() {
    let until = |times: &Times, fired: &str| times.open_until(at(fired)).map(|at| at.to_string());
    let day = parts(&[weekly("monday", "09:00", Some("17:00"))], "UTC", "2026-03-02T00:00Z");
    assert_eq!(until(&day, "2026-03-02T09:00Z").as_deref(), Some("2026-03-02T17:00:00.000Z"));
    assert_eq!(until(&day, "2026-03-02T09:01Z"), None);
    let night = parts(&[weekly("monday", "22:00", Some("06:00"))], "UTC", "2026-03-02T00:00Z");
    assert_eq!(until(&night, "2026-03-02T22:00Z").as_deref(), Some("2026-03-03T06:00:00.000Z"));
    // Of two parts at one time the longer one counts, and one without an end is the longest.
    let both = [weekly("monday", "09:00", Some("10:00")), weekly("monday", "09:00", Some("11:00"))];
    let both = parts(&both, "UTC", "2026-03-02T00:00Z");
    assert_eq!(until(&both, "2026-03-02T09:00Z").as_deref(), Some("2026-03-02T11:00:00.000Z"));
    let endless = [weekly("monday", "09:00", Some("10:00")), weekly("monday", "09:00", None)];
    assert_eq!(until(&parts(&endless, "UTC", "2026-03-02T00:00Z"), "2026-03-02T09:00Z"), None);
    let part = Part::Every { count: 1, unit: Unit::Hours, at: None, for_seconds: Some(90) };
    let short = parts(&[part], "UTC", "2026-03-02T09:00Z");
    assert_eq!(until(&short, "2026-03-02T09:00Z").as_deref(), Some("2026-03-02T09:01:30.000Z"));
}

#[test]
fn what_fires_once_fires_after_it_was_switched_on() {
    let once = |start: Option<&str>| {
        let times = Times::new(&When::Once, at("2026-03-02T10:30Z"), start.map(at), None).unwrap();
        (times.next_after(at("2026-03-02T10:30Z")), times.next_after(at("2031-01-01T00:00Z")))
    };
    let soon = at("2026-03-02T10:30Z").plus_ms(1);
    assert_eq!(once(None), (Some(soon), None));
    assert_eq!(once(Some("2020-01-01T00:00Z")), (Some(soon), None));
    assert_eq!(once(Some("2030-01-01T00:00Z")), (Some(at("2030-01-01T00:00Z")), None));
    let never = Times::new(&When::ByHand, at("2026-03-02T10:30Z"), None, None).unwrap();
    assert_eq!(never.next_after(at("2026-03-02T10:30Z")), None);
}

#[test]
fn what_is_no_part_is_refused() {
    let refused = |parts: Vec<Part>, zone: &str| {
        let when = When::Parts { parts, time_zone: zone.to_owned() };
        Times::new(&when, at("2026-03-02T10:30Z"), None, None).unwrap_err()
    };
    assert!(matches!(refused(vec![distance(0, Unit::Days, None)], "UTC"), BadWhen::Part { .. }));
    assert!(matches!(refused(vec![distance(u32::MAX, Unit::Months, None)], "UTC"), BadWhen::Part { .. }));
    assert_eq!(refused(Vec::new(), "UTC"), BadWhen::NoParts);
    assert!(matches!(refused(vec![distance(1, Unit::Days, None)], "Mars/Olympus"), BadWhen::TimeZone { .. }));
}
