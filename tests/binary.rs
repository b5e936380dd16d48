//! The binary `analyte` under another name, so that cargo builds it with the tests: each test runs the code beside it.

use std::process::ExitCode;

use mimalloc::MiMalloc;

/// A fifth of a short call's time went to the system's allocator, whose locks all threads share.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    analyte::main()
}
