//! What was measured against what was to be reached.

/// A figure, and what it should be.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Measured {
    pub(crate) value: f64,
    pub(crate) goal: f64,
    pub(crate) stretch: f64,
    pub(crate) better: Better,
}

/// Which way is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Better {
    /// A rate, or a share of another's.
    More,
    /// A time, or a multiple of another's.
    Less,
}

impl Measured {
    /// A figure that should be large.
    pub(crate) fn more(value: f64, goal: f64, stretch: f64) -> Self {
        Self { value, goal, stretch, better: Better::More }
    }

    /// A figure that should be small.
    pub(crate) fn less(value: f64, goal: f64, stretch: f64) -> Self {
        Self { value, goal, stretch, better: Better::Less }
    }

    /// How far a figure is from what it should be: 1 or less where it is reached.
    fn missing(self, wanted: f64) -> f64 {
        match self.better {
            Better::More => wanted / self.value,
            Better::Less => self.value / wanted,
        }
    }
}

/// `stretch` or `goal` where all figures reach it, else by how much the worst of them misses the goal; nothing where there
/// is nothing to reach.
pub(crate) fn verdict(figures: &[Measured]) -> String {
    let worst =
        |wanted: fn(&Measured) -> f64| figures.iter().map(|figure| figure.missing(wanted(figure))).fold(0.0, f64::max);
    let (goal, stretch) = (worst(|figure| figure.goal), worst(|figure| figure.stretch));
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
