//! More of everything than anybody wants.

use analyte_sdk::raw::analysis::Outcome;
use analyte_sdk::raw::result_files::{self, ResultFile};
use analyte_sdk::{Result, job, log};

use crate::tables::report;

/// 2,000 lines of one kilobyte, then one of a megabyte, with control characters.
pub(crate) fn log() -> Result<Outcome> {
    for number in 0..2_000 {
        log::info(format!("{number:04} {}", "l".repeat(1_019)));
    }
    log::error(format!("\u{1b}[31m\r\n\0{}", "L".repeat(1 << 20)));
    report(&[("log", "flooded")])
}

/// A megabyte to stderr, with an end that a test recognises.
#[expect(clippy::print_stderr, reason = "what this model is for")]
pub(crate) fn stderr() -> Result<Outcome> {
    for number in 0..1_024 {
        eprintln!("{number:04} {}", "e".repeat(1_018));
    }
    eprintln!("the last line");
    report(&[("stderr", "flooded")])
}

/// 100,000 reports, some of them nonsense.
pub(crate) fn progress() -> Result<Outcome> {
    let long = "p".repeat(100_000);
    for number in 0..100_000_u32 {
        let fraction = match number % 4 {
            0 => f64::NAN,
            1 => f64::NEG_INFINITY,
            2 => 2.0,
            _ => f64::from(number) / 100_000.0,
        };
        job::progress(fraction, if number % 1_000 == 0 { &long } else { "on" });
    }
    job::progress(1.0, "the last report");
    report(&[("progress", "flooded")])
}

/// Makes files until the host refuses one, and reports the refusal.
pub(crate) fn many_files() -> Result<Outcome> {
    for number in 0..100_000 {
        let made = result_files::create(&format!("file-{number}"), "text/plain").and_then(|file| {
            file.write(b"content")?;
            ResultFile::finish(file)
        });
        if let Err(error) = made {
            return report(&[("files", number.to_string()), ("refused", format!("{error:?}"))]);
        }
    }
    report(&[("files", "100000"), ("refused", "never")])
}

/// Writes one file until the host refuses more, and reports the refusal. Never finishes the file.
pub(crate) fn big_file() -> Result<Outcome> {
    let file = match result_files::create("big", "application/octet-stream") {
        Ok(file) => file,
        Err(error) => return report(&[("megabytes", "0".to_owned()), ("refused", format!("{error:?}"))]),
    };
    let megabyte = vec![0; 1 << 20];
    for number in 0..100_000 {
        if let Err(error) = file.write(&megabyte) {
            return report(&[("megabytes", number.to_string()), ("refused", format!("{error:?}"))]);
        }
    }
    report(&[("megabytes", "100000"), ("refused", "never")])
}

/// Tries names that lead elsewhere, and reports the host's answer to each.
pub(crate) fn bad_file_name() -> Result<Outcome> {
    let long = "n".repeat(129);
    let rows: Vec<(&str, String)> = ["", ".", "..", "../up", "/etc/passwd", "a/b", "a\\b", "a\0b", "-a", &long]
        .into_iter()
        .map(|name| {
            let answer = match result_files::create(name, "text/plain") {
                Ok(_) => "made".to_owned(),
                Err(error) => format!("{error:?}"),
            };
            (name, answer)
        })
        .collect();
    report(&rows)
}
