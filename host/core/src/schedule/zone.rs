//! Time zones, from a database that is part of the program, so that a machine's own does not matter.

use std::sync::LazyLock;

use jiff::Timestamp;
use jiff::tz::{TimeZone, TimeZoneDatabase};

static ZONES: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);

/// The time zone of this name, in any case; `None`: there is none.
pub(super) fn named(name: &str) -> Option<TimeZone> {
    ZONES.get(name).ok()
}

/// A stretch of time in which a zone's wall clock keeps the same distance to UTC. All figures are seconds.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stretch {
    /// The wall clock, less UTC.
    pub(super) offset: i64,
    /// The wall clock at which the stretch before this one ended; `None`: there is none before it.
    pub(super) before: Option<i64>,
    /// The first second of the next stretch, in UTC; `None`: there is none.
    pub(super) end: Option<i64>,
}

impl Stretch {
    /// The stretch that this second of UTC is in; `None`: beyond the years that time zones are known for.
    pub(super) fn at(zone: &TimeZone, second: i64) -> Option<Self> {
        let offset = |second: i64| Some(i64::from(zone.to_offset(Timestamp::from_second(second).ok()?).seconds()));
        let began = zone.preceding(Timestamp::from_second(second + 1).ok()?).next();
        let began = began.map(|change| change.timestamp().as_second());
        let before = match began {
            Some(began) => Some(began + offset(began - 1)?),
            None => None,
        };
        let end = zone.following(Timestamp::from_second(second).ok()?).next();
        Some(Self { offset: offset(second)?, before, end: end.map(|change| change.timestamp().as_second()) })
    }
}
