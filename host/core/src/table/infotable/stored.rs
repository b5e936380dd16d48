//! What becomes of a value of a base type that is kept as JSON text.

/// What is kept of a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Stored {
    Unset,
    /// The JSON as it came.
    AsGiven,
    /// This JSON instead.
    As(String),
}

/// Why a value was not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Wrong {
    /// It is nothing of this kind.
    Type,
    /// It is, but for this.
    Because(String),
    /// It would grow too large.
    TooMuch,
}
