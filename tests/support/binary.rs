//! The binary, as a person or a script runs it.

use std::ffi::OsStr;
use std::io::Write as _;
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use super::{ok, repository, temporary};

/// What a command did.
#[derive(Debug, PartialEq, Eq)]
pub struct Said {
    /// Exit code; -1 for a signal.
    pub code: i32,
    /// Bytes on stdout.
    pub stdout: Vec<u8>,
    /// Text on stderr.
    pub stderr: String,
}

impl Said {
    /// Stdout as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.stdout).into_owned()
    }

    /// All that a person sees, for comparing.
    pub fn transcript(&self) -> String {
        format!("exit code {}\n--- stdout\n{}--- stderr\n{}", self.code, self.text(), self.stderr)
    }

    /// The bytes on stdout of a command that must have succeeded.
    pub fn succeeded(self) -> Vec<u8> {
        assert_eq!(self.code, 0, "{}", self.transcript());
        self.stdout
    }
}

/// Where the binary is. Cargo builds it with these tests, and so a test never runs one that was built before: it is
/// `analyte` in all but its name.
pub fn program() -> PathBuf {
    let test = ok(std::env::current_exe(), "the path of this test");
    let folder = test.ancestors().nth(2).unwrap_or_else(|| panic!("{} is not in PROFILE/deps", test.display()));
    folder.join("analyte-under-test")
}

/// The binary in the repository's root, untouched by the settings of the person who runs the tests, with compiled code
/// in a folder of the tests.
pub fn command() -> Command {
    let mut command = Command::new(program());
    // What it calls itself in its help.
    command.arg0("analyte");
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(|name| name.starts_with("ANALYTE_") || name == "RUST_LOG") {
            command.env_remove(name);
        }
    }
    command.env("XDG_CACHE_HOME", cache()).current_dir(repository()).stdin(Stdio::null());
    command
}

/// Runs the binary to its end.
pub fn analyte<A: AsRef<OsStr>>(arguments: impl IntoIterator<Item = A>) -> Said {
    finish(command().args(arguments), b"")
}

/// Runs the binary to its end with something on stdin.
pub fn analyte_with_stdin<A: AsRef<OsStr>>(arguments: impl IntoIterator<Item = A>, stdin: &[u8]) -> Said {
    finish(command().args(arguments), stdin)
}

/// Runs a prepared command to its end.
pub fn finish(command: &mut Command, stdin: &[u8]) -> Said {
    let running = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let mut running = ok(running, "starting the binary");
    let mut pipe = running.stdin.take();
    let given = stdin.to_vec();
    let writer = std::thread::spawn(move || {
        // A command that fails early does not read all of it.
        drop(pipe.as_mut().map(|pipe| pipe.write_all(&given)));
    });
    let output = ok(running.wait_with_output(), "watching the binary");
    ok(writer.join(), "writing to stdin");
    Said {
        code: output.status.code().unwrap_or(-1),
        stdout: output.stdout,
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

fn cache() -> PathBuf {
    temporary().join("cache")
}
