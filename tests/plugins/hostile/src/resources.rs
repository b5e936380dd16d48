//! Time, memory and stack without end.

use std::hint::black_box;
use std::time::{Duration, Instant};

use analyte_sdk::raw::analysis::{Outcome, Request};
use analyte_sdk::{Parameters as _, Result, job, parameters};

use crate::tables::report;

/// Roots and quotients take long and cost little fuel, so that the time limit or the caller ends the run, not the fuel.
fn work(value: f64) -> f64 {
    black_box((value + 1.0).sqrt() / 1.000_001)
}

/// Works for ever. Some minutes, that is, for the default fuel.
pub(crate) fn spin() -> ! {
    let mut value = 1.0;
    loop {
        value = work(value);
    }
}

/// Asks the host for ever, the same small thing each time.
pub(crate) fn chatter() -> ! {
    loop {
        black_box(job::attempt());
    }
}

/// Allocates for ever, and uses what it gets.
pub(crate) fn grow() -> ! {
    let mut hoard = Vec::new();
    loop {
        hoard.push(vec![1_u8; 1 << 20]);
        black_box(&hoard);
    }
}

/// Calls itself for ever.
pub(crate) fn recurse(request: &Request) -> Result<Outcome> {
    let depth = deeper(request.input.row_count);
    report(&[("depth", depth.to_string())])
}

#[inline(never)]
fn deeper(depth: u64) -> u64 {
    if depth == u64::MAX {
        return depth;
    }
    // Uses the result, so that it is no loop.
    deeper(depth + 1).rotate_left(1) ^ depth
}

#[expect(clippy::panic, reason = "what this model is for")]
pub(crate) fn panic() -> ! {
    panic!("this model panics on purpose")
}

/// The instruction of that name.
pub(crate) fn unreachable() -> ! {
    #[cfg(target_family = "wasm")]
    std::arch::wasm32::unreachable();
    #[cfg(not(target_family = "wasm"))]
    std::process::abort();
}

/// Sleeps for an hour.
pub(crate) fn sleep() -> Result<Outcome> {
    std::thread::sleep(Duration::from_hours(1));
    report(&[("slept", "an hour")])
}

/// What `slow` takes.
#[parameters]
pub(crate) struct Slow {
    /// How long to work.
    #[parameter(default = 1_000)]
    milliseconds: u32,
}

/// Works for a time, and says how far it is, some twenty times a second.
pub(crate) fn slow(request: &Request) -> Result<Outcome> {
    let Slow { milliseconds } = Slow::parse(&request.parameters)?;
    let (start, whole) = (Instant::now(), Duration::from_millis(u64::from(milliseconds)));
    let (mut next, mut value) = (Duration::ZERO, 1.0_f64);
    loop {
        let elapsed = start.elapsed();
        if elapsed >= whole {
            break;
        }
        if elapsed >= next {
            next = elapsed + Duration::from_millis(50);
            job::progress(elapsed.as_secs_f64() / whole.as_secs_f64(), format!("{} ms", elapsed.as_millis()));
        }
        for _ in 0..2_000 {
            value = work(value);
        }
    }
    job::progress(1.0, "done");
    report(&[("milliseconds", milliseconds.to_string())])
}
