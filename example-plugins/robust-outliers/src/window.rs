//! The last values of a series, in their order of size.
//!
//! They lie sorted in one piece of memory. A new value takes the place of the one that leaves, and what lies between the two
//! places is moved by one: a search of log₂ w steps and a move of w/3 values on average, which is one memory copy. Up to ten
//! thousand values that is faster than any tree or heap. Median and median absolute deviation are then looked up.

use std::collections::VecDeque;

/// The last values.
#[derive(Debug)]
pub(crate) struct Window {
    length: usize,
    /// In the order they came.
    arrived: VecDeque<f64>,
    /// In the order of size.
    sorted: Vec<f64>,
}

impl Window {
    /// An empty window of this number of values, at least 1.
    pub(crate) fn new(length: usize) -> Self {
        let length = length.max(1);
        Self { length, arrived: VecDeque::with_capacity(length), sorted: Vec::with_capacity(length) }
    }

    /// Takes a number that is not NaN; the oldest one leaves a full window.
    pub(crate) fn push(&mut self, value: f64) {
        let place = self.place(value);
        if self.arrived.len() < self.length {
            self.sorted.insert(place, value);
        } else {
            let gone = self.arrived.pop_front().map_or(0, |oldest| self.place(oldest));
            let at = if gone < place {
                self.sorted.copy_within(gone + 1..place, gone);
                place - 1
            } else {
                self.sorted.copy_within(place..gone, place + 1);
                place
            };
            if let Some(slot) = self.sorted.get_mut(at) {
                *slot = value;
            }
        }
        self.arrived.push_back(value);
    }

    /// Median, and the median of the absolute deviations from it; `None` until the window is full. The median of an even
    /// number of values lies in the middle of the two in the middle.
    pub(crate) fn middle(&self) -> Option<(f64, f64)> {
        if self.sorted.len() < self.length {
            return None;
        }
        let (below, above) = self.sorted.split_at(self.length / 2);
        let upper = *above.first()?;
        let even = self.length.is_multiple_of(2);
        let median = if even { below.last()?.midpoint(upper) } else { upper };

        // Deviations rise from the median downwards and upwards. The least half of them all are the first `low` below and the
        // first `high` above, and `low` is where the next one below is no less than the last one above.
        let half = self.length.div_ceil(2);
        let downwards = |index: usize| below.iter().rev().nth(index).map(|value| median - value);
        let upwards = |index: usize| above.get(index).map(|value| value - median);
        let fewest = half.saturating_sub(above.len());
        let low = least(fewest, half.min(below.len()), |low| match (downwards(low), upwards(half - low - 1)) {
            (Some(next_below), Some(last_above)) => next_below >= last_above,
            _ => true,
        });
        let high = half - low;
        let largest = [low.checked_sub(1).and_then(downwards), high.checked_sub(1).and_then(upwards)];
        let largest = largest.into_iter().flatten().reduce(f64::max)?;
        if !even {
            return Some((median, largest));
        }
        let next = [downwards(low), upwards(high)].into_iter().flatten().reduce(f64::min)?;
        Some((median, largest.midpoint(next)))
    }

    /// Where a value stands or would stand, before all that are equal to it.
    fn place(&self, value: f64) -> usize {
        self.sorted.partition_point(|other| *other < value)
    }
}

/// The least number from `from` to `to` for which this holds; it holds for `to` and for all after the least.
fn least(mut from: usize, mut to: usize, holds: impl Fn(usize) -> bool) -> usize {
    while from < to {
        let middle = from.midpoint(to);
        if holds(middle) {
            to = middle;
        } else {
            from = middle + 1;
        }
    }
    from
}

#[cfg(test)]
#[path = "window_tests.rs"]
mod tests;
