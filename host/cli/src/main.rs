//! The binary `analyte`.

use std::process::ExitCode;

use mimalloc::MiMalloc;

/// A fifth of a short call's time went to the system's allocator, whose locks all threads share.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    analyte::main()
}
