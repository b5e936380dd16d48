//! How a command reports a failure to people: what happened in one line, what is known about it, what to do next.

use std::fmt;
use std::io::Write as _;

use analyte_core::failure::Failure;
use analyte_core::job::Usage;
use analyte_core::table::problem::ReadError;
use analyte_core::visible::visible;
use analyte_engine::error::Refused;

/// A failure with all that is to be said about it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Report {
    /// What happened.
    pub(crate) message: String,
    /// What is known about it, a line each.
    pub(crate) facts: Vec<String>,
    /// What to do next.
    pub(crate) hint: Option<String>,
}

impl Report {
    /// With nothing but what happened.
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), ..Self::default() }
    }

    /// With one more thing that is known.
    #[must_use]
    pub(crate) fn fact(mut self, fact: impl Into<String>) -> Self {
        self.facts.push(fact.into());
        self
    }

    /// With what to do next.
    #[must_use]
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The report of a run that failed.
    pub(crate) fn failure(failure: &Failure) -> Self {
        let mut report = Self::new(failure.to_string());
        for (name, value) in &failure.details {
            report = report.fact(format!("{name}: {value}"));
        }
        let said_already = |cause: &&String| failure.message.contains(*cause) || failure.trap.as_ref() == Some(*cause);
        for cause in failure.causes.iter().filter(|cause| !said_already(cause)) {
            report = report.fact(format!("because: {cause}"));
        }
        if let Some(trap) = &failure.trap {
            report = report.fact(format!("trap: {trap}"));
        }
        if !failure.frames.is_empty() {
            report = report.fact("in, innermost first:");
            report.facts.extend(failure.frames.iter().map(|frame| format!("  {frame}")));
        }
        if !failure.stderr.is_empty() {
            report = report.fact("the end of what the component wrote to stdout and stderr:");
            report.facts.extend(failure.stderr.lines().map(|line| format!("  {line}")));
        }
        report.hint.clone_from(&failure.hint);
        report
    }

    /// All of it, as text; ends its last line.
    pub(crate) fn text(&self) -> String {
        let facts = self.facts.iter().map(|fact| format!("  {fact}"));
        let hint = self.hint.iter().map(|hint| format!("hint: {hint}"));
        lines(std::iter::once(self.message.clone()).chain(facts).chain(hint))
    }

    /// With what a run cost.
    #[must_use]
    pub(crate) fn usage(self, usage: Usage) -> Self {
        self.fact(format!(
            "used: {} units of fuel, {} bytes of memory at the peak",
            grouped(usage.fuel),
            grouped(usage.peak_memory_bytes)
        ))
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}
impl std::error::Error for Report {}

impl From<Refused> for Report {
    fn from(refused: Refused) -> Self {
        let facts = refused.causes.iter().map(|cause| format!("because: {cause}")).collect();
        Self { message: format!("{}: {}", refused.code, refused.message), facts, hint: None }
    }
}

impl From<ReadError> for Report {
    fn from(error: ReadError) -> Self {
        let facts = match error.problems.len() {
            // The only one is the message already.
            0 | 1 => Vec::new(),
            _ => error.problems.iter().map(ToString::to_string).collect(),
        };
        Self { message: format!("{}: {}", error.code, error.message), facts, hint: None }
    }
}

/// Writes a failure to stderr.
pub(crate) fn error(error: &anyhow::Error) {
    let report = if let Some(report) = error.downcast_ref::<Report>() {
        report.text()
    } else {
        let causes = error.chain().skip(1).map(|cause| format!("  because: {cause}"));
        lines(std::iter::once(error.to_string()).chain(causes))
    };
    write(&format!("error: {report}"));
}

fn lines(lines: impl Iterator<Item = String>) -> String {
    lines.map(|line| printable(line.trim_end()) + "\n").collect()
}

/// Says one thing on stderr, for instance how far the work is.
pub(crate) fn line(text: &str) {
    write(&format!("{}\n", printable(text)));
}

/// Says something that the user should know although the work goes on.
pub(crate) fn warning(text: &str) {
    line(&format!("warning: {text}"));
}

fn write(text: &str) {
    // A user who closed stderr does not want to know.
    drop(std::io::stderr().lock().write_all(text.as_bytes()));
}

/// Texts of components and servers must not steer the terminal, nor hide what they say.
pub(crate) fn printable(text: &str) -> String {
    visible(text).into_owned()
}

/// `1234567` as `1,234,567`.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_by_thousands() {
        let cases = [(0, "0"), (999, "999"), (1_000, "1,000"), (123_456, "123,456"), (1_234_567, "1,234,567")];
        for (number, text) in cases {
            assert_eq!(grouped(number), text);
        }
    }

    #[test]
    fn nothing_steers_the_terminal() {
        assert_eq!(
            printable("a\u{1b}[2Jb\r\n\tc\u{9b}\u{202e}"),
            r"a\u{1b}[2Jb\u{d}".to_owned() + "\n\tc\\u{9b}\\u{202e}"
        );
    }
}
