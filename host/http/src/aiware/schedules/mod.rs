//! Scheduled jobs: what clients of the product call a schedule, from and to a native one.
//!
//! A scheduled job is a native schedule and nothing beside it. Its run mode is read from the schedule's rule: parts of a
//! timetable, an expression and an interval are `recurring`; once is `now` until its job has ended, then `once`; one job after
//! the other is `continuous`; by hand is `once`. Parts that the mode does not use are the rule that the schedule has set
//! aside. Its short number and its UUID are those of the schedule, and either is taken everywhere.
//!
//! Nothing here knows the bodies of a surface: calls over REST and others say what they want in [`asked`].

pub(crate) mod asked;
pub(crate) mod change;
pub(crate) mod find;
pub(crate) mod mode;
pub(crate) mod part;
pub(crate) mod scheduled_job;
