//! What holds of all rules, zones and times.

use analyte_core::schedule::{CatchUp, Times, due::due};
use analyte_core::schedule::{Settled, Span};
use analyte_core::timestamp::Timestamp;
use proptest::prelude::*;

use super::{cron, every};

const ZONES: [&str; 8] = [
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "Africa/Casablanca",
    "America/Sao_Paulo",
    "Asia/Kathmandu",
];

fn times() -> impl Strategy<Value = Times> {
    let field = |most: u32| {
        prop_oneof![
            Just("*".to_owned()),
            (0..most).prop_map(|n| n.to_string()),
            (2..9_u32).prop_map(|n| format!("*/{n}"))
        ]
    };
    let cron = (
        field(60),
        field(24),
        prop_oneof![Just("*".to_owned()), (1..29_u32).prop_map(|n| n.to_string())],
        0..ZONES.len(),
    )
        .prop_map(|(minute, hour, day, zone)| cron(&format!("{minute} {hour} {day} * *"), ZONES[zone]));
    let every = (1..10_000_000_u64, 0..2_000_000_000_000_i64).prop_map(|(ms, anchor)| every(ms, Timestamp(anchor)));
    prop_oneof![4 => cron, 1 => every]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(512) })]

    #[test]
    fn the_next_one_is_later_and_there_is_none_before_it(times in times(), after in 1_200_000_000_000..2_200_000_000_000_i64, part in 0.0..1.0_f64) {
        let next = times.next_after(Timestamp(after)).unwrap();
        prop_assert!(next.0 > after);
        #[expect(clippy::cast_possible_truncation, reason = "a part of a distance")]
        let between = after + ((next.0 - after - 1) as f64 * part) as i64;
        prop_assert_eq!(times.next_after(Timestamp(between)), Some(next));
    }

    #[test]
    fn the_last_one_within_is_the_last(times in times(), after in 1_200_000_000_000..2_200_000_000_000_i64, length in 0..40_000_000_i64) {
        let until = Timestamp(after + length);
        let mut last = None;
        let mut steps = 0;
        while let Some(next) = times.next_after(last.unwrap_or(Timestamp(after))).filter(|next| *next <= until) {
            last = Some(next);
            steps += 1;
            if steps > 2_000 {
                return Ok(());
            }
        }
        prop_assert_eq!(times.last_within(Timestamp(after), until), last);
    }

    /// Random leaps of a clock: nothing fires twice.
    #[test]
    fn no_fire_time_fires_twice(times in times(), policy in 0..3_u8, leaps in proptest::collection::vec(-90_000_000..90_000_000_i64, 1..40)) {
        let policy = match policy {
            0 => CatchUp::None,
            1 => CatchUp::One,
            _ => CatchUp::All { window_ms: 7_200_000 },
        };
        let mut now = 1_770_000_000_000_i64;
        let mut settled = Settled::default();
        settled.settle(Span::mark(Timestamp(now)));
        let mut fired = std::collections::BTreeSet::new();
        for leap in leaps {
            now += leap;
            let Some(found) = due(&times, &settled, Timestamp(now), policy, 50) else { continue };
            if let Some((_, last)) = found.missed {
                settled.settle(Span::mark(last));
            }
            for (at, span) in found.fire {
                prop_assert!(at.0 <= now);
                prop_assert!(fired.insert(at), "{} fired twice", at);
                settled.settle(span);
            }
            prop_assert_eq!(due(&times, &settled, Timestamp(now), policy, 50), None);
        }
    }
}
