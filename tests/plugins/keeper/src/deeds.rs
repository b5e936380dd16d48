//! What a run can do, one function for each deed that takes more than a line.

use std::cell::RefCell;
use std::hint::black_box;

use analyte_sdk::raw::model_files;
use analyte_sdk::raw::result_files::{self, FileError, ResultFile};
use analyte_sdk::{Error, Result, job, log, settings};

use crate::{Deed, Options};

thread_local! {
    static MEMORY: RefCell<Vec<Vec<u8>>> = const { RefCell::new(Vec::new()) };
    static FILES: RefCell<Vec<ResultFile>> = const { RefCell::new(Vec::new()) };
}

pub(crate) fn run(options: &Options, count: i64) -> Result<String> {
    match options.deed {
        Deed::Count | Deed::TwoRows => Ok(String::new()),
        Deed::Who => Ok(who()),
        Deed::Error => Err(error(count)),
        Deed::Panic => panics(),
        Deed::Spin => Ok(work(u64::MAX)),
        Deed::Work => Ok(work(options.number)),
        Deed::Grow => grow(usize::try_from(options.number)?),
        Deed::Ask => Ok(format!("{:?}", settings::get("never-granted"))),
        Deed::Log => Ok(fill_log(options.number)),
        Deed::Progress => Ok(progress(options.number)),
        Deed::Leave => Ok(leave(options.number)),
        Deed::Resume => Ok(resume()),
        Deed::Read => Ok(read(options.number, options.length)),
    }
}

fn who() -> String {
    let (job, task, attempt) = (job::id(), job::task_name(), job::attempt());
    let session = job::session().unwrap_or_else(|| "none".to_owned());
    format!("{job}/{task}/{attempt} in {session}, {} ms left", job::time_left().as_millis())
}

#[expect(clippy::print_stderr, reason = "what this deed is for")]
fn error(count: i64) -> Error {
    eprintln!("this is run {count}");
    Error::new("as-asked", "An error was asked for.")
}

#[expect(clippy::panic, reason = "what this deed is for")]
fn panics() -> ! {
    panic!("this deed panics on purpose")
}

/// Roots take long and cost little fuel.
fn work(rounds: u64) -> String {
    let mut value = 1.0_f64;
    for _ in 0..rounds {
        value = black_box((value + 1.0).sqrt());
    }
    format!("worked {rounds} rounds")
}

fn grow(bytes: usize) -> Result<String> {
    let mut more = Vec::new();
    more.try_reserve_exact(bytes).map_err(|error| Error::new("no-room", error.to_string()))?;
    more.resize(bytes, 1);
    let kept = MEMORY.with_borrow_mut(|memory| {
        memory.push(more);
        memory.iter().map(Vec::len).sum::<usize>()
    });
    Ok(format!("{kept} bytes kept"))
}

fn fill_log(lines: u64) -> String {
    for number in 0..lines {
        log::info(format!("{number:04} {}", "l".repeat(1_019)));
    }
    format!("{lines} lines written")
}

fn progress(times: u64) -> String {
    for _ in 0..times {
        job::progress(0.5, times.to_string());
    }
    format!("{times} times reported")
}

fn leave(files: u64) -> String {
    let mut answers = Vec::new();
    for number in 0..files {
        answers.push(match result_files::create(&format!("file-{number}"), "text/plain") {
            Ok(file) => {
                let written = shown(file.write(b"left behind;"));
                FILES.with_borrow_mut(|kept| kept.push(file));
                written
            }
            Err(error) => shown(Err(error)),
        });
    }
    answers.dedup();
    answers.join("\n")
}

fn resume() -> String {
    let mut kept = FILES.take().into_iter();
    let own = match result_files::create("file-0", "text/plain") {
        Ok(file) => file,
        Err(error) => return shown(Err(error)),
    };
    let mut answers = vec![shown(own.write(b"its own;"))];
    if let Some(old) = kept.next() {
        answers.push(shown(old.write(b"smuggled;")));
        answers.push(shown(ResultFile::finish(old)));
    }
    drop(kept);
    answers.push(shown(own.write(b"still its own;")));
    answers.push(shown(ResultFile::finish(own)));
    answers.join("\n")
}

fn shown(result: std::result::Result<(), FileError>) -> String {
    match result {
        Ok(()) => "fine".to_owned(),
        Err(error) => format!("{error:?}"),
    }
}

/// How many bytes came, and their sum.
pub(crate) fn read(offset: u64, length: u32) -> String {
    let bytes = model_files::read(offset, length);
    let sum: u64 = bytes.iter().map(|byte| u64::from(*byte)).sum();
    format!("{} bytes, sum {sum}", bytes.len())
}
