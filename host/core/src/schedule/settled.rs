//! Which fire times of a schedule are settled: they fired, or it was decided that they would not, and they never fire again.
//!
//! What is remembered is spans of time, not single fire times, so it has a fixed size. As a rule there is one span, which grows
//! with each firing. Where fire times were missed because the clock leapt forward, a new span begins and the missed ones lie
//! in the gap. Should the clock then turn out to have been wrong and be set back, the schedule goes on from the earlier span:
//! what fired never fires again, what did not may.

use serde::{Deserialize, Serialize};

use crate::timestamp::Timestamp;

/// Most spans that are kept. Where there would be more, the two with the smallest gap become one.
const SPANS: usize = 4;

/// The fire times after `from`, up to and with `to`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    /// Not among them.
    pub from: Timestamp,
    /// Among them, if it is one.
    pub to: Timestamp,
}

impl Span {
    /// From which on something fires, with no fire time settled.
    pub fn mark(at: Timestamp) -> Self {
        Self { from: at, to: at }
    }

    /// Just this fire time.
    pub fn only(fire_time: Timestamp) -> Self {
        Self { from: Timestamp(fire_time.0.saturating_sub(1)), to: fire_time }
    }
}

/// The settled fire times of one schedule.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Settled {
    /// In order, with a gap between each two.
    spans: Vec<Span>,
}

impl Settled {
    /// Whether a fire time is settled.
    pub fn contains(&self, fire_time: Timestamp) -> bool {
        self.spans.iter().any(|span| span.from < fire_time && fire_time <= span.to)
    }

    /// After which time a schedule goes on when it is `now`: the end of the last span that has begun.
    pub fn cursor(&self, now: Timestamp) -> Timestamp {
        self.spans.iter().rev().find(|span| span.from <= now).map_or(now, |span| span.to)
    }

    /// Settles the fire times of a span.
    pub fn settle(&mut self, span: Span) {
        self.spans.push(span);
        self.spans.sort_by_key(|span| (span.from, span.to));
        let mut spans: Vec<Span> = Vec::with_capacity(self.spans.len());
        for span in self.spans.drain(..) {
            match spans.last_mut().filter(|last| span.from <= last.to) {
                Some(last) => last.to = last.to.max(span.to),
                None => spans.push(span),
            }
        }
        while spans.len() > SPANS {
            let gaps = spans.windows(2).enumerate().filter_map(|(at, pair)| match pair {
                [one, next] => Some((next.from.ms_since(one.to), at)),
                _ => None,
            });
            let Some((_, smallest)) = gaps.min() else { break };
            let next = spans.remove(smallest + 1);
            if let Some(span) = spans.get_mut(smallest) {
                span.to = next.to;
            }
        }
        self.spans = spans;
    }
}
