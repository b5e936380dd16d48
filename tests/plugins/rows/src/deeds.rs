//! What a run does beside doubling.

use std::hint::black_box;
use std::io::Write as _;

use analyte_sdk::prelude::*;

use crate::{Doubled, Options};

/// What a run can do.
#[parameters]
pub enum Deed {
    /// Nothing.
    Nothing,
    /// Reports an error that names the row, counted from 1.
    Error,
    /// Reports an error and logs a line that hide something and would turn a terminal around.
    Hide,
    /// Panics, naming the row.
    Panic,
    /// Works for ever.
    Spin,
    /// Works `number` rounds.
    Work,
    /// Needs `number` bytes.
    Grow,
    /// Warns `number` times, of nothing particular, and once more in the log.
    Warn,
    /// Adds a column.
    Add,
    /// Gives one row too few.
    Drop,
    /// Makes a result file.
    File,
    /// Writes a line of log for each row whose number is a multiple of `number`.
    Log,
    /// Says how far it is, at each row.
    Progress,
    /// Writes what the host says of the job to the log.
    Who,
}

/// Turned around, without width, and red.
const HIDDEN: &str = "it is \u{202e}eurt\u{202c} that\u{200b} \u{1b}[31mall is well\r!";

pub(crate) fn run(
    options: &Options,
    values: &Column<'_, f64>,
    place: usize,
    mut outcome: Outcome<Doubled>,
) -> Result<Outcome<Doubled>> {
    let row = place + 1;
    match options.deed {
        Deed::Nothing => {}
        Deed::Error => {
            return Err(Error::new("unwanted", format!("Row {row} is not wanted.")).detail("row", row));
        }
        Deed::Hide => {
            log::warn(HIDDEN);
            return Err(Error::new("hidden", HIDDEN));
        }
        Deed::Panic => panics(row),
        Deed::Spin => work(u64::MAX),
        Deed::Work => work(options.number),
        Deed::Grow => drop(black_box(vec![1_u8; usize::try_from(options.number)?])),
        Deed::Warn => {
            log::warn(format!("from row {row} on"));
            outcome = outcome.warn_all((0..options.number).map(|number| format!("This is warning {number}.")));
        }
        Deed::Add => outcome = outcome.add_column(NewColumn::of("added", values.iter())),
        Deed::Drop => {
            let rest = values.iter().skip(1).map(|value| Doubled { value, seen: 0 });
            return Ok(rest.collect());
        }
        Deed::File => {
            let mut file = ResultFile::create("report.txt", "text/plain")?;
            writeln!(file, "{} rows", values.len())?;
            file.finish()?;
        }
        Deed::Log => {
            for value in values.iter().flatten().filter(|value| value % (options.number as f64) == 0.0) {
                log::info(format!("at {value}"));
            }
        }
        Deed::Progress => {
            for row in 1..=values.len() {
                job::progress(row as f64 / values.len() as f64, format!("row {row}"));
            }
        }
        Deed::Who => {
            let (id, task, attempt) = (job::id(), job::task_name(), job::attempt());
            let fuel = job::fuel_left().div_ceil(1_000_000_000);
            log::info(format!("{id}/{task}/{attempt}, {fuel} billion units and {} s left", job::time_left().as_secs()));
        }
    }
    Ok(outcome)
}

#[expect(clippy::panic, reason = "what this deed is for")]
fn panics(row: usize) -> ! {
    panic!("row {row} makes this deed panic")
}

/// Roots take long and cost little fuel.
fn work(rounds: u64) {
    let mut value = 1.0_f64;
    for _ in 0..rounds {
        value = black_box((value + 1.0).sqrt());
    }
}
