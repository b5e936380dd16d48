//! What a benchmark is asked on its command line.

#![expect(clippy::expect_used, clippy::panic, reason = "a benchmark fails by panicking")]

/// What is asked.
#[derive(Debug)]
pub struct Asked {
    /// Few repetitions: outside `cargo bench`, or where the command line says `--quick`. Shows that all works, not how
    /// fast.
    pub quick: bool,
    words: Vec<String>,
}

/// Options with a value, ours and those of `cargo test` for the tests beside which a benchmark runs.
const WITH_VALUES: [&str; 8] =
    ["--only", "--jobs", "--plot", "--skip", "--test-threads", "--format", "--color", "--logfile"];

impl Asked {
    /// Of the benchmark of this name; `None` where others are asked for, as `cargo test NAME` does.
    pub fn of(name: &str) -> Option<Self> {
        let words: Vec<String> = std::env::args().skip(1).collect();
        let says = |option: &str| words.iter().any(|word| word == option);
        let quick = !says("--bench") || says("--quick");
        let value =
            |place: usize| words.get(place.wrapping_sub(1)).is_some_and(|word| WITH_VALUES.contains(&word.as_str()));
        let filters = words.iter().enumerate().filter(|(place, word)| !word.starts_with('-') && !value(*place));
        let filters: Vec<&String> = filters.map(|(_, filter)| filter).collect();
        let another = !filters.is_empty() && !filters.iter().any(|filter| name.contains(filter.as_str()));
        let asked = !(says("--list") || says("--ignored") || another);
        asked.then_some(Self { quick, words })
    }

    /// The first when little is to be done, else the second.
    pub fn pick<T>(&self, quick: T, full: T) -> T {
        if self.quick { quick } else { full }
    }

    /// The number that `--jobs` says, if it is there.
    pub fn jobs(&self) -> Option<usize> {
        self.value("--jobs").map(|number| number.parse().expect("`--jobs` is a number"))
    }

    /// Those of these parts that `--only` names, in its order; all of them without it.
    pub fn only<T: Copy>(&self, parts: &[(&'static str, T)]) -> Vec<(&'static str, T)> {
        let Some(only) = self.value("--only") else { return parts.to_vec() };
        let known = |name: &str| parts.iter().copied().find(|(known, _)| *known == name);
        let names = || parts.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
        only.split(',')
            .map(|name| known(name).unwrap_or_else(|| panic!("there is no `{name}`, but {}", names())))
            .collect()
    }

    /// The value of an option.
    pub fn value(&self, option: &str) -> Option<&str> {
        let place = self.words.iter().position(|word| word == option)?;
        self.words.get(place + 1).map(String::as_str)
    }
}
