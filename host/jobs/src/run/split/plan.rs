//! Into which parts a table is split, and how much fuel each may use.

/// Parts begin at multiples of 8 rows: where bits are packed that is a whole byte, and nothing need be copied.
const STEP: usize = 8;

/// One part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Part {
    /// Its first row.
    pub(super) from: usize,
    pub(super) rows: usize,
    pub(super) fuel: u64,
}

/// How many parts a table of `rows` rows may have, each of at least `least` rows (0: it is never split) and at most
/// `cores` of them.
pub(super) fn most_parts(rows: usize, least: u64, cores: usize) -> usize {
    let Some(parts) = (rows as u64).checked_div(least) else { return 1 };
    usize::try_from(parts).unwrap_or(usize::MAX).min(cores).min(rows.div_ceil(STEP)).max(1)
}

/// `count` parts of as even a size as can be, none empty where [`most_parts`] allows them. Fuel goes by rows, and is no
/// more in all than was given.
pub(super) fn parts(rows: usize, count: usize, fuel: u64) -> Vec<Part> {
    let steps = rows.div_ceil(STEP);
    let begin = |number: usize| {
        let step = (steps as u128 * number as u128).checked_div(count as u128).unwrap_or(0);
        usize::try_from(step).unwrap_or(usize::MAX).saturating_mul(STEP).min(rows)
    };
    let part = |number: usize| {
        let (from, to) = (begin(number), begin(number + 1));
        let share = (u128::from(fuel) * (to - from) as u128).checked_div(rows as u128).unwrap_or(0);
        Part { from, rows: to - from, fuel: u64::try_from(share).unwrap_or(fuel) }
    };
    (0..count).map(part).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_tables_are_not_split() {
        for (rows, least, cores, parts) in [
            (19_999, 10_000, 8, 1),
            (20_000, 10_000, 8, 2),
            (1_000_000, 10_000, 8, 8),
            (1_000_000, 10_000, 1, 1),
            (1_000_000, 0, 8, 1),
            (0, 10_000, 8, 1),
            // There are no more than two beginnings to choose from.
            (10, 1, 8, 2),
            (8, 1, 8, 1),
        ] {
            assert_eq!(most_parts(rows, least, cores), parts, "{rows} rows, {least} in a part");
        }
    }

    #[test]
    fn parts_are_the_whole_and_begin_at_multiples_of_eight() {
        for rows in (0..200).chain([9_999, 10_000_000]) {
            for cores in 1..9 {
                let count = most_parts(rows, 1, cores);
                let parts = parts(rows, count, 1_000);
                let mut next = 0;
                for part in &parts {
                    assert_eq!((part.from, part.from % STEP), (next, 0));
                    assert!(part.rows > 0 || rows == 0, "{rows} rows in {count}: {parts:?}");
                    assert!(part.rows.abs_diff(rows / count) <= 2 * STEP, "{rows} rows in {count}: {parts:?}");
                    next += part.rows;
                }
                assert_eq!((next, parts.len()), (rows, count));
                assert!(parts.iter().map(|part| part.fuel).sum::<u64>() <= 1_000);
            }
        }
    }

    #[test]
    fn fuel_goes_by_rows() {
        let fuel = |rows, count, fuel| parts(rows, count, fuel).iter().map(|part| part.fuel).collect::<Vec<_>>();
        assert_eq!(fuel(24, 2, 300), [100, 200]);
        assert_eq!(fuel(16, 2, u64::MAX), [u64::MAX / 2, u64::MAX / 2]);
        assert_eq!(fuel(7, 1, 100), [100]);
    }
}
