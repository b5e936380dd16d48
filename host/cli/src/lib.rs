//! What the binary `analyte` does: the server, and every command of a person or a script.
//!
//! Results go to stdout and nothing else does, all other text goes to stderr, and [`output::report`] prints every failure in
//! the same form. A command ends with 0 where it did what the user asked, 1 where the job or the call failed, 2 where the
//! user called it wrongly.
//!
//! Each folder imports only from those that stand below it here; a test holds that.

mod commands;

mod server;

mod local;

mod client;

mod arguments;

mod config;

mod folders;

mod output;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser;

use commands::Command;
use output::{logging, report, stdout};

/// Runs analyses it does not trust: WebAssembly providers, metered by fuel, bounded in memory and time.
#[derive(Parser)]
#[command(name = "analyte", version, max_term_width = 120, propagate_version = true, after_help = EXIT_CODES)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

const EXIT_CODES: &str = "Exit codes: 0 done, 1 the job or the call failed, 2 wrong usage.\n\
    Results go to stdout, everything else to stderr. ANALYTE_LOG (or RUST_LOG) sets what is logged, for instance `debug`.";

/// Runs what the command line of this process asks for.
pub fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1);
    if arguments.next().is_some_and(|first| first == analyte_engine::compiler::CHILD_COMMAND) {
        return compile(&arguments.collect::<Vec<_>>());
    }
    let command = Cli::parse().command;
    logging::start(command.usual_log_level());
    match command.run() {
        Ok(()) => ExitCode::SUCCESS,
        // `analyte … | head` has seen enough.
        Err(error) if error.is::<stdout::ReaderGone>() => ExitCode::SUCCESS,
        Err(error) => {
            report::error(&error);
            ExitCode::FAILURE
        }
    }
}

/// What this program does as the engine's compiling child: nothing but that, under limits that it sets itself.
fn compile(arguments: &[OsString]) -> ExitCode {
    match analyte_engine::compiler::child(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(line) => {
            report::line(&line);
            ExitCode::FAILURE
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        use clap::CommandFactory as _;
        Cli::command().debug_assert();
    }
}
