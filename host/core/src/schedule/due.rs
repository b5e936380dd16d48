//! What a schedule has to do now: a pure function of its fire times, of what is settled, and of the time it is.

use super::settled::{Settled, Span};
use super::times::Times;
use super::when::CatchUp;
use crate::timestamp::Timestamp;

/// A fire time that passed less than this many milliseconds ago is on time: a server that was restarted, or that had much
/// to do, has not missed it.
pub const ON_TIME_MS: u64 = 30_000;

/// What is due.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Due {
    /// Fire times that passed and are not made up for, the first and the last; `None`: there are none.
    pub missed: Option<(Timestamp, Timestamp)>,
    /// Fire times that fire now, in order, each with what is settled when it has fired.
    pub fire: Vec<(Timestamp, Span)>,
}

/// What of the fire times up to `now` is to fire, and what was missed; `None`: nothing is due. Of those that are made up for,
/// the last `most` count.
pub fn due(times: &Times, settled: &Settled, now: Timestamp, catch_up: CatchUp, most: u64) -> Option<Due> {
    let from = settled.cursor(now);
    let first = times.next_after(from).filter(|first| *first <= now)?;
    let mut newest_first = Vec::new();
    let mut last = times.last_within(from, now);
    while let Some(at) = last {
        let late = now.ms_since(at);
        let fires = match catch_up {
            CatchUp::None => newest_first.is_empty() && late < ON_TIME_MS,
            CatchUp::One => newest_first.is_empty(),
            CatchUp::All { window_ms } => {
                (newest_first.len() as u64) < most.max(1) && late <= window_ms.max(ON_TIME_MS)
            }
        };
        if !fires {
            break;
        }
        newest_first.push(at);
        last = times.last_within(from, Timestamp(at.0.saturating_sub(1)));
    }
    let missed = last.map(|last| (first, last));
    // What was missed is not settled, see [`Settled`].
    let mut after = if missed.is_none() { Some(from) } else { None };
    let fire = newest_first.into_iter().rev().map(|at| {
        let span = after.map_or(Span::only(at), |from| Span { from, to: at });
        after = Some(at);
        (at, span)
    });
    Some(Due { missed, fire: fire.collect() })
}
