//! How far a manager is on its way to its end.

/// How far the end is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Phase {
    /// Not at all.
    Working,
    /// Nothing new starts; what runs may go on for a while.
    Draining,
    /// What still runs is stopped.
    Stopping,
}
