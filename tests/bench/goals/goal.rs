//! What each figure should be: `tests/bench/goals.toml`.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

use crate::verdict::Measured;
use support::bench::machine;

/// What the file says.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    machine: Machine,
    figures: BTreeMap<String, Thresholds>,
}

/// Where the held values were measured.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Machine {
    cores: usize,
    processor: String,
}

/// What one figure should be.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Thresholds {
    pub(crate) better: Better,
    pub(crate) goal: f64,
    pub(crate) stretch: f64,
    /// What was measured last.
    pub(crate) held: f64,
    /// By which share a full run may be worse than that.
    pub(crate) noise: f64,
    /// Whether it was measured against something else in the same run.
    #[serde(default)]
    pub(crate) ratio: bool,
    /// By which share a quick run may be worse; `None`: a quick run says nothing of it.
    #[serde(default)]
    pub(crate) quick: Option<f64>,
}

/// Which way is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Better {
    /// A rate, or a share of another's.
    More,
    /// A time, or a multiple of another's.
    Less,
}

static FILE: LazyLock<File> = LazyLock::new(|| toml::from_str(include_str!("../goals.toml")).expect("goals.toml"));

/// Of this figure.
pub(crate) fn goal(figure: &str) -> &'static Thresholds {
    FILE.figures.get(figure).unwrap_or_else(|| panic!("goals.toml has no figure `{figure}`"))
}

/// Every figure that the file has.
pub(crate) fn all() -> impl Iterator<Item = &'static str> {
    FILE.figures.keys().map(String::as_str)
}

/// Whether this is the machine on which the held values were measured, as far as can be seen.
pub(crate) fn is_its_machine() -> bool {
    let Machine { cores, processor } = &FILE.machine;
    (machine::cores(), machine::processor()) == (*cores, processor.clone())
}

/// A figure that was measured, with what it should be.
pub(crate) fn measured(figure: &str, value: f64) -> Measured {
    let (figure, goal) =
        FILE.figures.get_key_value(figure).unwrap_or_else(|| panic!("goals.toml has no figure `{figure}`"));
    Measured { figure, value, goal }
}
