//! How long a delivery waits between two tries.

/// How often a delivery is tried, and with which pauses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pauses {
    /// Tries in all, at least 1.
    pub tries: u64,
    /// Milliseconds before the second try.
    pub first_ms: u64,
    /// The longest pause in milliseconds, also where the receiver asks for a longer one.
    pub longest_ms: u64,
}

impl Pauses {
    /// Milliseconds until the next try, after this many; `None`: that was the last one.
    ///
    /// A pause is four times the one before and varies by ±25 %, by `jitter` from 0 to 1, so that the deliveries of many jobs
    /// spread. Where the receiver asked for a pause (`asked_ms`), that is at least as long.
    pub fn after(self, tries: u32, jitter: f64, asked_ms: Option<u64>) -> Option<u64> {
        if u64::from(tries) >= self.tries {
            return None;
        }
        let doublings = tries.saturating_sub(1).saturating_mul(2).min(62);
        let grown = self.first_ms.saturating_mul(1 << doublings).min(self.longest_ms);
        let quarter = grown / 4;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "clamped to 0..=2 quarters"
        )]
        let spread = (jitter.clamp(0.0, 1.0) * 2.0 * quarter as f64) as u64;
        let own = (grown - quarter).saturating_add(spread);
        Some(own.max(asked_ms.unwrap_or(0)).min(self.longest_ms))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const USUAL: Pauses = Pauses { tries: 12, first_ms: 5_000, longest_ms: 14_400_000 };

    #[test]
    fn pauses_grow_by_four_up_to_the_longest_and_the_last_try_is_the_last() {
        let pauses: Vec<_> = (1..=12).map(|tries| USUAL.after(tries, 0.5, None)).collect();
        let expected = [5_000, 20_000, 80_000, 320_000, 1_280_000, 5_120_000].into_iter().chain([14_400_000; 5]);
        assert_eq!(pauses, expected.map(Some).chain([None]).collect::<Vec<_>>());
    }

    #[test]
    fn a_receiver_may_ask_for_a_longer_pause_but_not_for_ever() {
        assert_eq!(USUAL.after(1, 0.5, Some(60_000)), Some(60_000));
        assert_eq!(USUAL.after(1, 0.5, Some(1)), Some(5_000));
        assert_eq!(USUAL.after(1, 0.5, Some(31_536_000_000)), Some(14_400_000));
        assert_eq!(USUAL.after(12, 0.5, Some(60_000)), None);
    }

    proptest! {
        #[test]
        fn no_pause_is_longer_than_the_longest(
            tries in any::<u32>(), first_ms in any::<u64>(), longest_ms in any::<u64>(), most in any::<u64>(),
            jitter in any::<f64>(), asked in any::<Option<u64>>(),
        ) {
            let pauses = Pauses { tries: most, first_ms, longest_ms };
            match pauses.after(tries, jitter, asked) {
                Some(pause) => prop_assert!(pause <= longest_ms && u64::from(tries) < most),
                None => prop_assert!(u64::from(tries) >= most),
            }
        }
    }
}
