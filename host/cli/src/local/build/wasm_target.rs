//! The Rust target that plugins are built for: added where it is missing.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result};

use crate::output::report::{self, Report};

/// The target of Rust plugins: its linker makes components.
pub(crate) const TARGET: &str = "wasm32-wasip2";

/// Makes sure that the toolchain in use in this folder can build for [`TARGET`]; adds it with rustup where it is missing,
/// and says so.
pub(crate) fn ensure(folder: &Path) -> Result<()> {
    if installed(folder)? {
        return Ok(());
    }
    report::line(&format!("the Rust target {TARGET} is missing: adding it with `rustup target add {TARGET}`"));
    let added = Command::new("rustup")
        .args(["target", "add", TARGET])
        .current_dir(folder)
        .stdin(Stdio::null())
        // stdout is for results.
        .stdout(Stdio::null())
        .status();
    match added {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(Report::new(format!("`rustup target add {TARGET}` failed ({status})"))
            .hint("rustup says above what went wrong; the target is downloaded, so it needs a network once")
            .into()),
        Err(error) if error.kind() == ErrorKind::NotFound => Err(no_rustup()),
        Err(error) => Err(error).context("rustup cannot be started"),
    }
}

/// Whether the standard library for the target is there.
fn installed(folder: &Path) -> Result<bool> {
    let asked = Command::new("rustc")
        .args(["--print", "target-libdir", "--target", TARGET])
        .current_dir(folder)
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output();
    match asked {
        Ok(output) if output.status.success() => {
            Ok(PathBuf::from(String::from_utf8_lossy(&output.stdout).trim()).exists())
        }
        Ok(output) => {
            Err(Report::new(format!("`rustc --print target-libdir --target {TARGET}` failed ({})", output.status))
                .hint(format!("plugins need Rust 1.82 or later, which knows the target {TARGET}: `rustup update`"))
                .into())
        }
        Err(error) if error.kind() == ErrorKind::NotFound => {
            Err(Report::new("there is no Rust compiler (`rustc`) here")
                .hint("install Rust with rustup, as https://rustup.rs says, and try again")
                .into())
        }
        Err(error) => Err(error).context("rustc cannot be started"),
    }
}

fn no_rustup() -> anyhow::Error {
    Report::new(format!("the Rust target {TARGET} is missing, and there is no rustup to add it with"))
        .hint(format!(
            "install Rust with rustup, as https://rustup.rs says; where Rust comes from elsewhere, add its standard \
             library for {TARGET} the way it is done there"
        ))
        .into()
}
