//! What was measured against what was to be reached, and against what was held before.

use crate::goal::{Better, Thresholds};

/// A figure, and what it should be.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Measured {
    /// What goals.toml calls it.
    pub(crate) figure: &'static str,
    pub(crate) value: f64,
    pub(crate) goal: &'static Thresholds,
}

/// What a run can be held against.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Run {
    /// Few repetitions, or a build that is not optimised.
    Quick,
    /// All repetitions, on another machine than goals.toml is of.
    Elsewhere,
    /// All repetitions, on the machine that goals.toml is of.
    Here,
}

/// What became of the value that was held before.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Held {
    Yes,
    /// In words.
    No(String),
    /// This run says nothing of it.
    Unknown,
}

impl Measured {
    /// How far a figure is from what it should be: 1 or less where it is reached.
    fn missing(self, wanted: f64) -> f64 {
        match self.goal.better {
            Better::More => wanted / self.value,
            Better::Less => self.value / wanted,
        }
    }

    /// Whether the figure is no worse than the one that was held, but for noise. A value that is not a number is worse.
    pub(crate) fn held(self, run: Run) -> Held {
        let Thresholds { held, noise, ratio, quick, .. } = *self.goal;
        let noise = match run {
            Run::Quick => quick,
            Run::Elsewhere => ratio.then_some(noise),
            Run::Here => Some(noise),
        };
        let Some(noise) = noise else { return Held::Unknown };
        let missing = self.missing(held);
        if missing <= 1.0 + noise {
            return Held::Yes;
        }
        let (figure, value, percent) = (self.figure, self.value, noise * 100.0);
        Held::No(format!(
            "`{figure}`: {value:.3} is {missing:.2} times as bad as {held}, which was held; {percent:.0} % may be noise"
        ))
    }
}

/// `stretch` or `goal` where all figures reach it, else by how much the worst of them misses the goal; nothing where there
/// is nothing to reach.
pub(crate) fn verdict(figures: &[Measured]) -> String {
    let worst = |wanted: fn(&Thresholds) -> f64| {
        figures.iter().map(|figure| figure.missing(wanted(figure.goal))).fold(0.0, f64::max)
    };
    let (goal, stretch) = (worst(|goal| goal.goal), worst(|goal| goal.stretch));
    if figures.is_empty() {
        String::new()
    } else if stretch <= 1.0 {
        "stretch".to_owned()
    } else if goal <= 1.0 {
        "goal".to_owned()
    } else {
        format!("missed by {goal:.2}×")
    }
}
