//! What must not be lost: kill -9, power loss, full and failing disks, histories of many clients held against the rules.
//!
//! Random runs name their seed. They are short here; ANALYTE_CRASH_ROUNDS and ANALYTE_POWER_CUTS make them long.

mod crash;
mod disk;
mod graphs;
mod history;
mod power;
mod recovery;
mod schedules;
mod webhooks;
