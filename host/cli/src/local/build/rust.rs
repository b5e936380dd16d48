//! Rust plugins are built by cargo. All settings are given on the command line, so that an author's own package needs
//! none of them.

use std::io::{BufRead as _, BufReader, ErrorKind};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result};
use serde::Deserialize;

use super::wasm_target::{self, TARGET};
use crate::output::report::{self, Report};

/// A profile of its own, so that it does not touch how the author builds for other purposes. Function names stay in:
/// failure reports show them.
const PROFILE: [&str; 6] = [
    "profile.plugin.inherits=\"release\"",
    "profile.plugin.opt-level=3",
    "profile.plugin.lto=\"fat\"",
    "profile.plugin.codegen-units=1",
    "profile.plugin.debug=false",
    "profile.plugin.strip=\"debuginfo\"",
];

/// Fuel is checked in every loop header, so loops are unrolled: three to four times cheaper metering in tight loops.
const FLAGS: [&str; 4] = ["-C", "target-feature=+simd128", "-C", "llvm-args=-unroll-count=8"];

/// What cargo reads flags from, the first one that is set; the rest is passed over. LLVM refuses `-unroll-count` given
/// twice, so ours must not be added to others that may hold it.
const FLAG_VARIABLES: [&str; 2] = ["CARGO_ENCODED_RUSTFLAGS", "RUSTFLAGS"];

pub(super) fn build(folder: &Path, target_dir: Option<&Path>) -> Result<PathBuf> {
    wasm_target::ensure(folder)?;
    let mut cargo = Command::new("cargo");
    cargo.args(["build", "--profile", "plugin", "--target", TARGET, "--message-format=json-render-diagnostics"]);
    for setting in PROFILE {
        cargo.args(["--config", setting]);
    }
    if let Some(target_dir) = target_dir {
        let target_dir = std::path::absolute(target_dir).context("the current folder cannot be found")?;
        cargo.arg("--target-dir").arg(target_dir);
    }
    match FLAG_VARIABLES.into_iter().find(|name| std::env::var_os(name).is_some_and(|flags| !flags.is_empty())) {
        None => drop(cargo.env(FLAG_VARIABLES[0], FLAGS.join("\u{1f}"))),
        Some(name) => report::warning(&format!(
            "{name} is set, so only its flags are used; without `{}` metering can cost a multiple",
            FLAGS.join(" ")
        )),
    }
    let mut running =
        cargo.current_dir(folder).stdin(Stdio::null()).stdout(Stdio::piped()).spawn().map_err(|error| {
            match error.kind() {
                ErrorKind::NotFound => Report::new("there is no `cargo` here")
                    .hint("install Rust with rustup, as https://rustup.rs says, and try again")
                    .into(),
                _ => anyhow::Error::new(error).context("cargo cannot be started"),
            }
        })?;
    let artifacts = running.stdout.take().map(artifacts).transpose()?.unwrap_or_default();
    let ended = running.wait().context("cargo cannot be watched")?;
    if !ended.success() {
        return Err(Report::new(format!("cargo could not build the plugin ({ended})"))
            .hint("cargo says above what is wrong")
            .into());
    }
    component(folder, artifacts)
}

/// What cargo says that it made, as far as it matters here.
#[derive(Debug, Deserialize)]
struct Message {
    reason: String,
    #[serde(default)]
    manifest_path: PathBuf,
    #[serde(default)]
    filenames: Vec<PathBuf>,
}

fn artifacts(output: impl std::io::Read) -> Result<Vec<Message>> {
    let mut found = Vec::new();
    for line in BufReader::new(output).lines() {
        let line = line.context("what cargo says cannot be read")?;
        // Build scripts may print what they like between cargo's own lines.
        let Ok(message) = serde_json::from_str::<Message>(&line) else { continue };
        if message.reason == "compiler-artifact" {
            found.push(message);
        }
    }
    Ok(found)
}

/// The one component among what was built from this folder's own manifest.
fn component(folder: &Path, artifacts: Vec<Message>) -> Result<PathBuf> {
    let manifest = folder.join("Cargo.toml");
    let own = |message: &Message| message.manifest_path.canonicalize().is_ok_and(|path| path == manifest);
    let mut components: Vec<PathBuf> = artifacts
        .into_iter()
        .filter(own)
        .flat_map(|message| message.filenames)
        .filter(|path| path.extension().is_some_and(|end| end == "wasm"))
        .collect();
    match (components.pop(), components.is_empty()) {
        (Some(one), true) => Ok(one),
        (Some(last), false) => {
            let report = Report::new("the package makes several components, and a plugin is one");
            Err(components.iter().chain([&last]).fold(report, |report, path| report.fact(path.display().to_string())).into())
        }
        (None, _) => Err(Report::new(format!("cargo made no component from {}", manifest.display()))
            .hint(
                "a plugin is a package with a library of `crate-type = [\"cdylib\"]` under [lib] in its Cargo.toml; in a \
                 workspace, name the folder of the member",
            )
            .into()),
    }
}
