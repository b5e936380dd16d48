//! What a row of the table says.

use crate::verdict::{Measured, verdict};

/// Lines of the table, and what is in their figures.
#[derive(Debug)]
pub(crate) struct Report {
    pub(crate) lines: Vec<Line>,
    /// What was measured, from when to when, with which settings.
    pub(crate) note: String,
}

/// One line of the table.
#[derive(Debug)]
pub(crate) struct Line {
    pub(crate) what: String,
    /// In words; empty where the line stands beside one with a goal.
    pub(crate) goal: String,
    pub(crate) stretch: String,
    pub(crate) measured: String,
    /// What the goal asks of which figure.
    pub(crate) figures: Vec<Measured>,
}

impl Line {
    /// A line without a goal of its own.
    pub(crate) fn beside(what: impl Into<String>, measured: String) -> Self {
        Self { what: what.into(), goal: String::new(), stretch: String::new(), measured, figures: Vec::new() }
    }
}

/// The head of the table.
pub(crate) fn head() {
    println!("| what | goal | stretch | measured | verdict |\n| --- | --- | --- | --- | --- |");
}

impl Report {
    /// The lines, as soon as they are known.
    pub(crate) fn print(&self) {
        for Line { what, goal, stretch, measured, figures } in &self.lines {
            // What is not optimised was not meant to reach anything.
            let verdict = if cfg!(debug_assertions) { String::new() } else { verdict(figures) };
            println!("| {what} | {goal} | {stretch} | {measured} | {verdict} |");
        }
    }
}
