//! Stateful sessions: the jobs of one HTTP session on one provider run in one instance, one after the other.

pub(super) mod end;
pub(super) mod is_active;
pub(super) mod start;
