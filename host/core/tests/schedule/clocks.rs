//! Changes of clocks, dates that are rare, and what is refused.

use analyte_core::schedule::{BadWhen, Times, When};
use analyte_core::timestamp::Timestamp;

use super::{at, between, cron, every, first};

/// `reference.txt` was written by `reference.py`.
#[test]
fn fire_times_are_those_that_another_library_finds_minute_by_minute() {
    let mut compared = 0;
    for line in include_str!("reference.txt").lines() {
        let [expression, zone, begin, end, expected] = line.split('|').collect::<Vec<_>>()[..] else {
            panic!("{line}")
        };
        let found = between(&cron(expression, zone), at(begin), at(end));
        let expected: Vec<Timestamp> = expected.split_whitespace().map(at).collect();
        assert_eq!(found, expected, "{expression} in {zone} from {begin}");
        compared += expected.len();
    }
    assert!(compared > 3_000, "{compared}");
}

#[test]
fn a_time_of_day_that_the_clock_leaves_out_fires_when_the_clock_has_changed() {
    // In Berlin the clock goes from 02:00 to 03:00 on 29 March 2026, at 01:00 UTC.
    let daily = cron("30 2 * * *", "Europe/Berlin");
    assert_eq!(first(&daily, "2026-03-27T12:00Z", 3), ["2026-03-28T01:30Z", "2026-03-29T01:00Z", "2026-03-30T00:30Z"]);
    // In Samoa there was no 30 December 2011.
    let of_noon = cron("0 12 * * *", "Pacific/Apia");
    assert_eq!(
        first(&of_noon, "2011-12-29T00:00Z", 3),
        ["2011-12-29T22:00Z", "2011-12-30T10:00Z", "2011-12-30T22:00Z"]
    );
}

#[test]
fn a_time_of_day_that_the_clock_shows_twice_fires_once() {
    // In New York the clock goes from 02:00 to 01:00 on 1 November 2026, at 06:00 UTC.
    let daily = cron("30 1 * * *", "America/New_York");
    assert_eq!(first(&daily, "2026-10-31T12:00Z", 2), ["2026-11-01T05:30Z", "2026-11-02T06:30Z"]);
    // Also where the question begins when the clock shows the hour the second time.
    assert_eq!(first(&daily, "2026-11-01T06:10Z", 1), ["2026-11-02T06:30Z"]);
    // A distance goes on through both hours.
    let half_hours = cron("*/30 * * * *", "America/New_York");
    assert_eq!(
        first(&half_hours, "2026-11-01T04:59Z", 5),
        ["2026-11-01T05:00Z", "2026-11-01T05:30Z", "2026-11-01T06:00Z", "2026-11-01T06:30Z", "2026-11-01T07:00Z"]
    );
}

#[test]
fn zones_that_changed_their_rules_are_followed() {
    // Turkey kept summer time in 2016; Brazil gave it up in 2019; Korea's north moved by half an hour in 2018.
    let noon = |zone: &str, after: &str| first(&cron("0 12 * * *", zone), after, 1);
    assert_eq!(noon("Europe/Istanbul", "2015-12-01T00:00Z"), ["2015-12-01T10:00Z"]);
    assert_eq!(noon("Europe/Istanbul", "2016-12-01T00:00Z"), ["2016-12-01T09:00Z"]);
    assert_eq!(noon("America/Sao_Paulo", "2018-12-01T00:00Z"), ["2018-12-01T14:00Z"]);
    assert_eq!(noon("America/Sao_Paulo", "2019-12-01T00:00Z"), ["2019-12-01T15:00Z"]);
    assert_eq!(noon("Asia/Pyongyang", "2018-05-01T00:00Z"), ["2018-05-01T03:30Z"]);
    assert_eq!(noon("Asia/Pyongyang", "2018-05-06T00:00Z"), ["2018-05-06T03:00Z"]);
}

#[test]
fn rare_dates_are_found() {
    let leap_day = cron("0 12 29 2 *", "UTC");
    // 2100 is no leap year.
    assert_eq!(
        first(&leap_day, "2093-01-01T00:00Z", 3),
        ["2096-02-29T12:00Z", "2104-02-29T12:00Z", "2108-02-29T12:00Z"]
    );
    assert_eq!(first(&leap_day, "2026-11-30T00:00Z", 1), ["2028-02-29T12:00Z"]);
    // A leap day that is a Monday.
    assert_eq!(
        first(&cron("0 0 29 2 +MON", "UTC"), "2026-01-01T00:00Z", 2),
        ["2044-02-29T00:00Z", "2072-02-29T00:00Z"]
    );
    assert_eq!(first(&cron("0 0 L * *", "UTC"), "2028-01-31T12:00Z", 2), ["2028-02-29T00:00Z", "2028-03-31T00:00Z"]);
    assert_eq!(first(&cron("0 9 * * 5#L", "UTC"), "2026-11-01T00:00Z", 1), ["2026-11-27T09:00Z"]);
}

#[test]
fn seconds_are_taken_and_may_be_left_out() {
    let found = first(&cron("*/20 * * * * *", "UTC"), "2026-01-01T00:00:19Z", 3);
    assert_eq!(found, ["2026-01-01T00:00:20.000Z", "2026-01-01T00:00:40.000Z", "2026-01-01T00:01Z"]);
    // What is asked lies between two seconds.
    let just_before = Timestamp(at("2026-01-01T00:00Z").0 - 1);
    assert_eq!(cron("* * * * *", "UTC").next_after(just_before), Some(at("2026-01-01T00:00Z")));
}

#[test]
fn intervals_are_counted_from_their_anchor_and_know_no_clocks() {
    let anchor = at("2026-03-28T12:00Z");
    let hourly = every(3_600_000, anchor);
    assert_eq!(between(&hourly, anchor, at("2026-03-30T12:00Z")).len(), 48);
    assert_eq!(hourly.next_after(Timestamp(anchor.0 - 10_000_000)), Some(anchor));
    assert_eq!(hourly.next_after(anchor), Some(anchor.plus_ms(3_600_000)));
}

#[test]
fn nothing_fires_before_the_start_or_from_the_stop_on() {
    let when = When::Cron { expression: "0 * * * *".to_owned(), time_zone: "UTC".to_owned() };
    let times = Times::new(&when, Timestamp(0), Some(at("2026-01-01T10:00Z")), Some(at("2026-01-01T12:00Z"))).unwrap();
    assert_eq!(first(&times, "2025-01-01T00:00Z", 9), ["2026-01-01T10:00Z", "2026-01-01T11:00Z"]);
}

#[test]
fn what_is_no_rule_is_refused_with_what_is_wrong() {
    let refused = |expression: &str, time_zone: &str| {
        let when = When::Cron { expression: expression.to_owned(), time_zone: time_zone.to_owned() };
        Times::new(&when, Timestamp(0), None, None).unwrap_err()
    };
    assert!(matches!(refused("61 * * * *", "UTC"), BadWhen::Expression { .. }));
    assert!(matches!(refused("", "UTC"), BadWhen::Expression { .. }));
    assert!(matches!(refused("* * * *", "UTC"), BadWhen::Expression { .. }));
    assert!(matches!(refused("0 0 0 1 1 * 2030", "UTC"), BadWhen::Expression { .. }));
    assert!(matches!(refused(&"1,".repeat(200), "UTC"), BadWhen::Expression { .. }));
    assert_eq!(refused("0 0 30 2 *", "UTC").to_string(), "no time matches `0 0 30 2 *`");
    assert_eq!(
        refused("* * * * *", "Europe/Atlantis").to_string(),
        "there is no time zone `Europe/Atlantis`; use a name of the IANA database, for instance `Europe/Berlin` or `UTC`"
    );
    for every_ms in [0, u64::MAX] {
        assert_eq!(Times::new(&When::Interval { every_ms }, Timestamp(0), None, None).unwrap_err(), BadWhen::Interval);
    }
}
