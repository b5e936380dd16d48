//! What the program logs of its own work: one line each, to stderr.

use std::io::{self, IsTerminal as _, Write, stderr};

use analyte_core::visible::hides;
use tracing_subscriber::EnvFilter;

/// Logs as `ANALYTE_LOG` says, else `RUST_LOG`, else at this level.
pub(crate) fn start(usual: &str) {
    let asked =
        ["ANALYTE_LOG", "RUST_LOG"].iter().find_map(|name| std::env::var(name).ok().filter(|text| !text.is_empty()));
    let wrong = asked.as_deref().and_then(|text| EnvFilter::try_new(text).err());
    let filter = match (asked, &wrong) {
        (Some(text), None) => EnvFilter::new(text),
        _ => EnvFilter::new(usual),
    };
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(|| Shown(stderr()))
        .with_ansi(stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none())
        .with_target(false)
        .finish();
    // Fails only where one was set before, and nothing else sets one.
    drop(tracing::subscriber::set_global_default(subscriber));
    if let Some(wrong) = wrong {
        tracing::warn!("ANALYTE_LOG or RUST_LOG cannot be read and is passed over: {wrong}");
    }
}

/// Shows what hides in a line: lines quote components and clients.
struct Shown<W>(W);

impl<W: Write> Write for Shown<W> {
    /// A line comes in one piece.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        // The colours of the line itself; the library escapes those in what is quoted.
        const COLOURS: char = '\u{1b}';
        let text = String::from_utf8_lossy(line);
        if text.chars().any(|c| hides(c) && c != COLOURS) {
            let mut shown = String::with_capacity(text.len());
            for c in text.chars() {
                if hides(c) && c != COLOURS { shown.extend(c.escape_unicode()) } else { shown.push(c) }
            }
            self.0.write_all(shown.as_bytes())?;
        } else {
            self.0.write_all(line)?;
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_quoted_in_a_line_hides_nothing() {
        let mut kept = Vec::new();
        let written = Shown(&mut kept).write_all("INFO a\u{202e}b \u{1b}[0mc\n".as_bytes());
        assert!(written.is_ok());
        assert_eq!(String::from_utf8_lossy(&kept), "INFO a\\u{202e}b \u{1b}[0mc\n");
    }
}
