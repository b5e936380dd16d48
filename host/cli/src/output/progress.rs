//! How far long work is: a moving line on a terminal, plain lines elsewhere.
//!
//! Everything goes to stderr. Elsewhere a line is written when the words change or another tenth is done, so that a log
//! file stays short.

use std::io::{IsTerminal as _, stderr};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use parking_lot::Mutex;

use super::report::{self, printable};

const BAR: &str = "{bar:30} {percent:>3} % {elapsed} {wide_msg}";
const SPINNER: &str = "{spinner} {elapsed} {wide_msg}";
const STEPS: u64 = 1_000;
/// Longest words about progress, in characters.
const WORDS: usize = 200;

/// One piece of long work.
pub(crate) struct Progress {
    /// On a terminal.
    bar: Option<ProgressBar>,
    /// Elsewhere: the tenths and words that were written last.
    written: Mutex<Option<(u8, String)>>,
}

impl Progress {
    /// Begins; on a terminal these words are shown until there is more to tell.
    pub(crate) fn begin(words: &str) -> Self {
        let bar = stderr().is_terminal().then(|| {
            let bar = ProgressBar::new(STEPS);
            bar.set_style(style(SPINNER));
            bar.set_message(printable(words));
            bar.enable_steady_tick(Duration::from_millis(120));
            bar
        });
        Self { bar, written: Mutex::new(None) }
    }

    /// Says what the command does now. Only a terminal shows these words, since they soon pass.
    pub(crate) fn now(&self, words: &str) {
        if let Some(bar) = &self.bar {
            bar.set_message(printable(words).replace('\n', " "));
        }
    }

    /// Says which part of the work is done, from 0 to 1.
    pub(crate) fn fraction(&self, fraction: f64, words: &str) {
        // Room for what matters, whatever a component says.
        let words: &str = &words.chars().take(WORDS).collect::<String>();
        let fraction = if fraction.is_finite() { fraction.clamp(0.0, 1.0) } else { 0.0 };
        if let Some(bar) = &self.bar {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 0 to 1,000")]
            bar.set_position((fraction * STEPS as f64) as u64);
            bar.set_style(style(BAR));
            bar.set_message(printable(words).replace('\n', " "));
            return;
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 0 to 10")]
        let new = ((fraction * 10.0) as u8, words.to_owned());
        let mut written = self.written.lock();
        if written.as_ref() != Some(&new) {
            report::line(format!("{:3.0} % {words}", fraction * 100.0).trim_end());
            *written = Some(new);
        }
    }

    /// A line that stays, for instance of a log.
    pub(crate) fn line(&self, text: &str) {
        match &self.bar {
            Some(bar) => bar.suspend(|| report::line(text)),
            None => report::line(text),
        }
    }

    /// Ends; on a terminal the moving line goes away.
    pub(crate) fn end(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.end();
    }
}

fn style(template: &str) -> ProgressStyle {
    // The templates above are right; a wrong one would only look plainer.
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}
